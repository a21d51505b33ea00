"""`./recoup invariants`: check that every unit of money is accounted for, in the running hub.

Asks each invariant of the data model as the planner, and prints it with what breaks it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from recoup.cli import environment

TICK, CROSS = "\N{CHECK MARK}", "\N{BALLOT X}"


def main(argv: Sequence[str]) -> int:
    """Print every invariant; 1 if one is broken, 2 if there is no database."""
    if list(argv) in (["--help"], ["-h"]):
        print(f"{__doc__}\nusage: ./recoup invariants")
        return 0
    if argv:
        print(f"recoup: invariants takes no {argv[0]!r}; it takes no arguments.", file=sys.stderr)
        return 2
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
        return report()
    except DatabaseError as problem:
        told = str(problem).splitlines()[0]
        print(
            f"recoup: the database could not be asked ({told}). Is it up to date? "
            "./recoup migrate brings it there.",
            file=sys.stderr,
        )
        return 2


def report() -> int:
    """Ask and print; runs in a Django that is set up, as the planner."""
    from recoup.apps.holds.invariants import check_all

    findings = check_all()
    for finding in findings:
        mark = CROSS if finding.offending else TICK
        print(f"{mark} {finding.invariant.name:9} {finding.invariant.meaning}")
        for offending in finding.offending:
            print(f"    {offending}")
    broken = sum(1 for finding in findings if finding.offending)
    print(f"\n{len(findings) - broken} of {len(findings)} hold" + (", see above" * bool(broken)))
    return 1 if broken else 0
