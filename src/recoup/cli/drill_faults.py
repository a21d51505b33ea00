"""Planted faults of the drills that sit in the worker: the hub itself knows of none.

``python -m recoup.cli.drill_faults up`` is `./recoup up`, but with a worker that has the fault that
RECOUP_DRILL_FAULT names: its out-box is written after the commit, in a transaction of its own, or
nothing is ever parked. Only drills start it.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

LATE_SECONDS: Final = 1.0  # as on a busy machine
MODULE: Final = "recoup.cli.drill_faults"


def main(argv: Sequence[str]) -> int:
    """Run `up`, or the worker that it starts, with the fault."""
    part, *rest = argv
    return {"up": _up, "worker": _worker}[part](rest)


def _up(argv: Sequence[str]) -> int:
    from recoup.cli import up
    from recoup.cli.supervisor import Rank

    def start_worker(hub: up.Hub) -> None:
        command = [sys.executable, "-m", MODULE, "worker"]
        environment = hub.part_environment("planner")
        hub.supervisor.start("worker", Rank.WORKER, command, environment)

    up.Hub.start_worker = start_worker  # type: ignore[assignment,method-assign]
    return up.main(argv)


def _worker(argv: Sequence[str]) -> int:
    os.environ.setdefault("RECOUP_ROLE", "planner")
    from recoup.cli import environment, worker

    environment.prepare_django()
    import django

    django.setup()
    FAULTS[os.environ.get("RECOUP_DRILL_FAULT") or "outbox_after_commit"]()
    return worker.main(argv)


def write_out_box_late() -> None:
    """Whoever is killed between commit and out-box has tickets that never leave."""
    from django.db import transaction

    from recoup.apps.lawful_requests import operations

    in_time = operations._queue

    def queue(tickets: Sequence[Any], *, at: datetime) -> None:
        def late() -> None:
            time.sleep(LATE_SECONDS)
            in_time(tickets, at=at)

        transaction.on_commit(late)

    operations._queue = queue


def park_nothing() -> None:
    """What cannot be planned is tried for ever, and nobody is told."""
    from recoup.apps.holds import trouble_operations

    def forget(*_: Any, **__: Any) -> None:
        return None

    trouble_operations.note = forget


FAULTS: Final = {"outbox_after_commit": write_out_box_late, "never_parked": park_nothing}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
