"""A forwarded address is believed of a named proxy only, and only what that proxy itself wrote."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from recoup.web import asgi, known_callers
from recoup.web.addresses import caller, networks, placed
from recoup.web.known_callers import KnownCallers
from support.loops import in_a_loop
from support.world import World

PROXIES = networks("10.0.0.1, 10.1.0.0/16, fd00::/8")


@pytest.mark.parametrize(
    ("peer", "forwarded", "found"),
    [
        ("192.0.2.7", ["198.51.100.1"], "192.0.2.7"),  # a stranger says who he is
        ("10.0.0.1", [], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.2.3.4, 198.51.100.1"], "198.51.100.1"),  # what he wrote stands left
        ("10.0.0.1", ["1.2.3.4", "198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, 10.1.2.3"], "198.51.100.1"),  # two proxies
        ("10.0.0.1", ["198.51.100.1, unknown"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1, 10.1.2.3, not an address"], "10.0.0.1"),
        ("::ffff:10.0.0.1", ["2001:db8::5"], "2001:db8::5"),
        ("fd00::1", ["::ffff:198.51.100.1"], "198.51.100.1"),
        ("unix", ["198.51.100.1"], "unix"),
    ],
)
def test_who_asks(peer: str, forwarded: list[str], found: str) -> None:
    assert caller(peer, forwarded, PROXIES) == found


def test_without_a_setting_nobody_is_believed() -> None:
    scope: dict[str, Any] = {
        "client": ("127.0.0.1", 5), "scheme": "http",
        "headers": [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-proto", b"https")],
    }  # fmt: skip
    assert placed(scope, networks("")) is scope
    assert placed(scope, PROXIES) is scope


def test_a_named_proxy_tells_address_and_scheme() -> None:
    scope: dict[str, Any] = {
        "client": ("10.0.0.1", 5), "scheme": "http",
        "headers": [(b"x-forwarded-for", b"198.51.100.1"), (b"x-forwarded-proto", b"https")],
    }  # fmt: skip
    told = placed(scope, PROXIES)
    assert (told["client"], told["scheme"]) == (("198.51.100.1", 5), "https")
    assert scope["client"] == ("10.0.0.1", 5)


def test_a_setting_that_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match="proxy"):
        networks("proxy.example")


def test_the_server_uses_it_before_anything_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Django, the limits and the caps see as the caller's address comes from here alone."""
    seen: list[dict[str, Any]] = []

    async def bridged(scope: dict[str, Any], receive: Any, send: Any) -> None:
        seen.append(dict(scope))

    monkeypatch.setattr(asgi, "django", bridged)
    monkeypatch.setattr(asgi, "PROXIES", PROXIES)
    for peer in ("10.0.0.1", "192.0.2.7"):
        scope = {
            "type": "http", "method": "GET", "path": "/", "query_string": b"", "scheme": "http",
            "client": (peer, 5), "headers": [(b"x-forwarded-for", b"198.51.100.1")],
        }  # fmt: skip
        in_a_loop(asgi.application(scope, None, None))
    assert [one["client"][0] for one in seen] == ["198.51.100.1", "192.0.2.7"]


@pytest.mark.parametrize(
    ("path", "headers", "is_urgent"),
    [
        ("/api/v1/answers", [(b"authorization", b"Bearer good")], True),
        ("/tickets/1/answer", [(b"cookie", b"language=sr; sessionid=good; x=1")], True),
        ("/api/v1/answers", [], False),
        ("/api/v1/answers", [(b"authorization", b"Bearer made up")], False),
        ("/tickets/1/answer", [(b"cookie", b"sessionid=made-up")], False),
        ("/tickets/1/answer", [(b"cookie", b"notsessionid=good")], False),
        ("/api/v1/reports", [(b"authorization", b"Bearer good")], True),
        ("/cases", [(b"cookie", b"sessionid=good")], False),
        ("/report", [(b"cookie", b"sessionid=good")], False),
    ],
)
def test_only_known_callers_have_threads_of_their_own_and_for_holds_only(
    path: str, headers: Any, is_urgent: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = KnownCallers()
    known.remember("Bearer good", "")
    known.remember("", "sessionid=good")
    known.remember("", "language=sr")  # nobody's
    monkeypatch.setattr(asgi, "callers", known)
    assert asgi._is_urgent({"path": path, "headers": headers}) is is_urgent


@pytest.mark.parametrize(
    ("path", "headers", "is_first"),
    [
        ("/api/v1/answers", [(b"authorization", b"Bearer new")], True),
        ("/api/v1/reports", [(b"authorization", b"Bearer new")], True),
        ("/tickets/1/answer", [(b"cookie", b"sessionid=new")], True),
        ("/api/v1/answers", [], False),  # nobody
        ("/report", [], False),  # the public's
        ("/cases", [(b"cookie", b"sessionid=new")], False),  # a page, not a hold
    ],
)
def test_only_who_shows_something_and_comes_with_a_hold_stands_in_the_line_apart(
    path: str, headers: Any, is_first: bool
) -> None:
    assert asgi._is_first({"path": path, "headers": headers}) is is_first


def test_who_was_known_long_ago_is_not_any_more(monkeypatch: pytest.MonkeyPatch) -> None:
    known = KnownCallers()
    known.remember("Bearer good", "")
    assert known.has("Bearer good", "")
    monkeypatch.setattr(known_callers, "KEPT_SECONDS", -1.0)
    assert not known.has("Bearer good", "")


def test_a_caller_becomes_known_by_being_somebody(world: World) -> None:
    wrong = {"Authorization": "Bearer nobody-has-it"}
    good = {"Authorization": f"Bearer {world.key('plum')}"}
    for headers in (wrong, good):
        Client().get("/api/v1/tickets", headers=headers)
    assert known_callers.callers.has(good["Authorization"], "")
    assert not known_callers.callers.has(wrong["Authorization"], "")
