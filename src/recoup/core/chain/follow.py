"""From the trace of the books to what each claim has on each account, under one rule.

The trace says which units every debit carried. This module says what became of them there:
arrived in a window, on the way to somebody who has not told yet, in a sink, over the border,
back at the victim, or stuck because nobody said where they went.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from recoup.core.chain.books import Books, credit_id, debit_id
from recoup.core.chain.conclusions import Flow, Task
from recoup.core.chain.facts import ClaimFact, Side
from recoup.core.tracing import Result, trace

NOTHING: Mapping[str, int] = {}


@dataclass(slots=True)
class Position:
    """One claim's units on one account in one currency, before the hold is shared out.

    remain: traced units lying in a window. pending: arrived, not told by this bank.
    stuck: left with a debit of which nobody said where it went.
    """

    inn: int = 0
    remain: int = 0
    pending: int = 0
    stuck: int = 0
    moved: int = 0
    spent: int = 0
    returned: int = 0
    doubted: int = 0


@dataclass(frozen=True, slots=True)
class Arrival:
    """Units that went to an account whose bank has not told them.

    ask: a bank may be asked for them now; False where a person has to rule first and for
    claims that are not live. at: the moment of the debit, or the one the payer named.
    """

    account: str
    claim: str
    movement: str | None
    amount: int
    currency: str
    at: int
    ask: bool = True


@dataclass(slots=True)
class Followed:
    """Everything the trace under one rule says about the claims."""

    rule: str
    positions: dict[tuple[str, str, str], Position] = field(default_factory=dict)
    arrivals: list[Arrival] = field(default_factory=list)
    untold: list[tuple[str, str, str, int, str]] = field(default_factory=list)
    flows: list[Flow] = field(default_factory=list)
    border: dict[tuple[str | None, str, str], int] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    exchanged_in: dict[tuple[str, str], int] = field(default_factory=dict)
    exchanged_out: dict[tuple[str, str], int] = field(default_factory=dict)
    balances: Mapping[str, int] = field(default_factory=dict)

    def at(self, account: str, claim: str, currency: str) -> Position:
        key = (account, claim, currency)
        position = self.positions.get(key)
        if position is None:
            position = self.positions[key] = Position()
        return position

    def exchange(self, flow: Flow) -> None:
        """Remember that a flow changed the currency of its units."""
        if flow.credited is None or flow.credit_currency in (None, flow.currency):
            return
        gone, come = (
            (flow.claim, flow.currency),
            (flow.claim, str(flow.credit_currency)),
        )
        self.exchanged_out[gone] = self.exchanged_out.get(gone, 0) + flow.carried
        self.exchanged_in[come] = self.exchanged_in.get(come, 0) + flow.credited


def follow(books: Books, rule: str) -> Followed:
    """Trace the books under one rule and place every unit of every claim."""
    followed = Followed(rule)
    result = trace(books.ledger, rule=rule) if books.ledger.seeds else None
    for claim in books.claims.values():
        if not claim.ended:
            _Payment(books, followed, result, claim).place()
    if result is None:
        return followed
    followed.balances = result.balances
    for side in books.debits:
        carried = result.transfers.get(debit_id(side.movement))
        if carried:
            leaving = _Leaving(books, followed, result, side)
            for label, units in carried.items():
                leaving.place(books.claim_of(label), units)
    for account in books.stretches:
        for label, units in result.held.get(account, NOTHING).items():
            claim_id = books.claim_of(label)
            currency = books.currency_of(account, books.claims[claim_id].currency)
            followed.at(account, claim_id, currency).remain += units
    return followed


class _Payment:
    """The victim's payment itself: where its units enter."""

    def __init__(
        self, books: Books, followed: Followed, result: Result | None, claim: ClaimFact
    ) -> None:
        self.books, self.followed, self.result, self.claim = (
            books,
            followed,
            result,
            claim,
        )
        self.units = max(claim.amount - claim.returned, 0)

    def place(self) -> None:
        claim = self.claim
        if claim.returned or claim.doubted:
            here = self.followed.at(claim.payer or claim.payee, claim.id, claim.currency)
            here.inn += claim.returned
            here.returned += claim.returned
            here.doubted += claim.doubted
        if not self.units:
            return
        side = self.books.told_seeds.get(claim.id)
        if side is not None:
            self._arrived(side)
        elif not claim.live:
            self._pending("pending", ask=False)
        elif claim.id in self.books.clashing:
            self._pending("ruling", ask=False)
            self._task("two_claims_one_payment")
        else:
            self._untold()

    def _arrived(self, side: Side) -> None:
        claim, followed = self.claim, self.followed
        label = self.books.label_of(claim.id)
        credited = _of(self.result, "credited", label, label)
        flow = self._flow(side.account, credited, side.currency, "arrived")
        followed.exchange(flow)
        followed.at(side.account, claim.id, side.currency).inn += credited
        if side.currency == claim.currency and credited < self.units:
            here = followed.at(side.account, claim.id, claim.currency)
            here.inn += self.units - credited
            here.spent += self.units - credited

    def _untold(self) -> None:
        claim, followed = self.claim, self.followed
        here = (claim.payee, claim.id, claim.currency)
        if self.books.is_abroad(claim.payee):
            self._flow(claim.payee, self.units, claim.currency, "border")
            followed.at(*here).inn += self.units
            followed.at(*here).spent += self.units
            followed.border[here] = followed.border.get(here, 0) + self.units
        elif claim.id in self.books.victims.get(claim.payee, ()):
            self._flow(claim.payee, self.units, claim.currency, "returned")
            followed.at(*here).inn += self.units
            followed.at(*here).returned += self.units
        elif claim.payee in self.books.victims:
            self._pending("ruling", ask=False)
            self._task("victim_is_payee")
        else:
            self._pending("pending", ask=True)

    def _pending(self, state: str, *, ask: bool) -> None:
        claim = self.claim
        foreign = self.books.currency_of(claim.payee, claim.currency) != claim.currency
        self._flow(claim.payee, None if foreign else self.units, None, state)
        here = self.followed.at(claim.payee, claim.id, claim.currency)
        here.inn += self.units
        here.pending += self.units
        self.followed.arrivals.append(
            Arrival(
                claim.payee,
                claim.id,
                claim.movement,
                self.units,
                claim.currency,
                claim.at,
                ask,
            )
        )

    def _task(self, kind: str) -> None:
        claim = self.claim
        self.followed.tasks.append(
            Task(claim.case, claim.payee, claim.id, kind, self.units, claim.currency)
        )

    def _flow(self, payee: str, credited: int | None, currency: str | None, state: str) -> Flow:
        claim = self.claim
        flow = Flow(
            movement=claim.movement,
            claim=claim.id,
            payer=claim.payer,
            payee=payee,
            sink=None,
            carried=self.units,
            currency=claim.currency,
            credited=credited,
            credit_currency=currency if currency or credited is None else claim.currency,
            state=state,
        )
        self.followed.flows.append(flow)
        return flow


class _Leaving:
    """A known debit that carries traced units."""

    def __init__(self, books: Books, followed: Followed, result: Result, side: Side) -> None:
        self.books, self.followed, self.result, self.side = (
            books,
            followed,
            result,
            side,
        )
        self.credit = books.told_credit(side.movement)
        self.payee = books.payee_of(side.movement)
        self.told = books.destinations.get(side.movement)

    def place(self, claim_id: str, units: int) -> None:
        """Say what became of one claim's units that this debit carried."""
        if self.side.movement in self.books.paid_by_victims:
            self._stuck(claim_id, units, "ruling", self.payee)
            self._task(claim_id, units, self.side.account, "seed_from_traced")
        elif self.credit is not None:
            self._arrived(claim_id, units, self.credit)
        elif self.payee is not None:
            self._here(claim_id).moved += units
            self._on_the_way(claim_id, units, self.payee)
        elif self.told is not None and self.told.sink is not None:
            self._gone(claim_id, units, self.told.sink)
        else:
            self._stuck(claim_id, units, "untold", None)
            self.followed.untold.append(
                (
                    self.side.account,
                    claim_id,
                    self.side.movement,
                    units,
                    self.side.currency,
                )
            )

    def _here(self, claim_id: str) -> Position:
        return self.followed.at(self.side.account, claim_id, self.side.currency)

    def _stuck(self, claim_id: str, units: int, state: str, payee: str | None) -> None:
        self._here(claim_id).stuck += units
        self._flow(claim_id, units, payee, None, None, state)

    def _gone(self, claim_id: str, units: int, sink: str) -> None:
        self._here(claim_id).spent += units
        self._flow(claim_id, units, None, units, self.side.currency, "gone")
        if sink == "abroad":
            key = (None, claim_id, self.side.currency)
            self.followed.border[key] = self.followed.border.get(key, 0) + units

    def _arrived(self, claim_id: str, units: int, credit: Side) -> None:
        label = self.books.label_of(claim_id)
        took = _of(self.result, "transfers", credit_id(credit.movement), label)
        credited = _of(self.result, "credited", credit_id(credit.movement), label)
        here = self._here(claim_id)
        here.moved += took
        self.followed.at(credit.account, claim_id, credit.currency).inn += credited
        if took or units == took:
            self._flow(claim_id, took, credit.account, credited, credit.currency, "arrived")
        left = units - took
        if not left:
            return
        same = credit.currency == self.side.currency
        fee = min(left, max(self.side.amount - credit.amount, 0)) if same else 0
        if fee:
            here.spent += fee
            self._flow(claim_id, fee, None, fee, self.side.currency, "gone", sink="fee")
        if left > fee:
            self._stuck(claim_id, left - fee, "ruling", credit.account)
            self._task(claim_id, left - fee, self.side.account, "books_differ")

    def _on_the_way(self, claim_id: str, units: int, payee: str) -> None:
        books, currency = self.books, self.side.currency
        if books.is_abroad(payee):
            self._flow(claim_id, units, payee, units, currency, "border")
            there = self.followed.at(payee, claim_id, currency)
            there.inn += units
            there.spent += units
            key = (payee, claim_id, currency)
            self.followed.border[key] = self.followed.border.get(key, 0) + units
            return
        credited, currency = self._told_credit(claim_id, units, payee)
        amount = units if credited is None else credited
        there = self.followed.at(payee, claim_id, currency)
        there.inn += amount
        if claim_id in books.victims.get(payee, ()):
            there.returned += amount
            self._flow(claim_id, units, payee, credited, currency, "returned")
            return
        there.pending += amount
        ruling = payee in books.victims
        self._flow(
            claim_id,
            units,
            payee,
            credited,
            currency,
            "ruling" if ruling else "pending",
        )
        self.followed.arrivals.append(
            Arrival(
                account=payee,
                claim=claim_id,
                movement=self.side.movement,
                amount=amount,
                currency=currency,
                at=self.side.booked_at,
                ask=not ruling,
            )
        )
        if ruling:
            self._task(claim_id, amount, payee, "victim_is_payee", currency)

    def _told_credit(self, claim_id: str, units: int, payee: str) -> tuple[int | None, str]:
        """Return what the payer's bank says will arrive, and in which currency.

        Units of a payment into another currency stay in the payer's until somebody tells the
        amount credited.
        """
        told, currency = self.told, self.side.currency
        if told and told.credit is not None and told.credit_currency not in (None, currency):
            label = self.books.label_of(claim_id)
            arrived = _of(self.result, "credited", debit_id(self.side.movement), label)
            return arrived, str(told.credit_currency)
        if self.books.currency_of(payee, currency) != currency:
            return None, currency
        return units, currency

    def _task(
        self,
        claim_id: str,
        units: int,
        account: str,
        kind: str,
        currency: str | None = None,
    ) -> None:
        case = self.books.claims[claim_id].case
        self.followed.tasks.append(
            Task(case, account, claim_id, kind, units, currency or self.side.currency)
        )

    def _flow(
        self,
        claim_id: str,
        units: int,
        payee: str | None,
        credited: int | None,
        credit_currency: str | None,
        state: str,
        sink: str | None = None,
    ) -> None:
        flow = Flow(
            movement=self.side.movement,
            claim=claim_id,
            payer=self.side.account,
            payee=payee,
            sink=sink or (self.told.sink if self.told and payee is None else None),
            carried=units,
            currency=self.side.currency,
            credited=credited,
            credit_currency=None if credited is None else credit_currency,
            state=state,
        )
        self.followed.flows.append(flow)
        self.followed.exchange(flow)


def _of(result: Result | None, table: str, transfer: str, label: str) -> int:
    if result is None:
        return 0
    amounts: Mapping[str, Mapping[str, int]] = getattr(result, table)
    return amounts.get(transfer, NOTHING).get(label, 0)
