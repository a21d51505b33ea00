"""Whether a payment may be recalled: through which payment scheme it went, and for how long.

A report does not name the scheme. It is recognised by what a report does tell: the currency, and
where and how both sides keep their accounts. The first scheme of the pack that fits is taken; where
none fits, or it is not known whether the scheme has a recall, nobody is asked for one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class PaymentScheme:
    """One way that payments go, and its recall: available, none, or unknown.

    An empty tuple fits everything. inside: payer and payee have the same institution. across: they
    are in different countries. within: how long after the payment it may be recalled. law_from: the
    first day of payments it applies to. assumed: invented for the demonstration.
    """

    scheme: str
    name: str
    currencies: tuple[str, ...]
    payer_schemes: tuple[str, ...]
    payee_schemes: tuple[str, ...]
    payer_countries: tuple[str, ...]
    payee_countries: tuple[str, ...]
    inside: bool
    across: bool
    recall: str
    within: timedelta | None
    confirmed: bool
    assumed: bool
    source: str
    law_from: date | None = None
    read_on: date | None = None
    to_check: str = ""

    def fits(self, payment: PaymentKind, *, on: date) -> bool:
        """Whether a payment made on a day went this way, as far as a report tells."""
        payer, payee = payment.payer, payment.payee
        if payment.is_inside != self.inside or (self.across and payer.country == payee.country):
            return False
        return (
            (self.law_from is None or on >= self.law_from)
            and _among(payment.currency, self.currencies)
            and _among(payer.scheme, self.payer_schemes)
            and _among(payee.scheme, self.payee_schemes)
            and _among(payer.country, self.payer_countries)
            and _among(payee.country, self.payee_countries)
        )


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a payment. institution: its kind, such as bank; empty where nobody knows it."""

    scheme: str
    country: str
    institution: str = ""


@dataclass(frozen=True, slots=True)
class PaymentKind:
    """What a report tells of the way a payment went."""

    currency: str
    payer: Side
    payee: Side
    is_inside: bool = False


class Recall(StrEnum):
    """Why a recall is asked, or is not."""

    AVAILABLE = "available"
    NONE = "none"
    NOT_KNOWN = "not_known"
    TOO_LATE = "too_late"
    NOT_FOR_ADDRESSEE = "not_for_addressee"


@dataclass(frozen=True, slots=True)
class RecallAdvice:
    """scheme: the one that was recognised; None if no scheme of the pack fits."""

    ground: Recall
    scheme: PaymentScheme | None

    @property
    def may_ask(self) -> bool:
        return self.ground is Recall.AVAILABLE


def recall_of(
    schemes: Sequence[PaymentScheme], payment: PaymentKind, *, addressees: Sequence[str],
    paid_at: datetime, at: datetime,
) -> RecallAdvice:  # fmt: skip
    """Say whether the payer's institution may be asked to recall a payment, and if not, why not.

    addressees: the kinds of institution that the measure is for.
    """
    scheme = next((s for s in schemes if s.fits(payment, on=paid_at.date())), None)
    if scheme is None or scheme.recall == "unknown":
        return RecallAdvice(Recall.NOT_KNOWN, scheme)
    if scheme.recall == "none" or scheme.within is None:
        return RecallAdvice(Recall.NONE, scheme)
    if payment.payer.institution not in addressees:
        return RecallAdvice(Recall.NOT_FOR_ADDRESSEE, scheme)
    is_late = at - paid_at > scheme.within
    return RecallAdvice(Recall.TOO_LATE if is_late else Recall.AVAILABLE, scheme)


def _among(value: str, wanted: Sequence[str]) -> bool:
    return not wanted or value in wanted
