"""What happens to holds because time passed, and the sweep over everything that waits.

A precautionary hold lapses after the pack's minutes unless the debit is confirmed or the report
adopted; any hold ends with its limit unless something binding came. Both act, or are not shown.
A row for which a clock cannot act holds back no other: it is parked, and a person is told.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Sum

from recoup.apps.apart import each_apart, key_of, passes_by
from recoup.apps.audit import directory_operations
from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.cases import glass_operations
from recoup.apps.cases.models import CaseEvent, Task
from recoup.apps.holds import lapse_operations, plan_operations, trouble_operations
from recoup.apps.holds.models import Block, Hold, PlanWanted
from recoup.apps.holds.queries import last_tickets, let_go
from recoup.apps.lawful_requests import clock as request_clock
from recoup.apps.lawful_requests import law_clock_operations, target_operations
from recoup.apps.lawful_requests.models import Deadline, Ticket
from recoup.apps.members import queries as members
from recoup.apps.members.scope import database_time
from recoup.core.hold import HoldMove, HoldState, after
from recoup.core.lawful_request import RequestMove, RequestState
from recoup.core.lawful_request import after as request_after
from recoup.data import load_pack

log = logging.getLogger("recoup.clock")
AT_ONCE = 200
BATCHES = 4  # of clocks that fire, in one beat
WARN_BEFORE = timedelta(hours=6)
LAPSE, WARN = "lapse", "hold_ends"


def sweep() -> None:
    """Fire what is due, then plan and send whatever waits. State-based: safe to run at any time."""
    for act in (
        _begin_laws, _fire_requests, lapse_due, warn_before_end, trouble_operations.release_settled,
        target_operations.open_and_take_back, _late_reviews, _act_in_directory,
    ):  # fmt: skip
        _apart(act)
    # One pass at a time: under load there is always more to plan, and the clocks must not wait.
    plan_operations.work(most_passes=1)


def _apart(act: Callable[[], object]) -> None:
    """A clock that fails stops neither the others nor the planning; it is tried each second."""
    try:
        with transaction.atomic():
            act()
    except (OperationalError, InterfaceError):
        raise
    except Exception:
        log.exception("a clock failed: %s", act.__name__)


def _begin_laws() -> None:
    law_clock_operations.come_into_force(at=database_time())


def _late_reviews() -> None:
    glass_operations.escalate(at=database_time())


def _act_in_directory() -> None:
    directory_operations.act(at=database_time())


def _fire_requests() -> None:
    """Many may be due in one minute: some batches in one beat, so that the rest is not kept."""
    for _ in range(BATCHES):
        fired = request_clock.fire_due(
            pack=load_pack(settings.COUNTRY), at=database_time(),
            parked=trouble_operations.parked(), on_trouble=_note_deadline,
        )  # fmt: skip
        if fired < request_clock.AT_ONCE:
            break


def _note_deadline(deadline: Deadline, trouble: Exception) -> None:
    about = deadline.ticket or deadline.of
    case_id = request_clock.case_of(deadline.ticket) if deadline.ticket else None
    _note(
        request_clock.trouble_of(deadline), case_id, trouble, clock=deadline.kind,
        ticket=about.reference if about else "", ticket_id=str(about.id) if about else "",
    )  # fmt: skip


def _note_hold(what: str, hold: Hold, trouble: Exception) -> None:
    _note(
        key_of(what, hold.id), hold.case_id, trouble,
        clock=what, amount_minor=hold.asked_minor, currency=hold.asked_currency,
    )  # fmt: skip


def _note(about: UUID, case_id: UUID | None, trouble: Exception, **values: object) -> None:
    """Log it, and count the try, unless only somebody else was in between."""
    log.exception("a clock cannot act: %s", values)
    if not passes_by(trouble):
        trouble_operations.note(
            about, case_id=case_id, trouble=repr(trouble), kind=trouble_operations.CLOCK, **values
        )


@transaction.atomic
def lapse_due() -> int:
    """End the holds whose limit has come. Each ends once: the row that ended says when."""
    at, parked = database_time(), trouble_operations.parked()
    due = (
        Hold.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state__in=["asked", "placed"], until__lte=at)
        .select_related("issuer", "account")
        .order_by("until")[: AT_ONCE + len(parked)]
    )
    ended = each_apart(
        [hold for hold in due if key_of(LAPSE, hold.id) not in parked],
        lambda hold: _end(hold, at=at),
        on_trouble=lambda hold, trouble: _note_hold(LAPSE, hold, trouble),
    )
    return len(ended)


def _end(hold: Hold, *, at: datetime) -> None:
    """The ticket that asked for it lapses too; the trail is planned again.

    The end of one that was let go is a line of the trail of acts only: nobody waited for it.
    """
    is_let_go = let_go(hold, last_tickets([hold.id]).get(hold.id, ""))
    hold.state = after(HoldState(hold.state), HoldMove.LAPSE).value
    hold.ended_at, hold.held_minor = at, 0
    hold.save(update_fields=["state", "ended_at", "held_minor"])
    open_tickets = list(
        Ticket.objects.select_for_update().filter(
            request=hold.id, state__in=["sent", "acknowledged"]
        )
    )
    for ticket in open_tickets:
        ticket.state = request_after(RequestState(ticket.state), RequestMove.LAPSE).value
        ticket.ended_at = at
        ticket.save(update_fields=["state", "ended_at"])
    total = (
        Hold.objects.filter(account_id=hold.account_id, state__in=["asked", "placed"]).aggregate(
            total=Sum("held_minor")
        )["total"]
        or 0
    )
    Block.objects.filter(account_id=hold.account_id, closed_at=None).update(
        amount_minor=total, closed_at=None if total else at
    )
    PlanWanted.objects.create(case_id=hold.case_id, since=at)
    facts = {"precautionary": hold.is_precautionary} | ({"let_go": True} if is_let_go else {})
    acts = [Act("hold:lapsed", f"hold:{hold.id}", facts)]
    acts += [Act("ticket:lapsed", f"ticket:{t.id}", {"hold": str(hold.id)}) for t in open_tickets]
    audit.record_all(acts, by=members.hub_actor(hold.issuer), at=at)
    if is_let_go:
        return
    CaseEvent.objects.create(
        case_id=hold.case_id, at=at, what="hold_lapsed", who="",
        values={"account": hold.account.ident, "scheme": hold.account.scheme,
                "precautionary": hold.is_precautionary},
    )  # fmt: skip
    lapse_operations.ask_what_next(hold, at=at)


@transaction.atomic
def warn_before_end() -> int:
    """A task for the duty officer before a hold ends: hand the case over, or let it go.

    Not for one whose release is asked already, nor for one under which nothing is held.
    """
    at, parked = database_time(), trouble_operations.parked()
    warned = Task.objects.filter(kind="hold_ends").values("about")
    due = (
        Hold.objects.filter(
            state="placed", is_precautionary=False, asked_minor__gt=0, held_minor__gt=0,
            until__gt=at, until__lte=at + WARN_BEFORE,
        )
        .exclude(id__in=warned)
        .select_related("case")
        .order_by("until")[: AT_ONCE + len(parked)]
    )  # fmt: skip
    told = each_apart(
        [hold for hold in due if key_of(WARN, hold.id) not in parked],
        lambda hold: _warn(hold, at=at),
        on_trouble=lambda hold, trouble: _note_hold(WARN, hold, trouble),
    )
    return len(told)


def _warn(hold: Hold, *, at: datetime) -> None:
    named = members.on_duty(hold.issuer_id, roles=lapse_operations.ON_DUTY, at=at)
    Task.objects.get_or_create(
        about=hold.id, kind="hold_ends", level=0,
        defaults={
            "case_id": hold.case_id, "owner_id": hold.issuer_id, "issuer_id": hold.issuer_id,
            "person_id": named.person_id if named else None, "opened_at": at,
            "due_at": hold.until or at, "values": {"held_minor": hold.held_minor},
        },
    )  # fmt: skip
