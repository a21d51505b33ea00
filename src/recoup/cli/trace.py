"""`recoup trace FILE.csv`: follow stolen crypto-assets through a file of transfers.

Nothing is traced unless every row is good; each refused value is named.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final, TypeVar

from recoup.apps.traces.document import page
from recoup.apps.traces.findings import Findings
from recoup.core.tracing import RULES
from recoup.standards import flow_csv
from recoup.standards.flow_csv import NotReadable

REFUSED: Final = 2
DOES_NOT_ADD_UP: Final = 3
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
    options = _parser().parse_args(argv)
    try:
        findings = _find(options)
        if options.html:
            _write_page(options.html, findings)
    except _FileRefused as refusal:
        _print_refusal(refusal, as_json=options.json)
        return REFUSED
    except CannotTrace as refusal:
        print(refusal, file=sys.stderr)
        return REFUSED
    if options.json:
        print(findings.as_json())
    else:
        print(findings.as_text(all_places=options.all))
        if options.html:
            print(f"\nThe page with the flow is in {options.html}")
    return DOES_NOT_ADD_UP if findings.shares.unaccounted else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="recoup trace",
        description="Follow stolen crypto-assets through a CSV file of transfers. "
        "docs/tracing.md explains the rules and the result.",
    )
    parser.add_argument("file", type=Path, metavar="FILE.csv")
    parser.add_argument("--rule", choices=list(RULES), default="fifo")
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
    parser.add_argument("--html", type=Path, metavar="OUT", help="write a page with the flow")
    return parser


def _find(options: argparse.Namespace) -> Findings:
    """Read the three files and trace; raises when any of them cannot be taken."""
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
    findings = Findings(options.file.name, options.rule, flow, sources, terminals)
    if not findings.ledger.seeds:
        raise CannotTrace(
            f"None of the {len(sources):,} source addresses pays anything in {options.file}, so "
            "there is no loss to follow. Check that the lists belong to this file."
        )
    return findings


def _read(path: Path, reader: Callable[[bytes], _Read], advice: str) -> _Read:
    try:
        return reader(path.read_bytes())
    except NotReadable as fault:
        raise _FileRefused(path, fault) from None
    except OSError as fault:
        raise CannotTrace(f"Cannot read {path}: {fault.strerror}. {advice}".strip()) from None


def _write_page(path: Path, findings: Findings) -> None:
    try:
        path.write_text(page(findings), encoding="utf-8")
    except OSError as fault:
        raise CannotTrace(f"Cannot write {path}: {fault.strerror}.") from None


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
