"""Rows come back as they were stored: nothing cut, nothing lost, and no statement for none."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import IntEnum

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recoup.apps.audit.models import AuditCommitment, AuditLeaf
from recoup.apps.cases.models import Account, Case, CaseEvent
from recoup.apps.rows import WRITERS, array, insert_rows
from support.bank import iban
from support.roles import as_planner
from support.world import World

AT = datetime(2026, 11, 20, 10, 30, 0, 123456, tzinfo=UTC)
NAIVE = AT.replace(tzinfo=None)


@pytest.fixture
def case(world: World) -> Iterator[Case]:
    filed = world.report(payer=iban("plum", 10001), payee=iban("quince", 20001), amount=1_00)
    world.plan()
    with as_planner(), transaction.atomic():
        yield world.case_of(filed)


def test_values_of_every_kind_come_back(case: Case) -> None:
    values = {
        "words": "'; drop table \\ {a,b} NULL \u0160",
        "none": None,
        "list": [1, "2"],
        "x": {},
    }
    events = [CaseEvent(case=case, at=AT, what=f"w{n}", who="", values=values) for n in range(3)]
    insert_rows(events)
    found = CaseEvent.objects.filter(case=case, at=AT).order_by("what")
    assert [(e.what, e.who, e.values, e.at) for e in found] == [
        (f"w{n}", "", values, AT) for n in range(3)
    ]
    assert not any(event._state.adding for event in events)


def test_bytes_come_back(case: Case) -> None:
    leaf = AuditLeaf.objects.first()
    salt = bytes(range(256))[:16]
    by = leaf.organisation_id
    insert_rows([AuditCommitment(leaf=leaf, organisation_id=by, field="f", salt=salt)])
    assert bytes(AuditCommitment.objects.get(leaf=leaf, field="f").salt) == salt


def test_text_that_is_too_long_is_refused_not_cut(case: Case) -> None:
    account = Account.objects.first()
    long = Account(institution=account.institution, scheme="iban", ident="9" * 141, currency="RSD")
    with pytest.raises(DataError, match="too long"), transaction.atomic():
        insert_rows([long])
    assert not Account.objects.filter(pk=long.pk).exists()


def test_a_model_with_an_array_is_refused_by_name(case: Case) -> None:
    with pytest.raises(TypeError, match=r"Case\.visible_to"):
        insert_rows([Case(reference="X")])


def test_no_rows_need_no_statement(db: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        insert_rows([])
    assert len(asked) == 0


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
MOMENTS = st.datetimes(NAIVE.replace(year=1900), NAIVE.replace(year=2900), timezones=st.just(UTC))
KINDS = {
    "uuid": st.uuids(),
    "smallint": st.integers(-(2**15), 2**15 - 1),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "bigint": st.integers(-(2**63), 2**63 - 1),
    "boolean": st.booleans(),
    "timestamp with time zone": MOMENTS,
    "text": TEXTS | st.sampled_from(["", "null", "NULL", "{}", '"', "\\", "a,b", " x ", "'"]),
    "bytea": st.binary(),
    "jsonb": st.dictionaries(TEXTS, TEXTS | st.none() | st.integers(0, 9) | st.lists(TEXTS)),
}


@pytest.mark.parametrize("kind", WRITERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(data=st.data())
def test_an_array_says_its_values(db: None, kind: str, data: st.DataObject) -> None:
    values = data.draw(st.lists(KINDS[kind] | st.none(), min_size=1))
    with connection.cursor() as cursor:
        cursor.execute(f"select v from unnest(%s::{kind}[]) as n (v)", [array(values, kind)])
        found = [row[0] for row in cursor.fetchall()]
    if kind == "jsonb":
        found = [json.loads(value) if value is not None else None for value in found]
    assert found == values


class Answer(IntEnum):
    YES = 1


def test_numbers_of_other_classes_are_written_as_numbers() -> None:
    assert array([True, Answer.YES, None, 3], "bigint") == "{1,1,NULL,3}"
    assert array([Answer.YES, "7"], "integer") == "{1,7}"
    assert array([], "text") == array([], "bigint") == "{}"


@pytest.mark.parametrize(
    ("kind", "value"),
    [("text", "a\0b"), ("timestamp with time zone", NAIVE), ("uuid", "x,y"),
     ("bigint", "1,2")],
)  # fmt: skip
def test_what_is_no_value_of_the_kind_is_refused(kind: str, value: object) -> None:
    with pytest.raises((DataError, ValueError)):
        array([value], kind)
