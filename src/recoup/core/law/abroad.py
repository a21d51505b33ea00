"""What a request abroad rests on, and the channels on which it leaves: a treaty, its parties."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from recoup.core.law.pack import LegalBasis
from recoup.core.law.units import Limit


@dataclass(frozen=True, slots=True)
class Article:
    """An article, in our words, that measures and powers name. limits: what it asks, by what."""

    article: str
    name: str
    text: str
    limits: tuple[tuple[str, Limit], ...]
    refusal_grounds: tuple[str, ...]
    source: str
    confirmed: bool
    read_on: date | None = None
    to_check: str = ""


@dataclass(frozen=True, slots=True)
class TreatyParty:
    """What a state did, as far as is known here; None: no such act is known."""

    country: str
    signed: date | None = None
    ratified: date | None = None
    in_force: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Treaty:
    """A treaty's articles that requests name. parties: since when it is in force, where known.

    A country that does not stand among the parties is not known here; that does not say that it
    is none. chart: where it is looked up. bases: what requests of a hub rest on. in_force: None
    while the treaty itself is not. notice: what whoever relies on it has to know.
    """

    treaty: str
    name: str
    source: str
    chart: str
    bases: tuple[LegalBasis, ...]
    parties: Mapping[str, date]
    articles: tuple[Article, ...] = ()
    acts: tuple[TreatyParty, ...] = ()
    in_force: date | None = None
    notice: str = ""

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
