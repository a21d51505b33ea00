"""`recoup-verify`: the table of checks, and the one place that calls them.

Exit codes: 0 all is well, 1 something is wrong (the first bad position is the first line), 2
nothing could be checked.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Sequence
from typing import Final, cast

from recoup_verify.findings import GOOD, UNREADABLE, CannotCheck

# A check is a function that takes the arguments after its name and returns an exit code.
CHECKS: Final[dict[str, tuple[str, str]]] = {
    "log": ("recoup_verify.log:main", "check a log that a hub exported, against a checkpoint"),
    "bundle": ("recoup_verify.bundle:main", "check a court bundle, without the hub"),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one check; returns an exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        _help()
        return GOOD if arguments else UNREADABLE
    entry = CHECKS.get(arguments[0])
    if entry is None:
        known = ", ".join(CHECKS)
        _complain(f"there is no check {arguments[0]!r}; there are: {known}.")
        return UNREADABLE
    try:
        return _load(entry[0])(arguments[1:])
    except CannotCheck as problem:
        _complain(str(problem))
        return UNREADABLE


def _load(entry: str) -> Callable[[Sequence[str]], int]:
    module, _, name = entry.partition(":")
    return cast(Callable[[Sequence[str]], int], getattr(importlib.import_module(module), name))


def _help() -> None:
    print(f"{__doc__}\nusage: recoup-verify CHECK [arguments]\n")
    for name, (_, summary) in CHECKS.items():
        print(f"  {name:8} {summary}")


def _complain(text: str) -> None:
    print(f"recoup-verify: {text}", file=sys.stderr)
