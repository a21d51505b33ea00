"""The supervisor: what dies comes back, and nothing outlives it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from recoup.cli import supervisor as module
from recoup.cli.keeper import Keeper
from recoup.cli.supervisor import Rank, Supervisor

SOURCE = str(Path(module.__file__).resolve().parents[2])

# A child that has a child of its own, and ignores polite requests to end.
STUBBORN = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
helper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
print(helper.pid, flush=True)
time.sleep(300)
"""
SLEEPER = "import time; time.sleep(300)"

HUB = """
import json, os, pathlib, sys
from recoup.cli.keeper import Keeper
from recoup.cli.supervisor import Rank, Supervisor, ended_by_signals
folder, stubborn, sleeper = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
keeper = Keeper()
hub = Supervisor(keeper, folder, say=print)
with ended_by_signals():
    try:
        hub.start("web", Rank.WEB, [sys.executable, "-c", stubborn], dict(os.environ))
        hub.start("worker", Rank.WORKER, [sys.executable, "-c", sleeper], dict(os.environ))
        hub.start("bank", Rank.BANK, [sys.executable, "-c", sleeper], dict(os.environ))
        pids = [child.pid for child in hub.children.values()] + [keeper._process.pid]
        (folder / "written").write_text(json.dumps(pids))
        (folder / "written").rename(folder / "pids")
        hub.run()
    except KeyboardInterrupt:
        pass
    finally:
        hub.stop()
        keeper.close()
"""


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition, seconds: float = 10.0) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def hub(tmp_path):
    """A supervisor in a process of its own; yields it with the numbers of all it started."""
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(HUB), str(tmp_path), STUBBORN, SLEEPER],
        env={**os.environ, "PYTHONPATH": SOURCE},
        stdout=subprocess.DEVNULL,
    )
    grandchild = tmp_path / "web.log"
    assert wait_until(lambda: (tmp_path / "pids").exists() and grandchild.read_text().strip())
    pids = [*json.loads((tmp_path / "pids").read_text()), int(grandchild.read_text())]
    yield process, pids
    for pid in (process.pid, *pids):
        if not is_gone(pid):
            os.kill(pid, signal.SIGKILL)
    process.wait()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_nothing_is_left_five_seconds_after_the_supervisor_was_ended(hub, how):
    process, pids = hub
    if how == signal.SIGHUP and signal.getsignal(how) == signal.SIG_IGN:
        pytest.skip("these tests run under nohup, which lets nothing hear a hang-up")
    assert not any(is_gone(pid) for pid in pids)
    process.send_signal(how)
    assert wait_until(lambda: process.poll() is not None and all(map(is_gone, pids)), 5)


@pytest.fixture
def supervised(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FIRST_PAUSE_SECONDS", 0.05)
    said: list[str] = []
    keeper = Keeper()
    supervisor = Supervisor(keeper, tmp_path, say=said.append)
    yield supervisor, said
    supervisor.stop()
    keeper.close()


def start(supervisor: Supervisor, name: str, program: str, rank: Rank = Rank.WEB):
    child = supervisor.start(name, rank, [sys.executable, "-c", program], dict(os.environ))
    child.pause = 0.05
    return child


def ticked(supervisor: Supervisor, condition) -> bool:
    def look() -> bool:
        supervisor.tick()
        return bool(condition())

    return wait_until(look)


def test_a_child_that_was_killed_is_started_again(supervised):
    supervisor, said = supervised
    child = start(supervisor, "web", SLEEPER)
    first = child.pid
    os.kill(first, signal.SIGKILL)
    assert ticked(supervisor, lambda: child.is_alive and child.pid != first)
    assert said[0].startswith("web ended (by SIGKILL); starting it again")
    assert said[1] == f"web runs again (process {child.pid})"


def test_the_helpers_of_a_child_that_died_are_ended_with_it(supervised, tmp_path):
    supervisor, _ = supervised
    child = start(supervisor, "web", STUBBORN)
    log = tmp_path / "web.log"
    assert wait_until(lambda: log.read_text().strip())
    helper = int(log.read_text())
    os.kill(child.pid, signal.SIGKILL)
    assert ticked(supervisor, lambda: is_gone(helper))


def test_a_child_that_keeps_failing_is_tried_ever_more_rarely(supervised):
    supervisor, _ = supervised
    child = start(supervisor, "web", "raise SystemExit(3)")
    assert ticked(supervisor, lambda: child.restarts == 2)
    assert child.pause >= 0.2
    child.pause = 8.0
    assert ticked(supervisor, lambda: child.pause == module.LONGEST_PAUSE_SECONDS)


def test_parts_end_in_order_the_database_last(supervised, tmp_path):
    supervisor, _ = supervised
    record = tmp_path / "order"
    program = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        "    open({path!r}, 'a').write({name!r} + ' ')\n"
        "    sys.exit()\n"
        "signal.signal(signal.SIGTERM, end)\n"
        "print('ready', flush=True)\n"
        "time.sleep(300)\n"
    )
    ranks = {"db": Rank.DATABASE, "web": Rank.WEB, "bank": Rank.BANK, "worker": Rank.WORKER}
    for name, rank in ranks.items():
        start(supervisor, name, program.format(path=str(record), name=name), rank)
    for name in ranks:
        assert wait_until(lambda log=tmp_path / f"{name}.log": "ready" in log.read_text())
    supervisor.stop()
    assert record.read_text().split() == ["bank", "worker", "web", "db"]


def test_a_keeper_that_was_killed_is_replaced_and_still_ends_everything(tmp_path):
    keeper = Keeper()
    child = subprocess.Popen([sys.executable, "-c", SLEEPER], process_group=0)
    keeper.watch(child.pid)
    keeper._process.kill()
    keeper._process.wait()
    assert keeper.check()
    keeper._pipe.close()  # as if we had been killed: no farewell
    assert wait_until(lambda: child.poll() is not None, 5)
    keeper._process.wait(5)


def test_a_keeper_that_hears_farewell_ends_nothing():
    keeper = Keeper()
    child = subprocess.Popen([sys.executable, "-c", SLEEPER], process_group=0)
    keeper.watch(child.pid)
    keeper.close()
    assert child.poll() is None
    child.kill()
    child.wait()


def test_a_child_that_was_killed_at_work_starts_again_after_the_first_pause(supervised):
    supervisor, _ = supervised
    child = start(supervisor, "web", SLEEPER)
    child.pause = 8.0
    child.started_at -= 1.0
    os.kill(child.pid, signal.SIGKILL)
    assert ticked(supervisor, lambda: child.again_at > 0)
    assert child.pause == 2 * module.FIRST_PAUSE_SECONDS
