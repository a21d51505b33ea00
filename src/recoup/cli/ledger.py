"""`./recoup ledger`: keep a large ledger in the hub's database, ask it, and verify its positions.

A stored ledger belongs to one organisation, and nobody else sees it. Nothing is stored unless all
of a file is good.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recoup.cli import bench_ledger, environment, progress
from recoup.cli.trace import CannotTrace
from recoup.core.tracing import RULES, Ledger, LedgerRefused, Seed, cases
from recoup.core.tracing.cases import as_expect
from recoup.core.tracing.walk import SHORTFALLS
from recoup.standards import flow_csv

if TYPE_CHECKING:
    from recoup.apps.ledgers import models
    from recoup.core.access import Actor

REFUSED: Final = 2
WRONG: Final = 3


class _Given:
    """A ledger that was read or made; asset and decimals of its units."""

    def __init__(self, name: str, ledger: Ledger, asset: str, decimals: int) -> None:
        self.name, self.ledger, self.asset, self.decimals = name, ledger, asset, decimals


def main(argv: Sequence[str]) -> int:
    """Do one of the acts; 2 if something was refused, 3 if positions are not right."""
    options = _parser().parse_args(argv)
    os.environ["RECOUP_ROLE"] = "app"
    try:
        environment.prepare_django()
        import django

        django.setup()
        return int(ACTS[options.act](options))
    except (environment.NoDatabase, CannotTrace, LedgerRefused, flow_csv.NotReadable) as refusal:
        print(f"recoup: {refusal}", file=sys.stderr)
        return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./recoup ledger", description=__doc__)
    acts = parser.add_subparsers(dest="act", required=True, metavar="ACT")
    load = acts.add_parser("load", help="store a file or an invented ledger, with its positions")
    load.add_argument("file", nargs="?", type=Path, metavar="FILE")
    load.add_argument("--generate", type=float, metavar="N", help="N invented transfers instead")
    load.add_argument("--workload", choices=bench_ledger.WORKLOADS, default="base")
    load.add_argument("--seed", type=int, default=1, help="of the invented ledger (1)")
    load.add_argument("--format", choices=["csv", "cases"], default="csv", help="of the file (csv)")
    load.add_argument("--case", help="which case of a file of cases")
    load.add_argument("--sources", type=Path, metavar="F", help="addresses outside the ledger")
    load.add_argument("--shortfall", choices=SHORTFALLS, help="(unseen, or as the case says)")
    load.add_argument("--name", help="(the file's)")
    acts.add_parser("list", help="the organisation's stored ledgers")
    verify = acts.add_parser("verify", help="compare positions with the record and the checksums")
    rebuild = acts.add_parser("rebuild", help="work positions out again from the record")
    book = acts.add_parser("book", help="book a later file's transfers into a case's imported flow")
    trace = acts.add_parser("trace", help="follow payments through a stored ledger")
    for one in (verify, rebuild, book, trace):
        one.add_argument("id", type=int, help="number of the stored ledger")
    book.add_argument("file", type=Path, metavar="FILE", help="flow of crypto-assets (CSV)")
    trace.add_argument("payment", nargs="+", help="id of a victim's payment, or ID=UNITS of it")
    trace.add_argument("--rule", choices=list(RULES), default="fifo")
    trace.add_argument("--as-of", type=int, metavar="T", help="transfers up to this time only")
    for one in acts.choices.values():
        one.add_argument("--organisation", default="police", help="code of whose it is (police)")
    return parser


def load(options: argparse.Namespace) -> int:
    """Store a ledger; nothing is stored if any of it is refused."""
    from recoup.apps.ledgers import load_operations, positions

    given = _given(options)
    with _acting(options.organisation) as (actor, at):
        with progress.ticking("load") as step:
            stored = load_operations.load(
                name=given.name, ledger=given.ledger, by=actor, at=at,
                shortfall=options.shortfall or "unseen",
                asset=load_operations.Asset(given.asset, given.decimals),
                watch=lambda told: setattr(step, "note", told),
            )  # fmt: skip
            step.note = f"{len(given.ledger.transfers):,} transfers"
        checksum = positions.checksum(stored.id)
    _clean_up()
    print(f"Stored as ledger {stored.id}; checksum of its positions {checksum}.")
    if given.ledger.seeds:
        first = given.ledger.seeds[0].transfer
        print(f"Follow a payment: ./recoup ledger trace {stored.id} '{first}'")
    return 0


def list_all(options: argparse.Namespace) -> int:
    from recoup.apps.ledgers import queries

    with _acting(options.organisation) as (actor, _):
        for row in queries.visible_to(actor).order_by("id"):
            print(f"{row.id:>6}  {row.loaded_at:%Y-%m-%d %H:%M}  {row.shortfall:<10} {row.name}")
    return 0


def verify(options: argparse.Namespace) -> int:
    """Compare what is stored with what the record gives; 3 if it differs."""
    from recoup.apps.ledgers import positions

    with _found(options) as (stored, _), progress.ticking("verify"):
        found = positions.verify(stored.id, shortfall=stored.shortfall, method=stored.method)
    for wrong in found.wrong:
        print(f"  wrong: {wrong}")
    if not found.is_method_known:
        print(f"  The positions are of method {stored.method}, which is not today's.")
    advice = "right" if found.is_right else f"NOT right: ./recoup ledger rebuild {stored.id}"
    print(f"Checksum {found.checksum}; the positions are {advice}.")
    return 0 if found.is_right else WRONG


def rebuild(options: argparse.Namespace) -> int:
    from recoup.apps.ledgers import operations

    with _found(options) as (stored, _), progress.ticking("rebuild"):
        operations.rebuild(ledger=stored)
    return 0


def book(options: argparse.Namespace) -> int:
    """Book what a later file has beyond an imported flow; nothing if any of it is refused."""
    from recoup.apps.traces import late_operations
    from recoup.apps.traces.models import ImportedLedger

    document = _read(options.file)
    with _acting(options.organisation) as (actor, at):
        imported = ImportedLedger.objects.filter(stored=options.id).first()
        if imported is None:
            raise CannotTrace(f"Ledger {options.id} is no imported flow of a case here.")
        try:
            later = late_operations.add_later(
                imported=imported, name=options.file.name[:200], document=document, by=actor, at=at
            )
        except late_operations.CannotAdd as refusal:
            raise CannotTrace(str(refusal)) from None
    told = "traced again" if later.is_traced_again else "not in the money's way"
    counts = f"{later.rows:,} booked, {later.late:,} of them before others"
    print(f"{counts}, {later.known:,} were there already; {told}.")
    return 0


def trace(options: argparse.Namespace) -> int:
    """Print an answer as JSON, in the form of a file of cases; sums of accounts with money only."""
    from recoup.apps.ledgers import in_memory

    with _found(options) as (stored, _):
        seeds = [_seed(written) for written in options.payment]
        found = in_memory.trace_by(options.rule, stored, seeds, as_of=options.as_of)
        told = as_expect(found)
        for table in ("balances", "unseen"):
            told[table] = {name: n for name, n in told[table].items() if name in found.held}
    facts = {"ledger": stored.name, "rule": options.rule, "source": RULES[options.rule].source,
             "shortfall": stored.shortfall, "as_of": options.as_of}  # fmt: skip
    print(json.dumps(facts | told, ensure_ascii=False, indent=1))
    return 0


ACTS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "load": load, "list": list_all, "verify": verify, "rebuild": rebuild, "book": book,
    "trace": trace,
}  # fmt: skip


def _seed(written: str) -> Seed:
    name, sign, units = written.rpartition("=")
    return Seed(name, int(units)) if sign and units.isdigit() else Seed(written)


def _given(options: argparse.Namespace) -> _Given:
    """Read the file, or make up a ledger; raises what says why not."""
    if (options.file is None) == (options.generate is None):
        raise CannotTrace("Give either a FILE or --generate N.")
    if options.file is None:
        size = int(options.generate)
        with progress.ticking("generate"):
            made = bench_ledger.generate(size, seed=options.seed, workload=options.workload)
        return _Given(options.name or f"{size:,} invented transfers", made, "EUR", 2)
    document = _read(options.file)
    name = options.name or options.file.name
    if options.format == "cases":
        case = _case(cases.read(document), options)
        options.shortfall = options.shortfall or case.shortfall
        return _Given(name, case.ledger, "", 0)
    sources = options.sources or options.file.parent / "source addresses.csv"
    try:
        outside = flow_csv.read_addresses(sources.read_bytes())
    except OSError as fault:
        raise CannotTrace(
            f"Cannot read {sources}: {fault.strerror}. Name the list of the victims' or first "
            "addresses with --sources."
        ) from None
    return _Given(name, _flow(document, outside), "USD", 6)


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as fault:
        raise CannotTrace(f"Cannot read {file}: {fault.strerror}.") from None


def _flow(document: bytes, outside: frozenset[str]) -> Ledger:
    return flow_csv.read(document, form=flow_csv.LONG).ledger(sources=outside)


def _case(read: Sequence[cases.Case], options: argparse.Namespace) -> cases.Case:
    found = [case for case in read if options.case in (None, case.id)]
    if len(found) != 1:
        raise CannotTrace(
            f"{options.file} has {len(read)} cases, and {len(found)} of them fit. Name one with "
            f"--case: {', '.join(case.id for case in read[:20])}."
        )
    return found[0]


@contextmanager
def _acting(code: str) -> Iterator[tuple[Actor, Any]]:
    """In the scope of an organisation, as the hub itself acts for it."""
    from recoup.apps.members import queries
    from recoup.apps.members.models import Organisation
    from recoup.apps.members.scope import scope

    organisation = Organisation.objects.filter(code=code).first()
    if organisation is None:
        known = ", ".join(Organisation.objects.values_list("code", flat=True).order_by("code")[:30])
        raise CannotTrace(f"There is no organisation {code!r}. Some that are there: {known}.")
    actor = queries.hub_actor(organisation)
    with scope(actor) as at:
        yield actor, at


@contextmanager
def _found(options: argparse.Namespace) -> Iterator[tuple[models.Ledger, Actor]]:
    from recoup.apps.ledgers import queries

    with _acting(options.organisation) as (actor, _):
        stored = queries.visible_to(actor).filter(id=options.id).first()
        if stored is None:
            raise CannotTrace(f"{options.organisation} has no stored ledger {options.id}.")
        yield stored, actor


def _clean_up() -> None:
    """Let the database know the new rows at once; without it, it does so by itself in a while."""
    import psycopg

    with progress.ticking("vacuum and analyse"):
        with psycopg.connect(os.environ[environment.OWNER], autocommit=True) as owner:
            owner.execute("vacuum (analyze) ledgers_account, ledgers_transfer")
