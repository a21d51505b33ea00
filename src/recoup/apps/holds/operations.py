"""What officers decide about a case: adopt, reduce, withdraw, hand over (merge: a room of its own).

Each stores the decision, a line of the timeline and of the trail, and a row on the planner's work
list. The tickets that follow are the planner's; re-tracing never changes a ticket that was sent.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import F, Q

from recoup.apps.audit import operations as audit
from recoup.apps.cases.glass_operations import REVIEWED
from recoup.apps.cases.models import Case, CaseEvent, CaseMember, Task
from recoup.apps.holds.models import Claim, Hold, PlanWanted
from recoup.apps.holds.queries import last_tickets, let_go
from recoup.apps.jobs import CASE_CHANNEL, defer, notify
from recoup.apps.lawful_requests import operations as requests
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.members.models import Organisation
from recoup.core.access import Actor
from recoup.core.said import Said

DECIDE_WITHIN = timedelta(hours=12)
DECIDED = frozenset({"decide_hold"})
ENDED_BY_HAND_OVER = ("hold_refused", "hold_ends", "hold_lapsed", "not_taken_over")


class NotPossible(Exception):
    """The case's present state does not allow this act; the message says what to do."""


class NotThisValue(NotPossible):
    """The act is possible, but not with what was typed; field: where another value may be given."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        super().__init__(message)


def plan_again(case_id: UUID, *, at: datetime) -> None:
    """A row on the planner's work list, and a wake-up."""
    PlanWanted.objects.bulk_create([PlanWanted(case_id=case_id, since=at)])
    defer(requests.PLAN)


def tell(case: Case, what: str, *, by: Actor, at: datetime, **values: object) -> None:
    """A line of the timeline and of the trail, and everybody's page of the case is woken."""
    who = ", ".join(filter(None, [by.person_name, by.organisation_name]))
    CaseEvent.objects.bulk_create([CaseEvent(case=case, at=at, what=what, who=who, values=values)])
    Case.objects.filter(pk=case.pk).update(version=F("version") + 1, changed_at=at)
    audit.record(what=f"case:{what}", about=f"case:{case.id}", by=by, at=at, **values)  # type: ignore[arg-type]
    notify({CASE_CHANNEL: [str(case.id)]})


def locked(*cases: Case) -> dict[UUID, Case]:
    """The cases as they are now, and stay until the act is done; always locked in one order."""
    rows = Case.objects.select_for_update(of=("self",), no_key=True)
    return {row.pk: row for row in rows.filter(pk__in=[c.pk for c in cases]).order_by("id")}


@transaction.atomic
def adopt(*, case: Case, ground: str, by: Actor, at: datetime) -> None:
    """An accredited officer stands behind the report: banks disclose, and the chain may go on.

    A possible double is thereby a payment of its own, also where it was adopted from the start.
    Raises NotPossible if every claim is adopted and undoubted, or ended already.
    """
    claims = list(
        Claim.objects.select_for_update(of=("self",), no_key=True)
        .filter(case=case, state__in=["alleged", "confirmed"])
        .filter(Q(adopted_at=None) | Q(possible_double_of__isnull=False))
    )
    if not claims:
        raise NotPossible(
            Said("There is nothing to adopt: the report is adopted, or it has ended.")
        )
    Claim.objects.filter(id__in=[c.id for c in claims]).update(possible_double_of=None)
    Claim.objects.filter(id__in=[c.id for c in claims], adopted_at=None).update(
        adopted_at=at, adopted_by_id=by.person_id
    )
    tell(case, "adopted", by=by, at=at, ground=ground)
    plan_again(case.id, at=at)


@transaction.atomic
def withdraw_ticket(*, case: Case, ticket: Ticket, ground: str, by: Actor, at: datetime) -> None:
    """Take back a ticket that waits; a hold that was placed is let go. Raises MoveRefused."""
    requests.withdraw(ticket=ticket, ground=ground, by=by, at=at)
    if ticket.measure == "hold":
        Hold.objects.filter(pk=ticket.request).update(limit_minor=0)
    tell(case, "ticket_withdrawn", by=by, at=at, ticket=ticket.reference, ground=ground)
    plan_again(case.id, at=at)


@transaction.atomic
def reduce_hold(
    *, case: Case, ticket: Ticket, limit_minor: int, ground: str, by: Actor, at: datetime
) -> None:
    """Ask for no more than this on the account from now on; zero lifts the hold.

    The planner sends the new total as the next round. Raises NotPossible, and NotThisValue for a
    sum that is not less.
    """
    hold = (
        Hold.objects.select_for_update(of=("self",), no_key=True)
        .filter(pk=ticket.request, state__in=["asked", "placed"])
        .first()
    )
    if hold is None:
        raise NotPossible(Said("No hold of this ticket is in force: there is nothing to reduce."))
    most = hold.asked_minor if hold.limit_minor is None else min(hold.asked_minor, hold.limit_minor)
    if limit_minor >= most:
        raise NotThisValue(
            "amount",
            Said(
                "This is not less than what is asked now. A reduction goes down; to ask for more, "
                "the facts have to say so."
            ),
        )
    Hold.objects.filter(pk=hold.pk).update(limit_minor=limit_minor)
    tell(
        case, "hold_reduced", by=by, at=at, ticket=ticket.reference, limit_minor=limit_minor,
        currency=ticket.currency, ground=ground,
    )  # fmt: skip
    plan_again(case.id, at=at)


@transaction.atomic
def hand_over(*, case: Case, note: str, by: Actor, at: datetime) -> None:
    """Make the prosecutor's office a member of the case, with a task that ends with the first hold.

    What the police had to decide on its holds is thereby done. Once the office has not taken it
    over, it can be handed over anew. Raises NotPossible if it is handed over, or there is no
    prosecutor's office.
    """
    case = locked(case)[case.pk]
    if case.handed_over_at is not None:
        raise NotPossible(
            Said(
                "%(case)s was handed over on %(day)s.",
                case=case.reference, day=f"{case.handed_over_at:%Y-%m-%d}",
            )
        )  # fmt: skip
    office = Organisation.objects.filter(kind="prosecutor").order_by("id").first()
    if office is None:
        raise NotPossible(
            Said("The directory has no prosecutor's office. Ask who keeps the directory.")
        )
    is_first = not Task.objects.filter(case=case, kind="decide_hold").exists()
    CaseMember.objects.bulk_create(
        [CaseMember(case=case, organisation=office, since=at)], ignore_conflicts=True
    )
    Case.objects.filter(pk=case.pk).update(handed_over_at=at)
    Task.objects.bulk_create(
        [
            Task(
                case=case, owner=office, issuer_id=by.organisation_id, kind="decide_hold",
                about=case.id if is_first else uuid4(), values={"note": note}, opened_at=at,
                due_at=_first_end(case, at=at) or at + DECIDE_WITHIN,
            )
        ]
    )  # fmt: skip
    Task.objects.filter(
        case=case, owner_id=by.organisation_id, kind__in=ENDED_BY_HAND_OVER, done_at=None
    ).update(done_at=at)
    tell(case, "handed_over", by=by, at=at, to=office.name, note=note)


def _first_end(case: Case, *, at: datetime) -> datetime | None:
    rows = list(Hold.objects.filter(case=case, state__in=["asked", "placed"], until__gt=at))
    last = last_tickets(hold.id for hold in rows)
    ends = [h.until for h in rows if h.until and not let_go(h, last.get(h.id, ""))]
    return min(ends, default=None)


@transaction.atomic
def finish_task(*, task: Task, by: Actor, at: datetime) -> None:
    """The owner has done it. Doing it again changes nothing.

    Raises NotPossible for a task that only a decision ends.
    """
    if task.kind in (*DECIDED, *REVIEWED) and task.done_at is None:
        raise NotPossible(Said("This task ends with a decision: take it on the page of the case."))
    if Task.objects.filter(pk=task.pk, done_at=None).update(done_at=at):
        audit.record(what="task:finished", about=f"task:{task.id}", by=by, at=at, kind=task.kind)
