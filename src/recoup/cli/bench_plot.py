"""Plots of time against size, both on logarithmic scales, as SVG of our own.

A line has a colour, a dash, a mark and its name at its end, so that no one sign is needed to tell
them apart; title and description stand in the file for those who do not see it. Readable on light
and dark grounds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

Point = tuple[float, float]
WIDTH, HEIGHT = 960, 560
LEFT, RIGHT, TOP, BOTTOM = 84, 340, 64, 56
# Colours that keep apart for most eyes, on light and on dark ground.
LIGHT: Final = ("#0b5cad", "#b3470f", "#1d7a3d", "#8a2f8f", "#7a5c00", "#a61b3c", "#00707a", "#444")
DARK: Final = ("#6db3ff", "#ff9d6b", "#6fd38f", "#e29be6", "#e0bf4a", "#ff8aa3", "#5fd3dd", "#ccc")
DASHES: Final = ("", "7 4", "2 3", "10 3 2 3")
ROW: Final = 19


@dataclass(frozen=True, slots=True)
class Scale:
    """A logarithmic axis: numbers between whole powers of ten to places on the picture."""

    low: int
    high: int
    start: float
    stop: float

    @classmethod
    def of(cls, values: Sequence[float], start: float, stop: float) -> Scale:
        low = math.floor(math.log10(min(values)) + 1e-9)
        high = math.ceil(math.log10(max(values)) - 1e-9)
        return cls(low, max(high, low + 1), start, stop)

    def at(self, value: float) -> float:
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return round(self.start + share * (self.stop - self.start), 1)


def log_log(
    title: str, description: str, lines: Mapping[str, Sequence[Point]], *, across: str, up: str
) -> str:
    """The picture of these lines; values greater than zero."""
    points = [point for line in lines.values() for point in line]
    x = Scale.of([point[0] for point in points], LEFT, WIDTH - RIGHT)
    y = Scale.of([point[1] for point in points], HEIGHT - BOTTOM, TOP)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        'aria-labelledby="title description">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="description">{escape(description)}</desc>',
        _style(len(lines)),
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
        f'<text class="head" x="{LEFT}" y="30">{escape(title)}</text>',
        *_grid(x, y),
        f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">'
        f"{escape(across)}</text>",
        f'<text x="{LEFT - 62}" y="{TOP - 14}">{escape(up)}</text>',
        *_lines(lines, x, y),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _style(count: int) -> str:
    def colours(palette: Sequence[str]) -> str:
        return "".join(
            f".c{number}{{stroke:{palette[number % len(palette)]};"
            f"fill:{palette[number % len(palette)]}}}"
            for number in range(count)
        )

    return (
        "<style>text{font:14px system-ui,sans-serif;fill:#222;stroke:none}"
        ".head{font-size:18px;font-weight:600}.ground{fill:#fff}"
        ".grid{stroke:#d5d5d5}.line{fill:none;stroke-width:2.2}.lead{fill:none;stroke-width:.8}"
        f"{colours(LIGHT)}.line,.lead{{fill:none}}"
        "@media (prefers-color-scheme:dark){text{fill:#e6e6e6}.ground{fill:#15181c}"
        f".grid{{stroke:#3a4048}}{colours(DARK)}.line,.lead{{fill:none}}}}</style>"
    )


def _grid(x: Scale, y: Scale) -> Iterator[str]:
    for power in range(x.low, x.high + 1):
        at = x.at(10.0**power)
        yield f'<path class="grid" d="M{at} {y.start}V{y.stop}"/>'
        label = f'10<tspan dy="-6" font-size="10">{power}</tspan>'
        yield f'<text x="{at}" y="{y.start + 20}" text-anchor="middle">{label}</text>'
    for power in range(y.low, y.high + 1):
        at = y.at(10.0**power)
        yield f'<path class="grid" d="M{x.start} {at}H{x.stop}"/>'
        yield f'<text x="{x.start - 8}" y="{at + 5}" text-anchor="end">{_time(power)}</text>'


def _time(power: int) -> str:
    """A power of ten of seconds, in the unit that suits it."""
    for unit, base in (("s", 0), ("ms", -3), ("µs", -6)):
        if power >= base:
            return f"{10 ** (power - base)} {unit}"
    return f"{10.0 ** (power + 9):g} ns"


def _lines(lines: Mapping[str, Sequence[Point]], x: Scale, y: Scale) -> Iterator[str]:
    places = _apart({name: y.at(line[-1][1]) for name, line in lines.items()}, y)
    for number, (name, line) in enumerate(lines.items()):
        dash = DASHES[number // 2 % len(DASHES)]
        style = f' stroke-dasharray="{dash}"' if dash else ""
        path = " ".join(f"{x.at(size)},{y.at(seconds)}" for size, seconds in line)
        yield f'<polyline class="line c{number}" points="{path}"{style}/>'
        for size, seconds in line:
            yield _mark(number, x.at(size), y.at(seconds))
        end, height = (x.at(line[-1][0]), y.at(line[-1][1])), places[name]
        if end[0] == x.stop:
            there = f"M{end[0] + 6} {end[1]}L{x.stop + 14} {height}"
            yield f'<path class="lead c{number}" d="{there}"/>'
        yield _mark(number, x.stop + 20, height)
        yield f'<text x="{x.stop + 30}" y="{height + 5}">{escape(name)}</text>'


def _apart(wanted: Mapping[str, float], y: Scale) -> dict[str, float]:
    """Heights of names near those wanted, a row apart, and inside the picture."""
    names = sorted(wanted, key=lambda name: wanted[name])
    heights: list[float] = []
    for name in names:
        heights.append(max(wanted[name], heights[-1] + ROW if heights else TOP))
    over = heights[-1] - y.start
    for number in range(len(heights) - 1, -1, -1):
        limit = heights[number + 1] - ROW if number + 1 < len(heights) else y.start
        heights[number] = min(heights[number], limit) if over > 0 else heights[number]
    return dict(zip(names, (round(height, 1) for height in heights), strict=True))


def _mark(number: int, x: float, y: float) -> str:
    kind = number % 4
    if kind == 0:
        return f'<circle class="c{number}" cx="{x}" cy="{y}" r="4"/>'
    paths = ("", "h8v8h-8z", "l4.6 8h-9.2z", "l5 5l-5 5l-5 -5z")
    starts = ((0, 0), (-4, -4), (0, -5), (0, -5))
    left, up = starts[kind]
    return f'<path class="c{number}" d="M{round(x + left, 1)} {round(y + up, 1)}{paths[kind]}"/>'
