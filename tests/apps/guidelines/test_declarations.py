"""A declaration: who may tell it, that it is kept as it was told, and that the trail has it."""

from __future__ import annotations

import json
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.utils import ProgrammingError
from django.utils import timezone

from recoup.apps.guidelines import operations, queries
from recoup.apps.guidelines.checklist import checklist_of
from recoup.apps.guidelines.models import Declaration
from recoup.core.access import Actor, PersonNeeded
from recoup.core.guidelines import Control, Level, NewDeclaration, Side, State
from recoup.data.guidelines import load_guidelines
from support.world import OFFICER, World

BOSS = "boris.quince"
WRITTEN = NewDeclaration(Level.WRITTEN, "Rules of the desk, shelf 3", date(2026, 1, 2))


def control(name: str) -> Control:
    found = load_guidelines().control(name)
    assert found is not None
    return found


def declare(
    world: World, login: str, name: str, new: NewDeclaration = WRITTEN, *,
    later: timedelta = timedelta(0),
) -> Declaration:  # fmt: skip
    with world.acting(by := world.actor(login)) as at:
        return operations.declare(control=control(name), new=new, by=by, at=at + later)


def state(world: World, login: str, name: str) -> State:
    with world.acting(actor := world.actor(login)) as at:
        found = checklist_of(actor, at=at)
    return next(line.standing.state for line in found.lines if line.control.control == name)


def test_it_stands_with_who_and_when_and_the_trail_has_its_line(world: World) -> None:
    row = declare(world, BOSS, "P-05")
    assert (row.person_id, row.role) == (world.actor(BOSS).person_id, "supervisor")
    [[body]] = world.run(
        "select body from audit_auditleaf where stream = %s",
        f"guideline:{row.organisation_id}:P-05",
    )  # fmt: skip
    told = json.loads(bytes(body))
    assert told["what"] == "guideline:declared"
    assert told["facts"]["level"] == 2
    assert "shelf 3" not in bytes(body).decode()
    assert state(world, BOSS, "P-05") is State.DECLARED


def test_the_last_counts_and_the_earlier_ones_stay(world: World) -> None:
    declare(world, BOSS, "P-05")
    declare(world, BOSS, "P-05", NewDeclaration(Level.ABSENT), later=timedelta(minutes=1))
    assert state(world, BOSS, "P-05") is State.OPEN
    with world.acting(actor := world.actor(BOSS)):
        assert [d.level for d in queries.declarations_of(actor, "P-05")] == [0, 2]
        assert queries.last_declarations(actor)["P-05"].level == 0


def test_an_old_one_counts_as_one_level_less(world: World) -> None:
    today = timezone.localdate(world.now())
    old = today - timedelta(days=370)
    declare(world, BOSS, "P-05", NewDeclaration(Level.WRITTEN, "Rules", old))
    declare(world, BOSS, "P-06", NewDeclaration(Level.WRITTEN, "Rules", old, today))
    declare(world, BOSS, "P-03", NewDeclaration(Level.MEASURED, "Rules", old))
    assert state(world, BOSS, "P-05") is State.INFORMAL
    assert state(world, BOSS, "P-06") is State.DECLARED
    assert state(world, BOSS, "P-03") is State.DECLARED


def test_the_other_side_s_controls_and_the_future_are_refused(world: World) -> None:
    with pytest.raises(operations.DeclarationRefused, match="P-05 is for the other side"):
        declare(world, OFFICER, "P-05")
    tomorrow = timezone.localdate(world.now()) + timedelta(days=1)
    with pytest.raises(operations.DeclarationRefused, match="has not come yet"):
        declare(world, BOSS, "P-05", NewDeclaration(Level.WRITTEN, "Rules", tomorrow))
    assert world.run("select 1 from audit_auditleaf where stream like 'guideline:%%'") == []


def test_only_a_named_person_declares(world: World) -> None:
    boss = world.actor(BOSS)
    hub = Actor(boss.organisation_id, boss.organisation_kind, boss.organisation_name, "hub")
    with world.acting(hub) as at, pytest.raises(PersonNeeded):
        operations.declare(control=control("P-05"), new=WRITTEN, by=hub, at=at)


def test_another_organisation_does_not_see_it(world: World) -> None:
    declare(world, BOSS, "C-03")
    for login, seen in [("ana.plum", 0), (OFFICER, 0), (BOSS, 1)]:
        with world.acting(world.actor(login)):
            assert Declaration.objects.count() == seen, login


@pytest.mark.parametrize("statement", ["update guidelines_declaration set level = 3",
                                       "delete from guidelines_declaration"])  # fmt: skip
def test_nobody_changes_one_not_even_the_owner(world: World, statement: str) -> None:
    declare(world, BOSS, "P-05")
    with world.acting(world.actor(BOSS)), pytest.raises(ProgrammingError):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    with pytest.raises(ProgrammingError, match="never changed"), transaction.atomic():
        world.run(statement)


def test_nobody_declares_in_the_name_of_another_person(world: World) -> None:
    boss, other = world.actor(BOSS), world.actor("ana.plum")
    row = {"control": "P-05", "level": 1, "role": "supervisor"}
    for organisation, person in [
        (boss.organisation_id, other.person_id), (other.organisation_id, boss.person_id),
    ]:  # fmt: skip
        with world.acting(boss) as at, pytest.raises(ProgrammingError), transaction.atomic():
            Declaration.objects.create(
                **row, organisation_id=organisation, person_id=person, declared_at=at
            )


@pytest.mark.parametrize(
    "wrong",
    [{"level": 4}, {"level": 2}, {"level": 2, "evidence": "x"},
     {"level": 1, "dated": date(2026, 1, 2), "reviewed_on": date(2026, 1, 1)}],
)  # fmt: skip
def test_the_table_refuses_what_the_rules_refuse(world: World, wrong: dict[str, object]) -> None:
    boss = world.actor(BOSS)
    with world.acting(boss) as at, pytest.raises(IntegrityError), transaction.atomic():
        Declaration.objects.create(
            **wrong, control="P-05", organisation_id=boss.organisation_id,
            person_id=boss.person_id, role="supervisor", declared_at=at,
        )  # fmt: skip


def test_each_organisation_has_its_own_side(world: World) -> None:
    for login, side, count in [
        (OFFICER, Side.LAW_ENFORCEMENT, 33), (BOSS, Side.PROVIDER, 27),
    ]:  # fmt: skip
        with world.acting(actor := world.actor(login)) as at:
            found = checklist_of(actor, at=at)
        assert list(found.by_side) == [Side.COMMON, side]
        assert len(found.lines) == count == found.whole.total
        assert len(found.lines) + len(found.other_side) == 53
