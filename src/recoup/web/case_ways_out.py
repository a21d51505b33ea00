"""Who acts next on a ticket that ended without its end being reached, by when, and where.

A ticket that was refused, lapsed or could not be delivered, and one whose hold has ended by itself,
is not over for that: somebody decides what follows, or nothing does and the page says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext

from recoup.apps.cases.models import Case, Task
from recoup.apps.holds.models import Claim, Hold
from recoup.apps.lawful_requests.models import Ticket
from recoup.web.case_decisions import Step
from recoup.web.case_standing import is_back

PROSECUTORS: Final = ("handed_over", "taken_over", "order_applied_for")
UNREACHED: Final = ("refused", "lapsed", "undeliverable")


@dataclass(frozen=True, slots=True)
class WayOut:
    """owner: who acts next, empty if nobody has to. act: what, or why nothing is to be done.

    due_at: by when, None without a clock. url, policy: where it is done, and which act that is.
    """

    owner: str
    act: str
    due_at: datetime | None = None
    since: datetime | None = None
    url: str = ""
    policy: str = ""


@dataclass(frozen=True, slots=True)
class Place:
    """What a way out depends on besides the ticket.

    police: the name of the case's owner. is_owner: who looks is the owner, and sees its tasks.
    """

    case: Case
    claims: Sequence[Claim]
    tasks: Sequence[Task]
    step: Step | None
    police: str
    is_owner: bool

    @property
    def is_live(self) -> bool:
        """A claim is confirmed, or somebody stands behind it."""
        return any(c.state == "confirmed" or (c.state == "alleged" and c.adopted_at)
                   for c in self.claims)  # fmt: skip

    @property
    def is_over(self) -> bool:
        return self.case.state != "open" or all(
            claim.state not in ("alleged", "confirmed") or is_back(claim) for claim in self.claims
        )

    def task(self, *kinds: str, about: UUID | None = None) -> Task | None:
        """The last task of these kinds, an open one first."""
        found = [t for t in self.tasks if t.kind in kinds and about in (None, t.about)]
        return max(found, key=lambda t: (t.done_at is None, t.opened_at), default=None)


def last_of_each(tickets: Sequence[Ticket]) -> frozenset[UUID]:
    """The last round on each account: what became of the earlier ones is told there."""
    last: dict[tuple[UUID, str], Ticket] = {}
    for ticket in tickets:
        key = (ticket.account_id, ticket.measure)
        if key not in last or last[key].round < ticket.round:
            last[key] = ticket  # type: ignore[index]
    return frozenset(ticket.id for ticket in last.values())


def has_lapsed(hold: Hold | None) -> bool:
    return hold is not None and hold.state == "lapsed"


def way_out(
    ticket: Ticket, holds: Mapping[UUID, Hold], place: Place, *, is_last: bool
) -> WayOut | None:
    """None where the ticket is on its way, or reached its end."""
    hold = holds.get(ticket.request) if ticket.measure == "hold" else None
    if not is_last or ticket.state == "withdrawn":
        return None
    if ticket.state not in UNREACHED and not has_lapsed(hold):
        return None
    if place.is_over:
        return WayOut("", gettext("nothing more: the case is over"))
    if ticket.state == "undeliverable":
        return _telephone(ticket, place)
    if ticket.measure in ("recall", "stop_before_execution"):
        return WayOut("", gettext("nothing more: the hold goes on by itself"))
    if ticket.measure == "confirm_debit":
        return _unconfirmed(ticket, place)
    if not place.is_live:
        return _to_adopt(place)
    return _binding_step(ticket, hold, place)


def _telephone(ticket: Ticket, place: Place) -> WayOut:
    task = place.task("undeliverable", about=ticket.id)
    return WayOut(
        place.police, gettext("call by telephone"), _due(task), ticket.ended_at,
        url=reverse("telephone-sheet", args=[ticket.id]), policy="ticket_telephone_sheet",
    )  # fmt: skip


def _unconfirmed(ticket: Ticket, place: Place) -> WayOut:
    """The payer's bank did not say whether the debit happened."""
    if place.is_live:
        return WayOut("", gettext("nothing more: the report stands without it"))
    return _telephone(ticket, place) if ticket.state == "lapsed" else _to_adopt(place)


def _to_adopt(place: Place) -> WayOut:
    return WayOut(
        place.police, gettext("adopt the report, or leave it"),
        url=f"{reverse('case', args=[place.case.id])}#acts", policy="case_adopt",
    )  # fmt: skip


def _binding_step(ticket: Ticket, hold: Hold | None, place: Place) -> WayOut:
    """The bank does not hold, or no longer: only a binding order is left."""
    if place.step is not None and place.step.what in PROSECUTORS:
        task = place.task("decide_hold", "order_awaited")
        owner = task.owner.name if task else gettext("prosecutor")
        return WayOut(
            owner, place.step.next_act, _due(task), task.opened_at if task else None,
            f"{reverse('case', args=[place.case.id])}#acts", "case_decide",
        )  # fmt: skip
    about = hold.id if hold is not None and hold.state == "lapsed" else ticket.id
    task = place.task("hold_refused", "hold_lapsed", about=about)
    if task is not None and task.done_at is not None:
        return WayOut("", gettext("nothing more: decided by the police"))
    if task is None and place.is_owner and hold is not None and hold.state == "lapsed":
        return WayOut("", gettext("nothing more: nothing was held"))
    return WayOut(
        place.police, gettext("hand over for the binding step, or leave it"), _due(task),
        task.opened_at if task else ticket.answered_at,
        reverse("case-hand-over", args=[place.case.id]), "case_hand_over",
    )  # fmt: skip


def _due(task: Task | None) -> datetime | None:
    return task.due_at if task is not None and task.done_at is None else None
