"""What stays in the out-box while no witness outside has a fresh checkpoint of the log.

An order that nobody outside could later prove must not leave, unless two persons of the issuer say
so (``audit.override_operations``). What lets money go, or only informs, always leaves.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from django.db.models import OuterRef, Q, QuerySet, Subquery

from recoup.apps.audit import operations as audit
from recoup.apps.audit import override_operations, queries
from recoup.apps.audit.checkpoint_operations import forget_trouble, note_trouble
from recoup.apps.audit.models import AuditTrouble
from recoup.apps.audit.session_operations import take_stream
from recoup.apps.lawful_requests.models import Dispatch, Ticket
from recoup.apps.members.queries import competent_unit, hub_actor

SENDS: Final = "sends"
STREAM: Final = "log:sends"
ONLY_INFORMS: Final = ("trend_notice", "feedback")


def may_leave(*, at: datetime) -> QuerySet[Dispatch]:
    """The rows of the out-box that may be sent now. Notes when that begins to be less than all."""
    rows = Dispatch.objects.filter(sent_at=None)
    fresh = queries.freshness()
    is_stopped = AuditTrouble.objects.filter(name=SENDS).exists() if fresh.is_asked else False
    if not fresh.is_too_old(at):
        if is_stopped:
            _go_on(at=at)
        return rows
    if not is_stopped and rows.exists():
        _stop(fresh.age(at).total_seconds() / 3600, at=at)
    return rows.filter(
        Q(issuer_id__in=override_operations.overridden(at=at))
        | Q(ticket__measure__in=ONLY_INFORMS)
        | Q(ticket__measure="hold", ticket__kind="set", ticket__asked_minor__lte=_before())
    )


def _before() -> Subquery:
    """What the ticket before asked to hold on the same account: more than it is only let go."""
    same = {name: OuterRef(f"ticket__{name}") for name in ("case_id", "account_id", "measure")}
    earlier = Ticket.objects.filter(of=None, round__lt=OuterRef("ticket__round"), **same)
    return Subquery(earlier.order_by("-round").values("asked_minor")[:1])


def _stop(hours: float, *, at: datetime) -> None:
    note_trouble(SENDS, f"no witness for {hours:.1f} hours", at=at)
    _tell("log:sends_stopped", at=at, minutes=int(hours * 60))


def _go_on(*, at: datetime) -> None:
    forget_trouble(SENDS)
    _tell("log:sends_go_on", at=at)


def _tell(what: str, *, at: datetime, **facts: Any) -> None:
    take_stream(STREAM)
    audit.record(what=what, about=STREAM, by=hub_actor(competent_unit()), at=at, **facts)
