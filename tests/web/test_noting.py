"""Who read what with personal data, and who was refused what, is in the log, with its purpose."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

import recoup
from recoup.data.policy import load_policy
from recoup.data.purposes import load_purposes
from recoup.web import case_page, noting
from support.world import OFFICER, PROSECUTOR, World, iban

WRITERS = re.compile(r"""(?:what=|Act\(|_tell\(|told\()\s*f?["']([a-z_]+):""")


@pytest.fixture(autouse=True)
def nothing_noted() -> None:
    noting._noted.clear()


def client(world: World, login: str) -> Client:
    made = Client()
    made.cookies["sessionid"] = world.session_of(login)
    return made


def lines(world: World, what: str) -> list[dict[str, Any]]:
    rows = world.run("select convert_from(body, 'utf8') from audit_auditleaf")
    return [told for (body,) in rows if (told := json.loads(body))["what"] == what]


def test_reading_is_a_line_with_who_what_when_and_why(world: World) -> None:
    assert client(world, OFFICER).get("/requests?measure=secret").status_code == 200
    (line,) = lines(world, "access:read")
    assert line["purpose"] == "lawful_request"
    assert line["facts"]["act"] == "request:draft" and line["facts"]["route"]
    actor = world.actor(OFFICER)
    assert (line["person"], line["role"]) == (str(actor.person_id), "officer")
    assert line["organisation"] == actor.organisation_id and line["at"].endswith("+00:00")
    assert "secret" not in json.dumps(line) and set(line["committed"]) == {"query"}


def test_reading_again_within_minutes_is_one_line(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    officer = client(world, OFFICER)
    for _ in range(3):
        with django_capture_on_commit_callbacks(execute=True):
            officer.get("/requests")
    assert len(lines(world, "access:read")) == 1


def test_what_was_written_before_a_failure_is_not_stored(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    filed = world.report(payer=iban("plum", 10001), payee=iban("quince", 20001), amount=500_00)
    world.plan()
    case = world.case_of(filed)
    before = world.run("select count(*) from audit_auditleaf")
    reached: list[int] = []

    def fail(*_: Any, **__: Any) -> None:  # the line that the case was opened is written by now
        reached.append(world.run("select count(*) from audit_auditleaf")[0][0])
        raise RuntimeError

    monkeypatch.setattr(case_page, "page", fail)
    made = Client(raise_request_exception=False)
    made.cookies["sessionid"] = world.session_of(OFFICER)
    assert made.get(f"/cases/{case.pk}").status_code == 500
    assert reached[0] > before[0][0]
    assert world.run("select count(*) from audit_auditleaf") == before


def test_a_refused_role_is_a_line(world: World) -> None:
    response = client(world, PROSECUTOR).post("/desk/next")
    assert response.status_code == 403
    (line,) = lines(world, "access:refused")
    assert line["facts"]["status"] == 403 and line["facts"]["act"] == "ticket:take"
    assert line["purpose"] == "recovery_of_money"


def test_what_is_missing_or_anothers_is_a_line_each_time(world: World) -> None:
    officer, missing = client(world, OFFICER), str(uuid4())
    for _ in range(2):
        assert officer.get(f"/cases/{missing}").status_code == 404
    found = lines(world, "access:refused")
    assert [line["facts"]["status"] for line in found] == [404, 404]
    assert found[0]["facts"]["object"] == missing


def test_a_refused_key_of_the_api_is_a_line(world: World) -> None:
    response = Client().get(
        f"/api/v1/requests/{uuid4()}", headers={"Authorization": f"Bearer {world.key('plum')}"}
    )
    assert response.status_code in (403, 404)
    (line,) = lines(world, "access:refused")
    assert line["facts"]["act"].startswith("request:") and line["role"] == "machine"


def test_public_pages_and_the_law_are_no_lines(world: World) -> None:
    officer = client(world, OFFICER)
    assert officer.get("/law").status_code == 200 and officer.get("/").status_code in (200, 302)
    Client().get("/")
    assert lines(world, "access:read") == []


def test_every_act_of_the_policy_has_a_purpose() -> None:
    purposes = load_purposes()
    assert {act for act in load_policy().acts if purposes.of(act) == "not_named"} == set()
    assert purposes.unnoted <= set(load_policy().acts)


def test_every_line_that_the_code_writes_has_a_purpose() -> None:
    purposes, root = load_purposes(), Path(recoup.__file__).parent
    kinds = {
        kind for path in (root / "apps").rglob("*.py") for kind in WRITERS.findall(path.read_text())
    }
    assert len(kinds) > 10
    assert {kind for kind in kinds if purposes.of(f"{kind}:x") == "not_named"} == set()


def test_a_stranger_who_is_refused_is_a_line_of_the_process_and_no_line_of_the_trail(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    """Once in some minutes a place and address, by a digest: nobody fills a log with it."""
    caplog.set_level("INFO", "recoup.refused")
    wrong = {"headers": {"Authorization": "Bearer no-such-key"}, "REMOTE_ADDR": "192.0.2.9"}
    for _ in range(3):
        path = f"/cases/{uuid4()}/adopt"
        assert Client().post(path, REMOTE_ADDR="192.0.2.9").status_code == 403
        assert Client().get("/api/v1/tickets", **wrong).status_code == 401
    told = [record.getMessage() for record in caplog.records if record.name == "recoup.refused"]
    assert len(told) == 2 and told[0].startswith("refused 403 at case-adopt: somebody at ")
    assert "192.0.2.9" not in "".join(told)
    assert lines(world, "access:refused") == []
