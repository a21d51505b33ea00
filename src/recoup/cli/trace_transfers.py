"""`recoup trace FILE --format transfers`: any ledger as CSV, a million rows in seconds.

While a long file is read, a bar stands on a terminal's standard error; without a terminal there is
none, or a plain line now and then where ``--progress`` asks for it.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final, TextIO

from recoup.apps.traces.transfer_findings import find, paid_by
from recoup.core.tracing import RULES, LedgerRefused
from recoup.core.tracing.walk import SHORTFALLS
from recoup.data import currencies
from recoup.standards import transfers_csv
from recoup.standards.transfers_csv import NotReadable, Refusal, TransferFile

REFUSED: Final = 2
DOES_NOT_ADD_UP: Final = 3
FORMAT: Final = "transfers"
BAR: Final = 24
EVERY_SECONDS: Final = 0.2
PLAIN_EVERY_SECONDS: Final = 2.0


class CannotTrace(Exception):
    """There is nothing to trace; the message says what to do."""


def is_asked(argv: Sequence[str]) -> bool:
    """Whether the arguments name this format."""
    pairs = zip(argv, argv[1:], strict=False)
    return f"--format={FORMAT}" in argv or ("--format", FORMAT) in pairs


def main(argv: list[str]) -> int:
    """Trace a file of transfers; returns 2 if it was refused, 3 if the result does not add up."""
    options = _parser().parse_args(argv)
    try:
        return _trace(options)
    except NotReadable as fault:
        _print_refused(options, fault)
    except (CannotTrace, LedgerRefused) as fault:
        print(fault, file=sys.stderr)
    return REFUSED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="recoup trace FILE --format transfers",
        description="Follow money through a CSV of transfers between accounts: "
        f"{','.join(transfers_csv.COLUMNS)}[,{','.join(transfers_csv.OPTIONAL)}]. One currency a "
        "file; times are UTC where they do not say their zone.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument("--format", choices=[FORMAT], default=FORMAT, help=argparse.SUPPRESS)
    parser.add_argument(
        "--losses", type=Path, metavar="F", help="victims' payments: ids, one a line"
    )
    parser.add_argument(
        "--sources", type=Path, metavar="F",
        help="accounts outside the ledger whose every payment is a loss, one a line",
    )  # fmt: skip
    parser.add_argument("--rule", choices=list(RULES), default="fifo", help="(default: fifo)")
    parser.add_argument(
        "--shortfall", choices=SHORTFALLS, default="unseen",
        help="what an account lacked when it paid: unseen money (default), or an overdraft",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--all", action="store_true", help="name every account in the table")
    parser.add_argument(
        "--progress", action="store_true", help="say how far it is, without a terminal too"
    )
    return parser


def _trace(options: argparse.Namespace) -> int:
    if not (options.losses or options.sources):
        raise CannotTrace(
            "Say what was lost: --losses FILE with the ids of the victims' payments, or --sources "
            "FILE with the accounts that the losses came from."
        )
    losses = _names(options.losses)
    sources = frozenset(_names(options.sources))
    with _without_collecting():
        file = _read(options)
        paid = [*losses, *(one for one in paid_by(file, sources) if one not in set(losses))]
        if not paid:
            raise CannotTrace(
                f"None of the {len(sources):,} source accounts pays anything in {options.file}, so "
                "there is no loss to follow. Check that the list belongs to this file."
            )
        try:
            found = find(
                options.file.name, file, rule=options.rule, losses=paid, external=sources,
                shortfall=options.shortfall,
            )  # fmt: skip
        except LedgerRefused as fault:
            raise _at_its_line(file, fault) from None
    sys.set_int_max_str_digits(0)
    print(found.as_json() if options.json else found.as_text(all_places=options.all))
    return 0 if found.adds_up else DOES_NOT_ADD_UP


def _at_its_line(file: TransferFile, fault: LedgerRefused) -> Exception:
    """A transfer that stops the trace, named with its line; a row is a line, after the header."""
    if fault.value not in file.ids:
        return fault
    line = file.ids.index(fault.value) + 2
    return NotReadable((Refusal(line, "id", fault.value, fault.problem),))


@contextmanager
def _without_collecting() -> Iterator[None]:
    """Millions of values that stay are made here; looking for rings among them finds none."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _read(options: argparse.Namespace) -> TransferFile:
    try:
        size = options.file.stat().st_size
        with options.file.open("rb") as file, shown(size, always=options.progress) as bar:
            return transfers_csv.read(file, currencies=currencies(), told=bar.told)
    except OSError as fault:
        raise CannotTrace(f"Cannot read {options.file}: {fault.strerror}.") from None


def _names(path: Path | None) -> list[str]:
    if path is None:
        return []
    try:
        return transfers_csv.read_names(path.read_bytes())
    except OSError as fault:
        raise CannotTrace(f"Cannot read {path}: {fault.strerror}.") from None


def _print_refused(options: argparse.Namespace, fault: NotReadable) -> None:
    refused = fault.refused
    if options.json:
        facts = {"file": str(options.file), "refused": [asdict(one) for one in refused]}
        print(json.dumps(facts, ensure_ascii=True, indent=1))
        return
    things = "one thing" if len(refused) == 1 else f"{len(refused):,} things"
    print(f"{options.file} was not traced; {things} to correct:", file=sys.stderr)
    for one in refused:
        print(f"  {one}", file=sys.stderr)


# How far it is


@dataclass(slots=True)
class Bar:
    """How far a file is read, on standard error. is_moving: one line that changes."""

    size: int
    out: TextIO
    is_moving: bool
    started: float = field(default_factory=time.monotonic)
    last: float = field(default_factory=time.monotonic)
    was_shown: bool = False

    def told(self, done: int, rows: int) -> None:
        """Show how far it is, not more often than a reader can follow."""
        now = time.monotonic()
        if now - self.last < (EVERY_SECONDS if self.is_moving else PLAIN_EVERY_SECONDS):
            return
        self.last, self.was_shown = now, True
        share = min(done / self.size, 1.0) if self.size else 1.0
        full = round(share * BAR)
        line = f"{share:>5.0%}  {rows:,} rows  {now - self.started:.0f} s"
        if self.is_moving:
            print(f"\r\033[K  [{'#' * full}{'.' * (BAR - full)}] {line}", end="", file=self.out,
                  flush=True)  # fmt: skip
        else:
            print(f"  reading: {line.strip()}", file=self.out, flush=True)

    def clear(self) -> None:
        if self.is_moving and self.was_shown:
            print("\r\033[K", end="", file=self.out, flush=True)


class _Silent:
    told = None


@contextmanager
def shown(size: int, *, always: bool) -> Iterator[Bar | _Silent]:
    """A bar on a terminal, plain lines where they are asked for, else nothing."""
    is_terminal = sys.stderr.isatty()
    if not (is_terminal or always):
        yield _Silent()
        return
    bar = Bar(size, sys.stderr, is_terminal)
    try:
        yield bar
    finally:
        bar.clear()
