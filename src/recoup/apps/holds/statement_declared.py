"""How an unknown table is written, put before a person: proposals, each with its first lines.

Where several fit, as for 1.234 or 03.04.2026, the person chooses. What the headings mean can be
changed; nothing is read before it is confirmed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from recoup.apps.holds.statement_files import OfTicket, Reading, read_under
from recoup.core.said import Said
from recoup.standards.statements import NotReadable, Profile
from recoup.standards.statements.profile import COLUMNS, FORMULAS, ORDERS

SAMPLE: Final = 3
HEAD: Final = 32_768
MOST_SHOWN: Final = 12


def choices_of(reading: Reading, posted: Mapping[str, str], of: OfTicket) -> dict[str, Any]:
    """The proposals of one file for the page, each with the first lines as they would be read."""
    shown = reading.proposals[:MOST_SHOWN]
    chosen = _number(posted.get("proposal", ""), len(shown))
    first = shown[chosen if chosen is not None else 0] if shown else None
    return {
        "proposals": [
            {"n": n, "profile": one, "lines": _sample(reading, one, of)}
            for n, one in enumerate(shown)
        ],
        "chosen": chosen if chosen is not None or len(shown) != 1 else 0,
        "columns": list(enumerate(_columns(first, posted))) if first else [],
        "meanings": COLUMNS, "orders": ORDERS, "formulas": FORMULAS,
    }  # fmt: skip


def declared(posted: Mapping[str, str], reading: Reading) -> Profile:
    """The profile that a person confirms; raises ValueError for what cannot be meant."""
    chosen = _number(posted.get("proposal", ""), len(reading.proposals[:MOST_SHOWN]))
    if chosen is None:
        raise ValueError(Said("Choose how the file is written."))
    profile = reading.proposals[chosen]
    columns = tuple(posted.get(f"column-{n}", column) for n, column in enumerate(profile.columns))
    return replace(profile, columns=columns)


def _columns(profile: Profile, posted: Mapping[str, str]) -> list[tuple[str, str]]:
    """Each heading with what it means, as proposed or as chosen."""
    pairs = zip(profile.headings, profile.columns, strict=True)
    return [(head, posted.get(f"column-{n}", column)) for n, (head, column) in enumerate(pairs)]


def _sample(reading: Reading, profile: Profile, of: OfTicket) -> list[Any]:
    """The first lines as this profile reads them; none where the whole file cannot be read so."""
    file = reading.file
    if reading.format == "csv":
        file = replace(file, content=file.content[: file.content.find(b"\n", HEAD) + 1 or None])
    try:
        read = read_under(file, reading.format, profile, of)
    except NotReadable:
        return []
    return [(line, one.currency) for one in read for line in one.lines][:SAMPLE]


def _number(text: str, below: int) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 3 and int(text) < below else None
