"""The clerk of the bank without IT, for `./recoup demo` only: looks up, answers, one by one.

In the browser this is a person. The demo gives that bank a key of its own for as long as it plays;
`python -m recoup.cli.demo_clerk FILE` makes it, as the owner of the tables, and `--end` ends it.
"""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from recoup.cli import environment, prepare
from recoup.cli.environment import Databases
from recoup.demo import answering, ledger, stories
from recoup.demo.client import Hub, HubRefused, HubSilent, body_of

BANK: Final = "linden"
THINKING_SECONDS: Final = 2.0
LOOKING_SECONDS: Final = 0.5
KEY_FILE: Final = environment.VAR / "demo" / "keys" / "linden-demo.key"


class NoKey(Exception):
    """The clerk could not get a key; the message holds what the program said."""


def with_key(databases: Databases, *, end: bool = False) -> str:
    """Make the key, or end it; returns it."""
    done = subprocess.run(
        [sys.executable, "-m", "recoup.cli.demo_clerk", str(KEY_FILE), *(["--end"] * end)],
        env=environment.child_environment(databases, RECOUP_ROLE="owner"),
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    if done.returncode:
        raise NoKey(f"The clerk of the bank without IT got no key:\n{done.stderr[-1500:]}")
    return "" if end else KEY_FILE.read_text()


@dataclass(slots=True)
class Clerk:
    """Answers the tickets about some accounts from the bank's own ledger."""

    url: str
    key: str
    accounts: frozenset[str]
    answered: set[str] = field(default_factory=set)
    refused: list[str] = field(default_factory=list)
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Look into the queue until `ended` is set."""
        hub = Hub(self.url, self.key, timeout_seconds=15)
        with closing(ledger.open_ledger(stories.ledger_path(prepare.LEDGERS, BANK))) as db:
            while not self.ended.wait(LOOKING_SECONDS):
                try:
                    for ticket in hub.tickets("open")["tickets"]:
                        if ticket["account"]["ident"] in self.accounts:
                            self._answer(db, hub, ticket)
                except HubSilent:
                    continue

    def _answer(self, db: Any, hub: Hub, ticket: dict[str, Any]) -> None:
        self.ended.wait(THINKING_SECONDS)
        now = ledger.text_of(datetime.now(UTC))
        done = answering.execute(db, ticket, at=now, due_at=now)
        if done is None:
            return
        try:
            receipt = hub.post(
                "/api/v1/answers", body_of({"answers": [done.body]}), str(uuid.uuid4())
            )["receipts"][0]
        except HubRefused as refusal:
            receipt = {"verdict": "refused", "message": str(refusal)}
        db.execute(
            "update answer set verdict = ? where answer = ?",
            (receipt["verdict"], done.body["answer"]),
        )
        if receipt["verdict"] == "accepted":
            self.answered.add(ticket["account"]["ident"])
        else:
            self.refused.append(str(receipt.get("message")))


def main(argv: Sequence[str]) -> int:
    """Make the key and write it to a file that only its owner reads, or end it."""
    import django

    django.setup()
    from django.db import transaction

    from recoup.apps.audit import enrolment_operations, session_operations
    from recoup.apps.members.models import ApiKey, Organisation
    from recoup.apps.members.scope import database_time

    with transaction.atomic():
        at = database_time()
        mandate = enrolment_operations.enrol_person(
            organisation=Organisation.objects.get(code=BANK), full_name="Clerk of ./recoup demo",
            role="machine", email="demo@linden.invalid", at=at, is_system=True,
        )  # fmt: skip
        if "--end" in argv:
            ApiKey.objects.filter(mandate=mandate, revoked_at=None).update(revoked_at=at)
            Path(argv[0]).unlink(missing_ok=True)
        else:
            prepare.write_private(
                Path(argv[0]), session_operations.issue_key(mandate=mandate, at=at)
            )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
