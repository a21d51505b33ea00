"""The audit trail is only ever added to, and every line follows the one before it."""

from __future__ import annotations

import hashlib
import json
from itertools import pairwise

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError

from recoup.apps.audit import operations as audit
from recoup.apps.audit.models import AuditCommitment, AuditLeaf
from support.roles import as_owner, as_planner
from support.world import OFFICER, World


@pytest.fixture
def told(world: World) -> World:
    officer = world.actor(OFFICER)
    with world.acting(officer) as at:
        for number in range(3):
            audit.record(
                what="test:told", about="test:1", by=officer, at=at, number=number,
                personal={"account": "RS35992000000002000121"},
            )  # fmt: skip
    return world


CHANGES = [
    "update audit_auditleaf set stream = 'x'",
    "delete from audit_auditleaf",
    "truncate audit_auditleaf cascade",
]


@pytest.mark.parametrize("sql", CHANGES)
def test_the_pages_cannot_change_it(told: World, sql: str) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(sql)


@pytest.mark.parametrize("sql", CHANGES)
def test_not_even_its_owner_can_change_it(told: World, sql: str) -> None:
    with as_owner(), pytest.raises(ProgrammingError, match="never changed"), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql)


@pytest.mark.parametrize("sql", CHANGES)
def test_the_planner_cannot_change_it(told: World, sql: str) -> None:
    with as_planner(), pytest.raises(ProgrammingError), transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(sql)


def test_each_line_names_the_digest_of_the_line_before(told: World) -> None:
    leaves = list(AuditLeaf.objects.filter(stream="test:1").order_by("stream_seq"))
    assert [leaf.stream_seq for leaf in leaves] == [1, 2, 3]
    before = bytes(32)
    for leaf in leaves:
        assert bytes(leaf.prev_stream_hash) == before
        before = hashlib.sha256(b"\x00" + bytes(leaf.body)).digest()
        assert bytes(leaf.leaf_hash) == before


def test_lines_that_are_written_together_name_each_other(told: World) -> None:
    officer = told.actor(OFFICER)
    with told.acting(officer) as at:
        audit.record_all([audit.Act("test:told", "test:1") for _ in range(3)], by=officer, at=at)
    leaves = list(AuditLeaf.objects.filter(stream="test:1").order_by("stream_seq"))
    assert [leaf.stream_seq for leaf in leaves] == [1, 2, 3, 4, 5, 6]
    for before, leaf in pairwise(leaves):
        assert bytes(leaf.prev_stream_hash) == bytes(before.leaf_hash)


def test_a_line_says_who_did_what_for_whom(told: World) -> None:
    officer = told.actor(OFFICER)
    body = json.loads(bytes(AuditLeaf.objects.filter(stream="test:1")[0].body))
    assert body["organisation"] == officer.organisation_id
    assert body["person"] == str(officer.person_id)
    assert body["mandate"] == str(officer.mandate_id)
    assert body["role"] == "officer"


def test_what_is_personal_stands_in_no_line_only_its_commitment(told: World) -> None:
    leaf = AuditLeaf.objects.filter(stream="test:1", stream_seq=1).get()
    assert b"RS35992000000002000121" not in bytes(leaf.body)
    kept = AuditCommitment.objects.get(leaf=leaf)
    digest = hashlib.sha256(bytes(kept.salt) + kept.value.encode()).hexdigest()
    assert json.loads(bytes(leaf.body))["committed"] == {"account": digest}


def test_a_commitment_can_be_erased_and_the_chain_still_holds(told: World) -> None:
    told.run("delete from audit_auditcommitment")
    test_each_line_names_the_digest_of_the_line_before(told)


def test_an_act_that_fails_leaves_no_line(world: World) -> None:
    officer = world.actor(OFFICER)
    with pytest.raises(RuntimeError), world.acting(officer) as at:
        audit.record(what="test:told", about="test:2", by=officer, at=at)
        raise RuntimeError
    assert not AuditLeaf.objects.filter(stream="test:2").exists()


def test_nobody_writes_a_line_for_another_organisation(world: World) -> None:
    officer, clerk = world.actor(OFFICER), world.at_bank("quince")
    with pytest.raises(ProgrammingError), world.acting(clerk) as at:
        audit.record(what="test:told", about="test:3", by=officer, at=at)
