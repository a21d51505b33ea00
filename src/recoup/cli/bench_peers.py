"""Other programs that answer the same question, or what they offer in its place.

DuckDB, Polars and Spark get the positions and must give the same answer. NetworkX and rustworkx
answer less: which accounts can be reached at all, whatever the amounts and the times.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Final

import numpy as np

from recoup.cli.bench_arrays import Array, Arrays
from recoup.cli.bench_scan import Tables

# row, payee, first and last position there: what moved
Moves = Any
Ask = Callable[[int], Any]


@dataclass(frozen=True, slots=True)
class Positions:
    """The position at which each row's debit and credit begin, of one ledger."""

    arrays: Arrays
    srcpos: Array
    dstpos: Array

    @property
    def columns(self) -> dict[str, Array]:
        """A table for databases; debits from outside lead nowhere, so their payer is hidden."""
        a = self.arrays
        return {
            "e": np.arange(a.rows, dtype=np.int64),
            "src": np.where(a.external[a.payer], -1, a.payer).astype(np.int32),
            "srcpos": self.srcpos,
            "srcend": self.srcpos + a.amount,
            "dst": a.payee,
            "dstpos": self.dstpos,
        }


@dataclass(frozen=True, slots=True)
class Peer:
    """One program. is_same: gives the same answer; otherwise the accounts it can reach.

    rough: seconds of a round over a million transfers, to judge the first time whether it ends.
    prepare: load the ledger, and give back what answers for one row.
    """

    name: str
    package: str
    is_same: bool
    rough: float
    prepare: Callable[[Positions], Ask]

    @property
    def is_installed(self) -> bool:
        return find_spec(self.package) is not None


def answer(moves: Moves, arrays: Arrays) -> Tables:
    """What each transfer carried and where the money rests: what came, less what went on."""
    carried: dict[tuple[int, int], int] = {}
    held: dict[tuple[int, int], int] = {}
    for row, payee, low, high in moves:
        units = high - low
        if carried:  # the first is the victim's own payment
            payer = int(arrays.payer[row])
            held[payer, 0] = held.get((payer, 0), 0) - units
        carried[row, 0] = carried.get((row, 0), 0) + units
        held[payee, 0] = held.get((payee, 0), 0) + units
    return carried, {key: units for key, units in held.items() if units}


DUCKDB: Final = """
with recursive moved(e, account, low, high) as (
    select e, dst, dstpos, dstpos + srcend - srcpos from positions where e = $1
    union all
    select p.e, p.dst, p.dstpos + greatest(m.low, p.srcpos) - p.srcpos,
           p.dstpos + least(m.high, p.srcend) - p.srcpos
    from moved m join positions p
      on p.src = m.account and p.srcpos < m.high and p.srcend > m.low
    where greatest(m.low, p.srcpos) < least(m.high, p.srcend)
)
select * from moved
"""


def duckdb_recursive(positions: Positions) -> Ask:
    """One recursive statement on a table sorted by payer and position."""
    import duckdb

    connection = duckdb.connect()
    given = positions.columns
    connection.register("given", given)
    connection.execute("create table positions as select * from given order by src, srcpos")
    connection.unregister("given")
    return lambda row: _seed_first(connection.execute(DUCKDB, [row]).fetchall(), row)


def _seed_first(moves: list[tuple[int, ...]], row: int) -> list[tuple[int, ...]]:
    return sorted(moves, key=lambda move: move[0] != row)


def polars_joins(positions: Positions) -> Ask:
    """A join of the whole table with the frontier for each hop."""
    import polars as pl

    table = pl.DataFrame(positions.columns)
    rows = (table["e"], table["dst"], table["dstpos"], table["srcend"] - table["srcpos"])
    low, high = pl.max_horizontal("low", "srcpos"), pl.min_horizontal("high", "srcend")
    shift = pl.col("dstpos") - pl.col("srcpos")

    def ask(row: int) -> list[tuple[int, ...]]:
        _, payee, start, units = (column[row] for column in rows)
        moves: list[tuple[int, ...]] = [(row, payee, start, start + units)]
        frontier = pl.DataFrame({"src": [payee], "low": [start], "high": [start + units]})
        frontier = frontier.cast({"src": pl.Int32})
        while len(frontier):
            hop = (
                table.lazy()
                .join(frontier.lazy(), on="src")
                .filter((pl.col("srcpos") < pl.col("high")) & (pl.col("srcend") > pl.col("low")))
                .select("e", pl.col("dst").alias("src"), low=low + shift, high=high + shift)
                .filter(pl.col("low") < pl.col("high"))
                .collect()
            )
            moves += hop.rows()
            frontier = hop.select("src", "low", "high")
        return moves

    return ask


def spark_joins(positions: Positions) -> Ask:
    """The same join for each hop, as Spark does it on this machine."""
    from pyspark.sql import SparkSession, functions

    session = (
        SparkSession.builder.master("local[*]")
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.ui.enabled", "false")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    columns = positions.columns
    lines = zip(*(column.tolist() for column in columns.values()), strict=True)
    kinds = "e long, src int, srcpos long, srcend long, dst int, dstpos long"
    table = session.createDataFrame(list(lines), kinds).cache()
    table.count()
    low = functions.greatest("low", "srcpos") + functions.col("dstpos") - functions.col("srcpos")
    high = functions.least("high", "srcend") + functions.col("dstpos") - functions.col("srcpos")

    def ask(row: int) -> list[tuple[int, ...]]:
        start, payee = int(columns["dstpos"][row]), int(columns["dst"][row])
        units = int(columns["srcend"][row] - columns["srcpos"][row])
        moves: list[tuple[int, ...]] = [(row, payee, start, start + units)]
        waiting = moves[:]
        while waiting:
            frontier = session.createDataFrame(
                [move[1:] for move in waiting], "src int, low long, high long"
            )
            hop = table.join(functions.broadcast(frontier), "src")
            hop = hop.where("srcpos < high and srcend > low")
            found = hop.select("e", "dst", low.alias("a"), high.alias("b")).where("a < b")
            waiting = [tuple(line) for line in found.collect()]
            moves += waiting
        return moves

    return ask


def networkx_descendants(positions: Positions) -> Ask:
    """Every account that can be reached from the one the victim paid."""
    import networkx

    a = positions.arrays
    graph = networkx.DiGraph()
    graph.add_edges_from(zip(a.payer.tolist(), a.payee.tolist(), strict=True))
    return lambda row: networkx.descendants(graph, int(a.payee[row]))


def rustworkx_descendants(positions: Positions) -> Ask:
    """The same, in a compiled graph library."""
    import rustworkx

    a = positions.arrays
    graph = rustworkx.PyDiGraph(multigraph=False)
    graph.add_nodes_from(range(a.accounts))
    graph.extend_from_edge_list(list(zip(a.payer.tolist(), a.payee.tolist(), strict=True)))
    return lambda row: rustworkx.descendants(graph, int(a.payee[row]))


PEERS: Final = (
    Peer("DuckDB, recursive SQL", "duckdb", True, 2.5, duckdb_recursive),
    Peer("Polars, a join a hop", "polars", True, 1.0, polars_joins),
    Peer("NetworkX descendants", "networkx", False, 8.0, networkx_descendants),
    Peer("rustworkx descendants", "rustworkx", False, 2.0, rustworkx_descendants),
)
SPARK: Final = Peer("Spark, a join a hop", "pyspark", True, 60.0, spark_joins)
