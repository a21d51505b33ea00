"""The tracing rules in words, and what a reader of a case chose to see: rule, moment, accounts.

A choice is a part of the address of the page and of nothing else: it changes no hold, no ticket and
no row, so that going back undoes it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlencode

from django.conf import settings
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from recoup.apps.holds.wording import micros
from recoup.core.tracing import RULES
from recoup.data import load_pack

OPEN_AT_MOST: Final = 40
LONGEST: Final = 40
WHOLE_SECOND: Final = 999_999


@dataclass(frozen=True, slots=True)
class RuleWords:
    """One rule for people: its name, what a debit takes, and who says so."""

    key: str
    name: str | Promise
    takes: str | Promise
    source: str | Promise

    @property
    def is_sum(self) -> bool:
        """False where the figures are marks, which overlap and do not add up."""
        return RULES[self.key].conserves

    @property
    def is_holding(self) -> bool:
        return self.key == holding_rule()


WORDS: Final = {
    rule.key: rule
    for rule in (
        RuleWords(
            "fifo", gettext_lazy("first in, first out"),
            gettext_lazy("A payment out takes the money that came first."),
            gettext_lazy("Clayton’s case (Devaynes v Noble, 1816)"),
        ),
        RuleWords(
            "lifo", gettext_lazy("last in, first out"),
            gettext_lazy("A payment out takes the money that came last."),
            gettext_lazy("book-keeping, for comparison; no court is known to follow it"),
        ),
        RuleWords(
            "prorata", gettext_lazy("pro rata"),
            gettext_lazy("A payment out takes the same share of everybody’s money."),
            gettext_lazy("the “haircut” of Möser, Böhme and Breuker (2014), in whole units"),
        ),
        RuleWords(
            "prorata_exact", gettext_lazy("pro rata, exact fractions"),
            gettext_lazy("The same share of everybody’s money, without rounding."),
            gettext_lazy("the “haircut” of Möser, Böhme and Breuker (2014), as exact fractions"),
        ),
        RuleWords(
            "libr", gettext_lazy("lowest intermediate balance"),
            gettext_lazy("The holder’s own money leaves first; what comes later replaces nothing."),
            gettext_lazy("Re Hallett’s Estate (1880); Roscoe v Winder (1915)"),
        ),
        RuleWords(
            "tiho", gettext_lazy("taint in, highest out"),
            gettext_lazy("The victims’ money leaves first, with the largest payment of a batch."),
            gettext_lazy("Tironsakkul and others (2020), for bitcoin"),
        ),
        RuleWords(
            "poison", gettext_lazy("poison (marks, no sums)"),
            gettext_lazy("One traced unit marks everything in the account and all that leaves it."),
            gettext_lazy("Möser, Böhme and Breuker (2014), for bitcoin; no claim to the money"),
        ),
    )
}  # fmt: skip


def holding_rule() -> str:
    """The rule by which the hub holds money; no choice of a reader changes it."""
    return load_pack(settings.COUNTRY).holding_rule


@dataclass(frozen=True, slots=True)
class Choice:
    """at: to the second, which counts to its end; None for all that is known now.

    opened: accounts whose bookings are shown. problem: what of the address could not be read.
    """

    rule: str
    at: datetime | None = None
    opened: tuple[str, ...] = ()
    problem: str = ""

    @property
    def words(self) -> RuleWords:
        return WORDS[self.rule]

    @property
    def is_as_held(self) -> bool:
        return self.at is None and self.rule == holding_rule()

    @property
    def as_held(self) -> Choice:
        """What the planner holds by, with the same accounts open."""
        return Choice(holding_rule(), opened=self.opened)

    @property
    def until(self) -> int | None:
        return None if self.at is None else micros(self.at) + WHOLE_SECOND

    @property
    def at_typed(self) -> str:
        return typed(self.at) if self.at else ""

    def query(self, **changes: Any) -> str:
        """The address of this choice with something else in it; empty for what is held."""
        rule = changes.get("rule", self.rule)
        at = changes.get("at", self.at)
        told = [("rule", rule)] if rule != holding_rule() else []
        told += [("at", typed(at))] if at else []
        told += [("open", account) for account in changes.get("opened", self.opened)]
        return f"?{urlencode(told)}" if told else ""

    def toggled(self, account: str) -> str:
        """The address with this account's bookings shown, or hidden again."""
        kept = tuple(one for one in self.opened if one != account)
        return self.query(opened=kept if account in self.opened else (*kept, account))


def typed(at: datetime) -> str:
    """A moment as the browser's field for date and time has it, in the hub's own time."""
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M:%S")


def choice_of(asked: Mapping[str, Any]) -> Choice:
    """Read the choice from an address. What cannot be read is said, and left out."""
    rule, at = asked.get("rule") or holding_rule(), asked.get("at", "")
    opened = asked.getlist("open") if hasattr(asked, "getlist") else []
    accounts = tuple(dict.fromkeys(one[:LONGEST] for one in opened))[:OPEN_AT_MOST]
    if rule not in WORDS:
        text = gettext("There is no tracing rule “%(rule)s”. Choose one of the list.")
        return Choice(holding_rule(), opened=accounts, problem=text % {"rule": _shown(rule)})
    moment = _moment(at)
    if at and moment is None:
        text = gettext("“%(at)s” is no date and time. Write it as 2026-03-31T14:05:00.")
        return Choice(rule, opened=accounts, problem=text % {"at": _shown(at)})
    return Choice(rule, moment, accounts)


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    if not 1970 < found.year < 9999:
        return None
    if timezone.is_naive(found):
        found = timezone.make_aware(found)
    return found.replace(microsecond=0)


def _shown(text: str) -> str:
    return "".join(c for c in text[:LONGEST] if c.isprintable())
