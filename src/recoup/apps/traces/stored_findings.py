"""Findings of an imported ledger that the database answers, first in, first out.

Only the transfers that carry traced money are read; the whole file is read back where somebody asks
for what only all its rows can tell.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from recoup.apps.ledgers import queries as ledgers
from recoup.apps.ledgers.models import Transfer as StoredTransfer
from recoup.apps.traces.findings import US_DOLLARS, Findings, Lines
from recoup.apps.traces.models import ImportedLedger
from recoup.apps.traces.picture import Picture
from recoup.core.tracing import Account, Ledger, Result, Seed, Transfer
from recoup.core.tracing.working import Step, Times, Working, work_out
from recoup.standards.flow_csv import FlowFile, rounding_of


class StoredFlow:
    """A file's rows, read back when they are needed; what rounding left is added up without."""

    def __init__(
        self, imported: ImportedLedger, read_back: Callable[[ImportedLedger], FlowFile]
    ) -> None:
        self._imported, self._read_back = imported, read_back

    @cached_property
    def _whole(self) -> FlowFile:
        return self._read_back(self._imported)

    @cached_property
    def residual_usd(self) -> Decimal:
        return rounding_of(self._imported.transfers.values_list("value", flat=True))

    @cached_property
    def labels(self) -> dict[str, str]:
        """Each labelled address's names, as ``FlowFile.labels`` has them."""
        names: dict[str, set[str]] = {}
        for end in ("payer", "payee"):
            rows = self._imported.transfers.exclude(**{f"{end}_label": ""})
            for address, label in rows.values_list(end, f"{end}_label").distinct():
                names.setdefault(address, set()).add(label)
        return {address: " / ".join(sorted(each)) for address, each in sorted(names.items())}

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whole, name)


@dataclass(frozen=True)
class StoredFindings(Findings):
    """As ``Findings``; its ledger has the victims' payments and what carried money, no more."""

    imported: ImportedLedger = field(kw_only=True)

    @cached_property
    def _theirs(self) -> frozenset[str]:
        return frozenset(source.lower() for source in self.sources)

    @cached_property
    def _seeds(self) -> tuple[Seed, ...]:
        rows = StoredTransfer.objects.filter(
            ledger=self.imported.stored, src__name__in=self._theirs
        )
        return tuple(Seed(ident) for ident in rows.values_list("ident", flat=True))

    @cached_property
    def result(self) -> Result:
        assert self.imported.stored is not None  # noqa: S101
        return ledgers.trace(self.imported.stored, self._seeds)

    @cached_property
    def ledger(self) -> Ledger:
        named = {seed.transfer for seed in self._seeds} | self.result.transfers.keys()
        rows = StoredTransfer.objects.filter(ledger=self.imported.stored, ident__in=named)
        values = ("ident", "t", "src__name", "dst__name", "amount", "seq")
        return Ledger(
            {source: Account(external=True) for source in sorted(self._theirs)},
            tuple(
                Transfer(*row) for row in rows.order_by("t", "seq", "ident").values_list(*values)
            ),
            self._seeds,
        )

    @cached_property
    def working(self) -> Working:
        """The whole working, for which the file is read back."""
        return work_out(
            self.flow.ledger(sources=self.sources), rule=self.rule, shortfall=self.shortfall,
            as_of=self.as_of, sources=Lines(self.name, self.flow), names=self.labels,
            terminals=self.terminals, asset=US_DOLLARS,
        )  # fmt: skip

    @cached_property
    def picture(self) -> Picture:
        """The picture needs what carried money, and nothing of the rest of the ledger."""
        told = Working(
            self.ledger, self.how, self.result, tuple(self._steps()), len(self.ledger.transfers),
            US_DOLLARS, Times(), self.labels, {}, self.terminals,
        )  # fmt: skip
        return Picture(told)

    def _steps(self) -> Iterator[Step]:
        """What carried money, in the order of booking; balances are not looked up for it."""
        carried = (x for x in self.ledger.transfers if self.result.transfers.get(x.id))
        for number, x in enumerate(carried, start=1):
            credited = self.result.credited.get(x.id, {})
            yield Step(number, x, self.result.transfers[x.id], credited, None, None, 0, {}, None)

    @property
    def paying_sources(self) -> int:
        return len({x.payer for x in self.ledger.transfers} & self.sources)
