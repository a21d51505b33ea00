"""Clocks act: overdue acknowledgement and answer ring desk, supervisor and issuing authority.

Time is moved by moving the deadlines: what is due in the database's own time fires.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from recoup.apps.lawful_requests import clock
from recoup.apps.members.models import Person
from recoup.data import load_pack
from support.roles import as_planner
from support.world import World, iban

FIRED = "select id, fired_at from lawful_requests_deadline where fired_at is not null order by id"


@pytest.fixture
def asked(world: World) -> World:
    """A report by the victim's bank; the bank without a system has been asked to hold."""
    world.report(
        payer=iban("plum", 10001), payee=iban("linden", 40001), amount=500_00,
        by=world.at_bank("plum"),
    )  # fmt: skip
    world.plan()
    return world


def pass_time(world: World, minutes: float, *, kind: str = "") -> None:
    """Move every clock that has not fired nearer, and let fire what is due."""
    world.run(
        "update lawful_requests_deadline set due_at = due_at - %s "
        "where fired_at is null and kind like %s",
        timedelta(minutes=minutes), f"{kind}%",
    )  # fmt: skip
    world.sweep()


def tasks(world: World, kind: str) -> list[tuple[Any, ...]]:
    """Overdue tasks about the hold at the bank without a system: level, desk, named person."""
    return world.run(
        "select k.level, o.code, p.full_name from cases_task k "
        "join members_organisation o on o.id = k.owner_id "
        "left join members_person p on p.id = k.person_id "
        "join lawful_requests_ticket t on t.id = k.about and t.measure = 'hold' "
        "where k.kind = %s order by k.level",
        kind,
    )


def test_the_clocks_of_a_ticket_are_those_of_the_law(asked: World) -> None:
    ticket = asked.ticket("linden", "hold")
    rule = load_pack(settings.COUNTRY).rule_for("hold")
    sent = asked.tickets(id=ticket["ticket"])[0].sent_at
    due = dict(
        asked.run(
            "select kind, due_at from lawful_requests_deadline where ticket_id = %s",
            ticket["ticket"],
        )
    )
    assert due["acknowledge"] - sent == rule.acknowledge_within
    assert due["answer"] - sent == rule.answer_within


def test_nothing_rings_before_its_time(asked: World) -> None:
    pass_time(asked, 4.9)
    assert tasks(asked, "acknowledge_overdue") == []


@pytest.mark.parametrize(("kind", "after"), [("acknowledge", 5), ("answer", 30)])
def test_overdue_rings_desk_then_supervisor_then_issuing_authority(
    asked: World, kind: str, after: int
) -> None:
    told = f"{kind}_overdue"
    pass_time(asked, after + 0.01, kind=kind)
    assert [row[:2] for row in tasks(asked, told)] == [(0, "linden")]
    pass_time(asked, 10, kind=kind)
    assert [row[:2] for row in tasks(asked, told)] == [(0, "linden"), (1, "linden")]
    pass_time(asked, 10, kind=kind)
    steps = tasks(asked, told)
    assert [row[:2] for row in steps] == [(0, "linden"), (1, "linden"), (2, "police")]
    assert all(name for _, _, name in steps), "each step names a person"


def test_the_named_person_holds_the_role_of_the_step(asked: World) -> None:
    pass_time(asked, 5.01, kind="acknowledge")
    pass_time(asked, 10, kind="acknowledge")
    pass_time(asked, 10, kind="acknowledge")
    named = [name for _, _, name in tasks(asked, "acknowledge_overdue")]
    roles = [
        set(Person.objects.get(full_name=name).mandates.values_list("role", flat=True))
        for name in named
    ]
    assert "supervisor" in roles[1]
    assert roles[2] & {"duty_officer", "officer", "unit_head"}


def test_each_clock_fires_once_whatever_restarts_happen(asked: World) -> None:
    pass_time(asked, 5.01, kind="acknowledge")
    fired = asked.run(
        "select id, fired_at from lawful_requests_deadline where fired_at is not null"
    )
    for _ in range(3):
        asked.sweep()
        with as_planner():
            assert clock.fire_due(pack=load_pack(settings.COUNTRY), at=asked.now()) == 0
    again = asked.run(
        "select id, fired_at from lawful_requests_deadline where fired_at is not null"
    )
    assert again == fired
    assert len(tasks(asked, "acknowledge_overdue")) == 1


def test_a_worker_that_slept_for_a_day_fires_every_step_once(asked: World) -> None:
    for _ in range(4):
        pass_time(asked, 24 * 60, kind="acknowledge")
    assert [row[0] for row in tasks(asked, "acknowledge_overdue")] == [0, 1, 2]


def test_what_was_acknowledged_in_time_rings_nobody(asked: World) -> None:
    ticket = asked.ticket("linden", "hold")
    asked.acknowledge("linden", ticket["ticket"])
    pass_time(asked, 6, kind="acknowledge")
    assert tasks(asked, "acknowledge_overdue") == []
    outcome = asked.run(
        "select outcome from lawful_requests_deadline where ticket_id = %s and kind = "
        "'acknowledge'", ticket["ticket"],
    )  # fmt: skip
    assert outcome == [("in_time",)]


def test_a_ticket_that_was_answered_rings_nobody(asked: World) -> None:
    ticket = asked.ticket("linden", "hold")
    asked.answer("linden", {"ticket": ticket["ticket"], "code": "not_ours"})
    pass_time(asked, 24 * 60)
    assert tasks(asked, "acknowledge_overdue") == []
    assert tasks(asked, "answer_overdue") == []


def test_every_step_stands_in_the_audit_trail(asked: World) -> None:
    pass_time(asked, 5.01, kind="acknowledge")
    ticket = asked.ticket("linden", "hold")
    told = asked.run(
        "select count(*) from audit_auditleaf where stream = %s "
        "and convert_from(body, 'UTF8') like '%%acknowledge_overdue%%'",
        f"ticket:{ticket['ticket']}",
    )
    assert told == [(1,)]


def test_a_clock_of_a_silent_bank_lapses_its_other_tickets(asked: World) -> None:
    pass_time(asked, 24 * 60 * 11, kind="lapse")
    states = {t.measure: t.state for t in asked.tickets() if t.measure != "hold"}
    assert set(states.values()) == {"lapsed"}
    assert states


# The ladder names another person at each step


def ladder(world: World, minutes: tuple[float, ...] = (5.01, 10, 10)) -> list[str]:
    """Who was named at each step of the acknowledgement's ladder."""
    for one in minutes:
        pass_time(world, one, kind="acknowledge")
    return [name for _, _, name in tasks(world, "acknowledge_overdue")]


def nobody_else(world: World) -> list[bool]:
    rows = world.run(
        "select k.level, k.values->>'nobody_else' = 'true' from cases_task k "
        "join lawful_requests_ticket t on t.id = k.about and t.measure = 'hold' "
        "where k.kind = 'acknowledge_overdue' order by k.level"
    )
    return [bool(alone) for _, alone in rows]


def leave(world: World, *logins: str) -> None:
    """These people's mandates have ended."""
    world.run(
        "update members_mandate set valid_until = now() - interval '1 hour' where person_id in "
        "(select person_id from members_login where username = any(%s))", list(logins),
    )  # fmt: skip


def test_each_step_of_the_ladder_names_somebody_else(asked: World) -> None:
    names = ladder(asked)
    assert len(set(names)) == 3
    assert nobody_else(asked) == [False, False, False]


def test_without_a_second_supervisor_a_colleague_is_named(asked: World) -> None:
    desk = ladder(asked, (5.01,))
    others = {"zlata.linden": "Zlata Hladovina", "dara.linden": "Dara Senovita"}
    leave(asked, next(login for login, name in others.items() if name not in desk))
    named = ladder(asked, (10,))
    assert named[1] != named[0]
    assert named[1] in ("Mila Lipovača", "Goran Kišobranac")


def test_where_there_is_nobody_else_the_same_person_is_named_and_the_task_says_so(
    asked: World,
) -> None:
    leave(asked, "mila.linden", "goran.linden", "zlata.linden")
    named = ladder(asked)
    assert named[:2] == ["Dara Senovita", "Dara Senovita"]
    assert named[2] not in named[:2]
    assert nobody_else(asked) == [False, True, False]
    client = Client()
    client.cookies["sessionid"] = asked.session_of("dara.linden")
    text = client.get("/tasks").content.decode()
    assert text.count("No other person of this desk has a mandate") == 1


def test_a_desk_without_anybody_names_nobody(asked: World) -> None:
    leave(asked, "mila.linden", "goran.linden", "zlata.linden", "dara.linden")
    assert ladder(asked, (5.01, 10)) == [None, None]
