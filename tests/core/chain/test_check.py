"""Each invariant is broken on purpose, and named."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recoup.core.chain import Conclusions, Facts, check

from .simulated import Hub, Paid
from .small import claim, run, world


@pytest.fixture(scope="module")
def hub() -> Hub:
    paid = [Paid("p1", 1, "of V", "A", 100), Paid("p2", 2, "A", "B", 60)]
    return run(world(*paid, claims=[claim("V", 100, "A", "p1", 1)]))


def broken(conclusions: Conclusions, facts: Facts) -> set[str]:
    return {fault.invariant for fault in check(conclusions, facts)}


def with_row(conclusions: Conclusions, account: str, **parts: int) -> Conclusions:
    changed = tuple(
        replace(row, **parts) if (row.account, row.rule) == (account, "fifo") else row
        for row in conclusions.trail
    )
    return replace(conclusions, trail=changed)


def test_nothing_is_broken_in_the_planners_own_conclusions(hub: Hub):
    assert broken(hub.plan(), hub.facts()) == set()


@pytest.mark.parametrize(
    ("parts", "faults"),
    [
        ({"inn": 101}, {"T2"}),
        ({"held": 41, "lying": -1}, {"T2", "T4"}),
        ({"lying": 1, "inn": 101}, {"T3", "T5"}),
        ({"held": 39, "lying": 1}, {"T4"}),
        ({"held": 0, "unknown": 40}, {"T4", "T7"}),
    ],
)
def test_a_changed_row_breaks_what_it_should(hub: Hub, parts: dict[str, int], faults: set[str]):
    assert broken(with_row(hub.plan(), "A", **parts), hub.facts()) == faults


def test_a_block_that_differs_is_found_unless_a_ticket_is_on_its_way(hub: Hub):
    facts = hub.facts()
    more = tuple(replace(hold, held=hold.held + 1) for hold in facts.holds)
    assert broken(hub.plan(), replace(facts, holds=more)) == {"T4"}


def test_a_claim_larger_than_its_payment_is_found(hub: Hub):
    facts = hub.facts()
    (one,) = facts.claims
    larger = replace(facts, claims=(replace(one, amount=101),))
    assert broken(hub.plan(), larger) == {"T3", "T9"}


def test_a_closing_balance_that_does_not_cover_the_traced_money_is_found(hub: Hub):
    facts = hub.facts()
    lower = tuple(replace(window, closing=window.closing - 1) for window in facts.windows)
    assert broken(hub.plan(), replace(facts, windows=lower)) == {"T5"}
