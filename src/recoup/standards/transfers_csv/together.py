"""Many good rows at once: cells become columns, and a column is checked and read as a whole.

What is not plain, or not good, is left to the reading row by row, which names it. Both give the
same for what both take.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from recoup.core.money import Currency
from recoup.standards.transfers_csv import fields
from recoup.standards.transfers_csv.fields import MOST_DIGITS, Tables

_VISIBLE: Final = bytes(code for code in range(0x21, 0x7F) if code != 0x22)
_ARE_NUMBERS: Final = re.compile(r"(?:[0-9]{0,15}\n)*+").fullmatch
MOST_IN_A_NAME: Final = 128


@dataclass(frozen=True, slots=True)
class Together:
    """Rows by columns. credit, seq: empty where the header does not name the column."""

    ids: list[str]
    t: list[int]
    payer: list[int]
    payee: list[int]
    amount: Sequence[int]
    credit: Sequence[int]
    seq: Sequence[int]


def read(text: str, header: Sequence[str], money: Currency, tables: Tables) -> Together | None:
    """Read whole lines; None, and no account numbered, where they have to be read one by one."""
    try:
        columns = _columns(text, header)
        t = tables.moments(columns["time"])
        amount = _amounts(columns["amount"], money)
        credit = _credits(columns["credit"], money, amount) if "credit" in columns else ()
        seq = _sequences(columns["seq"]) if "seq" in columns else ()
        _check(columns, money)
        number = tables.numbers.__getitem__
        payer, payee = (list(map(number, columns[end])) for end in ("payer", "payee"))
    except ValueError:
        return None
    return Together(columns["id"], t, payer, payee, amount, credit, seq)


def _columns(text: str, header: Sequence[str]) -> dict[str, list[str]]:
    """Cut lines into cells, each line as long as the header; raises ValueError."""
    width = len(header)
    if text.startswith('"'):
        text = _without_quotes(text, width)
    rows = text.count("\n") + 1
    odd = text.encode().translate(None, _VISIBLE)
    cells = text.replace("\n", ",\n,").split(",")
    # Each line but the last is followed by a cell of its own: then no line is longer or shorter.
    ends = cells[width :: width + 1]
    if len(cells) != rows * (width + 1) - 1 or ends.count("\n") != rows - 1:
        raise ValueError
    columns = {name: cells[at :: width + 1] for at, name in enumerate(header)}
    # Besides visible characters only the ends of lines, and a space within a time.
    spaces = len(odd) - (rows - 1)
    if odd.count(b" ") != spaces or "".join(columns["time"]).count(" ") != spaces:
        raise ValueError
    return columns


def _without_quotes(text: str, width: int) -> str:
    """Lines in which every cell is quoted and none holds a comma; raises ValueError."""
    rows = text.count("\n") + 1
    if (
        text[-1:] != '"'
        or text.count('"') != 2 * width * rows
        or text.count('","') != (width - 1) * rows
        or text.count('"\n"') != rows - 1
    ):
        raise ValueError
    return text.replace('"', "")


def _check(columns: dict[str, list[str]], money: Currency) -> None:
    """Look at what is kept as it stands; raises ValueError. Accounts are looked at when new."""
    ids, codes = columns["id"], columns["currency"]
    if "" in ids or max(map(len, ids)) > MOST_IN_A_NAME or codes.count(money.code) != len(codes):
        raise ValueError


def _amounts(cells: list[str], money: Currency) -> Sequence[int]:
    joined = "\n".join(cells)
    if not _plain_amounts(money.decimals)(f"{joined}\n"):
        return [fields.minor_units(text, money) for text in cells]
    units = list(map(int, joined.replace(".", "").split("\n")))
    if 0 in units:
        raise ValueError
    return units


@lru_cache(maxsize=16)
def _plain_amounts(decimals: int) -> Callable[[str], re.Match[str] | None]:
    """What finds that all lines are amounts with all their decimals."""
    part = rf"\.[0-9]{{{decimals}}}" if decimals else ""
    return re.compile(rf"(?:[0-9]{{1,{MOST_DIGITS - decimals}}}{part}\n)*+").fullmatch


def _credits(cells: list[str], money: Currency, amount: Sequence[int]) -> Sequence[int]:
    """What reached the payees: the amount itself where nothing is written."""
    if not any(cells):
        return amount
    given = (fields.credit(text, money) for text in cells)
    return [units if other is None else other for other, units in zip(given, amount, strict=True)]


def _sequences(cells: list[str]) -> Sequence[int]:
    joined = "\n".join(cells)
    if not _ARE_NUMBERS(f"{joined}\n"):
        raise ValueError
    return array("q", [int(text or "0") for text in cells])
