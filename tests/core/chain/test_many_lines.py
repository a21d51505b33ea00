"""One account that paid on in very many lines. How long that takes is measured by the bench."""

from __future__ import annotations

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


def test_each_of_ten_thousand_outgoing_lines_opens_a_ticket():
    wants = plan(paid_out(10_000)).wants
    assert len(wants) == 10_000
    assert sum(want.total for want in wants) == 100_000
