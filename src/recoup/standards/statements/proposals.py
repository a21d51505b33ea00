"""Profiles under which the first rows of an unknown table can be read, for a person to confirm.

Where two remain, as for 1.234 or 03.04.2026, nobody can know, and both are proposed. A proposal
never counts by itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import tzinfo
from itertools import islice, product
from typing import Final

from recoup.standards.booking_lines.fields import DECIMALS, SEPARATORS
from recoup.standards.statements.encodings import is_utf8, marked
from recoup.standards.statements.faults import Faults, NotReadable
from recoup.standards.statements.heading_words import LABEL_MEANS, MEANS, SIDE_WORDS, plain
from recoup.standards.statements.profile import DATES, FORMULAS, ORDERS, Profile
from recoup.standards.statements.rows import Row, csv_rows
from recoup.standards.statements.tables import HEADING_ROWS, read_rows
from recoup.standards.statements.values import Currencies
from recoup.standards.statements.workbook import sheet_names, sheet_rows
from recoup.standards.strict_csv import Refusal

ROWS_TRIED: Final = 200
BYTES_TRIED: Final = 256 * 1024
FEWEST_KNOWN: Final = 2


def csv_proposals(
    document: bytes, *, currencies: Currencies, zone: tzinfo, account: str = "", currency: str = ""
) -> tuple[Profile, ...]:
    """Return the profiles that fit a CSV file. account, currency: what a person says it is of."""
    head = head_of(document)
    found: list[Profile] = []
    for encoding, separator in product(encodings_of(document), SEPARATORS):
        try:
            rows = list(
                islice(
                    csv_rows(head, encoding=encoding, separator=separator, faults=Faults("")),
                    ROWS_TRIED,
                )
            )
        except NotReadable:
            continue
        base = {"encoding": encoding, "separator": separator, "account": account}
        found += table_proposals(
            rows, currencies=currencies, zone=zone, base={**base, "currency": currency}
        )
    return tuple(found)


def table_proposals(
    rows: Sequence[Row], *, currencies: Currencies, zone: tzinfo, base: dict[str, str]
) -> tuple[Profile, ...]:
    """Return the profiles under which all these rows can be read."""
    found = []
    for draft in _drafts(rows, base):
        for decimal, dates, order in product(DECIMALS, DATES, ORDERS[:2]):
            profile = replace(draft, decimal=decimal, dates=dates, order=order)
            if fits(rows, profile, currencies, zone):
                found.append(profile)
    return tuple(found)


def xlsx_proposals(
    document: bytes, *, currencies: Currencies, zone: tzinfo, account: str = "", currency: str = ""
) -> tuple[Profile, ...]:
    """Return the profiles that fit a sheet of a workbook, one for each way of reading it."""
    faults = Faults("")
    found: list[Profile] = []
    for name in sheet_names(document, faults):
        rows = sheet_rows(document, name, faults)[:ROWS_TRIED]
        for formulas in FORMULAS:
            base = {"sheet": name, "formulas": formulas, "account": account, "currency": currency}
            fitting = table_proposals(rows, currencies=currencies, zone=zone, base=base)
            if fitting:
                found += _unlike(rows, fitting, currencies, zone)
                break
    return tuple(found)


def _unlike(
    rows: Sequence[Row], profiles: Sequence[Profile], currencies: Currencies, zone: tzinfo
) -> Iterator[Profile]:
    """Of profiles that read the rows alike, as where all cells are numbers and days, the first."""
    seen = []
    for profile in profiles:
        read = read_rows(
            rows, profile, currencies=currencies, zone=zone, faults=Faults(""), format="xlsx"
        )
        lines = [one.lines for one in read]
        if lines not in seen:
            seen.append(lines)
            yield profile


def head_of(document: bytes) -> bytes:
    """The first whole lines; a cut within a UTF-16 character would be an error of ours."""
    if len(document) <= BYTES_TRIED:
        return document
    end = document.rfind(b"\n", 0, BYTES_TRIED) + 1
    if marked(document) == "utf-16-le":
        end += end % 2
    return document[: end or BYTES_TRIED]


def encodings_of(document: bytes) -> tuple[str, ...]:
    """What the bytes can be. The headings decide between two code pages, or a person."""
    mark = marked(document)
    if mark:
        return (mark,)
    return ("utf-8",) if is_utf8(document) else ("windows-1250", "windows-1251")


def _drafts(rows: Sequence[Row], base: dict[str, str]) -> Iterator[Profile]:
    """The row with most known headings, as a profile."""
    best: tuple[str, ...] = ()
    heading: Row | None = None
    for row in rows[:HEADING_ROWS]:
        columns = _columns(row.cells)
        if sum(map(bool, columns)) > max(FEWEST_KNOWN, sum(map(bool, best))):
            best, heading = columns, row
    if heading is None:
        return
    labels = dict(labels_beside(rows, heading))
    after = [row for row in rows if row.number > heading.number]
    sides = _side_words(after, best)
    try:
        yield Profile(
            best, tuple(heading.cells[: len(best)]), labels=tuple(labels.items()),
            side_words=sides, **base,
        )  # fmt: skip
    except ValueError:
        return


def _columns(cells: Sequence[str]) -> tuple[str, ...]:
    """What the headings mean; of two alike the first counts."""
    while cells and not cells[-1].strip():
        cells = cells[:-1]
    columns: list[str] = []
    for cell in cells:
        meaning = MEANS.get(plain(cell), "")
        columns.append("" if meaning in columns else meaning)
    return tuple(columns)


def labels_beside(rows: Sequence[Row], heading: Row) -> Iterator[tuple[str, str]]:
    """Rows beside the table that begin with a known label."""
    for row in rows:
        filled = [cell.strip() for cell in row.cells if cell.strip()]
        if row.number == heading.number or not filled or len(filled) > 4:
            continue
        words = filled[0].partition(":")[0].strip()
        meaning = LABEL_MEANS.get(plain(words))
        if meaning:
            yield words, meaning


def _side_words(rows: Sequence[Row], columns: Sequence[str]) -> tuple[tuple[str, str], ...]:
    if "side" not in columns:
        return ()
    at = columns.index("side")
    told = {row.cells[at].strip() for row in rows if len(row.cells) > at}
    return tuple(
        (word, SIDE_WORDS[plain(word)]) for word in sorted(told) if plain(word) in SIDE_WORDS
    )


def fits(rows: Sequence[Row], profile: Profile, currencies: Currencies, zone: tzinfo) -> bool:
    try:
        found = read_rows(
            rows, profile, currencies=currencies, zone=zone, faults=Faults(""), format="csv"
        )
    except NotReadable:
        return False
    return any(one.lines for one in found)


def closest_refusals(
    document: bytes, *, format: str, file: str, currencies: Currencies, zone: tzinfo,
    account: str, currency: str,
) -> tuple[Refusal, ...]:  # fmt: skip
    """Why no profile fits: what the one says that refuses the fewest of the first places.

    For a person to correct the file by. Empty where no row looks like headings.
    """
    closest: tuple[int, Sequence[Row], Profile] | None = None
    for rows, base in _tables(document, format, file):
        for draft in _complete_drafts(rows[:ROWS_TRIED], base, account, currency):
            for decimal, dates, order in product(DECIMALS, DATES, ORDERS[:2]):
                profile = replace(draft, decimal=decimal, dates=dates, order=order)
                found = len(refusals_of(rows[:ROWS_TRIED], profile, file, format, currencies, zone))
                if closest is None or found < closest[0]:
                    closest = found, rows, profile
    if closest is None:
        return ()
    return refusals_of(closest[1], closest[2], file, format, currencies, zone)


def _complete_drafts(
    rows: Sequence[Row], base: dict[str, str], account: str, currency: str
) -> Iterator[Profile]:
    """Drafts with account and currency as a person says them, where no column tells them."""
    for found in _drafts(rows, base):
        yield replace(
            found,
            account="" if "account" in found.columns else account,
            currency="" if "currency" in found.columns else currency,
        )


def refusals_of(
    rows: Sequence[Row], profile: Profile, file: str, format: str, currencies: Currencies,
    zone: tzinfo,
) -> tuple[Refusal, ...]:  # fmt: skip
    try:
        read_rows(
            rows, profile, currencies=currencies, zone=zone, faults=Faults(file), format=format
        )
    except NotReadable as wrong:
        return wrong.refused
    return ()


def _tables(document: bytes, format: str, file: str) -> Iterator[tuple[list[Row], dict[str, str]]]:
    """The rows of each sheet, or of a CSV file under each separator that tells them apart."""
    if format == "xlsx":
        faults = Faults(file)
        for name in sheet_names(document, faults):
            yield sheet_rows(document, name, faults), {"sheet": name}
        return
    for encoding, separator in product(encodings_of(document), SEPARATORS):
        rows: list[Row] = []
        try:
            rows.extend(
                csv_rows(document, encoding=encoding, separator=separator, faults=Faults(file))
            )
        except NotReadable:
            continue
        yield rows, {"encoding": encoding, "separator": separator}
