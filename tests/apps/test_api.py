"""The API as a bank's system uses it: one effect a key, strict bodies, waiting, two at once."""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client

from support.live import Hub
from support.world import World, iban


@pytest.fixture
def asked(world: World) -> World:
    file(world)
    world.plan()
    return world


def file(world: World) -> None:
    world.report(
        payer=iban("plum", 10001), payee=iban("quince", 20001), amount=500_00,
        by=world.at_bank("plum"),
    )  # fmt: skip


def post(world: World, bank: str, path: str, body: Any, **headers: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body)
    return Client().post(
        f"/api/v1/{path}", data, "application/json", headers=world.bearer(bank) | headers
    )


def a_report(**changed: Any) -> dict[str, Any]:
    return {
        "report": str(uuid4()), "amount": "480000.00", "currency": "RSD",
        "paid_at": "2026-01-02T10:00:00+01:00", "payer_account": iban("plum", 10001),
        "payee_account": iban("quince", 20001), "reference": "Kapara",
    } | changed  # fmt: skip


def recent(world: World, **changed: Any) -> dict[str, Any]:
    return a_report(paid_at=world.now().isoformat(timespec="seconds"), **changed)


def test_a_bank_reports_for_its_customer(world: World) -> None:
    answer = post(world, "plum", "reports", recent(world))
    assert answer.status_code == 201
    world.plan()
    assert world.ticket("quince", "hold")["kind"] == "first"


def test_the_inbox_shows_exactly_what_was_sent(asked: World) -> None:
    answer = Client().get("/api/v1/tickets?state=open", headers=asked.bearer("quince"))
    assert answer.json()["tickets"] == asked.inbox("quince")
    assert answer.json()["more"] is False
    assert "case" not in answer.content.decode().replace("case-insensitive", "")


def test_a_parameter_that_nothing_knows_is_refused(asked: World) -> None:
    answer = Client().get("/api/v1/tickets?stat=open", headers=asked.bearer("quince"))
    assert answer.status_code == 422
    assert "'stat'" in answer.json()["message"]


def test_the_same_key_gives_the_same_bytes(asked: World) -> None:
    body = {"tickets": [asked.ticket("quince", "hold")["ticket"]]}
    key = {"Idempotency-Key": str(uuid4())}
    first = post(asked, "quince", "acknowledgements", body, **key)
    second = post(asked, "quince", "acknowledgements", body, **key)
    assert first.status_code == second.status_code == 200
    assert first.content == second.content
    leaves = asked.run(
        "select count(*) from audit_auditleaf "
        "where convert_from(body, 'UTF8') like '%%ticket:acknowledged%%'"
    )
    assert leaves == [(1,)]


def test_a_repeat_says_what_the_first_answer_said(world: World) -> None:
    """Not what would be answered now: the report is known by then."""
    body, key = recent(world), {"Idempotency-Key": str(uuid4())}
    first, again = (post(world, "plum", "reports", body, **key) for _ in range(2))
    assert first.status_code == again.status_code == 201
    assert first.content == again.content and first.json()["is_repeat"] is False
    assert post(world, "plum", "reports", body).json()["is_repeat"] is True


def test_the_same_key_with_another_body_is_a_conflict(asked: World) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    body = {"tickets": [asked.ticket("quince", "hold")["ticket"]]}
    post(asked, "quince", "acknowledgements", body, **key)
    other = post(asked, "quince", "acknowledgements", {"tickets": [str(uuid4())]}, **key)
    assert other.status_code == 409
    assert other.json()["error"] == "idempotency_key_used"


def test_the_same_key_at_another_bank_is_another_key(asked: World) -> None:
    key = {"Idempotency-Key": str(uuid4())}
    for bank in ("quince", "plum"):
        answer = post(asked, bank, "acknowledgements", {"tickets": [str(uuid4())]}, **key)
        assert answer.status_code == 200


def test_a_write_without_a_key_is_refused(asked: World) -> None:
    body = {"tickets": [str(uuid4())]}
    answer = post(asked, "quince", "acknowledgements", body, **{"Idempotency-Key": ""})
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["message"]


def test_each_answer_stands_alone(asked: World) -> None:
    """One that cannot be taken does not undo the other."""
    ticket = asked.ticket("quince", "hold")["ticket"]
    good = {"answer": str(uuid4()), "ticket": ticket, "code": "not_ours", "held_minor": 0}
    bad = {"answer": str(uuid4()), "ticket": str(uuid4()), "code": "not_ours", "held_minor": 0}
    answer = post(asked, "quince", "answers", {"answers": [bad, good]})
    assert [r["verdict"] for r in answer.json()["receipts"]] == ["refused", "accepted"]
    assert asked.tickets(id=ticket)[0].state == "refused"


def test_the_receipt_names_the_digest_of_the_answer(asked: World) -> None:
    ticket = asked.ticket("quince", "hold")["ticket"]
    told = {"answer": str(uuid4()), "ticket": ticket, "code": "not_ours", "held_minor": 0}
    receipt = post(asked, "quince", "answers", {"answers": [told]}).json()["receipts"][0]
    kept = asked.run("select encode(sha256, 'hex') from lawful_requests_answer")
    assert kept == [(receipt["sha256"],)]


def test_a_bank_reconciles_what_the_hub_believes(asked: World) -> None:
    ticket = asked.ticket("quince", "hold")
    told = {
        "answer": str(uuid4()), "ticket": ticket["ticket"], "code": "unclear",
        "held_minor": 100_00, "block_reference": "B-1",
    }  # fmt: skip
    post(asked, "quince", "answers", {"answers": [told]})
    asked.plan()
    holds = Client().get("/api/v1/holds", headers=asked.bearer("quince")).json()["holds"]
    assert [(h["held_minor"], h["block_reference"]) for h in holds] == [(100_00, "B-1")]
    assert Client().get("/api/v1/holds", headers=asked.bearer("plum")).json() == {"holds": []}


def test_a_revoked_key_ends_within_seconds(asked: World) -> None:
    from recoup.apps.members import queries

    asked.run("update members_apikey set revoked_at = now()")
    queries._known_keys.clear()
    answer = Client().get("/api/v1/tickets", headers=asked.bearer("quince"))
    assert answer.status_code == 401


# Two at once, each in a transaction of its own


def at_once(*calls: Callable[[], Any]) -> list[Any]:
    """Run calls in threads that start together; what each returned or raised."""
    found: list[Any] = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def run(place: int, call: Callable[[], Any]) -> None:
        try:
            gate.wait()
            found[place] = call()
        except Exception as problem:  # noqa: BLE001
            found[place] = problem
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=row) for row in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return found


def test_one_key_at_once_has_one_effect_and_one_answer(open_world: World) -> None:
    body, key = recent(open_world), {"Idempotency-Key": str(uuid4())}
    answers = at_once(*[lambda: post(open_world, "plum", "reports", body, **key)] * 4)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert open_world.run("select count(*) from reports_report") == [(1,)]


def test_one_report_under_several_keys_at_once_is_one_report(open_world: World) -> None:
    body = recent(open_world)
    answers = at_once(*[lambda: post(open_world, "plum", "reports", body)] * 3)
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["report"] for answer in answers}) == 1
    assert open_world.run("select count(*) from reports_report") == [(1,)]


def test_two_clerks_who_answer_at_once_give_one_answer(open_world: World) -> None:
    """The second hears who was first, and by what code."""
    file(open_world)
    open_world.plan()
    ticket = open_world.ticket("quince", "hold")["ticket"]
    clerk = open_world.actor("boris.quince")
    calls = [
        lambda code=code: open_world.answer(
            "quince", {"ticket": ticket, "code": code, "ground": "no"}, by=clerk
        )
        for code in ("not_ours", "cannot_lawfully")
    ]
    outcomes = at_once(*calls)
    refused = [o for o in outcomes if isinstance(o, Exception)]
    assert len(refused) == 1
    assert refused[0].problems[0].code == "already_answered"
    assert open_world.run("select count(*) from lawful_requests_answer") == [(1,)]


def test_two_planners_at_once_open_every_ticket_once(open_world: World) -> None:
    for number in range(4):
        open_world.report(
            payer=iban("plum", 10001), payee=iban("quince", 20001), amount=500_00 + number,
            by=open_world.at_bank("plum"),
        )  # fmt: skip
    outcomes = at_once(*[open_world.plan] * 3)
    assert outcomes == [None] * 3
    assert len(open_world.tickets(measure="hold")) == 4
    assert open_world.run("select count(*) from cases_case") == [(4,)]


# The real server


def test_a_bank_that_waits_hears_of_a_ticket_at_once(hub: Hub) -> None:
    request = urllib.request.Request(  # noqa: S310
        f"{hub.url}/api/v1/tickets?wait=20", headers=hub.world.bearer("quince")
    )
    began: list[float] = []

    def wait() -> tuple[float, dict[str, Any]]:
        with urllib.request.urlopen(request, timeout=25) as answer:  # noqa: S310
            return time.monotonic() - began[0], json.load(answer)

    def report() -> None:
        time.sleep(0.5)
        began.append(time.monotonic())
        file(hub.world)

    (took, inbox), _ = at_once(wait, report)
    assert len(inbox["tickets"]) == 1
    assert took < 10
