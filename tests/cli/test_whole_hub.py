"""The promise of the first command, kept by the real thing: one hub, started, killed, ended."""

from __future__ import annotations

import os
import signal
import time
import urllib.request
from pathlib import Path

import pytest

from recoup.cli import instance

pytestmark = pytest.mark.slow


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def wait_until(condition, seconds: float) -> bool:
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        if condition():
            return True
        time.sleep(0.05)
    return False


def health(hub: instance.Instance) -> int:
    try:
        with urllib.request.urlopen(f"{hub.address}/healthz", timeout=2) as answer:  # noqa: S310
            return int(answer.status)
    except OSError:
        return 0


def test_one_hub_from_its_first_start_to_its_end(tmp_path):
    with instance.running(tmp_path, variables={"RECOUP_BANK_DELAY": "0"}) as hub:
        first = hub.processes
        assert {"postgres", "web", "worker"} <= set(first)
        assert any(name.startswith("bank-") for name in first)
        assert health(hub) == 200
        assert wait_until(lambda: "Sign in as" in hub.output, 60)

        for name in ("postgres", "web"):  # what dies comes back
            os.kill(first[name], signal.SIGKILL)
        assert wait_until(lambda: hub.processes["web"] != first["web"], 60)
        assert wait_until(lambda: health(hub) == 200, 120)  # idle it is eight seconds

        started = time.monotonic()
        last = hub.processes
        hub.process.send_signal(signal.SIGINT)
        assert hub.process.wait(8) == 0
        assert time.monotonic() - started < 7
    assert all(is_gone(pid) for pid in last.values())

    with instance.running(tmp_path) as again:  # nothing is prepared a second time
        assert "migrate" not in again.output
        parts = again.processes
        os.kill(again.process.pid, signal.SIGKILL)
        assert wait_until(lambda: all(is_gone(pid) for pid in parts.values()), 5)
