"""`recoup trace FILE`: follow stolen money through a file, under one tracing rule or several.

The file is a CSV of transfers of crypto-assets, or a file of tracing cases in JSON. Nothing is
traced unless all of it is good; each refused value is named.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final, TypeVar

from recoup.apps.traces import case_list
from recoup.apps.traces.comparison import Comparison
from recoup.apps.traces.findings import Findings
from recoup.cli import trace_exports, trace_transfers
from recoup.cli.trace_exports import CannotWrite
from recoup.core.tracing import RULES, cases
from recoup.core.tracing.facts import CaseRefused
from recoup.core.tracing.walk import SHORTFALLS
from recoup.standards import flow_csv
from recoup.standards.flow_csv import NotReadable

REFUSED: Final = 2
DOES_NOT_ADD_UP: Final = 3
FOR_CSV: Final = (
    "rule", "rules", "shortfall", "as_of", "sources", "terminals", *trace_exports.OUTPUTS,
    "language", "case", "prepared_by", "prepared",
)  # fmt: skip
_Read = TypeVar("_Read")


class CannotTrace(Exception):
    """There is nothing to trace; the message says what to do."""


class _FileRefused(Exception):
    def __init__(self, path: Path, fault: NotReadable) -> None:
        self.path, self.fault = path, fault
        super().__init__(str(fault))


def main(argv: list[str]) -> int:
    """Trace a file and print what was found; returns 2 if a file was refused.

    Returns 3 if the result does not add up, which would be a fault of ours.
    """
    if trace_transfers.is_asked(argv):
        return trace_transfers.main(argv)
    options = _options(argv)
    try:
        return _trace_cases(options) if options.format == "cases" else _trace_flow(options)
    except _FileRefused as refusal:
        _print_refusal(refusal, as_json=options.json)
    except (CannotTrace, CannotWrite) as refusal:
        print(refusal, file=sys.stderr)
    return REFUSED


def _options(argv: list[str]) -> argparse.Namespace:
    parser = _parser()
    options = parser.parse_args(argv)
    if options.format == "cases":
        for name in FOR_CSV:
            if getattr(options, name) is not None:
                option = name.replace("_", "-")
                parser.error(
                    f"--{option} is for CSV files: each case names its own rule and policy."
                )
    for name in trace_exports.ONE_RULE:
        if getattr(options, name) and options.rules and len(options.rules) > 1:
            parser.error(f"--{name} is for one rule. Name it with --rule.")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="recoup trace",
        description="Follow stolen crypto-assets through a CSV file of transfers, or trace a file "
        "of cases. docs/tracing.md explains the rules and the result.",
    )
    parser.add_argument("file", type=Path, metavar="FILE")
    parser.add_argument(
        "--format",
        choices=["csv", "transfers", "cases"],
        default="csv",
        help="transfers: any ledger as CSV (--format transfers --help); cases: JSON",
    )
    rules = parser.add_mutually_exclusive_group()
    rules.add_argument("--rule", choices=list(RULES), help="(default: fifo)")
    rules.add_argument(
        "--rules",
        type=_several_rules,
        metavar="all|R,R",
        help="several rules side by side, such as fifo,libr; or all",
    )
    parser.add_argument(
        "--shortfall",
        choices=SHORTFALLS,
        help="what an account lacked when it paid: unseen money (default), or an overdraft",
    )
    parser.add_argument(
        "--as-of",
        type=trace_exports.moment,
        metavar="DATE",
        help="only transfers up to this day, or moment (UTC)",
    )
    parser.add_argument(
        "--sources",
        type=Path,
        metavar="F",
        help="victims' or first addresses, one a line (default: 'source addresses.csv' beside it)",
    )
    parser.add_argument(
        "--terminals",
        type=Path,
        metavar="F",
        help="addresses where the flow ends (default: 'terminal addresses.csv' beside it)",
    )
    parser.add_argument("--json", action="store_true", help="for machines")
    parser.add_argument("--all", action="store_true", help="name every address in the table")
    trace_exports.add_to(parser)
    return parser


def _several_rules(written: str) -> tuple[str, ...]:
    if written == "all":
        return tuple(RULES)
    named = tuple(dict.fromkeys(written.split(",")))
    for rule in named:
        if rule not in RULES:
            raise argparse.ArgumentTypeError(
                f"there is no rule {rule!r}. Use all, or some of: {','.join(RULES)}"
            )
    return named


def _trace_cases(options: argparse.Namespace) -> int:
    """Answer every case of a file, or none."""
    try:
        read = cases.read(_bytes(options.file))
        found = case_list.answers(read)
    except CaseRefused as fault:
        _print_refused_case(options.file, fault, as_json=options.json)
        return REFUSED
    _let_numbers_be_long()
    print(case_list.as_json(found) if options.json else case_list.as_text(read, found))
    return 0


def _trace_flow(options: argparse.Namespace) -> int:
    rules = options.rules or (options.rule or "fifo",)
    several = _find(options, rules)
    _let_numbers_be_long()
    written = trace_exports.write(options, several)
    found = Comparison(several) if options.rules else several[0]
    if options.json:
        print(found.as_json())
    else:
        print(found.as_text(all_places=options.all))
        print("".join(f"\nWritten: {path}" for path in written), end="\n" if written else "")
    return 0 if found.adds_up else DOES_NOT_ADD_UP


def _let_numbers_be_long() -> None:
    """Exact fractions grow past the digits that Python writes; called once all is read."""
    sys.set_int_max_str_digits(0)


def _find(options: argparse.Namespace, rules: tuple[str, ...]) -> tuple[Findings, ...]:
    """Read the three files and trace by each rule; raises when any of them cannot be taken."""
    beside = options.file.parent
    flow = _read(options.file, flow_csv.read, "")
    sources = _read(
        options.sources or beside / "source addresses.csv",
        flow_csv.read_addresses,
        "Name the list of the victims' or first addresses with --sources.",
    )
    terminals = _read(
        options.terminals or beside / "terminal addresses.csv",
        flow_csv.read_addresses,
        "Name the list of addresses where the flow ends with --terminals.",
    )
    name, shortfall = options.file.name, options.shortfall or "unseen"
    as_of = int(options.as_of.timestamp()) if options.as_of else None
    several = tuple(
        Findings(name, rule, flow, sources, terminals, shortfall=shortfall, as_of=as_of)
        for rule in rules
    )
    if not several[0].ledger.seeds:
        raise CannotTrace(
            f"None of the {len(sources):,} source addresses pays anything in {options.file}, so "
            "there is no loss to follow. Check that the lists belong to this file."
        )
    if as_of is not None and not several[0].shares.payments:
        raise CannotTrace(
            f"No source address has paid anything up to {several[0].until}, so there is no loss to "
            "follow yet. Take a later --as-of."
        )
    return several


def _read(path: Path, reader: Callable[[bytes], _Read], advice: str) -> _Read:
    try:
        return reader(_bytes(path, advice))
    except NotReadable as fault:
        raise _FileRefused(path, fault) from None


def _bytes(path: Path, advice: str = "") -> bytes:
    try:
        return path.read_bytes()
    except OSError as fault:
        raise CannotTrace(f"Cannot read {path}: {fault.strerror}. {advice}".strip()) from None


def _print_refusal(refusal: _FileRefused, *, as_json: bool) -> None:
    refused = refusal.fault.refused
    if as_json:
        facts = {"file": str(refusal.path), "refused": [asdict(one) for one in refused]}
        print(json.dumps(facts, ensure_ascii=True, indent=1))
        return
    things = "one thing" if len(refused) == 1 else f"{len(refused):,} things"
    print(f"{refusal.path} was not traced; {things} to correct:", file=sys.stderr)
    for one in refused:
        print(f"  {one}", file=sys.stderr)


def _print_refused_case(path: Path, fault: CaseRefused, *, as_json: bool) -> None:
    print(f"{path} was not traced; {fault}", file=sys.stderr)
    if as_json:
        one = {"case": fault.case, "key": fault.key, "value": fault.value, "problem": fault.problem}
        print(json.dumps({"file": str(path), "refused": [one]}, ensure_ascii=True, indent=1))
