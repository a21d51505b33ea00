"""What of a trace a reader may be told: payments disclosed for another case are folded.

By the rule for holding a payment with the case's money is the case's own, whoever asked for it.
What only another rule leads through was told for another case, and who does not see that case is
told that money went through there, and not where (SECURITY 6.10).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from recoup.apps.holds.case_ledger import CaseLedger
from recoup.apps.holds.models import Flow, Trail
from recoup.core import chain
from recoup.web.case_rules import holding_rule
from recoup.web.case_trail import guess_shown


@dataclass(frozen=True, slots=True)
class Through:
    """An account that the reader knows, behind which money went through another case's payments."""

    account_shown: str
    institution: str


def hidden(ledger: CaseLedger) -> frozenset[str]:
    """The movements that are not shown to the reader of this ledger."""
    if not ledger.closed:
        return ledger.closed
    return ledger.closed - carried(ledger, ledger.under(holding_rule()))


def carried(ledger: CaseLedger, again: chain.Retraced) -> frozenset[str]:
    """The movements that carry the case's money by this rule."""
    own = {claim.id for claim in ledger.claims}
    return frozenset(
        flow.movement
        for flow in again.followed.flows
        if flow.claim in own and flow.carried and flow.movement
    )


def known_accounts(ledger: CaseLedger, again: chain.Retraced, hidden: frozenset[str]) -> set[str]:
    """The accounts that the reader may be told of by this rule."""
    own = {claim.id for claim in ledger.claims}
    shown = [f for f in again.followed.flows if f.claim in own and f.movement not in hidden]
    return {end for flow in shown for end in (flow.payer, flow.payee) if end}


def told(
    flows: Sequence[Flow], trail: Sequence[Trail], hidden: frozenset[str], known: Iterable[Trail]
) -> tuple[list[Flow], list[Trail], list[Through]]:
    """The flows and rows that are shown, and where something is folded.

    known: rows of the trail that the reader sees in any case.
    """
    shown = [flow for flow in flows if str(flow.movement_id) not in hidden]
    accounts = {row.account_id for row in known}
    accounts |= {end for flow in shown for end in (flow.payer_id, flow.payee_id) if end}
    through = set()
    for flow in flows:
        if str(flow.movement_id) not in hidden:
            continue
        if flow.payer_id in accounts:
            through.add((flow.payer_ident, flow.payer_institution))
        if flow.payee_id in accounts:
            through.add((flow.payee_ident, flow.payee_institution))
    return (
        shown,
        [row for row in trail if row.account_id in accounts],
        [Through(guess_shown(ident), name) for ident, name in sorted(through)],
    )
