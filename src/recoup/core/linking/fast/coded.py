"""Reports and what they name as numbers, so that they can be linked by the million.

The numbers follow the order of the ids and of the identifiers, so that what the plain form decides
by comparing texts is decided here in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from recoup.core.linking.limits import Limits
from recoup.core.linking.told import KINDS, Identifier, ReportsRefused, Told, by_id

# A NumPy array.
Column = Any


@dataclass(frozen=True, slots=True)
class Coded:
    """report, identifier: one row for each naming, in any order. kind: of each identifier.

    The kinds are places in ``KINDS``. lost, held: (currency, minor units) rows of a report are in
    ``lost`` and ``held`` as three columns: report, currency, minor units. double_of: the report
    that told the same loss before, or -1.
    """

    reports: int
    report: Column
    identifier: Column
    kind: Column

    @classmethod
    def of(cls, report: Column, identifier: Column, kind: Column, *, reports: int) -> Coded:
        """Take columns as they are; raises ReportsRefused where they do not fit each other."""
        import numpy as np

        if len(report) != len(identifier):
            raise ReportsRefused(
                f"There are {len(report)} reports and {len(identifier)} identifiers in the rows. "
                "Give one of each for every row.",
                value=str(len(report)),
            )
        known = np.asarray(kind)
        if len(known) and not 0 <= int(known.min()) <= int(known.max()) < len(KINDS):
            raise ReportsRefused(
                f"An identifier has the kind {int(known.max())}. Give a number below {len(KINDS)}.",
                value=str(int(known.max())),
            )
        return cls(
            reports,
            np.ascontiguousarray(report, np.int32),
            np.ascontiguousarray(identifier, np.int32),
            np.ascontiguousarray(known, np.uint8),
        )


@dataclass(frozen=True, slots=True)
class Names:
    """What the numbers stand for, both in order."""

    reports: tuple[str, ...]
    identifiers: tuple[Identifier, ...]


def coded(reports: Iterable[Told]) -> tuple[Coded, Names]:
    """Number reports and identifiers; raises ReportsRefused."""
    import numpy as np

    known = by_id(reports)
    places = list(KINDS)
    identifiers = tuple(sorted({x.identifier for told in known.values() for x in told.mentions}))
    number = {identifier: n for n, identifier in enumerate(identifiers)}
    counts = [len(told.mentions) for told in known.values()]
    rows = [number[x.identifier] for told in known.values() for x in told.mentions]
    report = np.repeat(np.arange(len(known), dtype=np.int32), counts)
    kind = np.array([places.index(x.kind) for x in identifiers], np.uint8)
    return (
        Coded.of(report, np.array(rows, np.int32), kind, reports=len(known)),
        Names(tuple(known), identifiers),
    )


def limits_by_kind(limits: Limits) -> tuple[Column, Column]:
    """The limits in the order of ``KINDS``; more reports than there can be is no limit."""
    import numpy as np

    most = np.iinfo(np.int32).max
    rows = [limits.get(kind) for kind in KINDS]
    alone = [min(x.alone, most) if x else 0 for x in rows]
    with_another = [min(x.with_another, most) if x else 0 for x in rows]
    return np.array(alone, np.int32), np.array(with_another, np.int32)
