"""Caps hinder who floods, and nobody else: what is beyond them waits for an officer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recoup.apps.holds import operations, plan_operations
from recoup.apps.reports.operations import Filed
from recoup.data import load_pack
from support.world import OFFICER, World, iban

THIEF, CAPS = b"t" * 32, load_pack("RS").caps
PAYEE = iban("walnut", 2)


def tell(world: World, number: int, **more: Any) -> Filed:
    told = {"payer": iban("plum", number), "payee": PAYEE, "amount": 500, **more}
    return world.report(**told)


def holds(world: World, filed: Filed) -> list[str]:
    case = world.case_of(filed)
    return [t.kind for t in world.tickets(case_id=case.pk, measure="hold")]


def over_cap(world: World) -> list[str]:
    rows = world.run("select values->>'cap' from cases_task where kind = 'over_cap' order by id")
    return sorted(row[0] for row in rows)


@pytest.fixture
def small_caps(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same caps, reached with few reports."""
    pack = load_pack("RS")
    caps = replace(
        pack.caps, vouched_per_institution_hour=4, vouched_per_account_hour=2,
        precautionary_per_account_hour=4, reports_per_reporter_hour=5,
    )  # fmt: skip
    monkeypatch.setattr(plan_operations, "load_pack", lambda _: replace(pack, caps=caps))


# People without an account


def test_a_stranger_cannot_use_up_what_is_left_for_victims(world: World) -> None:
    """Reports of a dinar each against an account, before its true victims come."""
    for number in range(CAPS.precautionary_per_account_hour):
        tell(world, number + 1, amount=100, sender=THIEF)
    world.plan()
    victim = tell(world, 99, sender=b"v" * 32)
    world.plan()
    assert holds(world, victim) == ["block"]
    assert set(over_cap(world)) == {"precautionary_per_reporter_account_hour"}


def test_what_the_payers_bank_decided_uses_up_nothing(world: World, small_caps: None) -> None:
    """A mule's account has many victims within the hour; each confirmed one makes room."""
    for number in range(1, 5):
        tell(world, number, sender=bytes([number]) * 32)
    world.plan()
    barred = tell(world, 50, sender=b"\x50" * 32)
    world.plan()
    assert holds(world, barred) == []
    for ticket in [t for t in world.inbox("plum") if t["measure"] == "confirm_debit"][:2]:
        world.answer("plum", {"ticket": ticket["ticket"], "code": "no_such_debit"})
    world.plan()
    after = tell(world, 51, sender=b"\x51" * 32)
    world.plan()
    assert holds(world, after) == ["block"]


def test_beyond_the_cap_the_payers_bank_is_asked_and_its_word_suffices(
    world: World, small_caps: None
) -> None:
    filed = [tell(world, 60 + n, sender=bytes([n + 1]) * 32) for n in range(5)]
    world.plan()
    case = world.case_of(filed[-1])
    assert holds(world, filed[-1]) == []
    ticket = next(t for t in world.tickets(case_id=case.pk) if t.measure == "confirm_debit")
    payment = {
        "reference": "d:1", "amount_minor": 500, "currency": "RSD", "seq": 1,
        "booked_at": world.now().isoformat(),
    }  # fmt: skip
    world.answer("plum", {"ticket": str(ticket.id), "code": "debit_confirmed", "payment": payment})
    world.plan()
    assert holds(world, filed[-1]) == ["first"]


def test_a_sender_of_very_many_reports_is_heard_and_waits_for_an_officer(
    world: World, small_caps: None
) -> None:
    filed = [
        tell(world, 1, payee=iban("walnut", 100 + n), sender=THIEF, amount=500 + n)
        for n in range(6)
    ]
    world.plan()
    assert [len(holds(world, one)) for one in filed] == [1] * 5 + [0]
    assert over_cap(world) == ["reports_per_reporter_hour"]
    with world.acting(officer := world.actor(OFFICER)) as at:
        case = world.case_of(filed[-1])
        operations.adopt(case=case, ground="heard", by=officer, at=at)
    world.plan()
    assert holds(world, filed[-1]) == ["first"]


@pytest.mark.parametrize(("currency", "amount"), [("EUR", 10_000_000_00), ("KWD", 1)])
def test_a_sum_is_measured_in_the_packs_currency(world: World, currency: str, amount: int) -> None:
    """Ten million euros passed as ten million dinars; what has no rate is decided by a person."""
    filed = tell(world, 1, currency=currency, amount=amount)
    world.plan()
    assert holds(world, filed) == [] and over_cap(world) == ["amount"]


# Institutions that vouch


def test_a_bank_does_not_vouch_without_end(world: World, small_caps: None) -> None:
    """With a stolen key, full holds on anybody's account were to be had without end."""
    bank = world.at_bank("plum")
    filed = [
        tell(world, 70 + n, payee=iban("walnut", 200 + n), by=bank, amount=500 + n)
        for n in range(5)
    ]
    world.plan()
    assert [holds(world, one) for one in filed] == [["first"]] * 4 + [[]]
    assert over_cap(world) == ["vouched_per_institution_hour"]
    # Its own word is not asked for again: it would only say it twice.
    assert world.tickets(case_id=world.case_of(filed[-1]).pk) == []
    with world.acting(officer := world.actor(OFFICER)) as at:
        case = world.case_of(filed[-1])
        operations.adopt(case=case, ground="called the bank back", by=officer, at=at)
    world.plan()
    assert holds(world, filed[-1]) == ["first"]


def test_nor_against_one_account(world: World, small_caps: None) -> None:
    bank = world.at_bank("plum")
    filed = [tell(world, 80 + n, by=bank, amount=500 + n) for n in range(3)]
    world.plan()
    assert [holds(world, one) for one in filed] == [["first"]] * 2 + [[]]
    other = tell(world, 90, by=world.at_bank("quince"), payer=iban("quince", 90))
    world.plan()
    assert holds(world, other) == ["first"]


def test_nor_for_any_sum(world: World) -> None:
    filed = tell(world, 1, by=world.at_bank("plum"), amount=CAPS.vouched_amount_minor + 1)
    world.plan()
    assert holds(world, filed) == [] and over_cap(world) == ["amount"]


def test_a_bank_beyond_its_cap_does_not_vouch_for_a_strangers_report_either(
    world: World,
) -> None:
    """Telling the same loss again adopts the first report; not where the bank's word is barred."""
    big = CAPS.vouched_amount_minor + 1
    paid_at = world.now()
    first = tell(world, 1, amount=big, paid_at=paid_at)
    world.plan()
    tell(world, 1, amount=big, paid_at=paid_at, by=world.at_bank("plum"))
    world.plan()
    adopted = world.run("select count(*) from holds_claim where adopted_at is not null")
    assert adopted == [(0,)] and holds(world, first) == []


def test_what_waits_behind_uses_up_nothing(
    world: World, small_caps: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A heap came at once and is opened in parts: the first ones count against the cap first."""
    monkeypatch.setattr(plan_operations, "REPORTS_AT_ONCE", 2)
    bank = world.at_bank("plum")
    vouched = [
        tell(world, 300 + n, payee=iban("walnut", 300 + n), by=bank, amount=500 + n)
        for n in range(8)
    ]
    sent = [
        tell(world, 1, payee=iban("walnut", 400 + n), sender=THIEF, amount=500 + n)
        for n in range(8)
    ]
    world.plan()
    assert sum(len(holds(world, one)) for one in vouched) == 4
    assert sum(len(holds(world, one)) for one in sent) == 5
