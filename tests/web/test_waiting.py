"""Who waits is counted: a script at an open desk, or with a stolen key, does not fill the hub."""

from __future__ import annotations

import http.client
import json
import select
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from urllib.parse import urlsplit

from recoup.data.policy import load_limits
from recoup.web.waiting import Waits
from support.live import Hub
from support.world import OFFICER

MOST = load_limits().waits_per_login


def test_the_newest_is_refused_and_a_place_that_is_left_is_free() -> None:
    waits = Waits(per_caller=2, in_all=3)
    assert [waits.enter("a"), waits.enter("a")] == ["", ""]
    assert "2 pages" in waits.enter("a")
    assert waits.enter("b") == ""
    assert "as many" in waits.enter("c")
    waits.leave("a")
    assert waits.enter("c") == ""


def test_nothing_is_kept_of_who_left() -> None:
    waits = Waits(per_caller=1, in_all=1)
    waits.enter("a")
    waits.leave("a")
    waits.leave("never there")
    assert not waits._open


@contextmanager
def asked(hub: Hub, path: str, headers: dict[str, str]) -> Iterator[http.client.HTTPResponse]:
    parts = urlsplit(hub.url)
    with closing(http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)) as line:
        line.request("GET", path, headers=headers)
        yield line.getresponse()


def test_one_login_has_so_many_streams_and_the_next_is_told_when_to_come(hub: Hub) -> None:
    path = "/desk/events"
    cookies = {"Cookie": f"sessionid={hub.world.session_of(OFFICER)}"}
    again = {"Cookie": f"sessionid={hub.world.session_of(OFFICER)}"}  # signed in twice: one person
    with ExitStack() as open_ones:
        for number in range(MOST):
            stream = open_ones.enter_context(asked(hub, path, cookies if number % 2 else again))
            assert stream.status == 200
        with asked(hub, path, cookies) as refused:
            assert (refused.status, refused.headers["Retry-After"]) == (429, "30")
            assert json.loads(refused.read())["error"] == "too_many_waiting"
        other = {"Cookie": f"sessionid={hub.world.session_of('luka.police')}"}
        with asked(hub, path, other) as of_another:
            assert of_another.status == 200


def test_a_key_that_waits_too_often_is_refused_and_may_ask_without_waiting(hub: Hub) -> None:
    headers = hub.world.bearer("walnut")
    parts = urlsplit(hub.url)
    with ExitStack() as open_ones:
        lines = []
        for _ in range(MOST + 1):
            line = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)
            lines.append(open_ones.enter_context(closing(line)))
            line.request("GET", "/api/v1/tickets?state=open&wait=20", headers=headers)
        answered, _, _ = select.select([line.sock for line in lines], [], [], 15)
        assert len(answered) == 1  # one of them came last
        refused = next(line for line in lines if line.sock in answered).getresponse()
        assert (refused.status, refused.headers["Retry-After"]) == (429, "30")
        with asked(hub, "/api/v1/tickets?state=open", headers) as at_once:
            assert at_once.status == 200
