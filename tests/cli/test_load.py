"""`./recoup load`: acts come by the clock and not by the answers, and a bad run is called bad."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from recoup.cli import load, load_acts, load_run, measured
from recoup.cli.load import Outcome
from recoup.cli.load_acts import FLOOD, HOLD, LOOK, PART, WRITE, Due
from recoup.cli.load_people import NO_ANSWER, Ask, Person
from recoup.cli.load_run import Done, People
from recoup.demo.load import LoadReport

KNOWN = {name: [f"{name}-{n}" for n in range(5)] for name in load_acts.KNOWN}
OPTIONS = ["--seconds", "10", "--no-write"]
BUSY = {"web": 1.0}
COUNTS = {"cases": 1, "tickets": 4, "requests": 1}


def report(number: int) -> LoadReport:
    return LoadReport(number, "load-0", "A", f"P{number}", 100, "2026-01-01T00:00:00+00:00", "x")


class Slow(People):
    """People of whom each act takes so long; how many were under way at once is counted."""

    def __init__(self, seconds: float) -> None:
        super().__init__("http://hub.invalid", {}, {})
        self.slow, self.now, self.most = seconds, 0, 0

    def perform(self, due: Due, due_at: float, report: LoadReport | None) -> Done:
        began = time.monotonic()
        self.now += 1
        self.most = max(self.most, self.now)
        time.sleep(self.slow)
        self.now -= 1
        account = report.payee_account if report else ""
        return Done(due, due_at, began, time.monotonic(), 200, account)


# The schedule


def test_a_seed_gives_the_same_schedule_in_the_shares_that_are_asked() -> None:
    dues = load_acts.schedule(KNOWN, rate=40, seconds=200, seed=7)
    assert dues == load_acts.schedule(KNOWN, rate=40, seconds=200, seed=7)
    assert dues != load_acts.schedule(KNOWN, rate=40, seconds=200, seed=8)
    assert [due.at for due in dues] == sorted(due.at for due in dues) and dues[-1].at < 200
    assert 7_600 < len(dues) < 8_400
    shares = {group: n / len(dues) for group, n in Counter(due.group for due in dues).items()}
    assert shares == pytest.approx({LOOK: 0.7, PART: 0.2, WRITE: 0.06, HOLD: 0.04}, abs=0.02)


def test_every_act_is_of_a_desk_with_sessions_and_names_something_known() -> None:
    for due in load_acts.one_of_each(KNOWN, 1):
        assert due.session < load_acts.SESSIONS[due.role][1]
        assert due.ask is not None and "{" not in due.ask.path
    assert sum(count for _, count in load_acts.SESSIONS.values()) == 60


def test_the_flood_and_more_reports_are_of_l3_only() -> None:
    groups = {}
    for name in ("L1", "L3"):
        options = load.read_options([name, *OPTIONS])
        dues = load.planned(options, KNOWN, 60, 1)
        assert dues == sorted(dues, key=lambda due: due.at)
        groups[name] = Counter(due.group for due in dues)
    assert FLOOD not in groups["L1"] and groups["L3"][FLOOD] > 300
    assert groups["L3"][HOLD] > 2 * groups["L1"][HOLD]
    assert groups["L3"][LOOK] == groups["L1"][LOOK]


# The open model


def test_nobody_waits_for_anybody_and_time_counts_from_the_moment_it_was_due() -> None:
    people = Slow(0.5)
    dues = [Due(0.01 * n, LOOK, "a page") for n in range(30)]
    done = load_run.run(people, dues, iter(()), tell=lambda _: None)
    assert len(done) == 30 and people.most > 20
    assert all(one.seconds >= 0.5 for one in done)


def test_an_act_that_began_late_has_the_wait_in_its_time() -> None:
    one = Done(Due(0, LOOK, "a page"), due_at=10.0, began_at=14.0, ended_at=14.1, status=200)
    assert one.seconds == pytest.approx(4.1)


def test_a_flood_may_be_told_that_it_is_too_much_and_nobody_else() -> None:
    def well(group: str, status: int) -> bool:
        return Done(Due(0, group, "x"), 0, 0, 1, status).is_well

    assert well(FLOOD, 429) and not well(LOOK, 429) and not well(HOLD, 429)
    assert well(LOOK, 200) and well(WRITE, 302)
    assert not any(well(FLOOD, status) for status in (NO_ANSWER, 403, 404, 500, 503))


# What is told


def outcome(
    *, slow: float = 0.1, status: int = 200, lost: int = 0, doubled: int = 0,
    broken: tuple[str, ...] = (), at_bank: float = 0.4, late: float = 0.0,
) -> Outcome:  # fmt: skip
    done = []
    for n in range(400):
        group = (LOOK, PART, WRITE, HOLD)[n % 4]
        due = Due(n / 40, group, f"act {group}")
        account = f"P{n}" if group == HOLD else ""
        at = 100 + due.at
        is_bad = status != 200 and n == 0
        done.append(Done(due, at, at + late, at + slow, status if is_bad else 200, account))
    there = [one for one in done if one.account][lost:]
    bank_at = {one.account: one.due_at + at_bank for one in there}
    return Outcome(done, bank_at, doubled, list(broken), BUSY, 10, COUNTS, "18.4")


@pytest.mark.parametrize("name", ["L1", "L3"])
@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"status": 500}, "errors"),
        ({"lost": 1}, "holds lost"),
        ({"doubled": 1}, "tickets executed twice by a bank"),
        ({"broken": ("invariant I05 paths: 1 or more",)}, "invariants that the load broke"),
        ({"late": 0.08}, "generator late: p50 / p99 / max"),
        ({"slow": 1.2}, ""),
    ],
)
def test_whatever_is_wrong_is_missed_by_its_own_line(
    name: str, wrong: dict[str, Any], told: str
) -> None:
    options = load.read_options([name, *OPTIONS])
    assert measured.is_met(load.table(options, outcome()))
    missed = [line.what for line in load.table(options, outcome(**wrong)) if line.is_met is False]
    assert told in missed if told else missed


def test_a_hold_that_reaches_its_bank_too_late_is_missed_in_l3() -> None:
    options = load.read_options(["L3", *OPTIONS])
    lines = load.table(options, outcome(at_bank=6.0))
    missed = [line.what for line in lines if line.is_met is False]
    assert missed == ["due to ticket in the bank: p50 / p95 / p99 / max"]
    assert not measured.is_met(load.table(options, outcome(at_bank=16.0)))


def test_what_the_copies_broke_before_is_not_the_loads() -> None:
    before = ["invariant I08 counted: 3 or more, a"]
    after = ["invariant I08 counted: 9 or more, b", "invariant I05 paths: 1 or more, c"]
    assert load.newly_broken(before, after) == after[1:]


def test_a_run_is_written_with_its_command_seed_and_date(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(load, "DOCUMENT", tmp_path / "benchmarks.md")
    options = load.read_options(["L3", "--seconds", "10", "--seed", "4"])
    found = outcome()
    load.write(options, found, load.table(options, found), 0.0)
    text = (tmp_path / "benchmarks.md").read_text()
    assert "./recoup load L3 --rate 40 --seconds 10 --holds 4" in text and "--seed 4" in text
    assert "UTC, seed 4" in text and "| holds lost | 0 | 0 | met |" in text


# A person


class Answering(BaseHTTPRequestHandler):
    """A hub of one page that keeps connections, and closes one after /close."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        told = f"{self.client_address[0]} {self.headers.get('X-CSRFToken', '')}".encode()
        self.send_response(500 if self.path == "/broken" else 200)
        self.send_header("Content-Length", str(len(told)))
        self.send_header("Set-Cookie", "csrftoken=abc; Path=/")
        self.end_headers()
        self.wfile.write(told)
        self.close_connection = self.path == "/close"

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def person() -> Iterator[Person]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    one = Person(f"http://127.0.0.1:{server.server_port}", "ana", "127.1.0.9")
    yield one
    one.close()
    server.shutdown()
    server.server_close()


def test_a_person_has_an_address_and_a_token_of_its_own(person: Person) -> None:
    assert person.ask(Ask("GET", "/")) == (200, b"127.1.0.9 ")
    assert person.ask(Ask("POST", "/", {"a": "b"})) == (200, b"127.1.0.9 abc")
    assert person.ask(Ask("POST", "/", {"a": "b"}, b"bytes"))[0] == 200
    assert person.ask(Ask("GET", "/broken"))[0] == 500


def test_a_connection_that_was_closed_while_it_idled_is_no_error(person: Person) -> None:
    person.ask(Ask("GET", "/close"))
    time.sleep(0.05)
    assert person.ask(Ask("POST", "/", {"a": "b"}))[0] == 200


def test_a_hub_that_is_not_there_is_a_status_and_not_an_exception() -> None:
    assert Person("http://127.0.0.1:1", "ana", "127.1.0.9").ask(Ask("GET", "/")) == (NO_ANSWER, b"")
