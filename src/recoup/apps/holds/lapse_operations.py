"""What a person has to decide after a hold ended by itself: a task with an owner and a clock.

A precautionary hold for a report that nobody stands behind ends without one: the report waits among
those to adopt. So does a hold under which nothing was there.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from recoup.apps.cases.models import Task
from recoup.apps.holds.models import Claim, Hold
from recoup.apps.lawful_requests.models import Answer, Ticket
from recoup.apps.members import queries as members

DECIDE_WITHIN = timedelta(hours=2)
ON_DUTY = ["duty_officer", "officer", "unit_head"]


def ask_what_next(hold: Hold, *, at: datetime) -> None:
    """In the transaction in which the hold lapsed: the warning before its end has had its time."""
    Task.objects.filter(about=hold.id, kind="hold_ends", done_at=None).update(done_at=at)
    if not _stands(hold) or not _had_money(hold):
        return
    named = members.on_duty(hold.issuer_id, roles=ON_DUTY, at=at)
    Task.objects.get_or_create(
        about=hold.id, kind="hold_lapsed", level=0,
        defaults={
            "case_id": hold.case_id, "owner_id": hold.issuer_id, "issuer_id": hold.issuer_id,
            "person_id": named.person_id if named else None, "opened_at": at,
            "due_at": at + DECIDE_WITHIN,
            "values": {"amount_minor": hold.asked_minor, "currency": hold.asked_currency},
        },
    )  # fmt: skip


def _stands(hold: Hold) -> bool:
    """Somebody stands behind a claim of the case, and the case is not over."""
    claims = Claim.objects.filter(case_id=hold.case_id, case__state="open")
    return (
        claims.filter(state="confirmed").exists()
        or claims.filter(state="alleged", adopted_at__isnull=False).exists()
    )


def _had_money(hold: Hold) -> bool:
    """The bank held something when it spoke last, or it never answered."""
    last = (
        Answer.objects.filter(ticket__request=hold.id, replaced_by=None)
        .order_by("-ticket__round", "-received_at", "stage", "-id")
        .values_list("held_minor", flat=True)
        .first()
    )
    unanswered = Ticket.objects.filter(request=hold.id, state="lapsed").exists()
    return bool(last) or unanswered
