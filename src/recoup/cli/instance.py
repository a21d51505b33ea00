"""A whole hub of one's own, for as long as it is needed: for measuring, drills and tests.

It is `./recoup` itself, in a folder of its own and on a free port, so that what is measured is
what users run; a hub that runs in the checkout is not touched.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from recoup.cli import environment
from recoup.cli.environment import Databases
from recoup.cli.keeper import die_with_parent

START_SECONDS: Final = 180.0


class NotStarted(Exception):
    """The hub ended, or did not answer in time; the message holds what it said."""


@dataclass(slots=True)
class Instance:
    """A running hub. `processes` is read anew each time: what was killed has a new number."""

    folder: Path
    process: subprocess.Popen[bytes]

    def read(self) -> dict[str, Any]:
        """What the hub says about itself; empty before it has said anything."""
        try:
            hub: dict[str, Any] = json.loads((self.folder / "run" / "hub.json").read_text())
        except (OSError, ValueError):
            return {}
        return hub

    @property
    def address(self) -> str:
        return str(self.read()["address"])

    @property
    def databases(self) -> Databases:
        return Databases(**self.read()["databases"])

    @property
    def processes(self) -> dict[str, int]:
        return dict(self.read().get("processes", {}))

    @property
    def output(self) -> str:
        return (self.folder / "hub.out").read_text(errors="replace")


@contextlib.contextmanager
def running(
    folder: Path, *options: str, variables: Mapping[str, str] | None = None,
    module: str = "recoup",
) -> Iterator[Instance]:  # fmt: skip
    """Start a hub with its data in a folder; end it in order. Raises NotStarted.

    module: the program that is run with `up`; the drill has one with a fault.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "hub.out").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, "up", *options],
            env=own_environment(folder, variables or {}),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            process_group=0,
            preexec_fn=die_with_parent(signal.SIGTERM),
        )
    instance = Instance(folder, process)
    try:
        wait_until_ready(instance)
        yield instance
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(15)
        process.kill()
        process.wait()


def own_environment(folder: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """Nothing of the caller's own hub or database may reach the new one."""
    theirs = (environment.APP, environment.PLANNER, environment.OWNER, "RECOUP_ROLE")
    also = ("RECOUP_PORT", "RECOUP_URL", "RECOUP_STARTED", "RECOUP_SECRET_KEY",
            "DJANGO_SETTINGS_MODULE")  # fmt: skip
    kept = {name: value for name, value in os.environ.items() if name not in theirs + also}
    paths = [str(environment.ROOT / "src"), kept.get("PYTHONPATH", "")]
    path = os.pathsep.join(dict.fromkeys(part for part in paths if part))
    return {**kept, "PYTHONPATH": path, "RECOUP_VAR": str(folder), **variables}


def wait_until_ready(instance: Instance) -> None:
    limit = time.monotonic() + START_SECONDS
    while not instance.read().get("is_ready"):
        if instance.process.poll() is not None or time.monotonic() > limit:
            raise NotStarted(f"The hub did not start. It said:\n{instance.output}")
        time.sleep(0.05)
