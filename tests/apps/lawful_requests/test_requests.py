"""A request from draft to close: what leaves, what its addressee sees, what is refused."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from recoup.apps.lawful_requests import (
    addressee_operations,
    decision_operations,
    models,
    request_models,
    request_operations,
    request_queries,
)
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.refusals import REFUSALS, Incomplete, code_of
from recoup.core.authorisation import OrderState
from recoup.core.lawful_request import OPEN, RequestState
from support.requests import Desk


def refusal(call: Any) -> str:
    with pytest.raises(REFUSALS) as why:
        call()
    return code_of(why.value)


def given(**told: Any) -> Answered:
    return Answered(**{"answer": uuid4(), "code": "given", "fields": {"name": "A. B."}, **told})


def answer(desk: Desk, ticket: Any, by: Any = None, **told: Any) -> Any:
    return desk.do(
        addressee_operations.answer, by or desk.isp, ticket_id=ticket.id, given=given(**told)
    )


def test_the_words_of_the_tables_are_those_of_the_lives() -> None:
    assert [state.value for state in OrderState] == request_models.ORDER_STATES
    assert {state.value for state in RequestState} == set(models.TICKET_STATES)
    assert {state.value for state in OPEN} == set(models.OPEN_STATES)


# The whole way


def test_a_request_goes_from_draft_to_close(desk: Desk) -> None:
    found = desk.submitted()
    assert found.state == "submitted" and found.power == "test.subscriber_domestic"
    desk.authorise(found, ground="Needed.")
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    assert (ticket.state, ticket.case_id, ticket.account_id) == ("sent", None, None)
    receipt = answer(desk, ticket)
    assert receipt.state == "answered" and not receipt.is_repeat
    desk.do(request_operations.close, desk.officer, ticket_id=ticket.id)
    assert desk.tickets(found)[0].state == "closed"
    assert desk.again(found).closed_at is not None
    assert [line["what"] for line in desk.trail(found.id)] == [
        "request:drafted", "request:submitted", "request:authorised", "request:closed",
    ]  # fmt: skip
    assert [line["what"] for line in desk.trail(ticket.id, kind="ticket")] == [
        "ticket:authorised", "ticket:sent", "ticket:answered", "ticket:closed",
    ]  # fmt: skip


def test_one_order_has_forty_targets_each_with_a_state_of_its_own(desk: Desk) -> None:
    banks = [f"bank{n:02}" for n in range(40)]
    for code in banks:
        desk.enrol(code, "clerk", kind="bank")
    ident = {"identifiers": [{"kind": "iban", "value": "RS35105008123123123173"}]}
    content = {
        "targets": [{"addressee": code, **ident} for code in banks], "data": ["balance"]
    }  # fmt: skip
    tickets = desk.sent(measure="account_information", content=content)
    assert [t.round for t in tickets] == list(range(1, 41))
    assert {t.state for t in tickets} == {"sent"} and len({t.addressee_id for t in tickets}) == 40
    clerk = desk.enrol("bank07", "clerk", kind="bank")
    answer(desk, tickets[7], clerk, fields={"accounts": "1"})
    states = [t.state for t in desk.tickets(tickets[0].of_id)]
    assert (states.count("answered"), states.count("sent")) == (1, 39)


def test_forty_one_targets_are_too_many(desk: Desk) -> None:
    content = desk.content(*(f"b{n}" for n in range(41)))
    assert refusal(lambda: desk.draft(content=content)) == "targets"


def test_an_addressee_is_told_only_what_the_request_gives(desk: Desk) -> None:
    """No case, no file number, no other addressee, no word that was meant for the prosecutor."""
    other = desk.enrol("otherisp", "clerk", kind="isp")
    content = desk.content(
        "heron", "otherisp", justification="CANARY-J", proportionality="CANARY-P",
        fields={"reference": "CANARY-R", "offence": "Fraud, art. 208"},
    )  # fmt: skip
    ticket, second = desk.sent(content=content)
    body = desk.body(ticket)
    text = bytes(ticket.body or b"").decode()
    assert body["fields"] == {"offence": "Fraud, art. 208"}
    assert "CANARY" not in text and other.organisation_name not in text
    assert str(ticket.of_id) not in text and str(second.id) not in text
    assert body["authorisation"]["signed_by"] == [f"prosecutor, {desk.prosecutor.person_name}"]
    assert body["legal_basis"]["assumed"] is True
    assert set(body["clocks"]) == {"sent_at", "acknowledge_by", "answer_by", "effect_until"}


# Who decides


def test_nobody_decides_on_what_they_drafted_whatever_their_mandates(desk: Desk) -> None:
    """The author is enrolled a second time, as a prosecutor with an account of their own."""
    found = desk.submitted()
    from recoup.apps.members.models import Mandate, Organisation
    from recoup.apps.members.queries import as_actor
    from support.roles import as_owner

    with as_owner():
        second = Mandate.objects.create(
            person_id=desk.officer.person_id, role="prosecutor", valid_from=desk.world.now(),
            organisation=Organisation.objects.get(code="prosecutor"),
        )  # fmt: skip
    both = as_actor(Mandate.objects.select_related("person", "organisation").get(pk=second.pk))
    assert refusal(lambda: desk.authorise(found, by=both)) == "same_person"
    assert desk.trail(found.id)[-1]["what"] == "request:authorise:refused"
    assert desk.again(found).state == "submitted"


def test_the_database_itself_refuses_an_author_who_decides(desk: Desk) -> None:
    from django.db import IntegrityError, transaction

    found = desk.submitted()
    with pytest.raises(IntegrityError, match="decision_by_another"), transaction.atomic():
        with desk.world.acting(desk.officer) as at:
            request_operations.note_decision(
                desk.again(found), "authorised", by=desk.officer, at=at, content=found.content
            )


def test_the_database_refuses_a_decision_in_the_name_of_another(desk: Desk) -> None:
    from django.db import ProgrammingError, transaction

    found = desk.submitted()
    with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
        with desk.world.acting(desk.officer) as at:
            request_operations.note_decision(
                desk.again(found), "authorised", by=desk.prosecutor, at=at, content=found.content
            )


@pytest.mark.parametrize("table", ["decision", "requestfile", "ticketnote", "addresseeprofile"])
def test_what_was_decided_or_said_is_never_changed(desk: Desk, table: str) -> None:
    from django.db import DatabaseError, transaction

    for act in (
        f"delete from lawful_requests_{table}",
        f"update lawful_requests_{table} set id=id",
    ):
        with pytest.raises(DatabaseError, match="never changed"), transaction.atomic():
            desk.world.run(act)


def test_what_was_submitted_is_not_changed(desk: Desk) -> None:
    from django.db import DatabaseError, transaction

    found = desk.submitted()
    call = lambda: desk.do(  # noqa: E731
        request_operations.edit, desk.officer, request_id=found.id, content=found.content,
        version=found.version,
    )  # fmt: skip
    assert refusal(call) == "not_now"
    sql = "update lawful_requests_request set content = '{}' where id = %s"
    with pytest.raises(DatabaseError, match="was submitted"), transaction.atomic():
        desk.world.run(sql, found.id)


def test_who_read_an_older_version_reads_again(desk: Desk) -> None:
    draft = desk.draft()
    changed = desk.do(
        request_operations.edit, desk.officer, request_id=draft.id, version=1,
        content=desk.content("heron", justification="More."),
    )  # fmt: skip
    assert changed.version == 2
    desk.submit(changed)
    assert refusal(lambda: desk.authorise(draft, version=1)) == "read_another_version"


def test_a_mandate_that_ended_between_reading_and_signing_signs_nothing(desk: Desk) -> None:
    found, reading = desk.submitted(), desk.prosecutor
    desk.world.run(
        "update members_mandate set valid_until = now() where id = %s", reading.mandate_id
    )
    assert refusal(lambda: desk.authorise(found, by=reading)) == "mandate_not_valid"
    assert desk.trail(found.id)[-1]["facts"] == {"code": "mandate_not_valid"}


def test_a_request_whose_law_has_ended_is_not_authorised(desk: Desk) -> None:
    from dataclasses import replace

    found = desk.submitted()
    ended = tuple(
        replace(p, law_until=desk.law.day(desk.world.now()) - timedelta(days=1))
        for p in desk.law.powers
    )
    desk.law = replace(desk.law, powers=ended)
    assert refusal(lambda: desk.authorise(found)) == "law_ended"
    assert refusal(lambda: desk.submitted()) == "law_ended"


def test_nobody_is_asked_who_could_not_decide(desk: Desk) -> None:
    assert refusal(lambda: desk.submitted(authority="plum")) == "nobody_decides_there"
    assert refusal(lambda: desk.submitted(authority="nowhere")) == "nobody_decides_there"


# Narrow, refuse, ask


def test_a_decision_may_only_narrow(desk: Desk) -> None:
    desk.enrol("otherisp", "clerk", kind="isp")
    found = desk.submitted("heron", "otherisp")
    only = {"targets": found.content["targets"][:1]}
    wider = {"targets": [{**found.content["targets"][0], "addressee": "plum"}]}
    assert refusal(lambda: desk.authorise(found, narrower=wider)) == "widens"
    assert refusal(lambda: desk.authorise(found, narrower={"fields": {}})) == "not_narrowing"
    decision = desk.authorise(found, narrower=only)
    assert decision.kind == "narrowed"
    desk.world.sweep()
    assert len(desk.tickets(found)) == 1


def test_a_refusal_says_why_and_ends_it(desk: Desk) -> None:
    found = desk.submitted()
    refuse = lambda ground: desk.do(  # noqa: E731
        decision_operations.refuse, desk.prosecutor, request_id=found.id, version=1, ground=ground
    )
    assert refusal(lambda: refuse(" ")) == "ground_missing"
    assert refuse("Not needed.").kind == "refused"
    assert desk.again(found).state == "refused"
    assert refusal(lambda: desk.authorise(found)) == "not_now"


def test_a_question_gives_it_back_to_the_author_and_the_reply_to_the_authority(desk: Desk) -> None:
    found = desk.submitted()
    desk.do(decision_operations.ask, desk.prosecutor, request_id=found.id, version=1, text="Why?")
    with desk.world.acting(desk.officer):
        assert [row.id for row in request_queries.drafts_of(desk.officer)] == [found.id]
    assert refusal(lambda: desk.authorise(found)) == "not_now"
    changed = desk.do(
        request_operations.edit, desk.officer, request_id=found.id, version=1,
        content=desk.content("heron", justification="Because."),
    )  # fmt: skip
    desk.do(
        request_operations.reply, desk.officer, request_id=found.id, version=changed.version,
        text="See the justification.",
    )  # fmt: skip
    desk.authorise(changed)
    kinds = desk.world.run(
        "select kind from lawful_requests_decision where request_id = %s order by number", found.id
    )
    assert [kind for (kind,) in kinds] == ["asked", "replied", "authorised"]


# Completeness


def test_what_is_incomplete_does_not_leave(desk: Desk) -> None:
    bare = [{"addressee": "heron", "identifiers": [{"kind": "ip", "value": "203.0.113.7"}]}]
    content = {"targets": bare, "data": ["subscriber"]}
    draft = desk.draft(content=content)
    with pytest.raises(Incomplete) as why:
        desk.submit(draft)
    assert [lack.code for lack in why.value.lacks] == ["time_missing", "port_missing"]


def test_what_the_addressee_says_of_itself_is_checked(desk: Desk) -> None:
    from recoup.apps.lawful_requests import profile_operations

    keeper = desk.enrol("heron", "supervisor")
    body = {"cgnat": True, "data": {"traffic": 365}}
    desk.do(profile_operations.change_profile, keeper, body=body)
    (one,) = lacks_of(desk, desk.draft())
    assert [(lack.code, lack.blocks) for lack in one.lacks] == [("data_not_held", False)]
    body = {"cgnat": True, "data": {"subscriber": None}}
    assert desk.do(profile_operations.change_profile, keeper, body=body).version == 2
    assert desk.do(profile_operations.change_profile, keeper, body=body).version == 2
    assert desk.submitted().state == "submitted"


def lacks_of(desk: Desk, found: Any) -> Any:
    from recoup.apps.lawful_requests.request_check import check_request

    with desk.world.acting(desk.officer) as at:
        wanted = request_operations.wanted_of(desk.again(found))
        return check_request(wanted, law=desk.law, at=at)


def test_nobody_makes_itself_unaskable_after_the_submission(desk: Desk) -> None:
    from recoup.apps.lawful_requests import profile_operations

    keeper = desk.enrol("heron", "supervisor")
    desk.enrol("lastisp", "clerk", kind="isp")
    content = desk.content("heron", "lastisp")
    for target in content["targets"]:
        target["identifiers"] = [{**target["identifiers"][0], "port": None}]
    found = desk.submitted(content=content)
    body = {"cgnat": True, "data": {"nothing": None}, "longest_days": 1, "identifiers": ["phone"]}
    desk.do(profile_operations.change_profile, keeper, body=body)
    desk.authorise(found)
    desk.world.sweep()
    assert len(desk.tickets(found)) == 2
    asked = desk.content("heron", justification="The log has no port.")
    asked["targets"][0]["identifiers"][0]["port"] = None
    assert desk.submitted(content=asked).state == "submitted"


def test_who_says_that_it_holds_less_is_told_to_the_ministry(desk: Desk) -> None:
    from recoup.apps.lawful_requests import profile_operations

    desk.enrol("justice", "ministry_officer", kind="ministry")
    keeper = desk.enrol("heron", "supervisor")
    steps: list[tuple[dict[str, Any], bool]] = [
        ({"data": {"subscriber": None, "traffic": 365}}, True),
        ({"data": {"subscriber": None, "traffic": 400}}, False),
        ({"data": {"subscriber": None, "traffic": 30}}, True),
        ({"data": {"subscriber": None}}, True),
        ({"data": {"subscriber": None}, "hours": "8 to 16"}, False),
        ({"data": {"subscriber": None}, "cgnat": True}, True),
        ({"data": {"subscriber": None}, "cgnat": True, "longest_days": 90}, True),
    ]
    count = 0
    for body, narrower in steps:
        desk.do(profile_operations.change_profile, keeper, body=body)
        count += narrower
        tasks = desk.world.run("""select count(*) from cases_task
            where kind = 'profile_narrowed' and due_at = opened_at + interval '72 hours'""")
        assert tasks == [(count,)], body


def test_the_same_asked_twice_is_said(desk: Desk) -> None:
    from recoup.apps.lawful_requests.request_check import check_request

    (first,) = desk.sent()
    second = desk.draft()
    with desk.world.acting(desk.officer) as at:
        (one,) = check_request(
            request_operations.wanted_of(desk.again(second)), law=desk.law, at=at
        )
    assert [lack.code for lack in one.lacks] == ["port_missing", "asked_already"][-1:]
    assert first.reference in one.lacks[0].said


# Who sees what


def test_a_draft_is_its_unit_s_alone_and_others_see_nothing(desk: Desk) -> None:
    found = desk.draft()
    for actor, sees in ((desk.officer, True), (desk.prosecutor, False), (desk.isp, False)):
        with desk.world.acting(actor):
            rows = models.Request.objects.filter(pk=found.pk)
            assert rows.exists() is sees, actor.organisation_name
    desk.submit(found)
    for actor, sees in ((desk.prosecutor, True), (desk.isp, False)):
        with desk.world.acting(actor):
            assert models.Request.objects.filter(pk=found.pk).exists() is sees


def test_the_lists_show_what_waits_for_whom(desk: Desk) -> None:
    found = desk.submitted()
    with desk.world.acting(desk.prosecutor):
        assert [row.id for row in request_queries.to_decide(desk.prosecutor)] == [found.id]
    with desk.world.acting(desk.officer):
        assert [row.id for row in request_queries.requests_of(desk.officer)] == [found.id]
        assert list(request_queries.to_decide(desk.officer)) == []
    desk.authorise(found)
    desk.world.sweep()
    with desk.world.acting(desk.isp):
        assert [row.of_id for row in request_queries.inbox(desk.isp)] == [found.id]


def test_a_request_is_read_whole_in_few_statements(desk: Desk, django_assert_max_num_queries: Any
                                                  ) -> None:  # fmt: skip
    for code in ("isp1", "isp2", "isp3"):
        desk.enrol(code, "clerk", kind="isp")
    tickets = desk.sent("heron", "isp1", "isp2", "isp3")
    with desk.world.acting(desk.officer), django_assert_max_num_queries(11):
        whole = request_queries.whole(desk.officer, tickets[0].of_id)
        assert whole and len(whole.tickets) == 4 and len(whole.due) == 4
        assert [t.addressee.code for t in whole.tickets][0] == "heron"


def test_the_hold_chain_does_not_see_tickets_of_requests(desk: Desk) -> None:
    from recoup.apps.lawful_requests import queries

    desk.sent()
    with desk.world.acting(desk.isp):
        assert list(queries.addressed_to(desk.isp)) == []
        assert queries.bodies_waiting(desk.isp, unacknowledged=True) == []
        assert len(request_queries.bodies_waiting(desk.isp, unacknowledged=True)) == 1
