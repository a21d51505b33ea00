"""The parts of a drill that run beside the hub: its banks, its reporters, and what kills them all.

Everything random comes from seeds. The killer uses SIGKILL only, on a part that runs.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from recoup.cli import supervisor
from recoup.cli.drill_frauds import Fraud, codes
from recoup.cli.instance import Instance, own_environment
from recoup.cli.keeper import born
from recoup.demo.client import Hub, HubRefused, HubSilent, body_of

BANK_DELAY: Final = "0-1"
REPORTER_TIMEOUT_SECONDS: Final = 5.0
# How often each part is chosen; a bank is one of the five.
WEIGHTS: Final = {"web": 3, "worker": 4, "postgres": 2, "bank": 4}
# With a planted fault, mostly the part that has it is killed: fewer kills are enough to find it.
FAULT_WEIGHTS: Final = {
    "bank_unique_ticket": {"web": 1, "worker": 1, "postgres": 1, "bank": 10},
    "outbox_after_commit": {"worker": 10, "postgres": 1},  # reports must arrive: no pages
}
# D1, D2 and D3: one part only; the crash drill is all of them together, and the banks (D4).
ONLY: Final = {"workers": "worker", "postgres": "postgres", "web": "web"}
AT_WORK_SECONDS: Final = 3.0
PAUSE_SECONDS: Final = (0.1, 2.5)
# How old the process is that is killed: some have just begun, most are in the midst of work.
AGE_SECONDS: Final = (0.0, 6.0)
FAULT_AGE_SECONDS: Final = (5.0, 9.0)  # a planted fault is one of a part that is at work


@dataclass(slots=True)
class Banks:
    """The banks as processes of their own; `start` also starts again what was killed."""

    address: str
    folder: Path
    fault: str
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    def start(self) -> None:
        for code in codes():
            process = self.running.get(code)
            if process is None or process.poll() is not None:
                self.running[code] = supervisor.spawn(
                    self._command(code), self._environment(), self.folder / f"{code}.log"
                )

    def bury(self, part: str) -> None:
        """Wait until a bank that was killed has ended, so that it can start again."""
        process = self.running.get(part.removeprefix("bank-"))
        if process is not None:
            process.wait(5)

    def stop(self) -> list[str]:
        """End all in order; returns those that found a difference at the last reconciliation.

        One that was started a moment ago cannot end in order yet: it is waited for.
        """
        while any(0 <= _age_seconds(p.pid) < AT_WORK_SECONDS for p in self.running.values()):
            time.sleep(0.1)
        for process in self.running.values():
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGTERM)
        wrong = []
        for code, process in self.running.items():
            try:
                if process.wait(15):
                    wrong.append(code)
            except subprocess.TimeoutExpired:
                wrong.append(code)
                supervisor.end_group(process.pid)
                process.wait(5)
        return wrong

    def end(self) -> None:
        """Kill whatever is left."""
        for process in self.running.values():
            supervisor.end_group(process.pid)
            process.wait(5)

    def _command(self, code: str) -> list[str]:
        key = str(self.folder / f"{code}.key")
        where = ["--url", self.address, "--key-file", key, "--data", str(self.folder)]
        return [sys.executable, "-m", "recoup", "demo-bank", code, *where, "--delay", BANK_DELAY]

    def _environment(self) -> dict[str, str]:
        return own_environment(self.folder, {"RECOUP_FAULT": self.fault} if self.fault else {})


@contextlib.contextmanager
def banks(
    address: str, folder: Path, keys: Mapping[str, str], *, fault: str = ""
) -> Iterator[Banks]:
    """Run the banks; nothing of them is left afterwards."""
    for code in codes():
        path = folder / f"{code}.key"
        path.touch(mode=0o600)
        path.write_text(keys[code])
    found = Banks(address, folder, fault)
    found.start()
    try:
        yield found
    finally:
        found.end()


# --- Reporters -------------------------------------------------------------------------------


@dataclass(slots=True)
class Reporter:
    """Files the reports one after another, each again and again until the hub has taken it.

    Reports wait until they are let go, so that there is work whenever something is killed.
    references: what was accepted, by the number of the fraud.
    """

    url: str
    keys: Mapping[str, str]
    frauds: Sequence[Fraud]
    references: dict[int, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    repeats: int = 0
    ended: threading.Event = field(default_factory=threading.Event)
    _let_go: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def run(self) -> None:
        for fraud in self.frauds:
            self._let_go.acquire()
            if self.ended.is_set():
                return
            self._file(fraud)

    def let_go(self, count: int) -> None:
        """Let this many more reports be filed."""
        if count > 0:
            self._let_go.release(count)

    def end(self) -> None:
        self.ended.set()
        self._let_go.release()

    def _file(self, fraud: Fraud) -> None:
        body, key = body_of(fraud.report.body()), str(uuid.uuid4())
        while not self.ended.is_set():
            hub = Hub(
                self.url, self.keys[fraud.report.payer_bank],
                timeout_seconds=REPORTER_TIMEOUT_SECONDS,
            )  # fmt: skip
            try:
                receipt = hub.post("/api/v1/reports", body, key)
            except HubSilent:
                self.repeats += 1
                self.ended.wait(0.3)
            except HubRefused as refusal:
                self.refused.append(str(refusal))
                return
            else:
                self.references[fraud.number] = receipt["reference"]
                return
            finally:
                hub.close()

    @property
    def is_done(self) -> bool:
        return len(self.references) + len(self.refused) == len(self.frauds)


# --- The killer ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Kill:
    """One kill: after how long a pause, which part, how old at least, and when it came to pass."""

    pause_seconds: float
    part: str
    age_seconds: float
    at_seconds: float = 0.0

    def __str__(self) -> str:
        return f"{self.at_seconds:6.1f} s  {self.part}"


def schedule(count: int, seed: int, *, fault: str = "", drill: str = "crash") -> list[Kill]:
    """Which parts are killed, and the pauses between; the same for the same seed."""
    weights = FAULT_WEIGHTS.get(fault, WEIGHTS)
    if drill in ONLY and not fault:
        weights = {ONLY[drill]: 1}
    ages = FAULT_AGE_SECONDS if fault else AGE_SECONDS
    dice = random.Random(f"kills {seed}")  # noqa: S311
    kills = []
    for _ in range(count):
        part = dice.choices(list(weights), list(weights.values()))[0]
        if part == "bank":
            part = f"bank-{dice.choice(codes())}"
        kills.append(Kill(dice.uniform(*PAUSE_SECONDS), part, dice.uniform(*ages)))
    return kills


def kill_all(
    kills: Sequence[Kill], hub: Instance, running: Banks, reporter: Reporter
) -> list[Kill]:
    """Carry the schedule out; a part that is down is waited for. Returns it with the moments.

    The reports are let go a few before each kill; all of them, if nothing is to be killed.
    """
    began, done = time.monotonic(), []
    reports = len(reporter.frauds)
    if not kills:
        reporter.let_go(reports)
    for number, kill in enumerate(kills):
        reporter.let_go(reports * (number + 1) // len(kills) - reports * number // len(kills))
        time.sleep(kill.pause_seconds)
        pid = _running_part(kill, hub, running)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        done.append(replace(kill, at_seconds=time.monotonic() - began))
        running.bury(kill.part)
        running.start()
    return done


def _running_part(kill: Kill, hub: Instance, running: Banks) -> int:
    """The process of a part, as soon as it runs and has reached the age."""
    code = kill.part.removeprefix("bank-")
    while True:
        running.start()
        known = running.running.get(code)
        pid = known.pid if known else hub.processes.get(kill.part, 0)
        if pid and _age_seconds(pid) >= kill.age_seconds:
            return pid
        time.sleep(0.05)


def _age_seconds(pid: int) -> float:
    """How long a process has been running; below zero if it has ended."""
    since = born(pid)
    if not since:
        return -1.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - int(since) / os.sysconf("SC_CLK_TCK")
