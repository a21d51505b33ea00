"""Lines that say what a command is doing, for how long, and whether it went well."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from collections.abc import Iterator

PLAIN_EVERY_SECONDS = 5.0  # without a terminal: a line now and then, not a moving one


class Step:
    """One thing that is being done; `note` is shown behind its name."""

    def __init__(self, name: str) -> None:
        self.name, self.note = name, ""
        self.started = time.monotonic()
        self._shown = self.started

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def show(self) -> None:
        """Say how long it has taken so far; cheap enough to call in every loop."""
        every = 0.2 if sys.stdout.isatty() else PLAIN_EVERY_SECONDS
        if time.monotonic() - self._shown < every:
            return
        self._shown = time.monotonic()
        note = f", {self.note}" if self.note else ""
        line = f"  … {self.name}{note}  {self.seconds:.0f} s"
        print(f"\r\033[K{line}" if sys.stdout.isatty() else line, end=_end(), flush=True)

    def done(self, sign: str = "✓") -> None:
        note = f": {self.note}" if self.note else ""
        say(f"  {sign} {self.name}{note}  {self.seconds:.1f} s")


def _end() -> str:
    return "" if sys.stdout.isatty() else "\n"


def say(line: str) -> None:
    """Print a line of its own, over a moving one if there is one."""
    print(f"\r\033[K{line}" if sys.stdout.isatty() else line, flush=True)


@contextlib.contextmanager
def step(name: str) -> Iterator[Step]:
    """Show one step with a tick, or a cross if it raises. The caller calls `show`."""
    current = Step(name)
    try:
        yield current
    except BaseException:
        current.done("✗")
        raise
    current.done()


@contextlib.contextmanager
def ticking(name: str) -> Iterator[Step]:
    """The same for work that has no loop to call `show` in; starts no processes meanwhile."""
    with step(name) as current:
        finished = threading.Event()

        def show() -> None:
            while not finished.wait(0.2):
                current.show()

        thread = threading.Thread(target=show, daemon=True)
        thread.start()
        try:
            yield current
        finally:
            finished.set()
            thread.join()
