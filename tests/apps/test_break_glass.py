"""Break-glass: one person reads one case for an hour; told at once, reviewed by another (I19)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import Client

from recoup.apps.cases import glass_operations
from recoup.apps.cases.glass_operations import GlassRefused
from recoup.apps.cases.models import BreakGlass, Case, Task
from recoup.apps.holds.models import Claim
from recoup.apps.members.models import Login
from recoup.apps.reports.models import Report
from recoup.core.access import Actor
from support.roles import as_owner, as_planner
from support.world import DUTY_OFFICER, FIU, World, iban

HEAD, HUB = "nada.police", "vida.hub"
WHY = "A threat to kill the victim was called in, and the police desk does not answer."


@dataclass
class Two:
    """Two cases of the police, which the financial intelligence unit does not see."""

    one: Case
    other: Case


@pytest.fixture
def two(world: World) -> Two:
    filed = [
        world.report(payer=iban("walnut", n), payee=iban("sparrow", n + 1), amount=31_00)
        for n in (30071, 40071)
    ]
    world.plan()
    return Two(*(world.case_of(each) for each in filed))


def opened(world: World, case: Case, by: str = FIU, **changed: Any) -> BreakGlass:
    given = {"reference": case.reference, "danger": "life", "ground": WHY, "minutes": 30} | changed
    with world.acting(who := world.actor(by)) as at:
        return glass_operations.open_glass(**given, by=who, at=at)


def refused(world: World, case: Case, by: str = FIU, **changed: Any) -> str:
    with pytest.raises(GlassRefused) as problem:
        opened(world, case, by, **changed)
    return problem.value.code


def seen(world: World, who: Actor, through: UUID | None) -> list[UUID]:
    """The cases that row-level security shows somebody, with a glass named or not."""
    with world.acting(who), connection.cursor() as cursor:
        cursor.execute("select set_config('recoup.glass', %s, true)", [str(through or "")])
        found = list(Case.objects.values_list("id", flat=True))
        cursor.execute("select set_config('recoup.glass', '', true)")
        return found


def tasks(world: World, about: UUID) -> dict[str, Task]:
    with as_owner():
        return {row.kind: row for row in Task.objects.filter(about=about).order_by("level")}


def client(login: str) -> Client:
    made = Client()
    made.force_login(Login.objects.get(username=login))
    return made


def lines(world: World, what: str) -> list[dict[str, Any]]:
    rows = world.run("select convert_from(body, 'utf8') from audit_auditleaf order by recorded_at")
    return [line for (text,) in rows if (line := json.loads(text))["what"] == what]


# What it opens


def test_it_opens_the_one_case_to_the_one_person(world: World, two: Two) -> None:
    who = world.actor(FIU)
    assert seen(world, who, two.one.id) == []
    opened(world, two.one)
    assert seen(world, who, two.one.id) == [two.one.id]
    assert seen(world, who, None) == []
    assert seen(world, who, two.other.id) == []


def test_what_belongs_to_the_case_is_read_and_nothing_of_another(world: World, two: Two) -> None:
    glass, who = opened(world, two.one), world.actor(FIU)
    with world.acting(who) as at, glass_operations.through(glass, by=who, at=at) as case:
        assert case == two.one
        assert {r.pk for r in Report.objects.all()} == {two.one.report_id}
        assert {c.case_id for c in Claim.objects.all()} == {two.one.id}


@pytest.mark.parametrize("change", [
    "until = now()", "ended_at = now()",
    "person_id = (select id from members_person where id <> person_id limit 1)",
])  # fmt: skip
def test_it_ends_by_itself_and_is_nobody_elses(world: World, two: Two, change: str) -> None:
    glass = opened(world, two.one)
    world.run(
        f"update cases_breakglass set opened_at = now() - interval '20 minutes', {change} "  # noqa: S608
        "where id = %s", glass.pk,
    )  # fmt: skip
    assert seen(world, world.actor(FIU), two.one.id) == []


def test_a_colleague_of_the_same_desk_does_not_see_it(world: World, two: Two) -> None:
    opened(world, two.one)
    other = world.actor(HUB)
    of_the_desk = Actor(
        world.actor(FIU).organisation_id, "fiu", "x", "fiu_officer", other.person_id
    )
    assert seen(world, of_the_desk, two.one.id) == []


def test_an_ended_mandate_closes_it(world: World, two: Two) -> None:
    opened(world, two.one)
    who = world.actor(FIU)
    world.run("update members_mandate set valid_until = now() where id = %s", who.mandate_id)
    assert seen(world, who, two.one.id) == []


# A stolen session of the pages' own log-in


@pytest.mark.parametrize("sql", [
    "insert into cases_breakglass (id, organisation_id, person_id, case_id, owner_id, reference, "
    "danger, ground, opened_at, until, review_note) values (gen_random_uuid(), %(org)s, "
    "%(who)s, %(case)s, %(org)s, 'x', 'life', 'x', now(), now() + interval '9 minutes', '')",
    "update cases_breakglass set until = now() + interval '1 minute'",
    "delete from cases_breakglass",
    "select glass_tell(gen_random_uuid(), 'x', 1, null, '{}', now())",
])  # fmt: skip
def test_no_statement_of_the_pages_makes_or_changes_one(world: World, two: Two, sql: str) -> None:
    opened(world, two.other)
    who = world.actor(FIU)
    values = {"org": who.organisation_id, "who": who.person_id, "case": two.one.id}
    with world.acting(who), connection.cursor() as cursor:
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(sql, values)


@pytest.mark.breaks_invariants
def test_the_function_itself_cannot_be_led_past_the_notices(world: World, two: Two) -> None:
    """Whoever calls it without the pages opens nothing without the tasks of those who are told."""
    who = world.actor(FIU)
    with world.acting(who), connection.cursor() as cursor:
        cursor.execute(
            glass_operations.OPEN, [two.one.reference, "life", "no page was used", 60, 72, 3]
        )
        made = cursor.fetchone()[0]
    assert {"glass_opened", "glass_opened_hub", "glass_review"} <= set(tasks(world, made))


@pytest.mark.parametrize("minutes", [0, -5, 61, 100_000])
def test_the_database_keeps_the_hour(world: World, two: Two, minutes: int) -> None:
    with world.acting(world.actor(FIU)), connection.cursor() as cursor:
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(glass_operations.OPEN, [two.one.reference, "life", WHY, minutes, 72, 3])


WRITES = {
    "become a member": "insert into cases_casemember (id, case_id, organisation_id, since) values "
    "(gen_random_uuid(), %(case)s, %(org)s, now())",
    "write the timeline": "insert into cases_caseevent (id, case_id, at, what, who, values) values "
    "(gen_random_uuid(), %(case)s, now(), 'x', '', '{}')",
    "ask for a plan": "insert into holds_planwanted (id, case_id, asked_at) values "
    "(gen_random_uuid(), %(case)s, now())",
}


@pytest.mark.parametrize("name", WRITES)
def test_nothing_is_inserted_through_an_open_glass(world: World, two: Two, name: str) -> None:
    glass, who = opened(world, two.one), world.actor(FIU)
    values = {"org": who.organisation_id, "case": two.one.id}
    with world.acting(who) as at, glass_operations.through(glass, by=who, at=at):
        with connection.cursor() as cursor, pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute(WRITES[name], values)
    assert seen(world, who, None) == []


def test_nothing_is_changed_through_an_open_glass(world: World, two: Two) -> None:
    glass, who = opened(world, two.one), world.actor(FIU)
    with world.acting(who) as at, glass_operations.through(glass, by=who, at=at):
        assert Case.objects.filter(pk=two.one.pk).update(state="closed") == 0
        assert Claim.objects.update(state="denied") == 0
        assert list(Case.objects.select_for_update()) == []


def test_every_table_that_the_pages_write_is_shut_in_a_glass(world: World) -> None:
    """A table of a later migration is found here: let that migration call glass_guard() again."""
    rows = world.run("""
        select p.tablename, w.command from pg_policies p
          cross join (values ('INSERT'), ('UPDATE'), ('DELETE')) w (command)
        where p.permissive = 'PERMISSIVE' and p.cmd in (w.command, 'ALL')
          and ('recoup_app' = any(p.roles) or 'public' = any(p.roles))
          and p.tablename not in ('audit_auditleaf', 'audit_auditcommitment')
          and not exists (select from pg_policies g where g.tablename = p.tablename
            and g.permissive = 'RESTRICTIVE' and g.cmd = w.command)""")
    assert rows == []
    assert (
        len(world.run("select 1 from pg_policies where policyname like 'glass_reads_only_%'")) > 30
    )


# Who is told


def test_break_glass_notifies(world: World, two: Two) -> None:
    glass = opened(world, two.one)
    found = tasks(world, glass.pk)
    assert set(found) == {"glass_opened", "glass_opened_hub", "glass_opened_home", "glass_review"}
    assert found["glass_opened"].owner_id == two.one.owner_id
    assert found["glass_opened"].person_id
    assert found["glass_opened_hub"].owner_id == world.organisation("ministry").id
    assert found["glass_opened_home"].owner_id == world.actor(FIU).organisation_id
    assert found["glass_opened_home"].person_id != glass.person_id
    assert found["glass_review"].due_at - glass.opened_at == timedelta(hours=72)
    (line,) = lines(world, "break_glass:opened")
    assert line["purpose"] == "access_control" and line["facts"]["case"] == str(two.one.id)
    assert WHY not in json.dumps(line)


def test_the_hubs_desk_finds_and_ends_its_task(world: World, two: Two) -> None:
    glass = opened(world, two.one)
    task, desk = tasks(world, glass.pk)["glass_opened_hub"], client(HUB)
    assert f"/tasks/{task.pk}/finish" in desk.get("/tasks").content.decode()
    assert desk.post(f"/tasks/{task.pk}/finish").status_code == 302
    assert tasks(world, glass.pk)["glass_opened_hub"].done_at


def test_each_look_and_each_refusal_is_a_line(world: World, two: Two) -> None:
    glass, who = opened(world, two.one), world.actor(FIU)
    for _ in range(2):
        with world.acting(who) as at, glass_operations.through(glass, by=who, at=at):
            pass
    assert len(lines(world, "break_glass:looked")) == 2
    page = client(FIU).post("/break-glass/open", {"reference": two.other.reference, "danger": "",
                                                 "ground": WHY, "minutes": "15"})  # fmt: skip
    assert page.status_code == 422
    assert lines(world, "break_glass:refused")[0]["facts"]["code"] == "danger"


def test_three_in_a_week_are_told_to_the_hubs_desk(world: World, two: Two) -> None:
    first = opened(world, two.one)
    world.run("update cases_breakglass set ended_at = now()")
    second = opened(world, two.one)
    world.run("update cases_breakglass set ended_at = now()")
    third = opened(world, two.other)
    often = [name for g in (first, second, third) for name in tasks(world, g.pk)].count(
        "glass_often"
    )
    assert often == 1 and "glass_often" in tasks(world, third.pk)


# What is refused


def test_what_it_needs(world: World, two: Two) -> None:
    assert refused(world, two.one, ground="Urgent.") == "ground_missing"
    assert refused(world, two.one, danger="curiosity") == "danger"
    assert refused(world, two.one, minutes=61) == "minutes"
    assert refused(world, two.one, reference="NO-SUCH-CASE") == "no_such_case"
    assert refused(world, two.one, by=DUTY_OFFICER) == "open_as_it_is"
    for role in (HEAD, HUB, "mila.linden"):
        assert refused(world, two.one, by=role) == "not_for_this_role"
    opened(world, two.one)
    assert refused(world, two.one) == "open_already"


def test_references_are_not_guessed_with_it(world: World, two: Two) -> None:
    who = client(FIU)
    told = [
        who.post("/break-glass/open", {"reference": f"RC-{n:04}", "danger": "life",
                                       "ground": WHY, "minutes": "15"}).content.decode()
        for n in range(11)
    ]  # fmt: skip
    assert "There is no case with this reference" in told[9]
    assert "Too many references that are not there" in told[10]


# The review


def close(world: World, glass: BreakGlass, by: str = FIU) -> None:
    with world.acting(who := world.actor(by)) as at:
        glass_operations.end(glass_id=glass.pk, by=who, at=at)


def judge(world: World, glass: BreakGlass, by: str, *, is_justified: bool = True) -> None:
    with world.acting(who := world.actor(by)) as at:
        glass_operations.review(
            glass_id=glass.pk, is_justified=is_justified, note="The call is on record; it was so.",
            by=who, at=at,
        )  # fmt: skip


@pytest.mark.parametrize("by", [HEAD, HUB])
def test_whose_case_it_is_or_the_hub_reviews(world: World, two: Two, by: str) -> None:
    glass = opened(world, two.one)
    close(world, glass)
    judge(world, glass, by)
    assert tasks(world, glass.pk)["glass_review"].done_at
    assert lines(world, "break_glass:reviewed")[0]["facts"]["person_of"] == str(glass.person_id)
    with pytest.raises(GlassRefused):
        judge(world, glass, by)


def test_nobody_reviews_what_they_opened_or_what_is_open(world: World, two: Two) -> None:
    glass = opened(world, two.one)
    with pytest.raises(GlassRefused, match="still open"):
        judge(world, glass, HEAD)
    close(world, glass, HEAD)
    for by in (FIU, "jelena.police"):
        with pytest.raises(GlassRefused):
            judge(world, glass, by)
    # Also who changed sides meanwhile is the same natural person.
    world.run("update members_mandate set person_id = %s, role = 'prosecutor' where id = %s",
              glass.person_id, world.actor("jelena.police").mandate_id)  # fmt: skip
    with pytest.raises(DatabaseError), world.acting(world.actor(HEAD)):
        with connection.cursor() as cursor:
            cursor.execute("select set_config('recoup.person', %s, true)", [str(glass.person_id)])
            cursor.execute("select glass_review(%s, true, 'x')", [glass.pk])


def test_an_unjustified_look_goes_to_the_head_of_who_looked(world: World, two: Two) -> None:
    glass = opened(world, two.one)
    close(world, glass)
    judge(world, glass, HEAD, is_justified=False)
    told = tasks(world, glass.pk)["glass_unjustified"]
    assert told.owner_id == glass.organisation_id and told.person_id != glass.person_id


def test_a_review_that_nobody_writes_escalates_once(world: World, two: Two) -> None:
    glass = opened(world, two.one)
    world.sweep()
    assert "glass_late" not in tasks(world, glass.pk)
    world.run("update cases_breakglass set opened_at = opened_at - interval '73 hours', "
              "until = until - interval '73 hours'")  # fmt: skip
    world.sweep()
    world.sweep()
    with as_owner():
        late = list(Task.objects.filter(about=glass.pk, kind="glass_late").order_by("level"))
    assert [row.owner_id for row in late] == [
        world.organisation("ministry").id, glass.owner_id
    ]  # fmt: skip
    with as_planner():
        assert glass_operations.escalate(at=world.now()) == 0


# The pages


def test_the_pages_from_asking_to_the_review(world: World, two: Two) -> None:
    who = client(FIU)
    form = {"reference": two.one.reference.lower(), "danger": "life", "ground": WHY,
            "minutes": "15"}  # fmt: skip
    answer = who.post("/break-glass/open", form)
    assert answer.status_code == 302, answer.content.decode()
    shown = who.get(answer["Location"]).content.decode()
    assert two.one.reference in shown and two.other.reference not in shown
    assert "You look into" in who.get("/cases").content.decode()
    assert two.one.reference not in client("olga.prosecutor").get("/cases").content.decode()
    assert who.get(f"/cases/{two.one.id}").status_code == 404
    assert WHY in client(HEAD).get("/log").content.decode()
    assert who.post(f"{answer['Location']}/end").status_code == 302
    assert who.get(answer["Location"]).status_code == 409
    assert "You look into" not in who.get("/cases").content.decode()
    waiting = client(HEAD).get("/break-glass").content.decode()
    assert "Waits for a review" in waiting and WHY in waiting
    form = {"verdict": "justified", "note": "The call is on record."}
    done = client(HEAD).post(f"{answer['Location']}/review", form)
    assert done.status_code == 302
    assert client("mila.linden").get("/break-glass").status_code == 403


def test_it_is_asked_for_with_a_second_factor() -> None:
    from recoup.data.policy import load_policy

    for act in ("break_glass:open", "break_glass:review"):
        assert load_policy().needs_step_up(act, is_writing=True)
