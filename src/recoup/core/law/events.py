"""What happens to a clock on its way: it stands, a person grants more time, or the law does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from recoup.core.law.units import Limit


class When(StrEnum):
    """On which condition the law makes a limit longer, or lets a court do so.

    INCLUDES_UNWORKED: any part of the time lies on a day that is not worked. ENDS_UNWORKED: its end
    does. Both are looked at for the time without stops and extensions. Whether Serbia's Criminal
    Procedure Code means either in Art. 146 (72 hours, and 48 more) is not confirmed.
    """

    INCLUDES_UNWORKED = "includes_unworked"
    ENDS_UNWORKED = "ends_unworked"


@dataclass(frozen=True, slots=True)
class Stop:
    """The clock stands: since when, until when (None: it still does), why, and on whose word."""

    since: datetime
    until: datetime | None
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Extension:
    """More time, granted by a person before the limit was over, and why.

    only_when: the law allows it on this condition only.
    """

    limit: Limit
    granted_at: datetime
    reason: str
    by: str
    only_when: When | None = None


@dataclass(frozen=True, slots=True)
class ByLaw:
    """More time by the law itself, without anybody's decision, and once."""

    limit: Limit
    when: When
