"""What the payer's bank is asked for a merged case ends where the surviving case asks the same."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.db import connection

from recoup.apps.cases.models import Task
from recoup.apps.holds import merge_operations
from recoup.apps.jobs import INBOX_CHANNEL
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.reports.operations import Filed
from recoup.core.moments import iso_utc
from recoup.demo.cast import ABROAD
from support.case_pages import page_of
from support.roles import as_owner
from support.world import OFFICER, World, iban

ASKED = ("confirm_debit", "recall", "stop_before_execution")


@pytest.fixture
def heard(open_world: World) -> Iterator[psycopg.Connection[Any]]:
    """Listens as those do who wait for tickets."""
    place = connection.settings_dict
    with psycopg.connect(
        host=place["HOST"], port=place["PORT"] or None, dbname=place["NAME"], user=place["USER"],
        autocommit=True,
    ) as listener:  # fmt: skip
        listener.execute(f"listen {INBOX_CHANNEL}")
        yield listener


def reported(world: World, **more: Any) -> Filed:
    """Somebody tells of a payment in euro abroad: stop, confirmation and recall are asked."""
    facts = {"payer": iban("plum", 1), "payee": ABROAD, "amount": 50_000, "currency": "EUR"}
    filed = world.report(**facts | more)
    world.plan()
    return filed


def merge(world: World, duplicate: Filed, into: Filed) -> None:
    with world.acting(by := world.actor(OFFICER)) as at:
        merge_operations.merge(
            case=world.case_of(into), duplicate=world.case_of(duplicate), ground="The same.",
            by=by, at=at,
        )  # fmt: skip
    world.plan()


def tickets(world: World, filed: Filed) -> list[Ticket]:
    found = world.tickets(case_id=world.case_of(filed).id, measure__in=ASKED)
    return sorted(found, key=lambda t: (t.measure, t.round))


def states(world: World, filed: Filed) -> list[tuple[str, str]]:
    return [(t.measure, t.state) for t in tickets(world, filed)]


def test_what_both_cases_ask_about_one_payment_is_asked_once(
    open_world: World, heard: psycopg.Connection[Any]
) -> None:
    world = open_world
    first, second = reported(world), reported(world)
    list(heard.notifies(timeout=0.2))
    merge(world, second, into=first)
    [ticket] = tickets(world, second)
    into = world.case_of(first).reference
    assert (ticket.measure, ticket.state) == ("confirm_debit", "withdrawn")
    assert ticket.withdrawn_ground == f"merged into case {into}"
    assert states(world, first) == [(measure, "sent") for measure in ASKED]
    ((body,),) = world.run(
        "select convert_from(body, 'UTF8') from audit_auditleaf where stream = %s "
        "order by stream_seq desc limit 1", f"ticket:{ticket.id}",
    )  # fmt: skip
    line = json.loads(body)
    assert (line["what"], line["role"]) == ("ticket:withdrawn", "hub")
    assert line["facts"] == {"ground": ticket.withdrawn_ground, "state_before": "sent"}
    woken = {note.payload for note in heard.notifies(timeout=1, stop_after=1)}
    assert str(ticket.addressee_id) in woken
    texts = [e["text"] for e in page_of(world, OFFICER, world.case_of(second))["events"]]
    assert f"A ticket was withdrawn: {into} asks the same, about the same payment" in texts


def test_its_clocks_end_with_it(world: World) -> None:
    first, second = reported(world), reported(world)
    [ticket] = tickets(world, second)
    late = "update lawful_requests_deadline set due_at = now() where ticket_id = %s"
    world.run(f"{late} and kind = 'acknowledge'", ticket.id)
    world.sweep()
    with as_owner():
        overdue = Task.objects.filter(about=ticket.id)
        assert overdue.filter(done_at=None).exists()
        merge(world, second, into=first)
        world.run(late, ticket.id)
        world.sweep()
        assert not overdue.filter(done_at=None).exists()


@pytest.mark.parametrize(
    "other",
    [{"amount": 30_000}, {"payer": iban("plum", 2)}, {"minutes": 60 * 30}, {"reference": "INV-2"}],
)
def test_what_is_asked_about_another_payment_stays(world: World, other: dict[str, Any]) -> None:
    first, second = reported(world, reference="INV-1"), reported(world, **other)
    before = states(world, second)
    merge(world, second, into=first)
    assert before and states(world, second) == before


def test_what_the_surviving_case_does_not_ask_stays(world: World) -> None:
    """The later report was asked for nothing but the debit: the stop and the recall are kept."""
    first, second = reported(world), reported(world)
    merge(world, first, into=second)
    assert states(world, first) == [
        ("confirm_debit", "withdrawn"), ("recall", "sent"), ("stop_before_execution", "sent"),
    ]  # fmt: skip


@pytest.mark.parametrize("state", ["lapsed", "undeliverable"])
def test_what_nobody_answered_in_the_surviving_case_stays(world: World, state: str) -> None:
    first, second = reported(world), reported(world)
    [asked] = [t for t in tickets(world, first) if t.measure == "confirm_debit"]
    world.run("update lawful_requests_ticket set state = %s where id = %s", state, asked.id)
    merge(world, second, into=first)
    assert states(world, second) == [("confirm_debit", "sent")]


def named(world: World, filed: Filed, reference: str, replaces: str | None = None) -> str:
    """The payer's bank names the debit of a report; or another one, in a correction."""
    [ticket] = [t for t in tickets(world, filed) if t.measure == "confirm_debit"]
    correction = {"stage": "correction", "replaces": replaces} if replaces else {}
    body = {
        "answer": str(uuid4()), "ticket": str(ticket.id), "code": "debit_confirmed",
        "payment": {
            "uetr": None, "reference": reference, "booked_at": iso_utc(world.now()),
            "seq": int(reference[-1]), "amount_minor": 50_000, "currency": "EUR",
        },
    }  # fmt: skip
    world.answer("plum", body | correction)
    world.plan()
    return str(body["answer"])


def test_what_the_planner_merges_is_asked_once_and_again_after_a_correction(world: World) -> None:
    """The payer's bank names one debit for two reports that tell different sums of it."""
    first, second = reported(world), reported(world, amount=30_000)
    named(world, first, "PL-1")
    said = named(world, second, "PL-1")
    assert world.case_of(second).state == "merged"
    assert states(world, second) == [
        ("confirm_debit", "closed"), ("recall", "withdrawn"),
        ("stop_before_execution", "withdrawn"),
    ]  # fmt: skip
    assert ("recall", "sent") in states(world, first)
    named(world, second, "PL-2", replaces=said)
    assert world.case_of(second).state == "open"
    recalls = [(t.round, t.state) for t in tickets(world, second) if t.measure == "recall"]
    assert recalls == [(1, "withdrawn"), (2, "sent")]
    # What is confirmed is booked: there is nothing left to stop.
    assert states(world, second)[-1] == ("stop_before_execution", "withdrawn")
    world.run("insert into holds_planwanted (id, case_id, since) "
              "values (gen_random_uuid(), %s, now())", world.case_of(second).id)  # fmt: skip
    world.plan()
    assert len(tickets(world, second)) == 4


def test_a_task_about_a_withdrawn_ticket_is_not_reopened_with_its_case(world: World) -> None:
    first, second = reported(world), reported(world, amount=30_000)
    case = world.case_of(second)
    [stop] = [t for t in tickets(world, second) if t.measure == "stop_before_execution"]
    for about, kind in ((stop.id, "answer_overdue"), (uuid4(), "hold_refused")):
        world.run(
            "insert into cases_task (id, case_id, owner_id, issuer_id, kind, about, level, values, "
            "opened_at, due_at) values (gen_random_uuid(), %s, %s, %s, %s, %s, 0, '{}', now(), "
            "now())", case.id, case.owner_id, case.owner_id, kind, about,
        )  # fmt: skip
    named(world, first, "PL-1")
    said = named(world, second, "PL-1")
    named(world, second, "PL-2", replaces=said)
    with as_owner():
        reopened = Task.objects.filter(case=case, done_at=None).values_list("kind", flat=True)
        assert "hold_refused" in reopened and "answer_overdue" not in reopened
