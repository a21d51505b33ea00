"""Bad input gets a clear answer and loses nothing: what is wrong, the value, and what to do."""

from __future__ import annotations

import csv
import json
import os
import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from support.world import World, iban

CORPUS = Path(__file__).parents[3] / "shared" / "badinput"
REQUIRE_ALL = os.environ.get("RECOUP_REQUIRE_ALL") == "1"
WRITES = ("reports", "acknowledgements", "answers")
# The fields of the collection of bad values, by the field of a report that takes such values.
FIELDS = {"iban": "payee_account", "amount": "amount", "date": "paid_at", "name": "reference"}
NO_SUCH_FIELD = {
    "email": "only on the story's page, which is tried in the browser",
    "filename": "no file is kept under a name of its sender",
    "url": "the hub calls nobody",
    "search": "no search in the API",
}

needs_corpus = pytest.mark.skipif(
    not CORPUS.exists() and not REQUIRE_ALL,
    reason="the collection of bad input is not beside this checkout: its files were NOT tried",
)


def files() -> list[Any]:
    if not CORPUS.exists():
        return []
    with (CORPUS / "index.csv").open(newline="") as index:
        rows = [row for row in csv.DictReader(index) if row["file"].startswith("json/")]
    return [pytest.param(row, id=row["file"]) for row in rows]


def values() -> list[Any]:
    if not CORPUS.exists():
        return []
    rows = [json.loads(line) for line in (CORPUS / "values.jsonl").open(encoding="utf-8")]
    return [pytest.param(row, id=f"{row['field']}: {row['why']}") for row in rows]


def post(world: World, path: str, body: Any) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body)
    client = Client(raise_request_exception=False)
    return client.post(f"/api/v1/{path}", data, "application/json", headers=world.bearer("plum"))


def report(world: World, **changed: Any) -> dict[str, Any]:
    return {
        "report": str(uuid4()), "amount": "480000.00", "currency": "RSD",
        "paid_at": world.now().isoformat(timespec="seconds"),
        "payer_account": iban("plum", 10001), "payee_account": iban("quince", 20001),
        "reference": "Kapara",
    } | changed  # fmt: skip


def stored(world: World) -> int:
    return int(world.run("select count(*) from reports_report")[0][0])


def is_clear(answer: Any) -> bool:
    """A 4xx that says what is wrong, and nothing of how the hub is made."""
    text = answer.content.decode()
    told = answer.json()
    inside = re.search(r"Traceback|select |insert |psycopg|site-packages", text)
    return 400 <= answer.status_code < 500 and bool(told["message"]) and inside is None


# The collection


@needs_corpus
def test_the_collection_is_there() -> None:
    assert files()
    assert values()


@needs_corpus
@pytest.mark.parametrize("path", WRITES)
@pytest.mark.parametrize("row", files())
def test_a_bad_body(world: World, row: dict[str, str], path: str) -> None:
    answer = post(world, path, (CORPUS / row["file"]).read_bytes())
    assert is_clear(answer), answer.content
    assert stored(world) == 0


@needs_corpus
@pytest.mark.parametrize("row", files())
def test_a_bad_body_says_so_on_a_page_too(world: World, row: dict[str, str]) -> None:
    client = Client(raise_request_exception=False)
    answer = client.post("/report", (CORPUS / row["file"]).read_bytes(), "application/json")
    assert answer.status_code < 500
    assert stored(world) == 0


@needs_corpus
@pytest.mark.parametrize("row", values())
def test_a_bad_value(world: World, row: dict[str, str]) -> None:
    if row["field"] in NO_SUCH_FIELD:
        pytest.skip(NO_SUCH_FIELD[row["field"]])
    field = FIELDS[row["field"]]
    answer = post(world, "reports", report(world, **{field: row["value"]}))
    took = answer.status_code == 201
    if not took:
        assert is_clear(answer), answer.content
        assert field in {problem["field"] for problem in answer.json()["problems"]}
        assert stored(world) == 0
    if row["expect"] == "REJECT":
        assert not took
    elif row["expect"] == "REJECT_OR_FLAG":
        assert not took or answer.json()["flags"]
    elif row["expect"] == "ACCEPT_EXACT" and field == "reference":
        kept = world.run("select payment_reference from reports_report")
        assert kept == [(row["value"],)]
    elif row["expect"] == "ACCEPT_EXACT" and took:
        kept = world.run("select payee_ident from reports_report")
        assert kept == [(re.sub(r"\s", "", row["value"]),)]
    elif row["expect"] == "ACCEPT_EXACT":
        # A real account whose bank is no member of the invented country.
        assert "member" in answer.content.decode() or "directory" in answer.content.decode()


# Ours


BAD_FACTS = {
    "a wrong control number": ("payee_account", "RS35992000000002000122"),
    "look-alike letters": ("payee_account", "RЅ35992000000002000121"),
    "zero": ("amount", "0.00"),
    "negative": ("amount", "-1.00"),
    "too precise": ("amount", "1.001"),
    "too long": ("amount", "9" * 30),
    "a word": ("amount", "many"),
    "an unknown currency": ("currency", "XXQ"),
    "a control character": ("reference", "a\x07b"),
    "an ancient date": ("paid_at", "1994-01-01T00:00:00Z"),
    "no zone": ("paid_at", "2026-01-02T10:00:00"),
    "no such day": ("paid_at", "2026-02-30T10:00:00Z"),
}


@pytest.mark.parametrize("name", BAD_FACTS)
def test_a_bad_fact_is_named_with_its_value_and_what_to_do(world: World, name: str) -> None:
    field, value = BAD_FACTS[name]
    answer = post(world, "reports", report(world, **{field: value}))
    assert is_clear(answer), answer.content
    problem = answer.json()["problems"][0]
    assert problem["field"] == field
    assert len(problem["message"]) > 20
    assert stored(world) == 0


def test_a_nul_is_refused_wherever_it_stands(world: World) -> None:
    answer = post(world, "reports", report(world, reference="a\x00b"))
    assert is_clear(answer), answer.content
    assert stored(world) == 0


def test_a_date_in_the_future_is_refused(world: World) -> None:
    later = (world.now() + timedelta(hours=2)).isoformat(timespec="seconds")
    answer = post(world, "reports", report(world, paid_at=later))
    assert answer.json()["problems"][0]["field"] == "paid_at"


def test_all_that_is_wrong_is_told_at_once(world: World) -> None:
    answer = post(world, "reports", report(world, amount="x", payee_account="y", paid_at="z"))
    fields = {problem["field"] for problem in answer.json()["problems"]}
    assert fields == {"amount", "payee_account", "paid_at"}


def test_an_unknown_field_is_refused_by_name(world: World) -> None:
    answer = post(world, "reports", report(world, is_adopted=True))
    assert answer.status_code == 422
    assert answer.json()["problems"][0]["field"].endswith("is_adopted")
    assert stored(world) == 0


@pytest.mark.parametrize("wrong", [None, 7, [], {}, True])
def test_a_field_of_another_kind_is_not_converted(world: World, wrong: Any) -> None:
    answer = post(world, "reports", report(world, amount=wrong))
    assert answer.status_code == 422
    assert stored(world) == 0


@pytest.mark.parametrize("path", ["/api/v1/reports", "/api/v1/acknowledgements", "/report"])
def test_ten_megabytes_are_refused_before_they_are_read(world: World, path: str) -> None:
    answer = Client(raise_request_exception=False).post(
        path, b"x" * 10_000_000, "application/json", headers=world.bearer("plum")
    )
    assert answer.status_code == 413
    assert b"10000000" in answer.content


def test_ten_megabytes_of_answers_are_refused(world: World) -> None:
    body = b'{"answers": [' + b" " * 10_000_000 + b"]}"
    assert post(world, "answers", body).status_code == 413


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b'"x"', b"{}", b"\xff\xfe{}"])
def test_a_body_that_is_no_object_of_ours(world: World, body: bytes) -> None:
    for path in WRITES:
        assert is_clear(post(world, path, body)), (path, body)


def test_a_second_submit_of_the_same_report_is_the_same_report(world: World) -> None:
    body = report(world)
    first, second = post(world, "reports", body), post(world, "reports", body)
    assert first.json()["report"] == second.json()["report"]
    assert second.json()["is_repeat"] is True
    assert stored(world) == 1


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_methods_that_nothing_has(world: World, method: str) -> None:
    for path in ("/api/v1/reports", "/report", "/desk", f"/api/v1/tickets/{uuid4()}"):
        answer = getattr(Client(), method)(path, headers=world.bearer("plum"))
        assert answer.status_code in (403, 405), path


@pytest.mark.parametrize(
    "path", ["/cases/not-a-uuid", "/tickets/1", "/api/v1/tickets/1", "/%00", "/../etc/passwd"]
)
def test_addresses_that_nothing_has(world: World, path: str) -> None:
    assert Client(raise_request_exception=False).get(path).status_code in (404, 400)
