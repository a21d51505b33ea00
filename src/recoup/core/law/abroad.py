"""What a request abroad rests on, and the channels on which it leaves: a treaty, its parties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from recoup.core.law.pack import LegalBasis


@dataclass(frozen=True, slots=True)
class Treaty:
    """A treaty's articles that requests name. parties: since when it is in force, where known.

    A country that does not stand among the parties is not known here; that does not say that it
    is none. chart: where it is looked up.
    """

    treaty: str
    name: str
    source: str
    chart: str
    bases: tuple[LegalBasis, ...]
    parties: Mapping[str, date]

    def is_party(self, country: str, *, on: date) -> bool | None:
        """Whether it was in force there on a day; None where that is not known here."""
        since = self.parties.get(country)
        return None if since is None else on >= since


@dataclass(frozen=True, slots=True)
class Channel:
    """A way that a request leaves the country. answer_within: a time to plan with, not a rule."""

    channel: str
    name: str
    between: str
    answer_within: timedelta
    confirmed: bool
    source: str
    to_check: str
