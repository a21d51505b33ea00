"""A case's trace with its working, for one currency of loss: what a paper for court is made of.

The same trace as on the case's page. Accounts bear the numbers that people write, bookings their
own times, and whatever money left to where nobody follows it has an end of its own. Money that was
exchanged on its way is followed on, and stands in parts, a currency each. Payments of
other cases on the same accounts are traced along, or the sums would be wrong, and are not told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC
from typing import Any, Final

from recoup.apps.holds.case_ledger import AccountName, CaseLedger
from recoup.apps.holds.case_ledger import Source as Told
from recoup.core.chain import Retraced
from recoup.core.chain.books import OUTSIDE, Books, debit_id, timed, transit_of
from recoup.core.said import Said, SaidSum
from recoup.core.tracing import Account, Ledger, Seed, Transfer
from recoup.core.tracing.side_by_side import SideBySide
from recoup.core.tracing.working import Asset, Source, Times, Working, work_out

MICROSECONDS: Final = Times(1_000_000)
SHORT: Final = 8
ENDS: Final[Mapping[str, Said]] = {
    "cash": Said("cash taken"),
    "card": Said("card payment"),
    "fee": Said("fee"),
    "abroad": Said("abroad"),
    "other": Said("another way out"),
}
NOT_TOLD: Final = Said("nobody has told where it went")
ANOTHERS: Final = Said("an account that another report names as its payer’s")
KINDS: Final[Mapping[str, Said]] = {
    "terminal": Said("where the trace ends"),
    "other": Said("in an account or on its way"),
    "source": Said("back with the victim"),
}
NOT_SEEN: Final = Said("outside what is known")


class NotOnePaper(Exception):
    """What the case has in this currency cannot be traced; ``said`` tells why."""

    def __init__(self, said: Said) -> None:
        self.said = said
        super().__init__(str(said))


@dataclass(frozen=True, slots=True)
class HeldThere:
    """What a bank last said that it holds for the case; no part of the trace."""

    number: str
    institution: str
    units: int
    at: int
    asset: Asset


@dataclass(frozen=True, slots=True)
class CaseWorking:
    """What was lost in one currency of a case, under one rule.

    said: what people call each account of the working. remarks: what has to stand beside the sums.
    known: accounts that somebody keeps, by number.
    """

    working: Working
    beside: SideBySide
    said: Mapping[str, Said | AccountName]
    known: Mapping[str, AccountName]
    remarks: tuple[Said, ...]
    holds: tuple[HeldThere, ...]


def currencies_of(ledger: CaseLedger) -> list[str]:
    """The currencies in which the case has lost something."""
    return sorted({claim.currency for claim in ledger.claims if not claim.ended})


def case_working(
    ledger: CaseLedger, *, rule: str, at: int | None, asset: Asset, beside: Iterable[str] = (),
    asset_of: Callable[[str], Asset] = Asset,
) -> CaseWorking:  # fmt: skip
    """Trace what the case lost in the asset's currency; raises NotOnePaper.

    asset_of: what is known of the other currencies, into which money may have been exchanged.
    """
    again = ledger.under(rule, at)
    numbering = _Numbering(ledger, again.books, asset.code)
    own = numbering.own_labels()
    if not own:
        raise NotOnePaper(
            Said(
                "No bank has told yet that a payment of this case in %(currency)s arrived, so "
                "there is nothing to trace. Wait for the answers.",
                currency=asset.code,
            )
        )
    court = numbering.ledger()
    assets = {number: asset_of(code) for number, code in numbering.others()}
    several = tuple(
        work_out(
            court, rule=each, as_of=at, sources=numbering.sources(), names=numbering.names(),
            terminals=numbering.terminals, asset=asset, times=MICROSECONDS, told=own, assets=assets,
        )
        for each in dict.fromkeys([rule, *beside])
    )  # fmt: skip
    met = {part.asset.code: part.asset for part in several[0].parts}
    return CaseWorking(
        several[0], SideBySide(several), dict(numbering.said), dict(numbering.known),
        tuple(_remarks(ledger, again, asset, own)),
        tuple(_holds(ledger, met)) if at is None else (),
    )  # fmt: skip


@dataclass
class _Numbering:
    """Gives the accounts of the books the numbers that people write."""

    case: CaseLedger
    books: Books
    currency: str
    said: dict[str, Said | AccountName] = field(default_factory=dict)
    known: dict[str, AccountName] = field(default_factory=dict)
    terminals: set[str] = field(default_factory=set)
    external: set[str] = field(default_factory=set)
    currencies: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._number_of: dict[str, str] = {}
        self._taken: dict[str, str] = {}
        self._own = {claim.id: claim for claim in self.case.claims}
        self._labels = {self.books.label_of(c): self._label(c) for c in self.books.told_seeds}
        for account in sorted(self.books.ledger.accounts):
            if account != OUTSIDE:
                self.number(account)

    def own_labels(self) -> tuple[str, ...]:
        return tuple(
            self._labels[self.books.label_of(claim.id)]
            for claim in self._own.values()
            if claim.currency == self.currency and claim.id in self.books.told_seeds
        )

    def ledger(self) -> Ledger:
        real = timed(self.books)
        transfers = tuple(self._transfer(x) for x in real.transfers)
        accounts = {
            self.number(name): account for name, account in real.accounts.items() if name != OUTSIDE
        }
        accounts |= {name: Account(external=True) for name in sorted(self.external)}
        seeds = tuple(Seed(self._labels[seed.transfer], seed.amount) for seed in real.seeds)
        return Ledger(accounts, transfers, seeds)

    def sources(self) -> dict[str, Source]:
        told = dict(self.case.sources(self.books))
        return {self._labels.get(name, name): _source(one) for name, one in told.items()}

    def names(self) -> dict[str, str]:
        """Accounts in English, so that every language has the same digests."""
        return {
            number: one.institution if isinstance(one, AccountName) else str(one)
            for number, one in self.said.items()
        }

    def others(self) -> Iterator[tuple[str, str]]:
        """Accounts of the working that are not kept in the currency of the loss, and in which."""
        for number, currency in sorted(self.currencies.items()):
            if currency != self.currency:
                yield number, currency

    def number(self, account: str) -> str:
        """What people write for an account; with more to it where two are written alike."""
        if account in self._number_of:
            return self._number_of[account]
        name = self.case.names.get(account)
        written = name.ident if name and name.ident else account[:SHORT]
        if self._taken.setdefault(written, account) != account:
            written = f"{written} {self.books.currency_of(account, '')}".strip()
            if self._taken.setdefault(written, account) != account:
                written = f"{written} {account}"
                self._taken[written] = account
        self._number_of[account] = written
        self.currencies[written] = self.books.currency_of(account, self.currency)
        if name is not None:
            self.said[written] = self.known[written] = name
        return written

    def _label(self, claim: str) -> str:
        """Labels keep the turn of the reports, by which odd units fall."""
        turn = f"{self.books.turns[claim]:09d}"
        return f"{turn} {self._own[claim].reference}" if claim in self._own else turn

    def _transfer(self, x: Transfer) -> Transfer:
        payer, payee, credit = self._payer(x), x.payee, x.credit
        if payee == OUTSIDE:
            payee, credit = self._end(x), None
        else:
            payee = self._within(payee)
        return replace(x, id=self._labels.get(x.id, x.id), payer=payer, payee=payee, credit=credit)

    def _payer(self, x: Transfer) -> str:
        if x.payer != OUTSIDE:
            return self._within(x.payer)
        currency = self._paid_in(x)
        claim = self._own.get(self.books.claim_of(x.id)) if x.id in self._labels else None
        account = self._payer_of(claim) if claim else None
        if account is None:
            return self._outside("outside", NOT_SEEN, currency)
        return self._beyond(account, currency)

    def _paid_in(self, x: Transfer) -> str:
        """In what money from outside came: a claim's as it was lost, else as it was booked."""
        if x.id in self._labels:
            return self.books.claims[self.books.claim_of(x.id)].currency
        return self.books.currency_of(x.payee, self.currency)

    def _payer_of(self, claim: Any) -> str | None:
        debit = self.books.debit_sides.get(claim.movement or "")
        return debit.account if debit else claim.payer

    def _within(self, account: str) -> str:
        """An account of the ledger, or the way between two (decision 36)."""
        if account in self.books.ledger.accounts:
            return self.number(account)
        movement = account.removeprefix(transit_of(""))
        payee = self.books.payee_of(movement)
        number = self._unique(f"way {movement[:SHORT]}", account)
        self.said[number] = Said(
            "on its way to %(account)s", account=self.number(payee) if payee else "?"
        )
        self.currencies[number] = self.books.debit_sides[movement].currency
        return number

    def _end(self, x: Transfer) -> str:
        """Where money went that nobody follows: an account whose bank has not told, or a sink."""
        movement = x.id.removeprefix(debit_id(""))
        account = self.books.payee_of(movement)
        currency = self.books.debit_sides[movement].currency
        if account is not None:
            return self._arrived(account, currency)
        told = self.books.destinations.get(movement)
        if told is None or not told.sink:
            return self._terminal("not told", NOT_TOLD, currency)
        said = ENDS.get(told.sink, ENDS["other"])
        place = self.case.places.get(movement, "")
        return self._terminal(f"{told.sink}: {place}" if place else told.sink, said, currency)

    def _arrived(self, account: str, currency: str) -> str:
        paid = self.books.victims.get(account, frozenset())
        if paid and self._own.keys().isdisjoint(paid):
            return self._terminal("another report", ANOTHERS, currency)
        number = self._beyond(account, currency)
        if not paid:
            self.terminals.add(number)
        return number

    def _beyond(self, account: str, currency: str) -> str:
        """An account of which the ledger has no bookings; or of which it lacks this one."""
        number = self.number(account)
        if account in self.books.ledger.accounts:
            beyond = f"{number} (not booked)"
            said = Said("%(account)s, where the booking is not told", account=number)
            return self._outside(beyond, said, currency)
        if currency != self.currencies[number]:
            return self._outside(f"{number} ({currency})", self.said.get(number), currency)
        self.external.add(number)
        return number

    def _terminal(self, number: str, said: Said, currency: str) -> str:
        found = self._outside(number, said, currency)
        self.terminals.add(found)
        return found

    def _outside(self, number: str, said: Said | AccountName | None, currency: str) -> str:
        """An end outside the ledger, each currency with one of its own."""
        if currency != self.currency and not number.endswith(f"({currency})"):
            number = f"{number} ({currency})"
        if said is not None:
            self.said[number] = said
        self.currencies[number] = currency
        self.external.add(number)
        return number

    def _unique(self, written: str, account: str) -> str:
        if self._taken.setdefault(written, account) == account:
            return written
        return account


def _source(one: Told) -> Source:
    told = f", {one.told_at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if one.told_at else ""
    return Source(one.kind, one.reference, f"{one.place}{told}".strip(", "))


def _remarks(
    ledger: CaseLedger, again: Retraced, asset: Asset, own: tuple[str, ...]
) -> Iterator[Said]:
    claims = [c for c in ledger.claims if c.currency == asset.code and not c.ended]
    books = again.books
    returned = sum(min(c.returned, c.amount) for c in claims)
    seeded = sum(books.seeded.get(c.id, 0) for c in claims if c.id not in books.told_seeds)
    waits = sum(c.amount for c in claims if not c.live)
    for units, template in (
        (returned, _("%(sum)s of what was reported were stopped or recalled by the payer’s bank, "
                     "and are no part of this trace.")),
        (seeded, _("%(sum)s are not in this trace: no bank has told that they arrived.")),
        (waits, _("%(sum)s were reported and are not confirmed; they are not traced.")),
    ):  # fmt: skip
        if units:
            yield Said(template, sum=_sum(asset, units))
    along = len(books.ledger.seeds) - len(own)
    if along:
        yield Said(
            "Payments of other reports lie on the same accounts (%(n)s). They are traced along by "
            "the same rule, since the sums would be wrong without them, and are not shown.",
            n=along,
        )
    if again.at is not None:
        yield Said(
            "It is drawn up as of an earlier moment, with what is known today. What banks held "
            "then is not known."
        )
    yield Said(
        "A booking between two banks stands here twice, as each of them told it: out of one "
        "account, and into the other. Between them the money is on its way."
    )


def _sum(asset: Asset, units: int) -> SaidSum:
    text = f"{asset.written(units)} {asset.code}"
    return SaidSum(text, minor_units=units, currency=asset.code, decimals=asset.decimals)


def _(template: str) -> str:
    """Mark a template for the catalogues; its values are put in where it is used."""
    return template


def _holds(ledger: CaseLedger, met: Mapping[str, Asset]) -> Iterator[HeldThere]:
    money = {one.id: one.currency for one in ledger.facts.accounts}
    for hold in sorted(ledger.facts.holds, key=lambda one: (-one.held, one.account)):
        name, asset = ledger.names.get(hold.account), met.get(money.get(hold.account, ""))
        if hold.case == str(ledger.case_id) and asset and name:
            yield HeldThere(name.ident, name.institution, hold.held, hold.answered_rank, asset)
