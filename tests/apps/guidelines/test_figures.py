"""Every figure, both ways: what it counts is there, and then is not; and too little is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from recoup.apps.audit import session_operations as audit
from recoup.apps.cases.models import RequestAbroad, Task
from recoup.apps.guidelines import figures
from recoup.apps.guidelines.measures import NAMES
from recoup.core.guidelines import Control, Figure, Outcome, outcome_of
from recoup.data.guidelines import load_guidelines
from support.world import FIU, OFFICER, World, iban

pytestmark = pytest.mark.breaks_invariants

BOSS = "boris.quince"
TICKET = "update lawful_requests_ticket t set "
OF_QUINCE = " where addressee_id = (select id from members_organisation where code = 'quince')"
FIRST = (
    " where id = (select min(id::text)::uuid from lawful_requests_ticket where measure = 'hold')"
)
WEDNESDAY = "(date_trunc('week', now() at time zone 'Europe/Belgrade') - interval '5 days'"
AT_TWO = f"{WEDNESDAY} + interval '2 hours') at time zone 'Europe/Belgrade'"
AT_NOON = f"{WEDNESDAY} + interval '12 hours') at time zone 'Europe/Belgrade'"


@pytest.fixture
def used(world: World) -> World:
    """Six losses that a bank reports; the first banks refuse to hold, with a reason, in time."""
    for n in range(6):
        world.report(
            payer=iban("plum", 10001 + n), payee=iban("quince", 20001 + n), amount=500_00 + n,
            by=world.at_bank("plum"), reference=f"R-{n}",
        )  # fmt: skip
    world.plan()
    for ticket in world.inbox("quince"):
        refusal = {"code": "cannot_lawfully", "ground": "A court closed the account."}
        world.answer("quince", {"ticket": ticket["ticket"], **refusal})
    return world


def counted(world: World, login: str, measure: str, **other: int) -> Figure:
    counting, actor = replace(load_guidelines().counting, **other), world.actor(login)
    with world.acting(actor) as at:
        found = figures.count(actor, [control_of(measure)], counting=counting, at=at)
    return found.figures[measure]


def behind(world: World, login: str, measure: str) -> list[figures.Row]:
    counting, actor = load_guidelines().counting, world.actor(login)
    with world.acting(actor) as at:
        return figures.rows_behind(actor, control_of(measure), counting=counting, at=at)


def control_of(measure: str) -> Control:
    controls = load_guidelines().controls
    return next(c for c in controls if c.measured and c.measured.measure == measure)


def judged(world: World, login: str, measure: str) -> tuple[Outcome, int, int]:
    """What a figure says; the rows behind it are as many as it found wanting."""
    measured, figure = control_of(measure).measured, counted(world, login, measure)
    assert measured is not None
    assert len(behind(world, login, measure)) == figure.denominator - figure.numerator
    return outcome_of(measured, figure), figure.numerator, figure.denominator


MET, MISSED, TOO_LITTLE = Outcome.MET, Outcome.MISSED, Outcome.TOO_LITTLE


def draft(path: str) -> str:
    return f"{TICKET} draft = jsonb_set(draft, '{{{path}}}', '\"\"')"


# measure, who asks, what is so at first, what somebody does, what is so then
BOTH: list[tuple[str, str, tuple[Any, ...], str, tuple[Any, ...]]] = [
    ("legal_basis", OFFICER, (MET, 18, 18), draft("legal_basis,article") + FIRST, (MISSED, 17, 18)),
    ("legal_basis", BOSS, (MET, 6, 6), draft("legal_basis,instrument") + FIRST, (MISSED, 5, 6)),
    ("contact_on_request", OFFICER, (MET, 18, 18),
     draft("issued_by,contact_point,phone") + FIRST, (MISSED, 17, 18)),
    ("form_complete", OFFICER, (MET, 18, 18),
     draft("authorisation,reference") + FIRST, (MISSED, 17, 18)),
    ("facts_given", OFFICER, (MET, 18, 18),
     draft("lines,0,payment,at") + OF_QUINCE, (MISSED, 12, 18)),
    ("standing_instruction", OFFICER, (MET, 18, 18),
     "update lawful_requests_standinginstruction set valid_until = now() - interval '1 day' "
     "where measure = 'hold'", (MISSED, 12, 18)),
    ("understood", OFFICER, (MET, 6, 6),
     "update lawful_requests_answer set code = 'unclear' where id = "
     "(select min(id::text)::uuid from lawful_requests_answer)", (MISSED, 5, 6)),
    ("priority_given", OFFICER, (MET, 18, 18), f"{TICKET} urgency = 0" + FIRST, (MISSED, 17, 18)),
    ("emergencies_confirmed", OFFICER, (TOO_LITTLE, 0, 0),
     "update holds_claim set state = case when amount_minor <= 50000 then 'denied' "
     "else 'confirmed' end", (MISSED, 5, 6)),
    ("emergencies_confirmed", OFFICER, (TOO_LITTLE, 0, 0),
     "update holds_claim set state = 'confirmed'", (MET, 6, 6)),
    ("holds_followed", OFFICER, (TOO_LITTLE, 0, 0),
     "update holds_hold set state = 'lifted', answered_at = now(), ended_at = now()", (MET, 6, 6)),
    ("holds_followed", OFFICER, (TOO_LITTLE, 0, 0),
     "update holds_hold set state = 'lapsed', answered_at = now(), ended_at = now()",
     (MISSED, 0, 6)),
    ("feedback_given", OFFICER, (MET, 6, 6),
     "update holds_claim set adopted_at = null; "
     "update reports_report set received_at = received_at - interval '2 days'", (MISSED, 0, 6)),
    ("contact_staffed", OFFICER, (MET, 4, 4),
     "update members_mandate set is_on_duty = false", (MISSED, 3, 4)),
    ("contact_staffed", BOSS, (MET, 4, 4),
     "update members_organisation set contact_phone = ''", (MISSED, 3, 4)),
    ("official_addresses", BOSS, (MISSED, 0, 1),
     "update members_person set email = 'boris@mail.quince.example'", (MET, 1, 1)),
    ("answered_or_refused", BOSS, (MET, 6, 6),
     f"{TICKET} state = 'acknowledged', answered_at = null" + FIRST
     + "; delete from lawful_requests_unplannedanswer; delete from lawful_requests_answer; "
     "update lawful_requests_deadline set due_at = now() - interval '1 hour'", (MISSED, 0, 6)),
    ("answered_in_time", BOSS, (MET, 6, 6),
     "update lawful_requests_deadline set due_at = now() - interval '1 day' where kind = 'answer'",
     (MISSED, 0, 6)),
    ("out_of_hours", BOSS, (None,),
     f"{TICKET} sent_at = {AT_TWO}, acknowledged_at = {AT_TWO} + interval '1 minute'", (MET, 6, 6)),
    ("out_of_hours", BOSS, (None,),
     f"{TICKET} sent_at = {AT_TWO}; "
     "update lawful_requests_deadline set due_at = now() - interval '1 day'", (MISSED, 0, 6)),
    ("out_of_hours", BOSS, (None,), f"{TICKET} sent_at = {AT_NOON}", (TOO_LITTLE, 0, 0)),
    ("answers_in_form", BOSS, (MET, 6, 6),
     "update lawful_requests_answer set code = 'recalled' where id = "
     "(select min(id::text)::uuid from lawful_requests_answer)", (MISSED, 5, 6)),
    ("answers_stand", BOSS, (MET, 6, 6),
     "insert into lawful_requests_answer select (jsonb_populate_record(a, jsonb_build_object("
     "'id', gen_random_uuid(), 'stage', 'correction', 'replaces_id', a.id, "
     "'received_at', a.received_at + interval '1 minute'))).* from lawful_requests_answer a",
     (MISSED, 0, 6)),
    ("refusals_explained", BOSS, (MET, 6, 6),
     "update lawful_requests_answer set ground = ''", (MISSED, 0, 6)),
    ("backlog", "boris.quince", (TOO_LITTLE, 0, 0),
     f"{TICKET} state = 'acknowledged'" + OF_QUINCE, (MET, 6, 6)),
    ("backlog", BOSS, (TOO_LITTLE, 0, 0),
     f"{TICKET} state = 'acknowledged'" + OF_QUINCE
     + "; update lawful_requests_deadline set due_at = now() - interval '1 minute'",
     (MISSED, 0, 6)),
    ("reports_sent", BOSS, (MISSED, 0, 3),
     "update reports_report set organisation_id = (select id from members_organisation "
     "where code = 'quince'), received_at = now() - 20 * interval '1 day' "
     "* (1 + right(payment_reference, 1)::int % 4)", (MET, 3, 3)),
]  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "login", "first", "act", "then"),
    BOTH,
    ids=[f"{row[0]}-{n}" for n, row in enumerate(BOTH)],
)
def test_both_outcomes(
    used: World, measure: str, login: str, first: tuple[Any, ...], act: str, then: tuple[Any, ...]
) -> None:
    if first[0] is not None:
        assert judged(used, login, measure) == first
    for statement in act.split("; "):
        used.run(statement)
    assert judged(used, login, measure) == then


COPY = (
    "insert into lawful_requests_ticket select (jsonb_populate_record(t, jsonb_build_object("
    "'id', gen_random_uuid(), 'reference', 'HT-COPY', 'round', t.round + 1, 'state', %s))).* "
    "from lawful_requests_ticket t where measure = %s order by id limit 1"
)


def test_a_request_without_its_line_of_the_trail_is_found(used: World) -> None:
    assert judged(used, OFFICER, "requests_in_trail") == (MET, 18, 18)
    used.run(COPY, "refused", "hold")
    assert judged(used, OFFICER, "requests_in_trail") == (MISSED, 18, 19)
    assert [row.label for row in behind(used, OFFICER, "requests_in_trail")] == ["HT-COPY"]


def test_an_answer_without_its_line_of_the_trail_is_found(used: World) -> None:
    assert judged(used, BOSS, "answers_in_trail") == (MET, 6, 6)
    used.run(COPY, "refused", "hold")
    assert judged(used, BOSS, "answers_in_trail") == (MISSED, 6, 7)


def test_the_same_asked_again_is_a_repeat_and_another_total_is_not(used: World) -> None:
    assert judged(used, OFFICER, "not_repeated") == (MET, 18, 18)
    used.run(COPY, "answered", "confirm_debit")
    assert judged(used, OFFICER, "not_repeated") == (MISSED, 18, 19)
    used.run("update lawful_requests_ticket set asked_minor = 1 where reference = 'HT-COPY'")
    assert judged(used, OFFICER, "not_repeated") == (MET, 19, 19)


def test_a_provider_with_more_open_requests_than_the_limit(used: World) -> None:
    assert judged(used, OFFICER, "load_of_providers") == (MET, 1, 1)
    assert counted(used, OFFICER, "load_of_providers", open_at_most=12).numerator == 1
    assert counted(used, OFFICER, "load_of_providers", open_at_most=11).numerator == 0


def look(world: World) -> None:
    with world.acting(by := world.actor(OFFICER)) as at:
        [[case]] = world.run("select id from cases_case order by id limit 1")
        audit.looked_at(case, by=by, at=at)


@pytest.mark.parametrize(
    "fault",
    [
        "update members_mandate set valid_from = now() + interval '1 hour' where role = 'officer'",
        "update members_mandate set valid_until = now() - interval '1 hour' where role = 'officer'",
    ],
)
def test_who_looked_without_a_mandate_is_found(used: World, fault: str) -> None:
    assert judged(used, "luka.police", "looks_by_members") == (TOO_LITTLE, 0, 0)
    look(used)
    assert judged(used, "luka.police", "looks_by_members") == (MET, 1, 1)
    used.run(fault)
    assert judged(used, "luka.police", "looks_by_members") == (MISSED, 0, 1)


@pytest.mark.parametrize(("channel", "outcome"), [("egmont", MET), ("other", MISSED)])
def test_requests_abroad_leave_on_a_channel_of_the_list(
    used: World, channel: str, outcome: Outcome
) -> None:
    task = uuid4()
    used.run(
        "insert into cases_task (id, owner_id, issuer_id, kind, about, level, values, opened_at, "
        "due_at) select %s, f.id, p.id, 'abroad', %s, 0, '{}', now(), now() "
        "from members_organisation f, members_organisation p "
        "where f.code = 'fiu' and p.code = 'police'",
        task, uuid4(),
    )  # fmt: skip
    assert judged(used, FIU, "channels_known") == (TOO_LITTLE, 0, 0)
    with used.acting(actor := used.actor(FIU)):
        for sent_on in (channel, "none"):
            add_abroad(actor.organisation_id, actor.named_person, task, sent_on)
    assert judged(used, FIU, "channels_known") == (outcome, int(outcome is MET), 1)


def add_abroad(owner: int, person: Any, task: Any, channel: str) -> None:
    row = Task.objects.get(pk=task)
    RequestAbroad.objects.create(
        task=row, owner_id=owner, issuer_id=row.issuer_id, channel=channel, body=b"{}",
        sha256=b"0" * 32, amount_minor=1, currency="EUR", sent_at=row.opened_at,
        recorded_at=row.opened_at, sent_by_id=person,
    )  # fmt: skip


def test_every_measure_is_tried_both_ways_here() -> None:
    text = Path(__file__).read_text(encoding="utf-8")
    assert [name for name in NAMES if f'"{name}"' not in text] == []
    for name in {row[0] for row in BOTH}:
        outcomes = {row[n][0] for row in BOTH if row[0] == name for n in (2, 4)}
        assert {MET, MISSED} <= outcomes, name


def test_no_more_than_the_newest_are_counted_and_since_says_from_when(used: World) -> None:
    whole = counted(used, OFFICER, "not_repeated")
    assert whole.at - whole.since == timedelta(days=load_guidelines().counting.days)
    newest = counted(used, OFFICER, "not_repeated", newest=3)
    assert newest.denominator == 3
    assert whole.since < newest.since <= newest.at


def test_what_is_older_than_the_period_is_not_counted(used: World) -> None:
    used.run(f"{TICKET} sent_at = sent_at - interval '91 days'")
    assert judged(used, BOSS, "answered_in_time") == (TOO_LITTLE, 0, 0)
    assert judged(used, OFFICER, "not_repeated") == (TOO_LITTLE, 0, 0)


def test_what_is_so_now_has_no_period(used: World) -> None:
    for measure in ("contact_staffed", "official_addresses", "load_of_providers"):
        figure = counted(used, OFFICER, measure)
        assert figure.since == figure.at


@pytest.mark.parametrize("login", ["iskra.firefly", "rade.heron", "olga.prosecutor"])
def test_nobody_counts_what_is_another_organisations(used: World, login: str) -> None:
    own = {"contact_staffed", "official_addresses", "reports_sent"}
    for measure in sorted(NAMES - own):
        assert counted(used, login, measure).denominator == 0, measure


def test_how_long_answers_took(used: World) -> None:
    actor, counting = used.actor(BOSS), load_guidelines().counting
    used.run(f"{TICKET} answered_at = sent_at + interval '10 minutes'" + OF_QUINCE)
    with used.acting(actor) as at:
        found = figures.count(actor, [control_of("answered_in_time")], counting=counting, at=at)
    assert found.took == figures.Took(timedelta(minutes=10), timedelta(minutes=10))
