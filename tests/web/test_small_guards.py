"""Small things that every site of this kind has: cookies' names, https only, clean log lines."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
import time
from unittest import mock

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.test import Client, RequestFactory

from recoup.apps.reports import reporter
from recoup.apps.reports.reporter import OpenReport
from recoup.web.log_lines import Line
from recoup.web.password_words import NotAWordOfOurs
from support.world import OFFICER, World

ASKED = """
import django; django.setup()
from django.conf import settings as s
from recoup.apps.reports import reporter as r
from recoup.web.cookies import Messages
from recoup.web.headers import STRICT
names = [s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME, r.DRAFT, r.SENT, r.OPEN,
         Messages.storage_classes[0].cookie_name]
print(*names)
print(STRICT.get("Strict-Transport-Security", "-"))
"""


def asked(**variables: str) -> list[str]:
    said = subprocess.run(
        [sys.executable, "-c", ASKED], capture_output=True, text=True, check=True,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "recoup.web.settings"} | variables,
    )  # fmt: skip
    return said.stdout.splitlines()


def test_behind_tls_every_cookie_is_for_https_and_browsers_come_by_nothing_else() -> None:
    names, transport = asked(RECOUP_TLS="1")
    assert len(names.split()) == 7
    assert all(name.startswith(("__Host-", "__Secure-")) for name in names.split())
    assert transport == "max-age=63072000; includeSubDomains"
    assert asked(RECOUP_TLS="0")[1] == "-"


def test_signing_out_empties_the_browsers_store(world: World) -> None:
    client = Client()
    client.cookies["sessionid"] = world.session_of(OFFICER)
    answer = client.post("/accounts/logout/")
    assert answer["Clear-Site-Data"] == '"cache"'
    assert "Clear-Site-Data" not in Client().get("/")


@pytest.mark.parametrize("path", ["/.git/config", "/static/", "/static/../settings.py", "/var/"])
def test_nothing_of_the_checkout_is_served(world: World, path: str) -> None:
    assert Client().get(path).status_code == 404


@pytest.mark.parametrize("method", ["trace", "put", "delete", "patch"])
def test_methods_that_nothing_has_are_refused(world: World, method: str) -> None:
    client = Client()
    client.cookies["sessionid"] = world.session_of(OFFICER)
    assert client.generic(method.upper(), "/desk").status_code in (403, 405)


def test_every_text_says_its_characters(world: World) -> None:
    client = Client()
    client.cookies["sessionid"] = world.session_of(OFFICER)
    for path in ("/", "/healthz", "/desk/version", "/desk/events", "/cases"):
        told = client.get(path)["Content-Type"]
        assert not told.startswith("text/") or told.endswith("charset=utf-8"), path


def test_a_line_of_the_log_is_one_line_in_utc() -> None:
    record = logging.LogRecord("recoup.web", 30, "x", 1, "a\nb \x1b[2J %s", ("\u2028",), None)
    record.created, record.msecs = 0.0, 7.0
    line = Line().format(record)
    assert line == "1970-01-01T00:00:00.007Z WARNING recoup.web a\\nb \\x1b[2J \\u2028"


def test_a_trace_in_the_log_forges_no_line() -> None:
    try:
        raise ValueError("x\n2026-01-01T00:00:00.000Z WARNING recoup.web forged")
    except ValueError:
        record = logging.LogRecord("r", 40, "x", 1, "failed", (), sys.exc_info())
    lines = Line().format(record).splitlines()
    assert all(line.startswith("  ") for line in lines[1:])


@pytest.mark.parametrize("password", ["Recoup2026!Recoup", "policija-12345678", "banka.novac.2026"])
def test_passwords_of_our_own_words_are_refused(password: str) -> None:
    with pytest.raises(ValidationError):
        NotAWordOfOurs().validate(password)


def test_a_password_with_enough_else_is_taken() -> None:
    NotAWordOfOurs().validate("banka i trideset konja")
    NotAWordOfOurs().validate("correct horse battery staple")


# Passwords and signed cookies


def judged(password: str) -> list[str]:
    """What is said against a password by all rules together."""
    try:
        validate_password(password)
    except ValidationError as refused:
        return [str(one.code) for one in refused.error_list]
    return []


def test_short_passwords_are_refused() -> None:
    assert "password_too_short" in judged("kq7-zzv-w3x")
    assert judged("kq7-zzv-w3xy") == []


@pytest.mark.parametrize("password", ["password1234", "qwertyuiop123"])
def test_the_most_common_passwords_are_refused(password: str) -> None:
    assert judged(password)


def test_long_ones_and_any_characters_are_taken() -> None:
    assert judged("x7 " * 40) == [] and judged("љубичаста крава трчи") == []


def test_the_field_of_a_password_hides_it_and_may_be_pasted_into(world: World) -> None:
    page = Client().get("/accounts/login/").content.decode()
    (field,) = re.findall(r"<input[^>]*type=\"password\"[^>]*>", page)
    assert 'autocomplete="current-password"' in field
    assert "onpaste" not in page and 'autocomplete="off"' not in field


def test_a_cookie_that_is_too_old_opens_nothing(world: World) -> None:
    opened = OpenReport("RP-H89Y-M2C1", b"\1" * 32)
    with mock.patch("time.time", return_value=time.time() - reporter.OPEN_SECONDS - 10):
        old = HttpResponse()
        reporter.open_report(old, opened)
    request = RequestFactory().get("/")
    request.COOKIES = {reporter.OPEN: old.cookies[reporter.OPEN].value}
    assert reporter.opened_report(request) is None
    fresh = HttpResponse()
    reporter.open_report(fresh, opened)
    request.COOKIES = {reporter.OPEN: fresh.cookies[reporter.OPEN].value}
    assert reporter.opened_report(request) == opened


def test_a_cookie_of_one_purpose_is_none_of_another(world: World) -> None:
    response = HttpResponse()
    reporter.open_report(response, OpenReport("RP-H89Y-M2C1", b"\1" * 32))
    request = RequestFactory().get("/")
    request.COOKIES = {reporter.SENT: response.cookies[reporter.OPEN].value}
    assert reporter.sent(request) is None
