"""What stops a clock ends: questions that nobody answers, doubts that nobody settles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.test import Client

from recoup.apps.holds import lapse_operations, trouble_operations
from recoup.apps.lawful_requests import addressee_operations, request_operations
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.doubt_operations import HOME, MINISTRY
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.lawful_requests.request_clock_operations import UNIT
from recoup.apps.members.models import Login
from recoup.core.access import Actor
from recoup.data.policy import load_policy
from recoup.data.requests import load_clocks, load_most
from support.requests import Desk, pass_time


def ask(desk: Desk, ticket: Ticket) -> Any:
    return desk.do(addressee_operations.ask_back, desk.isp, ticket_id=ticket.id, text="What?")


def doubt(desk: Desk, ticket: Ticket, by: Any) -> Any:
    return desk.do(addressee_operations.doubt, by, ticket_id=ticket.id, ground="Odd.")


def back(desk: Desk, table: str, span: timedelta, *columns: str) -> None:
    """Let rows be older than they are, as if the time had passed."""
    for column in columns:
        desk.world.run(f"update lawful_requests_{table} set {column} = {column} - %s", span)


# Questions


def test_what_one_side_says_leaves_the_other_its_words(desk: Desk, refused: Any) -> None:
    (ticket,) = desk.sent()
    claim = lambda: desk.do(  # noqa: E731
        addressee_operations.claim_costs, desk.isp, ticket_id=ticket.id, amount_minor=1,
        currency="RSD", text="x",
    )  # fmt: skip
    for _ in range(load_most().notes - 1):
        claim()
    ask(desk, ticket)
    assert refused(claim) == "too_many"
    desk.do(
        addressee_operations.reply_to_addressee, desk.officer, ticket_id=ticket.id, text="This."
    )
    stops = desk.world.run("select ended_at from lawful_requests_clockstop")
    assert len(stops) == 1 and stops[0][0] is not None
    desk.do(
        addressee_operations.settle_costs, desk.officer, ticket_id=ticket.id, agreed=True, text=""
    )


def test_an_unanswered_question_stops_the_clock_for_some_days_and_no_longer(desk: Desk) -> None:
    (ticket,) = desk.sent()
    ask(desk, ticket)
    longest = load_clocks().stop
    back(desk, "clockstop", longest - timedelta(hours=1), "started_at", "at")
    desk.world.sweep()
    assert desk.world.run("select ended_at from lawful_requests_clockstop") == [(None,)]
    back(desk, "clockstop", timedelta(hours=2), "started_at", "at")
    desk.world.sweep()
    [(started_at, ended_at)] = desk.world.run(
        "select started_at, ended_at from lawful_requests_clockstop"
    )
    assert ended_at - started_at == longest
    ask(desk, ticket)  # said again, it does not begin again
    assert desk.world.run("select count(*) from lawful_requests_clockstop") == [(1,)]
    pass_time(desk.world, timedelta(days=400), kind="answer")
    rows = desk.world.run(
        "select outcome from lawful_requests_deadline where ticket_id = %s and kind = 'answer'",
        ticket.id,
    )
    assert ("overdue",) in rows
    assert "ticket:stop_ended" in [one["what"] for one in desk.trail(ticket.id, kind="ticket")]


# Doubts


def test_what_is_over_is_not_doubted(desk: Desk, refused: Any) -> None:
    (withdrawn,) = desk.sent()
    desk.do(request_operations.withdraw, desk.officer, request_id=withdrawn.of_id, ground="Over.")
    (closed,) = desk.sent()
    given = Answered(uuid4(), "given", fields={"name": "A."})
    desk.do(addressee_operations.answer, desk.isp, ticket_id=closed.id, given=given)
    desk.do(request_operations.close, desk.officer, ticket_id=closed.id)
    (old,) = desk.sent()
    desk.world.run(
        "update lawful_requests_ticket set sent_at = sent_at - %s where id = %s",
        load_clocks().doubt_sent + timedelta(days=1), old.id,
    )  # fmt: skip
    for ticket in (withdrawn, closed, old):
        assert refused(lambda t=ticket: doubt(desk, t, desk.isp)) == "not_now"


def test_ministry_and_home_desk_hear_of_the_first_doubt_and_not_from_whom(desk: Desk) -> None:
    desk.enrol("justice", "ministry_officer", kind="ministry")
    (ticket,) = desk.sent()
    doubt(desk, ticket, desk.isp)
    desk.world.sweep()
    desk.world.sweep()
    rows = desk.world.run(
        "select kind, owner_id, issuer_id, person_id, values from cases_task "
        "where kind like 'request_doubted%%' order by kind"
    )
    told = {kind: (owner, issuer, person, values) for kind, owner, issuer, person, values in rows}
    home, own = told["request_doubted_home"], desk.officer.organisation_id
    assert len(rows) == 2 and home[:2] == (own, own)
    assert home[2] not in (None, desk.officer.person_id)
    assert "heron" not in str(home[3]).lower() and ticket.reference not in str(home[3])
    [(kind,)] = desk.world.run(
        "select kind from members_organisation where id = %s", told["request_doubted"][0]
    )
    assert kind == "ministry"
    assert ticket.reference in str(told["request_doubted"][3])


def test_the_ministry_s_officer_sees_the_doubt_and_finishes_it_and_nobody_elsewhere(
    desk: Desk,
) -> None:
    (ticket,) = desk.sent()
    doubt(desk, ticket, desk.isp)
    desk.enrol("justice", "ministry_officer", kind="ministry")
    desk.world.sweep()
    [(code,)] = desk.world.run(
        "select o.code from members_organisation o join cases_task t on t.owner_id = o.id "
        "where t.kind = 'request_doubted'"
    )
    own = signed_in_as(desk.enrol(code, "ministry_officer"))
    page = own.get("/tasks").content.decode()
    assert ticket.reference in page and "A desk doubts that a request is genuine" in page
    assert 'href="/tasks"' in own.get("/law").content.decode()
    [(task,)] = desk.world.run("select id from cases_task where kind = 'request_doubted'")
    for other in (desk.enrol("farjustice", "ministry_officer", kind="ministry"), desk.officer):
        assert ticket.reference not in signed_in_as(other).get("/tasks").content.decode()
        assert signed_in_as(other).post(f"/tasks/{task}/finish").status_code == 404
    assert own.post(f"/tasks/{task}/finish").status_code == 302
    assert desk.world.run("select done_at is not null from cases_task where id = %s", task) == [
        (True,)
    ]


def test_whoever_a_task_can_be_given_to_may_see_and_finish_it() -> None:
    policy = load_policy()
    given = {*UNIT, *HOME, *MINISTRY, *lapse_operations.ON_DUTY, *trouble_operations.ON_DUTY}
    assert given <= policy.roles_for("task:see") & policy.roles_for("task:finish")


def signed_in_as(actor: Actor) -> Client:
    client = Client()
    client.force_login(Login.objects.get(person_id=actor.person_id))
    return client


def paused(desk: Desk) -> tuple[Ticket, Ticket, Any]:
    other = desk.enrol("lastisp", "clerk", kind="isp")
    first, second = desk.sent("heron", "lastisp")
    doubt(desk, first, desk.isp)
    doubt(desk, second, other)
    desk.world.sweep()
    return first, second, other


def test_a_pause_ends_by_itself(desk: Desk, refused: Any) -> None:
    first, _, _ = paused(desk)
    answer = lambda: desk.do(  # noqa: E731
        addressee_operations.answer, desk.isp, ticket_id=first.id,
        given=Answered(uuid4(), "given", fields={"name": "A."}),
    )  # fmt: skip
    assert refused(answer) == "requester_paused"
    back(desk, "doubt", load_clocks().doubt + timedelta(hours=1), "at")
    desk.world.sweep()
    stops = desk.world.run("select ended_at is null from lawful_requests_clockstop")
    assert set(stops) == {(False,)}
    assert answer().state == "answered"


def test_what_discloses_nothing_goes_on_while_a_requester_is_paused(desk: Desk) -> None:
    content = desk.content("heron")
    (kept,) = desk.sent(measure="preservation_domestic", content=content)
    paused(desk)
    stops = desk.world.run("select ticket_id from lawful_requests_clockstop")
    assert (kept.id,) not in stops
    given = Answered(uuid4(), "preserved")
    receipt = desk.do(addressee_operations.answer, desk.isp, ticket_id=kept.id, given=given)
    assert receipt.state == "answered"
    found = desk.submitted(measure="preservation_domestic", content=content)
    desk.authorise(found, new_facts="He pays from another address now.")
    desk.world.sweep()
    assert len(desk.tickets(found)) == 1
