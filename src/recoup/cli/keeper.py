"""The keeper: a small process that outlives the supervisor just long enough to end its children.

A supervisor that is killed with -9 cannot tidy up. So it starts this file as a process of its
own, connected by a pipe only, and tells it of every child. When the pipe closes without a
farewell, the keeper ends what is left: databases by SIGQUIT, so that they stop at once and safely,
everything else by SIGKILL. On Linux the kernel is asked to do the same, see `die_with_parent`.

The keeper's side is standard library only and imports nothing of Recoup.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import IO

PR_SET_PDEATHSIG = 1
PATIENCE_SECONDS = 3.0  # between SIGQUIT for a database and SIGKILL


class Keeper:
    """The supervisor's end of the pipe."""

    def __init__(self) -> None:
        self._children: dict[int, int] = {}
        self._process = self._start()

    def watch(self, pid: int, end_by: signal.Signals = signal.SIGKILL) -> None:
        """End this process and its group, should the supervisor vanish."""
        self._children[pid] = end_by
        self._tell(f"+ {pid} {int(end_by)} {born(pid)}")

    def forget(self, pid: int) -> None:
        self._children.pop(pid, None)
        self._tell(f"- {pid}")

    def close(self) -> None:
        """Say farewell: nothing is left to end."""
        self._tell("bye")
        with contextlib.suppress(OSError):
            self._pipe.close()
        self._process.wait(5)

    def check(self) -> bool:
        """Start another keeper if this one has died; true if it had."""
        if self._process.poll() is None:
            return False
        self._process = self._start()
        for pid, end_by in self._children.items():
            self._tell(f"+ {pid} {end_by} {born(pid)}")
        return True

    def _start(self) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", __file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            cwd="/",
            start_new_session=True,
        )
        assert process.stdin is not None  # noqa: S101  (asked for just above)
        self._pipe: IO[str] = process.stdin
        return process

    def _tell(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # a dead keeper is replaced by check()
            self._pipe.write(line + "\n")
            self._pipe.flush()


def die_with_parent(end_by: signal.Signals) -> Callable[[], None] | None:
    """What a child calls before it becomes its program: have the kernel end it with its parent.

    Linux only; elsewhere the keeper alone does it. The kernel means the parent's *thread*:
    start children from the main one.
    """
    if not sys.platform.startswith("linux"):
        return None
    library, parent = ctypes.CDLL(None), os.getpid()

    def ask_kernel() -> None:
        library.prctl(PR_SET_PDEATHSIG, int(end_by))
        if os.getppid() != parent:  # it died before we could ask
            os.kill(os.getpid(), signal.SIGKILL)

    return ask_kernel


def born(pid: int) -> str:
    """When a process started, as the kernel counts; tells it from a later one of the same number.

    Empty where it has ended (even if nobody has buried it yet), or the system does not say.
    """
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            fields = file.read().rpartition(")")[2].split()
        return "" if fields[0] == "Z" else fields[19]
    except (OSError, IndexError):
        return ""


# The keeper's own side


def keep(lines: IO[str]) -> None:
    """Follow the list of children until the pipe closes; then end what is on it."""
    children: dict[int, tuple[int, str]] = {}
    for line in lines:
        word, *rest = line.split()
        if word == "bye":
            return
        if word == "+":
            children[int(rest[0])] = (int(rest[1]), rest[2] if len(rest) > 2 else "")
        else:
            children.pop(int(rest[0]), None)
    end(children)


def end(children: dict[int, tuple[int, str]]) -> None:
    for pid, (number, since) in children.items():
        if number == signal.SIGKILL:
            kill_group(pid, since)
        elif born(pid) == since:
            with contextlib.suppress(OSError):
                os.kill(pid, number)
    limit = time.monotonic() + PATIENCE_SECONDS
    while any(is_same(pid, since) for pid, (_, since) in children.items()):
        if time.monotonic() > limit:
            break
        time.sleep(0.05)
    for pid, (_, since) in children.items():
        kill_group(pid, since)


def is_same(pid: int, since: str) -> bool:
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return born(pid) == since


def kill_group(pid: int, since: str) -> None:
    """Kill a child's whole group, unless its number now belongs to somebody else."""
    if born(pid) not in ("", since):
        return
    with contextlib.suppress(OSError):
        os.killpg(pid, signal.SIGKILL)


if __name__ == "__main__":
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(ignored, signal.SIG_IGN)
    keep(sys.stdin)
