"""What the planner concludes from the first facts of a report."""

from __future__ import annotations

from dataclasses import replace

from recoup.core.chain import AccountFact, ClaimFact, Facts, check, plan

MULE = AccountFact("mule", "EUR")


CLAIM = ClaimFact(
    id="claim",
    case="case",
    amount=600,
    currency="EUR",
    payer="victim",
    payee="mule",
    movement=None,
    at=5,
    live=True,
)


def test_a_live_claim_asks_the_payees_bank_to_hold_and_disclose():
    facts = Facts(accounts=(MULE,), claims=(CLAIM,))
    conclusions = plan(facts)
    (want,) = conclusions.wants
    assert (want.kind, want.account, want.total, want.disclose_from) == (
        "first",
        "mule",
        600,
        None,
    )
    assert not check(conclusions, facts)


def test_a_claim_that_is_not_live_is_only_blocked():
    facts = Facts(accounts=(MULE,), claims=(replace(CLAIM, live=False),))
    (want,) = plan(facts).wants
    assert (want.kind, want.total) == ("block", 600)
