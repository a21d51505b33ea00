"""A table whose headings no profile knows: a person says which column is what, and it is checked.

Two steps before anything is remembered. The person chooses a column for each field; then the hub
shows the first bookings as they read so, in every way that fits, as it does for any other table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from django.utils import timezone

from recoup.apps.holds.statement_files import OfTicket, Reading
from recoup.core.said import Said
from recoup.core.text import mask_cards
from recoup.data import currencies
from recoup.standards.statements import by_hand
from recoup.standards.statements.by_hand import Layout
from recoup.standards.statements.profile import COLUMNS
from recoup.standards.statements.rows import letters

STEPS: Final = frozenset({"map", "declare", "layout"})
#: The fields without which nothing can be read: a day, and an amount in one of two forms.
NEEDED: Final = ("booked_at", "amount", "side", "credit", "debit")
SAMPLE: Final = 24
MOST_LEFT_OUT: Final = 10
MOST_DIGITS: Final = 4


def layout_of(reading: Reading, posted: Mapping[str, str]) -> Layout | None:
    """The table as it is taken apart now: the widest way, or what the person chose."""
    if not reading.layouts:
        return None
    chosen = _number(posted.get("layout", ""))
    at = chosen if chosen is not None and chosen < len(reading.layouts) else 0
    heading = _number(posted.get("heading", ""))
    return reading.layouts[at].under(heading or 0)


def map_columns(reading: Reading, posted: Mapping[str, str], of: OfTicket) -> None:
    """Propose what fits the chosen columns, or say which places stand against it.

    Raises ValueError for what cannot be meant.
    """
    layout = layout_of(reading, posted)
    if layout is None:
        return
    columns = _columns(posted)
    draft = by_hand.drafted(
        layout, columns, side_words=_sides(layout, columns, posted), left_out=_left_out(posted)
    )
    draft = replace(
        draft,
        account="" if "account" in columns else of.account,
        currency="" if "currency" in columns else of.currency,
    )
    about: dict[str, Any] = {"currencies": currencies(), "zone": timezone.get_current_timezone()}
    found = by_hand.fitting(layout, draft, **about)
    reading.proposals = tuple(replace(one, account="") for one in found)
    if not found:
        reading.unfit = by_hand.closest(layout, draft, file=reading.file.name, **about)


def choices(reading: Reading, posted: Mapping[str, str]) -> dict[str, Any]:
    """What the page offers: how the file is taken apart, and a column for each field."""
    layout = layout_of(reading, posted)
    if layout is None:
        return {}
    chosen = _columns(posted)
    columns = [
        {"n": n, "heading": heading.strip() or letters(n),
         "values": [_cut(value) for value in layout.samples(n)]}
        for n, heading in enumerate(layout.headings)
    ]  # fmt: skip
    side = chosen.get("side")
    words = layout.words(side) if side is not None and side < len(columns) else ()
    known = by_hand.known_sides(words)
    return {
        "layouts": [
            {"n": n, "base": one.base, "headings": " | ".join(filter(str.strip, one.headings))}
            for n, one in enumerate(reading.layouts)
        ],
        "layout": next(
            n for n, one in enumerate(reading.layouts) if one.base == layout.base
        ),
        "heading": layout.heading,
        "rows": [
            {"number": row.number, "text": _cut(" | ".join(filter(str.strip, row.cells)), 70)}
            for row in layout.may_be_headings
        ],
        "columns": columns,
        "needed": [(name, chosen.get(name)) for name in NEEDED],
        "others": [(name, chosen.get(name)) for name in COLUMNS if name not in NEEDED],
        "side_words": [] if words and len(known) == len(words) else [
            (n, _cut(word), posted.get(f"word-{n}", known.get(word, "")))
            for n, word in enumerate(words)
        ],
        "left_out": posted.get("left_out", ""),
        "carried": _carried(posted),
    }  # fmt: skip


def _carried(posted: Mapping[str, str]) -> list[tuple[str, str]]:
    """What was said of the columns, as the page carries it to the next step."""
    names = ["layout", "heading", "left_out", *(f"field-{name}" for name in COLUMNS)]
    names += [f"word-{n}" for n in range(by_hand.MOST_WORDS)]
    return [(name, posted[name]) for name in names if posted.get(name)]


def _columns(posted: Mapping[str, str]) -> dict[str, int]:
    """Our column to the place of theirs, as far as chosen."""
    told = ((name, _number(posted.get(f"field-{name}", ""))) for name in COLUMNS)
    return {name: at for name, at in told if at is not None}


def _sides(layout: Layout, columns: Mapping[str, int], posted: Mapping[str, str]) -> dict[str, str]:
    """Their words for credit and debit: known ones, and what a person said of the others."""
    if "side" not in columns:
        return {}
    words = layout.words(columns["side"])
    told = {
        word: posted.get(f"word-{n}", "")
        for n, word in enumerate(words)
        if posted.get(f"word-{n}") in ("credit", "debit")
    }
    sides = by_hand.known_sides(words) | told
    unknown = [word for word in words if word not in sides]
    if unknown:
        raise ValueError(
            Said(
                "Say of each word in the column for credit or debit what it means: %(words)s.",
                words=", ".join(map(mask_cards, unknown[:5])),
            )
        )
    return sides


def _left_out(posted: Mapping[str, str]) -> list[str]:
    words = (word.strip()[:40] for word in posted.get("left_out", "").split("|"))
    return [word for word in words if word][:MOST_LEFT_OUT]


def _cut(text: str, most: int = SAMPLE) -> str:
    shown = mask_cards(" ".join(text.split()))
    return shown if len(shown) <= most else f"{shown[: most - 1]}…"


def _number(text: str) -> int | None:
    is_number = text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS
    return int(text) if is_number else None
