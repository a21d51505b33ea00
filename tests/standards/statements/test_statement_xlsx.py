"""Statements as workbooks: typed cells, formulas, merged cells; and containers that are refused."""

from __future__ import annotations

import csv
import io
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.data import currencies
from recoup.standards.statements import (
    NotReadable,
    Profile,
    check_balance,
    read_xlsx,
    xlsx_proposals,
)
from support.workbooks import formula, number, rows_xml, sheet_xml, text, workbook

BELGRADE = ZoneInfo("Europe/Belgrade")
ACCOUNT = "RS35260005601001611379"
OTHER = "RS35105008123123123173"
OURS = Profile(
    ("booked_at", "amount", "to", "reference", "balance"),
    ("Datum", "Iznos", "Račun primaoca", "Referenca", "Stanje"),
    account=ACCOUNT, currency="RSD",
)  # fmt: skip
HEAD = [text(words) for words in OURS.headings]
DAY = date(2025, 12, 31)


def serial(day: date) -> int:
    return (day - date(1899, 12, 30)).days


CELLS = {
    "day": number(serial(DAY), 1), "amount": number("-12.5"), "to": text(OTHER),
    "reference": text("B-1"), "balance": number("87.5"),
}  # fmt: skip


def row(*cells: str, **changed: str) -> list[str]:
    told = dict(zip(CELLS, cells, strict=False))
    return list((CELLS | told | changed).values())


def book(*rows, merged=(), head=HEAD, **more):
    return workbook({"Promet": sheet_xml(rows_xml([head, *rows]), merged)}, **more)


def read(document: bytes, profile: Profile = OURS):
    return read_xlsx(document, profile, file="izvod.xlsx", currencies=currencies(), zone=BELGRADE)


def refused(document: bytes, profile: Profile = OURS):
    with pytest.raises(NotReadable) as refusal:
        read(document, profile)
    assert refusal.value.file == "izvod.xlsx"
    return refusal.value.refused


def test_numbers_days_and_texts_are_read_by_their_cells():
    second = row(text("01.01.2026."), text("1.000,00"), text(""), number(77), number("1087.5"))
    (statement,) = read(book(row(), second))
    one, two = statement.lines
    assert (one.amount_minor, one.booked_on, one.counterparty) == (-1250, DAY, OTHER)
    assert (two.amount_minor, two.booked_on, two.reference) == (100000, date(2026, 1, 1), "77")
    assert (one.place.page, one.place.line) == ("Promet", 2)
    assert (statement.opening_minor, statement.closing_minor) == (10000, 108750)
    assert check_balance(statement).adds_up


@pytest.mark.parametrize(
    ("cell", "properties", "booked"),
    [
        (number(serial(DAY), 2), "", (DAY, None)),
        (number(f"{serial(DAY)}.5", 1), "", (DAY, datetime(2025, 12, 31, 11, tzinfo=UTC))),
        (number(serial(DAY) - 1462, 1), '<workbookPr date1904="1"/>', (DAY, None)),
        ('<c r="@" t="d"><v>2025-12-31</v></c>', "", (DAY, None)),
    ],
)
def test_days_are_told_from_numbers_by_their_format(cell, properties, booked):
    (line,) = read(book(row(cell), properties=properties))[0].lines
    assert (line.booked_on, line.booked_at) == booked


def test_shared_texts_are_put_together_and_readings_left_out():
    pieces = "<r><t>B</t></r><r><rPr/><t>-2</t></r><rPh><t>x</t></rPh>"
    cell = '<c r="@" t="s"><v>0</v></c>'
    (line,) = read(book(row(reference=cell), texts=[pieces]))[0].lines
    assert line.reference == "B-2"


@pytest.mark.parametrize(
    ("cell", "minor"),
    [("0.30000000000000004", 30), ("1234.5600000000001", 123456), ("1E3", 100000), ("-0.1", -10),
     ("9999999999999.99", 999999999999999)],
)  # fmt: skip
def test_what_binary_numbers_add_is_no_amount(cell, minor):
    assert read(book(row(amount=number(cell), balance=text(""))))[0].moved_minor == minor


@pytest.mark.parametrize(
    ("change", "cell"),
    [
        ({"amount": number("1.005")}, "B2"), ({"amount": number("12345678901234.56")}, "B2"),
        ({"amount": number("1234567890123456789")}, "B2"), ({"amount": number("x")}, "B2"),
        ({"amount": number("1e999")}, "B2"), ({"amount": formula("5")}, "B2"),
        ({"amount": '<c r="@" t="e"><v>#REF!</v></c>'}, "B2"),
        ({"amount": '<c r="@" t="zz"><v>1</v></c>'}, "B2"), ({"amount": text("5.0")}, "B2"),
        ({"day": number(serial(DAY))}, "A2"), ({"day": number(3, 1)}, "A2"),
        ({"reference": number("1234567890123456")}, "D2"),
        ({"reference": '<c r="@" t="s"><v>9</v></c>'}, "D2"),
        ({"reference": text("a\u200bb")}, "D2"),
        ({"amount": '<c r="ZZ2"><v>1</v></c>'}, "ZZ2"),
        ({"amount": '<c r="B7"><v>1</v></c>'}, "B7"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_refused_by_sheet_and_place(change, cell):
    wrong = refused(book(row(**change)))[0]
    assert (wrong.line, wrong.column) == (2, f"Promet!{cell}")


def test_the_last_value_of_a_formula_counts_only_if_declared_and_is_noted():
    document = book(row(amount=formula("-12.5")))
    (statement,) = read(document, replace(OURS, formulas="last_value"))
    assert statement.moved_minor == -1250
    noted = next(note for note in statement.notes if note.code == "formula")
    assert noted.place.cell == "B2"
    assert refused(book(row(amount=formula(""))), replace(OURS, formulas="last_value"))


def test_merged_cells_among_bookings_are_refused_and_above_them_say_nothing():
    (wrong,) = refused(book(row(), row(), merged=["B2:B3"]))[:1]
    assert (wrong.line, wrong.column) == (2, "Promet!B2")
    title = [text("Izvod")]
    rows = rows_xml([title, HEAD, row()])
    assert read(workbook({"P": sheet_xml(rows, ["A1:E1"])}))[0].lines


def test_several_sheets_need_a_name_and_hidden_ones_do_not_count():
    sheets = {name: sheet_xml(rows_xml([HEAD, row()])) for name in ("Jan", "Feb")}
    assert refused(workbook(sheets))
    assert read(workbook(sheets, hidden=["Jan"]))[0].lines[0].place.page == "Feb"
    assert read(workbook(sheets), replace(OURS, sheet="Jan"))[0].lines
    assert refused(workbook(sheets, hidden=["Jan"]), replace(OURS, sheet="Jan"))


def test_labels_keep_the_numbers_of_their_cells():
    profile = replace(OURS, labels=(("Početno stanje", "opening"), ("Krajnje stanje", "closing")))
    rows = [
        [text("Početno stanje:"), number("100")],
        HEAD,
        row(),
        [text("Krajnje stanje"), number("87.5")],
    ]
    (statement,) = read(workbook({"P": sheet_xml(rows_xml(rows))}), profile)
    assert (statement.opening_minor, statement.closing_minor) == (10000, 8750)


def test_a_profile_is_proposed_once_where_the_cells_leave_no_doubt():
    (profile,) = xlsx_proposals(
        book(row()), currencies=currencies(), zone=BELGRADE, account=ACCOUNT, currency="RSD"
    )
    assert (profile.columns, profile.sheet, profile.formulas) == (OURS.columns, "Promet", "refuse")
    found = xlsx_proposals(
        book(row(amount=formula("1"), balance=text(""))), currencies=currencies(), zone=BELGRADE,
        account=ACCOUNT, currency="RSD",
    )  # fmt: skip
    assert {one.formulas for one in found} == {"last_value"}


def packed(entries, method=zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as container:
        for name, content in entries:
            container.writestr(name, content)
    return out.getvalue()


def link() -> zipfile.ZipInfo:
    one = zipfile.ZipInfo("xl/link")
    one.external_attr = 0o120777 << 16
    return one


@pytest.mark.parametrize(
    "document",
    [
        b"", b"PK\x03\x04", book(row())[:-30], packed([]), packed([("a", "b")]),
        packed([("bomb", b"0" * 30_000_000)]), packed([("a", "b")], zipfile.ZIP_BZIP2),
        packed([(f"f{n}", "") for n in range(1001)]), packed([("../x", "")]),
        packed([(link(), "y")]), book(row(), more={"../x": b""}), book(row(), more={"/x": b""}),
        book(row(), more={"xl/worksheets/s1.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'}),
        book(row(), more={"xl/worksheets/s1.xml": b"<a>" * 5000}),
        book(row(), merged=["A1:XFD1048576"] * 2000), book(row(), merged=["x"]),
        workbook({"P": sheet_xml('<row r="2"/><row r="1"/>')}),
        workbook({"P": sheet_xml('<row r="99999999999"/>')}), workbook({}),
    ],
)  # fmt: skip
def test_a_container_or_part_that_could_do_harm_is_refused(document):
    assert refused(document)


def test_a_bomb_is_refused_before_it_is_unpacked(monkeypatch):
    document = book(row(), more={"xl/media/x": b"0" * 30_000_000})
    monkeypatch.setattr(zipfile.ZipFile, "read", lambda *_: pytest.fail("was unpacked"))
    (wrong,) = refused(document)
    assert "not unpacked" in wrong.problem


def test_a_directory_that_lies_about_sizes_gives_no_more_than_it_says():
    xml = sheet_xml(rows_xml([HEAD, row()]))
    document, size = workbook({"P": xml}), len(xml.encode())
    assert read(document)
    lies = document.replace(size.to_bytes(4, "little"), (size - 100).to_bytes(4, "little"))
    assert lies != document
    assert refused(lies)


BOOKINGS = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(-(10**14), 10**14), st.text("abčш&<\"' 1=", max_size=9)
    ),
    max_size=10,
)  # fmt: skip


@given(bookings=BOOKINGS, as_text=st.booleans())
@settings(max_examples=60, deadline=None)
def test_what_is_written_is_read_back(bookings, as_text):
    day, rows, wanted = date(2026, 1, 1), [HEAD], []
    for days, amount, reference in bookings:
        day += timedelta(days)
        told = repr(float(Decimal(amount).scaleb(-2)))
        cell = (
            text(f"{Decimal(amount).scaleb(-2):f}".replace(".", ",")) if as_text else number(told)
        )
        rows.append([number(serial(day), 2), cell, text(""), text(reference), text("")])
        wanted.append((day, amount, reference.strip()))
    (statement,) = read(workbook({"P": sheet_xml(rows_xml(rows))}))
    told = [(one.booked_on, one.amount_minor, one.reference) for one in statement.lines]
    assert told == wanted


@pytest.mark.slow
def test_a_hundred_thousand_rows_are_read_in_seconds():
    document = book(*[row(balance=number("", 0).replace("<v></v>", ""))] * 100_000)
    begun = process_time()
    assert len(read(document)[0].lines) == 100_000
    assert process_time() - begun < 60


SHARED = Path(__file__).parents[4] / "shared" / "badinput"


@pytest.mark.skipif(not SHARED.exists(), reason="the shared samples are not beside the repository")
def test_nothing_among_the_shared_uploads_is_taken_for_a_workbook():
    for listed in csv.DictReader((SHARED / "index.csv").open(encoding="utf-8")):
        if listed["file"].startswith("upload/"):
            assert refused((SHARED / listed["file"]).read_bytes())
