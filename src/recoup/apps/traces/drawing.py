"""The flow as a drawing: addresses as bars in columns, the money between them as bands.

Only the largest bands are drawn; the page says how many and has all of them in a table. Smaller
bands into terminals are drawn together as one bar. The heights of bars and bands are true to
scale, each bar's dark end is what stayed there.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from html import escape
from itertools import islice
from typing import Final

from recoup.apps.traces.picture import Band, Picture, printable
from recoup.core.said import Said

SMALLEST: Final = Fraction(1, 200)
MOST_COLUMNS: Final = 8
WIDTH: Final = 1240
_TOP, _LEFT, _RIGHT = 34, 8, 172
_BAR: Final = 14
_SLOT: Final = 34
_TALLEST: Final = 300
TERMINAL: Final = Said("terminal")
_FOLDED: Final = "*terminals"  # no address: the star is not told apart by any chain


@dataclass
class _Bar:
    """One address. units: the traced money that came through it, in all bands, drawn or not."""

    address: str
    units: int
    stays: int
    column: int = 0
    x: float = 0.0
    y: float = 0.0
    height: float = 0.0
    into: list[Band] = field(default_factory=list)
    out: list[Band] = field(default_factory=list)


def drawn_bands(picture: Picture) -> tuple[Band, ...]:
    """Return the bands that are drawn one by one: the largest, at least SMALLEST of the loss."""
    large = (
        band
        for band in picture.bands
        if band.payer != band.payee and picture.share_of(band.units) >= SMALLEST
    )
    return tuple(islice(large, picture.most_bands))


def folded_bands(picture: Picture) -> tuple[Band, ...]:
    """Return the smaller bands from drawn addresses to terminals that are not drawn themselves."""
    drawn = drawn_bands(picture)
    ends = {address for band in drawn for address in (band.payer, band.payee)}
    return tuple(
        band
        for band in picture.bands
        if band.payer in ends and band.payee in picture.terminals - ends
    )


def drawing(picture: Picture) -> str:
    """Return the flow as one SVG element."""
    folded = folded_bands(picture)
    bands = (*drawn_bands(picture), *_together(folded))
    bars = _bars(picture, bands)
    _set_columns(bars, picture.sources)
    height = _set_places(bars)
    tall = _scale(bars)
    parts = [*_headings(picture, bars), *_drawn_bands(picture, bars, bands, tall)]
    parts += [line for bar in bars.values() for line in _drawn_bar(picture, bar, tall)]
    say = picture.voice.say
    about = say(
        Said(
            "%(bands)s bands between %(bars)s accounts, in columns from the sources on the left. "
            "The tables below say the same in numbers.",
            bands=len(bands), bars=len(bars),
        )
    )  # fmt: skip
    title = say(Said("Flow of the traced money"))
    return (
        f'<svg viewBox="0 0 {WIDTH} {height:.0f}" width="{WIDTH}" height="{height:.0f}" '
        'role="img" aria-labelledby="flow-title flow-about">'
        f'<title id="flow-title">{escape(title)}</title>'
        f'<desc id="flow-about">{escape(about)}</desc>{"".join(parts)}</svg>'
    )


def _together(folded: Sequence[Band]) -> tuple[Band, ...]:
    """Return one band a payer for the folded ones."""
    sums: dict[str, list[int]] = defaultdict(list)
    for band in folded:
        sums[band.payer].append(band.units)
    return tuple(Band(payer, _FOLDED, sum(all_), len(all_)) for payer, all_ in sums.items())


def short(address: str) -> str:
    """Write the two ends of a long address."""
    return address if len(address) <= 14 else f"{address[:6]}…{address[-4:]}"


def _bars(picture: Picture, bands: Sequence[Band]) -> dict[str, _Bar]:
    """Return the bars of all addresses at the ends of bands, sources first, then by time."""
    came: dict[str, int] = defaultdict(int)
    went: dict[str, int] = defaultdict(int)
    folded = [band for band in bands if band.payee == _FOLDED]
    for band in (*picture.bands, *folded):
        came[band.payee] += band.units
        went[band.payer] += 0 if band.payee == _FOLDED else band.units
    held = {place.address: place.units for place in picture.places}
    held[_FOLDED] = came[_FOLDED]
    ends = {address for band in bands for address in (band.payer, band.payee)}
    first = {address: place for place, address in enumerate(picture.by_arrival())}
    first[_FOLDED] = len(first)
    bars = {
        address: _Bar(address, max(came[address], went[address]), held.get(address, 0))
        for address in sorted(ends, key=lambda a: (a not in picture.sources, first[a], a))
    }
    for band in bands:
        bars[band.payer].out.append(band)
        bars[band.payee].into.append(band)
    return bars


def _set_columns(bars: dict[str, _Bar], sources: frozenset[str]) -> None:
    """Put each bar right of those that paid it earlier, and where money ends, right of all.

    Bands that run back in time are not counted.
    """
    place = {address: number for number, address in enumerate(bars)}
    ends = {address for address, bar in bars.items() if not bar.out and bar.into}
    for address, bar in bars.items():
        before = [bars[b.payer].column for b in bar.into if place[b.payer] < place[address]]
        nearest = 0 if address in sources else 1
        bar.column = min(max(max(before, default=-1) + 1, nearest), MOST_COLUMNS - 1)
    for address in ends:
        bar = bars[address]
        bar.column = min(max(bars[b.payer].column for b in bar.into) + 1, MOST_COLUMNS - 1)


def _scale(bars: dict[str, _Bar]) -> float:
    """Return the height of one unit: the fullest column gets the full height."""
    sums: dict[int, int] = defaultdict(int)
    for bar in bars.values():
        sums[bar.column] += bar.units
    return float(_TALLEST / max(sums.values(), default=1))


def _set_places(bars: dict[str, _Bar]) -> float:
    """Set x, y and height of each bar; returns the height of the drawing."""
    tall = _scale(bars)
    columns: dict[int, list[_Bar]] = defaultdict(list)
    for bar in bars.values():
        bar.height = max(bar.units * tall, 3.0)
        columns[bar.column].append(bar)
    step = (WIDTH - _LEFT - _RIGHT - _BAR) / max(len(columns) - 1, 1)
    for number, column in sorted(columns.items()):
        column.sort(key=lambda bar: _pull(bar, bars))
        y = float(_TOP)
        for bar in column:
            bar.x, bar.y = _LEFT + number * step, y
            y += max(bar.height + 10, _SLOT)
    lowest = max((bar.y + max(bar.height, _SLOT) for bar in bars.values()), default=_TOP)
    for column in columns.values():
        end = max(bar.y + max(bar.height, _SLOT) for bar in column)
        for bar in column:
            bar.y += (lowest - end) / 2
    return lowest + 12


def _pull(bar: _Bar, bars: dict[str, _Bar]) -> tuple[float, int]:
    """Sort a column by where its money comes from, so that few bands cross; unseen last."""
    left = [(bars[b.payer].y, b.units) for b in bar.into if bars[b.payer].column < bar.column]
    weight = sum(units for _, units in left)
    return (sum(y * units for y, units in left) / weight if weight else float(WIDTH), -bar.units)


def _headings(picture: Picture, bars: dict[str, _Bar]) -> Iterator[str]:
    say = picture.voice.say
    at = {bar.column: bar.x for bar in bars.values()}
    for column, x in sorted(at.items()):
        words = say(Said("sources") if column == 0 else Said("step %(n)s", n=column))
        if column == MOST_COLUMNS - 1:
            words = say(Said("step %(n)s and later", n=column))
        yield f'<text class="step" x="{x:.1f}" y="14">{escape(words)}</text>'


def _drawn_bands(
    picture: Picture, bars: dict[str, _Bar], bands: Sequence[Band], tall: float
) -> Iterator[str]:
    starts = _starts(bars, tall)
    for band in sorted(bands, key=lambda band: -band.units):
        payer, payee = bars[band.payer], bars[band.payee]
        thick = max(band.units * tall, 1.0)
        y0, y1 = starts["out", band], starts["into", band]
        words = picture.voice.say(
            Said(
                "%(payer)s to %(payee)s: %(sum)s, %(share)s of the loss",
                payer=_name(picture, band.payer), payee=_name(picture, band.payee),
                sum=picture.amount(band.units), share=picture.percent(band.units),
            )
        )  # fmt: skip
        back = " back" if payee.column <= payer.column else ""
        path = _path(payer.x + _BAR, y0, payee.x, y1, thick)
        yield f'<path class="band{back}" d="{path}"><title>{escape(words)}</title></path>'


def _starts(bars: dict[str, _Bar], tall: float) -> dict[tuple[str, Band], float]:
    """Stack the bands along the two sides of each bar, in the order of their other ends."""
    starts: dict[tuple[str, Band], float] = {}
    for bar in bars.values():
        y = bar.y
        for band in sorted(bar.into, key=lambda b: (bars[b.payer].y, b.payer)):
            starts["into", band] = y
            y += band.units * tall
        y = bar.y
        for band in sorted(bar.out, key=lambda b: (bars[b.payee].y, b.payee)):
            starts["out", band] = y
            y += band.units * tall
    return starts


def _path(x0: float, y0: float, x1: float, y1: float, thick: float) -> str:
    """Return a band as a closed shape; one that goes back swings out on both sides."""
    bend = (x1 - x0) / 2 if x1 > x0 else 46.0
    c0, c1 = x0 + bend, x1 - bend
    return (
        f"M{x0:.1f} {y0:.1f}C{c0:.1f} {y0:.1f} {c1:.1f} {y1:.1f} {x1:.1f} {y1:.1f}"
        f"V{y1 + thick:.1f}C{c1:.1f} {y1 + thick:.1f} {c0:.1f} {y0 + thick:.1f} "
        f"{x0:.1f} {y0 + thick:.1f}Z"
    )


def _kind(picture: Picture, address: str) -> str:
    return "terminal" if address == _FOLDED else picture.kind(address)


def _name(picture: Picture, address: str) -> str:
    if address == _FOLDED:
        folded = {band.payee for band in folded_bands(picture)}
        return picture.voice.say(Said("%(n)s more terminals", n=picture.voice.count(len(folded))))
    return printable(picture.working.names.get(address) or short(address))


def _drawn_bar(picture: Picture, bar: _Bar, tall: float) -> Iterator[str]:
    kind = _kind(picture, bar.address)
    stays = min(bar.stays * tall, bar.height)
    name = _name(picture, bar.address)
    title = name if bar.address == _FOLDED else printable(bar.address)
    yield (
        f'<rect class="bar {kind}" x="{bar.x:.1f}" y="{bar.y:.1f}" width="{_BAR}" '
        f'height="{bar.height:.1f}"><title>{escape(title)}</title></rect>'
    )
    if stays >= 1 and kind != "source":
        yield (
            f'<rect class="stays {kind}" x="{bar.x:.1f}" y="{bar.y + bar.height - stays:.1f}" '
            f'width="{_BAR}" height="{stays:.1f}"/>'
        )
    x, y = bar.x + _BAR + 5, bar.y + min(bar.height / 2, 40) + (-1 if bar.height > 12 else 3)
    shown = name if len(name) <= 19 else f"{name[:10]}…{name[-8:]}"
    yield f'<text class="name" x="{x:.1f}" y="{y:.1f}">{escape(shown)}</text>'
    yield (f'<text class="sum" x="{x:.1f}" y="{y + 12:.1f}">{escape(_note(picture, bar))}</text>')


def _note(picture: Picture, bar: _Bar) -> str:
    """Say what came through and what stayed, as shares of the loss."""
    say, kind = picture.voice.say, _kind(picture, bar.address)
    through, stays = picture.percent(bar.units), picture.percent(bar.stays)
    if kind == "source":
        return say(Said("lost %(share)s", share=through))
    passed = picture.share_of(bar.stays) < Fraction(1, 20_000)
    said = Said("%(share)s passed", share=through)
    here = say(said if passed else Said("%(share)s is here", share=stays))
    return f"{say(TERMINAL)}, {here}" if kind == "terminal" else here
