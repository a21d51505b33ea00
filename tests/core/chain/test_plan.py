"""What the planner concludes from the first facts of a report."""

from __future__ import annotations

from recoup.core.chain import AccountFact, ClaimFact, Facts, check, plan

MULE = AccountFact("mule", "EUR")


def claim(**changed: object) -> ClaimFact:
    facts = dict(
        id="claim", case="case", amount=600, currency="EUR", payer="victim", payee="mule",
        movement=None, at=5, live=True,
    )  # fmt: skip
    return ClaimFact(**(facts | changed))


def test_a_live_claim_asks_the_payees_bank_to_hold_and_disclose():
    facts = Facts(accounts=(MULE,), claims=(claim(),))
    conclusions = plan(facts)
    (want,) = conclusions.wants
    assert (want.kind, want.account, want.total, want.disclose_from) == ("first", "mule", 600, None)
    assert not check(conclusions, facts)


def test_a_claim_that_is_not_live_is_only_blocked():
    facts = Facts(accounts=(MULE,), claims=(claim(live=False),))
    (want,) = plan(facts).wants
    assert (want.kind, want.total) == ("block", 600)
