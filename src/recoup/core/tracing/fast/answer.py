"""From steps and rests to a ``Result``: the same fields as the plain walk's.

What the victims' money did is written out; it is small. Balances and unseen money are of every
account, so they are counted only when somebody looks at them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from recoup.core.tracing.fast.columns import Rest, Step
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
    steps: Sequence[Step],
    rests: Sequence[Rest],
    *,
    labels: Sequence[str],
    transfers: Sequence[str],
    accounts: Sequence[str],
    totals: Totals,
    shortfall: str,
    as_of: int | None,
) -> Result:
    """Add up what each transfer carried, what was lost on arrival and what rests."""
    carried: Table = {}
    credited: Table = {}
    dissipated: Table = {}
    held: Table = {}
    for row, label, units, arrived, lost, _, payee in steps:
        name = labels[label]
        _add(carried, transfers[row], name, units)
        if arrived:
            _add(credited, transfers[row], name, arrived)
        if lost:
            _add(dissipated, accounts[payee], name, lost)
    for account, label, units in rests:
        _add(held, accounts[account], labels[label], units)
    return Result(
        rule="fifo",
        shortfall=shortfall,
        as_of=as_of,
        held=held,
        transfers=carried,
        credited=credited,
        balances=Look(totals, 0),
        dissipated=dissipated,
        unseen=Look(totals, 1),
    )


def _add(table: Table, name: str, label: str, units: int) -> None:
    row = table.get(name)
    if row is None:
        table[name] = {label: units}
    else:
        row[label] = row.get(label, 0) + units
