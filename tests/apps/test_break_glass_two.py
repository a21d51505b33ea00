"""Break-glass by two: alone one reads; who joins is another; then two acts, told and reviewed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import Client

from recoup.apps.cases import glass_operations, glass_queries
from recoup.apps.cases.glass_operations import GlassRefused
from recoup.apps.cases.models import BreakGlass, Case, CaseEvent, Task
from recoup.apps.guidelines.emergencies import Looks, looks_of
from recoup.apps.holds.models import Claim, PlanWanted
from recoup.apps.members.models import Login, Organisation
from recoup.core.access import Actor
from support.requests import Desk
from support.roles import as_owner, as_planner
from support.world import FIU, OFFICER, PROSECUTOR, World, iban

HEAD, HUB, CLERK = "nada.police", "vida.hub", "mila.linden"
WHY = "A threat to kill the victim was called in, and the police desk does not answer."
NOTE = "The caller names the flat where she is held; send a patrol at once."


@dataclass
class Glass:
    """A case of the police that the intelligence unit looks into; second: a colleague there."""

    case: Case
    row: BreakGlass
    first: Actor
    second: Actor


def case_of_the_police(world: World, n: int = 30071) -> Case:
    filed = world.report(payer=iban("walnut", n), payee=iban("sparrow", n + 1), amount=31_00)
    world.plan()
    return world.case_of(filed)


def opened(world: World, case: Case, first: Actor) -> BreakGlass:
    with world.acting(first) as at:
        return glass_operations.open_glass(
            reference=case.reference, danger="life", ground=WHY, minutes=30, by=first, at=at
        )


@pytest.fixture
def glass(world: World) -> Glass:
    first, case = world.actor(FIU), case_of_the_police(world)
    second = Desk(world).enrol(code_of(first), "fiu_officer", name="Sanja Sova")
    return Glass(case, opened(world, case, first), first, second)


def join(world: World, glass: Glass, by: Actor | None = None) -> BreakGlass:
    who = by or glass.second
    with world.acting(who) as at:
        return glass_operations.join(glass_id=glass.row.pk, by=who, at=at)


def act(world: World, glass: Glass, what: str = "note", by: Actor | None = None) -> None:
    who = by or glass.first
    with world.acting(who) as at:
        glass_operations.act(glass_id=glass.row.pk, what=what, note=NOTE, by=who, at=at)


def refused(function: Any, *given: Any) -> str:
    with pytest.raises(GlassRefused) as problem:
        function(*given)
    return problem.value.code


def end(world: World, glass: Glass, who: Actor) -> None:
    with world.acting(who) as at:
        glass_operations.end(glass_id=glass.row.pk, by=who, at=at)


def judge(world: World, glass: Glass, who: Actor, *, is_justified: bool = True) -> None:
    with world.acting(who) as at:
        glass_operations.review(
            glass_id=glass.row.pk, is_justified=is_justified, by=who, at=at,
            note="The call is on record; it was so.",
        )  # fmt: skip


def events(glass: Glass) -> list[CaseEvent]:
    with as_owner():
        return list(CaseEvent.objects.filter(case=glass.case, what__startswith="glass_"))


def lines(world: World, what: str) -> list[dict[str, Any]]:
    rows = world.run("select convert_from(body, 'utf8') from audit_auditleaf order by recorded_at")
    return [line for (text,) in rows if (line := json.loads(text))["what"] == what]


def kinds(world: World) -> dict[str, Task]:
    with as_owner():
        return {row.kind: row for row in Task.objects.filter(kind__startswith="glass_")}


def client(login: str) -> Client:
    made = Client()
    made.force_login(Login.objects.get(username=login))
    return made


def code_of(actor: Actor) -> str:
    return str(Organisation.objects.get(pk=actor.organisation_id).code)


def login_of(actor: Actor) -> str:
    return str(Login.objects.get(person_id=actor.person_id).username)


# Alone one only reads


@pytest.mark.parametrize("what", glass_operations.ACTS)
def test_alone_one_only_reads(world: World, glass: Glass, what: str) -> None:
    assert refused(act, world, glass, what) == "alone"
    page = client(FIU).post(f"/break-glass/{glass.row.pk}/act", {"act": what, "note": NOTE})
    assert page.status_code == 422 and events(glass) == []
    assert lines(world, "break_glass:act_refused")[0]["facts"]["code"] == "alone"


def test_who_has_not_joined_does_not_see_the_case(world: World, glass: Glass) -> None:
    assert seen(world, glass.second, glass.case) == []
    join(world, glass)
    assert seen(world, glass.second, glass.case) == [glass.case.pk]
    assert seen(world, glass.first, glass.case) == [glass.case.pk]


def seen(world: World, who: Actor, case: Case) -> list[Any]:
    with world.acting(who), connection.cursor() as cursor:
        cursor.execute("select set_config('recoup.glass', %s, true)", [str(case.pk)])
        found = list(Case.objects.values_list("id", flat=True))
        cursor.execute("select set_config('recoup.glass', '', true)")
        return found


# Who joins


def test_one_does_not_join_oneself(world: World, glass: Glass) -> None:
    assert refused(join, world, glass, glass.first) == "same_person"
    world.run(
        "update members_person set email = (select upper(email) from members_person where id = %s)"
        " where id = %s", glass.first.person_id, glass.second.person_id,
    )  # fmt: skip
    assert refused(join, world, glass) == "same_person"


def test_one_joins_and_no_third(world: World, glass: Glass) -> None:
    assert join(world, glass).joined_by_id == glass.second.person_id
    third = Desk(world).enrol(code_of(glass.first), "fiu_officer")
    assert refused(join, world, glass, third) == "joined_already"


@pytest.mark.parametrize("by", [HEAD, PROSECUTOR, OFFICER, HUB])
def test_no_other_organisation_joins_the_intelligence_unit(
    world: World, glass: Glass, by: str
) -> None:
    assert refused(join, world, glass, world.actor(by)) in {"not_for_this_role", "not_there"}
    with world.acting(world.actor(by)), connection.cursor() as cursor:
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute("select glass_join(%s)", [glass.row.pk])


def test_the_office_that_directs_the_police_joins_them(world: World) -> None:
    case, who = case_of_the_police(world), world.actor(OFFICER)
    heron = world.organisation("heron").id
    world.run("delete from cases_casemember where case_id = %s", case.pk)
    world.run("update cases_case set owner_id = %s where id = %s", heron, case.pk)
    found = Glass(case, opened(world, case, who), who, world.actor(PROSECUTOR))
    with world.acting(found.second) as at:
        assert [row.pk for row in glass_queries.to_join(found.second, at=at)] == [found.row.pk]
    join(world, found)
    act(world, found, by=found.second)
    end(world, found, found.second)
    assert {"glass_joined_home", "glass_acted_note"} <= set(kinds(world))


def test_the_directing_office_sees_nothing_that_is_over(world: World) -> None:
    case, who, office = case_of_the_police(world), world.actor(OFFICER), world.actor(PROSECUTOR)
    world.run("delete from cases_casemember where case_id = %s", case.pk)
    world.run("update cases_case set owner_id = %s where id = %s",
              world.organisation("heron").id, case.pk)  # fmt: skip
    found = Glass(case, opened(world, case, who), who, office)
    end(world, found, who)
    with world.acting(office):
        assert not BreakGlass.objects.exists()
    assert refused(join, world, found) == "not_there"


@pytest.mark.parametrize("change", ["ended_at = now()", "until = now()"])
def test_nobody_joins_or_writes_when_it_is_over(world: World, glass: Glass, change: str) -> None:
    late = "update cases_breakglass set opened_at = now() - interval '20 minutes', "
    world.run(late + change)
    assert refused(join, world, glass) == "over"
    world.run("update cases_breakglass set ended_at = null, until = now() + interval '9 minutes'")
    join(world, glass)
    world.run("update cases_breakglass set joined_at = now() - interval '9 minutes', " + change)
    assert refused(act, world, glass) == "over"


# What two may do


@pytest.mark.parametrize("by", ["first", "second"])
def test_either_writes_a_word_that_whose_case_it_is_reads(
    world: World, glass: Glass, by: str
) -> None:
    join(world, glass)
    act(world, glass, by=getattr(glass, by))
    (event,) = events(glass)
    assert event.values["ground"] == NOTE and glass.second.person_name in event.who
    assert NOTE in client(OFFICER).get(f"/cases/{glass.case.pk}").content.decode()
    told = kinds(world)["glass_acted_note"]
    assert told.owner_id == glass.case.owner_id and told.person_id and told.due_at > told.opened_at


def test_two_adopt_a_report_and_the_planner_is_asked(world: World, glass: Glass) -> None:
    join(world, glass)
    act(world, glass, "adopt")
    with as_owner():
        (claim,) = Claim.objects.filter(case=glass.case)
        assert claim.adopted_by_id == glass.first.person_id
        assert PlanWanted.objects.filter(case=glass.case).exists()
    assert refused(act, world, glass, "adopt") == "nothing_to_adopt"
    world.plan()


@pytest.mark.parametrize("what", ["close", "", "note; drop table cases_case"])
def test_nothing_else_is_done(world: World, glass: Glass, what: str) -> None:
    join(world, glass)
    assert refused(act, world, glass, what) == "no_such_act"
    with world.acting(glass.first), connection.cursor() as cursor:
        with pytest.raises(DatabaseError), transaction.atomic():
            cursor.execute("select glass_act(%s, %s, 'x')", [glass.row.pk, what])


def test_no_third_hand_writes(world: World, glass: Glass) -> None:
    join(world, glass)
    for who in (Desk(world).enrol(code_of(glass.first), "fiu_officer"), world.actor(HEAD)):
        assert refused(act, world, glass, "note", who) == "not_for_this_role"


@pytest.mark.parametrize("who", ["first", "second"])
def test_an_ended_mandate_of_either_ends_the_writing(world: World, glass: Glass, who: str) -> None:
    join(world, glass)
    world.run("update members_mandate set valid_until = now() where id = %s",
              getattr(glass, who).mandate_id)  # fmt: skip
    other = glass.second if who == "first" else glass.first
    assert refused(act, world, glass, "note", other) == "not_for_this_role"


@pytest.mark.parametrize("sql", [
    "update cases_breakglass set joined_by_id = person_id",
    "update cases_breakglass set acts = 9",
    "insert into cases_caseevent (id, case_id, at, what, who, values) values "
    "(gen_random_uuid(), %(case)s, now(), 'glass_note', '', '{}')",
])  # fmt: skip
def test_also_joined_no_statement_of_the_pages_writes(world: World, glass: Glass, sql: str) -> None:
    join(world, glass)
    with world.acting(glass.first) as at:
        with glass_operations.through(glass.row, by=glass.first, at=at):
            with connection.cursor() as cursor, pytest.raises(DatabaseError), transaction.atomic():
                cursor.execute(sql, {"case": glass.case.pk})


def test_each_line_of_the_two_names_both(world: World, glass: Glass) -> None:
    row = join(world, glass)
    act(world, glass)
    with world.acting(glass.first) as at, glass_operations.through(row, by=glass.first, at=at):
        pass
    end(world, glass, glass.second)
    both = {"opened_by": str(glass.first.person_id), "joined_by": str(glass.second.person_id)}
    for what in ("joined", "acted", "looked", "ended"):
        (line,) = lines(world, f"break_glass:{what}")
        assert line["facts"].items() >= both.items(), what
    assert NOTE not in json.dumps(lines(world, "break_glass:acted"))


# The end, and the review


@pytest.mark.parametrize("who", ["first", "second"])
def test_either_ends_it(world: World, glass: Glass, who: str) -> None:
    join(world, glass)
    end(world, glass, getattr(glass, who))
    assert refused(act, world, glass) == "over"
    assert seen(world, glass.second, glass.case) == []


def test_who_took_part_does_not_review(world: World, glass: Glass) -> None:
    join(world, glass)
    end(world, glass, glass.first)
    world.run("update members_mandate set role = 'hub_officer' where id = %s",
              glass.second.mandate_id)  # fmt: skip
    second = Actor(glass.second.organisation_id, "ministry", "x", "hub_officer",
                   glass.second.person_id)  # fmt: skip
    with world.acting(second) as at:
        assert not glass_queries.to_review(second, at=at).exists()
    assert refused(judge, world, glass, second) == "not_for_this_role"
    judge(world, glass, world.actor(HEAD))


def test_the_review_is_taken_from_who_joins(world: World) -> None:
    """The office is whose case it is, and one of it joins: another of it reviews, or nobody yet."""
    case, who = case_of_the_police(world), world.actor(OFFICER)
    office = world.actor(PROSECUTOR)
    other = Desk(world).enrol(code_of(office), "prosecutor")
    world.run("delete from cases_casemember where case_id = %s", case.pk)
    world.run("update cases_case set owner_id = %s where id = %s", office.organisation_id, case.pk)
    found = Glass(case, opened(world, case, who), who, office)
    named = kinds(world)["glass_review"].person_id
    assert named in {office.person_id, other.person_id}
    joining = office if named == office.person_id else other
    join(world, found, joining)
    assert kinds(world)["glass_review"].person_id not in {joining.person_id, None}


def test_what_was_written_wrongly_goes_back_to_whose_case_it_is(world: World, glass: Glass) -> None:
    join(world, glass)
    act(world, glass)
    end(world, glass, glass.first)
    judge(world, glass, world.actor(HEAD), is_justified=False)
    found = kinds(world)
    assert found["glass_undo"].owner_id == glass.case.owner_id
    assert found["glass_undo"].due_at > found["glass_undo"].opened_at
    assert found["glass_unjustified"].person_id not in {
        glass.first.person_id, glass.second.person_id
    }  # fmt: skip


def test_a_late_review_names_nobody_who_took_part(world: World, glass: Glass) -> None:
    join(world, glass)
    world.run(
        "update cases_breakglass set opened_at = opened_at - interval '73 hours', "
        "until = until - interval '73 hours', joined_at = opened_at - interval '73 hours'"
    )
    with as_planner():
        assert glass_operations.escalate(at=world.now()) == 1
    assert kinds(world)["glass_late"].person_id not in {
        glass.first.person_id, glass.second.person_id
    }  # fmt: skip


def test_the_figures_count_looks(world: World, glass: Glass) -> None:
    join(world, glass)
    end(world, glass, glass.second)
    judge(world, glass, world.actor(HEAD), is_justified=False)
    for who, expected in (
        (glass.first, Looks(1, 1, 1, 1)),
        (world.actor(CLERK), Looks(0, 0, 0, 0)),
    ):
        with world.acting(who) as at:
            assert looks_of(who, since=at - timedelta(days=90)) == expected


# The pages


def test_the_pages_from_joining_to_a_word(world: World, glass: Glass) -> None:
    first, second = client(login_of(glass.first)), client(login_of(glass.second))
    where = f"/break-glass/{glass.row.pk}"
    assert "second person" in first.get(where).content.decode()
    assert first.post(f"{where}/act", {"act": "note", "note": NOTE}).status_code == 422
    assert second.get(where).status_code == 409
    assert f"{where}/join" in second.get("/break-glass").content.decode()
    assert second.post(f"{where}/join").status_code == 302
    assert "You look into" in second.get("/break-glass").content.decode()
    assert f"{where}/act" in second.get(where).content.decode()
    done = second.post(f"{where}/act", {"act": "note", "note": NOTE})
    assert done.status_code == 302, done.content.decode()
    assert NOTE in first.get(where).content.decode()
    assert client(PROSECUTOR).post(f"{where}/join").status_code == 404
    assert client("mila.linden").post(f"{where}/join").status_code == 403


def test_both_acts_ask_for_a_factor_of_ones_own() -> None:
    from recoup.data.policy import load_policy

    for one in ("break_glass:join", "break_glass:act"):
        assert load_policy().needs_step_up(one, is_writing=True)
