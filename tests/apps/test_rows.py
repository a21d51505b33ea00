"""Rows come back as they were stored: nothing cut, nothing lost, and no statement for none."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext

from recoup.apps.audit.models import AuditCommitment, AuditLeaf
from recoup.apps.cases.models import Account, Case, CaseEvent
from recoup.apps.rows import insert_rows
from support.bank import iban
from support.roles import as_planner
from support.world import World

AT = datetime(2026, 11, 20, 10, 30, 0, 123456, tzinfo=UTC)


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
