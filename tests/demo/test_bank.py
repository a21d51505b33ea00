"""The program of an institution against an unkind hub: nothing twice, nothing lost."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from stub_hub import KEY, StubHub, running, wait_until

from recoup.demo import cast, ledger, stories

ROOT = Path(__file__).parents[2]


def accounts_of(code: str) -> list[str]:
    return [kept.iban for kept in cast.ACCOUNTS if kept.organisation == code]


def tickets_at(hub: StubHub, code: str, count: int) -> list[dict]:
    accounts = accounts_of(code)
    return [
        hub.issue(account=accounts[n % len(accounts)], amount=1_000 + n, kind="block")
        for n in range(count)
    ]


def ledger_of(directory: Path, code: str):
    return closing(ledger.open_ledger(stories.ledger_path(directory, code)))


@pytest.mark.parametrize(("delay", "share"), [((0.3, 0.5), 1), ((0, 0), 0)])
def test_tickets_are_acknowledged_and_answered_once(hub, country_dir, delay, share):
    """Who answers at once sends no acknowledgement before: the answer is one."""
    with running(hub, country_dir, "walnut", delay=delay) as work:
        made = tickets_at(hub, "walnut", 12)
        answers = [hub.answer_to(one) for one in made]
    assert sorted(hub.acknowledged) == sorted(one["ticket"] for one in made * share)
    assert [one["held_minor"] for one in answers] == [one["amount_minor"] for one in made]
    assert work.differences == [] and hub.repeats == []


def test_what_is_delivered_again_and_again_is_executed_once(hub, country_dir):
    hub.redeliver = True
    with running(hub, country_dir, "plum"):
        made = tickets_at(hub, "plum", 3)
        for one in made:
            hub.answer_to(one)
    with ledger_of(country_dir, "plum") as db:
        assert ledger.doubled(db) == []
        assert db.execute("select count(*) from executed").fetchone()[0] == 3


def test_a_broken_connection_repeats_the_same_key_and_bytes(hub, country_dir):
    hub.break_off = 4
    with running(hub, country_dir, "quince"):
        for one in tickets_at(hub, "quince", 5):
            hub.answer_to(one)
        assert wait_until(lambda: hub.break_off == 0 and some_key_came_again(hub))
    by_key: dict[str, set[str]] = {}
    for key, digest in hub.received:
        by_key.setdefault(key, set()).add(digest)
    assert all(len(digests) == 1 for digests in by_key.values())
    assert hub.repeats == []


def some_key_came_again(hub: StubHub) -> bool:
    keys = [key for key, _ in hub.received]
    return len(keys) > len(set(keys))


def test_a_hub_that_is_down_gets_its_answers_when_it_is_back(hub, country_dir):
    with running(hub, country_dir, "sparrow") as work:
        hub.is_down = True
        made = tickets_at(hub, "sparrow", 2)
        assert wait_until(lambda: hub.turned_away > 1)
        hub.is_down = False
        for one in made:
            assert hub.answer_to(one)["code"] == "held" or one["amount_minor"] > 0
    assert work.differences == []


def test_a_planted_difference_is_found_and_told(hub, country_dir):
    account = cast.account("mule_2").iban
    hub.planted[account, "held"] = 77
    with running(hub, country_dir, "walnut") as work:
        hub.answer_to(hub.issue(account=account, amount=100, kind="block"))
    found = work.differences[0]
    assert (found.hub_minor, found.bank_minor) == (77, 100)
    assert any("DIFFERENCE" in line for line in work.lines)


def test_answers_on_their_way_are_no_difference(hub, country_dir):
    with running(hub, country_dir, "walnut") as work:
        work.bank.delay = (60, 60)
        made = hub.issue(account=cast.account("mule_2").iban, amount=100, kind="block")
        assert wait_until(lambda: made["ticket"] in hub.acknowledged)
    # The end sends what was waiting, then reconciles.
    assert made["ticket"] in hub.answers
    assert work.differences == []


# --- As a process ----------------------------------------------------------------------------


@contextmanager
def started(
    hub: StubHub, directory: Path, code: str, **environment: str
) -> Iterator[subprocess.Popen[str]]:
    """The program as a process that is at work; before that, a signal would meet no handler."""
    key_file = directory / "key"
    key_file.write_text(KEY)
    call = "import sys; from recoup.cli.demo_bank import main; sys.exit(main(sys.argv[1:]))"
    arguments = [code, "--url", hub.url, "--key-file", str(key_file), "--data", str(directory)]
    process = subprocess.Popen(
        [sys.executable, "-c", call, *arguments, "--delay", "0-0.2"],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")} | environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline().endswith(f"{code}: at work\n")
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_at_any_moment_it_loses_nothing_and_doubles_nothing(hub, country_dir, seed):
    dice = random.Random(seed)
    made = []
    for _ in range(4):
        with started(hub, country_dir, "walnut"):
            made += tickets_at(hub, "walnut", 15)
            time.sleep(dice.random() * 0.4)  # the moment is any moment
    with started(hub, country_dir, "walnut") as process:
        answers = [hub.answer_to(one) for one in made]
        process.send_signal(signal.SIGTERM)
        said = process.stdout.read()
        assert process.wait(20) == 0 and "no difference" in said
    assert len(answers) == len(made) == 60
    assert hub.repeats == []
    with ledger_of(country_dir, "walnut") as db:
        assert ledger.doubled(db) == [] and ledger.broken(db) == []
        assert db.execute("select count(*) from executed").fetchone()[0] == 60


def test_without_its_key_a_ticket_delivered_twice_is_executed_twice(hub, country_dir, monkeypatch):
    monkeypatch.setenv("RECOUP_FAULT", "bank_unique_ticket")  # also for reading the ledger here
    hub.redeliver = True
    hub.answers = _Deaf()
    with started(hub, country_dir, "walnut"), ledger_of(country_dir, "walnut") as db:
        tickets_at(hub, "walnut", 1)
        assert wait_until(lambda: ledger.doubled(db))


class _Deaf(dict):
    """Forgets what it is told, so that the hub delivers again."""

    def __setitem__(self, key: object, value: object) -> None:
        pass


def test_the_program_is_small_and_has_no_framework_in_it(hub, country_dir):
    code = (
        "import sys; from recoup.cli import demo_bank;"
        "print([m for m in sys.modules if m.split('.')[0] in ('django', 'psycopg', 'schwifty')])"
    )
    seen = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert json.loads(seen.stdout) == []
    with started(hub, country_dir, "plum") as process:
        hub.answer_to(tickets_at(hub, "plum", 1)[0])
        status = Path(f"/proc/{process.pid}/status")
        if status.exists():
            resident = next(x for x in status.read_text().splitlines() if x.startswith("VmRSS"))
            assert int(resident.split()[1]) < 40 * 1024
