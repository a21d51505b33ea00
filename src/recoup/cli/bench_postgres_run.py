"""Stores a generated ledger in a hub's database, asks and books, and compares with memory.

`python -m recoup.cli.bench_postgres_run SIZE WORKLOAD SEED OUT` writes one JSON object.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from random import Random
from time import perf_counter
from typing import TYPE_CHECKING, Any, Final

from recoup.cli import bench_ledger, environment, progress
from recoup.core.tracing import Ledger, LedgerRefused, Seed, Transfer
from recoup.core.tracing.fast import Index

if TYPE_CHECKING:
    from recoup.apps.ledgers import models
    from recoup.core.access import Actor

SEEDS: Final = 100
BOOKINGS: Final = 100
PEERS_UP_TO: Final = 1_000_000
SIZES: Final = """
select pg_table_size('ledgers_transfer') + pg_table_size('ledgers_account'),
  pg_indexes_size('ledgers_transfer') + pg_indexes_size('ledgers_account')
"""
DUCKDB: Final = """
with recursive p(dst, low, high) as (
  select dst, dstpos, dstpos + amount from x where id = ?
  union all
  select x.dst, x.dstpos + greatest(p.low, x.srcpos) - x.srcpos,
    x.dstpos + least(p.high, x.srcend) - x.srcpos
  from p join x on x.src = p.dst and x.srcend > p.low and x.srcpos < p.high
)
select count(*) from p
"""


class Run:
    """What was measured so far."""

    def __init__(self, made: Ledger, actor: Actor) -> None:
        self.made, self.actor = made, actor
        self.index = Index.of(made)
        self.stored: models.Ledger
        self.compared = self.differing = 0
        self.found: dict[str, Any] = {
            "rows": len(made.transfers), "seconds": {}, "steps": {}, "times": {}, "pieces": [],
            "moved": [], "left_out": "",
        }  # fmt: skip

    def timed(self, name: str, ask: Callable[[], Any]) -> Any:
        started = perf_counter()
        answer = ask()
        self.found["times"].setdefault(name, []).append(perf_counter() - started)
        return answer

    def split(self, name: str, ask: Callable[[], Any]) -> Any:
        """As ``timed``, and how much of it the database took, with the way there and back."""
        from django.db import connection

        took: list[float] = []

        def watched(execute: Callable[..., Any], *told: Any) -> Any:
            started = perf_counter()
            try:
                return execute(*told)
            finally:
                took.append(perf_counter() - started)

        with connection.execute_wrapper(watched):
            answer = self.timed(name, ask)
        times = self.found["times"]
        times.setdefault(f"{name}: database", []).append(sum(took))
        times.setdefault(f"{name}: Python", []).append(times[name][-1] - sum(took))
        return answer

    def compare(self, found: Any, right: Any) -> None:
        self.compared += 1
        tables = ("held", "transfers", "credited", "dissipated")
        self.differing += any(getattr(found, x) != getattr(right, x) for x in tables)


def main(argv: Sequence[str]) -> int:
    """Measure, and write what was found."""
    size, workload, seed, out = int(argv[0]), argv[1], int(argv[2]), Path(argv[3])
    import django

    django.setup()
    from recoup.apps.members import queries as members

    with progress.ticking("generate"):
        made = bench_ledger.generate(size, seed=seed, workload=workload)
    with progress.ticking("index in memory"):
        run = Run(made, members.hub_actor(members.competent_unit()))
    load(run)
    choose = Random(seed)  # noqa: S311
    for name, act in (("ask", ask), ("ask otherwise", ask_otherwise), ("peers", ask_peers),
                      ("book", book), ("verify", verify)):  # fmt: skip
        with progress.ticking(name):
            act(run, choose)
    run.found |= {"compared": run.compared, "differing": run.differing}
    out.write_text(json.dumps(run.found))
    return 0


def load(run: Run) -> None:
    from recoup.apps.ledgers import load_operations
    from recoup.apps.ledgers.models import Account
    from recoup.apps.members.scope import scope

    steps = Steps()
    with progress.ticking("load") as step, scope(run.actor) as at:

        def watch(told: str) -> None:
            step.note = told
            steps.begin(told.partition(",")[0])

        started = perf_counter()
        run.stored = load_operations.load(
            name="measured", ledger=run.made, by=run.actor, at=at, watch=watch
        )
        run.found["accounts"] = Account.objects.filter(ledger=run.stored).count()
    run.found["seconds"]["load"] = perf_counter() - started
    steps.begin("")
    run.found["steps"] = steps.took
    run.found["seconds"]["positions"] = steps.took["work out positions"]
    import psycopg

    with psycopg.connect(os.environ[environment.OWNER], autocommit=True) as owner:
        started = perf_counter()
        owner.execute("vacuum (analyze) ledgers_account, ledgers_transfer")
        run.found["seconds"]["vacuum"] = perf_counter() - started
        row = owner.execute(SIZES).fetchone()
    run.found["bytes"] = dict(zip(("table", "indexes"), row or (0, 0), strict=True))


class Steps:
    """How long each named step took."""

    def __init__(self) -> None:
        self.took: dict[str, float] = {}
        self.name, self.since = "", perf_counter()

    def begin(self, name: str) -> None:
        if name == self.name:
            return
        if self.name:
            self.took[self.name] = perf_counter() - self.since
        self.name, self.since = name, perf_counter()


def ask(run: Run, choose: Random) -> None:
    """Each payment alone, both ways, each of them first in turn, so that neither always finds the
    other's pages in memory. A first round, that warms up, is not counted.
    """
    from recoup.apps.ledgers import queries
    from recoup.apps.members.scope import scope

    seeds = [(seed,) for seed in choose.sample(run.made.seeds, min(SEEDS, len(run.made.seeds)))]
    with scope(run.actor):
        for seed in seeds[:5]:
            for way in queries.WAYS:
                queries.trace(run.stored, seed, way=way)
        for number, seed in enumerate(seeds):
            right = run.index.trace(seed)
            for way in queries.WAYS[:: -1 if number % 2 else 1]:
                found = run.split(
                    way,
                    lambda: queries.look_up(run.stored, seed, way=way),  # noqa: B023
                )
                run.compare(found.result, right)
            run.found["pieces"].append(found.pieces)


def ask_otherwise(run: Run, choose: Random) -> None:
    """Into the busiest account, and as of random times; all balances once."""
    from recoup.apps.ledgers import queries
    from recoup.apps.members.scope import scope

    transfers = run.made.transfers
    debits: dict[str, int] = {}
    for x in transfers:
        debits[x.payer] = debits.get(x.payer, 0) + 1
    outside = {name for name, account in run.made.accounts.items() if account.external}
    busiest = max(debits.keys() - outside, key=lambda name: debits[name])
    into = [x for x in transfers if x.payee == busiest and x.payer != busiest]
    with scope(run.actor):
        for x in choose.sample(into, min(30, len(into))):
            with suppress(LedgerRefused):
                ask_one(run, "busy", Seed(x.id, max(x.amount // 2, 1)), None)
        for seed in choose.sample(run.made.seeds, 20):
            ask_one(run, "dated", seed, choose.choice(transfers).t)
        right, found = run.index.trace(()), queries.trace(run.stored, ())
        run.compared += 1
        run.differing += (right.balances, right.unseen) != (found.balances, found.unseen)


def ask_one(run: Run, name: str, seed: Seed, as_of: int | None) -> None:
    from recoup.apps.ledgers import queries

    right = run.index.trace((seed,), as_of=as_of)
    found = run.timed(name, lambda: queries.trace(run.stored, (seed,), as_of=as_of))
    run.compare(found, right)


def ask_peers(run: Run, choose: Random) -> None:
    """What one answer costs without positions in the database; smaller ledgers only."""
    if len(run.made.transfers) > PEERS_UP_TO:
        run.found["left_out"] = "Copying out, and DuckDB,"
        return
    from recoup.apps.ledgers import in_memory
    from recoup.apps.members.scope import scope

    seed = (choose.choice(run.made.seeds),)

    def copied_out() -> Any:
        return Index.of(in_memory.read_back(run.stored, seed)).trace()

    with scope(run.actor):
        run.compare(run.timed("copy", copied_out), run.index.trace(seed))
    try:
        import duckdb
    except ImportError:
        run.found["left_out"] = "DuckDB, which is not installed,"
        return
    ask_duckdb(run, choose, duckdb.connect())


def ask_duckdb(run: Run, choose: Random, peer: Any) -> None:
    """The same positions as a table of DuckDB; it counts the pieces, without their names."""
    from django.db import connection

    from recoup.apps.members.scope import scope

    columns = "id, src_id as src, dst_id as dst, amount, srcpos, srcend, dstpos"
    file = Path(os.environ["RECOUP_VAR"]) / "positions.csv"
    with scope(run.actor), connection.cursor() as cursor, file.open("wb") as to:
        query = f"copy (select {columns} from ledgers_transfer where ledger_id = "  # noqa: S608
        with cursor.copy(f"{query}{run.stored.id} order by src_id, srcend) to stdout csv") as copy:
            for chunk in copy:
                to.write(bytes(chunk))
        names = [name.split()[-1] for name in columns.split(",")]
        peer.execute("create table x as select * from read_csv(?, header=false, names=?)",
                     [str(file), names])  # fmt: skip
        for one in choose.sample(run.made.seeds, 5):
            cursor.execute(
                "select id from ledgers_transfer where ledger_id = %s and ident = %s",
                [run.stored.id, one.transfer],
            )
            row = cursor.fetchone()[0]
            run.timed("duckdb", lambda: peer.execute(DUCKDB, [row]).fetchone())  # noqa: B023
    file.unlink()


def book(run: Run, choose: Random) -> None:
    """Transfers at the end, then late ones, each committed; the index takes the same."""
    from recoup.apps.ledgers import operations, queries
    from recoup.apps.members.scope import scope

    old, last = run.made.transfers, run.made.transfers[-1].t
    copies: list[tuple[str, Transfer]] = []
    for number in range(BOOKINGS):
        one = replace(choose.choice(old), id=f"x{number}", t=last + 1 + number)
        copies.append(("append", one))
    for number in range(BOOKINGS):
        one = replace(choose.choice(old), id=f"y{number}", t=choose.choice(old).t)
        copies.append(("late", one))

    def booked(transfer: Transfer) -> operations.Taken:
        with scope(run.actor):
            return operations.book(ledger=run.stored, transfer=transfer)

    for name, transfer in copies:
        taken = run.timed(name, lambda: booked(transfer))  # noqa: B023
        if name == "late":
            run.found["moved"].append(taken.booked.moved)
        run.index.book(transfer)
    with scope(run.actor):
        for seed in ((one,) for one in choose.sample(run.made.seeds, 20)):
            run.compare(queries.trace(run.stored, seed), run.index.trace(seed))


def verify(run: Run, _: Random) -> None:
    from recoup.apps.ledgers import positions
    from recoup.apps.members.scope import scope

    started = perf_counter()
    with scope(run.actor):
        stored = run.stored
        found = positions.verify(stored.id, shortfall=stored.shortfall, method=stored.method)
    run.found["seconds"]["verify"] = perf_counter() - started
    run.found["right"] = found.is_right


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
