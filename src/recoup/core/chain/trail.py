"""The trail: what a bank holds for a case, shared among its claims, and the rows that balance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import cast

from recoup.core.chain.books import Books
from recoup.core.chain.conclusions import Total, TrailRow
from recoup.core.chain.facts import Facts, HoldFact
from recoup.core.chain.follow import Followed, Position

STANDING = frozenset({"asked", "placed", "replaced"})
KEPT = ("held", "lying", "spent", "returned", "unknown")


@dataclass(slots=True)
class Share:
    """What one case has on one account, in the account's currency.

    remain: traced units in the windows. pending: units that this bank has not told.
    foreign: there are units of another currency that nobody has converted yet.
    held: what the bank holds of remain and pending. excess: what it holds beyond them.
    present: units of the case came here at all.
    """

    currency: str
    present: bool = False
    remain: int = 0
    pending: int = 0
    foreign: bool = False
    held: int = 0
    excess: int = 0
    claims: list[str] = field(default_factory=list)
    remains: dict[str, int] = field(default_factory=dict)

    @property
    def target(self) -> int:
        return self.remain + self.pending


Rows = dict[tuple[str, str, str], TrailRow]


def share_out(total: int, parts: Iterable[int]) -> list[int]:
    """Split a total by cumulative floors over parts that add up to at least as much.

    Parts that are fractions, as under exact pro rata, are split exactly: a floor could give one of
    them more than it is.
    """
    sizes = list(parts)
    whole = sum(sizes)
    if not whole:
        return [0] * len(sizes)
    if any(isinstance(size, Fraction) for size in sizes):
        return [cast(int, Fraction(size * total) / whole) for size in sizes]
    shares, so_far, given = [], 0, 0
    for size in sizes:
        so_far += size
        upto = so_far * total // whole
        shares.append(upto - given)
        given = upto
    return shares


def lay_trail(
    facts: Facts, books: Books, followed: Followed
) -> tuple[Rows, dict[tuple[str, str], Share]]:
    """Return the rows, and per (case, account) what the case has there."""
    holds = {(hold.case, hold.account): hold for hold in facts.holds}
    shares = _shares(books, followed)
    for key in holds.keys() - shares.keys():
        shares[key] = Share(books.currency_of(key[1], ""))
    held: dict[tuple[str, str, str], tuple[int, int]] = {}
    for key, share in shares.items():
        _hold(key[1], share, holds.get(key), followed, held, turns=books.turns)
    doubt = _doubts(books, followed, held)
    rows = {}
    for place, position in followed.positions.items():
        rows[place] = _row(place, followed.rule, position, held.get(place, (0, 0)), doubt)
    return rows, shares


def _shares(books: Books, followed: Followed) -> dict[tuple[str, str], Share]:
    shares: dict[tuple[str, str], Share] = {}
    for (account, claim, currency), position in followed.positions.items():
        key = (books.claims[claim].case, account)
        share = shares.get(key)
        if share is None:
            share = shares[key] = Share(books.currency_of(account, currency))
        share.present = share.present or position.inn > 0
        if currency != share.currency:
            share.foreign = share.foreign or position.pending > 0
            continue
        share.remain += position.remain
        share.pending += position.pending
        share.claims.append(claim)
        share.remains[claim] = position.remain
    return shares


def _hold(
    account: str,
    share: Share,
    hold: HoldFact | None,
    followed: Followed,
    held: dict[tuple[str, str, str], tuple[int, int]],
    *,
    turns: Mapping[str, int],
) -> None:
    """Share a hold out: first what the trace sees, the rest over what is not told yet.

    In proportion to what each claim has there; the odd units fall by the turn of the claims.
    """
    total = hold.held if hold and hold.state in STANDING else 0
    seen = min(total, share.remain)
    unseen = min(total - seen, share.pending)
    share.held, share.excess = seen + unseen, total - seen - unseen
    if not share.held:
        return
    places = [
        (account, claim, share.currency) for claim in sorted(share.claims, key=turns.__getitem__)
    ]
    found = [followed.positions[place] for place in places]
    of_remain = share_out(seen, (position.remain for position in found))
    of_pending = share_out(unseen, (position.pending for position in found))
    for place, one, other in zip(places, of_remain, of_pending, strict=True):
        held[place] = (one, other)


def difference(books: Books, followed: Followed, account: str) -> int:
    """Return by how much the books of an account do not add up to its closing balance."""
    balance = followed.balances.get(account)
    if balance is None:
        return 0
    return abs(balance - books.stretches[account].closing)


def _doubts(
    books: Books,
    followed: Followed,
    held: Mapping[tuple[str, str, str], tuple[int, int]],
) -> dict[tuple[str, str, str], int]:
    """Return lying units that are not certain, because the books do not add up."""
    doubts: dict[tuple[str, str, str], int] = {}
    for account in books.stretches:
        units = difference(books, followed, account)
        if not units:
            continue
        places = sorted(
            (place for place in followed.positions if place[0] == account),
            key=lambda place: (books.turns[place[1]], place[2]),
        )
        lying = [followed.positions[p].remain - held.get(p, (0, 0))[0] for p in places]
        shares = share_out(min(units, sum(lying)), lying)
        doubts.update(zip(places, shares, strict=True))
    return doubts


def _row(
    place: tuple[str, str, str],
    rule: str,
    position: Position,
    held: tuple[int, int],
    doubt: Mapping[tuple[str, str, str], int],
) -> TrailRow:
    uncertain = doubt.get(place, 0)
    return TrailRow(
        *place,
        rule=rule,
        inn=position.inn,
        held=held[0] + held[1],
        lying=position.remain - held[0] - uncertain,
        moved=position.moved,
        spent=position.spent,
        returned=position.returned,
        unknown=position.pending - held[1] + position.stuck + uncertain,
        doubted=position.doubted,
    )


def add_up(books: Books, followed: Followed, rows: Rows) -> list[Total]:
    """Add up the rows of each case and currency."""
    sums: dict[tuple[str, str], Counter[str]] = {}

    def add(claim: str, currency: str, **parts: int) -> None:
        sums.setdefault((books.claims[claim].case, currency), Counter()).update(parts)

    for claim in books.claims.values():
        if not claim.ended:
            add(claim.id, claim.currency, lost=claim.amount)
    for row in rows.values():
        add(row.claim, row.currency, **{part: getattr(row, part) for part in KEPT})
    for (claim_id, currency), units in followed.exchanged_in.items():
        add(claim_id, currency, exchanged_in=units)
    for (claim_id, currency), units in followed.exchanged_out.items():
        add(claim_id, currency, exchanged_out=units)
    parts = ("lost", "exchanged_in", *KEPT, "exchanged_out")
    return [
        Total(
            case,
            currency,
            followed.rule,
            *(sums[case, currency][part] for part in parts),
        )
        for case, currency in sorted(sums)
    ]
