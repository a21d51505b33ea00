"""An effect that is made longer: by an order of its own, decided by whom the law names.

The order that extends is a request like any other: written, decided by another person, sent with
its paper, acknowledged and answered. What it moves is the end of the other ticket's effect, for as
long as it stands; where it is refused, withdrawn or lapses, that effect ends when it would have.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import F

from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.jobs import INBOX_CHANNEL, notify
from recoup.apps.lawful_requests.models import Deadline, Decision, Request, Ticket
from recoup.apps.lawful_requests.refusals import RequestRefused
from recoup.apps.lawful_requests.request_deadlines import warning_before
from recoup.apps.members.queries import hub_actor
from recoup.apps.rows import insert_rows
from recoup.core.moments import iso_utc, read_moment
from recoup.core.said import Said

ENDED: Final = ("refused", "withdrawn", "lapsed", "undeliverable")
OF_ANOTHER: Final = frozenset({"files", "new_facts", "danger_facts", "extends"})
AT_ONCE: Final = 100


def content_for(found: Request, *, ground: str) -> dict[str, Any]:
    """What is asked once more, and made longer: as it was decided, with why it still is needed."""
    row = Decision.objects.filter(request=found, kind__in=["authorised", "narrowed"]).first()
    if row is None or found.opened_at is None or found.ended_at is not None:
        raise RequestRefused("not_now", Said("Only what was ordered and stands is made longer."))
    decided: Mapping[str, Any] = row.content or found.content
    kept = {name: value for name, value in decided.items() if name not in OF_ANOTHER}
    return {**kept, "power": row.power, "justification": ground, "extends": found.reference}


def extended(content: Mapping[str, Any], tickets: Sequence[Ticket]) -> dict[UUID, Ticket]:
    """By new ticket the one whose effect it makes longer; those without one are not in it."""
    if not content.get("extends"):
        return {}
    rows = Ticket.objects.filter(
        of__reference=content["extends"], hold_until__isnull=False, lift_at=None
    )
    known = {row.addressee_id: row for row in rows.defer("body")}
    return {one.id: known[one.addressee_id] for one in tickets if one.addressee_id in known}


def head_of(other: Ticket) -> dict[str, Any]:
    """What the addressee is told of the ticket that is made longer: it has that one too."""
    if other.hold_until is None:
        raise ValueError(f"The ticket {other.reference} has no effect that ends.")
    return {
        "ticket": str(other.id),
        "reference": other.reference,
        "until": iso_utc(other.hold_until),
    }


def move_on(sent: Sequence[Ticket], *, at: datetime) -> int:
    """The effects that these make longer end later now; both their clocks move with them."""
    moved = 0
    for one in sent:
        if one.extends_id is None or one.hold_until is None:
            continue
        Ticket.objects.filter(pk=one.extends_id).update(hold_until=one.hold_until)
        _wind(one.extends_id, one.hold_until, one, at=at)
        audit.record(
            what="ticket:extended", about=f"ticket:{one.extends_id}", by=hub_actor(one.issuer),
            at=at, by_ticket=one.id, until=iso_utc(one.hold_until),
        )  # fmt: skip
        moved += 1
    return moved


def _wind(ticket_id: UUID, until: datetime, by: Ticket, *, at: datetime) -> None:
    """Move the end; warn again before the new one, where it had been warned of the old."""
    rows = Deadline.objects.filter(ticket_id=ticket_id)
    rows.filter(kind="effect_ends", fired_at=None).update(due_at=until)
    warn_at = warning_before(until, begun=at)
    if not rows.filter(kind="effect_warn", fired_at=None).update(due_at=warn_at):
        again = rows.filter(kind="effect_warn").count()
        insert_rows([
            Deadline(ticket_id=ticket_id, issuer_id=by.issuer_id, addressee_id=by.addressee_id,
                     kind="effect_warn", level=again, due_at=warn_at)
        ])  # fmt: skip


def put_back(*, at: datetime) -> int:
    """What an order made longer that does not stand ends as it would have, or now if that is over.

    Nothing is lost by it: the clock of the end fires, and the addressee is told to lift it.
    """
    rows = Ticket.objects.select_for_update(skip_locked=True, of=("self",)).filter(
        extends__isnull=False, state__in=ENDED, extends__hold_until=F("hold_until"),
        extends__lift_at=None,
    )  # fmt: skip
    over = list(rows.select_related("issuer").order_by("id")[:AT_ONCE])
    for one in over:
        if one.extends_id is None:
            continue
        first = read_moment(one.draft["extends"]["until"])
        Ticket.objects.filter(pk=one.extends_id).update(hold_until=first)
        Deadline.objects.filter(ticket_id=one.extends_id, kind="effect_ends", fired_at=None).update(
            due_at=max(first, at)
        )
        audit.record_all(
            [Act("ticket:not_extended", f"ticket:{one.extends_id}",
                 {"by_ticket": one.id, "until": iso_utc(first)})],
            by=hub_actor(one.issuer), at=at,
        )  # fmt: skip
    notify({INBOX_CHANNEL: [str(one.addressee_id) for one in over]})
    return len(over)
