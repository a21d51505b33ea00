"""`./recoup vault`: look after the evidence vault of the running hub.

check   reads every file and compares it with its digest, and names pieces that are no file's
rotate  makes a new wrapping key and wraps every file's key with it; no stored byte changes
sweep   removes pieces that belong to no file, a day after they came
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from recoup.cli import environment


def main(argv: Sequence[str]) -> int:
    """Do one of them; 1 if the check found trouble, 2 if there is no database."""
    parser = argparse.ArgumentParser(
        prog="./recoup vault", description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("act", choices=["check", "rotate", "sweep"])
    parser.add_argument(
        "--destroy-old", action="store_true",
        help="with rotate: destroy the keys before; older copies of the database open nothing then",
    )  # fmt: skip
    options = parser.parse_args(argv)
    os.environ["RECOUP_ROLE"] = "planner"
    try:
        environment.prepare_django()
    except environment.NoDatabase as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 2
    import django

    django.setup()
    return act(options)


def act(options: argparse.Namespace) -> int:
    """Do it in a Django that is set up, as the planner."""
    from recoup.apps.evidence import vault_operations as vault

    if options.act == "rotate":
        number, count = vault.rotate(destroy_old=options.destroy_old)
        print(f"Key {number} wraps the keys of {count} files now.")
        return 0
    if options.act == "sweep":
        print(f"{len(vault.sweep())} pieces of no file were removed.")
        return 0
    found = list(vault.check())
    trouble = [one for one in found if one is not None]
    for one in trouble:
        print(f"{one.where}: {one.what}")
    print(f"{found.count(None)} files are what was received" + (", see above" * bool(trouble)))
    return 1 if trouble else 0
