"""What the payer's bank is still asked for a case that was merged away, and the other asks too.

Nobody is asked twice about one payment: such a ticket is withdrawn once the merger is settled, and
its clocks end. Where the two cases tell different payments, or the other case does not ask the
same, the ticket stays: no question is lost by a merger. Runs inside the planner's pass.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.cases.models import Case, Task
from recoup.apps.holds.case_operations import SAME_LOSS_DAYS
from recoup.apps.holds.models import Claim
from recoup.apps.holds.payer_operations import MERGED_INTO, PAYERS_MEASURES, UNANSWERED
from recoup.apps.holds.want_operations import take_back
from recoup.apps.lawful_requests.models import OPEN_STATES, Ticket
from recoup.apps.lawful_requests.operations import Opening
from recoup.apps.members.queries import hub_actor
from recoup.core.access import Actor

WITHIN: Final = timedelta(days=SAME_LOSS_DAYS)


def withdraw_of_merged(case_ids: Iterable[UUID], *, under: Opening, at: datetime) -> None:
    """Of these cases, those that an officer merged away: what is asked twice is asked once."""
    merged = Case.objects.filter(id__in=list(case_ids), state="merged", merged_into__isnull=False)
    for duplicate in merged.select_related("merged_into"):
        into = duplicate.merged_into
        if into is not None and _tell_one_payment(duplicate, into):
            withdraw_asked_twice(duplicate, into, by=hub_actor(under.issuer), at=at)


def withdraw_asked_twice(duplicate: Case, into: Case, *, by: Actor, at: datetime) -> None:
    """Withdraw what the duplicate asks of a payment and the other case asks, or has asked, too."""
    waiting = Ticket.objects.select_for_update(no_key=True, of=("self",)).filter(
        case=duplicate, measure__in=PAYERS_MEASURES, state__in=OPEN_STATES
    )
    twice = [ticket for ticket in waiting.order_by("id") if _is_asked_in(into, ticket)]
    if not twice:
        return
    ground = f"{MERGED_INTO}{into.reference}"
    take_back(twice, ground=ground, by=by, at=at, into=into.reference)
    late = Task.objects.filter(about__in=[ticket.id for ticket in twice], done_at=None)
    ended = list(late.values_list("id", "kind"))
    Task.objects.filter(id__in=[task_id for task_id, _ in ended]).update(done_at=at)
    audit.record_all(
        (Act("task:ended", f"task:{task_id}", {"kind": kind, "reason": ground})
         for task_id, kind in ended),
        by=by, at=at,
    )  # fmt: skip


def _is_asked_in(case: Case, ticket: Ticket) -> bool:
    asked = Ticket.objects.filter(  # type: ignore[misc]
        case=case, account_id=ticket.account_id, measure=ticket.measure, currency=ticket.currency,
        asked_minor__gte=ticket.asked_minor,
    )  # fmt: skip
    return asked.exclude(state__in=UNANSWERED).exists()


def _tell_one_payment(duplicate: Case, into: Case) -> bool:
    """Whether both cases tell of one payment; an officer may also merge two of one fraud."""
    claims = list(Claim.objects.filter(case__in=[duplicate, into]).select_related("payment"))
    return len(claims) == 2 and is_one_payment(*claims)


def is_one_payment(one: Claim, other: Claim) -> bool:
    """The same accounts and sum within a day, and no booking or reference tells them apart."""
    a, b = one.payment, other.payment
    same = ("payer_id", "payee_id", "amount_minor", "currency")
    references = {p.reference.strip().casefold() for p in (a, b)} - {""}
    movements = {one.movement_id, other.movement_id} - {None}
    return (
        all(getattr(a, name) == getattr(b, name) for name in same)
        and abs(a.paid_at - b.paid_at) <= WITHIN
        and len(references) < 2
        and len(movements) < 2
    )
