"""What came back of a claim, where answers contradict each other about it.

A payment comes back by a stop before its execution, by a recall, or by a booking of the payee's
bank to the victim's own account. The first two are told by the payer's bank and never enter the
trace. Where the sums told do not fit each other, or the payment, the least is taken as returned
that one answer by itself says; what is beyond it is followed on, stays held, and is in doubt: no
held money is let go because of a word that another bank's word stands against.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from recoup.core.chain.books import Books, keep_books
from recoup.core.chain.conclusions import Task
from recoup.core.chain.facts import ClaimFact, Facts
from recoup.core.chain.follow import Followed, follow

RETURNED_DIFFERS = "returned_differs"


@dataclass(frozen=True, slots=True)
class Returned:
    """units: what is taken as returned. doubted: by how much it may be wrong at least."""

    units: int
    doubted: int = 0


def told_back(amount: int, told: Iterable[int]) -> Returned:
    """Add up what the tickets of one payment were answered, one sum a ticket, in any order.

    Units that were stopped were never paid, so none of them was recalled: the sums add up. If
    they are more than the payment, the largest is taken, and the rest is in doubt.
    """
    sums = list(told)
    total, most = sum(sums), min(amount, max(sums, default=0))
    if total <= amount:
        return Returned(total)
    return Returned(most, max(total - amount, amount - most))


def settle_returns(facts: Facts, *, rule: str) -> tuple[Facts, tuple[Task, ...]]:
    """Take as returned what other banks' answers leave room for; and the task where they do not.

    A recall gives back what still lies where the payment arrived, or what never arrived there.
    What the payee's bank books back to the victim is the same money as the recall's. Units that a
    bank says went on cannot be those that came back.
    """
    if not any(claim.returned or claim.doubted for claim in facts.claims):
        return facts, ()
    told = tuple(replace(claim, returned=0) for claim in facts.claims)
    books = keep_books(replace(facts, claims=told))
    followed = follow(books, rule)
    claims, tasks = [], []
    for claim in facts.claims:
        settled = _settled(claim, books, followed)
        claims.append(settled)
        if settled.doubted and not settled.ended:
            tasks.append(_task(settled, books))
    return replace(facts, claims=tuple(claims)), tuple(tasks)


def _settled(claim: ClaimFact, books: Books, followed: Followed) -> ClaimFact:
    """Whole units come back: of exact fractions the part of one is cut off, and is in doubt."""
    arrived = books.told_seeds.get(claim.id)
    if not claim.returned or arrived is None:
        return claim
    booked = sum(
        position.returned
        for (_, owner, currency), position in followed.positions.items()
        if (owner, currency) == (claim.id, claim.currency)
    )
    beyond = max(claim.returned - booked, 0)
    room = int(min(beyond, _room(claim, arrived.account, arrived.currency, books, followed)))
    return replace(claim, returned=room, doubted=claim.doubted + beyond - room)


def _room(claim: ClaimFact, account: str, currency: str, books: Books, followed: Followed) -> int:
    """Return the units that never arrived, and those that still lie where they arrived."""
    seeds = (
        seed.amount for seed in books.ledger.seeds if seed.transfer == books.label_of(claim.id)
    )
    units = next(seeds, None) or 0
    here = followed.at(account, claim.id, currency)
    if currency == claim.currency:
        return claim.amount - units + min(here.remain, units)
    credited = sum(
        flow.credited or 0
        for flow in followed.flows
        if flow.claim == claim.id and flow.movement == claim.movement
    )
    lying = min(here.remain, credited) * units // credited if credited else 0
    return claim.amount - units + lying


def _task(claim: ClaimFact, books: Books) -> Task:
    arrived = books.told_seeds.get(claim.id)
    account = arrived.account if arrived else claim.payer or claim.payee
    return Task(claim.case, account, claim.id, RETURNED_DIFFERS, claim.doubted, claim.currency)
