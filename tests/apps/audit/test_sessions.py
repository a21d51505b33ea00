"""Signing in, tries of it, keys that are made, and looking at a case stand in the trail."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from recoup.apps.audit import session_operations as audit
from recoup.apps.audit.models import AuditLeaf
from recoup.apps.members.models import Login, Mandate
from recoup.data.policy import load_limits
from support.roles import as_owner
from support.world import OFFICER, PROSECUTOR, World, iban


@pytest.fixture(autouse=True)
def nothing_noted() -> None:
    audit._noted.clear()


def lines(world: World, what: str) -> list[dict[str, Any]]:
    rows = world.run("select convert_from(body, 'utf8') from audit_auditleaf order by recorded_at")
    return [body for (text,) in rows if (body := json.loads(text))["what"] == what]


def sign_in(world: World, login: str = OFFICER, password: str = "") -> Client:
    client = Client()
    told = {"login": login, "password": password or world.password}
    client.post("/accounts/login/", told)
    return client


def person(login: str) -> str:
    return str(Login.objects.get(username=login).person_id)


# Signing in and out


def test_signing_in_and_out_are_lines_of_the_persons_stream(world: World) -> None:
    client = sign_in(world)
    client.post("/accounts/logout/")
    (came,), (went,) = lines(world, "session:signed_in"), lines(world, "session:signed_out")
    assert came["stream"] == went["stream"] == f"person:{person(OFFICER)}"
    assert came["organisation"] == world.organisation("police").id
    assert (came["person"], came["role"]) == (person(OFFICER), "officer")
    assert went["prev"] != came["prev"] and went["stream_seq"] > came["stream_seq"]


def test_a_wrong_password_is_a_line_of_whose_name_it_was(world: World) -> None:
    sign_in(world, password="wrong")
    (tried,) = lines(world, "session:refused")
    assert tried["stream"] == f"person:{person(OFFICER)}"
    assert tried["organisation"] == world.organisation("police").id


def test_a_name_of_nobody_is_told_as_a_commitment_only(world: World) -> None:
    sign_in(world, login="somebody-invented", password="wrong")
    (tried,) = lines(world, "session:refused")
    assert tried["stream"].startswith("sign_in:") and tried["organisation"] == 1
    assert "somebody-invented" not in json.dumps(tried) and tried["committed"]["name"]


def test_a_refused_sign_in_gives_nothing_to_see(world: World) -> None:
    """The line is the organisation's; the rest of the request is the public's again."""
    client = Client()
    told = {"login": OFFICER, "password": "wrong"}
    assert client.post("/accounts/login/", told).status_code == 200
    assert world.run("select current_setting('recoup.org', true)") == [("1",)]


def test_a_new_password_is_a_line(world: World) -> None:
    client, new = sign_in(world), "a-longer-new-word-9"
    told = {"oldpassword": world.password, "password1": new, "password2": new}
    client.post("/accounts/password/change/", told)
    assert len(lines(world, "session:password_changed")) == 1


# Keys


def test_a_key_that_is_made_is_a_line_and_the_key_is_not_in_it(world: World) -> None:
    mandate = Mandate.objects.get(organisation__code="quince", role="machine")
    with as_owner():
        key = audit.issue_key(mandate=mandate, at=world.now())
    (made,) = lines(world, "key:issued")[-1:]
    assert made["stream"] == f"person:{mandate.person_id}" and made["role"] == "enrolment"
    assert key not in json.dumps(made) and made["facts"]["mandate"] == str(mandate.id)


# Looking at a case


@pytest.fixture
def case(world: World) -> Any:
    filed = world.report(
        payer=iban("plum", 1), payee=iban("walnut", 1), amount=500, by=world.at_bank("plum")
    )
    world.plan()
    return world.case_of(filed)


def signed_in(world: World, login: str) -> Client:
    client = Client()
    client.cookies["sessionid"] = world.session_of(login)
    return client


def test_looking_at_a_case_is_a_line_once_within_some_minutes(world: World, case: Any) -> None:
    officer = signed_in(world, OFFICER)
    for path in ("", "/live", "/version", ""):
        assert officer.get(f"/cases/{case.id}{path}").status_code == 200
    (looked,) = lines(world, "case:looked_at")
    assert (looked["person"], looked["facts"]["case"]) == (person(OFFICER), str(case.id))
    assert len(looked["stream"]) <= AuditLeaf._meta.get_field("stream").max_length


def test_after_that_it_is_a_line_again(world: World, case: Any) -> None:
    by = world.actor(OFFICER)
    minutes = load_limits().look_noted_minutes
    with world.acting(by) as at:
        for later in (0, minutes - 1, minutes, minutes + 1, 2 * minutes):
            audit.looked_at(case.id, by=by, at=at + timedelta(minutes=later))
    assert len(lines(world, "case:looked_at")) == 3


def test_each_person_has_a_line_of_their_own(world: World, case: Any) -> None:
    for login in (OFFICER, "luka.police"):
        signed_in(world, login).get(f"/cases/{case.id}")
    assert {line["person"] for line in lines(world, "case:looked_at")} == {
        person(OFFICER), person("luka.police"),
    }  # fmt: skip


def test_who_may_not_see_it_looks_at_nothing(world: World, case: Any) -> None:
    assert signed_in(world, PROSECUTOR).get(f"/cases/{case.id}").status_code == 404
    assert lines(world, "case:looked_at") == []


def test_a_page_that_stays_open_asks_nothing_more(
    open_world: World, django_assert_num_queries: Any
) -> None:
    """What was committed is remembered; the event stream asks for the version all the time."""
    world = open_world
    filed = world.report(
        payer=iban("plum", 1), payee=iban("walnut", 1), amount=500, by=world.at_bank("plum")
    )
    world.plan()
    found, by = world.case_of(filed), world.actor(OFFICER)
    with world.acting(by) as at:
        audit.looked_at(found.id, by=by, at=at)
    with world.acting(by) as at, django_assert_num_queries(0):
        audit.looked_at(found.id, by=by, at=at)
