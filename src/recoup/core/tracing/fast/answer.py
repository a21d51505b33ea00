"""From steps and rests to a ``Result``: the same fields as the plain walk's.

What the victims' money did is written out; it is small. Balances and unseen money are of every
account, so they are counted only when somebody looks at them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from recoup.core.tracing.fast.columns import Tables, Triples
from recoup.core.tracing.fast.names import Names
from recoup.core.tracing.result import Result

Table = dict[str, dict[str, int]]
Counted = tuple[dict[str, int], dict[str, int]]


class Totals:
    """Balances and unseen units of all accounts at one moment, counted at the first look."""

    __slots__ = ("_count", "_counted")

    def __init__(self, count: Callable[[], Counted]) -> None:
        self._count = count
        self._counted: Counted | None = None

    def both(self) -> Counted:
        if self._counted is None:
            self._counted = self._count()
        return self._counted


class Look(Mapping[str, int]):
    """One of the two tables, as a mapping that equals a dict."""

    __slots__ = ("_totals", "_which")

    def __init__(self, totals: Totals, which: int) -> None:
        self._totals, self._which = totals, which

    def __getitem__(self, account: str) -> int:
        return self._totals.both()[self._which][account]

    def __iter__(self) -> Iterator[str]:
        return iter(self._totals.both()[self._which])

    def __len__(self) -> int:
        return len(self._totals.both()[self._which])

    def __repr__(self) -> str:
        return repr(self._totals.both()[self._which])


def result(
    tables: Tables,
    *,
    labels: Sequence[str],
    transfers: Names,
    accounts: Names,
    totals: Totals,
    shortfall: str,
    as_of: int | None,
) -> Result:
    """Write out what each transfer carried and credited, what was lost and what rests."""
    carried = _table(tables.carried, transfers, labels)
    return Result(
        rule="fifo",
        shortfall=shortfall,
        as_of=as_of,
        held=_table(tables.rests, accounts, labels),
        transfers=carried,
        credited=(
            dict(carried) if tables.credited is None else _table(tables.credited, transfers, labels)
        ),
        balances=Look(totals, 0),
        dissipated=_table(tables.lost, accounts, labels),
        unseen=Look(totals, 1),
    )


def _table(triples: Triples, names: Names, labels: Sequence[str]) -> Table:
    """Units by name and label; what is there twice is added up."""
    table: Table = {}
    numbers, others, amounts = triples
    for name, label, units in zip(names.of(numbers), others, amounts, strict=True):
        row = table.get(name)
        if row is None:
            table[name] = {labels[label]: units}
        else:
            row[labels[label]] = row.get(labels[label], 0) + units
    return table
