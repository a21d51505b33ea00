"""Before what cannot be taken back a second factor is asked again; the policy table says when."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.test import Client
from django.urls import get_resolver

from recoup.apps.lawful_requests import request_law
from recoup.core.access import StepUp
from recoup.data.policy import load_policy, load_sign_in
from support import decisions
from support.authenticator import Device
from support.requests import Desk, law_of
from support.signing_in import enrol, question, sign_in
from support.world import World

PROSECUTOR = "olga.prosecutor"
# What the word of the rule means here: approve, erase, send, release, export, directory.
MEANT = {
    "approve": {
        "request:decide",
        "request:hear",
        "law:approve",
        "member:confirm",
        "log:confirm_override",
        "directory:confirm",
        "key:confirm",
        "break_glass:review",
    },
    "sign-in": {"session:link"},
    "break-glass": {"break_glass:open", "break_glass:look", "break_glass:join", "break_glass:act"},
    "erase": {"evidence:erase"},
    "send": {"ticket:ask_on"},
    "release": {"ticket:withdraw", "ticket:reduce", "case:decide", "asked:lift_doubt"},
    "export": {"case:export_trace", "evidence:bundle"},
    "directory": {
        "profile:change",
        "duty:change",
        "member:propose",
        "member:suspend",
        "key:change",
        "directory:propose",
    },
}
DECIDING = ("approve", "decide", "hear", "export", "withdraw", "reduce", "lift", "confirm",
            "suspend", "propose", "ask_on", "glass:open",
            "glass:look", "glass:join", "glass:act", "glass:review", "session:link")  # fmt: skip


def test_every_act_of_the_rule_is_marked_and_no_other() -> None:
    assert set(load_policy().step_up) == set().union(*MEANT.values())
    assert load_policy().step_up["case:export_trace"] is StepUp.ALWAYS


def test_an_act_that_is_named_like_one_of_them_is_one_of_them() -> None:
    """A new act cannot be forgotten: its name gives it away."""
    named = {act for act in load_policy().acts if any(word in act for word in DECIDING)}
    assert named <= set(load_policy().step_up), named - set(load_policy().step_up)


def test_who_approves_needs_a_passkey() -> None:
    policy = load_policy()
    approving = {role for act in MEANT["approve"] - {"request:hear"} for role in policy.acts[act]}
    assert approving <= load_sign_in().passkey_roles
    assert {"duty_officer", "contact_point", "supervisor", "hub_officer"} <= (
        load_sign_in().passkey_roles
    )


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    return Desk(world, law)


@pytest.fixture
def device(world: World, settings: Any) -> Device:
    settings.IS_DEMO = False
    return enrol(world, PROSECUTOR)


def make_old(client: Client) -> None:
    session = client.session
    session["proved_at"] = "2020-01-01T00:00:00+00:00"
    session.save()


def test_after_some_minutes_an_approval_asks_again_and_keeps_what_was_typed(
    world: World, desk: Desk, device: Device
) -> None:
    found = decisions.submitted(desk)
    client = sign_in(device)
    make_old(client)
    typed = {"act": "authorise", "version": found.version, "note": "Seen, lawful, urgent."}
    address = f"/decisions/{found.id}/decide"

    asked = client.post(address, typed)
    assert asked.status_code == 401 and decisions.decisions(found) == []
    assert "Seen, lawful, urgent." in asked.content.decode()

    typed["step_up_passkey"] = device.sign(question(asked))
    before = client.cookies["sessionid"].value
    done = client.post(address, typed)
    assert done.status_code == 302, done.content.decode()[:2000]
    assert decisions.decisions(found) == ["authorised"]
    assert client.cookies["sessionid"].value != before

    again = decisions.submitted(desk)
    typed = {"act": "authorise", "version": again.version}
    assert client.post(f"/decisions/{again.id}/decide", typed).status_code == 302


def test_anothers_passkey_does_not_count(world: World, desk: Desk, device: Device) -> None:
    found = decisions.submitted(desk)
    other = enrol(world, "nada.police")
    client = sign_in(device)
    make_old(client)
    typed = {"act": "authorise", "version": found.version}
    asked = client.post(f"/decisions/{found.id}/decide", typed)
    other.handle = device.handle
    typed["step_up_passkey"] = other.sign(question(asked))
    assert client.post(f"/decisions/{found.id}/decide", typed).status_code == 401
    assert decisions.decisions(found) == []


def test_an_answer_given_to_sign_in_does_not_count(
    world: World, desk: Desk, device: Device
) -> None:
    found = decisions.submitted(desk)
    client = sign_in(device)
    make_old(client)
    options = client.post("/sign-in/passkey/begin").json()
    typed = {"act": "authorise", "version": found.version, "step_up_passkey": device.sign(options)}
    assert client.post(f"/decisions/{found.id}/decide", typed).status_code == 401
    assert decisions.decisions(found) == []


def marked() -> list[tuple[str, str]]:
    """Every route of an act that asks: method and address, with an object that is nobody's."""
    found = []
    for prefix, pattern in addresses(get_resolver().url_patterns, "/"):
        act = getattr(pattern.callback, "act", "")
        address = re.sub(r"<[^>]+>", str(UUID(int=7)), prefix)
        for method, is_writing in (("get", False), ("post", True)):
            if act and load_policy().needs_step_up(act, is_writing=is_writing):
                found.append((method, address))
    return found


def addresses(patterns: list[Any], before: str) -> Iterator[tuple[str, Any]]:
    for entry in patterns:
        whole = before + str(entry.pattern)
        if hasattr(entry, "url_patterns"):
            yield from addresses(entry.url_patterns, whole)
        else:
            yield whole, entry


def test_each_marked_act_is_the_act_of_a_route() -> None:
    acts = {getattr(p.callback, "act", "") for _, p in addresses(get_resolver().url_patterns, "/")}
    assert set(load_policy().step_up) <= acts


def test_no_route_of_a_marked_act_forgets_to_ask(
    world: World, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is tried by who may do everything, with a proof that is old, and then a fresh one."""
    settings.IS_DEMO = False
    client = sign_in(enrol(world, PROSECUTOR))
    monkeypatch.setattr("recoup.core.access.Policy.may", lambda *_: True)
    routes = marked()
    assert len(routes) >= 20
    make_old(client)
    forgot = [r for r in routes if getattr(client, r[0])(r[1]).status_code != 401]
    assert forgot == []
    session = client.session
    session["proved_at"] = world.now().isoformat()
    session.save()
    client.raise_request_exception = False
    still = [r for r in routes if getattr(client, r[0])(r[1]).status_code == 401]
    assert still == []


def test_an_answer_shown_once_is_not_shown_again(world: World, desk: Desk, device: Device) -> None:
    """Also of a device that does not count, as passkeys that are kept in several devices."""
    first, second = decisions.submitted(desk), decisions.submitted(desk)
    device.count = -1
    client = sign_in(device)
    make_old(client)
    typed = {"act": "authorise", "version": first.version}
    device.count = -1
    shown = device.sign(question(client.post(f"/decisions/{first.id}/decide", typed)))
    typed["step_up_passkey"] = shown
    assert client.post(f"/decisions/{first.id}/decide", typed).status_code == 302
    make_old(client)
    again = {"act": "authorise", "version": second.version, "step_up_passkey": shown}
    assert client.post(f"/decisions/{second.id}/decide", again).status_code == 401
    assert decisions.decisions(second) == []
