"""`./recoup worker`: does what waits. Runs jobs, and sweeps by itself what no job announced.

The sweep needs no job: it reads the work lists. So a job that was lost with a killed process is a
delay of a second, never a loss. Clocks fire here, by the database's time.
"""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Sequence

SWEEP_SECONDS = 1.0
log = logging.getLogger("recoup.worker")


def main(argv: Sequence[str]) -> int:
    """Run until SIGTERM or Ctrl-C."""
    os.environ.setdefault("RECOUP_ROLE", "planner")
    from recoup.cli.environment import prepare_django

    prepare_django()
    import django

    django.setup()
    stop = threading.Event()
    sweeper = threading.Thread(target=_sweep, args=(stop,), name="sweep", daemon=True)
    sweeper.start()
    try:
        _run_jobs()
    finally:
        stop.set()
        sweeper.join(timeout=5)
    return 0


def _run_jobs() -> None:
    """Procrastinate's worker on the holds queue; ends this process if the database goes away.

    The supervisor starts it again, which is the one way back after any trouble.
    """
    from procrastinate.contrib.django import app

    worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    worker_app.run_worker(
        queues=["holds"], concurrency=1, wait=True, fetch_job_polling_interval=0.5,
        delete_jobs="successful", listen_notify=True, install_signal_handlers=True,
    )  # fmt: skip


def _sweep(stop: threading.Event) -> None:
    from django.db import DatabaseError, InterfaceError, connection

    from recoup.apps.holds import clock

    while not stop.wait(SWEEP_SECONDS):
        began = time.monotonic()
        try:
            clock.sweep()
        except (DatabaseError, InterfaceError) as trouble:
            log.warning("sweep: %s", str(trouble).splitlines()[0] if str(trouble) else trouble)
            connection.close()
        except Exception:
            log.exception("sweep failed; the worker ends and is started again")
            os.kill(os.getpid(), signal.SIGTERM)
            return
        if (took := time.monotonic() - began) > 5:
            log.warning("a sweep took %.1f s", took)
