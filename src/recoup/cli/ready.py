"""A server's data folder with today's tables in it, made once and copied: for tests and drills.

To make the tables takes longer than most tests and drills do. A run of the tests makes them once,
and each fresh server of that run begins with a copy (`COPY_OF`). Nothing else uses it: a hub's own
first start makes its tables itself.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from recoup.cli import environment, postgres, prepare, progress
from recoup.cli.keeper import Keeper

COPY_OF: Final = "RECOUP_COPY_OF"  # the data folder that a fresh server of this run copies
TABLES: Final = "RECOUP_TABLES"  # the database that each test database of this run copies
TEMPLATE: Final = "recoup_tables"
NO_TABLES: Final = "The tables for the tests could not be made:\n{}"


def cluster(keeper: Keeper) -> Path:
    """The data folder of a stopped server with today's tables; made if there is none yet.

    Raises CannotServe.
    """
    kept = environment.VAR / "ready"
    kept.mkdir(parents=True, exist_ok=True)
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = kept / prepare.fingerprint(with_demo=False)[:16]
        done = folder / "done"
        if not (done.exists() and Path(done.read_text()).exists()):
            for old in kept.glob("*/"):
                shutil.rmtree(old)
            with progress.ticking("tables for the tests"):
                done.write_text(str(_made(folder, keeper)))
        return Path(done.read_text())


def _made(folder: Path, keeper: Keeper) -> Path:
    folder.mkdir()
    server = postgres.start(
        folder / "pg", "ready-postgres", durable=False, share=False, keeper=keeper
    )
    try:
        done = subprocess.run(
            [sys.executable, "-m", "recoup", "migrate", "--verbosity", "0"],
            env=environment.child_environment(server.databases, RECOUP_ROLE="owner"),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
        )  # fmt: skip
    finally:
        server.stop()
    if done.returncode:
        raise postgres.CannotServe(NO_TABLES.format(done.stderr[-2000:]))
    return server.place.data


def keep_as_template(server: postgres.Server) -> None:
    """Set the tables aside under a name that nobody connects to, as a template's must be."""
    import psycopg

    with psycopg.connect(server.dsn("recoup_super", "postgres"), autocommit=True) as connection:
        connection.execute(f"alter database recoup rename to {TEMPLATE}".encode())
    postgres.prepare(server, for_tests=True)


def copied_from() -> Path | None:
    """What a fresh server of this run begins with, if anything."""
    told = os.environ.get(COPY_OF)
    return Path(told) if told else None
