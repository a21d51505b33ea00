"""Nothing is erased before its day, under a hold, by one person alone, or by another body."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from recoup.apps.evidence import keeping_operations as keeping
from recoup.apps.evidence import queries
from recoup.apps.evidence.models import EvidenceFile
from recoup.apps.evidence.refusals import EvidenceRefused
from recoup.core.access import Actor
from recoup.core.custody import CustodyRefused
from support.case_pages import hand_over
from support.evidence import Vault, content_of, expired
from support.world import DUTY_OFFICER, PROSECUTOR, World


@pytest.fixture
def other(world: World) -> Actor:
    """A second person of the same police."""
    return world.actor(DUTY_OFFICER)


def code(vault: Vault, operation: Any, **given: Any) -> str:
    with pytest.raises((EvidenceRefused, CustodyRefused)) as refused:
        vault.do(operation, **given)
    return refused.value.code


def ask(vault: Vault, file: EvidenceFile, **given: Any) -> Any:
    return vault.do(keeping.ask_erasure, file_id=file.pk, why="Its term has ended", **given)


def test_before_its_day_nobody_erases(vault: Vault) -> None:
    file = vault.keep(content_of(10))
    assert code(vault, keeping.ask_erasure, file_id=file.pk, why="x") == "term_runs"


def test_a_hold_that_comes_after_the_asking_still_keeps_the_file(
    vault: Vault, other: Actor
) -> None:
    file = vault.keep(content_of(10))
    expired(file.pk)
    ask(vault, file)
    hold = vault.do(keeping.hold, case_id=vault.case.pk, why="An appeal is pending.")
    given = {"file_id": file.pk, "is_done": True, "why": "x"}
    assert code(vault, keeping.end_erasure, by=other, **given) == "legal_hold"
    assert code(vault, keeping.lift, hold_id=hold.pk, why="x") == "same_person"
    vault.do(keeping.lift, hold_id=hold.pk, why="The appeal was withdrawn", by=other)
    assert vault.do(keeping.end_erasure, by=other, **given).is_done


def test_who_asked_does_not_erase_and_a_refusal_ends_the_asking(vault: Vault, other: Actor) -> None:
    file = vault.keep(content_of(10))
    expired(file.pk)
    ask(vault, file)
    assert code(vault, keeping.ask_erasure, file_id=file.pk, why="x") == "asked_already"
    given = {"file_id": file.pk, "why": "x"}
    assert code(vault, keeping.end_erasure, is_done=True, **given) == "same_person"
    vault.do(keeping.end_erasure, is_done=False, by=other, **given)
    assert code(vault, keeping.end_erasure, is_done=True, by=other, **given) == "not_asked"
    assert vault.read(file.pk) == content_of(10)


def test_erasing_leaves_no_bytes_no_key_no_name_and_a_certificate(
    vault: Vault, other: Actor, folders: Path, django_capture_on_commit_callbacks: Any
) -> None:
    file = vault.keep(content_of(10), name="Vera Invented.pdf")
    expired(file.pk)
    ask(vault, file)
    with django_capture_on_commit_callbacks(execute=True):
        done = vault.do(keeping.end_erasure, file_id=file.pk, is_done=True, why="Agreed", by=other)
    assert [p for p in (folders / "pieces").rglob("*") if p.is_file()] == []
    now = vault.now(file)
    assert (now.state, now.wrapped_key, now.name, now.said) == ("erased", None, "", {})
    told = json.loads(bytes(done.certificate))
    assert told["sha256"] == bytes(file.digest or b"").hex()
    assert told["asked_by"] != told["done_by"] and "Vera" not in json.dumps(told)
    assert [event.act for event in vault.events(file)] == ["receive", "erase"]


def test_another_body_of_the_case_does_not_erase_what_it_does_not_have(
    vault: Vault, world: World
) -> None:
    file = vault.keep(content_of(10))
    expired(file.pk)
    hand_over(world, vault.case)
    assert code(vault, keeping.ask_erasure, file_id=file.pk, why="x") == "proceeding_open"
    prosecutor = world.actor(PROSECUTOR)
    assert code(vault, keeping.ask_erasure, file_id=file.pk, why="x", by=prosecutor) == "not_holder"


def test_a_term_is_only_extended(vault: Vault) -> None:
    file = vault.keep(content_of(10))
    for until in (file.keep_until, file.keep_until - timedelta(days=1)):
        given = {"file_id": file.pk, "until": until, "why": "x"}
        assert code(vault, keeping.extend, **given) == "not_longer"
    vault.do(keeping.extend, file_id=file.pk, until=date(2060, 1, 1), why="A longer limitation")
    assert vault.now(file).keep_until == date(2060, 1, 1)


def test_the_same_bytes_may_come_again_after_they_were_erased(
    vault: Vault, other: Actor, world: World
) -> None:
    file = vault.keep(content_of(10))
    expired(file.pk)
    ask(vault, file)
    vault.do(keeping.end_erasure, file_id=file.pk, is_done=True, why="Agreed", by=other)
    again = vault.keep(content_of(10))
    with world.acting(vault.by):
        assert queries.of_case(vault.by, vault.case.pk).count() == 2
    assert vault.read(again.pk) == content_of(10)
