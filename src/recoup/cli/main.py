"""The table of commands, and the one place that calls them.

A command is a function that takes the arguments after its name and returns an exit code. It is
imported only when it is asked for, so that `help` and `trace` need neither Django nor a database.
"""

from __future__ import annotations

import difflib
import importlib
import os
import select
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, cast


@dataclass(frozen=True, slots=True)
class Command:
    """One line of the table.

    entry: where the function is, as `module:function`.
    group: the heading that it stands under in the help.
    """

    entry: str
    summary: str
    group: str

    def load(self) -> Callable[[Sequence[str]], int]:
        module, _, name = self.entry.partition(":")
        return cast(Callable[[Sequence[str]], int], getattr(importlib.import_module(module), name))


RUN, LOOK, MEASURE, PARTS = "Run it", "Look into it", "Change and measure it", "Its parts"

CLOSED_PIPE: Final = 128 + 13  # what a shell says of a program that SIGPIPE ended

COMMANDS: Final[dict[str, Command]] = {
    "up": Command("recoup.cli.up:main", "start the hub with a demo country (the default)", RUN),
    "demo": Command("recoup.cli.demo:main", "play a fraud and its answers, print the trail", RUN),
    "help": Command("recoup.cli.help:main", "show this, or the help of one command", RUN),
    "trace": Command("recoup.cli.trace:main", "follow the money in a file of transfers", LOOK),
    "law": Command("recoup.cli.law:main", "print the law of a country for a measure", LOOK),
    "ledger": Command(
        "recoup.cli.ledger:main", "keep a large ledger in the database, ask it, verify it", LOOK
    ),
    "invariants": Command(
        "recoup.cli.invariants:main", "check what must always be true, I01 to I20", LOOK
    ),
    "log": Command("recoup.cli.log:main", "export the log, show its key and checkpoints", LOOK),
    "verify": Command(
        "recoup_verify.cli:main", "check an exported log or bundle, as an outsider would", LOOK
    ),
    "backup": Command("recoup.cli.backup:main", "copy the hub, and every change as it comes", LOOK),
    "restore": Command("recoup.cli.restore:main", "make a hub of a backup, as of a moment", LOOK),
    "vault": Command(
        "recoup.cli.vault:main", "check the stored evidence, renew its wrapping key, sweep", LOOK
    ),
    "authority": Command(
        "recoup.cli.authority:main", "show, renew or revoke the certificates of papers", LOOK
    ),
    "first-officers": Command(
        "recoup.cli.first_officers:main", "enrol the first two officers of the hub's desk", LOOK
    ),
    "check": Command(
        "recoup.cli.check:main", "format, lint, types, import rules, migrations, docs", MEASURE
    ),
    "test": Command("recoup.cli.test:main", "run the tests, on a database of their own", MEASURE),
    "bench": Command("recoup.cli.bench:main", "measure speed under load", MEASURE),
    "load": Command("recoup.cli.load:main", "let people and banks arrive by the clock", MEASURE),
    "drill": Command("recoup.cli.drill:main", "kill parts at random; nothing may be lost", MEASURE),
    "faults": Command(
        "recoup.cli.faults:main", "plant sabotages; the tests must find nine in ten", MEASURE
    ),
    "sbom": Command(
        "recoup.cli.sbom:main", "list what the hub is made of; ask what of it is weak", MEASURE
    ),
    "fuzz": Command("recoup.cli.fuzz:main", "throw bytes at a reader, and keep finds", MEASURE),
    "web": Command("recoup.cli.environment:web", "serve the pages and the API", PARTS),
    "worker": Command("recoup.cli.worker:main", "do what waits: jobs and clocks", PARTS),
    "log-keeper": Command(
        "recoup.cli.log_keeper:main", "place the leaves of the log, tell its witnesses", PARTS
    ),
    "log-signer": Command("recoup.cli.log_signer:main", "sign the checkpoints of the log", PARTS),
    "log-cosigner": Command(
        "recoup.cli.log_cosigner:main", "sign, as a witness, the checkpoints of other hubs", PARTS
    ),
    "demo-bank": Command("recoup.cli.demo_bank:main", "run one bank of the demo country", PARTS),
    "migrate": Command("recoup.cli.environment:migrate", "bring the database up to date", PARTS),
    "manage": Command("recoup.cli.environment:manage", "any management command of Django", PARTS),
}


def main(argv: Sequence[str]) -> int:
    """Run one command; without a name, `up`, also with options of its own."""
    name, rest = (argv[0], list(argv[1:])) if argv else ("up", [])
    if name in ("-h", "--help"):
        name = "help"
    elif name.startswith("-"):
        name, rest = "up", list(argv)
    command = COMMANDS.get(name)
    if command is None:
        return unknown(name)
    try:
        code = command.load()(rest)
        sys.stdout.flush()  # else a closed pipe would be noticed only after this
        return code
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        if not is_closed(1) and not is_closed(2):
            raise
        # Whoever read has read enough (`| head`). Nothing more is written, at the end neither.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, 1)
        return CLOSED_PIPE


def is_closed(output: int) -> bool:
    """Whether nobody reads this pipe any more, so that it is no fault elsewhere."""
    poll = select.poll()
    poll.register(output, select.POLLOUT)
    return any(event & (select.POLLERR | select.POLLNVAL) for _, event in poll.poll(0))


def unknown(name: str) -> int:
    close = difflib.get_close_matches(name, COMMANDS, n=1)
    advice = f"Did you mean `{close[0]}`?" if close else "`./recoup help` lists the commands."
    print(f"recoup: there is no command {name!r}. {advice}", file=sys.stderr)
    return 2
