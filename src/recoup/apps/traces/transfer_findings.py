"""What a trace of a file of transfers found, for people and for machines.

First in, first out goes in one pass over columns, so that a million rows take seconds; every other
rule replays the ledger. The answer has one form.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any, Final

from recoup.core.money import Currency, Money, format_money
from recoup.core.tracing import RULES, LedgerRefused, Rule, trace
from recoup.core.tracing.cases import plain
from recoup.core.tracing.fifo_columns import trace_columns
from recoup.standards.transfers_csv import TransferFile

ORDERING: Final = "by time, sequence and id"
SHOWN: Final = 20
Amounts = Mapping[str, Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """Under the keys of the case format's ``expect``; amounts in minor units.

    exchanged: traced units that exchange on the way added or, below zero, took away.
    """

    held: Amounts
    transfers: Amounts
    balances: Mapping[str, int]
    dissipated: Amounts
    unseen: Mapping[str, int]
    exchanged: Any = 0


@dataclass(frozen=True)
class TransferFindings:
    """One file traced under one rule. losses: ids of the victims' payments."""

    name: str
    rule: str
    file: TransferFile
    losses: Sequence[str]
    external: frozenset[str]
    shortfall: str
    answer: Answer
    lost: int

    @property
    def how(self) -> Rule:
        return RULES[self.rule]

    @property
    def held(self) -> int:
        return sum(sum(labels.values()) for labels in self.answer.held.values())

    @property
    def dissipated(self) -> int:
        return sum(sum(labels.values()) for labels in self.answer.dissipated.values())

    @property
    def unaccounted(self) -> int:
        return self.lost + self.answer.exchanged - self.held - self.dissipated

    @property
    def adds_up(self) -> bool:
        return not (self.how.conserves and self.unaccounted)

    def as_facts(self) -> dict[str, Any]:
        answer = self.answer
        tables = {
            name: {key: {k: plain(v) for k, v in row.items()} for key, row in table.items()}
            for name, table in (
                ("held", answer.held), ("transfers", answer.transfers),
                ("dissipated", answer.dissipated),
            )
        }  # fmt: skip
        return {
            "file": self.name, "rule": self.rule, "source": self.how.source,
            "shortfall": self.shortfall, "ordering": ORDERING,
            "currency": self.file.currency.code, "decimals": self.file.currency.decimals,
            **tables,
            "balances": {name: value for name, value in answer.balances.items() if value},
            "unseen": dict(answer.unseen),
            "totals": {
                "transfers": self.file.rows, "accounts": len(self.file.accounts),
                "payments": len(self.losses), "lost": self.lost, "held": plain(self.held),
                "dissipated": plain(self.dissipated), "unseen": sum(answer.unseen.values()),
                "unaccounted": plain(self.unaccounted) if self.how.conserves else None,
                **({"exchanged": plain(answer.exchanged)} if self.file.credit else {}),
            },
        }  # fmt: skip

    def as_json(self) -> str:
        return json.dumps(self.as_facts(), ensure_ascii=False, indent=1)

    def as_text(self, *, all_places: bool) -> str:
        """Return a table to read in a terminal."""
        return "\n".join([*self._head(), "", *self._sums(), "", *self._table(all_places)])

    def _head(self) -> Iterator[str]:
        how = self.how
        yield (
            f"{self.name}: {self.file.rows:,} transfers between "
            f"{len(self.file.accounts):,} accounts, in {self.file.currency.code}"
        )
        yield f"Rule: {how.name} ({how.key}): a debit takes {how.takes}."
        yield f"    Source: {how.source}."
        yield f"    Shortfall: {self.shortfall}. Order: {ORDERING}."

    def _sums(self) -> Iterator[str]:
        payments = f"{len(self.losses):,} payment{'s' if len(self.losses) != 1 else ''}"
        yield f"{'Lost':<26}{self.money(self.lost):>28}  in {payments}"
        yield f"{'  held somewhere':<26}{self.money(self.held):>28}"
        if self.shortfall == "overdraft":
            yield f"{'  lost to an overdraft':<26}{self.money(self.dissipated):>28}"
        if self.file.credit:
            yield f"{'  changed by exchange':<26}{self.money(self.answer.exchanged):>28}"
            yield " " * 56 + "in units of the payees' accounts, so sums are of units"
        if not self.how.conserves:
            yield f"These are marks under {self.how.name}: they overlap and do not add up."
        elif self.unaccounted:
            yield f"NOT every unit is accounted for: {self.money(self.unaccounted)} differ."
        elif self.answer.exchanged:
            yield "Every unit is accounted for: what was lost, and changed by exchange, is held."
        else:
            yield "Every unit is accounted for: what is held equals what was lost."
        unseen = sum(self.answer.unseen.values())
        yield (
            f"{'Unseen':<26}{self.money(unseen):>28}  paid out by {len(self.answer.unseen):,} "
            "accounts"
        )
        yield " " * 56 + "beyond what was seen to come in; taken as clean"

    def _table(self, all_places: bool) -> Iterator[str]:
        held = {name: sum(labels.values()) for name, labels in self.answer.held.items()}
        places = sorted(held.items(), key=lambda item: (-item[1], item[0]))
        yield "Where the money is now"
        shown = places if all_places else places[:SHOWN]
        for name, units in shown:
            outside = "  (outside)" if name in self.external else ""
            yield f"{self.money(units):>28}  {name}{outside}"
        rest = places[len(shown) :]
        if rest:
            more = self.money(sum(units for _, units in rest))
            yield f"{more:>28}  at {len(rest):,} more accounts (--all names them)"

    def money(self, units: Any) -> str:
        """Write minor units; fractions of one, which exact pro rata has, are rounded."""
        currency: Currency = self.file.currency
        return format_money(Money(round(units), currency.code), currency)


def find(
    name: str, file: TransferFile, *, rule: str, losses: Sequence[str], external: frozenset[str],
    shortfall: str,
) -> TransferFindings:  # fmt: skip
    """Trace a file by one rule; raises LedgerRefused where it has no right answer."""
    row_of = _rows_of(file, losses)
    lost = sum(file.amount[row] for row in row_of.values())
    if rule == "fifo" and shortfall == "unseen":
        answer = _by_columns(file, row_of, external)
    else:
        result = trace(
            file.ledger(losses=losses, external=external), rule=rule, shortfall=shortfall
        )
        answer = Answer(
            result.held, result.transfers, result.balances, result.dissipated, result.unseen,
            _units(result.credited) - _units(result.transfers),
        )  # fmt: skip
    return TransferFindings(name, rule, file, losses, external, shortfall, answer, lost)


def _units(table: Amounts) -> Any:
    return sum(sum(labels.values()) for labels in table.values())


def paid_by(file: TransferFile, sources: frozenset[str]) -> list[str]:
    """The ids of all payments out of some accounts."""
    theirs = {number for number, name in enumerate(file.accounts) if name in sources}
    return [file.ids[row] for row, payer in enumerate(file.payer) if payer in theirs]


def _rows_of(file: TransferFile, losses: Sequence[str]) -> dict[str, int]:
    wanted = set(losses)
    rows = compress(range(file.rows), map(wanted.__contains__, file.ids))
    found = {file.ids[row]: row for row in rows}
    for name in losses:
        if name not in found:
            raise LedgerRefused(
                f"The victim's payment {name!r} is not among the transfers. Correct the id.",
                value=name,
            )
    return found


def _by_columns(file: TransferFile, row_of: Mapping[str, int], external: frozenset[str]) -> Answer:
    outside = frozenset(n for n, name in enumerate(file.accounts) if name in external)
    found = trace_columns(
        file.order(), payer=file.payer, payee=file.payee, amount=file.amount,
        accounts=len(file.accounts), external=outside,
        seeds={row: file.amount[row] for row in row_of.values()},
        credit=file.credit or None, ids=file.ids, names=file.accounts,
    )  # fmt: skip
    ids, accounts = file.ids, file.accounts

    def named(table: Mapping[int, Mapping[int, int]], names: Sequence[str]) -> Amounts:
        return {
            names[key]: {ids[label]: units for label, units in row.items()}
            for key, row in table.items()
        }

    return Answer(
        held=named(found.held, accounts),
        transfers=named(found.carried, ids),
        balances={
            name: units
            for n, (name, units) in enumerate(zip(accounts, found.balances, strict=True))
            if n not in outside
        },
        dissipated={},
        unseen={accounts[n]: units for n, units in found.unseen.items()},
        exchanged=found.exchanged,
    )
