"""Reads of cases: those an actor's organisation is a member of, their timeline, links and tasks."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import Min, Q, QuerySet

from recoup.apps.cases.models import Case, CaseEvent, CaseLink, LinkJudged, Task
from recoup.apps.keyed import keyed
from recoup.apps.reports import queries as reports
from recoup.core.access import Actor

EVENTS_AT_MOST = 300


def visible_to(actor: Actor) -> QuerySet[Case]:
    """Cases that the actor's organisation is a member of; the policy beneath says the same."""
    return _of_member(actor.organisation_id)


def _of_member(organisation_id: int) -> QuerySet[Case]:
    return Case.objects.filter(visible_to__contains=[organisation_id]).select_related(
        "owner", "report", "merged_into"
    )


def seen(actor: Actor, case_id: UUID) -> Case | None:
    """The case, if the actor's organisation is a member of it."""
    return next(iter(_seen(actor.organisation_id, case_id)), None)


@keyed
def _seen(organisation_id: int, case_id: UUID) -> QuerySet[Case]:
    return _of_member(organisation_id).filter(id=case_id)


def newest(actor: Actor) -> QuerySet[Case]:
    """Cases for a list, the newest first, without what is beside them."""
    return visible_to(actor).select_related(None).order_by("-opened_at", "id")


def named(reference: str, ident: str | None) -> QuerySet[Case, Any]:
    """Keys of cases with this reference, or whose report has it or names this account.

    Two questions, each by an index: one condition over both tables would read every case.
    """
    told = Case.objects.filter(report__in=reports.naming(reference, ident))
    return Case.objects.filter(reference=reference).values("pk").union(told.values("pk"))


def events_of(case_ids: list[UUID]) -> QuerySet[CaseEvent]:
    return CaseEvent.objects.filter(case_id__in=case_ids).order_by("-at", "-id")


@keyed
def newest_events(case_id: UUID) -> QuerySet[CaseEvent]:
    """The timeline of a case, as far as a page shows it."""
    return events_of([case_id])[:EVENTS_AT_MOST]


@keyed
def links_of(case_id: UUID) -> QuerySet[CaseLink]:
    """Links to cases that share an identifier with this one and that the actor may see as well."""
    return (
        CaseLink.objects.filter(Q(low_id=case_id) | Q(high_id=case_id))
        .select_related("low__owner", "low__report", "high__owner", "high__report")
        .order_by("reason", "-found_at")
    )


@keyed
def links_judged(case_id: UUID) -> QuerySet[LinkJudged]:
    """What was judged of links between this case and others, whichever page said so, in order."""
    rows = LinkJudged.objects.filter(Q(case_id=case_id) | Q(judged_in_id=case_id))
    return rows.exclude(judged_in=None).order_by("at", "id")


def tasks_of(actor: Actor) -> QuerySet[Task]:
    """Open tasks of the actor's organisation, the nearest clock first."""
    return _for_list(Task.objects.filter(owner_id=actor.organisation_id, done_at=None)).order_by(
        "due_at", "id"
    )


# On every page: plain SQL costs a fifth of what composing it costs.
OPEN_TASKS = """
select count(*) from (
  select 1 from cases_task where owner_id = %s and done_at is null limit %s) waiting
"""


def count_tasks(actor: Actor, *, most: int) -> int:
    """How many open tasks the actor's organisation has, up to a limit."""
    with connection.cursor() as cursor:
        cursor.execute(OPEN_TASKS, [actor.organisation_id, most])
        [count] = cursor.fetchone()
    return int(count)


def tasks_done(actor: Actor) -> QuerySet[Task]:
    return _for_list(
        Task.objects.filter(owner_id=actor.organisation_id, done_at__isnull=False)
    ).order_by("-done_at")


def _for_list(rows: QuerySet[Task]) -> QuerySet[Task]:
    """Tasks with the names that a list says beside them, and no more of those."""
    own = [field.name for field in Task._meta.concrete_fields]
    return rows.select_related("owner", "person", "case").only(
        *own, "owner__name", "person__full_name", "case__reference"
    )


def tasks_ever_in_case(actor: Actor, case: Case) -> list[Task]:
    """Tasks of a case that the actor's organisation owns or asked for, open or done."""
    found = _tasks_ever(case.id, actor.organisation_id)
    for task in found:
        task.case = case
    return found


@keyed
def _tasks_ever(case_id: UUID, organisation_id: int) -> QuerySet[Task]:
    own = Q(owner_id=organisation_id) | Q(issuer_id=organisation_id)
    rows = Task.objects.filter(own, case_id=case_id).select_related("owner", "person")
    return rows.order_by("due_at", "id")


def first_due(actor: Actor, case_ids: list[UUID]) -> dict[UUID, datetime]:
    """When the first open task of the actor's organisation is due, in each of these cases."""
    rows = (
        Task.objects.filter(case_id__in=case_ids, owner_id=actor.organisation_id, done_at=None)
        .values_list("case_id")
        .annotate(first=Min("due_at"))
    )
    return {case_id: first for case_id, first in rows if case_id is not None}
