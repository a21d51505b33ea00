"""A case is found by its own reference, its report's, and either account; never by reading all."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

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


# Two thousand more cases that the officer may see, each with a report of its own.
MORE = (
    "insert into reports_report select (jsonb_populate_record(r, jsonb_build_object("
    "'id', md5('report' || n)::uuid, 'client_id', md5('client' || n)::uuid, "
    "'reference', 'RP-' || n, 'payer_ident', 'PAYER' || n, 'payee_ident', 'PAYEE' || n))).* "
    "from reports_report r, generate_series(1, 2000) n where r.id = %s",
    "insert into cases_case select (jsonb_populate_record(k, jsonb_build_object("
    "'id', md5('case' || n)::uuid, 'reference', 'CA-' || n, 'report_id', md5('report' || n)::uuid, "
    "'opened_at', k.opened_at + n * interval '1 second'))).* "
    "from cases_case k, generate_series(1, 2000) n where k.report_id = %s",
)


@pytest.mark.breaks_invariants
def test_no_search_reads_the_cases_one_by_one(world: World, case: Case) -> None:
    """However many there are: a plan is worth nothing where the tables are small."""
    for rows in MORE:
        world.run(rows, case.report_id)
    world.run("analyze reports_report, cases_case")
    actor = world.actor(OFFICER)
    with world.acting(actor):
        assert queries.newest(actor).count() == 2002
        read = {named: _rows_read(actor, words(case)) for named, words in BY.items()}
    assert max(read.values()) < 20, read


def _rows_read(actor: Actor, words: str) -> int:
    """Rows of the two tables that the search takes in hand, kept or thrown away."""
    rows = queries.newest(actor).filter(case_list._matches(words))
    (plan,) = json.loads(rows.explain(format="json", analyze=True))
    return sum(_taken(node) for node in _nodes(plan["Plan"]))


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def _taken(node: dict[str, Any]) -> int:
    if node.get("Relation Name") not in {"reports_report", "cases_case"}:
        return 0
    kept = node["Actual Rows"] + node.get("Rows Removed by Filter", 0)
    return int(node["Actual Loops"] * (kept + node.get("Rows Removed by Index Recheck", 0)))
