"""`./recoup authority`: the certificates that sign papers: show, renew, revoke.

The demonstration's own authority. It is not qualified, and outside the demonstration it makes
nothing: there the folder holds what a real authority issued (docs/papers.md).
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from recoup.apps.lawful_requests.papers.authority import Authority, Listed, NoAuthority
from recoup.cli import environment, measured

SOON = timedelta(days=30)
EPILOG = """\
Show what there is:                  ./recoup authority
New ones for one organisation:       ./recoup authority renew police
New ones for all:                    ./recoup authority renew
Refuse one from now on:              ./recoup authority revoke 5161…
"""


def main(argv: Sequence[str]) -> int:
    """Show, renew or revoke certificates; 0, or 1 if one has ended, or 2 if it cannot be done."""
    options = read_options(argv)
    now = datetime.now(UTC)
    authority = here()
    try:
        if options.act == "renew":
            authority.renew(options.what, at=now)
        elif options.act == "revoke":
            revoke(authority, options.what, now)
        else:
            authority.prepare(at=now)
    except NoAuthority as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 2
    listed = authority.listed()
    print(f"{authority.folder}\n{'A demonstration' if authority.may_make else 'No demonstration'}")
    print(measured.columns([HEAD, *(row(one, now) for one in listed)]))
    return 1 if any(one.valid_until <= now for one in listed) else 0


def read_options(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./recoup authority", description=__doc__, epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )  # fmt: skip
    parser.add_argument("act", nargs="?", choices=["show", "renew", "revoke"], default="show")
    parser.add_argument(
        "what", nargs="?", default="", help="an organisation's code, or the serial to revoke"
    )
    return parser.parse_args(argv)


def here() -> Authority:
    """The authority of this checkout, where the hub looks for it too."""
    folder = os.environ.get("RECOUP_AUTHORITY") or environment.VAR / "authority"
    return Authority(Path(folder), may_make=os.environ.get("RECOUP_DEMO", "1") == "1")


def revoke(authority: Authority, serial: str, now: datetime) -> None:
    """Put a serial number on the hub's list; raises NoAuthority for one that is not there."""
    known = {str(one.serial): one.serial for one in authority.listed()}
    if serial not in known:
        raise NoAuthority(f"There is no certificate with the serial {serial!r}; compare the list.")
    authority.revoke(known[serial], at=now)


HEAD = ("for", "until", "", "serial", "subject")


def row(one: Listed, now: datetime) -> tuple[str, ...]:
    state = "in force"
    if one.revoked_at is not None:
        state = f"revoked {one.revoked_at:%Y-%m-%d %H:%M}"
    elif one.valid_until <= now:
        state = "ENDED"
    elif one.valid_until - SOON <= now:
        state = "ends soon"
    return one.file, f"{one.valid_until:%Y-%m-%d}", state, str(one.serial), one.subject
