"""Which logs of others this hub witnesses, how far, and which of them showed two faces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from recoup.apps.audit.foreign_operations import WENT_BACK, log_keys
from recoup.apps.audit.models import ForeignCheckpoint, ForeignRefusal
from recoup.standards.tlog_witness import Verdict

# A fork is proved by two signatures and stays; of the others, somebody may have sent an old one.
STAYS: Final = (Verdict.FORK,)
TOLD: Final = (*STAYS, Verdict.UNPROVED, WENT_BACK)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a log was refused. note: what it had signed. kept: of a fork, what it signed before."""

    why: str
    size: int
    refused_at: datetime
    note: str
    kept: str


@dataclass(frozen=True, slots=True)
class WitnessedLog:
    """A log, the newest checkpoint that was cosigned, and what is wrong with it: the reasons."""

    origin: str
    size: int
    cosigned_at: datetime | None
    faults: list[Fault]


def witnessed_logs() -> list[WitnessedLog]:
    """Each log that this hub is a witness of."""
    names = sorted(log_keys())
    if not names:
        return []
    rows = ForeignCheckpoint.objects.filter(origin__in=names).order_by("origin", "-size")
    newest = {row.origin: row for row in rows.distinct("origin")}
    return [_of(name, newest.get(name)) for name in names]


def _of(name: str, newest: ForeignCheckpoint | None) -> WitnessedLog:
    """Faults: the newest of each kind; once more was cosigned they are over, but for a fork."""
    size = newest.size if newest else 0
    rows = ForeignRefusal.objects.filter(origin=name, why__in=TOLD).order_by("why", "-held", "-id")
    faults = [
        _fault(row) for row in rows.distinct("why")
        if row.why in STAYS or row.held >= size
    ]  # fmt: skip
    return WitnessedLog(name, size, newest.cosigned_at if newest else None, faults)


def _fault(row: ForeignRefusal) -> Fault:
    kept = ForeignCheckpoint.objects.filter(origin=row.origin, size=row.size).first()
    before = bytes(kept.note).decode() if kept and row.why == Verdict.FORK else ""
    return Fault(row.why, row.size, row.refused_at, bytes(row.note).decode(), before)
