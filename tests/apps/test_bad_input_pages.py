"""Bad input at every place where a page takes some: a clear answer, nothing stored, nothing lost.

The files and values of the collection beside this checkout, through the report's form, the desk of
a bank (lines that are pasted, fields that are typed, the search) and the import of a flow into a
case. The same collection meets the interface in ``test_bad_input.py``, the readers in ``core`` and
``standards``.
"""

from __future__ import annotations

import csv
import json
import os
import re
import time
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recoup.apps.holds.bookings import local
from recoup.apps.lawful_requests.models import Ticket
from support.searching import searched
from support.world import World, iban

CORPUS = Path(__file__).parents[3] / "shared" / "badinput"
REQUIRE_ALL = os.environ.get("RECOUP_REQUIRE_ALL") == "1"
ADDRESS = "0x" + "1" * 40
INSIDE = re.compile(rb"Traceback|psycopg|site-packages|/recoup/apps/")
PATIENCE_SECONDS = 5

pytestmark = pytest.mark.skipif(
    not CORPUS.exists() and not REQUIRE_ALL,
    reason="the collection of bad input is not beside this checkout: its files were NOT tried",
)


def files() -> list[Any]:
    if not CORPUS.exists():
        return []
    with (CORPUS / "index.csv").open(newline="", encoding="utf-8") as index:
        return [pytest.param(row, id=row["file"]) for row in csv.DictReader(index)]


def values(*fields: str) -> list[Any]:
    if not CORPUS.exists():
        return []
    rows = [json.loads(line) for line in (CORPUS / "values.jsonl").open(encoding="utf-8")]
    return [
        pytest.param(row, id=f"{row['field']}: {row['why']}")
        for row in rows
        if row["field"] in fields
    ]


def content(row: dict[str, str]) -> bytes:
    return (CORPUS / row["file"]).read_bytes()


@pytest.fixture
def ticket(world: World) -> Ticket:
    """A hold that asks the bank without a system for the account's bookings."""
    world.report(
        payer=iban("plum", 1), payee=iban("linden", 77), amount=480_000_00,
        by=world.at_bank("plum"),
    )  # fmt: skip
    world.plan()
    return world.tickets(addressee__code="linden")[0]


def client_of(world: World, login: str) -> Client:
    client = Client(raise_request_exception=False)
    client.cookies["sessionid"] = world.session_of(login)
    return client


@pytest.fixture
def mila(world: World) -> Client:
    return client_of(world, "mila.linden")


def is_clean(page: Any, began: float) -> bool:
    """No fault of the hub, nothing of how it is made, and soon."""
    took = time.perf_counter() - began
    return page.status_code < 500 and not INSIDE.search(page.content) and took < PATIENCE_SECONDS


def count(world: World, table: str) -> int:
    return int(world.run(f"select count(*) from {table}")[0][0])


# Files


@pytest.mark.parametrize("row", files())
def test_no_file_of_the_collection_is_a_flow_and_each_is_refused_with_a_reason(
    world: World, ticket: Ticket, row: dict[str, str]
):
    began = time.perf_counter()
    name = Path(row["file"]).name
    upload = SimpleUploadedFile(name, content(row), row["content_type"])
    page = client_of(world, "jelena.police").post(
        f"/cases/{ticket.case_id}/ledgers/preview",
        {"file": upload, "profile": "flow_csv", "sources": ADDRESS, "terminals": ""},
    )
    assert page.status_code == 422 and is_clean(page, began)
    preview = page.context["preview"]
    assert preview["refused"] and all(one["message"] for one in preview["refused"])
    assert not preview["token"]
    assert count(world, "traces_importedledger") == 0


@pytest.mark.parametrize("row", files())
def test_a_file_that_is_pasted_as_lines_is_refused_and_stays_as_it_was_pasted(
    ticket: Ticket, mila: Client, row: dict[str, str]
):
    began = time.perf_counter()
    pasted = content(row).decode("utf-8", "replace")
    page = mila.post(f"/tickets/{ticket.id}/check", {"pasted": pasted, "step": "paste"})
    assert is_clean(page, began)
    window = page.context["window"]
    assert window.lines_read == 0
    if pasted.strip():  # one file is a single space
        assert window.paste_problems and window.pasted == pasted


@pytest.mark.parametrize("row", files())
def test_a_file_that_is_sent_in_place_of_an_answer_stores_none(
    world: World, ticket: Ticket, mila: Client, row: dict[str, str]
):
    began = time.perf_counter()
    page = mila.post(f"/tickets/{ticket.id}/answer", content(row), row["content_type"])
    assert 400 <= page.status_code < 500 and is_clean(page, began)
    assert count(world, "lawful_requests_answer") == 0


# Values, at the fields of their kind

OF_THE_REPORT = {
    "iban": "payee_account", "amount": "amount", "date": "paid_at", "name": "reference",
}  # fmt: skip
OF_AN_ANSWER = {
    "iban": "row-1-to", "amount": "row-1-amount", "date": "window_from", "name": "note",
}  # fmt: skip


@pytest.mark.parametrize("row", values(*OF_THE_REPORT))
def test_a_value_in_the_reports_form(world: World, row: dict[str, str]):
    field = OF_THE_REPORT[row["field"]]
    form = {
        "client_id": str(uuid4()), "amount": "480000.00", "currency": "RSD",
        "paid_at": local(world.now()), "payer_account": iban("plum", 1),
        "payee_account": iban("quince", 2), "reference": "Kapara", field: row["value"],
    }  # fmt: skip
    began = time.perf_counter()
    page = Client(raise_request_exception=False).post("/report", form)
    assert is_clean(page, began)
    kept = world.run("select payment_reference, payee_ident from reports_report")
    if row["expect"].startswith("REJECT"):
        assert kept == [] and page.status_code == 422 and field in page.context["form"].errors
    elif row["field"] == "iban":
        assert kept == [("Kapara", row["value"].replace(" ", ""))]
    else:
        assert kept == [(row["value"], iban("quince", 2))]


@pytest.mark.parametrize("row", values(*OF_AN_ANSWER))
def test_a_value_in_an_answer_typed_at_the_desk(
    world: World, ticket: Ticket, mila: Client, row: dict[str, str]
):
    field, now = OF_AN_ANSWER[row["field"]], local(world.now())
    came = local(ticket.sent_at)
    form = {
        "answer": str(uuid4()), "code": "moved_on", "held": "0", "opening": "0.00",
        "closing": "0.00", "window_from": came, "window_to": now, "row_count": "2",
        "mark-0": "C-1", "row-0-side": "credit", "row-0-reference": "C-1",
        "row-0-booked_at": came, "row-0-amount": "480000.00", "row-1-side": "debit",
        "row-1-reference": "B-1", "row-1-booked_at": came, "row-1-amount": "480000.00",
        "row-1-to_kind": "account", "row-1-to": iban("sparrow", 5), field: row["value"],
    }  # fmt: skip
    began = time.perf_counter()
    page = mila.post(f"/tickets/{ticket.id}/answer", form)
    assert is_clean(page, began)
    took = page.status_code == 302
    if row["why"] == "printed form":  # a real account, whose bank is no member of this country
        assert "No institution in the directory" in page.content.decode()
    else:
        assert took == row["expect"].startswith("ACCEPT")
    if took:
        shown = mila.get(f"/tickets/{ticket.id}").content
        assert b"<b onmouseover" not in shown
        return
    assert field in {problem["anchor"] for problem in page.context["problems"]}
    assert count(world, "lawful_requests_answer") == 0


@pytest.mark.parametrize("row", values("search", "iban", "name", "url", "filename"))
def test_a_value_in_the_desks_search(mila: Client, row: dict[str, str]):
    began = time.perf_counter()
    page = searched(mila, "/desk/done", row["value"])
    assert page.status_code in (200, 422) and is_clean(page, began)
    assert b"<b onmouseover" not in page.content


@pytest.mark.parametrize("row", values("filename", "name"))
def test_a_value_as_the_name_of_an_uploaded_file(world: World, ticket: Ticket, row: dict[str, str]):
    began = time.perf_counter()
    head = b"Timestamp,Block,Tx_hash,From,From_label,To,To_label,Value_in_USD\n"
    line = f"2024-07-16 12:04:47,1,0x{'ab' * 32},{ADDRESS},,0x{'2' * 40},,335.65\n".encode()
    upload = SimpleUploadedFile("flow.csv", head + line, "text/csv")
    upload._name = row["value"]  # what a hostile client writes; Django cleans only its own
    page = client_of(world, "jelena.police").post(
        f"/cases/{ticket.case_id}/ledgers/preview",
        {"file": upload, "profile": "flow_csv", "sources": ADDRESS, "terminals": ""},
    )
    assert page.status_code in (200, 422) and is_clean(page, began)
    assert b"<b onmouseover" not in page.content and b"\x00" not in page.content
