"""The page of the log: what is signed and witnessed, and the override by two persons."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from recoup.apps.audit import operations as audit
from recoup.apps.audit import queries
from recoup.apps.audit.models import AuditOverride
from recoup.apps.audit.witness_operations import tell_witnesses
from recoup.web import log_page
from support.log import Log
from support.roles import as_planner
from support.world import DUTY_OFFICER, OFFICER, World

CLERK = "mila.linden"


@pytest.fixture(autouse=True)
def nothing_known() -> None:
    log_page._known.clear()


@pytest.fixture
def drop(tmp_path: Path, settings: Any) -> Path:
    folder = tmp_path / "drop"
    folder.mkdir()
    settings.WITNESSES = f"authority=drop:{folder}"
    return folder


def client(world: World, login: str) -> Client:
    made = Client()
    made.cookies["sessionid"] = world.session_of(login)
    return made


def grow_old(world: World, hours: int = 25) -> None:
    by = world.actor(OFFICER)
    with world.acting(by) as at:
        audit.record(what="thing:done", about="thing:1", by=by, at=at - timedelta(hours=hours))


def page(of: Client) -> str:
    response = of.get("/log")
    assert response.status_code == 200
    return response.content.decode()


def test_before_anything_is_signed_it_says_so(world: World, drop: Path) -> None:
    shown = page(client(world, CLERK))
    assert "Nothing is signed yet" in shown and "has no checkpoint yet" in shown


def test_without_a_witness_it_says_that_nothing_outside_proves_it(world: World) -> None:
    assert "No witness is set" in page(client(world, CLERK))


def test_the_newest_checkpoint_and_who_has_it(world: World, drop: Path, tmp_path: Path) -> None:
    grow_old(world, hours=0)
    made = Log(tmp_path).checkpoint(world.now())
    assert made is not None
    with as_planner():
        tell_witnesses(queries.witnesses(), at=world.now())
    shown = page(client(world, CLERK))
    assert f"<strong>{made.size}</strong>" in shown and "test.invalid/log" in shown
    assert "authority" in shown and "has no checkpoint yet" not in shown
    assert (drop / "newest.note").read_bytes() == bytes(made.note)


def test_a_witness_that_does_not_answer_is_named(world: World, drop: Path, tmp_path: Path) -> None:
    drop.rmdir()
    grow_old(world, hours=0)
    Log(tmp_path).checkpoint(world.now())
    with as_planner():
        assert tell_witnesses(queries.witnesses(), at=world.now()) == ["authority"]
    assert "does not answer" in page(client(world, CLERK))


def test_who_can_act_is_told_on_every_page(world: World, drop: Path) -> None:
    grow_old(world)
    assert "stay back" in client(world, OFFICER).get("/law").content.decode()
    assert "stay back" not in client(world, CLERK).get("/law").content.decode()
    assert "stay back" not in Client().get("/").content.decode()


def test_one_asks_and_another_confirms(world: World, drop: Path) -> None:
    grow_old(world)
    officer, duty = client(world, OFFICER), client(world, DUTY_OFFICER)
    assert officer.post("/log/override", {"ground": "Money is leaving."}).status_code == 302
    asked = world.run("select id from audit_auditoverride")
    with world.acting(world.actor(OFFICER)):
        (row,) = AuditOverride.objects.all()
    assert "A colleague has to confirm it" in page(officer)
    assert "Confirm: let them leave" in page(duty) and asked is not None
    refused = officer.post("/log/override/confirm", {"override": str(row.id)})
    assert refused.status_code == 403
    assert duty.post("/log/override/confirm", {"override": str(row.id)}).status_code == 302
    assert "They leave until" in page(officer)


def test_who_asked_cannot_confirm(world: World, drop: Path) -> None:
    duty = client(world, DUTY_OFFICER)
    duty.post("/log/override", {"ground": "Money is leaving."})
    with world.acting(world.actor(DUTY_OFFICER)):
        (row,) = AuditOverride.objects.all()
    refused = duty.post("/log/override/confirm", {"override": str(row.id)})
    assert refused.status_code == 422
    assert "Who asked does not confirm" in refused.content.decode()


def test_without_a_ground_it_says_what_is_missing(world: World, drop: Path) -> None:
    refused = client(world, OFFICER).post("/log/override", {"ground": " "})
    assert refused.status_code == 422 and "why this cannot wait" in refused.content.decode()


@pytest.mark.parametrize("wanted", ["", "x", "00000000-0000-4000-8000-000000000000"])
def test_what_is_not_there_cannot_be_confirmed(world: World, drop: Path, wanted: str) -> None:
    refused = client(world, DUTY_OFFICER).post("/log/override/confirm", {"override": wanted})
    assert refused.status_code == 422 and "does not wait" in refused.content.decode()


def test_the_public_sees_nothing_of_it(world: World) -> None:
    assert Client().get("/log").status_code == 302
