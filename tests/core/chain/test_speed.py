"""The planner runs at every answer, so it is quick. The bounds are for busy machines."""

from __future__ import annotations

from time import perf_counter

from recoup.core.chain import AccountFact, ClaimFact, Destination, Facts, Side, Window, plan


def paid_out(lines: int) -> Facts:
    """One account that got one payment and sent it on in many."""
    sides = [Side("in", "A", True, lines * 10, "EUR", 1, 1, "a")]
    sides += [Side(f"p{n}", "A", False, 10, "EUR", 2, 2 + n, "a") for n in range(lines)]
    return Facts(
        accounts=(AccountFact("A", "EUR"),),
        claims=(ClaimFact("V", "case", lines * 10, "EUR", "v", "A", "in", 1, True),),
        windows=(Window("A", 1, 9, 0, 0, True, "a"),),
        sides=tuple(sides),
        destinations=tuple(Destination(f"p{n}", f"B{n}", None) for n in range(lines)),
    )


def seconds(facts: Facts) -> float:
    best = 60.0
    for _ in range(3):
        start = perf_counter()
        plan(facts)
        best = min(best, perf_counter() - start)
    return best


def test_ten_thousand_outgoing_lines_are_planned_within_two_seconds():
    facts = paid_out(10_000)
    assert seconds(facts) < 2
    assert len(plan(facts).wants) == 10_000


def test_two_accounts_are_planned_in_a_blink():
    assert seconds(paid_out(1)) < 0.005
