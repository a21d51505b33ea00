"""Which tickets should leave now, which open ones lost their ground, what a person must settle.

One desk for each (case, account). While a ticket is open there, it waits. Otherwise the first of
these that applies: arrivals that the bank has not told (first, forward, back), a disclosure that
does not add up (first again) or that an officer asks to be brought up to now (forward), debits
without a destination (destination), a hold that is not what the trace says (block or set).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from heapq import nsmallest

from recoup.core.chain.books import Books, Stretch
from recoup.core.chain.conclusions import Task, Want, Withdrawal
from recoup.core.chain.facts import (
    DISCLOSING,
    AnsweredLine,
    ClosingGround,
    Facts,
    HoldFact,
    Line,
    OpenTicket,
)
from recoup.core.chain.follow import Arrival, Followed
from recoup.core.chain.trail import STANDING, Share, difference

# After these grounds new money is a new question; after the others nothing is asked again.
PASSING_GROUNDS = frozenset({"lapsed", "undeliverable", "withdrawn", "unclear"})
SEPARATE_KINDS = frozenset({"block", "destination"})


@dataclass(slots=True)
class Answered:
    """Lines with a final answer, by (case, account)."""

    payments: set[tuple[str, str, str, str | None]] = field(default_factory=set)
    destinations: set[tuple[str, str, str | None]] = field(default_factory=set)
    places: set[tuple[str, str]] = field(default_factory=set)

    @classmethod
    def of(cls, lines: Iterable[AnsweredLine]) -> Answered:
        answered = cls()
        for line in lines:
            if line.kind == "destination":
                answered.destinations.add((line.case, line.account, line.movement))
            elif line.kind in DISCLOSING:
                answered.payments.add((line.case, line.account, line.claim, line.movement))
        return answered


@dataclass(slots=True)
class Desk:
    """Everything that concerns one case on one account."""

    case: str
    account: str
    share: Share
    stretch: Stretch | None
    is_victims: bool
    asks: int
    block_in_ruling: bool
    answered: Answered
    is_asked_on: bool = False
    difference: int = 0
    hold: HoldFact | None = None
    open: OpenTicket | None = None
    freed_rank: int = 0
    disclosed_by: str | None = None
    grounds: list[ClosingGround] = field(default_factory=list)
    arrivals: list[Arrival] = field(default_factory=list)
    told: list[Line] = field(default_factory=list)
    untold: list[Line] = field(default_factory=list)
    live_claims: set[str] = field(default_factory=set)

    @property
    def held(self) -> int:
        return self.hold.held if self.hold and self.hold.state in STANDING else 0

    @property
    def asked(self) -> int | None:
        """Return the last asked total; None if it was in another currency."""
        if self.hold is None:
            return 0
        return (
            None if self.hold.asked_currency not in (None, self.share.currency) else self.hold.asked
        )

    @property
    def to_hold(self) -> int:
        """Return what should be held: all but second claims on one payment, up to the limit."""
        in_ruling = sum(
            arrival.amount
            for arrival in self.arrivals
            if arrival.currency == self.share.currency
            and not arrival.ask
            and not self.is_victims
            and arrival.claim in self.live_claims
        )
        total = self.share.target - in_ruling
        return total if self.limit is None else min(total, self.limit)

    @property
    def limit(self) -> int | None:
        """Return the most that may be asked: an officer reduced or withdrew the hold."""
        return self.hold.limit if self.hold else None

    def is_closed(self, kind: str, *, new_money: bool = False) -> bool:
        """Say whether a ground stands against a ticket of this kind."""
        for ground in self.grounds:
            if ground.kind in SEPARATE_KINDS and ground.kind != kind:
                continue
            if kind in SEPARATE_KINDS and ground.kind not in ("", kind):
                continue
            if not (new_money and ground.ground in PASSING_GROUNDS and self.is_more_than_asked):
                return True
        return False

    @property
    def is_more_than_asked(self) -> bool:
        """Say whether there is more to hold than when the bank was last asked.

        A hold that lapsed with nothing known to have been asked is not asked for anew: what a
        clock has let go, only a person takes up again.
        """
        if self.hold is None or self.asked is None:
            return False
        return self.to_hold > self.asked and bool(self.asked or self.hold.state != "lapsed")

    @property
    def unasked(self) -> list[Arrival]:
        """Return the arrivals that this bank has not been asked for, or has not answered."""
        here = (self.case, self.account)
        return [
            arrival
            for arrival in self.arrivals
            if arrival.ask
            and (*here, arrival.claim, arrival.movement) not in self.answered.payments
        ]

    @property
    def is_fully_held(self) -> bool:
        """Say whether an answered question found every unit still there, and held."""
        return (
            self.stretch is None
            and 0 < self.share.target == self.share.held
            and (self.case, self.account) in self.answered.places
        )

    @property
    def without_destination(self) -> list[Line]:
        here = (self.case, self.account)
        return [x for x in self.untold if (*here, x.movement) not in self.answered.destinations]


def plan_desk(desk: Desk) -> tuple[Want | None, Withdrawal | None, list[Task]]:
    """Return what one desk wants, what it withdraws, and what it hands to a person."""
    if desk.open is not None:
        is_zero = desk.open.kind == "set" and not sum(line.amount for line in desk.open.lines)
        if desk.share.present or is_zero:
            return None, None, []
        return None, Withdrawal(desk.case, desk.account, desk.open.kind), []
    want = (
        _arrivals_wanted(desk) or _again(desk) or _destinations_wanted(desk) or _hold_wanted(desk)
    )
    return want, None, _tasks(desk, want)


def _arrivals_wanted(desk: Desk) -> Want | None:
    new = sorted(desk.unasked, key=lambda a: (a.claim, a.movement or "", a.amount))
    if not new or desk.is_closed("first", new_money=True) or _is_told_enough(desk, new):
        return None
    lines = tuple(Line(a.claim, a.movement, a.amount, a.currency) for a in new)
    total, currency = desk.to_hold, desk.share.currency
    if not total:
        currency = lines[0].currency
        total = sum(line.amount for line in lines if line.currency == currency)
    kind, disclose_from = "first", None
    if desk.stretch is not None:
        later = all(arrival.at > desk.stretch.to_at for arrival in new)
        kind, disclose_from = ("forward", desk.stretch.to_at) if later else ("back", None)
    return Want(
        case=desk.case,
        account=desk.account,
        kind=kind,
        lines=lines,
        total=total,
        currency=currency,
        disclose_from=disclose_from,
        destinations_of=_movements(desk.without_destination),
        disclosed_by=desk.disclosed_by,
    )


def _is_told_enough(desk: Desk, new: list[Arrival]) -> bool:
    """A claim answered as fully held needs no second question once its payment has a name."""
    here = (desk.case, desk.account)
    return desk.is_fully_held and all(
        (*here, arrival.claim, None) in desk.answered.payments for arrival in new
    )


def _again(desk: Desk) -> Want | None:
    """All of it anew, since it does not add up; or what came later, since an officer asks."""
    stretch = desk.stretch
    if stretch is None or not desk.told or desk.is_closed("first"):
        return None
    is_broken = not stretch.complete and stretch.incomplete_answers < desk.asks
    if not is_broken and not (desk.is_asked_on and desk.to_hold):
        return None
    return Want(
        case=desk.case,
        account=desk.account,
        kind="first" if is_broken else "forward",
        lines=tuple(desk.told),
        total=desk.to_hold,
        currency=desk.share.currency,
        disclose_from=stretch.from_at if is_broken else stretch.to_at,
        destinations_of=_movements(desk.without_destination),
        disclosed_by=desk.disclosed_by,
    )


def _destinations_wanted(desk: Desk) -> Want | None:
    missing = desk.without_destination
    if not missing or desk.is_closed("destination"):
        return None
    return Want(
        case=desk.case,
        account=desk.account,
        kind="destination",
        lines=tuple(missing),
        total=desk.to_hold,
        currency=desk.share.currency,
        destinations_of=_movements(missing),
    )


def _hold_wanted(desk: Desk) -> Want | None:
    total = _new_total(desk)
    if total is None:
        return None
    units = {claim: 0 for claim in sorted(desk.share.claims)}
    for arrival in desk.arrivals:
        if arrival.claim in units:
            units[arrival.claim] += arrival.amount
    for claim, remain in desk.share.remains.items():
        units[claim] += remain
    lines = (Line(claim, None, amount, desk.share.currency) for claim, amount in units.items())
    return Want(
        case=desk.case,
        account=desk.account,
        kind=_kind_of_change(desk, total),
        lines=tuple(line for line in lines if line.amount),
        total=total,
        currency=desk.share.currency,
    )


def _kind_of_change(desk: Desk, total: int) -> str:
    """Units of claims that are not live, or that wait for a ruling, are only blocked."""
    if total and desk.is_victims:
        return "block"
    only_blocked = not desk.share.remain and not any(
        arrival.claim in desk.live_claims for arrival in desk.arrivals
    )
    return "block" if total and only_blocked else "set"


def _new_total(desk: Desk) -> int | None:
    """Return the total that the bank should be asked for, None to leave things as they are."""
    if desk.share.foreign or (desk.hold and desk.hold.state == "replaced"):
        return None
    most = desk.share.target if desk.limit is None else min(desk.share.target, desk.limit)
    if desk.held > most:
        return most if desk.asked != most else None
    total = desk.to_hold
    if _is_outgrown_precaution(desk, total):
        return total
    if desk.held >= total or (desk.is_victims and not desk.block_in_ruling):
        return None
    if desk.hold and desk.hold.state in ("declined", "lapsed"):
        return None
    if desk.is_closed(_kind_of_change(desk, total)):
        return None
    short_since = desk.hold.answered_rank if desk.hold else 0
    return total if desk.asked != total or desk.freed_rank > short_since > 0 else None


def _is_outgrown_precaution(desk: Desk, total: int) -> bool:
    """A precautionary block whose claim became live must be asked for again, or it would lapse."""
    hold = desk.hold
    return (
        hold is not None
        and hold.asked_kind == "block"
        and hold.state in STANDING
        and 0 < total
        and 0 < desk.held
        and _kind_of_change(desk, total) == "set"
    )


def _tasks(desk: Desk, want: Want | None) -> list[Task]:
    tasks = []

    def task(kind: str, amount: int, currency: str, claim: str | None = None) -> None:
        tasks.append(Task(desk.case, desk.account, claim, kind, amount, currency))

    currency = desk.share.currency
    asking = want is not None and want.kind in DISCLOSING
    if not asking and not desk.is_fully_held and not desk.grounds:
        kind = "not_disclosed" if desk.stretch is None else "unidentified_credit"
        for arrival in desk.arrivals:
            if arrival.ask:
                task(kind, arrival.amount, arrival.currency, arrival.claim)
    if not (want and want.destinations_of) and not desk.is_closed("destination"):
        for line in desk.untold:
            task("destination_not_told", line.amount, line.currency, line.claim)
    if desk.stretch and desk.share.present and not asking and desk.difference:
        kind = "books_differ" if desk.stretch.complete else "incomplete_window"
        task(kind, desk.difference, currency)
    if desk.share.excess and want is None and not desk.share.foreign:
        task("excess_held", desk.share.excess, currency)
    return tasks


def _movements(lines: Iterable[Line]) -> tuple[str, ...]:
    return tuple(sorted({line.movement for line in lines if line.movement is not None}))


def open_desks(
    facts: Facts, books: Books, followed: Followed, shares: dict[tuple[str, str], Share]
) -> list[Desk]:
    """Lay out everything that the desks need; sorted by case and account."""
    answered = Answered.of(facts.answered_lines)
    opened = {(ticket.case, ticket.account): ticket for ticket in facts.open_tickets}
    live_claims = {claim.id for claim in facts.claims if claim.live and not claim.ended}
    desks: dict[tuple[str, str], Desk] = {}
    for case, account in sorted(shares.keys() | opened.keys()):
        key = (case, account)
        desks[key] = Desk(
            case=case,
            account=account,
            share=shares.get(key) or Share(books.currency_of(account, "")),
            stretch=books.stretches.get(account),
            is_victims=account in books.victims,
            asks=facts.asks,
            block_in_ruling=facts.block_in_ruling,
            answered=answered,
            is_asked_on=key in facts.asked_on,
            open=opened.get(key),
            live_claims=live_claims,
        )
    _add_holds(facts, desks)
    _add_units(books, followed, desks)
    return list(desks.values())


def _add_holds(facts: Facts, desks: dict[tuple[str, str], Desk]) -> None:
    freed: dict[str, list[tuple[int, str]]] = {}
    for hold in facts.holds:
        freed.setdefault(hold.account, []).append((-hold.freed_rank, hold.case))
        desks[hold.case, hold.account].hold = hold
    for ground in facts.grounds:
        if (ground.case, ground.account) in desks:
            desks[ground.case, ground.account].grounds.append(ground)
    asked: dict[str, list[tuple[int, str]]] = {}
    for ticket in facts.open_tickets:
        if ticket.kind in DISCLOSING:
            asked.setdefault(ticket.account, []).append((0, ticket.case))
    first_freed, first_asked = _first_two(freed), _first_two(asked)
    for desk in desks.values():
        for rank, case in first_freed.get(desk.account, ()):
            if case != desk.case:
                desk.freed_rank = max(desk.freed_rank, -rank)
        others = [case for _, case in first_asked.get(desk.account, ()) if case != desk.case]
        desk.disclosed_by = others[0] if others else None


def _first_two(of_account: dict[str, list[tuple[int, str]]]) -> dict[str, list[tuple[int, str]]]:
    """Keep two of each account: of two cases, one is always another one."""
    return {account: nsmallest(2, found) for account, found in of_account.items()}


def _add_units(books: Books, followed: Followed, desks: dict[tuple[str, str], Desk]) -> None:
    def desk_of(claim: str, account: str) -> Desk:
        return desks[books.claims[claim].case, account]

    for arrival in followed.arrivals:
        desk_of(arrival.claim, arrival.account).arrivals.append(arrival)
    for account, claim, movement, units, currency in followed.untold:
        desk_of(claim, account).untold.append(Line(claim, movement, units, currency))
    for flow in followed.flows:
        if flow.state == "arrived" and flow.payee is not None and flow.payee in books.stretches:
            line = Line(
                flow.claim,
                flow.movement,
                flow.credited or 0,
                flow.credit_currency or "",
            )
            desk_of(flow.claim, flow.payee).told.append(line)
    for desk in desks.values():
        desk.difference = difference(books, followed, desk.account)
        desk.untold.sort(key=lambda line: (line.movement or "", line.claim))
        desk.told.sort(key=lambda line: (line.claim, line.movement or ""))
