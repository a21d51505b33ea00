"""Strict headers on every answer there is: pages, files, refusals, failures, the API, what waits.

One rule for all, and nothing by hand per route: the routes come from the resolver. What the server
answers outside of Django is made by the same rule.
"""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from recoup.web import bridge, waiting
from support.case_pages import signed_in
from support.world import OFFICER, World

CLERK = "mila.linden"
METHODS = ("get", "post", "put", "delete", "options", "head")
FORBIDDEN = ("'unsafe-inline'", "'unsafe-eval'", "http:", "*")
ASKED_OF_A_POLICY = {
    "default-src": "'self'", "object-src": "'none'", "base-uri": "'none'",
    "form-action": "'self'", "frame-ancestors": "'none'",
}  # fmt: skip
EVERYWHERE = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
}


def addresses(patterns: list[Any] | None = None, prefix: str = "/") -> list[str]:
    """An address for each route, with an object that is not there."""
    found: list[str] = []
    for entry in get_resolver().url_patterns if patterns is None else patterns:
        whole = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            found += addresses(entry.url_patterns, whole)
        elif isinstance(entry, URLPattern) and not re.search(r"[\^$?]", whole):
            found.append(re.sub(r"<[^>]+>", str(uuid4()), whole))
    return found


def faults_of(headers: dict[str, str]) -> list[str]:
    """What is missing in the headers of an answer, whose names are in lower case."""
    wrong = [f"{name} is {headers.get(name)!r}" for name, value in EVERYWHERE.items()
             if headers.get(name) != value]  # fmt: skip
    policy = {
        part.split()[0]: part.split()[1:]
        for part in headers.get("content-security-policy", "").split(";")
        if part.strip()
    }
    for name, value in ASKED_OF_A_POLICY.items():
        if policy.get(name) != [value]:
            wrong.append(f"{name} of the policy is {policy.get(name)}")
    wrong += [f"the policy allows {bad}" for sources in policy.values() for bad in sources
              if bad in FORBIDDEN]  # fmt: skip
    wrong += [f"{name} tells of the server" for name in ("server", "x-powered-by")
              if name in headers]  # fmt: skip
    return wrong


def lower(headers: Any) -> dict[str, str]:
    return {str(name).lower(): str(value) for name, value in headers.items()}


@pytest.mark.parametrize("login", ["", CLERK, OFFICER])
def test_every_answer_of_every_route_has_strict_headers(world: World, login: str) -> None:
    client = signed_in(login) if login else Client(raise_request_exception=False)
    client.raise_request_exception = False
    wrong: list[str] = []
    statuses: set[int] = set()
    for address in addresses():
        if login and address == "/accounts/logout/":
            continue  # from there on it would be nobody
        for method in METHODS:
            answer = getattr(client, method)(address)
            statuses.add(answer.status_code)
            found = faults_of(lower(answer.headers))
            wrong += [f"{method} {address}: {fault}" for fault in found]
            if login and not address.startswith(("/healthz", "/accounts/", "/i18n/", "/api/")):
                if "no-store" not in answer.get("Cache-Control", ""):
                    wrong.append(f"{method} {address}: may be kept")
    assert not wrong, "\n".join(wrong[:40])
    assert {200, 404, 405} <= statuses


ERRORS = {
    400: ("post", "/report", b"\x00", "multipart/form-data"),
    404: ("get", "/nothing-here", b"", "text/plain"),
    405: ("delete", "/report", b"", "text/plain"),
    413: ("post", "/report", b"x" * 1_000_001, "text/plain"),
}


@pytest.mark.parametrize("status", ERRORS)
def test_an_answer_that_refuses_has_them_too(world: World, status: int) -> None:
    method, path, body, kind = ERRORS[status]
    for prefix in ("", "/api/v1"):
        answer = Client(raise_request_exception=False).generic(
            method.upper(), prefix + path if status != 404 else f"{prefix}{path}", body, kind
        )
        assert faults_of(lower(answer.headers)) == [], (prefix, answer.status_code)
        if not prefix:
            assert answer.status_code == status


def test_a_failure_has_them_too_and_tells_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret of the hub")

    monkeypatch.setattr("recoup.web.front.render", broken)
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 500 and faults_of(lower(answer.headers)) == []
    assert b"secret of the hub" not in answer.content


def test_files_that_the_hub_serves_have_them_and_are_for_its_own_pages(world: World) -> None:
    answer = Client().get(a_static_file())
    assert answer.status_code == 200 and faults_of(lower(answer.headers)) == []
    assert "Access-Control-Allow-Origin" not in answer.headers


def a_static_file() -> str:
    [folder] = settings.STATICFILES_DIRS
    file = next(path for path in sorted(folder.rglob("*.css")))
    return f"/static/{file.relative_to(folder)}"


def test_without_its_database_the_hub_says_so_with_them(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: object, **__: object) -> None:
        raise OperationalError("away")

    monkeypatch.setattr("recoup.web.front.render", away)
    monkeypatch.setattr("recoup.web.middleware.connection.close", lambda: None)
    answer = Client(raise_request_exception=False).get("/")
    assert answer.status_code == 503 and faults_of(lower(answer.headers)) == []


def test_a_form_without_its_token_is_refused_with_them(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["sessionid"] = world.session_of(CLERK)
    answer = client.post("/desk/next")
    assert answer.status_code == 403 and faults_of(lower(answer.headers)) == []


@pytest.mark.parametrize("answer", [bridge.TOO_SLOW, bridge.NO_ROOM, waiting.too_many("x")])
def test_what_the_server_answers_by_itself_has_them_too(answer: Any) -> None:
    _, headers, _, _ = answer
    assert faults_of({k.decode().lower(): v.decode() for k, v in headers}) == []


def test_what_a_machine_gets_is_kept_by_nobody(world: World) -> None:
    answer = Client().get("/api/v1/tickets", headers=world.bearer("quince"))
    assert answer.status_code == 200 and answer["Cache-Control"] == "no-store"


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(world: World) -> None:
    client = Client()
    client.get("/accounts/login/")
    client.post("/accounts/login/", {"login": CLERK, "password": world.password})
    assert {"sessionid", "csrftoken"} <= set(client.cookies)
    for name, cookie in client.cookies.items():
        assert cookie["httponly"], name
        assert cookie["samesite"] == "Strict", name
    assert settings.SESSION_COOKIE_SECURE == settings.CSRF_COOKIE_SECURE == settings.IS_TLS


def test_what_is_missing_is_found() -> None:
    good = {**EVERYWHERE, "content-security-policy": "default-src 'self'; object-src 'none'; "
            "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"}  # fmt: skip
    assert faults_of(good) == []
    assert faults_of({})
    for name in good:
        assert faults_of({k: v for k, v in good.items() if k != name}), name
    loose = good["content-security-policy"].replace("'self';", "'self' 'unsafe-inline';", 1)
    assert faults_of({**good, "content-security-policy": loose})
