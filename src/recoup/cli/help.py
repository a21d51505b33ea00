"""`./recoup help`: every command in one line, or one command in full."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

INTRODUCTION = """\
Recoup: where a country's authorities and institutions act together on online fraud,
while the money can still be caught.

    ./recoup            start everything, open the address it prints
    ./recoup COMMAND    one of these:
"""

ENVIRONMENT = """\
Settings, all optional:
    RECOUP_PORT             the port of the pages and the API (8000, or the next free one)
    RECOUP_VAR              the folder of data and logs (var/ in the checkout)
    RECOUP_BANK_DELAY       seconds that a demo bank takes to answer: 1-5, or 0
    RECOUP_PUBLIC_ADDRESS   the address that papers print for checking them
    RECOUP_AUTHORITY        the folder of the certificates that sign papers (var/authority)
    RECOUP_TIMESTAMP_URL    an authority of time for signed papers (none)
    RECOUP_WITNESSES        who outside gets the log's checkpoints: NAME=drop:/folder …
    RECOUP_WITNESSED_LOGS   public keys of other hubs' logs that this one witnesses (none)
    RECOUP_OUTGOING_PRIVATE hosts of your own network that the hub may call, with commas (none)
    DATABASE_URL            a PostgreSQL 17+ of your own, as recoup_app (web); then also
    DATABASE_PLANNER_URL      as recoup_planner (worker) and
    DATABASE_OWNER_URL        as recoup_owner (migrations). Without them an embedded one is used.

More in docs/running.md.
"""


def main(argv: Sequence[str]) -> int:
    from recoup.cli.main import COMMANDS, unknown

    if argv:
        if argv[0] not in COMMANDS:
            return unknown(argv[0])
        return COMMANDS[argv[0]].load()(["--help"])
    print(INTRODUCTION)
    for group, commands in itertools.groupby(COMMANDS.items(), key=lambda item: item[1].group):
        print(f"{group}")
        for name, command in commands:
            print(f"    {name:12}{command.summary}")
        print()
    print(ENVIRONMENT, end="")
    return 0
