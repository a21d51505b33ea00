"""Bad statement files: each is named with file, row and cell, and nothing of it is taken.

Ours, one for each thing that issue 3 names, through the desk's upload; and the files of the
collection beside this checkout.
"""

from __future__ import annotations

import csv
import io
import os
import re
import time
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recoup.apps.lawful_requests.models import Ticket
from support import statements
from support.statements import Account, Booked
from support.workbooks import formula, number, rows_xml, sheet_xml, text, workbook
from support.world import World, iban

CORPUS = Path(__file__).parents[4] / "shared" / "badinput"
REQUIRE_ALL = os.environ.get("RECOUP_REQUIRE_ALL") == "1"
ACCOUNT, NEXT, OTHER = iban("linden", 77), iban("sparrow", 5), iban("quince", 20001)
INSIDE = re.compile(rb"Traceback|psycopg|site-packages|/recoup/apps/")
PATIENCE_SECONDS = 5


@pytest.fixture
def mila(world: World) -> Client:
    made = Client(raise_request_exception=False)
    made.cookies["sessionid"] = world.session_of("mila.linden")
    return made


@pytest.fixture
def ticket(world: World) -> Ticket:
    world.report(
        payer=iban("plum", 1), payee=ACCOUNT, amount=480_000_00, by=world.at_bank("plum"),
        reference="RF1",
    )  # fmt: skip
    world.plan()
    return world.tickets(addressee__code="linden")[0]


@pytest.fixture
def fraud(world: World) -> Account:
    return statements.fraud(ACCOUNT, NEXT, now=world.now(), before=3)


Refused = Callable[..., list[dict[str, Any]]]


@pytest.fixture
def refused(open_world: World, ticket: Ticket, mila: Client) -> Refused:
    """Upload files that must be refused; gives the places that the page names."""

    def upload(*files: tuple[str, bytes], **form: str) -> list[dict[str, Any]]:
        page = post(mila, ticket, *files, **form)
        if page.status_code == 200 and page.context.get("undeclared"):
            page = post(mila, ticket, *files, step="declare", proposal="0")
        assert page.status_code == 422, page.context.get("found")
        faults: list[dict[str, Any]] = page.context["faults"]
        assert faults
        assert not INSIDE.search(page.content)
        typed = {**page.context["entry"], "token": page.context["token"], "step": "take"}
        taken = mila.post(f"/tickets/{ticket.id}/statement/take", typed)
        assert taken.status_code == 422
        assert "window" not in taken.context
        assert open_world.run("select count(*) from lawful_requests_answer") == [(0,)]
        return faults

    return upload


def post(client: Client, ticket: Ticket, *files: tuple[str, bytes], **form: str) -> Any:
    chosen = [SimpleUploadedFile(name, content) for name, content in files]
    typed = {"step": "read", "statement": chosen, "answer": str(uuid4()), **form}
    return client.post(f"/tickets/{ticket.id}/statement", typed)


def table(account: Account, **changed: tuple[int, str]) -> list[list[str]]:
    """The table of an account with cells changed: column name, row and value."""
    rows = statements.cyrillic_rows(account)
    columns = {"day": 0, "reference": 1, "debit": 2, "credit": 3, "to": 4}
    for name, (row, value) in changed.items():
        rows[row - 1][columns[name]] = value
    return rows


def as_csv(rows: list[list[str]], encoding: str = "utf-8") -> bytes:
    return "\n".join(";".join(row) for row in rows).encode(encoding)


def as_xlsx(rows: list[list[str]], *, merged: tuple[str, ...] = ()) -> bytes:
    made = [[cell if cell.startswith("<c") else text(cell) if cell else "" for cell in row]
            for row in rows]  # fmt: skip
    return workbook({"Извод": sheet_xml(rows_xml(made), merged)})


def first(faults: list[dict[str, Any]]) -> tuple[str, Any, str, str]:
    one = faults[0]
    return one["file"], one["line"], one["cell"], one["said"]


# Ours


def test_rows_out_of_order(refused: Refused, fraud: Account):
    rows = table(fraud, day=(4, "01.01.2020."))
    file, line, cell, said = first(refused(("izvod.csv", as_csv(rows))))
    assert (file, cell) == ("izvod.csv", "Датум књижења") and line in (3, 4)
    assert "order" in said


def test_a_file_about_no_account(refused: Refused, fraud: Account):
    faults = refused(("a.xml", statements.camt053(fraud).replace(ACCOUNT.encode(), b"")))
    file, line, cell, _said = first(faults)
    assert (file, cell) != ("", "") and line == 3


def test_an_account_whose_check_digits_do_not_fit(refused: Refused, fraud: Account):
    wrong = ACCOUNT[:2] + f"{(int(ACCOUNT[2:4]) + 1) % 97:02}" + ACCOUNT[4:]
    faults = refused(("a.xml", statements.camt053(fraud).replace(ACCOUNT.encode(), wrong.encode())))
    assert (faults[0]["line"], faults[0]["cell"]) == (3, "Stmt[1]/Acct/Id")


def test_mixed_currencies(refused: Refused, fraud: Account):
    mixed = statements.camt053(fraud).replace(b"Ccy='RSD'>1000.00", b"Ccy='EUR'>1000.00")
    faults = refused(("a.xml", mixed))
    assert faults[0]["line"] == 7 and "EUR" in faults[0]["value"] + faults[0]["said"]


def test_a_statement_in_another_currency(refused: Refused, fraud: Account):
    said = first(refused(("a.xml", statements.camt053(replace(fraud, currency="EUR")))))[3]
    assert "EUR" in said and "RSD" in said


def test_overlapping_statements_that_tell_different_things(refused: Refused, fraud: Account):
    less = replace(fraud, bookings=[*fraud.bookings[:-1], replace(fraud.bookings[-1], minor=-1)])
    faults = refused(("1.xml", statements.camt053(fraud)), ("2.xml", statements.camt053(less)))
    assert "do not add up" in faults[0]["said"]


@pytest.mark.parametrize(
    ("column", "row", "value"), [("debit", 3, "-500,00"), ("credit", 6, "-480.000,00")]
)
def test_a_sum_below_zero_beside_a_side(
    refused: Refused, fraud: Account, column: str, row: int, value: str
):
    faults = refused(("izvod.csv", as_csv(table(fraud, **{column: (row, value)}))))
    assert (faults[0]["line"], faults[0]["value"]) == (row, value)
    assert "below zero" in faults[0]["said"]


@pytest.mark.parametrize(
    ("value", "digits"),
    [("12.345.678.901.234.567,89", "18"), ("123.456.789.012,34", "13"), ("1.234.567,895", "")],
)
def test_amounts_of_too_many_digits(refused: Refused, fraud: Account, value: str, digits: str):
    """19 digits are refused by the reader, 14 by the hub; neither is rounded or wrapped."""
    rows = table(fraud, credit=(6, value))
    rows[-1][1] = ""
    file, line, _cell, said = first(refused(("izvod.csv", as_csv(rows[:-1]))))
    assert file == "izvod.csv"
    if digits != "13":
        assert line == 6 and digits in said


def test_an_amount_that_the_reader_takes_and_the_hub_does_not(
    world: World, refused: Refused, fraud: Account
):
    came = world.now() - timedelta(hours=1)
    large = Account(ACCOUNT, 0, [Booked(came, 12_345_678_901_234, "C-1")])
    faults = refused(("a.xml", statements.camt053(large)))
    assert (faults[0]["line"], faults[0]["value"]) == (3, "123456789012.34")
    assert "13 digits" in faults[0]["said"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1251"])
def test_encodings_that_say_what_they_are_are_read(
    ticket: Ticket, mila: Client, fraud: Account, encoding: str
):
    page = post(mila, ticket, ("izvod.csv", as_csv(statements.cyrillic_rows(fraud), encoding)))
    assert page.status_code == 200, page.context["faults"]
    assert page.context["proposals"]
    page = post(
        mila, ticket, ("izvod.csv", as_csv(statements.cyrillic_rows(fraud), encoding)),
        step="declare", proposal="0",
    )  # fmt: skip
    assert page.context["check"].is_closed


def test_bytes_of_two_encodings(refused: Refused, fraud: Account):
    half = as_csv(statements.cyrillic_rows(fraud)) + "\nКрај".encode("cp1251")
    faults = refused(("izvod.csv", half))
    assert faults[0]["file"] == "izvod.csv"


def test_merged_cells_among_the_bookings(refused: Refused, fraud: Account):
    rows = statements.cyrillic_rows(fraud)
    faults = refused(("izvod.xlsx", as_xlsx(rows, merged=("D6:D7",))))
    assert faults[0]["line"] in (6, 7) and "Извод!" in faults[0]["cell"]


def test_a_formula_that_never_gave_a_value(refused: Refused, fraud: Account):
    rows = statements.cyrillic_rows(fraud)
    rows[5][3] = formula("")
    faults = refused(("izvod.xlsx", as_xlsx(rows)))
    assert (faults[0]["line"], faults[0]["cell"]) == (6, "Извод!D6")


def test_a_formula_with_a_value_is_taken_only_with_a_persons_word_and_named(
    ticket: Ticket, mila: Client, fraud: Account
):
    rows = statements.cyrillic_rows(fraud)
    rows[5][3] = formula("480000")
    page = post(mila, ticket, ("izvod.xlsx", as_xlsx(rows)))
    assert page.context["proposals"][0]["profile"].formulas == "last_value"
    page = post(mila, ticket, ("izvod.xlsx", as_xlsx(rows)), step="declare", proposal="0")
    assert any("ormula" in one["said"] for one in page.context["doubts"])


def test_more_digits_than_a_workbook_keeps(refused: Refused, fraud: Account):
    rows = statements.cyrillic_rows(fraud)
    rows[5][3] = number("1234567890123456")
    faults = refused(("izvod.xlsx", as_xlsx(rows)))
    assert faults[0]["line"] == 6 and "15 digits" in faults[0]["said"]


def test_a_zip_bomb_in_a_workbook(refused: Refused):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("xl/worksheets/s1.xml", b"0" * 200_000_000)
    began = time.monotonic()
    faults = refused(("izvod.xlsx", out.getvalue()))
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert faults[0]["file"] == "izvod.xlsx" and "s1.xml" in faults[0]["cell"]


@pytest.mark.parametrize(
    "dtd",
    ["<!DOCTYPE Document>", '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
     '<!DOCTYPE d [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>'],
)  # fmt: skip
def test_xml_with_a_document_type(refused: Refused, fraud: Account, dtd: str):
    begin, rest = statements.camt053(fraud).split(b"\n", 1)
    faults = refused(("a.xml", begin + b"\n" + dtd.encode() + b"\n" + rest))
    assert faults[0]["line"] in (2, 3)


def test_one_bad_file_among_good_ones_takes_none(refused: Refused, fraud: Account):
    good = ("good.xml", statements.camt053(fraud))
    faults = refused(good, ("bad.xml", b"<Document>"))
    assert {one["file"] for one in faults} == {"bad.xml"}


# The collection


def files() -> list[Any]:
    if not CORPUS.exists():
        return []
    with (CORPUS / "index.csv").open(newline="", encoding="utf-8") as index:
        rows = [row for row in csv.DictReader(index) if not row["file"].startswith("json/")]
    return [pytest.param(row, id=row["file"]) for row in rows]


@pytest.mark.skipif(
    not CORPUS.exists() and not REQUIRE_ALL,
    reason="the collection of bad input is not beside this checkout: its files were NOT tried",
)
@pytest.mark.parametrize("row", files())
def test_a_file_of_the_collection(
    open_world: World, ticket: Ticket, mila: Client, row: dict[str, str]
):
    name = Path(row["file"]).name
    began = time.monotonic()
    page = post(mila, ticket, (name, (CORPUS / row["file"]).read_bytes()))
    assert time.monotonic() - began < PATIENCE_SECONDS
    assert not INSIDE.search(page.content)
    if page.status_code == 200:
        # A table of something else: a person is asked what its columns are, and nothing is read.
        assert row["file"].startswith("csv/") and page.context["hand"]
        assert page.context["found"] is None and "row-1-reference" not in page.content.decode()
        assert open_world.run("select count(*) from holds_statementprofile") == [(0,)]
        return
    assert page.status_code == 422
    assert page.context["faults"][0]["file"] == name or "about" in page.context["faults"][0]["said"]
    if row["expect"] == "REJECT" and row["file"].startswith(("xml/", "iso20022/")):
        assert page.context["faults"][0]["line"] != "–"
    assert open_world.run("select count(*) from lawful_requests_answer") == [(0,)]
