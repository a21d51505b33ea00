"""Which booking a ticket's line speaks of: payments as two banks and a victim describe them.

A UETR on both sides decides alone. Otherwise the amount must cover what is disputed and the time
be near; the reference, the exact amount and the nearest time then choose among what is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from recoup.demo import ledger
from recoup.demo.ledger import Booking

SEARCH_DAYS: Final = 3


def fits(booking: Booking, line: Mapping[str, Any]) -> bool:
    """Say whether a booking can be a ticket line's payment: its UETR, or amount and time."""
    payment = line["payment"]
    if payment.get("uetr") and booking.uetr:
        return bool(payment["uetr"] == booking.uetr)
    if booking.amount_minor < line["amount_minor"]:
        return False
    return _apart(booking, payment) <= timedelta(days=SEARCH_DAYS)


def likeness(booking: Booking, line: Mapping[str, Any]) -> tuple[int, int, int, float]:
    """Rank a booking as a line's payment: UETR, reference, exact amount, nearness in time."""
    payment = line["payment"]
    reference = _plain(payment.get("reference") or "")
    return (
        int(bool(payment.get("uetr")) and payment["uetr"] == booking.uetr),
        int(bool(reference) and reference in (_plain(booking.reference), _plain(booking.words))),
        int(booking.amount_minor == payment["amount_minor"]),
        -_apart(booking, payment).total_seconds(),
    )


def speaks_of(credit: Booking, line: Mapping[str, Any]) -> bool:
    """Say whether a line speaks of this credit: more than a like amount must agree."""
    if credit.side != "c" or not fits(credit, line):
        return False
    has_uetr, has_reference, has_amount, _ = likeness(credit, line)
    return bool(has_uetr or has_reference or has_amount or _is_paid_by(credit, line["payment"]))


def _apart(booking: Booking, payment: Mapping[str, Any]) -> timedelta:
    """Return how far apart the two times are; nothing if the ticket does not know its own."""
    if not payment.get("at"):
        return timedelta(0)
    return abs(ledger.moment_of(payment["at"]) - ledger.moment_of(booking.booked_at))


def _is_paid_by(credit: Booking, payment: Mapping[str, Any]) -> bool:
    payer = payment.get("payer_account")
    return payer is not None and bool(payer["ident"] == credit.ident)


def _plain(words: str) -> str:
    return "".join(c for c in words.casefold() if c.isalnum())


def is_paid_to(debit: Booking, payee: Mapping[str, str] | None) -> bool:
    """Say whether a debit went to this account or alias; an unknown payee excludes nothing."""
    if not payee:
        return True
    key = ledger.key_of(payee["scheme"], payee["ident"])
    return key == ledger.key_of(debit.scheme, debit.ident) or debit.paid_as == key


def is_named(debit: Booking, ticket: Mapping[str, Any]) -> bool:
    """Say whether a ticket names this debit by reference or UETR, to ask where it went."""
    names = set(ticket["disclose"].get("destinations_of") or ())
    if ticket.get("kind") == "destination":
        names |= {line["payment"].get("uetr") for line in ticket["lines"]}
        names |= {line["payment"].get("reference") for line in ticket["lines"]}
    return debit.side == "d" and bool({debit.reference, debit.uetr} & (names - {None, ""}))
