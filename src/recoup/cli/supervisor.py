"""The supervisor: starts the parts of the hub, starts again what dies, ends everything in order.

It is one table of children, each in a process group of its own, each with a log file. Nothing
survives it: Ctrl-C and SIGTERM end the groups rank by rank; after `kill -9` the keeper does.
It has no threads: the kernel ends a child when the *thread* that started it ends.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path
from typing import Final

from recoup.cli.keeper import Keeper, die_with_parent

FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 10.0
SETTLED_SECONDS: Final = 30.0  # one that lived so long starts again after the first pause
GRACE_SECONDS: Final = 1.2  # for a rank to end by itself
TICK_SECONDS: Final = 0.1
LOG_LIMIT_BYTES: Final = 20_000_000

Launch = Callable[[], "subprocess.Popen[bytes]"]


class Rank(IntEnum):
    """In which order parts end: those that ask first, the database last."""

    BANK = 0
    WORKER = 1
    WEB = 2
    DATABASE = 3


@dataclass(slots=True)
class Child:
    """One line of the table.

    launch: starts it, and is called again when it has died.
    end_by: the signal that asks it to end in order.
    """

    name: str
    rank: Rank
    launch: Launch
    end_by: signal.Signals = signal.SIGTERM
    log: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause: float = FIRST_PAUSE_SECONDS
    again_at: float = 0.0
    restarts: int = 0

    @property
    def pid(self) -> int:
        return self.process.pid if self.process else 0

    @property
    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def last_words(self, lines: int = 12) -> str:
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class Supervisor:
    """The table of children, and what is done with it.

    say: gets one line for everything worth knowing. changed: called when a process is new.
    """

    def __init__(
        self,
        keeper: Keeper,
        logs: Path,
        *,
        say: Callable[[str], None],
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self.keeper, self.logs, self.say, self.changed = keeper, logs, say, changed
        self.children: dict[str, Child] = {}

    def start(
        self, name: str, rank: Rank, command: Sequence[str], environment: Mapping[str, str]
    ) -> Child:
        """Start a command as a child; its output goes to its log."""
        log = self.logs / f"{name}.log"
        keep_short(log)
        return self.adopt(Child(name, rank, lambda: spawn(command, environment, log), log=log))

    def adopt(self, child: Child) -> Child:
        """Take a child into the table; starts it unless it runs."""
        self.children[child.name] = child
        if child.process is None:
            self._launch(child)
        else:
            child.started_at = time.monotonic()
        return child

    def _launch(self, child: Child) -> None:
        child.process = child.launch()
        child.started_at, child.again_at = time.monotonic(), 0.0
        is_database = child.rank is Rank.DATABASE
        self.keeper.watch(child.pid, signal.SIGQUIT if is_database else signal.SIGKILL)
        self.changed()

    def tick(self) -> None:
        """Look at every child once: bury the dead, start again those whose pause is over."""
        self.keeper.check()
        for child in self.children.values():
            if child.is_alive:
                continue
            if child.again_at == 0.0:
                self._bury(child)
            elif time.monotonic() >= child.again_at:
                self._try_again(child)

    def _bury(self, child: Child) -> None:
        assert child.process is not None  # noqa: S101  (it was started, and has ended)
        end_group(child.pid)
        self.keeper.forget(child.pid)
        lived = time.monotonic() - child.started_at
        # Who was killed has not failed by itself: it starts again at once, however often.
        is_killed = child.process.returncode == -signal.SIGKILL and lived > FIRST_PAUSE_SECONDS
        if is_killed or lived > SETTLED_SECONDS:
            child.pause = FIRST_PAUSE_SECONDS
        child.again_at = time.monotonic() + child.pause
        where = f"; its log: {child.log}" if child.log else ""
        self.say(
            f"{child.name} ended ({how(child.process.returncode)}); "
            f"starting it again in {child.pause:.0f} s{where}"
        )
        child.pause = min(child.pause * 2, LONGEST_PAUSE_SECONDS)

    def _try_again(self, child: Child) -> None:
        child.restarts += 1
        self._launch(child)
        self.say(f"{child.name} runs again (process {child.pid})")

    def run(self) -> None:
        """Watch over the children until an exception, such as KeyboardInterrupt, ends it."""
        while True:
            self.tick()
            time.sleep(TICK_SECONDS)

    def stop(self) -> None:
        """End all children, rank by rank, within about five seconds."""
        for rank in Rank:
            self._stop_rank([c for c in self.children.values() if c.rank is rank])
        self.children.clear()

    def _stop_rank(self, children: list[Child]) -> None:
        for child in children:
            if child.process is not None and child.is_alive:
                with contextlib.suppress(ProcessLookupError):
                    child.process.send_signal(child.end_by)
        limit = time.monotonic() + GRACE_SECONDS
        while any(child.is_alive for child in children) and time.monotonic() < limit:
            time.sleep(0.02)
        for child in children:
            end_group(child.pid)
            if child.process is not None:
                child.process.wait(5)
                self.keeper.forget(child.pid)


def spawn(
    command: Sequence[str], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Start a command in a group of its own that dies with us, writing to its log."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGKILL),
        )


def end_group(pid: int) -> None:
    """Kill what is left of a child's group: helpers that it started itself, or the child."""
    if pid:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(pid, signal.SIGKILL)


def how(code: int) -> str:
    """An exit code in words."""
    return f"exit code {code}" if code >= 0 else f"by {signal.Signals(-code).name}"


def keep_short(log: Path) -> None:
    """Put a log that has grown long aside; the one before it goes."""
    if log.exists() and log.stat().st_size > LOG_LIMIT_BYTES:
        log.replace(log.with_suffix(".log.1"))


@contextlib.contextmanager
def ended_by_signals() -> Iterator[None]:
    """Let SIGTERM and SIGHUP end us the way Ctrl-C does; under nohup, SIGHUP stays ignored."""

    def interrupt(number: int, frame: object) -> None:
        raise KeyboardInterrupt

    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        numbers.append(signal.SIGHUP)
    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
