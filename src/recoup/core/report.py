"""A fraud report: the five facts with which money can be held.

Amount, when, from which account, to which account, reference. All are read before the first
error is told, so that people correct everything at once. What is odd but possible is
flagged, not refused: the person who was robbed knows better than we do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any, Final, TypeVar

from recoup.core.accounts import AccountIdentifier, read_account
from recoup.core.moments import check_is_past, read_local_moment, read_moment
from recoup.core.money import Currency, Money, parse_amount, read_currency
from recoup.core.said import Said
from recoup.core.text import NotReadable, mask_cards, read_payment_reference

FACTS: Final = ("amount", "currency", "paid_at", "payer_account", "payee_account", "reference")
OLDEST_DAYS: Final = 1095
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Flag:
    """Something odd that does not stop the report. code: a word for machines."""

    field: str
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class FiveFacts:
    """What is needed to hold money. paid_at is in UTC; reference may be empty."""

    amount: Money
    paid_at: datetime
    payer: AccountIdentifier
    payee: AccountIdentifier
    reference: str
    flags: tuple[Flag, ...] = ()


class ReportNotReadable(Exception):
    """One or more facts cannot be taken; ``problems`` has one entry each, in form order."""

    def __init__(self, problems: tuple[NotReadable, ...]) -> None:
        self.problems = problems
        super().__init__(" ".join(f"{p.field}: {p}" for p in problems))


def _read_amount(fields: Mapping[str, Any], currencies: Mapping[str, Currency]) -> Money:
    currency = read_currency(fields.get("currency", ""), currencies)
    return parse_amount(fields.get("amount", ""), currency)


def _read_paid_at(
    text: object, *, at: datetime, zone: tzinfo | None, oldest_days: int
) -> tuple[datetime, bool]:
    """Return the moment, and whether the clock showed it twice that night (then the earlier)."""
    if zone is None:
        moment, was_twice = read_moment(text, field="paid_at"), False
    else:
        local = read_local_moment(text, zone=zone, field="paid_at", when_twice="earlier")
        moment, was_twice = local.moment, local.was_twice
    check_is_past(moment, text, at=at, field="paid_at", oldest_days=oldest_days)
    return moment, was_twice


def _flags(
    amount: Money,
    payer: AccountIdentifier,
    was_twice: bool,
    reference: str,
    usual: Mapping[str, str],
) -> tuple[Flag, ...]:
    found = []
    if mask_cards(reference) != reference:
        message = "The reference may hold a card number. Take it out if it does."
        found.append(Flag("reference", "looks_like_card", message))
    currency = usual.get(payer.country, amount.currency)
    if currency != amount.currency:
        message = (
            f"Accounts in {payer.country} are usually in {currency}; "
            f"this amount is in {amount.currency}."
        )
        found.append(Flag("currency", "unusual_currency", message))
    if was_twice:
        message = "The clock showed this time twice that night; the earlier one was taken."
        found.append(Flag("paid_at", "time_twice", message))
    return tuple(found)


def read_five_facts(
    fields: Mapping[str, Any],
    *,
    at: datetime,
    zone: tzinfo | None,
    currencies: Mapping[str, Currency],
    usual_currency: Mapping[str, str] | None = None,
    known_banks: Collection[str] | None = None,
    region: str = "RS",
    oldest_days: int = OLDEST_DAYS,
) -> FiveFacts:
    """Read amount, currency, paid_at, payer_account, payee_account and reference.

    ``payer_scheme`` and ``payee_scheme`` may say how an account is written. zone: of local
    times; None if the text has to say its zone itself. usual_currency: by country of the
    payer's account, for a flag only. Raises ReportNotReadable with every problem there is.
    """
    problems: list[NotReadable] = []

    def attempt(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except NotReadable as problem:
            problems.append(problem)
            return None

    def account(role: str) -> AccountIdentifier:
        return read_account(
            fields.get(f"{role}_account", ""),
            scheme=fields.get(f"{role}_scheme") or None,
            field=f"{role}_account",
            region=region,
            known_banks=known_banks,
        )

    amount = attempt(lambda: _read_amount(fields, currencies))
    paid = attempt(
        lambda: _read_paid_at(fields.get("paid_at", ""), at=at, zone=zone, oldest_days=oldest_days)
    )
    payer, payee = attempt(lambda: account("payer")), attempt(lambda: account("payee"))
    reference = attempt(lambda: read_payment_reference(fields.get("reference") or ""))
    if payer is not None and payer == payee:
        problems.append(
            NotReadable(
                "payee_account",
                fields.get("payee_account"),
                Said("Money was paid from this account to itself."),
                Said("Write the account that got the money."),
                code="same_account",
            )
        )
    if problems or amount is None or paid is None or payer is None or payee is None:
        raise ReportNotReadable(tuple(problems))
    return FiveFacts(
        amount=amount,
        paid_at=paid[0],
        payer=payer,
        payee=payee,
        reference=reference or "",
        flags=_flags(amount, payer, paid[1], reference or "", usual_currency or {}),
    )
