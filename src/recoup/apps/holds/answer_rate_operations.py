"""What a person has to decide about amounts in another currency that nothing here can judge.

Which those are, ``answer_rates`` says; the task is in the transaction that stores the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from recoup.apps.cases.models import Task
from recoup.apps.lawful_requests.models import Ticket
from recoup.core.answer import Booking

DECIDE_WITHIN = timedelta(minutes=30)


def open_tasks(unjudged: Sequence[tuple[Ticket, Sequence[Booking]]], *, at: datetime) -> None:
    """A person decides about amounts that nothing here can judge: one task a ticket."""
    rows = [_task(ticket, bookings, at=at) for ticket, bookings in unjudged if bookings]
    if rows:
        Task.objects.bulk_create(rows, ignore_conflicts=True)


def _task(ticket: Ticket, bookings: Sequence[Booking], *, at: datetime) -> Task:
    first = bookings[0]
    assert first.to is not None  # noqa: S101  (chosen by it)
    values: dict[str, Any] = {
        "ticket": ticket.reference, "amount_minor": first.amount_minor,
        "currency": ticket.currency, "payment": first.reference, "payments": len(bookings),
        "stated_minor": first.to.credit_minor, "stated_currency": first.to.credit_currency,
        "account": first.to.ident,
    }  # fmt: skip
    return Task(
        about=ticket.id, kind="rate_unknown", level=0, case_id=ticket.case_id,
        owner_id=ticket.issuer_id, issuer_id=ticket.issuer_id, values=values,
        opened_at=at, due_at=at + DECIDE_WITHIN,
    )  # fmt: skip
