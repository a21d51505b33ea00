"""One place says how often somebody may ask: by account, organisation and address."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import get_resolver

from recoup.data import rate_limits as data
from recoup.data.policy import load_policy
from recoup.data.rate_limits import RateLimits, load_rate_limits
from recoup.web import rate_limits
from recoup.web.rate_limits import Asker, Counts
from support.world import OFFICER, World

FEW = {"account": 5, "organisation": 8, "address": 3}


@pytest.fixture(autouse=True)
def few(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Limits that a test can reach, in a stretch that does not end while it runs."""
    found = load_rate_limits()
    classes = tuple(data.WorkClass(one.name, one.urgent, one.path, **FEW) for one in found.classes)
    made = RateLimits(found.source, found.date, 10_000_000, classes, unknown_keys=2)
    monkeypatch.setattr(rate_limits, "load_rate_limits", lambda: made)
    settings.RATE_LIMIT_TIMES = 1.0
    rate_limits.counts.forget()
    yield
    rate_limits.counts.forget()


def client(world: World, login: str, address: str = "192.0.2.1") -> Client:
    made = Client(REMOTE_ADDR=address)
    made.cookies["sessionid"] = world.session_of(login)
    return made


def statuses(asking: Client, path: str, times: int) -> list[int]:
    return [asking.get(path).status_code for _ in range(times)]


def refusals(world: World) -> list[dict[str, Any]]:
    rows = world.run("select convert_from(body, 'utf8') from audit_auditleaf")
    told = [json.loads(body) for (body,) in rows]
    return [one for one in told if one["what"] == "access:refused"]


def test_a_person_is_told_when_to_come_again(world: World) -> None:
    officer = client(world, OFFICER)
    assert statuses(officer, "/requests", 5) == [200] * 5
    answer = officer.get("/requests")
    assert answer.status_code == 429 and int(answer["Retry-After"]) > 0
    assert "Too many requests" in answer.content.decode() and answer["Cache-Control"] == "no-store"
    assert answer["Content-Security-Policy"]


def test_a_refusal_is_one_line_for_the_stretch_not_one_each(world: World) -> None:
    statuses(client(world, OFFICER), "/requests", 40)
    (line,) = refusals(world)
    assert (line["facts"]["status"], line["facts"]["limit"]) == (429, "rate:work:account")
    assert line["purpose"] == "access_control"


def test_a_refusal_costs_no_statement(world: World, django_assert_num_queries: Any) -> None:
    stranger = Client(REMOTE_ADDR="192.0.2.9")
    statuses(stranger, "/", 4)
    with django_assert_num_queries(0):
        assert stranger.get("/").status_code == 429


def test_an_ordinary_request_costs_at_most_one_statement(world: World) -> None:
    """The first tenth comes from memory; each further one is one statement for all askers."""
    counts, asked = Counts(), []
    rate_limits_ask = rate_limits._ask
    askers = [(Asker("work", "account", b"a"), 100), (Asker("work", "organisation", b"b"), 100)]

    def counted(of: Any) -> list[int]:
        asked.append(of)
        return rate_limits_ask(of)

    rate_limits._ask = counted
    try:
        taken = [counts.take(askers) for _ in range(101)]
    finally:
        rate_limits._ask = rate_limits_ask
    assert taken[:100] == [None] * 100 and taken[100] == askers[0][0]
    assert len(asked) == 10 and all(len(of) == 2 for of in asked)


def test_what_one_class_used_up_takes_nothing_from_another(world: World) -> None:
    """A flood of searches by a bank's own people leaves its answers to holds alone."""
    officer = client(world, OFFICER)
    assert 429 in statuses(officer, "/requests", 8)
    assert officer.get("/cases").status_code == 429
    urgent = {one.name for one in load_rate_limits().classes if one.urgent}
    assert urgent == {"holds", "bank_reports"}
    ticket = officer.get("/tickets/00000000-0000-0000-0000-000000000000")
    assert ticket.status_code == 404


def test_an_organisation_is_counted_over_its_people(world: World) -> None:
    first, second = client(world, OFFICER), client(world, "luka.police")
    same = world.actor(OFFICER).organisation_id == world.actor("luka.police").organisation_id
    assert same
    assert statuses(first, "/requests", 5) == [200] * 5
    assert statuses(second, "/requests", 4) == [200] * 3 + [429]


def test_a_stranger_at_the_same_address_locks_nobody_out(world: World) -> None:
    stranger, officer = Client(REMOTE_ADDR="192.0.2.1"), client(world, OFFICER)
    assert statuses(stranger, "/", 4)[-1] == 429
    assert officer.get("/requests").status_code == 200


def test_wrong_keys_lock_no_good_key_out(world: World) -> None:
    wrong = {"headers": {"Authorization": "Bearer no-such-key"}, "REMOTE_ADDR": "192.0.2.1"}
    asked = [Client().get("/api/v1/tickets", **wrong) for _ in range(4)]
    assert [one.status_code for one in asked] == [401, 401, 429, 429]
    assert json.loads(asked[-1].content)["error"] == "too_many" and asked[-1]["Retry-After"]
    good = {"Authorization": f"Bearer {world.key('plum')}"}
    answer = Client().get("/api/v1/tickets", headers=good, REMOTE_ADDR="192.0.2.1")
    assert answer.status_code == 200


def test_ipv6_is_counted_by_household_and_mapped_addresses_apart(world: World) -> None:
    for number in range(3):
        Client(REMOTE_ADDR=f"2001:db8::{number}").get("/")
    assert Client(REMOTE_ADDR="2001:db8::ffff").get("/").status_code == 429
    assert Client(REMOTE_ADDR="2001:db8:0:1::1").get("/").status_code == 200
    for number in range(4):
        assert Client(REMOTE_ADDR=f"::ffff:192.0.2.{number}").get("/").status_code == 200


def test_two_processes_share_a_limit(world: World) -> None:
    """Each gives a tenth from memory; beyond that the database counts for both."""
    first, second = Counts(), Counts()
    asker = (Asker("work", "account", b"shared"), 100)
    given = sum(each.take([asker]) is None for _ in range(100) for each in (first, second))
    assert given == 110


def test_the_next_stretch_begins_anew(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    counts, asker = Counts(), (Asker("work", "address", b"later"), 1)
    assert counts.take([asker]) is None and counts.take([asker]) is asker[0]
    assert counts.is_used_up(asker[0])
    monkeypatch.setattr(rate_limits, "_stretch", lambda now: 10**12)
    assert not counts.is_used_up(asker[0]) and counts.take([asker]) is None


def test_refusals_of_the_stretch_before_are_told_with_the_next(world: World) -> None:
    counts, asker = Counts(), (Asker("work", "address", b"x"), 1)
    told = [counts.to_tell(asker[0]) for _ in range(4) if counts.take([asker])]
    assert told == [1, 0, 0] and counts._taken[asker[0]].refused == 2


# The data


def test_limits_have_a_source_and_a_day() -> None:
    found = load_rate_limits.__wrapped__()
    assert found.source and found.date.year >= 2026 and found.seconds == 60
    assert all(one.address <= one.account <= one.organisation for one in found.classes)


def acts(name: str) -> set[str]:
    """What may be done at the addresses of a class, by the views' own acts."""
    return {act for path, act in routes() if load_rate_limits().of_path(path).name == name}


def routes() -> Iterator[tuple[str, str]]:
    from recoup.web.api import api

    def walk(patterns: Any, before: str = "/") -> Iterator[tuple[str, str]]:
        for one in patterns:
            path = before + str(one.pattern)
            if hasattr(one, "url_patterns"):
                yield from walk(one.url_patterns, path)
            elif hasattr(one.callback, "act"):
                yield filled(path), one.callback.act

    yield from walk(get_resolver().url_patterns)
    for _, router in api._routers:
        for path, view in router.path_operations.items():
            for operation in view.operations:
                for auth in operation.auth_callbacks:
                    yield filled(f"/api/v1{path}"), auth.act


def filled(path: str) -> str:
    parts = ["1" if part.startswith(("<", "{")) else part for part in path.split("/")]
    return "/".join(parts)


@pytest.mark.parametrize("act", [
    "ticket:see", "ticket:take", "ticket:acknowledge", "ticket:answer", "ticket:withdraw",
    "ticket:reduce", "ticket:ask_on", "hold:reconcile", "asked:answer",
])  # fmt: skip
def test_what_holds_money_is_urgent_wherever_it_is_done(act: str) -> None:
    assert act in load_policy().acts
    places = [path for path, found in routes() if found == act and path != "/reports"]
    assert places and {load_rate_limits().of_path(path).name for path in places} == {"holds"}


def test_what_is_costly_or_public_is_not_urgent() -> None:
    assert not acts("holds") & {"report:file", "paper:verify", "case:export_trace", "case:trace"}
    assert {"case:export_trace", "evidence:bundle", "paper:verify"} <= acts("costly")
    assert "report:file" in acts("bank_reports") | acts("reports")
    assert "session:own" in acts("sign_in")


def test_a_hub_for_real_has_limits() -> None:
    import os
    import subprocess
    import sys

    said = subprocess.run(
        [sys.executable, "-c", "import recoup.web.settings"], capture_output=True, text=True,
        env=os.environ | {"RECOUP_PRODUCTION": "1", "RECOUP_TLS": "1", "RECOUP_DEMO": "0",
                          "RECOUP_RATE_LIMIT_TIMES": "0"},
    )  # fmt: skip
    assert said.returncode and "NotForProduction" in said.stderr


# Signing in


def test_wrong_passwords_of_a_stranger_lock_nobody_out(world: World, settings: Any) -> None:
    """Counted by name and network: whoever types a name wrongly closes only his own door."""
    settings.RATE_LIMIT_TIMES = 0.0
    path, stranger = "/accounts/login/", Client(REMOTE_ADDR="192.0.2.66")
    for _ in range(6):
        stranger.post(path, {"login": OFFICER, "password": "wrong"})
    right = {"login": OFFICER, "password": world.password}
    assert stranger.post(path, right, REMOTE_ADDR="192.0.2.66").status_code != 302
    assert Client(REMOTE_ADDR="192.0.2.67").post(path, right).status_code == 302
