"""What the tests of the chain ask again and again: a report of a true payment, sums, blocks."""

from __future__ import annotations

from typing import Any

from recoup.apps.reports.operations import Filed
from support.bank import Banks, Ledger
from support.world import World


def report(ledger: Ledger, ref_of: Any, **more: Any) -> Filed:
    """The victim reports one true payment, as it was."""
    return ledger.world.report(
        payer=ledger.accounts[ref_of.payer].ident,
        payee=ledger.accounts[ref_of.to].ident,
        amount=ref_of.amount,
        paid_at=ledger.at(ref_of),
        **more,
    )


def totals(world: World, filed: Filed) -> dict[str, tuple[int, ...]]:
    case = world.case_of(filed)
    rows = world.run(
        "select currency, lost, held, lying, gone, returned, unknown from holds_casetotal "
        "where case_id = %s and rule = 'fifo'",
        case.merged_into_id or case.id,
    )
    return {row[0]: tuple(row[1:]) for row in rows}


def held_at(world: World) -> dict[str, int]:
    """What the open blocks hold, by the bank's code."""
    return dict(
        world.run(
            "select o.code, sum(b.amount_minor)::int from holds_block b "
            "join members_organisation o on o.id = b.institution_id "
            "where b.closed_at is null group by o.code"
        )
    )


def kinds(banks: Banks, bank: str) -> list[str]:
    return [kind for at, measure, kind in banks.answered if at == bank and measure == "hold"]
