"""What a reporter is told of the money, in words (decision 21).

Before the debit is confirmed or the report adopted: only that it was received. After that: sums,
never an account, a bank or a hold.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from recoup.apps.reports.queries import MoneyTold, ReporterView


@dataclass(frozen=True, slots=True)
class Status:
    """A headline, a tag with its tone (info, wait, good, bad), and what it means."""

    headline: str
    tag: str
    tone: str
    text: str


@dataclass(frozen=True, slots=True)
class Sums:
    """Sums of one currency. rest_minor is None in a currency that was not reported."""

    currency: str
    held_minor: int
    returned_minor: int
    rest_minor: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the timeline."""

    at: datetime
    kind: str
    text: str


STATUSES: Final = {
    "received": (
        _("Your report was received"),
        _("received"),
        "wait",
        _(
            "The banks have been asked. Until your bank has confirmed the payment, or the police "
            "have taken your report over, nothing more may be told here."
        ),
    ),
    "checked": (
        _("The money is being followed"),
        _("confirmed"),
        "info",
        _(
            "Your report is confirmed. No money has been held so far; it is followed from bank to "
            "bank, and each is asked as soon as the one before has answered."
        ),
    ),
    "held": (
        _("Money has been held"),
        _("held"),
        "good",
        _("Held money cannot be moved away. It is not yet yours: a prosecutor or court decides."),
    ),
    "returned": (
        _("Money came back"),
        _("returned"),
        "good",
        _("It is on the account from which it was paid."),
    ),
    "denied": (
        _("Your bank finds no such payment"),
        _("ended"),
        "bad",
        _(
            "Your bank answered that this payment did not leave the account you gave. Compare "
            "amount, time and account with the confirmation. If one is wrong, send a new report."
        ),
    ),
    "withdrawn": (
        _("This report has ended"),
        _("ended"),
        "info",
        _("The police withdrew it. Ask them with your reference if you do not know why."),
    ),
}


def status_of(seen: ReporterView) -> Status:
    """The state of a report in the reader's language.

    That somebody else has reported the same loss is not told: who knows the five facts may be
    the one who got the money, asking whether the victim has noticed.
    """
    word = seen.claim_state if seen.stage == "ended" else seen.stage
    word = "received" if word == "double" else word
    if word == "held" and not any(money.held_minor for money in seen.money):
        word = "returned"
    headline, tag, tone, text = STATUSES[word]
    return Status(str(headline), str(tag), tone, str(text))


def sums_told(seen: ReporterView) -> list[Sums]:
    """The sums that may be told, one line a currency, the reported one first; empty until then."""
    if not seen.is_confirmed or seen.stage == "ended":
        return []
    by_currency = {money.currency: money for money in seen.money}
    own = by_currency.pop(seen.currency, MoneyTold(seen.currency, 0, 0))
    lost = seen.amount_minor if seen.lost_minor is None else seen.lost_minor
    rest = None if by_currency else lost - own.held_minor - own.returned_minor
    sums = [Sums(own.currency, own.held_minor, own.returned_minor, rest)]
    return sums + [
        Sums(money.currency, money.held_minor, money.returned_minor, None)
        for money in by_currency.values()
        if money.held_minor or money.returned_minor
    ]


def timeline(seen: ReporterView) -> list[Event]:
    """What happened and when, as far as it may be told."""
    return [Event(seen.received_at, "other", gettext("Your report was received."))]
