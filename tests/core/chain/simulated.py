"""Banks that answer from one true ledger, and a hub that knows only what they answered.

The hub here does what the stations do around the planner: it opens the tickets that the planner
wants, stores answers as facts, drops destinations of debits that carry nothing traced, and
checks every invariant after every step.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from random import Random

from recoup.core.chain import (
    AccountFact,
    AnsweredLine,
    Booking,
    ClaimFact,
    Conclusions,
    Destination,
    Draft,
    Facts,
    HoldFact,
    OpenTicket,
    Side,
    Traced,
    Want,
    Window,
    carried_debits,
    check,
    destinations_needed,
    plan,
)
from recoup.core.tracing import Account, Ledger, Result, Seed, Transfer, trace

SINKS = ("cash", "card", "fee", "other")
DISCLOSING = ("first", "forward", "back")


@dataclass(frozen=True)
class Paid:
    """A true movement. ``to`` is an account, a victim or a sink; credit = units that arrive."""

    id: str
    t: int
    payer: str
    to: str
    amount: int
    credit: int | None = None


@dataclass
class World:
    """The true ledger. Accounts: name -> (currency, opening). Everything else is outside."""

    accounts: dict[str, tuple[str, int]]
    paid: list[Paid]
    claims: dict[str, ClaimFact]
    reserved: dict[str, int] = field(default_factory=dict)
    end: int = 1_000_000

    def __post_init__(self) -> None:
        self.bookings: dict[str, list[tuple[Paid, bool, int, int]]] = {a: [] for a in self.accounts}
        self.by_id = {paid.id: paid for paid in self.paid}
        for paid in self.paid:
            self._book(paid.payer, paid, False, paid.amount)
            self._book(paid.to, paid, True, paid.amount if paid.credit is None else paid.credit)

    def _book(self, account: str, paid: Paid, is_credit: bool, amount: int) -> None:
        if account in self.bookings:
            told = self.bookings[account]
            told.append((paid, is_credit, amount, len(told) + 1))

    def balance(self, account: str, until: int) -> int:
        return self.accounts[account][1] + sum(
            amount if is_credit else -amount
            for paid, is_credit, amount, _ in self.bookings[account]
            if paid.t <= until
        )

    def traced(self, rule: str, claims: Iterable[str]) -> Result:
        """Trace the whole true ledger."""
        outside = {p.payer for p in self.paid} | {p.to for p in self.paid}
        accounts = {name: Account(external=True) for name in outside - self.accounts.keys()}
        victims = {self.claims[claim].payer for claim in claims}
        for name, (_, opening) in self.accounts.items():
            accounts[name] = Account(external=True) if name in victims else Account(opening)
        label = {self.claims[c].movement: c for c in claims}
        transfers = tuple(
            Transfer(label.get(p.id, p.id), i, p.payer, p.to, p.amount, 0, p.credit)
            for i, p in enumerate(self.paid)
        )
        seeds = tuple(Seed(c, self.claims[c].amount) for c in claims)
        return trace(Ledger(accounts, transfers, seeds), rule=rule)


class Hub:
    """What the hub knows, and the steps it takes. ``now`` is the moment up to which banks see."""

    def __init__(self, world: World, *, rule: str = "fifo", now: int | None = None) -> None:
        self.world, self.rule = world, rule
        self.now = world.end if now is None else now
        self.claims: dict[str, ClaimFact] = {}
        self.windows: list[Window] = []
        self.sides: dict[tuple[str, bool], Side] = {}
        self.destinations: dict[str, Destination] = {}
        self.holds: dict[tuple[str, str], HoldFact] = {}
        self.open: dict[tuple[str, str], Want] = {}
        self.answered: set[AnsweredLine] = set()
        self.marked: dict[str, dict[tuple[str, str], int]] = {}
        self.rank = 0
        self.sent: list[Want] = []
        self.tell_exchange = self.tell_all = True
        self.careless: Random | None = None
        self.is_incomplete: dict[str, bool] = {}

    # What is known
    def facts(self) -> Facts:
        return Facts(
            accounts=tuple(AccountFact(a, c) for a, (c, _) in self.world.accounts.items()),
            claims=tuple(self.claims.values()),
            windows=tuple(self.windows),
            sides=tuple(self.sides.values()),
            destinations=tuple(self.destinations.values()),
            holds=tuple(self.holds.values()),
            open_tickets=tuple(
                OpenTicket(w.case, w.account, w.kind, w.lines) for w in self.open.values()
            ),
            answered_lines=tuple(self.answered),
        )

    def plan(self) -> Conclusions:
        facts = self.facts()
        conclusions = plan(facts, rule=self.rule)
        broken = check(conclusions, facts)
        assert not broken, broken
        return conclusions

    # Steps
    def report(self, claim: str, **changed: object) -> None:
        known = replace(self.world.claims[claim], movement=None)
        self.claims[claim] = replace(known, **changed)

    def send(self) -> tuple[Want, ...]:
        """Open a ticket for everything the planner wants now."""
        conclusions = self.plan()
        for withdrawal in conclusions.withdrawals:
            key = (withdrawal.case, withdrawal.account)
            del self.open[key]
            self.holds[key] = replace(self.holds[key], asked=None)
        if conclusions.withdrawals:
            conclusions = self.plan()
        for want in conclusions.wants:
            key = (want.case, want.account)
            assert key not in self.open
            self.open[key] = want
            self.sent.append(want)
            hold = self.holds.get(key) or HoldFact(*key, 0, 0)
            currency = self.world.accounts[want.account][0]
            self.holds[key] = replace(
                hold,
                asked=want.total,
                asked_kind=want.kind,
                asked_currency=None if want.currency == currency else want.currency,
            )
        if conclusions.wants:
            self.plan()
        return conclusions.wants

    def answer(self, case: str, account: str) -> None:
        """Let the bank answer the open ticket."""
        want = self.open.pop((case, account))
        self.rank += 1
        if want.kind in DISCLOSING:
            self._disclose(want)
        elif want.kind == "destination":
            for movement in want.destinations_of:
                self.destinations[movement] = self._destination(self.world.by_id[movement])
                self.answered.add(AnsweredLine(case, account, "destination", "", movement))
        self._block(want)
        self._forget_needless(account)
        self.plan()

    def volunteer(self, account: str) -> bool:
        """The bank tells of its own accord what it left out, or what came after its last window."""
        told = [w for w in self.windows if w.account == account]
        last = max((w.to_at for w in told), default=self.now)
        left_out = self.is_incomplete.pop(account, False)
        if last >= self.now and not left_out:
            return False
        start = min(w.from_at for w in told) if left_out else last
        self._tell(account, start, "volunteered", first=left_out)
        for (movement, is_credit), side in self.sides.items():
            if side.account == account and not is_credit and side.booked_at >= start:
                self.destinations[movement] = self._destination(self.world.by_id[movement])
        self._forget_needless(account)
        self.plan()
        return True

    def run(self, rng: Random | None = None) -> None:
        """Send and answer until nothing is left to do."""
        for _ in range(2000):
            self.send()
            if not self.open:
                return
            keys = sorted(self.open)
            self.answer(*(rng.choice(keys) if rng else keys[0]))
        raise AssertionError("The chain does not come to rest.")

    # The bank's side
    def _disclose(self, want: Want) -> None:
        told = self.world.bookings[want.account]
        start = None
        for line in want.lines:
            movement = line.movement or self.world.claims[line.claim].movement
            found = [b for b in told if b[0].id == movement and b[1] and b[0].t <= self.now]
            self.answered.add(
                AnsweredLine(want.case, want.account, want.kind, line.claim, line.movement)
            )
            if not found:
                continue
            place = (found[0][0].t, found[0][3])
            start = place if start is None else min(start, place)
            units = self.marked.setdefault(want.account, {})
            units[str(movement), line.claim] = line.amount
            if movement == self.world.claims[line.claim].movement:
                self.claims[line.claim] = replace(self.claims[line.claim], movement=movement)
        answer = f"answer {self.rank}"
        if want.disclose_from is not None:
            first = want.kind == "first"
            self._tell(want.account, want.disclose_from, answer, first=first)
        elif start is not None:
            self._tell(want.account, start[0], answer, first=True, seq=start[1])

    def _tell(self, account: str, start: int, answer: str, *, first: bool, seq: int = 0) -> None:
        currency, opening = self.world.accounts[account]
        told = []
        for booking in self.world.bookings[account]:
            paid, is_credit, amount, number = booking
            if (paid.t < start or number < seq) if first else paid.t <= start:
                opening += amount if is_credit else -amount
            elif paid.t <= self.now:
                told.append(booking)
        closing = self.world.balance(account, self.now)
        complete = not self._forgets(told)
        self.is_incomplete[account] = self.is_incomplete.get(account, False) or not complete
        self.windows.append(Window(account, start, self.now, opening, closing, complete, answer))
        for paid, is_credit, amount, number in told:
            side = Side(paid.id, account, is_credit, amount, currency, paid.t, number, answer)
            self.sides.setdefault((paid.id, is_credit), side)
        for movement in self._traced_debits(account):
            told_to = self._destination(self.world.by_id[movement])
            self.destinations.setdefault(movement, told_to)

    def _forgets(self, told: list[tuple[Paid, bool, int, int]]) -> bool:
        """A careless clerk leaves out one debit; asked again, the bank tells all."""
        new = [b for b in told if not b[1] and (b[0].id, False) not in self.sides]
        if self.careless is None or not new or self.careless.random() < 0.5:
            return False
        told.remove(self.careless.choice(new))
        return True

    def _traced_debits(self, account: str) -> list[str]:
        """What the bank can know: the lines, not which units of a credit they are."""
        told = [side for side in self.sides.values() if side.account == account]
        window = min(
            (w for w in self.windows if w.account == account),
            key=lambda w: (w.from_at, w.opening),
        )
        draft = Draft(
            window.opening,
            tuple(Booking(s.movement, s.amount, s.booked_at, s.seq) for s in told if s.is_credit),
            tuple(
                Booking(s.movement, s.amount, s.booked_at, s.seq) for s in told if not s.is_credit
            ),
            0,
        )
        credits = {booking.reference for booking in draft.credits}
        lines = [
            Traced(movement, None if self.tell_all else amount)
            for (movement, _), amount in self.marked.get(account, {}).items()
            if movement in credits
        ]
        return list(destinations_needed(draft, lines, rule=self.rule))

    def _destination(self, paid: Paid) -> Destination:
        if paid.to in SINKS or paid.to == "abroad":
            return Destination(paid.id, None, paid.to)
        currency = self.world.accounts[paid.to][0] if paid.to in self.world.accounts else None
        if paid.credit is None or not self.tell_exchange:
            return Destination(paid.id, paid.to, None)
        return Destination(paid.id, paid.to, None, paid.credit, currency)

    def _block(self, want: Want) -> None:
        key = (want.case, want.account)
        hold = self.holds[key]
        free = self.world.balance(want.account, self.now) - self.world.reserved.get(want.account, 0)
        free -= sum(h.held for k, h in self.holds.items() if k[1] == want.account and k != key)
        held = max(min(want.total, free), 0)
        freed = self.rank if held < hold.held else hold.freed_rank
        self.holds[key] = replace(
            hold, held=held, state="placed", answered_rank=self.rank, freed_rank=freed
        )

    def _forget_needless(self, account: str) -> None:
        """Drop the destinations of debits that carry nothing traced."""
        carried = carried_debits(self.facts(), rule=self.rule)
        for (movement, is_credit), side in self.sides.items():
            if not is_credit and side.account == account and movement not in carried:
                self.destinations.pop(movement, None)


def random_world(rng: Random, *, exchange: bool = False) -> World:
    """Make a ledger of 7 accounts, up to 45 movements and up to 4 victims, with loops."""
    names = [f"M{i}" for i in range(7)]
    accounts = {
        name: (
            rng.choice(["EUR", "EUR", "USD"]) if exchange else "EUR",
            rng.choice([0, 0, rng.randrange(5000)]),
        )
        for name in names
    }
    victims = [f"V{i}" for i in range(rng.randint(1, 4))]
    accounts |= {victim: ("EUR", 100_000) for victim in victims}
    balance = {name: opening for name, (_, opening) in accounts.items()}
    paid: list[Paid] = []
    claims: dict[str, ClaimFact] = {}
    t = 0
    waiting = list(victims)
    for number in range(rng.randint(8, 45)):
        t += rng.choice([0, 0, 1, 5])
        name = f"p{number:02}"
        if waiting and rng.random() < 0.25:
            victim, to = waiting.pop(), rng.choice(names)
            amount = rng.randint(1, 6000)
            paid.append(
                Paid(
                    name,
                    t,
                    victim,
                    to,
                    amount,
                    _credit(rng, "EUR", accounts[to][0], amount),
                )
            )
            part = (
                amount if rng.random() < 0.7 or accounts[to][0] != "EUR" else rng.randint(1, amount)
            )
            case = rng.choice(["case A", "case B"])
            claims[f"c{victim}"] = ClaimFact(
                f"c{victim}", case, part, "EUR", victim, to, name, t, True
            )
        elif rng.random() < 0.15:
            to = rng.choice(names)
            paid.append(Paid(name, t, "employer", to, rng.randint(1, 3000)))
        else:
            rich = [n for n in names if balance[n]] or names
            payer = rng.choice(rich)
            if not balance[payer]:
                continue
            part = rng.choice([balance[payer], rng.randint(1, balance[payer])])
            back = [v for v in victims if f"c{v}" in claims and accounts[payer][0] == "EUR"]
            to = rng.choice([*names, *names, "cash", "card", "abroad", *back])
            there = accounts[to][0] if to in accounts else accounts[payer][0]
            credit = _credit(rng, accounts[payer][0], there, part)
            paid.append(Paid(name, t, payer, to, part, credit))
            balance[payer] -= part
        last = paid[-1]
        if last.to in balance:
            balance[last.to] += last.amount if last.credit is None else last.credit
    reserved = {name: rng.randint(0, 500) for name in names if rng.random() < 0.3}
    return World(accounts, paid, claims, reserved)


def _credit(rng: Random, one: str, other: str, amount: int) -> int | None:
    return None if one == other else amount * rng.randint(50, 150) // 100
