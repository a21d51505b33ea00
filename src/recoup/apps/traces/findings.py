"""What a trace of one file found, for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from recoup.apps.traces.picture import Band, Picture, Place, printable
from recoup.apps.traces.voice import percent
from recoup.core.tracing import RULES, Ledger, Result, Rule, Shares, share_out
from recoup.core.tracing.cases import as_expect, plain
from recoup.core.tracing.working import Asset, Source, Working, work_out
from recoup.standards.flow_csv import FlowFile

ORDERING: Final = "by time; within a moment money arrives before it is passed on"
KINDS: Final = {"terminal": "terminal", "source": "back at a source", "other": "elsewhere"}
_UNITS: Final = 1_000_000
US_DOLLARS: Final = Asset("USD", 6, is_money=False)


class Lines(Mapping[str, Source]):
    """Where each transfer stands in the file; made when asked, for files are long."""

    def __init__(self, name: str, flow: FlowFile) -> None:
        self.name, self.flow = name, flow

    @cached_property
    def lines(self) -> dict[str, tuple[str, int]]:
        return {row.id: (row.file or self.name, row.line) for row in self.flow.rows}

    def __getitem__(self, transfer: str) -> Source:
        file, line = self.lines[transfer]
        return Source("file", file, f"line {line}")

    def __iter__(self) -> Iterator[str]:
        return iter(self.lines)

    def __len__(self) -> int:
        return len(self.lines)


@dataclass(frozen=True)
class Findings:
    """One file traced under one rule."""

    name: str
    rule: str
    flow: FlowFile
    sources: frozenset[str]
    terminals: frozenset[str]
    shortfall: str = "unseen"
    as_of: int | None = None

    @property
    def how(self) -> Rule:
        return RULES[self.rule]

    @cached_property
    def ledger(self) -> Ledger:
        return self.flow.ledger(sources=self.sources)

    @cached_property
    def working(self) -> Working:
        """The trace with its steps, each with its line of the file."""
        return work_out(
            self.ledger, rule=self.rule, shortfall=self.shortfall, as_of=self.as_of,
            sources=Lines(self.name, self.flow),
            names=self.labels, terminals=self.terminals, asset=US_DOLLARS,
        )  # fmt: skip

    @property
    def result(self) -> Result:
        return self.working.result

    @cached_property
    def picture(self) -> Picture:
        return Picture(self.working)

    @cached_property
    def shares(self) -> Shares:
        return share_out(self.ledger, self.result, terminals=self.terminals)

    @cached_property
    def labels(self) -> dict[str, str]:
        return self.flow.labels

    @property
    def places(self) -> tuple[Place, ...]:
        """Every address that holds traced money, the largest sum first."""
        return self.picture.places

    @property
    def bands(self) -> tuple[Band, ...]:
        """The traced money between each two addresses, the largest sum first."""
        return self.picture.bands

    def kind(self, address: str) -> str:
        if address in self.terminals:
            return "terminal"
        return "source" if address in self.sources else "other"

    @property
    def paying_sources(self) -> int:
        return len({row.payer for row in self.flow.rows} & self.sources)

    def payments_in_words(self) -> str:
        payments, sources = self.shares.payments, self.paying_sources
        return f"in {counted(payments, 'payment')} from {counted(sources, 'source address', 'es')}"

    @property
    def adds_up(self) -> bool:
        return not (self.how.conserves and self.shares.unaccounted)

    def rule_in_words(self) -> tuple[str, ...]:
        """Say what has to stand beside every figure: the rule, its source and its policies."""
        how = self.how
        return (
            f"Rule: {how.name} ({how.key}): a debit takes {how.takes}.",
            f"    Source: {how.source}.",
            f"    Shortfall: {self.shortfall}. Order: {ORDERING}.",
            *([f"    As of: {self.until}; later transfers do not count."] if self.until else []),
        )

    @property
    def until(self) -> str:
        """The moment up to which transfers count; nothing where all do."""
        return "" if self.as_of is None else self.working.times.written(self.as_of)

    def conservation(self) -> str:
        """Say whether every unit is accounted for, as added up from the result."""
        if not self.how.conserves:
            return (
                f"These sums are marks under {self.how.name}: they overlap and grow, are no claim "
                "to money, and do not add up to the loss."
            )
        shares = self.shares
        if shares.unaccounted:
            return (
                f"NOT every unit is accounted for: {usd(shares.unaccounted)} differ, in "
                f"{shares.payments - shares.payments_accounted} of {shares.payments} payments. "
                "Do not use this result."
            )
        payments = counted(shares.payments, "payment")
        return (
            "Every unit is accounted for: added up again payment by payment, what is held "
            f"equals what was lost, in {payments} out of {shares.payments:,}."
        )

    def as_json(self) -> str:
        return json.dumps(self.as_facts(), ensure_ascii=False, indent=1)

    def as_facts(self) -> dict[str, Any]:
        """Return the result under the keys of the case format's ``expect``, and the totals."""
        return {
            "file": self.name,
            "rule": self.rule,
            "source": self.how.source,
            "shortfall": self.shortfall,
            "as_of": self.until or None,
            "ordering": ORDERING,
            "unit": "0.000001 USD",
            **as_expect(self.result),
            "totals": self._totals(),
            "labels": self.labels,
            "kinds": {place.address: place.kind for place in self.places},
        }

    def _totals(self) -> dict[str, Any]:
        shares = self.shares
        parts = ("at_terminals", "elsewhere", "at_sources", "dissipated", "unseen")
        return {
            "transfers": len(self.flow.rows),
            "addresses": len(self.flow.addresses),
            "payments": shares.payments,
            "lost": shares.lost,
            **{part: plain(getattr(shares, part)) for part in parts},
            "unaccounted": plain(shares.unaccounted) if self.how.conserves else None,
            "shares": {part: percent(shares.share_of(getattr(shares, part))) for part in parts},
            "rounded_rows": self.flow.rounded_rows,
            "rounding_residual_usd": f"{self.flow.residual_usd:f}",
        }

    def as_text(self, *, all_places: bool) -> str:
        """Return a table to read in a terminal."""
        return "\n".join([*self._head(), "", *self._sums(), "", *self._table(all_places)])

    def _head(self) -> Iterator[str]:
        flow = self.flow
        first, last = flow.rows[0].at, flow.rows[-1].at
        yield (
            f"{printable(self.name)}: {len(flow.rows):,} transfers between "
            f"{len(flow.addresses):,} addresses, {first:%Y-%m-%d} to {last:%Y-%m-%d}"
        )
        yield from self.rule_in_words()
        yield "Values are US dollars as the file gives them: valuation units, not money."

    def _sums(self) -> Iterator[str]:
        shares = self.shares
        rows = [
            ("Lost", shares.lost, self.payments_in_words()),
            ("  at terminal addresses", shares.at_terminals, ""),
            ("  elsewhere", shares.elsewhere, ""),
            ("  back at a source", shares.at_sources, ""),
            ("  lost to an overdraft", shares.dissipated, ""),
        ]
        if self.shortfall == "unseen":
            rows.pop()
        for name, units, note in rows:
            share = percent(shares.share_of(units))
            yield f"{name:<26}{usd(units):>24}  {share:>7} %  {note}".rstrip()
        yield self.conservation()
        yield ""
        yield (
            f"{'Unseen':<26}{usd(shares.unseen):>24}  "
            f"{percent(shares.share_of(shares.unseen)):>7} %  of the loss, not part of it: "
            f"paid out by {len(self.result.unseen):,}"
        )
        yield " " * 63 + "addresses beyond what was seen to come in; taken as clean"
        yield (
            f"Rounding: {self.flow.rounded_rows:,} of {len(self.flow.rows):,} values had more than "
            f"6 decimals; as written less as counted: {self.flow.residual_usd:f} USD"
        )

    def _table(self, all_places: bool) -> Iterator[str]:
        yield "Where the money is now"
        yield f"{'USD':>24}  {'share':>7}    {'kind':<17} address and label"
        shown = self.places if all_places else self.places[:20]
        for place in shown:
            yield (
                f"{usd(place.units):>24}  {percent(self.shares.share_of(place.units)):>7} %  "
                f"{KINDS[place.kind]:<17} {place.address} {printable(place.label)}".rstrip()
            )
        rest = self.places[len(shown) :]
        if rest:
            units = sum(place.units for place in rest)
            yield (
                f"{usd(units):>24}  {percent(self.shares.share_of(units)):>7} %  "
                f"at {len(rest):,} more addresses (--all names them)"
            )


def counted(number: int, noun: str, plural: str = "s") -> str:
    """Write a number with its noun: 1 payment, 32 payments."""
    return f"{number:,} {noun}{plural if number != 1 else ''}"


def usd(units: int) -> str:
    """Write millionths of a dollar with all six decimals: 1,234.500000.

    Fractions of a millionth, which exact pro rata has, are rounded half to even.
    """
    units = round(units)
    return f"{units // _UNITS:,}.{units % _UNITS:06}"
