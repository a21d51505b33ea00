"""A case's members trace the same facts as the planner; nobody else gets one of them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection

from recoup.apps.holds import case_ledger, facts, operations
from recoup.apps.holds.models import Trail
from recoup.core import chain
from recoup.core.tracing import RULES
from support.bank import Banks, Ledger
from support.case_pages import hand_over
from support.chain import report
from support.roles import as_planner
from support.world import OFFICER, PROSECUTOR


def followed(ledger: Ledger) -> Any:
    """Two victims on one account of which one booking goes through all of it."""
    paid = ledger.pay("victim", "first", 50_000, minute=10)
    ledger.pay("first", "cash", 10_000, minute=12)
    ledger.pay("first", "second", 40_000, minute=14)
    ledger.pay("second", "third", 30_000, minute=16)
    other = ledger.pay("victim", "second", 7_000, minute=15)
    filed, also = report(ledger, paid), report(ledger, other)
    Banks(ledger).run()
    return ledger.world.case_of(filed), ledger.world.case_of(also)


def as_sets(known: chain.Facts) -> dict[str, Any]:
    names = ("accounts", "claims", "windows", "sides", "destinations")
    return {name: set(getattr(known, name)) for name in names}


def test_members_read_the_same_facts_as_the_planner(ledger: Ledger) -> None:
    case, _ = followed(ledger)
    with ledger.world.acting(ledger.world.actor(OFFICER)):
        found = case_ledger.ledger_of(case.id)
    assert found is not None
    accounts = sorted(UUID(account.id) for account in found.facts.accounts)
    with as_planner():
        assert facts.closure(accounts[:1]) == accounts
        planned = facts.load(accounts)
    assert as_sets(found.facts) == as_sets(planned)
    own = [hold for hold in planned.holds if hold.case == str(case.id)]
    assert [(h.account, h.held, h.asked) for h in sorted(found.facts.holds, key=str)] == [
        (h.account, h.held, h.asked) for h in sorted(own, key=str)
    ]


def test_the_holding_rule_gives_the_trail_that_is_stored(ledger: Ledger) -> None:
    case, _ = followed(ledger)
    with ledger.world.acting(ledger.world.actor(OFFICER)):
        found = case_ledger.ledger_of(case.id)
        assert found is not None
        stored = set(
            Trail.objects.filter(case=case, rule="fifo").values_list(
                "account_id", "inn", "held", "lying", "moved", "spent", "returned", "unknown"
            )
        )
    own = {claim.id for claim in found.claims}
    traced = {
        (UUID(r.account), r.inn, r.held, r.lying, r.moved, r.spent, r.returned, r.unknown)
        for r in found.under("fifo").rows
        if r.claim in own
    }
    assert traced == stored and stored


def test_only_members_read_the_facts_of_a_case(ledger: Ledger) -> None:
    case, _ = followed(ledger)
    world = ledger.world
    for login in (PROSECUTOR, "mila.linden"):
        with world.acting(world.actor(login)):
            assert case_ledger.ledger_of(case.id) is None
    with world.acting(world.at_bank("quince")):
        assert case_ledger.ledger_of(case.id) is None
    hand_over(world, case)
    with world.acting(world.actor(PROSECUTOR)):
        assert case_ledger.ledger_of(case.id) is not None


def test_each_transfer_has_its_source(ledger: Ledger) -> None:
    case, _ = followed(ledger)
    with ledger.world.acting(ledger.world.actor(OFFICER)):
        found = case_ledger.ledger_of(case.id)
        assert found is not None
    for rule in RULES:
        traced, sources = found.working(rule)
        assert {transfer.id for transfer in traced.transfers} <= sources.keys()
    assert {source.kind for source in sources.values()} == {"ticket"}
    assert all(source.reference and source.place for source in sources.values())


@pytest.mark.parametrize("bound", ["ACCOUNTS_AT_MOST", "BOOKINGS_AT_MOST"])
def test_what_is_too_large_to_wait_for_is_refused(
    ledger: Ledger, monkeypatch: Any, bound: str
) -> None:
    case, _ = followed(ledger)
    monkeypatch.setattr(case_ledger, bound, 2)
    with (
        ledger.world.acting(ledger.world.actor(OFFICER)),
        pytest.raises(case_ledger.TooManyAccounts),
    ):
        case_ledger.ledger_of(case.id)


def test_what_is_too_much_is_given_up_before_all_of_it_was_looked_for(
    ledger: Ledger, monkeypatch: Any
) -> None:
    """The bookings were counted once every account was found: the two of the first layer do."""
    case, _ = followed(ledger)
    monkeypatch.setattr(case_ledger, "ACCOUNTS_AT_MOST", 2)
    monkeypatch.setattr(case_ledger, "BOOKINGS_AT_MOST", 1)
    with (
        ledger.world.acting(ledger.world.actor(OFFICER)),
        pytest.raises(case_ledger.TooManyAccounts, match="More than 1 bookings are connected"),
    ):
        case_ledger.ledger_of(case.id)


def test_nobody_waits_longer_than_the_bound_and_the_request_goes_on(
    ledger: Ledger, monkeypatch: Any
) -> None:
    case, _ = followed(ledger)
    with ledger.world.acting(ledger.world.actor(OFFICER)):
        before = setting_of_timeout()
        with monkeypatch.context() as slow:
            slow.setattr(case_ledger, "MILLISECONDS_AT_MOST", 50)
            slow.setattr(case_ledger, "READ", "select pg_sleep(60), %s::uuid, %s, %s")
            with pytest.raises(case_ledger.TooManyAccounts, match="could not be read in"):
                case_ledger.ledger_of(case.id)
        assert setting_of_timeout() == before
        assert case_ledger.ledger_of(case.id) is not None
        assert setting_of_timeout() == before


def setting_of_timeout() -> str:
    with connection.cursor() as cursor:
        cursor.execute("show statement_timeout")
        return str(cursor.fetchone()[0])


def test_reports_that_nobody_stands_for_connect_nothing(ledger: Ledger) -> None:
    """With a few of them a stranger pushed a case beyond the bounds of re-tracing."""
    case, _ = followed(ledger)
    strangers = [
        ledger.account("stranger", "linden", 41001),
        ledger.account("far", "walnut", 42001),
    ]
    reported = [
        ledger.world.report(payer=strangers[0], payee=payee, amount=100)
        for payee in (ledger.accounts["first"].ident, strangers[1])
    ]
    ledger.world.plan()
    with ledger.world.acting(ledger.world.actor(OFFICER)):
        found = case_ledger.ledger_of(case.id)
    assert found is not None
    assert not {name.ident for name in found.names.values()} & set(strangers)
    assert len(found.facts.claims) == 2 and found.unconfirmed == 1
    with ledger.world.acting(by := ledger.world.actor(OFFICER)) as at:
        for filed in reported:
            case_now = ledger.world.case_of(filed)
            operations.adopt(case=case_now, ground="Heard.", by=by, at=at)
    ledger.world.plan()
    with ledger.world.acting(ledger.world.actor(OFFICER)):
        found = case_ledger.ledger_of(case.id)
    assert found is not None
    assert {name.ident for name in found.names.values()} >= set(strangers)
    assert len(found.facts.claims) == 4 and found.unconfirmed == 0
