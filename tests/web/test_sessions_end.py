"""Sessions end at once: on suspension, on another role, and with a mandate; open pages too."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request
from datetime import timedelta

import pytest

from recoup.apps.audit import member_operations as members
from recoup.apps.members.models import Login, Mandate
from support.live import Hub
from support.roles import as_owner
from support.world import OFFICER, World

MANY = 50
WITHIN = 5.0


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def with_cookie(url: str, cookie: str) -> urllib.request.Request:
    return urllib.request.Request(url, headers={"Cookie": f"sessionid={cookie}"})  # noqa: S310


def status(hub: Hub, cookie: str, path: str = "/cases") -> int:
    asked = with_cookie(hub.url + path, cookie)
    try:
        with urllib.request.build_opener(NoRedirect).open(asked, timeout=20) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return int(refused.code)


def suspend(world: World) -> None:
    person = Login.objects.get(username=OFFICER).person_id
    with world.acting(by := world.actor("nada.police")) as at:
        members.suspend(person_id=person, ground="Lost the device.", by=by, at=at)


@pytest.fixture
def back_afterwards(open_world: World) -> object:
    """The country is kept between tests: what a test took from it comes back."""
    yield
    open_world.run("update members_login set is_active = true")
    open_world.run("update members_mandate set valid_until = null")


@pytest.mark.usefixtures("back_afterwards")
def test_fifty_sessions_and_their_open_pages_end_within_seconds(hub: Hub) -> None:
    cookies = [hub.world.session_of(OFFICER) for _ in range(MANY)]
    assert {status(hub, cookie) for cookie in cookies[:3]} == {200}
    ended: list[float] = []
    streams = [threading.Thread(target=listen, args=(hub, c, ended)) for c in cookies[:10]]
    for stream in streams:
        stream.start()
    time.sleep(1.5)
    began = time.monotonic()
    suspend(hub.world)
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda c=c: answers.append(status(hub, c))) for c in cookies
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in [*threads, *streams]:
        thread.join(20)
    took = time.monotonic() - began
    assert len(answers) == MANY and set(answers) == {302}
    assert len(ended) == 10 and max(ended) - began <= WITHIN
    assert took <= WITHIN, took


def listen(hub: Hub, cookie: str, ended: list[float]) -> None:
    """Keep a desk's events open until the hub says that they have ended."""
    asked = with_cookie(f"{hub.url}/desk/events", cookie)
    with urllib.request.urlopen(asked, timeout=20) as stream:  # noqa: S310
        for line in stream:
            if line.strip() == b"event: ended":
                ended.append(time.monotonic())
                return


@pytest.mark.parametrize(
    "change",
    [
        "update members_login set is_active = false where username = %s",
        "update members_mandate set role = 'call_taker' where person_id = "
        "(select person_id from members_login where username = %s)",
        "update members_mandate set valid_until = now() where person_id = "
        "(select person_id from members_login where username = %s)",
        "update members_mandate set valid_until = now() + interval '1 day' where person_id = "
        "(select person_id from members_login where username = %s)",
    ],
)
def test_whichever_way_a_right_is_changed_the_sessions_end(world: World, change: str) -> None:
    """Also by a statement that no page runs: the database does it, so that nobody forgets."""
    from django.test import Client

    clients = [Client() for _ in range(3)]
    for client in clients:
        client.force_login(Login.objects.get(username=OFFICER))
        assert client.get("/cases").status_code == 200
    world.run(change, OFFICER)
    assert {client.get("/cases").status_code for client in clients} == {302}


def test_a_change_of_somebody_else_ends_no_session(world: World) -> None:
    from django.test import Client

    client = Client()
    client.force_login(Login.objects.get(username=OFFICER))
    with as_owner():
        other = Mandate.objects.filter(person__logins__username="luka.police")
        other.update(valid_until=world.now() + timedelta(days=1))
    assert client.get("/cases").status_code == 200
