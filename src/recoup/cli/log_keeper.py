"""`./recoup log-keeper`: places leaves, has checkpoints signed, gives them to witnesses.

One thread places, several times a second, and asks the signer for a checkpoint once a minute and
after each grave act; another speaks to the witnesses, so that a slow one keeps no leaf waiting.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

PLACE_SECONDS: Final = 0.25
CHECKPOINT_SECONDS: Final = 60.0
GRAVE_SECONDS: Final = 2.0  # many grave acts at once share a checkpoint
WITNESS_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 60.0
log = logging.getLogger("recoup.log")


def main(argv: Sequence[str]) -> int:
    """Run until SIGTERM or Ctrl-C; 1 if a witness is set that there cannot be."""
    os.environ.setdefault("RECOUP_ROLE", "planner")
    from recoup.cli.environment import prepare_django

    prepare_django()
    import django

    django.setup()
    from recoup.apps.audit import queries
    from recoup.apps.audit.witnesses import BadWitness

    try:
        queries.witnesses()
    except BadWitness as problem:
        print(f"recoup: RECOUP_WITNESSES: {problem}", file=sys.stderr)
        return 1
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    teller = threading.Thread(target=_again, args=(stop, Teller().beat, WITNESS_SECONDS))
    teller.start()
    try:
        _again(stop, Keeper().beat, PLACE_SECONDS)
    finally:
        stop.set()
        teller.join(timeout=1)
    return 0


def _again(stop: threading.Event, beat: Callable[[], float], seconds: float) -> None:
    """Beat after beat; a database that went away is found again, any other trouble is told."""
    from django.db import DatabaseError, InterfaceError, connection

    while not stop.is_set():
        pause = seconds
        try:
            pause = max(seconds, beat())
        except (DatabaseError, InterfaceError) as trouble:
            log.warning("database away: %s", str(trouble).splitlines()[:1])
            connection.close()
            pause = 1.0
        except Exception:
            log.exception("a beat of the log failed; it is tried again")
            pause = 1.0
        stop.wait(pause)


class Keeper:
    """Places what waits and has it signed. A beat returns how long nothing need be done."""

    def __init__(self) -> None:
        from recoup.apps.audit.sequence_operations import Order

        self.order = Order()
        self.signed_at = time.monotonic() - CHECKPOINT_SECONDS
        self.is_grave = False
        self.pause = 0.0

    def beat(self) -> float:
        from recoup.apps.audit.sequence_operations import place_waiting

        is_more = True
        while is_more:
            placed = place_waiting(self.order)
            self.is_grave |= placed.is_grave
            is_more = placed.is_more
        wanted = GRAVE_SECONDS if self.is_grave else CHECKPOINT_SECONDS
        if time.monotonic() - self.signed_at >= max(wanted, self.pause):
            self.sign()
        return 0.0

    def sign(self) -> None:
        """Ask for a checkpoint; a signer that does not answer is asked again, ever less often."""
        from recoup.apps.audit import checkpoint_operations
        from recoup.apps.members.scope import database_time
        from recoup.cli import log_place
        from recoup.core.checkpoints import NotSigned

        self.signed_at = time.monotonic()
        at = database_time()
        try:
            checkpoint_operations.make_checkpoint(
                ask=log_place.sign, last=lambda: int(log_place.last_signed()["size"]), at=at
            )
        except NotSigned as problem:
            log.error("no checkpoint: %s", problem)
            checkpoint_operations.note_trouble(checkpoint_operations.SIGNER, str(problem), at=at)
            self.pause = min(max(1.0, self.pause * 2), LONGEST_PAUSE_SECONDS)
            self.is_grave = True
        else:
            checkpoint_operations.forget_trouble(checkpoint_operations.SIGNER)
            self.is_grave, self.pause = False, 0.0


class Teller:
    """Gives checkpoints to the witnesses; after failures ever less often."""

    def __init__(self) -> None:
        self.pause = 0.0

    def beat(self) -> float:
        from recoup.apps.audit import queries
        from recoup.apps.audit.witness_operations import tell_witnesses
        from recoup.apps.members.scope import database_time

        failed = tell_witnesses(queries.witnesses(), at=database_time())
        self.pause = min(max(2.0, self.pause * 2), LONGEST_PAUSE_SECONDS) if failed else 0.0
        return self.pause
