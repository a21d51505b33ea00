"""From facts to one ledger that can be traced.

Known is what lies inside the windows that banks disclosed. A debit whose credit is known too is
two steps through an account of its own (decision 36): the debit at its bank's time, the credit
at the later of the two sides' times. A debit whose credit is not known leaves to OUTSIDE, and
what it carries is an arrival that somebody still has to tell. A claim's payment comes from
outside, so no window of the victim's account is needed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from recoup.core.chain.facts import (
    ABROAD,
    AccountFact,
    ClaimFact,
    Destination,
    Facts,
    Side,
    Window,
)
from recoup.core.chain.order import Step, in_order
from recoup.core.tracing import Account, Ledger, Seed, Transfer

# A space keeps these apart from ids of accounts and claims.
OUTSIDE: Final = "outside the windows"


@dataclass(frozen=True, slots=True)
class Stretch:
    """The windows of one account as one: what is known of it without a gap in time."""

    account: str
    from_at: int
    to_at: int
    opening: int
    closing: int
    complete: bool
    incomplete_answers: int

    def covers(self, moment: int) -> bool:
        return self.from_at <= moment <= self.to_at


@dataclass(slots=True)
class Books:
    """The facts sorted by what they belong to, and the ledger made of them.

    seeded: claim -> units that enter the trace. told_seeds: claims whose credit is known.
    turns: the place of each claim by the time of its report.
    debits: the known debits that the ledger holds. clashing: claims on a payment that another
    claim already stands on.
    """

    accounts: Mapping[str, AccountFact]
    claims: Mapping[str, ClaimFact]
    stretches: Mapping[str, Stretch]
    debit_sides: Mapping[str, Side]
    credit_sides: Mapping[str, Side]
    destinations: Mapping[str, Destination]
    victims: Mapping[str, frozenset[str]]
    paid_by_victims: Mapping[str, str]
    clashing: frozenset[str] = frozenset()
    seeded: dict[str, int] = field(default_factory=dict)
    told_seeds: dict[str, Side] = field(default_factory=dict)
    debits: list[Side] = field(default_factory=list)
    ledger: Ledger = field(default_factory=lambda: Ledger({}, (), ()))
    turns: dict[str, int] = field(default_factory=dict)

    def label_of(self, claim_id: str) -> str:
        """What a claim's units are called in the ledger; a tracing rule sorts by it."""
        return f"{self.turns[claim_id]:09d} {claim_id}"

    def claim_of(self, label: str) -> str:
        return label.partition(" ")[2]

    def currency_of(self, account: str, otherwise: str) -> str:
        known = self.accounts.get(account)
        return known.currency if known else otherwise

    def is_abroad(self, account: str) -> bool:
        known = self.accounts.get(account)
        return known is not None and known.kind == ABROAD

    def payee_of(self, movement: str) -> str | None:
        """Return the account that a movement went to, as far as anybody told."""
        side = self.credit_sides.get(movement)
        if side is not None:
            return side.account
        told = self.destinations.get(movement)
        return told.account if told else None

    def told_credit(self, movement: str | None) -> Side | None:
        """Return a credit side if it lies in a window of an account that is traced through."""
        side = self.credit_sides.get(movement) if movement is not None else None
        if side is None or not self.is_known(side):
            return None
        return side

    def is_known(self, side: Side) -> bool:
        stretch = self.stretches.get(side.account)
        return stretch is not None and stretch.covers(side.booked_at)


def debit_id(movement: str) -> str:
    return f"debit of {movement}"


def credit_id(movement: str) -> str:
    return f"credit of {movement}"


def transit_of(movement: str) -> str:
    return f"on the way of {movement}"


def timed(books: Books) -> Ledger:
    """The ledger with the moment of each booking, in the same order.

    In the books times are places in the order of all banks' bookings; here they are moments, and
    the places tell apart what was booked at one moment.
    """
    moments = {debit_id(m): side.booked_at for m, side in books.debit_sides.items()}
    for movement, side in books.credit_sides.items():
        debit = books.debit_sides.get(movement)
        late = max(side.booked_at, debit.booked_at) if debit else side.booked_at
        moments[credit_id(movement)] = late
    for claim, side in books.told_seeds.items():
        moments[books.label_of(claim)] = moments[credit_id(side.movement)]
    return replace(
        books.ledger,
        transfers=tuple(replace(x, t=moments[x.id], seq=x.t) for x in books.ledger.transfers),
    )


def keep_books(facts: Facts) -> Books:
    """Sort the facts and make the ledger."""
    claims = {claim.id: claim for claim in facts.claims}
    credit_sides = {side.movement: side for side in facts.sides if side.is_credit}
    debit_sides = {side.movement: side for side in facts.sides if not side.is_credit}
    standing, clashing = _payments_of_claims(facts.claims)
    victims = _victims(facts, claims, standing, debit_sides)
    accounts = _accounts(facts)
    books = Books(
        accounts=accounts,
        claims=claims,
        stretches=_stretches(facts, victims, accounts),
        debit_sides=debit_sides,
        credit_sides=credit_sides,
        destinations={told.movement: told for told in facts.destinations},
        victims=victims,
        paid_by_victims=standing,
        clashing=clashing,
        turns={
            claim.id: place
            for place, claim in enumerate(sorted(facts.claims, key=lambda claim: claim.turn))
        },
    )
    for claim in claims.values():
        if claim.live and not claim.ended and claim.id not in clashing:
            books.seeded[claim.id] = max(claim.amount - claim.returned, 0)
    _fill_ledger(books)
    return books


def _accounts(facts: Facts) -> dict[str, AccountFact]:
    """Return every account; one that nobody described has the currency of its bookings."""
    accounts = {side.account: AccountFact(side.account, side.currency) for side in facts.sides}
    accounts.update((account.id, account) for account in facts.accounts)
    return accounts


def _payments_of_claims(
    claims: Iterable[ClaimFact],
) -> tuple[dict[str, str], frozenset[str]]:
    """Return movement -> the claim that stands on it, and the claims that came second."""
    standing: dict[str, str] = {}
    clashing = set()
    for claim in sorted(claims, key=lambda claim: claim.turn):
        if claim.movement is None or claim.ended or not claim.live:
            continue
        if standing.setdefault(claim.movement, claim.id) != claim.id:
            clashing.add(claim.id)
    return standing, frozenset(clashing)


def _victims(
    facts: Facts,
    claims: Mapping[str, ClaimFact],
    standing: Mapping[str, str],
    debit_sides: Mapping[str, Side],
) -> dict[str, frozenset[str]]:
    """Return account -> claims it paid, for accounts where a trace has to stop."""
    paid: dict[str, set[str]] = {}
    for claim in claims.values():
        if claim.live and not claim.ended and claim.payer is not None:
            paid.setdefault(claim.payer, set()).add(claim.id)
    for movement, claim_id in standing.items():
        if movement in debit_sides:
            paid.setdefault(debit_sides[movement].account, set()).add(claim_id)
    return {
        account: frozenset(ids)
        for account, ids in paid.items()
        if account not in facts.ruled_payees
    }


def _stretches(
    facts: Facts,
    victims: Mapping[str, frozenset[str]],
    accounts: Mapping[str, AccountFact],
) -> dict[str, Stretch]:
    of_account: dict[str, list[Window]] = {}
    for window in facts.windows:
        kind = accounts[window.account].kind if window.account in accounts else ""
        if window.account not in victims and kind != ABROAD:
            of_account.setdefault(window.account, []).append(window)
    stretches = {account: _joined(told) for account, told in of_account.items()}
    _set_openings(facts, of_account, stretches)
    return stretches


def _joined(windows: list[Window]) -> Stretch:
    """Join the windows of one account.

    Windows that touch, overlap, or open with the balance that the one before closed with are
    contiguous. An incomplete window counts no longer once complete ones cover all of it.
    """
    whole = [window for window in windows if window.complete]
    stretch = _run(whole) if whole else None
    broken = [
        window
        for window in windows
        if not window.complete
        and not (
            stretch
            and stretch.complete
            and stretch.from_at <= window.from_at
            and window.to_at <= stretch.to_at
        )
    ]
    return _run(windows, len(broken)) if broken or stretch is None else stretch


def _run(windows: list[Window], broken: int = 0) -> Stretch:
    ordered = sorted(windows, key=lambda w: (w.from_at, w.to_at, w.told, w.answer))
    first = last = ordered[0]
    gap = False
    for window in ordered[1:]:
        gap = gap or not (window.from_at <= last.to_at or window.opening == last.closing)
        last = window if window.to_at >= last.to_at else last
    return Stretch(
        account=first.account,
        from_at=first.from_at,
        to_at=last.to_at,
        opening=first.opening,
        closing=last.closing,
        complete=not broken and not gap,
        incomplete_answers=broken or (len(windows) - 1 if gap else 0),
    )


def _set_openings(
    facts: Facts, of_account: Mapping[str, list[Window]], stretches: dict[str, Stretch]
) -> None:
    """Where an account has several windows, take the opening with which its bookings add up.

    Two windows may begin at one moment (banks that book by the day) and still open before
    different bookings; the moment alone does not say which of them is the earlier one.
    """
    several = {account for account, told in of_account.items() if len(told) > 1}
    if not several:
        return
    net = dict.fromkeys(several, 0)
    for side in facts.sides:
        if side.account in several and stretches[side.account].covers(side.booked_at):
            net[side.account] += side.amount if side.is_credit else -side.amount
    for account in several:
        opening = stretches[account].closing - net[account]
        if any(window.opening == opening for window in of_account[account]):
            stretches[account] = replace(stretches[account], opening=opening)


def _fill_ledger(books: Books) -> None:
    accounts = {OUTSIDE: Account(external=True)}
    for stretch in books.stretches.values():
        accounts[stretch.account] = Account(opening=stretch.opening)
    seeds = []
    for claim_id, units in books.seeded.items():
        side = books.told_credit(books.claims[claim_id].movement)
        if side is not None and units and side.account not in books.victims:
            books.told_seeds[claim_id] = side
            seeds.append(Seed(books.label_of(claim_id), min(units, _paid(books, claim_id, side))))
    if not seeds:
        return
    transfers = [_transfer(books, step, t) for t, step in enumerate(in_order(_steps(books)))]
    books.ledger = Ledger(accounts, tuple(transfers), tuple(seeds))


def _paid(books: Books, claim_id: str, credit: Side) -> int:
    """Return what the victim's bank debited, as far as the trace can use it."""
    claim = books.claims[claim_id]
    if credit.currency == claim.currency:
        return credit.amount
    debit = books.debit_sides.get(credit.movement)
    return max(debit.amount if debit else 0, books.seeded[claim_id])


def _steps(books: Books) -> list[Step]:
    steps = []
    for side in books.debit_sides.values():
        if books.is_known(side):
            steps.append(Step(side.booked_at, side.booked_at, side.seq, side))
            books.debits.append(side)
    for side in books.credit_sides.values():
        if books.is_known(side):
            debit = books.debit_sides.get(side.movement)
            moment = max(side.booked_at, debit.booked_at) if debit else side.booked_at
            steps.append(Step(moment, side.booked_at, side.seq, side))
    return steps


def _transfer(books: Books, step: Step, t: int) -> Transfer:
    side = step.side
    if side.is_credit:
        return _credit(books, side, t)
    if books.told_credit(side.movement) is None or side.movement in books.paid_by_victims:
        return _exit(books, side, t)
    there = transit_of(side.movement)
    return Transfer(debit_id(side.movement), t, side.account, there, side.amount)


def _exit(books: Books, debit: Side, t: int) -> Transfer:
    told = books.destinations.get(debit.movement)
    credit = None
    if told and told.credit_currency not in (None, debit.currency):
        credit = told.credit
    return Transfer(debit_id(debit.movement), t, debit.account, OUTSIDE, debit.amount, 0, credit)


def _credit(books: Books, side: Side, t: int) -> Transfer:
    claim_id = books.paid_by_victims.get(side.movement)
    if claim_id in books.told_seeds:
        paid = _paid(books, claim_id, side)
        credit = None if paid == side.amount else side.amount
        return Transfer(books.label_of(claim_id), t, OUTSIDE, side.account, paid, 0, credit)
    debit = books.debit_sides.get(side.movement)
    if debit is None or claim_id is not None or not books.is_known(debit):
        return Transfer(credit_id(side.movement), t, OUTSIDE, side.account, side.amount)
    amount, credit = side.amount, None
    if debit.currency != side.currency:
        amount, credit = debit.amount, side.amount
    there = transit_of(side.movement)
    return Transfer(credit_id(side.movement), t, there, side.account, amount, 0, credit)
