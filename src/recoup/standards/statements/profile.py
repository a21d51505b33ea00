"""How an institution writes its tables of bookings: declared by a person, never guessed.

The words are those of a clerk's screen (``booking_lines``), with what a whole file needs besides:
headings, encoding, order, labels around the table. A hub remembers ``as_json`` of a profile for
the institution; where a file no longer has these headings it is refused, not reinterpreted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from recoup.core.said import Said
from recoup.standards.booking_lines.fields import DECIMALS, SEPARATORS
from recoup.standards.statements.encodings import ENCODINGS

DATES: Final = ("year_first", "day_first", "month_first")
ORDERS: Final = ("oldest_first", "newest_first", "any")
FORMULAS: Final = ("refuse", "last_value")
COLUMNS: Final = (
    "booked_at", "value_on", "amount", "credit", "debit", "side", "balance", "currency", "account",
    "to", "to_name", "reference", "end_to_end", "uetr", "text",
)  # fmt: skip
LABELS: Final = (
    "account", "currency", "number", "from", "until", "opening", "closing", "page_opening",
    "page_closing", "left_out",
)  # fmt: skip
MOST_COLUMNS: Final = 60


@dataclass(frozen=True, slots=True)
class Profile:
    """One institution's table.

    columns: what each column means, from the left; empty for one that is left out.
    headings: the words above them, as they stand. side_words: their word, then credit or debit.
    labels: what the words beside the table mean; the value stands in the next cell that is filled.
    account, currency: of the whole file, where neither column nor label tells them.
    formulas: refuse a formula in a workbook, or take the value that it last had, with a note.
    """

    columns: tuple[str, ...]
    headings: tuple[str, ...]
    separator: str = "semicolon"
    decimal: str = "comma"
    dates: str = "day_first"
    encoding: str = "utf-8"
    order: str = "oldest_first"
    side_words: tuple[tuple[str, str], ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    account: str = ""
    currency: str = ""
    formulas: str = "refuse"
    sheet: str = ""

    def __post_init__(self) -> None:
        for value, words in (
            (self.separator, SEPARATORS), (self.decimal, DECIMALS), (self.dates, DATES),
            (self.encoding, ENCODINGS), (self.order, ORDERS), (self.formulas, FORMULAS),
        ):  # fmt: skip
            _check_known(value, tuple(words))
        for column in filter(None, self.columns):
            _check_known(column, COLUMNS)
        for _words, meaning in self.labels:
            _check_known(meaning, LABELS)
        for _words, side in self.side_words:
            _check_known(side, ("credit", "debit"))
        self._check_columns()

    def _check_columns(self) -> None:
        if len(self.columns) != len(self.headings) or len(self.columns) > MOST_COLUMNS:
            raise ValueError(
                Said("Say for each heading what it means, for %(most)s at most.", most=MOST_COLUMNS)
            )
        named = [column for column in self.columns if column]
        twice = next((column for column in named if named.count(column) > 1), None)
        if twice:
            raise ValueError(
                Said("%(column)s is named for two columns. Name it once.", column=twice)
            )
        if "booked_at" not in named:
            raise ValueError(
                Said("No column is named %(column)s. Say which one it is.", column="booked_at")
            )
        if sum(({"amount"} <= set(named), {"credit", "debit"} <= set(named))) != 1:
            raise ValueError(
                Said("Name one column amount, or two columns credit and debit, and not all three.")
            )
        if "side" in named and ("amount" not in named or not self.side_words):
            raise ValueError(
                Said("A column side needs a column amount and the words that mean credit or debit.")
            )

    def as_json(self) -> dict[str, Any]:
        """The profile as it is remembered."""
        return asdict(self)


def from_json(kept: Mapping[str, Any]) -> Profile:
    """Return a profile as it was remembered; raises ValueError for what it cannot mean."""
    known = {one.name for one in fields(Profile)}
    unknown = sorted(set(kept) - known)
    if unknown:
        raise ValueError(Said("A profile does not have %(field)s.", field=unknown[0]))
    values: dict[str, Any] = {name: _frozen(value) for name, value in kept.items()}
    return Profile(**values)


def _frozen(value: Any) -> Any:
    return tuple(map(_frozen, value)) if isinstance(value, list | tuple) else value


def _check_known(value: str, words: tuple[str, ...]) -> None:
    if value not in words:
        raise ValueError(
            Said("%(value)s is not one of %(known)s.", value=value, known=", ".join(words))
        )
