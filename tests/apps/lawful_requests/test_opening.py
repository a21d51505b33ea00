"""What the hub opens: under which law, for whom, in what order; what cannot open ends, told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections
from django.test import Client

from recoup.apps.lawful_requests import (
    addressee_operations,
    decision_operations,
    request_law,
    request_operations,
    request_queries,
    target_operations,
)
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.decision_operations import Oral
from recoup.apps.lawful_requests.models import PackVersion, Request, Ticket
from recoup.core.access import Actor
from support.decisions import client
from support.requests import Desk, law_of
from support.roles import as_owner
from support.world import World

Refused = Callable[[Callable[[], object]], str]


def tasks(desk: Desk, kind: str) -> list[tuple[Any, ...]]:
    return desk.world.run(
        "select o.code, p.full_name, k.values->>'ground' from cases_task k "
        "join members_organisation o on o.id = k.owner_id "
        "left join members_person p on p.id = k.person_id where k.kind = %s",
        kind,
    )


def next_law(desk: Desk) -> PackVersion:
    """A newer version of the country's law comes into force: without the power that was used."""
    with as_owner():
        now = PackVersion.objects.filter(country="RS").latest("number")
        body = json.loads(bytes(now.body)) | {"version": now.number + 1}
        return PackVersion.objects.create(
            country="RS", number=now.number + 1, digest=uuid4().bytes * 2,
            body=json.dumps(body).encode(), loaded_at=desk.world.now(),
            in_force_from=desk.world.now().date(),
        )  # fmt: skip


def end_mandate(desk: Desk, actor: Actor) -> None:
    desk.world.run(
        "update members_mandate set valid_from = valid_from - interval '9 days', "
        "valid_until = now() - interval '1 day' where id = %s",
        actor.mandate_id,
    )


# Under which law


@pytest.mark.breaks_invariants
def test_it_opens_under_the_law_that_it_was_decided_under(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = desk.submitted()
    decision = desk.authorise(found)
    decided = request_law.version_now()
    assert decision.pack_id == decided.id
    then, asked = desk.law, []
    next_law(desk)
    monkeypatch.setattr(request_law, "read_law", lambda: replace(then, powers=()))
    monkeypatch.setattr(
        request_law, "pack_of",
        lambda version: asked.append(version.id) or replace_powers(then),
    )  # fmt: skip
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    assert ticket.state == "sent" and ticket.pack_id == decided.id
    assert desk.body(ticket)["pack"]["version"] == decided.number and decided.id in asked


class replace_powers:
    """A pack of which only what opening reads is there."""

    def __init__(self, law: Any) -> None:
        self.powers, self.time_zone = law.powers, law.zone
        self.country = law.country


def test_what_cannot_open_ends_with_a_task(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = desk.submitted()
    desk.authorise(found)
    monkeypatch.setattr(request_law, "read_law", lambda: replace(desk.law, powers=()))
    for _ in range(2):
        desk.world.sweep()
    now = desk.again(found)
    assert (now.state, desk.tickets(found)) == ("lapsed", [])
    [(unit, person, ground)] = tasks(desk, "request_not_opened")
    assert (unit, person) == ("police", desk.officer.person_name) and "has no power" in ground
    assert [line["what"] for line in desk.trail(found.id)].count("request:not_opened") == 1


def test_what_fails_is_tried_later_and_not_for_ever(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = []

    def fails(found: Request, **_: Any) -> None:
        tried.append(found.id)
        raise ValueError("odd")

    found = desk.submitted()
    desk.authorise(found)
    monkeypatch.setattr(target_operations, "_open", fails)
    for n in range(6):
        desk.world.sweep()
        desk.world.sweep()
        assert len(tried) == min(n + 1, 4), "not tried again at once"
        desk.world.run("update lawful_requests_request set try_at = now() - interval '1 second'")
    assert desk.again(found).state == "lapsed" and len(tasks(desk, "request_not_opened")) == 1


# Paused requesters


def test_a_paused_requester_takes_nobody_s_place(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    (first,) = desk.sent()
    other = desk.enrol("lastisp", "clerk", kind="isp")
    (second,) = desk.sent("lastisp")
    for ticket, by in ((first, desk.isp), (second, other)):
        desk.do(addressee_operations.doubt, by, ticket_id=ticket.id, ground="Odd.")
    monkeypatch.setattr(target_operations, "AT_ONCE", 2)
    for n in range(2):
        content = desk.content(fields={"offence": f"Theft {n}"})
        content["targets"][0]["identifiers"][0]["value"] = f"198.51.100.{n}"
        desk.authorise(desk.submitted(content=content))
    fellow = desk.enrol("prosecutor", "prosecutor")
    open_now = desk.submitted(by=fellow)
    desk.authorise(open_now)
    desk.world.sweep()
    assert [ticket.state for ticket in desk.tickets(open_now)] == ["sent"]


# Who answers for it


def test_who_has_no_mandate_any_more_has_nothing_decided(desk: Desk, refused: Refused) -> None:
    found = desk.submitted()
    end_mandate(desk, desk.officer)
    assert refused(lambda: desk.authorise(found)) == "author_ended"
    desk.do(decision_operations.ask, desk.prosecutor, request_id=found.id, text="?", version=1)
    reply = desk.do(
        request_operations.reply, desk.duty, request_id=found.id, text="Mine now.", version=1
    )
    desk.authorise(reply)
    desk.world.sweep()
    assert [ticket.state for ticket in desk.tickets(found)] == ["sent"]


def test_who_lost_the_mandate_after_the_decision_has_nothing_opened(desk: Desk) -> None:
    found = desk.submitted()
    desk.authorise(found)
    officer = desk.officer
    end_mandate(desk, officer)
    desk.world.sweep()
    assert (desk.again(found).state, desk.tickets(found)) == ("lapsed", [])
    [(unit, person, ground)] = tasks(desk, "request_not_opened")
    assert unit == "police" and person != officer.person_name and "mandate" in ground


def test_the_unit_is_told_of_what_is_open_of_who_has_gone(desk: Desk) -> None:
    found = desk.submitted()
    officer = desk.officer
    end_mandate(desk, officer)
    for _ in range(2):
        desk.world.sweep()
    [(unit, person, _)] = tasks(desk, "request_left_behind")
    assert unit == "police" and person not in (None, officer.person_name)
    assert desk.again(found).state == "submitted"


# Changed while a question waited


def test_a_reply_is_checked_as_a_submission_is(
    desk: Desk, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = desk.submitted()
    desk.do(decision_operations.ask, desk.prosecutor, request_id=found.id, text="?", version=1)
    changed = desk.do(
        request_operations.edit, desk.officer, request_id=found.id,
        content={**found.content, "danger_facts": "He is threatened."}, danger="life", version=1,
        law=desk.law,
    )  # fmt: skip
    reply = lambda **law: desk.do(  # noqa: E731
        request_operations.reply,
        desk.officer,
        request_id=found.id,
        text="!",
        version=changed.version,
        **law,
    )
    plain = law_of()
    plain = replace(plain, powers=tuple(replace(p, emergency=None) for p in plain.powers))
    assert refused(lambda: reply(law=plain)) == "emergency_not_foreseen"
    reply()
    now = desk.again(found)
    assert now.state == "submitted" and now.confirmer_id is not None


# Keeping


def answered(desk: Desk, ticket: Ticket, by: Actor | None = None) -> None:
    given = Answered(uuid4(), "given", fields={"name": "A"})
    desk.do(addressee_operations.answer, by or desk.isp, ticket_id=ticket.id, given=given)


def retention(desk: Desk, ticket: Ticket) -> int:
    rows = desk.world.run(
        "select 1 from lawful_requests_deadline where of_id = %s and kind = 'retention'",
        ticket.of_id,
    )
    return len(rows)


def test_withdrawing_what_was_answered_does_not_avoid_the_look_at_what_is_kept(desk: Desk) -> None:
    (ticket,) = desk.sent()
    answered(desk, ticket)
    desk.do(
        request_operations.withdraw, desk.officer, request_id=ticket.of_id, ground="done"
    )  # fmt: skip
    assert retention(desk, ticket) == 1
    desk.do(request_operations.close, desk.officer, ticket_id=ticket.id)
    desk.world.sweep()
    assert retention(desk, ticket) == 1


def test_closed_twice_is_kept_once(desk: Desk) -> None:
    (ticket,) = desk.sent()
    answered(desk, ticket)
    desk.do(request_operations.close, desk.officer, ticket_id=ticket.id)
    desk.do(request_operations.withdraw, desk.officer, request_id=ticket.of_id, ground="x")
    assert retention(desk, ticket) == 1


def test_what_left_and_was_not_confirmed_is_kept_no_longer(desk: Desk) -> None:
    second = desk.enrol("prosecutor", "prosecutor")
    found = desk.submitted(danger="life", confirmer="prosecutor")
    desk.authorise(found)
    desk.world.sweep()
    desk.do(decision_operations.refuse, second, request_id=found.id, version=1, ground="No danger.")
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    assert retention(desk, ticket) == 1
    desk.world.run(
        "update lawful_requests_deadline set due_at = now() where of_id = %s and fired_at is null",
        found.id,
    )
    desk.world.sweep()
    assert [row[0] for row in tasks(desk, "request_retention")] == ["police"]


# Asked again elsewhere


def test_what_one_authority_refused_the_next_one_sees(desk: Desk) -> None:
    other = desk.enrol("otheroffice", "prosecutor", kind="prosecutor")
    found = desk.submitted()
    desk.do(
        decision_operations.refuse, desk.prosecutor, request_id=found.id, version=1,
        ground="facts_missing: Nothing shows it.",
    )  # fmt: skip
    again = desk.submitted(authority="otheroffice")
    page = client(other).get(f"/decisions/{again.id}").content.decode()
    assert found.reference in page and "Nothing shows it." in page
    elsewhere = desk.content()
    elsewhere["targets"][0]["identifiers"][0]["value"] = "198.51.100.7"
    third = desk.submitted(content=elsewhere, authority="otheroffice")
    assert found.reference not in client(other).get(f"/decisions/{third.id}").content.decode()
    with desk.world.acting(desk.isp):
        assert request_queries.refused_before(again.id) == []


def test_an_amount_is_told_per_addressee(desk: Desk) -> None:
    desk.enrol("lastisp", "clerk", kind="isp")
    content = desk.content("heron", "lastisp", amount_minor=100000, currency="RSD")
    found = desk.submitted(content=content)
    page = client(desk.prosecutor).get(f"/decisions/{found.id}").content.decode()
    assert "from each of the 2 addressees" in page


def test_with_one_click_the_person_named_says_no(desk: Desk) -> None:
    found = desk.submitted()
    mandate = desk.prosecutor.mandate_id
    assert mandate
    desk.authorise(found, by=desk.duty, oral=Oral(mandate, desk.world.now()))
    where = f"/decisions/{found.id}"
    assert "I did not say this" in client(desk.prosecutor).get(where).content.decode()
    assert client(desk.prosecutor).post(f"{where}/decide", {"act": "not_said"}).status_code == 302
    assert desk.again(found).state == "refused"
    after = client(desk.prosecutor).get(where).content.decode()
    assert "I did not say this" not in after
    assert "Never said: 1" in client(desk.prosecutor).get("/decisions").content.decode()


def test_two_who_close_its_last_targets_at_once_close_it(
    open_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    desk = Desk(open_world, law)
    desk.enrol("lastisp", "clerk", kind="isp")
    other = desk.enrol("lastisp", "clerk")
    tickets = desk.sent("heron", "lastisp")
    for ticket, by in zip(tickets, (desk.isp, other), strict=True):
        answered(desk, ticket, by)
    record = request_operations.audit.record

    def slowly(**line: Any) -> Any:
        if line["what"] == "ticket:closed":
            time.sleep(0.3)
        return record(**line)

    monkeypatch.setattr(request_operations.audit, "record", slowly)
    start = Barrier(2)

    def close(one: tuple[Client, Ticket]) -> int:
        browser, ticket = one
        start.wait(20)
        try:
            where = f"/requests/{ticket.of_id}/act"
            return browser.post(where, {"act": "close", "ticket": str(ticket.id)}).status_code
        finally:
            connections.close_all()

    each = [(client(desk.officer), ticket) for ticket in tickets]
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(close, each)) == [302, 302]
    rows = desk.world.run(
        "select closed_at is not null from lawful_requests_request where id = %s",
        tickets[0].of_id,
    )
    assert rows == [(True,)] and retention(desk, tickets[0]) == 1
