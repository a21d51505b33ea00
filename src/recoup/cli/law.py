"""`./recoup law [CC]`: under which power a measure may be asked there, and how sure that is.

Without a country: all packs, with what is confirmed and what lacks. What it prints is what the
packs say; it is no legal advice.
"""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from recoup import data
from recoup.cli import law_document, measured
from recoup.cli import law_text as words
from recoup.core.law import Measure, Pack, PackRefused, Power

REFUSED: Final = 2
DIFFERS: Final = 1
WIDTH: Final = 100


class NotKnown(Exception):
    """There is no such country or measure; the message says which there are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What was asked for. on: only the law of that day; None means all days."""

    pack: Pack
    measures: Sequence[Measure]
    on: date | None


def main(argv: Sequence[str]) -> int:
    """Print the law; 1 if docs/law.md is out of date, 2 if there is no such country or measure."""
    options = _options(argv)
    if options.write:
        law_document.DOCUMENT.write_text(law_document.text(), encoding="utf-8")
        print(f"written: {law_document.DOCUMENT}")
        return 0
    if options.check:
        return _check()
    if options.country is None:
        print("\n".join(_all()))
        return 0
    try:
        print("\n".join(_told(_asked(options))))
    except (NotKnown, PackRefused) as refusal:
        print(f"recoup: {refusal}", file=sys.stderr)
        return REFUSED
    return 0


def _options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./recoup law", description=__doc__)
    parser.add_argument("country", nargs="?", metavar="CC", help="such as RS; ZZ is the exercise")
    parser.add_argument("--measure", metavar="M", help="one measure, such as transaction_records")
    parser.add_argument(
        "--on", type=date.fromisoformat, metavar="DATE", help="only what is in force that day"
    )
    parser.add_argument("--write", action="store_true", help="write docs/law.md")
    parser.add_argument("--check", action="store_true", help="is docs/law.md what the packs say?")
    options = parser.parse_args(argv)
    if options.country is None and (options.measure or options.on):
        parser.error("--measure and --on need a country, such as RS")
    if (options.write or options.check) and options.country:
        parser.error("--write and --check are for all countries")
    return options


def _check() -> int:
    problems = law_document.problems()
    print("\n".join(problems) or "docs/law.md says what the packs say")
    return DIFFERS if problems else 0


def _asked(options: argparse.Namespace) -> Asked:
    country, measures = options.country.upper(), data.load_measures()
    if country not in data.pack_countries():
        known = ", ".join(data.pack_countries())
        raise NotKnown(f"there is no pack for {options.country!r}; there are {known}")
    if options.measure is not None and options.measure not in measures:
        known = ", ".join(measures)
        raise NotKnown(f"there is no measure {options.measure!r}; there are {known}")
    chosen = [measures[options.measure]] if options.measure else list(measures.values())
    return Asked(data.load_pack(country), chosen, options.on)


def _all() -> Iterator[str]:
    head = ("", "", "confirmed", "not confirmed", "assumed", "no known power")
    packs = [data.load_pack(country) for country in data.pack_countries()]
    rows = [
        (pack.country, pack.name, *(str(count) for count in words.counted(pack))) for pack in packs
    ]
    yield measured.columns([head, *rows])
    yield ""
    yield from (pack.note for pack in packs if pack.note)
    yield "One country: ./recoup law RS [--measure M] [--on DATE]. All of it: docs/law.md"


def _told(asked: Asked) -> Iterator[str]:
    pack = asked.pack
    yield f"{pack.name}, pack version {pack.version}" + (f", on {asked.on}" if asked.on else "")
    if pack.note:
        yield from _wrapped(pack.note)
    yield from _wrapped(pack.notice)
    for measure in asked.measures:
        yield ""
        yield f"{measure.name} ({measure.measure})"
        yield from _of_measure(asked, measure)


def _of_measure(asked: Asked, measure: Measure) -> Iterator[str]:
    powers = asked.pack.powers_for(measure.measure)
    if not powers:
        missing = asked.pack.missing_for(measure.measure)
        yield from _wrapped(f"No power is known. {missing.why if missing else ''}", "  ")
        if missing:
            yield from _wrapped(f"To check: {missing.to_check} {missing.source}", "  ")
        return
    for power in powers:
        if asked.on is None or power.is_in_force(asked.on):
            yield from _of_power(power)
        else:
            yield f"  Not in force on {asked.on}: {_named(power)}"


def _of_power(power: Power) -> Iterator[str]:
    catalogue = data.load_measures()
    known, found = catalogue.words, power.standing
    yield from _wrapped(f"{_named(power)}  [{power.power}]", "  ")
    lines = [
        power.legal_basis.text,
        f"asks: {words.names(power.requested_by, known.kinds)}; "
        f"decides: {words.names(power.authorised_by, known.roles)}, never the author",
        f"asked of: {words.names(power.addressees, known.kinds)}",
        "; ".join(words.limits(power)),
        f"in an emergency: {urgent}" if (urgent := words.emergency(power, catalogue)) else "",
        "; ".join(_traits(power)),
        f"{words.standing(power)}: {found.source}",
        f"to check: {found.to_check}" if found.to_check else "",
    ]
    for line in filter(None, lines):
        yield from _wrapped(line, "    ")


def _named(power: Power) -> str:
    basis = power.legal_basis
    return f"{basis.instrument}, {basis.article} {words.validity(power)}".rstrip()


def _traits(power: Power) -> Iterator[str]:
    if not power.legal_basis.binding:
        yield "voluntary: nobody has to obey"
    if power.is_secret:
        yield "the addressee keeps it secret"
    if power.is_reasoned:
        yield "request and order give their reasons"


def _wrapped(text: str, indent: str = "") -> list[str]:
    return textwrap.wrap(
        text, WIDTH, initial_indent=indent, subsequent_indent=indent,
        break_long_words=False, break_on_hyphens=False,
    )  # fmt: skip
