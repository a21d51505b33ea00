"""Our compiler writes the very statements that Django's own writes."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.db import connection
from django.db.backends.postgresql import compiler as theirs
from django.db.models import Count, F, Max, Q, QuerySet

from recoup.apps.cases import queries as cases
from recoup.apps.cases.models import Case, CaseLink, Task
from recoup.apps.holds.models import CaseTotal, Claim, Flow
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.lawful_requests.request_models import Request
from recoup.apps.members.models import Mandate
from recoup.core.access import Actor
from recoup.web.postgres import compiler as ours

ONE = UUID(int=1)
ACTOR = Actor(7, "police", "Police", "officer", person_id=ONE)
SETS: dict[str, Any] = {
    "related": lambda: cases.newest(ACTOR),
    "links": lambda: cases.links_of.compose(ONE),
    "tasks": lambda: cases.tasks_of(ACTOR),
    "cut": lambda: cases.tasks_of(ACTOR)[5:20],
    "one table twice": lambda: CaseLink.objects.filter(
        Q(low_id=ONE) | Q(high_id=ONE)
    ).select_related("low__owner", "low__report", "high__owner", "high__report"),
    "only": lambda: Claim.objects.filter(case_id=ONE).only("state", "adopted_at"),
    "plain": lambda: Task.objects.filter(case_id=ONE),
    "of the same table within": lambda: Task.objects.filter(
        pk__in=Task.objects.filter(done_at=None)
    ),
    "one left out": lambda: Task.objects.defer("about").filter(case_id=ONE),
    "deferred": lambda: Request.objects.defer("content").select_related("author"),
    "values": lambda: Ticket.objects.values("of_id", n=F("version")).order_by("-n", "state"),
    "ordered by what is selected": lambda: Task.objects.annotate(
        late=F("due_at")
    ).order_by("late", "-opened_at"),
    "ordered by an expression": lambda: Case.objects.order_by(
        F("handed_over_at").desc(nulls_last=True), "owner__name", "id"
    ),
    "grouped": lambda: Ticket.objects.values("of_id").annotate(n=Count("id")).order_by("-n"),
    "two joined": lambda: CaseTotal.objects.values_list("case_id").union(
        Flow.objects.values_list("case_id")
    ).order_by("case_id"),
    "distinct": lambda: Mandate.objects.order_by("person", "-valid_from").distinct("person"),
    "among others": lambda: Case.objects.filter(
        pk__in=Task.objects.filter(done_at=None).order_by("due_at").values("case_id")[:3]
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", SETS)
@pytest.mark.django_db
def test_a_statement_is_the_same_letter_for_letter(name: str) -> None:
    expected = written(theirs.SQLCompiler, SETS[name]())
    for _ in ("first", "then from what was kept"):
        assert written(ours.SQLCompiler, SETS[name]()) == expected


@pytest.mark.django_db
def test_what_needs_a_conversion_is_converted_as_before() -> None:
    for rows in (Case.objects.select_related("report"), Task.objects.annotate(n=Max("due_at"))):
        found = []
        for kind in (ours.SQLCompiler, theirs.SQLCompiler):
            made = kind(rows.query.clone(), connection, "default")
            made.as_sql()
            columns = [one for one, _, _ in made.select[: made.col_count]]
            found.append({place: told[0] for place, told in made.get_converters(columns).items()})
        assert found[0] == found[1]


@pytest.mark.django_db
def test_the_hub_uses_it() -> None:
    assert isinstance(Case.objects.all().query.get_compiler("default"), ours.SQLCompiler)


def written(kind: type, rows: QuerySet[Any]) -> tuple[str, Any]:
    """A query's statement as this compiler writes it, within other queries of it too."""
    operations = connection.ops
    kept, operations._cache = operations._cache, theirs if kind is theirs.SQLCompiler else ours
    try:
        return rows.query.get_compiler(connection=connection).as_sql()
    finally:
        operations._cache = kept
