"""Where a rule leaves a choice among claims, who reported first comes first; ids decide nothing."""

from __future__ import annotations

from dataclasses import replace
from itertools import permutations

import pytest

from recoup.core.chain import AccountFact, ClaimFact, Facts, HoldFact, Side, Window, plan

from .small import claim

NAMES = list(permutations(["one", "two", "three"]))


def told(name: str, order: int, movement: str, *, amount: int = 100) -> ClaimFact:
    """A claim with a reference that says the opposite of its place, as a random one may."""
    return replace(
        claim(name, amount, "A", movement, order), reported=order, reference=f"C-{9 - order}"
    )


def short(names: tuple[str, ...], *, rule: str = "fifo", reported: bool = True) -> dict[int, int]:
    """What is held for the first, second and third reporter of 300, of which the bank holds 100."""
    claims = tuple(told(name, order, f"p{order}") for order, name in enumerate(names))
    if not reported:
        claims = tuple(replace(one, reported=0) for one in claims)
    facts = Facts(
        accounts=(AccountFact("A", "EUR"),),
        claims=claims,
        windows=(Window("A", 0, 9, 0, 300, True, "a"),),
        sides=tuple(Side(f"p{n}", "A", True, 100, "EUR", n, n, "a") for n in range(3)),
        holds=(HoldFact("case", "A", 300, 100, state="placed"),),
    )
    rows = {row.claim: row.held for row in plan(facts, rule=rule).trail if row.rule == rule}
    return {order: rows[name] for order, name in enumerate(names)}


@pytest.mark.parametrize("names", NAMES)
@pytest.mark.parametrize("rule", ["fifo", "prorata"])
def test_of_a_short_hold_each_claim_has_its_share_whatever_its_id(
    names: tuple[str, ...], rule: str
) -> None:
    """Cumulative floors of 100 over three equal claims: the last one has the unit left over."""
    assert short(names, rule=rule) == {0: 33, 1: 33, 2: 34}


@pytest.mark.parametrize("names", NAMES)
def test_who_reported_in_the_same_moment_come_by_their_reference(names: tuple[str, ...]) -> None:
    assert short(names, reported=False) == {2: 33, 1: 33, 0: 34}


@pytest.mark.parametrize("names", NAMES)
def test_under_prorata_a_debit_takes_the_odd_unit_by_the_same_turn(names: tuple[str, ...]) -> None:
    claims = tuple(told(name, order, f"p{order}") for order, name in enumerate(names))
    facts = Facts(
        accounts=(AccountFact("A", "EUR"),),
        claims=claims,
        windows=(Window("A", 0, 9, 0, 200, True, "a"),),
        sides=(
            *(Side(f"p{n}", "A", True, 100, "EUR", n, n, "a") for n in range(3)),
            Side("out", "A", False, 100, "EUR", 5, 5, "a"),
        ),
    )
    rows = {row.claim: row.inn - row.lying for row in plan(facts, rule="prorata").trail
            if row.rule == "prorata" and row.account == "A"}  # fmt: skip
    assert [rows[name] for name in names] == [33, 33, 34]


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_of_two_claims_on_one_payment_the_first_reported_stands(names: tuple[str, str]) -> None:
    claims = tuple(told(name, order, "p0") for order, name in enumerate(names))
    facts = Facts(
        accounts=(AccountFact("A", "EUR"),),
        claims=claims,
        windows=(Window("A", 0, 9, 0, 100, True, "a"),),
        sides=(Side("p0", "A", True, 100, "EUR", 1, 1, "a"),),
    )
    (task,) = (t for t in plan(facts).tasks if t.kind == "two_claims_one_payment")
    assert task.claim == names[1]
