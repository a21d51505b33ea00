"""A pasted list: one identifier or addressee a line, as it stands in a sheet or in an e-mail.

``203.0.113.7:51512  2026-11-02T21:14:09+01:00  heron``, an IBAN alone (its bank is found by its
code), or only the name of an addressee. What is not understood stays in the list, with its line.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from ipaddress import ip_address
from typing import Final

from recoup.core.accounts import read_account
from recoup.core.text import NotReadable
from recoup.web.request_form import ENDPOINT, MOMENT_FORM, Row

CELLS: Final = re.compile(r"[\t;,]")
SPACED: Final = re.compile(r"(\d{4}-\d{2}-\d{2})\s+(\d{1,2}:\d{2})")
ZONE: Final = re.compile(r"Z|UTC|GMT|([+-]\d{2}):?(\d{2})")
PORT: Final = re.compile(r"\d{1,5}")
# What a value looks like, the surest first.
LOOKS: Final = (
    ("email", re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")),
    ("url", re.compile(r"https?://\S+", re.IGNORECASE)),
    ("phone", re.compile(r"\+\d[\d /()-]{5,}")),
    ("wallet", re.compile(r"0x[0-9a-fA-F]{40}|bc1[0-9a-z]{20,}|T[1-9A-HJ-NP-Za-km-z]{33}")),
    ("transaction_hash", re.compile(r"0x[0-9a-fA-F]{64}")),
    ("uetr", re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")),
    ("domain", re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", re.IGNORECASE)),
    ("account", re.compile(r"[\d-]{8,30}")),
)


@dataclass(frozen=True, slots=True)
class Listed:
    """What a list says. unread: number and text of the lines that were not understood."""

    rows: tuple[Row, ...]
    addressees: tuple[str, ...]
    unread: tuple[tuple[int, str], ...]


def read_lines(
    text: str, *, takes: Collection[str], names: Mapping[str, str], bank_of: Callable[[str], str]
) -> Listed:
    """Read each line. names: code by name or code in small letters; bank_of: code by IBAN."""
    rows: list[Row] = []
    alone: list[str] = []
    unread: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        row = _row(line.strip()[:600], takes, names)
        if row is None or not (row.value or row.addressee):
            unread.append((number, line.strip()))
            continue
        if row.kind == "iban" and not row.addressee:
            row = replace(row, addressee=bank_of(row.value))
        if row.value:
            rows.append(row)
        if row.addressee:
            alone.append(row.addressee)
    return Listed(tuple(rows), tuple(dict.fromkeys(alone)), tuple(unread))


def _row(line: str, takes: Collection[str], names: Mapping[str, str]) -> Row | None:
    if line.casefold() in names:
        return Row(addressee=names[line.casefold()])
    line = SPACED.sub(r"\1T\2", line)
    cells = [cell.strip() for cell in CELLS.split(line)] if CELLS.search(line) else line.split()
    if (iban := _iban("".join(cells), takes)) is not None:
        return iban  # written in groups of four
    row = Row()
    for cell in filter(None, cells):
        told = _cell(cell, row, takes, names)
        if told is None:
            return None
        row = told
    return row


def _cell(cell: str, row: Row, takes: Collection[str], names: Mapping[str, str]) -> Row | None:
    """The row with one more cell; None if the cell says nothing that has a place in it."""
    if cell.casefold() in names and not row.addressee:
        return replace(row, addressee=names[cell.casefold()])
    if MOMENT_FORM.match(cell) and not row.at:
        return replace(row, at=cell)
    if row.at and not row.zone and (zone := ZONE.fullmatch(cell)):
        return replace(row, zone=f"{zone[1]}:{zone[2]}" if zone[1] else "+00:00")
    if row.kind == "ip" and not row.port and PORT.fullmatch(cell):
        return replace(row, port=cell)
    if row.value:
        return None
    return _value(cell, row, takes)


def _value(cell: str, row: Row, takes: Collection[str]) -> Row | None:
    if "ip" in takes and (both := ENDPOINT.fullmatch(cell)):
        return replace(row, kind="ip", value=both[1].strip("[]"), port=both[2])
    if "ip" in takes and _is_ip(cell):
        return replace(row, kind="ip", value=cell)
    if (iban := _iban(cell, takes)) is not None:
        return replace(row, kind="iban", value=iban.value)
    for kind, looks in LOOKS:
        if kind in takes and looks.fullmatch(cell):
            return replace(row, kind=kind, value=cell)
    loose = [kind for kind in ("user_name", "payment", "device") if kind in takes]
    return replace(row, kind=loose[0], value=cell) if loose else None


def _is_ip(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def _iban(text: str, takes: Collection[str]) -> Row | None:
    if "iban" not in takes or not re.match(r"[A-Za-z]{2}\d{2}", text):
        return None
    try:
        read = read_account(text, field="iban")
    except NotReadable:
        return None
    return Row(kind="iban", value=read.ident) if read.scheme == "iban" else None
