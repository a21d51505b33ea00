"""`./recoup invariants`: check I01 to I20 in the running hub, every unit of money among them.

Asks as the planner, and as the pages' own log-in what an organisation may see; says what is wrong
and where. What cannot be asked yet says so by name. --canary: a secret that was planted and must
be nowhere; it may be given several times.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from recoup.cli import environment

if TYPE_CHECKING:
    from recoup.apps.invariants import Verdict

TICK, CROSS, OPEN = "\N{CHECK MARK}", "\N{BALLOT X}", "\N{MIDDLE DOT}"
VAULT_BYTES = 256 * 1024 * 1024  # a second or two; `./recoup vault check` reads all of it
SeenBy = Callable[[int, str], list[tuple[Any, ...]]]


def main(argv: Sequence[str]) -> int:
    """Print every invariant; 1 if one is broken, 2 if there is no database."""
    parser = argparse.ArgumentParser(prog="./recoup invariants", description=__doc__)
    parser.add_argument("--canary", action="append", default=[], help="a planted secret")
    parser.add_argument(
        "--as-left", action="store_true", help="no worker runs: ask nothing about what waits"
    )
    options = parser.parse_args(argv)
    os.environ["RECOUP_ROLE"] = "planner"
    try:
        environment.prepare_django()
    except environment.NoDatabase as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 2
    import django

    django.setup()
    from django.db import DatabaseError

    try:
        return report(live(tuple(options.canary), worker_runs=not options.as_left))
    except DatabaseError as problem:
        told = str(problem).splitlines()[0]
        print(
            f"recoup: the database could not be asked ({told}). Is it up to date? "
            "./recoup migrate brings it there.",
            file=sys.stderr,
        )
        return 2


def live(canaries: tuple[str, ...] = (), *, worker_runs: bool = True) -> Any:
    """How a hub that runs is asked: with its worker, its logs, and the pages' log-in."""
    from recoup.apps.invariants import Ask

    return Ask(
        as_app=as_the_pages, logs=environment.LOGS, canaries=canaries, worker_runs=worker_runs,
        vault_bytes=VAULT_BYTES,
    )  # fmt: skip


@contextlib.contextmanager
def as_the_pages() -> Iterator[SeenBy]:
    """Ask what an organisation may see, over the pages' own log-in."""
    import psycopg

    with psycopg.connect(os.environ[environment.APP]) as connection:

        def seen_by(organisation: int, sql: str) -> list[tuple[Any, ...]]:
            connection.execute("select set_config('recoup.org', %s, true)", [str(organisation)])
            return connection.execute(sql.encode()).fetchall()

        yield seen_by


def report(ask: Any) -> int:
    """Ask and print; runs in a Django that is set up, as the planner."""
    from recoup.apps.invariants import check_all

    verdicts = check_all(ask)
    for verdict in verdicts:
        show(verdict)
    asked = [verdict for verdict in verdicts if verdict.asked]
    broken = sum(1 for verdict in asked if verdict.wrong)
    open_ones = ", ".join(verdict.number for verdict in verdicts if not verdict.asked)
    print(f"\n{len(asked) - broken} of {len(asked)} hold" + (", see above" * bool(broken)))
    if open_ones:
        print(f"not applicable yet, and not counted: {open_ones}")
    return 1 if broken else 0


def show(verdict: Verdict) -> None:
    """One invariant: its sign, its meaning, what is wrong and where, what cannot be asked."""
    mark = CROSS if verdict.wrong else TICK if verdict.asked else OPEN
    print(f"{mark} {verdict.number} {verdict.meaning}")
    for wrong in verdict.wrong:
        print(f"    {wrong}")
    for not_yet in verdict.not_yet:
        print(f"  {OPEN} {not_yet}")
