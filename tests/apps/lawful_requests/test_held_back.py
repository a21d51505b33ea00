"""Without a fresh checkpoint outside nothing coercive leaves, unless two persons say so."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from recoup.apps.audit import operations as audit
from recoup.apps.audit import override_operations, queries
from recoup.apps.audit.override_operations import OverrideRefused
from recoup.apps.audit.witness_operations import tell_witnesses
from recoup.apps.lawful_requests.models import Dispatch
from support.log import Log
from support.roles import as_planner
from support.world import DUTY_OFFICER, OFFICER, World, iban

PAYER, PAYEE = iban("plum", 10001), iban("quince", 20001)


@pytest.fixture
def drop(tmp_path: Path, settings: Any) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    settings.WITNESSES = f"authority=drop:{folder}"
    return folder


@pytest.fixture
def stale(world: World, drop: Path) -> World:
    """Something has been known to the hub alone for 25 hours."""
    by = world.actor(OFFICER)
    with world.acting(by) as at:
        audit.record(what="thing:done", about="thing:1", by=by, at=at - timedelta(hours=25))
    return world


def waiting() -> int:
    with as_planner():
        return Dispatch.objects.filter(sent_at=None).count()


def whats(world: World) -> list[str]:
    rows = world.run("select convert_from(body, 'UTF8') from audit_auditleaf order by recorded_at")
    return [json.loads(body)["what"] for (body,) in rows]


def report_and_plan(world: World) -> None:
    world.report(payer=PAYER, payee=PAYEE, amount=200_000)
    world.plan()


def override(world: World) -> None:
    with world.acting(by := world.actor(OFFICER)) as at:
        asked = override_operations.ask(ground="Money is leaving now.", by=by, at=at)
    with world.acting(by := world.actor(DUTY_OFFICER)) as at:
        override_operations.confirm(override_id=asked.id, by=by, at=at)


def test_with_a_fresh_checkpoint_tickets_leave(world: World, drop: Path) -> None:
    report_and_plan(world)
    assert world.inbox("plum") and waiting() == 0


def test_without_a_witness_nothing_is_asked(world: World) -> None:
    assert not queries.freshness().is_asked
    report_and_plan(world)
    assert world.inbox("plum")


def test_without_a_fresh_checkpoint_nothing_coercive_leaves(stale: World) -> None:
    report_and_plan(stale)
    assert not stale.inbox("plum") and not stale.inbox("quince")
    assert waiting() >= 2
    assert whats(stale).count("log:sends_stopped") == 1
    stale.plan()
    assert whats(stale).count("log:sends_stopped") == 1


def test_a_checkpoint_with_the_witness_lets_everything_leave(stale: World, tmp_path: Path) -> None:
    report_and_plan(stale)
    log = Log(tmp_path)
    assert log.checkpoint(stale.now()) is not None
    with as_planner():
        assert tell_witnesses(queries.witnesses(), at=stale.now()) == []
    stale.sweep()
    assert stale.inbox("plum") and waiting() == 0
    assert "log:sends_go_on" in whats(stale)


def test_an_override_of_two_persons_lets_them_leave(stale: World) -> None:
    report_and_plan(stale)
    override(stale)
    stale.sweep()
    assert stale.inbox("plum") and waiting() == 0
    told = whats(stale)
    assert "log:override_asked" in told and "log:override_confirmed" in told


def test_an_override_ends_by_itself(stale: World) -> None:
    override(stale)
    with as_planner():
        at = stale.now()
        assert override_operations.overridden(at=at) != []
        assert override_operations.overridden(at=at + timedelta(hours=8)) == []
        assert override_operations.overridden(at=at - timedelta(seconds=1)) == []


def test_one_person_alone_overrides_nothing(stale: World) -> None:
    with stale.acting(by := stale.actor(DUTY_OFFICER)) as at:
        asked = override_operations.ask(ground="Now.", by=by, at=at)
        with pytest.raises(OverrideRefused, match="Who asked does not confirm"):
            override_operations.confirm(override_id=asked.id, by=by, at=at)
    report_and_plan(stale)
    assert not stale.inbox("plum")
    assert "log:override_refused" in whats(stale)


def test_the_database_too_refuses_one_person_twice(stale: World) -> None:
    with stale.acting(by := stale.actor(DUTY_OFFICER)) as at:
        asked = override_operations.ask(ground="Now.", by=by, at=at)
        with pytest.raises(Exception, match="audit_override_two_persons"):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "update audit_auditoverride set confirmed_by = %s, confirmed_at = now(), "
                    "until = now() + interval '1 year' where id = %s",
                    [by.person_id, asked.id],
                )


def test_nobody_confirms_in_anothers_name(stale: World) -> None:
    with stale.acting(by := stale.actor(DUTY_OFFICER)) as at:
        asked = override_operations.ask(ground="Now.", by=by, at=at)
        with pytest.raises(Exception, match="row-level security"):
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(
                    "update audit_auditoverride set confirmed_by = %s, confirmed_at = now(), "
                    "until = now() where id = %s",
                    [stale.actor(OFFICER).person_id, asked.id],
                )


def test_another_organisation_confirms_nothing(stale: World) -> None:
    with stale.acting(by := stale.actor(OFFICER)) as at:
        asked = override_operations.ask(ground="Now.", by=by, at=at)
    other = stale.actor("olga.prosecutor")
    with stale.acting(other) as at, pytest.raises(OverrideRefused, match="does not wait"):
        override_operations.confirm(override_id=asked.id, by=other, at=at)


def test_what_waited_too_long_is_not_confirmed(stale: World) -> None:
    with stale.acting(by := stale.actor(OFFICER)) as at:
        asked = override_operations.ask(ground="Now.", by=by, at=at - timedelta(hours=1))
    with stale.acting(by := stale.actor(DUTY_OFFICER)) as at:
        with pytest.raises(OverrideRefused, match="does not wait"):
            override_operations.confirm(override_id=asked.id, by=by, at=at)


def test_without_a_ground_nothing_is_asked(stale: World) -> None:
    with stale.acting(by := stale.actor(OFFICER)) as at:
        with pytest.raises(OverrideRefused, match="why this cannot wait"):
            override_operations.ask(ground="  ", by=by, at=at)


@pytest.mark.breaks_invariants
def test_a_hold_that_lets_money_go_leaves_all_the_same(stale: World) -> None:
    """Freeing somebody's money is not coercion: a lower total is never kept back."""
    override(stale)
    report_and_plan(stale)
    stale.run("update audit_auditoverride set until = now()")
    hold = next(t for t in stale.tickets(measure="hold"))
    stale.run("update lawful_requests_ticket set kind = 'set', round = 2 where id = %s", hold.id)
    stale.run(
        "insert into lawful_requests_ticket select (jsonb_populate_record(t, jsonb_build_object("
        "'id', gen_random_uuid(), 'reference', 'T-EARLIER', 'round', 1, 'kind', 'first', "
        "'state', 'closed'))).* "
        "from lawful_requests_ticket t where id = %s",
        hold.id,
    )
    stale.run("update lawful_requests_ticket set state = 'authorised' where id = %s", hold.id)
    stale.run("update lawful_requests_dispatch set sent_at = null where ticket_id = %s", hold.id)
    from recoup.apps.lawful_requests import held_back

    with as_planner():
        assert [row.ticket_id for row in held_back.may_leave(at=stale.now())] == [hold.id]
    stale.run(
        "update lawful_requests_ticket set asked_minor = asked_minor + 1 where id = %s", hold.id
    )
    with as_planner():
        assert list(held_back.may_leave(at=stale.now())) == []
