"""Orally, in an emergency, and what lapses: the waiting is shorter, the persons are not."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from recoup.apps.lawful_requests import (
    addressee_operations,
    decision_operations,
    request_law,
    request_operations,
)
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.decision_operations import Oral
from recoup.apps.lawful_requests.models import Request
from recoup.apps.lawful_requests.refusals import REFUSALS, Incomplete, code_of
from recoup.apps.lawful_requests.request_check import check_request
from recoup.apps.lawful_requests.request_law import form_of
from recoup.core.access import Actor
from recoup.data import load_measures
from support.powers import power
from support.requests import Desk, law_of, pass_time


def refusal(call: Any) -> str:
    with pytest.raises(REFUSALS) as why:
        call()
    return code_of(why.value)


def heard(desk: Desk, found: Request, by: Actor, *, decider: Actor | None = None) -> Any:
    mandate = (decider or desk.prosecutor).mandate_id
    assert mandate
    oral = Oral(mandate, desk.world.now())
    return desk.authorise(found, by=by, oral=oral)


def tasks(desk: Desk, kind: str) -> list[tuple[Any, ...]]:
    return desk.world.run(
        "select k.level, o.code, p.full_name from cases_task k "
        "join members_organisation o on o.id = k.owner_id "
        "left join members_person p on p.id = k.person_id where k.kind = %s order by k.level",
        kind,
    )


# Orally


def kept(desk: Desk) -> Request:
    """A preservation: on an oral word, only what can be undone leaves."""
    return desk.submitted(measure="preservation_domestic", content=desk.content())


def test_where_the_law_wants_reasons_the_order_gives_them(desk: Desk, monkeypatch: Any) -> None:
    own = desk.law.powers
    desk.law = replace(desk.law, powers=tuple(replace(one, is_reasoned=True) for one in own))
    monkeypatch.setattr(request_law, "read_law", lambda: desk.law)
    bare = desk.draft()
    with pytest.raises(REFUSALS) as why:
        desk.submit(bare)
    assert code_of(why.value) == "incomplete"
    found = desk.submitted(content=desk.content(justification="He threatens the payer."))
    with pytest.raises(REFUSALS) as why:
        desk.authorise(found)
    assert (code_of(why.value), why.value.field) == ("ground_missing", "ground")
    assert desk.authorise(found, ground="The report and the log agree.").ground


def test_a_sum_that_is_authorised_takes_the_place_of_the_whole_account(desk: Desk) -> None:
    """Without a sum and without a word a freezing would stop everything on the account."""
    desk.law = law_of(forms=(form_of(load_measures()["freezing"]),))
    told = {
        "targets": [{"addressee": "linden",
                     "identifiers": [{"kind": "account", "value": "160-1-1"}]}],
        "data": ["property"], "justification": "All of it was stolen.", "currency": "RSD",
        "fields": {"offence": "Fraud", "facts": "Three payers.", "link_to_offence": "It got it."},
    }  # fmt: skip
    with pytest.raises(Incomplete) as why:
        desk.submitted(measure="freezing", content=told)
    assert [lack.code for lack in why.value.lacks] == ["amount_missing"]
    told["fields"] |= {"whole_account": "yes"}  # type: ignore[operator]
    found = desk.submitted(measure="freezing", content=told)
    made = desk.authorise(found, narrower={"amount_minor": 500_00})
    assert made.content["amount_minor"] == 500_00
    assert "whole_account" not in made.content["fields"]


def test_where_several_laws_fit_the_author_chooses(desk: Desk, monkeypatch: Any) -> None:
    first = power(
        power="test.first", measure="subscriber_domestic", data=("subscriber",),
        authorised_by=("unit_head",),
    )  # fmt: skip
    desk.law = law_of(powers=[first])
    monkeypatch.setattr(request_law, "read_law", lambda: desk.law)
    with pytest.raises(REFUSALS) as why:
        desk.submitted()  # the first of them is a head of unit's, and the prosecutor has none
    assert code_of(why.value) == "nobody_decides_there"
    found = desk.submitted(content=desk.content(power="test.subscriber_domestic"))
    assert desk.authorise(found).power == "test.subscriber_domestic"
    with pytest.raises(REFUSALS) as why:
        desk.submitted(content=desk.content(power="test.other"))
    assert code_of(why.value) in ("no_power_known", "incomplete")


def test_an_oral_decision_is_noted_by_a_third_person_and_put_in_writing(desk: Desk) -> None:
    found = kept(desk)
    assert refusal(lambda: heard(desk, found, desk.officer)) == "same_person"
    decision = heard(desk, found, desk.duty)
    assert decision.person_id == desk.prosecutor.person_id
    assert decision.heard_by_id == desk.duty.person_id
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    assert desk.body(ticket)["authorisation"]["heard_by"] == desk.duty.person_name
    assert desk.body(ticket)["authorisation"]["written_until"]
    desk.do(decision_operations.put_in_writing, desk.prosecutor, request_id=found.id, version=1)
    assert desk.again(found).written_by is None
    pass_time(desk.world, timedelta(days=3), kind="written")
    assert desk.again(found).state == "authorised"


def test_an_oral_decision_that_nobody_puts_in_writing_lapses_and_is_taken_back(desk: Desk) -> None:
    found = kept(desk)
    heard(desk, found, desk.duty)
    desk.world.sweep()
    assert desk.tickets(found)[0].state == "sent"
    pass_time(desk.world, timedelta(hours=49), kind="written")
    assert desk.again(found).state == "lapsed"
    assert desk.tickets(found)[0].state == "withdrawn"
    assert tasks(desk, "request_lapsed")[0][1] == "police"


def test_nobody_hears_a_decision_of_who_could_not_decide(desk: Desk) -> None:
    found = desk.submitted()
    call = lambda: heard(desk, found, desk.duty, decider=desk.head)  # noqa: E731
    assert refusal(call) == "other_authority"
    early = Oral(desk.prosecutor.mandate_id or found.id, desk.world.now() - timedelta(days=1))
    assert refusal(lambda: desk.authorise(found, by=desk.duty, oral=early)) == "not_yet"


def test_who_heard_it_does_not_write_it_down_as_theirs(desk: Desk) -> None:
    second = desk.enrol("prosecutor", "prosecutor")
    found = desk.submitted()
    heard(desk, found, second)
    write = lambda by: desk.do(  # noqa: E731
        decision_operations.put_in_writing, by, request_id=found.id, version=1
    )
    assert refusal(lambda: write(second)) == "same_person"
    assert write(desk.prosecutor).kind == "written"


# Emergencies


def urgent(desk: Desk) -> Request:
    return desk.submitted(danger="life", confirmer="prosecutor")


def test_an_emergency_is_decided_by_one_and_confirmed_by_another(desk: Desk) -> None:
    second = desk.enrol("prosecutor", "prosecutor")
    judge = desk.enrol("prosecutor", "judge")
    found = urgent(desk)
    assert found.due_at - (found.submitted_at or found.due_at) == timedelta(minutes=10)
    desk.authorise(found)
    desk.world.sweep()
    assert desk.tickets(found)[0].state == "sent"
    confirm = lambda by: desk.do(  # noqa: E731
        decision_operations.confirm, by, request_id=found.id, version=1
    )
    assert refusal(lambda: confirm(desk.prosecutor)) == "same_person"
    assert refusal(lambda: confirm(desk.enrol("prosecutor", "clerk"))) == "wrong_role"
    assert confirm(second).first_person_id == desk.prosecutor.person_id
    assert refusal(lambda: confirm(judge)) == "not_now"
    pass_time(desk.world, timedelta(hours=25), kind="confirm")
    assert desk.again(found).state == "authorised"


def test_an_emergency_says_what_is_in_danger_and_one_that_lapsed_is_remembered(desk: Desk) -> None:
    bare = desk.draft(danger="life", content={**desk.content(), "danger_facts": " "})
    with pytest.raises(Incomplete) as why:
        desk.submit(bare, confirmer="prosecutor")
    assert [lack.code for lack in why.value.lacks] == ["danger_not_said"]
    found = urgent(desk)
    desk.authorise(found)
    pass_time(desk.world, timedelta(hours=25), kind="confirm")
    second = urgent(desk)
    with desk.world.acting(desk.prosecutor) as at:
        again = Request.objects.select_related("issuer").get(pk=second.pk)
        (one,) = check_request(request_operations.wanted_of(again), law=desk.law, at=at)
    said = [lack for lack in one.lacks if lack.code == "lapsed_before"]
    assert len(said) == 1 and found.reference in str(said[0].said)


def test_an_emergency_that_nobody_confirms_lapses_and_is_taken_back(desk: Desk) -> None:
    found = urgent(desk)
    desk.authorise(found)
    desk.world.sweep()
    pass_time(desk.world, timedelta(hours=23), kind="confirm")
    assert desk.again(found).state == "authorised"
    pass_time(desk.world, timedelta(hours=2), kind="confirm")
    assert (desk.again(found).state, desk.tickets(found)[0].state) == ("lapsed", "withdrawn")
    late = Answered(desk.again(found).id, "given", fields={"name": "Late."})
    told = desk.do(
        addressee_operations.answer, desk.isp, ticket_id=desk.tickets(found)[0].id, given=late
    )
    assert told.state == "withdrawn"


def test_who_should_confirm_may_say_no_and_what_left_is_taken_back(desk: Desk) -> None:
    second = desk.enrol("prosecutor", "prosecutor")
    found = urgent(desk)
    desk.authorise(found)
    desk.world.sweep()
    refuse = lambda by: desk.do(  # noqa: E731
        decision_operations.refuse, by, request_id=found.id, version=1, ground="No danger."
    )
    assert refusal(lambda: refuse(desk.prosecutor)) == "same_person"
    assert refuse(second).kind == "not_confirmed"
    desk.world.sweep()
    assert (desk.again(found).state, desk.tickets(found)[0].state) == ("refused", "withdrawn")


def test_a_danger_that_the_law_does_not_know_shortens_nothing(desk: Desk) -> None:
    assert refusal(lambda: desk.submitted(danger="boredom")) == "emergency_not_foreseen"


# Nothing is decided by time


def test_what_nobody_decides_lapses(desk: Desk) -> None:
    found = desk.submitted()
    pass_time(desk.world, timedelta(days=31), kind="undecided")
    assert desk.again(found).state == "lapsed"
    assert refusal(lambda: desk.authorise(found)) == "not_now"


def test_a_draft_that_nobody_submits_lapses(desk: Desk) -> None:
    found = desk.draft()
    pass_time(desk.world, timedelta(days=31), kind="submit")
    assert desk.again(found).state == "lapsed"


def test_a_decided_request_rings_nobody(desk: Desk) -> None:
    found = desk.submitted()
    desk.authorise(found)
    pass_time(desk.world, timedelta(days=40), kind="decide")
    pass_time(desk.world, timedelta(days=40), kind="undecided")
    assert tasks(desk, "request_decide") == [] and desk.again(found).state == "authorised"


def test_a_preservation_that_ends_is_told_before_and_when_it_has(desk: Desk) -> None:
    content = desk.content(data=["subscriber"])
    (ticket,) = desk.sent(measure="preservation_domestic", content=content)
    given = Answered(ticket.id, "preserved", fields={"preservation_id": "P-1"})
    desk.do(addressee_operations.answer, desk.isp, ticket_id=ticket.id, given=given)
    pass_time(desk.world, timedelta(days=82), kind="effect")
    assert tasks(desk, "effect_warn") == []
    pass_time(desk.world, timedelta(days=1, minutes=1), kind="effect")
    assert tasks(desk, "effect_warn") == [(0, "police", desk.officer.person_name)]
    assert tasks(desk, "effect_ends") == []
    pass_time(desk.world, timedelta(days=7), kind="effect")
    assert len(tasks(desk, "effect_ends")) == 1


def test_clocks_that_are_due_together_fire_once_each(desk: Desk) -> None:
    """Restarted or asked twice, each row that fired says when; none fires again."""
    drafts = [desk.draft() for _ in range(30)]
    pass_time(desk.world, timedelta(days=31), kind="submit")
    first = desk.world.run("select id, fired_at from lawful_requests_deadline order by id")
    assert len(first) == 30 and all(fired for _, fired in first)
    for _ in range(2):
        desk.world.sweep()
    again = desk.world.run("select id, fired_at from lawful_requests_deadline order by id")
    assert again == first
    assert all(
        [line["what"] for line in desk.trail(one.id)].count("request:lapsed") == 1 for one in drafts
    )


def test_many_clocks_take_no_more_statements_than_few(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.conf import settings
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from recoup.apps.lawful_requests import call_queries, clock
    from recoup.data import load_pack
    from support.roles import as_planner

    monkeypatch.setattr(call_queries, "load_quiet_hours", lambda _: None)
    taken = []
    for many in (3, 30):
        for _ in range(many):
            desk.submitted()
        desk.world.run(
            "update lawful_requests_deadline set due_at = now() where kind = 'decide' "
            "and level = 10 and fired_at is null"
        )
        with as_planner(), CaptureQueriesContext(connection) as queries:
            fired = clock.fire_due(pack=load_pack(settings.COUNTRY), at=desk.world.now())
        assert fired == many
        taken.append(len(queries))
    assert taken[0] == taken[1], taken
    assert len(tasks(desk, "request_decide")) == 33
