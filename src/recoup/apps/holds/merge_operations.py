"""What is left of a case that tells the same loss as another one: nothing to do, and no clock.

An officer merges by hand; the planner does when the payer's bank names one payment for two claims.
In the same transaction both timelines tell it, the open tasks of the duplicate end with the merger
as the reason, and what the prosecutor had to decide there is handed over with the other case.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce

from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.cases.models import Case, CaseEvent, Task
from recoup.apps.holds.merge_ticket_operations import withdraw_asked_twice
from recoup.apps.holds.models import Claim
from recoup.apps.holds.operations import NotPossible, hand_over, locked, plan_again, tell
from recoup.apps.holds.payer_operations import MERGED_INTO
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.lawful_requests.operations import Opening
from recoup.apps.members.queries import hub_actor
from recoup.core.access import Actor
from recoup.core.said import Said

Ended = list[tuple[UUID, str]]


@transaction.atomic
def merge(*, case: Case, duplicate: Case, ground: str, by: Actor, at: datetime) -> None:
    """An officer says that a case tells the same loss as this one: its claims end.

    Rows never move; the duplicate points to the case it was merged into. Raises NotPossible.
    """
    if case.pk == duplicate.pk:
        raise NotPossible(Said("A case cannot be merged into itself. Choose the duplicate."))
    both = locked(case, duplicate)
    for one in (both[case.pk], both[duplicate.pk]):
        if one.state != "open":
            raise NotPossible(
                Said(
                    "%(case)s was merged already, or is closed; only open cases can be merged.",
                    case=one.reference,
                )
            )
    Claim.objects.filter(case=duplicate, state__in=["alleged", "confirmed"]).update(state="double")
    Case.objects.filter(pk=duplicate.pk).update(state="merged", merged_into=case)
    with connection.cursor() as cursor:
        cursor.execute("select * from end_tasks_of_merged(%s, %s)", [duplicate.pk, at])
        ended: Ended = cursor.fetchall()
    _settle(both[duplicate.pk], both[case.pk], ended, ground=ground, by=by, at=at)
    plan_again(duplicate.id, at=at)
    plan_again(case.id, at=at)


def settle_merged(case_ids: Iterable[UUID], *, under: Opening, at: datetime) -> None:
    """The planner's own mergers: of these cases, or into them, whatever nobody has told yet."""
    ids, by = list(case_ids), hub_actor(under.issuer)
    merged = Case.objects.filter(Q(pk__in=ids) | Q(merged_into_id__in=ids), state="merged")
    # A case may be parted by a correction, and merged once more by the next: that is told too.
    mergers, partings = _told("merged"), _told("parted", values__stands_again=True)
    untold = merged.annotate(mergers=mergers, partings=partings).filter(mergers__lte=F("partings"))
    for duplicate in untold.select_related("merged_into", "owner"):
        if duplicate.merged_into is not None:
            _settle(
                duplicate, duplicate.merged_into, _end_tasks(duplicate, at=at),
                ground="", by=by, at=at,
            )  # fmt: skip
            # A bank named one payment for both: what is asked of it is asked once.
            withdraw_asked_twice(duplicate, duplicate.merged_into, by=by, at=at)


def _told(what: str, **values: bool) -> Coalesce:
    """How often a case's timeline tells this of it."""
    events = CaseEvent.objects.filter(case_id=OuterRef("pk"), what=what, **values)
    counted = events.order_by().values("case_id").annotate(times=Count("pk")).values("times")
    return Coalesce(Subquery(counted), 0)


def is_officers(case_id: UUID) -> bool:
    """Whether an officer, and not the planner, merged a case: an officer says why."""
    merged = CaseEvent.objects.filter(case_id=case_id, what="merged")
    return merged.exclude(values__ground="").exists()


def reopen(case_ids: Iterable[UUID], *, under: Opening, at: datetime) -> None:
    """What the planner merged by an answer that the bank corrected is a case of its own again.

    What was to be done there, and ended with the merger only, is to be done again.
    """
    merged = Case.objects.filter(pk__in=list(case_ids), state="merged", merged_into__isnull=False)
    by = hub_actor(under.issuer)
    for case in merged.select_related("merged_into"):
        into = case.merged_into
        Case.objects.filter(pk=case.pk).update(state="open", merged_into=None)
        if into is not None:
            tell(case, "parted", by=by, at=at, other=into.reference, stands_again=True)
            tell(into, "parted", by=by, at=at, other=case.reference)
        _reopen_tasks(case, by=by, at=at)
        # What was withdrawn with the merger is asked again, by the next pass.
        plan_again(case.id, at=at)


def _reopen_tasks(case: Case, *, by: Actor, at: datetime) -> None:
    """The tasks that ended in the moment of the last merger, each with its whole time again."""
    last = CaseEvent.objects.filter(case=case, what="merged").order_by("-at").first()
    if last is None:
        return
    withdrawn = Ticket.objects.filter(case=case, withdrawn_ground__startswith=MERGED_INTO)
    ended = Task.objects.filter(case=case, done_at=last.at)
    reopened = list(ended.exclude(about__in=withdrawn.values("id")))
    for task in reopened:
        task.due_at, task.opened_at, task.done_at = at + (task.due_at - task.opened_at), at, None
    Task.objects.bulk_update(reopened, ["due_at", "opened_at", "done_at"])
    audit.record_all(
        (Act("task:reopened", f"task:{task.id}", {"kind": task.kind}) for task in reopened),
        by=by, at=at,
    )  # fmt: skip


def _end_tasks(duplicate: Case, *, at: datetime) -> Ended:
    tickets = Ticket.objects.filter(case=duplicate, measure="hold").values("id")
    rows = Task.objects.filter(Q(case=duplicate) | Q(about__in=tickets), done_at=None)
    ended = list(rows.values_list("id", "kind"))
    Task.objects.filter(id__in=[task_id for task_id, _ in ended]).update(done_at=at)
    return ended


def _settle(
    duplicate: Case, into: Case, ended: Ended, *, ground: str, by: Actor, at: datetime
) -> None:
    """Tell both timelines; hand over with the other case what the prosecutor had to decide."""
    kinds = sorted({kind for _, kind in ended})
    tell(
        duplicate, "merged", by=by, at=at, into=into.reference, ground=ground, tasks=kinds
    )  # fmt: skip
    tell(into, "merged_in", by=by, at=at, duplicate=duplicate.reference, ground=ground)
    reason = f"{duplicate.reference} was merged into {into.reference}"
    audit.record_all(
        (
            Act("task:ended", f"task:{task_id}", {"kind": kind, "reason": reason})
            for task_id, kind in ended
        ),
        by=by, at=at,
    )  # fmt: skip
    if duplicate.handed_over_at is not None and into.handed_over_at is None:
        handed = Task.objects.filter(case=duplicate, kind="decide_hold").order_by("-opened_at")
        first = handed.first()
        note = str(first.values.get("note", "")) if first else ""
        hand_over(case=into, note=note, by=by, at=at)
