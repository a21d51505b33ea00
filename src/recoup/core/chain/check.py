"""The chain's invariants, in words and in code; a list of what is broken.

T2 every row balances, nothing below zero. T3 each claim is accounted for in full, per currency.
T4 what a bank holds is what the trail calls held, unless a ticket about it is on its way. T5 no
account holds more traced money than it closed with. T7 what is unknown has an owner. T9 a claim
is not larger than its payment. The others (T1, T6, T8) belong to tables, not to conclusions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from recoup.core.chain.books import Books, keep_books
from recoup.core.chain.conclusions import Conclusions, TrailRow
from recoup.core.chain.facts import Facts
from recoup.core.chain.trail import STANDING


@dataclass(frozen=True, slots=True)
class Broken:
    """One broken invariant: its name, what it concerns, and the two figures that differ."""

    invariant: str
    about: str
    problem: str


def check(conclusions: Conclusions, facts: Facts) -> tuple[Broken, ...]:
    """Return every invariant that the conclusions break; nothing if all is well."""
    books = keep_books(facts)
    return (
        *_rows_balance(conclusions),
        *_claims_are_complete(conclusions, books),
        *_holds_agree(conclusions, facts, books),
        *_balances_suffice(conclusions, books),
        *_unknown_is_owned(conclusions, facts, books),
        *_claims_fit(books),
    )


def _rows_balance(conclusions: Conclusions) -> Iterator[Broken]:
    for row in conclusions.trail:
        parts = (row.held, row.lying, row.moved, row.spent, row.returned, row.unknown)
        if row.inn != sum(parts) or min(parts) < 0:
            yield Broken("T2", f"{row.rule} {row.account} {row.claim}", f"{row.inn} {parts}")


def _kept(row: TrailRow) -> int:
    return row.held + row.lying + row.spent + row.returned + row.unknown


def _claims_are_complete(conclusions: Conclusions, books: Books) -> Iterator[Broken]:
    """Exchanges are known for the rule that holds are asked by; under others, sums per currency
    are checked where nothing was exchanged."""
    expected: dict[tuple[str, str], int] = {}
    for claim in books.claims.values():
        if not claim.ended:
            expected[claim.id, claim.currency] = claim.amount
    exchanged = set()
    for flow in conclusions.flows:
        if flow.credited is not None and flow.credit_currency not in (
            None,
            flow.currency,
        ):
            gone, come = (
                (flow.claim, flow.currency),
                (flow.claim, str(flow.credit_currency)),
            )
            expected[gone] = expected.get(gone, 0) - flow.carried
            expected[come] = expected.get(come, 0) + flow.credited
            exchanged.add(flow.claim)
    for rule in {row.rule for row in conclusions.trail}:
        found = dict.fromkeys(expected, 0)
        for row in conclusions.trail:
            if row.rule == rule:
                key = (row.claim, row.currency)
                found[key] = found.get(key, 0) + _kept(row)
        foreign = {claim for claim, currency in found if currency != books.claims[claim].currency}
        for key, units in found.items():
            if rule != conclusions.rule and key[0] in exchanged | foreign:
                continue
            if units != expected.get(key, 0):
                yield Broken("T3", f"{rule} {key[0]} {key[1]}", f"{units} {expected.get(key, 0)}")


def _holds_agree(conclusions: Conclusions, facts: Facts, books: Books) -> Iterator[Broken]:
    held: dict[tuple[str, str], int] = {}
    foreign = set()
    for row in conclusions.trail:
        if row.rule == conclusions.rule:
            key = (books.claims[row.claim].case, row.account)
            held[key] = held.get(key, 0) + row.held
            if row.unknown and row.currency != books.currency_of(row.account, row.currency):
                foreign.add(key)
    on_the_way = {(want.case, want.account) for want in conclusions.wants}
    on_the_way |= {(ticket.case, ticket.account) for ticket in facts.open_tickets}
    on_the_way |= {(t.case, t.account) for t in conclusions.tasks if t.kind == "excess_held"}
    for hold in facts.holds:
        key = (hold.case, hold.account)
        total = hold.held if hold.state in STANDING else 0
        if total != held.pop(key, 0) and key not in on_the_way | foreign:
            yield Broken("T4", f"{hold.case} {hold.account}", f"the bank holds {total}")
    for (case, account), units in held.items():
        if units:
            yield Broken("T4", f"{case} {account}", f"{units} held without a hold")


def _balances_suffice(conclusions: Conclusions, books: Books) -> Iterator[Broken]:
    """Accounts with arrivals that their bank has not told are left out: what it holds of those
    came after the closing balance that is known. So are books known not to add up: they have
    an owner."""
    there: dict[str, int] = {}
    for row in conclusions.trail:
        seen = row.claim in books.seeded and row.account in books.stretches
        if row.rule == conclusions.rule and seen:
            there[row.account] = there.get(row.account, 0) + row.held + row.lying
    untold = {flow.payee for flow in conclusions.flows if flow.state in ("pending", "ruling")}
    differing = {task.account for task in conclusions.tasks if task.kind == "books_differ"}
    for account in there.keys() - untold - differing:
        closing = books.stretches[account].closing
        if there[account] > closing and books.stretches[account].complete:
            yield Broken("T5", account, f"{there[account]} {closing}")


def _unknown_is_owned(conclusions: Conclusions, facts: Facts, books: Books) -> Iterator[Broken]:
    owned = {(want.case, want.account) for want in conclusions.wants}
    owned |= {(task.case, task.account) for task in conclusions.tasks}
    owned |= {(ticket.case, ticket.account) for ticket in facts.open_tickets}
    owned |= {(ground.case, ground.account) for ground in facts.grounds}
    for row in conclusions.trail:
        claim = books.claims[row.claim]
        if row.rule != conclusions.rule or not row.unknown or not claim.live:
            continue
        if (claim.case, row.account) not in owned:
            yield Broken("T7", f"{row.account} {row.claim}", f"{row.unknown} without an owner")


def _claims_fit(books: Books) -> Iterator[Broken]:
    for claim in books.claims.values():
        if claim.movement is None or claim.ended:
            continue
        if claim.id in books.clashing:
            yield Broken("T9", claim.id, "another claim stands on the same payment")
        for side in (
            books.debit_sides.get(claim.movement),
            books.credit_sides.get(claim.movement),
        ):
            if side and side.currency == claim.currency and side.amount < claim.amount:
                yield Broken("T9", claim.id, f"{claim.amount} {side.amount}")
