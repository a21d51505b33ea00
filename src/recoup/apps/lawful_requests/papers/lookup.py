"""What the public page may tell of a paper by its code, and the interface that answers it.

Nothing personal: no name, no account, no sum. Each kind of paper brings a ``Lookup``; the first
that knows the code answers. What none knows was never there, or is not for this code: the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from recoup.core.verification import VerificationCode


class Standing(StrEnum):
    """Whether a paper still counts."""

    IN_FORCE = "in_force"
    REPLACED = "replaced"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"
    AWAITS = "awaits"


@dataclass(frozen=True, slots=True)
class Verified:
    """What is told of a paper: who sent it, to what kind of organisation, what, and when."""

    reference: str
    sender: str
    sender_code: str
    to_kind: str
    measure: str
    kind: str
    issued_at: datetime
    until: datetime | None
    standing: Standing
    paper: str = "request"  # request, order or answer: which of them speaks


class Lookup(Protocol):
    """Finds a paper by its code; None where it knows none."""

    def __call__(self, code: VerificationCode, *, at: datetime) -> Verified | None: ...


def verified(code: VerificationCode, lookups: Sequence[Lookup], *, at: datetime) -> Verified | None:
    """Ask each lookup in turn."""
    return next((told for one in lookups if (told := one(code, at=at))), None)
