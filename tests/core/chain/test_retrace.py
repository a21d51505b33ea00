"""The same facts under another rule and as of an earlier moment, against the true ledger."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from recoup.core.chain import as_of, is_balanced, moments, plan, retrace
from recoup.core.tracing import RULES

from .simulated import Hub, Paid, random_world
from .small import claim, run, world
from .test_worked_example import euros
from .test_worked_example import world as worked_example

ADDING = [key for key, rule in RULES.items() if rule.conserves]


def followed() -> Hub:
    hub = Hub(worked_example())
    for name in ("V1", "V2", "V3"):
        hub.report(name)
    hub.run()
    return hub


def test_the_holding_rule_without_a_date_is_what_the_plan_says() -> None:
    facts = followed().facts()
    concluded, again = plan(facts), retrace(facts, rule="fifo")
    assert again.rows == tuple(row for row in concluded.trail if row.rule == "fifo")
    assert set(again.totals) == {total for total in concluded.totals if total.rule == "fifo"}


@pytest.mark.parametrize("rule", ADDING)
def test_every_rule_accounts_for_every_unit_at_every_moment(rule: str) -> None:
    facts = followed().facts()
    assert len(moments(facts)) == 12
    for at in (*moments(facts), None):
        again = retrace(facts, rule=rule, at=at)
        assert all(is_balanced(total) for total in again.totals), at
        assert {row.rule for row in again.rows} == {rule}
        assert {total.rule for total in again.totals} == {rule}


@pytest.mark.parametrize("seed", range(60))
def test_random_ledgers_balance_as_of_every_moment(seed: int) -> None:
    rng = Random(seed)
    hub = Hub(random_world(rng, exchange=seed % 3 == 0))
    for name in hub.world.claims:
        hub.report(name)
    hub.run(rng)
    facts = hub.facts()
    for rule in ADDING:
        for at in moments(facts):
            if RULES[rule].key == "prorata_exact" and seed % 5:
                continue
            assert all(is_balanced(total) for total in retrace(facts, rule=rule, at=at).totals)


@pytest.mark.parametrize("seed", range(40))
def test_what_a_recall_brought_back_is_whole_units_under_every_rule(seed: int) -> None:
    """Under exact fractions the least that came back was one, which no ledger takes."""
    rng = Random(seed)
    hub = Hub(random_world(rng))
    for name in hub.world.claims:
        hub.report(name)
    hub.run(rng)
    facts = hub.facts()
    back = tuple(replace(c, returned=rng.randint(1, c.amount)) for c in facts.claims)
    for rule in ADDING:
        again = retrace(replace(facts, claims=back), rule=rule)
        assert all(is_balanced(total) for total in again.totals), rule


@pytest.mark.parametrize("seed", range(40))
def test_no_part_of_a_trail_is_less_than_nothing(seed: int) -> None:
    """What is held is split among the claims: by floors one got more than its fraction was."""
    rng = Random(seed)
    hub = Hub(random_world(rng))
    for name in hub.world.claims:
        hub.report(name)
    hub.run(rng)
    facts = hub.facts()
    some = tuple(replace(h, held=rng.randint(0, h.held)) for h in facts.holds)
    for rule in ADDING:
        for row in retrace(replace(facts, holds=some), rule=rule).rows:
            kept = (row.held, row.lying, row.moved, row.spent, row.returned, row.unknown)
            assert min(kept) >= 0 and sum(kept) == row.inn, (rule, row)


def test_where_the_money_was_at_a_moment() -> None:
    """At 5, before anything left M2: 8,000 of the traced came, and 4,000 of V3."""
    again = retrace(followed().facts(), rule="fifo", at=5)
    there = {(row.account, row.claim): row.lying for row in again.rows if row.lying}
    # M1 opened with 1,000; 8,000 and 500 in cash took those, 6,000 of V1 and 1,500 of V2.
    assert there == {
        ("M1", "V2"): euros(1500), ("M2", "V1"): euros(6000), ("M2", "V2"): euros(1000),
        ("M2", "V3"): euros(4000),
    }  # fmt: skip
    assert sum(row.spent for row in again.rows) == euros(500)


def test_what_was_paid_later_is_no_loss_yet() -> None:
    again = retrace(followed().facts(), rule="fifo", at=1)
    assert [(total.lost, total.lying) for total in again.totals] == [(euros(6000), euros(6000))]


def test_a_payment_booked_at_one_bank_only_is_on_its_way() -> None:
    hub = run(
        world(
            Paid("v", 1, "victim", "A", 100), Paid("on", 2, "A", "B", 60),
            claims=[claim("V", 100, "A", "v", 1)],
        ),
        "V",
    )  # fmt: skip
    late = replace(
        hub.facts(),
        sides=tuple(
            replace(side, booked_at=9) if (side.movement, side.is_credit) == ("on", True) else side
            for side in hub.facts().sides
        ),
    )
    late = replace(late, windows=tuple(replace(w, to_at=max(w.to_at, 9)) for w in late.windows))
    rows = {row.account: row for row in retrace(late, rule="fifo", at=5).rows}
    assert (rows["A"].lying, rows["A"].moved) == (40, 60)
    assert (rows["B"].inn, rows["B"].unknown, rows["B"].lying) == (60, 60, 0)
    assert {row.account: row.lying for row in retrace(late, rule="fifo", at=9).rows}["B"] == 60


def test_as_of_the_end_only_forgets_what_banks_hold() -> None:
    facts = followed().facts()
    last = moments(facts)[-1]
    now, then = retrace(facts, rule="fifo"), retrace(facts, rule="fifo", at=last)
    assert as_of(facts, last).sides == facts.sides
    assert sum(row.held for row in then.rows) == 0 < sum(row.held for row in now.rows)
    assert {(r.account, r.claim): r.held + r.lying for r in now.rows} == {
        (r.account, r.claim): r.lying for r in then.rows
    }
