"""A result with its working: what a trace found, step by step, and what it was found from.

A figure that is put before a court has to be checked by somebody who was not there. So a working
carries the rule with its source and policies, every step with the place it was read from, what
was never seen or is gone, the sums added up again, and digests of what went in. The same inputs
give the same bytes, in whatever order they came.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cached_property
from itertools import chain
from typing import TYPE_CHECKING, Final

from recoup.core.tracing import RULES, Ledger, Result, Rule, Shares, Transfer, reckon, share_out
from recoup.core.tracing.canonical import canonical, digest
from recoup.core.tracing.ledger import Account, LedgerRefused
from recoup.core.tracing.result import Amounts, Reckoning
from recoup.core.tracing.walk import Books, begin

if TYPE_CHECKING:
    from recoup.core.tracing.working_parts import Part

_BEGINNING: Final = datetime(1970, 1, 1, tzinfo=UTC)
_NOTHING: Final[Amounts] = {}


@dataclass(frozen=True, slots=True)
class Source:
    """Where a transfer was read: a file, statement, ticket or report. place: line, row or cell."""

    kind: str
    reference: str
    place: str = ""

    def __str__(self) -> str:
        return f"{self.reference}, {self.place}" if self.place else self.reference


@dataclass(frozen=True, slots=True)
class Asset:
    """What the units are. decimals: how many units of the last place make one of the asset.

    is_money: False for values in a unit of account, which nobody can pay out.
    """

    code: str = ""
    decimals: int = 0
    is_money: bool = True

    def written(self, units: int) -> str:
        """Write units with all decimals, 1,234.50; fractions of one are rounded half to even."""
        whole, rest = divmod(round(abs(units)), 10**self.decimals)
        sign = "-" if units < 0 and (whole or rest) else ""
        return f"{sign}{whole:,}" + (f".{rest:0{self.decimals}}" if self.decimals else "")

    def exact(self, units: int) -> str:
        """Write units for machines, 1234.50; a fraction as n/d of the smallest unit."""
        whole = self.written(units).replace(",", "")
        fraction = f"{units.numerator}/{units.denominator} * 10^-{self.decimals}"
        return whole if units.denominator == 1 else fraction


@dataclass(frozen=True, slots=True)
class Times:
    """What the times of a ledger are: ticks since 1970 UTC, or plain numbers where 0."""

    ticks_per_second: int = 1

    def at(self, t: int) -> datetime | None:
        """Return the moment, to the microsecond; None for plain numbers and beyond year 9999."""
        if not self.ticks_per_second:
            return None
        try:
            return _BEGINNING + timedelta(microseconds=t * 1_000_000 // self.ticks_per_second)
        except OverflowError:
            return None

    def written(self, t: int) -> str:
        """Write a time in UTC, 2024-07-16T12:04:47Z, or as the number it is."""
        moment = self.at(t)
        if moment is None:
            return str(t)
        return moment.replace(tzinfo=None).isoformat() + "Z"


@dataclass(frozen=True, slots=True)
class Step:
    """One transfer that carried traced money.

    carried, credited: by label, as it left the payer and as it reached the payee. balance, traced:
    what the payer had before, all of it and the traced part; None for external payers. unseen: what
    it paid beyond that. dissipated: traced units that repaid the payee's overdraft.
    """

    number: int
    transfer: Transfer
    carried: Amounts
    credited: Amounts
    balance: int | None
    traced: int | None
    unseen: int
    dissipated: Amounts
    source: Source | None


@dataclass(frozen=True, slots=True)
class Held:
    """What is traced in one account now. balance: None where the account is external."""

    account: str
    kind: str
    balance: int | None
    units: int
    traced: Amounts


@dataclass(frozen=True)
class Working:
    """A trace of one ledger under one rule, with everything needed to check it.

    told: the victims' payments that it tells of; None for all. The others are traced along, since
    money that stands on one account cannot be traced apart, and are not told. assets: account to
    what it is kept in, where that is not ``asset``; then sums stand in ``parts``, one a currency.
    """

    ledger: Ledger
    how: Rule
    result: Result
    steps: tuple[Step, ...]
    counted: int
    asset: Asset
    times: Times
    names: Mapping[str, str]
    sources: Mapping[str, Source]
    terminals: frozenset[str]
    told: frozenset[str] | None = None
    assets: Mapping[str, Asset] = field(default_factory=dict)

    def asset_of(self, account: str) -> Asset:
        """What an account is kept in."""
        return self.assets.get(account, self.asset)

    @cached_property
    def parts(self) -> tuple[Working, ...]:
        """The working in each currency that the traced money had; itself where there is one."""
        return self._parts or (self,)

    @cached_property
    def exchanges(self) -> tuple[Step, ...]:
        """The steps in which traced money changed its currency."""
        if not self.assets:
            return ()
        from recoup.core.tracing.working_parts import is_exchange

        return tuple(step for step in self.steps if is_exchange(self, step))

    @property
    def whole(self) -> int:
        """What there was to follow: the loss."""
        return self.shares.lost

    @cached_property
    def _parts(self) -> tuple[Part, ...]:
        if not self.assets:
            return ()
        from recoup.core.tracing.working_parts import parts_of

        return parts_of(self)

    @cached_property
    def own_ledger(self) -> Ledger:
        """The ledger with the victims' payments that are told."""
        if self.told is None:
            return self.ledger
        own = tuple(seed for seed in self.ledger.seeds if seed.transfer in self.told)
        return replace(self.ledger, seeds=own)

    @cached_property
    def ledger_sha256(self) -> str:
        """The digest of the ledger alone: the same under every rule and name."""
        return digest(ledger_facts(self.ledger))

    @cached_property
    def inputs_sha256(self) -> str:
        """The digest of everything that decides these bytes, but the engine."""
        return _inputs_digest(self)

    @property
    def rule(self) -> str:
        return self.how.key

    @property
    def shortfall(self) -> str:
        return self.result.shortfall

    @property
    def as_of(self) -> int | None:
        return self.result.as_of

    @cached_property
    def shares(self) -> Shares:
        """Sums in the currency of the loss."""
        if self._parts:
            return self._parts[0].shares
        return share_out(self.own_ledger, self.result, terminals=self.terminals)

    @cached_property
    def reckonings(self) -> tuple[Reckoning, ...]:
        """Each victim's payment added up again, in the currency of the loss."""
        if self._parts:
            return self._parts[0].reckonings
        return reckon(self.own_ledger, self.result)

    @property
    def adds_up(self) -> bool:
        """Whether every unit is accounted for; marks, which cannot add up, do not count."""
        if self._parts:
            return all(one.adds_up for one in self._parts) and self.exchanged_as_told
        return not (self.how.conserves and self.shares.unaccounted)

    @cached_property
    def exchanged_as_told(self) -> bool:
        """Whether every exchange gave what was told of it, and no more."""
        from recoup.core.tracing.working_parts import is_as_told

        return not self.how.conserves or all(is_as_told(self, step) for step in self.exchanges)

    @cached_property
    def payers(self) -> frozenset[str]:
        """The accounts that the victims' payments came from."""
        victims = {seed.transfer for seed in self.own_ledger.seeds}
        return frozenset(x.payer for x in self.ledger.transfers if x.id in victims)

    @cached_property
    def payments(self) -> tuple[tuple[Transfer, int], ...]:
        """Each victim's payment that counts, in order, with the part of it that is the victim's."""
        told = (one for part in self.parts for one in part.reckonings)
        lost = {one.seed: one.lost for one in told if one.lost or not self.assets}
        paid = (x for x in self.ledger.transfers if x.id in lost)
        return tuple((x, lost[x.id]) for x in sorted(paid, key=lambda x: (x.t, x.seq, x.id)))

    @cached_property
    def held(self) -> tuple[Held, ...]:
        """Every account with traced money, the largest sum first."""
        found = (
            Held(name, self.kind(name), self.result.balances.get(name), self.sum(labels), labels)
            for name, labels in self.result.held.items()
        )
        return tuple(sorted(found, key=lambda one: (-one.units, one.account)))

    def sum_of_kind(self, kind: str) -> int:
        """Add up what is traced in the accounts of one kind."""
        return sum(one.units for one in self.held if one.kind == kind)

    def kind(self, account: str) -> str:
        """Return terminal (the flow was seen to end there), source (external) or other."""
        if account in self.terminals:
            return "terminal"
        return "source" if self.ledger.accounts.get(account, Account()).external else "other"

    def sum(self, labels: Amounts) -> int:
        """Add up several victims' units; marks overlap, so of them the largest stands for all."""
        if self.how.conserves:
            return sum(labels.values())
        return max(labels.values(), default=0)

    def as_bytes(self) -> bytes:
        """Return the whole working as canonical JSON (RFC 8785)."""
        from recoup.core.tracing.working_facts import facts

        return canonical(facts(self))


def work_out(
    ledger: Ledger,
    *,
    rule: str,
    shortfall: str = "unseen",
    as_of: int | None = None,
    sources: Mapping[str, Source] | None = None,
    names: Mapping[str, str] | None = None,
    terminals: Collection[str] = (),
    asset: Asset | None = None,
    times: Times | None = None,
    told: Collection[str] | None = None,
    assets: Mapping[str, Asset] | None = None,
) -> Working:
    """Trace a ledger and keep the working; raises LedgerRefused.

    sources: transfer id to where it was read. names: account to what people call it. terminals:
    accounts where the flow was seen to end. Entries for what the ledger does not have say nothing.
    told: the victims' payments that the working tells of; None for all. assets: account to what it
    is kept in, where that is not ``asset``.
    """
    if rule not in RULES:
        raise LedgerRefused(
            f"There is no tracing rule {rule!r}. Use one of: {', '.join(RULES)}.",
            value=rule,
            key="rule",
        )
    how = RULES[rule]
    books = begin(how.purse, ledger, shortfall=shortfall)
    transfers = how.order(ledger, as_of)
    steps = tuple(_steps(how, books, transfers, sources or {}))
    result = books.result(rule=rule, shortfall=shortfall, as_of=as_of)
    if told is not None:
        result, steps = only(result, steps, frozenset(told))
    return Working(
        ledger=ledger,
        how=how,
        result=result,
        steps=steps,
        counted=len(transfers),
        asset=asset or Asset(),
        times=times or Times(),
        names=names or {},
        sources=sources or {},
        terminals=frozenset(terminals),
        told=None if told is None else frozenset(told),
        assets=assets or {},
    )


def only(
    result: Result, steps: tuple[Step, ...], labels: frozenset[str]
) -> tuple[Result, tuple[Step, ...]]:
    """Keep what a trace says of some payments; the sums of each stay as they were traced."""
    mine = tuple(step for step in steps if not labels.isdisjoint(step.carried))
    own = tuple(
        replace(
            step,
            number=number,
            carried=_of(step.carried, labels),
            credited=_of(step.credited, labels),
            dissipated=_of(step.dissipated, labels),
        )
        for number, step in enumerate(mine, 1)
    )
    touched = {end for step in own for end in (step.transfer.payer, step.transfer.payee)}
    return replace(
        result,
        held=_only(result.held, labels),
        transfers=_only(result.transfers, labels),
        credited=_only(result.credited, labels),
        dissipated=_only(result.dissipated, labels),
        unseen={name: units for name, units in result.unseen.items() if name in touched},
    ), own


def _only(table: Mapping[str, Amounts], labels: frozenset[str]) -> dict[str, Amounts]:
    kept = {name: _of(units, labels) for name, units in table.items()}
    return {name: units for name, units in kept.items() if units}


def _of(units: Amounts, labels: frozenset[str]) -> dict[str, int]:
    return {label: n for label, n in units.items() if label in labels}


def _steps(
    how: Rule, books: Books, transfers: list[Transfer], sources: Mapping[str, Source]
) -> Iterator[Step]:
    """Carry out the transfers and give each that carried traced money."""
    traced: dict[str, int] = {}
    number = 0
    for transfer in transfers:
        payer, payee = transfer.payer, transfer.payee
        before = None if payer in books.external else books.balances[payer]
        unseen = books.unseen.get(payer, 0)
        gone = dict(books.dissipated.get(payee, _NOTHING))
        marked = _marked(how, books, payer)
        books.carry_out(transfer)
        carried = books.transfers.get(transfer.id, _NOTHING)
        if not carried:
            continue
        number += 1
        credited = books.credited.get(transfer.id, _NOTHING)
        lost = _more(books.dissipated.get(payee, _NOTHING), gone)
        is_seed = transfer.id in books.victims_part
        had = traced.get(payer, 0) if how.conserves else marked
        yield Step(
            number=number,
            transfer=transfer,
            carried=carried,
            credited=credited,
            balance=before,
            traced=None if before is None else had,
            unseen=books.unseen.get(payer, 0) - unseen,
            dissipated=lost,
            source=sources.get(transfer.id),
        )
        if not is_seed and payer not in books.external:
            traced[payer] = traced.get(payer, 0) - sum(carried.values())
        if payee not in books.external:
            stays = sum(credited.values()) - sum(lost.values())
            traced[payee] = traced.get(payee, 0) + stays


def _marked(how: Rule, books: Books, payer: str) -> int:
    """Return the units of the payer that are marked; only where marks do not add up."""
    if how.conserves or payer in books.external:
        return 0
    return max(books.purses[payer].held().values(), default=0)


def _more(now: Amounts, before: Amounts) -> dict[str, int]:
    rise = {label: units - before.get(label, 0) for label, units in now.items()}
    return {label: units for label, units in rise.items() if units}


def ledger_facts(ledger: Ledger) -> dict[str, Iterator[dict[str, object]]]:
    """Give what a ledger says, in an order of its own: accounts, transfers, victims' payments."""
    accounts = ((name, ledger.accounts.get(name, Account())) for name in _accounts(ledger))
    return {
        "accounts": (
            {"account": name, "external": one.external, "opening": str(one.opening)}
            for name, one in accounts
        ),
        "transfers": map(_transfer_facts, sorted(ledger.transfers, key=lambda x: x.id)),
        "victims_payments": (
            {"amount": None if one.amount is None else str(one.amount), "transfer": one.transfer}
            for one in sorted(ledger.seeds, key=lambda seed: seed.transfer)
        ),
    }


def _transfer_facts(x: Transfer) -> dict[str, object]:
    return {
        "amount": str(x.amount),
        "batch": x.batch,
        "credit": str(x.credited),
        "id": x.id,
        "payee": x.payee,
        "payer": x.payer,
        "seq": str(x.seq),
        "t": str(x.t),
    }


def _accounts(ledger: Ledger) -> list[str]:
    """Return every account of a ledger once, by name."""
    ends = chain.from_iterable((x.payer, x.payee) for x in ledger.transfers)
    return sorted({*ledger.accounts, *ends})


def _inputs_digest(working: Working) -> str:
    """Digest a working's ledger, rule, policies, and what is told of accounts and transfers."""
    accounts = _accounts(working.ledger)
    known = ((x.id, working.sources.get(x.id)) for x in working.ledger.transfers)
    until = None if working.as_of is None else str(working.as_of)
    asset, times = working.asset, working.times
    return digest(
        {
            "asset": [asset.code, asset.decimals, asset.is_money],
            "ledger": [working.ledger_sha256],
            "names": ([one, working.names[one]] for one in accounts if working.names.get(one)),
            "policies": [working.rule, working.shortfall, until, times.ticks_per_second],
            "sources": (
                [name, one.kind, one.reference, one.place]
                for name, one in sorted(known, key=lambda each: each[0])
                if one
            ),
            "terminals": [one for one in accounts if one in working.terminals],
            **({} if working.told is None else {"told": sorted(working.told)}),
            **({"assets": _assets(working, accounts)} if working.assets else {}),
        }
    )


def _assets(working: Working, accounts: list[str]) -> list[list[object]]:
    known = ((name, working.assets[name]) for name in accounts if name in working.assets)
    return [[name, one.code, one.decimals, one.is_money] for name, one in known]


def share(units: int, whole: int) -> Fraction:
    """Return units as a share of the whole; zero where the whole is."""
    return Fraction(units) / whole if whole else Fraction(0)
