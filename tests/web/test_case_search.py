"""A case is found by its own reference, its report's, and either account; never by reading all."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recoup.apps.cases import queries
from recoup.apps.cases.models import Case
from recoup.apps.sought import Sought
from recoup.core.access import Actor
from recoup.core.accounts import read_account
from recoup.web import case_list
from support.world import OFFICER, World, iban

BY: dict[str, Callable[[Case], str]] = {
    "its reference": lambda case: case.reference.lower(),
    "the report's": lambda case: case.report.reference,
    "who paid": lambda case: read_account(case.report.payer_ident).shown,
    "who was paid": lambda case: case.report.payee_ident,
}


@pytest.fixture
def case(world: World) -> Case:
    filed = world.report(payer=iban("plum", 10001), payee=iban("quince", 20001), amount=500)
    world.report(payer=iban("plum", 10002), payee=iban("quince", 20002), amount=700)
    world.plan()
    with world.acting(world.actor(OFFICER)):
        return Case.objects.select_related("report").get(pk=world.case_of(filed).pk)


def found(world: World, actor: Actor, words: str) -> list[str]:
    with world.acting(actor) as at:
        page = case_list.page(actor, {}, Sought(words), at=at)
    return [row["reference"] for row in page["rows"]]


@pytest.mark.parametrize("named", BY)
def test_a_whole_reference_or_account_finds_the_case(world: World, case: Case, named: str) -> None:
    assert found(world, world.actor(OFFICER), BY[named](case)) == [case.reference]
    assert found(world, world.at_bank("walnut"), BY[named](case)) == []


@pytest.mark.parametrize("words", ["C", "%", "' or 1=1 --", "\x00"])
def test_nothing_is_found_by_a_part(world: World, case: Case, words: str) -> None:
    assert found(world, world.actor(OFFICER), words) == []


@pytest.mark.parametrize("named", BY)
def test_cases_and_reports_are_looked_up_by_an_index(world: World, case: Case, named: str) -> None:
    """With ever so many of them, and of reports about one account."""
    actor, words = world.actor(OFFICER), BY[named](case)
    with world.acting(actor), connection.cursor() as cursor:
        cursor.execute("set local enable_seqscan = off")
        with CaptureQueriesContext(connection) as seen:
            rows = queries.newest(actor).filter(case_list._matches(words))
            assert [row.pk for row in rows] == [case.pk]
        (asked,) = seen.captured_queries
        plan = _plan(cursor, asked["sql"])
    read = re.findall(r"Scan (?:using \w+ )?on (?:cases_case|reports_report)\b.*\n(.*)", plan)
    assert read and all(" Cond: " in how for how in read), plan
    assert " JOIN " not in asked["sql"], "two tables in one condition have no index together"


def _plan(cursor: Any, sql: str) -> str:
    cursor.execute("explain " + sql.replace("%", "%%"))
    return "\n".join(row[0] for row in cursor.fetchall())
