"""`./recoup worker`: does what waits, fires the clocks, keeps house.

One thread plans and fires clocks: it is woken by notifications of the database, and once a second
by itself, and reads work lists, which are tables. So a wake-up that was lost with a killed process
is a delay of a second, never a loss. The main thread runs the jobs of the queue: housekeeping.
"""

from __future__ import annotations

import gc
import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing

import psycopg

CLOCK_SECONDS = 1.0
# From the beginning of one pass to the next: under load each takes in what came meanwhile, and few
# passes leave the processor to those who report and answer. Who comes alone never waits for it.
PASS_SECONDS = 0.4
END_SECONDS = 10.0  # a long job of housekeeping keeps no worker alive that does not plan
log = logging.getLogger("recoup.worker")


def main(argv: Sequence[str]) -> int:
    """Run until SIGTERM or Ctrl-C."""
    os.environ.setdefault("RECOUP_ROLE", "planner")
    from recoup.cli.environment import prepare_django

    prepare_django()
    import django

    django.setup()
    # What was loaded stays: to search it for garbage again and again would stop each pass.
    gc.freeze()
    stop = threading.Event()
    planner = threading.Thread(target=_plan, args=(stop,), name="planner", daemon=True)
    planner.start()
    try:
        _run_jobs()
    finally:
        stop.set()
        planner.join(timeout=5)
    return 0


def _run_jobs() -> None:
    """Procrastinate's worker; ends this process if the database goes away.

    The supervisor starts it again, which is the one way back after any trouble.
    """
    from procrastinate.contrib.django import app

    worker_app = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]
    worker_app.run_worker(
        queues=["housekeeping"], concurrency=1, wait=True, fetch_job_polling_interval=30,
        delete_jobs="successful", listen_notify=True, install_signal_handlers=True,
    )  # fmt: skip


def _plan(stop: threading.Event) -> None:
    """Plan when woken, fire the clocks each second; listens anew if the database went away."""
    from django.db import DatabaseError, InterfaceError, connection

    while not stop.is_set():
        try:
            with closing(_listener()) as listener:
                _listen(listener, stop)
        except (DatabaseError, InterfaceError, psycopg.Error) as trouble:
            log.warning("planner: %s", str(trouble).splitlines()[0] if str(trouble) else trouble)
            connection.close()
            stop.wait(CLOCK_SECONDS)
        except Exception:
            log.exception("planning failed; the worker ends and is started again")
            os.kill(os.getpid(), signal.SIGTERM)
            if not stop.wait(END_SECONDS):
                os._exit(1)
            return


def _listener() -> psycopg.Connection[object]:
    from recoup.apps.jobs import WORK_CHANNEL

    listener = psycopg.connect(os.environ["DATABASE_PLANNER_URL"], autocommit=True)
    listener.execute(f"listen {WORK_CHANNEL}")
    return listener


def _listen(listener: psycopg.Connection[object], stop: threading.Event) -> None:
    """Do what was asked for by name, again while there is more, and fire the clocks in between."""
    from recoup.apps.holds import clock, trouble_operations
    from recoup.apps.jobs import WORK

    trouble_operations.try_again()
    more: set[Callable[[], bool]] = set()
    next_clock = 0.0
    while not stop.is_set():
        began = time.monotonic()
        patience = 0.0 if more else max(0.0, next_clock - began)
        asked = {WORK[name] for name in _heard(listener, patience) if name in WORK}
        began = time.monotonic()
        more = {work for work in asked | more if work()}
        if time.monotonic() >= next_clock:
            next_clock = time.monotonic() + CLOCK_SECONDS
            clock.sweep()
        if asked or more:  # whoever comes after a beat of the clock only is not kept waiting
            stop.wait(max(0.0, PASS_SECONDS - (time.monotonic() - began)))


def _heard(listener: psycopg.Connection[object], timeout: float) -> list[str]:
    """The names that were notified; waits for the first at most so many seconds."""
    return [note.payload for note in listener.notifies(timeout=timeout, stop_after=1)]
