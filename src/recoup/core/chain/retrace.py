"""The same facts once more, under another rule or as of an earlier moment. Nothing follows from it.

The plan holds money by one rule, with everything that is known now. A reader may ask what another
rule says, or where the money was at a moment. That is calculated beside the plan and thrown away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from recoup.core.chain.books import Books, keep_books
from recoup.core.chain.conclusions import Total, TrailRow
from recoup.core.chain.facts import Destination, Facts, Side, Window
from recoup.core.chain.follow import Followed, follow
from recoup.core.chain.returns import settle_returns
from recoup.core.chain.trail import Share, add_up, lay_trail


@dataclass(frozen=True, slots=True)
class Retraced:
    """What one rule says of the facts as of one moment; ``at`` None: with all that is known.

    rows: the trail. shares: by case and account. totals: by case and currency, one rule only.
    """

    rule: str
    at: int | None
    books: Books
    followed: Followed
    rows: tuple[TrailRow, ...]
    shares: Mapping[tuple[str, str], Share]
    totals: tuple[Total, ...]


def retrace(facts: Facts, *, rule: str, at: int | None = None) -> Retraced:
    """Trace the facts under this rule, up to and including this moment."""
    known = facts if at is None else as_of(facts, at)
    settled, _ = settle_returns(known, rule=rule)
    books = keep_books(settled)
    followed = follow(books, rule)
    rows, shares = lay_trail(settled, books, followed)
    ordered = sorted(rows.values(), key=lambda r: (r.claim, r.account, r.currency))
    totals = add_up(books, followed, rows)
    return Retraced(rule, at, books, followed, tuple(ordered), shares, tuple(totals))


def is_balanced(total: Total) -> bool:
    """Whether every unit of a case in one currency is accounted for."""
    kept = total.held + total.lying + total.spent + total.returned + total.unknown
    return total.lost + total.exchanged_in == kept + total.exchanged_out


def moments(facts: Facts) -> tuple[int, ...]:
    """The moments at which a booking counts, in order, each once."""
    debits = _debits(facts.sides)
    return tuple(sorted({_counts_at(side, debits) for side in facts.sides}))


def as_of(facts: Facts, at: int) -> Facts:
    """Leave out what was booked or paid later; windows end then, with the balance of then.

    What banks hold is left out: they tell it as of now. A payment whose debit was booked and whose
    credit was not yet is on its way. What was stopped or recalled bears no time, and stays.
    """
    debits = _debits(facts.sides)
    sides = tuple(side for side in facts.sides if _counts_at(side, debits) <= at)
    late = tuple(side for side in facts.sides if _counts_at(side, debits) > at)
    began = _beginnings(facts.sides)
    return replace(
        facts,
        claims=tuple(c for c in facts.claims if began.get(c.movement or "", c.at) <= at),
        windows=_cut(facts.windows, at, late),
        sides=sides,
        destinations=_destinations(facts, sides, late),
        holds=(),
        open_tickets=(),
        answered_lines=(),
        grounds=(),
    )


def _debits(sides: Iterable[Side]) -> dict[str, int]:
    return {side.movement: side.booked_at for side in sides if not side.is_credit}


def _counts_at(side: Side, debits: Mapping[str, int]) -> int:
    """A credit counts at the later of the two sides' times, as it does in the books."""
    if not side.is_credit:
        return side.booked_at
    return max(side.booked_at, debits.get(side.movement, side.booked_at))


def _beginnings(sides: Iterable[Side]) -> dict[str, int]:
    """When each payment began: what a bank booked goes before what was reported."""
    began: dict[str, int] = {}
    for side in sides:
        began[side.movement] = min(side.booked_at, began.get(side.movement, side.booked_at))
    return began


def _cut(windows: Iterable[Window], at: int, late: Iterable[Side]) -> tuple[Window, ...]:
    """Windows as far as they go by then, without what was booked later."""
    of_account: dict[str, list[Side]] = {}
    for side in late:
        of_account.setdefault(side.account, []).append(side)
    cut = []
    for window in windows:
        after = sum(
            side.amount if side.is_credit else -side.amount
            for side in of_account.get(window.account, ())
            if window.from_at <= side.booked_at <= window.to_at
        )
        if window.from_at <= at:
            closing = window.closing - after
            cut.append(replace(window, to_at=min(window.to_at, at), closing=closing))
    return tuple(cut)


def _destinations(
    facts: Facts, sides: Iterable[Side], late: Iterable[Side]
) -> tuple[Destination, ...]:
    """Where payments of which the debit counts already went, though the credit does not yet."""
    known = {side.movement: side for side in sides if not side.is_credit}
    told = {d.movement: d for d in facts.destinations if d.movement in known}
    for side in late:
        debit = known.get(side.movement)
        if side.is_credit and debit is not None and side.movement not in told:
            is_exchanged = debit.currency != side.currency
            told[side.movement] = Destination(
                side.movement, side.account, None,
                side.amount if is_exchanged else None,
                side.currency if is_exchanged else None,
            )  # fmt: skip
    return tuple(told.values())
