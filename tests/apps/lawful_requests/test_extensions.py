"""An effect is made longer by an order of its own, once; it is not begun anew unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from recoup.apps.lawful_requests import (
    addressee_operations,
    decision_operations,
    request_law,
    request_operations,
)
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.models import Request, Ticket
from recoup.apps.lawful_requests.refusals import REFUSALS, code_of
from recoup.core.law import Limit, Unit
from recoup.core.moments import read_moment
from support.requests import Desk, pass_time

DAY = timedelta(days=1)
Refused = Callable[[Callable[[], object]], str]


@pytest.fixture
def longer(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """The invented law with an extension of 30 days."""
    powers = tuple(
        replace(p, extension=Limit(30, Unit.DAYS), extension_when="it is still needed")
        if p.effect else p
        for p in desk.law.powers
    )  # fmt: skip
    desk.law = replace(desk.law, powers=powers)
    monkeypatch.setattr(request_law, "read_law", lambda: desk.law)
    return desk


def kept(desk: Desk, code: str = "preserved", *, new_facts: str = "") -> Ticket:
    found = desk.submitted(
        measure="preservation_domestic", content=desk.content(data=["subscriber"])
    )
    desk.authorise(found, new_facts=new_facts)
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    answer(desk, ticket, code)
    return again(desk, ticket)


def answer(desk: Desk, ticket: Ticket, code: str) -> None:
    reason = "data_not_held" if code == "refused" else ""
    told = Answered(uuid4(), code, stage="final", reason=reason)
    desk.do(addressee_operations.answer, desk.isp, ticket_id=ticket.id, given=told)


def again(desk: Desk, ticket: Ticket) -> Ticket:
    return next(one for one in desk.tickets(ticket.of_id) if one.id == ticket.id)


def prolonged(desk: Desk, ticket: Ticket) -> Request:
    made: Request = desk.do(
        request_operations.prolong, desk.officer, request_id=ticket.of_id,
        ground="The data were asked for and are on their way.",
    )  # fmt: skip
    return made


def ordered(desk: Desk, ticket: Ticket) -> Ticket:
    """The ticket of an extension that was decided and has left."""
    found = desk.submit(prolonged(desk, ticket))
    desk.authorise(found)
    desk.world.sweep()
    (made,) = desk.tickets(found)
    return made


def ends(desk: Desk, ticket: Ticket) -> datetime:
    ((at,),) = desk.world.run(
        "select due_at from lawful_requests_deadline where ticket_id = %s and kind = 'effect_ends'",
        ticket.id,
    )  # fmt: skip
    return at  # type: ignore[no-any-return]


def test_an_extension_is_decided_by_another_and_moves_the_end(longer: Desk) -> None:
    first = kept(longer)
    assert first.hold_until
    end = first.hold_until + 30 * DAY
    made = ordered(longer, first)
    assert (made.extends_id, made.hold_until, made.state) == (first.id, end, "sent")
    now = again(longer, first)
    assert now.hold_until == end and ends(longer, first) == end
    body = longer.body(made)
    assert body["extends"]["reference"] == first.reference
    assert read_moment(body["extends"]["until"]) == first.hold_until
    assert read_moment(body["clocks"]["effect_until"]) == end
    said = json.dumps(body["derivations"]["effect"], ensure_ascii=False)
    assert "30 days" in said
    # The order itself begins no second clock of an effect: it is one effect.
    rows = longer.world.run(
        "select count(*) from lawful_requests_deadline where ticket_id = %s and kind like %s",
        made.id, "effect%",
    )  # fmt: skip
    assert rows == [(0,)]
    assert "ticket:extended" in [one["what"] for one in longer.trail(first.id, kind="ticket")]
    pass_time(longer.world, 91 * DAY, kind="effect")
    assert again(longer, first).lift_at is None
    pass_time(longer.world, 30 * DAY, kind="effect")
    assert again(longer, first).lift_ground == "ended"
    assert again(longer, made).lift_at is None  # lifted once


def test_who_wrote_an_extension_does_not_decide_on_it(longer: Desk, refused: Refused) -> None:
    found = longer.submit(prolonged(longer, kept(longer)))
    for other in (longer.officer, longer.head, longer.isp):
        assert refused(lambda who=other: longer.authorise(found, by=who)) in (
            "other_authority", "same_person", "wrong_role", "no_such_request",
        )  # fmt: skip


def test_an_extension_is_given_once(longer: Desk, refused: Refused) -> None:
    first = kept(longer)
    ordered(longer, first)
    second = prolonged(longer, first)
    assert refused(lambda: longer.submit(second)) == "incomplete"


def test_nothing_that_ended_is_extended(longer: Desk, refused: Refused) -> None:
    first = kept(longer)
    found = longer.submit(prolonged(longer, first))
    pass_time(longer.world, 91 * DAY, kind="effect")
    assert refused(lambda: longer.authorise(found)) == "incomplete"


def test_without_an_extension_in_the_law_there_is_none(desk: Desk, refused: Refused) -> None:
    found = prolonged(desk, kept(desk))
    assert refused(lambda: desk.submit(found)) == "incomplete"


def test_what_nobody_kept_is_not_extended(longer: Desk, refused: Refused) -> None:
    first = kept(longer, "nothing_found")
    assert refused(lambda: longer.submit(prolonged(longer, first))) == "incomplete"


def test_an_extension_stays_one_whatever_is_changed(longer: Desk, refused: Refused) -> None:
    first = kept(longer)
    found = prolonged(longer, first)
    content = {k: v for k, v in found.content.items() if k != "extends"}
    content["targets"] = [{"addressee": "heron", "identifiers": [
        {"kind": "user_name", "value": "somebody.else"}]}]  # fmt: skip
    edited = longer.do(
        request_operations.edit, longer.officer, request_id=found.id, content=content,
        version=found.version, law=longer.law,
    )  # fmt: skip
    assert edited.content["extends"] == first.of.reference if first.of else True
    assert refused(lambda: longer.submit(edited)) == "incomplete"


@pytest.mark.parametrize("how", ["refused", "withdrawn"])
def test_an_extension_that_does_not_stand_puts_the_end_back(longer: Desk, how: str) -> None:
    first = kept(longer)
    made = ordered(longer, first)
    if how == "refused":
        answer(longer, made, "refused")
    else:
        longer.do(
            request_operations.withdraw, longer.officer, request_id=made.of_id, ground="A mistake."
        )
    longer.world.sweep()
    now = again(longer, first)
    assert (now.hold_until, ends(longer, first)) == (first.hold_until, first.hold_until)
    assert again(longer, made).lift_at is None
    pass_time(longer.world, 91 * DAY, kind="effect")
    assert again(longer, first).lift_ground == "ended"


def test_a_longest_time_is_begun_anew_only_on_what_is_new_and_in_writing(
    desk: Desk, refused: Refused
) -> None:
    kept(desk)
    found = desk.submitted(
        measure="preservation_domestic", content=desk.content(data=["subscriber"])
    )
    for empty in ("", "  \n "):
        assert refused(lambda text=empty: desk.authorise(found, new_facts=text)) == (
            "new_facts_missing"
        )
    with pytest.raises(REFUSALS) as why:
        desk.authorise(found)
    assert "2160 hours" in str(why.value)  # ninety days
    row = desk.authorise(found, new_facts="A second victim named the same address today.")
    assert row.content["new_facts"].startswith("A second victim")
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    told = desk.body(ticket)["authorisation"]["new_facts"]
    assert told == "A second victim named the same address today."


def test_what_another_authority_decided_counts_too(desk: Desk, refused: Refused) -> None:
    """The same unit asks another prosecutor's office: that office sees what ran before."""
    kept(desk)
    other = desk.enrol("prosecutor2", "prosecutor", kind="prosecutor")
    found = desk.submitted(
        measure="preservation_domestic", content=desk.content(data=["subscriber"]),
        authority="prosecutor2",
    )  # fmt: skip
    assert refused(lambda: desk.authorise(found, by=other)) == "new_facts_missing"


def test_the_order_of_names_hides_nothing(desk: Desk, refused: Refused) -> None:
    kept(desk)
    content: dict[str, Any] = desk.content(data=["subscriber"])
    (one,) = content["targets"]
    one["identifiers"] = [{"kind": "user_name", "value": "x"}, *one["identifiers"]]
    found = desk.submitted(measure="preservation_domestic", content=content)
    assert refused(lambda: desk.authorise(found)) == "new_facts_missing"


def test_an_oral_decision_says_what_is_new_as_well(desk: Desk, refused: Refused) -> None:
    kept(desk)
    found = desk.submitted(
        measure="preservation_domestic", content=desk.content(data=["subscriber"])
    )
    heard = decision_operations.Oral(desk.prosecutor.mandate_id, desk.world.now())  # type: ignore[arg-type]
    assert refused(lambda: desk.authorise(found, by=desk.duty, oral=heard)) == "new_facts_missing"


def test_another_unit_sees_nothing_of_it(desk: Desk) -> None:
    ticket = kept(desk)
    ask = [{"addressee": "heron", "value": "203.0.113.7"}]
    for who, count in ((desk.officer, 1), (desk.isp, 0), (desk.prosecutor, 0)):
        with desk.world.acting(who):
            from django.db import connection

            with connection.cursor() as cursor:
                cursor.execute(
                    "select count(*) from effects_before(null, %s, %s, %s)",
                    [ticket.issuer_id, ticket.measure, json.dumps(ask)],
                )
                assert cursor.fetchone() == (count,), who.role


def test_a_withdrawn_order_is_not_extended(longer: Desk, refused: Refused) -> None:
    first = kept(longer)
    longer.do(
        request_operations.withdraw, longer.officer, request_id=first.of_id, ground="A mistake."
    )
    assert refused(lambda: prolonged(longer, first)) == "not_now"
    with pytest.raises(REFUSALS) as why:
        prolonged(longer, first)
    assert code_of(why.value) == "not_now"
