"""The program of one institution: fetch tickets, execute, answer, reconcile; nothing else.

A ticket is executed and its answer stored before it is acknowledged, in one transaction of the
institution's own ledger. So what was acknowledged cannot be lost, and what comes twice meets
the ledger's key. Answers wait in the out-box, are put into batches that keep their bytes and
their idempotency key until the hub has given a receipt, and are sent again until then.
"""

from __future__ import annotations

import json
import random
import sqlite3
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from recoup.demo import answering, ledger
from recoup.demo.client import Hub, HubRefused, HubSilent, body_of, pauses

RECONCILE_SECONDS: Final = 30.0
PATIENCE_SECONDS: Final = 2.0
QUICK_SECONDS: Final = 0.2
LAST_WORDS_SECONDS: Final = 4.0
BATCH: Final = 100
BATCH_BYTES: Final = 1_000_000

Say = Callable[[str], None]
# A measurement looks on through these; the program itself does not need them.
Hook = Callable[[list[dict[str, Any]]], None]


@dataclass(frozen=True, slots=True)
class Difference:
    """An account about which hub and institution disagree."""

    account: str
    currency: str
    hub_minor: int
    bank_minor: int

    def __str__(self) -> str:
        return (
            f"{self.account} {self.currency}: the hub knows {self.hub_minor}, "
            f"held here {self.bank_minor} (minor units)"
        )


@dataclass(slots=True)
class DemoBank:
    """One institution. ``delay`` is how long an answer takes, in seconds from and to."""

    code: str
    url: str
    key: str
    path: Path
    delay: tuple[float, float] = (1.0, 5.0)
    seed: int = 0
    say: Say = lambda line: None
    wait_seconds: int = 25
    on_tickets: Hook = lambda rows: None
    on_receipts: Hook = lambda rows: None
    ended: threading.Event = field(default_factory=threading.Event)
    _due: threading.Event = field(default_factory=threading.Event)
    _trouble: list[BaseException] = field(default_factory=list)
    _sending: threading.Lock = field(default_factory=threading.Lock)
    _dice: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(f"{self.code} {self.seed}")  # noqa: S311

    def run(self) -> list[Difference]:
        """Work until ``ended`` is set; returns what the last reconciliation found."""
        ledger.open_ledger(self.path).close()
        self.say(f"{self.code}: at work")
        threads = [
            threading.Thread(target=self._guarded, args=(work,), daemon=True)
            for work in (self._fetch, self._send)
        ]
        for thread in threads:
            thread.start()
        with closing(ledger.open_ledger(self.path)) as db:
            hub = self._hub()
            self._report(self._reconcile_quietly(db, hub))
            while not self.ended.wait(RECONCILE_SECONDS):
                self._free_what_lapsed(db)
                self._report(self._reconcile_quietly(db, hub))
            if self._trouble:
                raise self._trouble[0]
            threads[1].join(LAST_WORDS_SECONDS)
            return self._last_words(db)

    def stop(self) -> None:
        """Ask ``run`` to end: last answers, last reconciliation."""
        self.ended.set()
        self._due.set()

    def _guarded(self, work: Callable[[], None]) -> None:
        # Half a program would be worse than none: what one thread meets, ends all of it.
        try:
            work()
        except BaseException as trouble:
            self._trouble.append(trouble)
            self.ended.set()
            raise

    # --- Tickets in ---

    def _fetch(self) -> None:
        """Fetch what is unacknowledged, for ever; first also what is open, after a crash."""
        hub, waits = self._hub(), pauses(self._dice)
        with closing(ledger.open_ledger(self.path)) as db:
            state = "open"
            while not self.ended.is_set():
                try:
                    wait = self.wait_seconds if state == "unacknowledged" else 0
                    asked_at = time.monotonic()
                    tickets = hub.tickets(state, wait=wait)["tickets"]
                    if self.ended.is_set():  # while it waited: left to whoever is started next
                        break
                    self.on_tickets(tickets)
                    news = self.take(db, hub, tickets)
                    state, waits = "unacknowledged", waits if tickets else pauses(self._dice)
                    if tickets and not news:
                        self.ended.wait(next(waits))
                    elif wait and not tickets and time.monotonic() - asked_at < QUICK_SECONDS:
                        self.ended.wait(QUICK_SECONDS)  # a hub that does not wait, for once
                except (HubSilent, HubRefused) as trouble:
                    self.say(f"{self.code}: {trouble}")
                    self.ended.wait(next(waits))

    def take(self, db: sqlite3.Connection, hub: Hub, tickets: list[dict[str, Any]]) -> int:
        """Execute tickets, then acknowledge them; returns how many had not come before.

        An institution that needs no time answers instead: an answer acknowledges as well.
        """
        # Stopping a pending payment comes before confirming it: the order of one report's asks.
        ordered = sorted(
            tickets, key=lambda t: (t["measure"] != "stop_before_execution", t["round"])
        )
        news = sum(self._execute(db, ticket) for ticket in ordered)
        ids = sorted(t["ticket"] for t in tickets)
        if self.delay == (0, 0):
            self.send_due(db, hub, ledger.text_of(datetime.now(UTC)))
            ids = [one for one in ids if not _is_answered(db, one)]
        self._due.set()
        # A repeat after a crash is a new request: to acknowledge twice does no harm.
        if ids:
            body = body_of({"tickets": ids})
            hub.post("/api/v1/acknowledgements", body, str(uuid.uuid4()))
        return news

    def _execute(self, db: sqlite3.Connection, ticket: Mapping[str, Any]) -> bool:
        now = datetime.now(UTC)
        pause = timedelta(seconds=self._dice.uniform(*self.delay))
        done = answering.execute(
            db, ticket, at=ledger.text_of(now), due_at=ledger.text_of(now + pause)
        )
        if done is None:
            self.say(f"{self.code}: {ticket['reference']} came again; it is executed already")
            return False
        held = done.body["held_minor"]
        self.say(
            f"{self.code}: {done.reference} {done.measure} {done.kind} -> {done.body['code']}"
            + (f", {held / 100:,.2f} {ticket['currency']}" if held else "")
        )
        return True

    # --- Answers out ---

    def _send(self) -> None:
        """Send what is due, for ever, each batch until the hub has given a receipt."""
        hub, waits = self._hub(), pauses(self._dice)
        with closing(ledger.open_ledger(self.path)) as db:
            while not self.ended.is_set():
                self._due.clear()
                try:
                    self.send_due(db, hub, ledger.text_of(datetime.now(UTC)))
                    waits = pauses(self._dice)
                    self._due.wait(_seconds_to_next(db))
                except (HubSilent, HubRefused) as trouble:
                    self.say(f"{self.code}: {trouble}")
                    self.ended.wait(next(waits))

    def send_due(self, db: sqlite3.Connection, hub: Hub, until: str) -> None:
        """Send unsettled batches again, then the answers due by ``until``."""
        with self._sending:
            while batch := _unsettled_batch(db) or _new_batch(db, until):
                self._send_batch(db, hub, *batch)

    def _send_batch(self, db: sqlite3.Connection, hub: Hub, key: str, body: bytes) -> None:
        try:
            receipt = hub.post("/api/v1/answers", body, key)
        except HubRefused as refusal:
            if refusal.status in (401, 403):
                raise
            self._take_back(db, key, refusal)
        else:
            self._settle(db, key, receipt)

    def _settle(self, db: sqlite3.Connection, key: str, receipt: dict[str, Any]) -> None:
        now = ledger.text_of(datetime.now(UTC))
        with ledger.transaction(db):
            for row in receipt["receipts"]:
                db.execute(
                    "update answer set verdict = ? where answer = ? and verdict = ''",
                    (row["verdict"], row["answer"]),
                )
            # A receipt that says nothing about an answer leaves it for the next batch.
            db.execute("update answer set batch = null where batch = ? and verdict = ''", (key,))
            db.execute(
                "update batch set receipt = ?, settled_at = ? where key = ?",
                (json.dumps(receipt), now, key),
            )
        self.on_receipts(receipt["receipts"])
        for row in receipt["receipts"]:
            if row["verdict"] != "accepted":
                problem = row.get("message") or row.get("error")
                self.say(f"{self.code}: answer to {row['ticket']} refused: {problem}")

    def _take_back(self, db: sqlite3.Connection, key: str, refusal: HubRefused) -> None:
        """Send each answer of a refused batch alone; one refused alone is settled as refused."""
        self.say(f"{self.code}: {refusal}")
        rows = db.execute("select answer, body from answer where batch = ?", (key,)).fetchall()
        with ledger.transaction(db):
            db.execute(
                "update batch set receipt = ?, settled_at = ? where key = ?",
                (json.dumps(refusal.error), ledger.text_of(datetime.now(UTC)), key),
            )
            if len(rows) == 1:
                db.execute("update answer set verdict = 'refused' where batch = ?", (key,))
                return
            for answer, body in rows:
                _batch_of(db, [(answer, body)])

    # --- Reconciliation ---

    def reconcile(self, db: sqlite3.Connection, hub: Hub) -> list[Difference]:
        """Compare what is held here with what the hub believes; raises HubSilent, HubRefused.

        What the hub has not been told yet is no difference, and a difference counts only if it
        is still there a moment later.
        """
        found = differences(db, hub)
        if found:
            time.sleep(PATIENCE_SECONDS)
            again = differences(db, hub)
            found = [one for one in found if one in again]
        return found

    def _reconcile_quietly(self, db: sqlite3.Connection, hub: Hub) -> list[Difference] | None:
        try:
            return self.reconcile(db, hub)
        except (HubSilent, HubRefused) as trouble:
            self.say(f"{self.code}: not reconciled: {trouble}")
            return None

    def _report(self, found: list[Difference] | None) -> None:
        for one in found or []:
            self.say(f"{self.code}: DIFFERENCE {one}")

    def _free_what_lapsed(self, db: sqlite3.Connection) -> None:
        for account, reference, freed in ledger.let_lapse(db, ledger.text_of(datetime.now(UTC))):
            self.say(f"{self.code}: {reference} has lapsed; {freed / 100:,.2f} free on {account}")

    def _last_words(self, db: sqlite3.Connection) -> list[Difference]:
        """Send what is still in the out-box without delay, and reconcile once more."""
        hub = Hub(self.url, self.key, timeout_seconds=LAST_WORDS_SECONDS)
        try:
            self.send_due(db, hub, ledger.text_of(datetime.now(UTC) + timedelta(days=1)))
        except (HubSilent, HubRefused) as trouble:
            self.say(f"{self.code}: answers wait for the next start: {trouble}")
            return []
        found = self._reconcile_quietly(db, hub)
        self._report(found)
        if found == []:
            self.say(f"{self.code}: reconciled, no difference")
        return found or []

    def _hub(self) -> Hub:
        return Hub(self.url, self.key, timeout_seconds=self.wait_seconds + 15)


def differences(db: sqlite3.Connection, hub: Hub) -> list[Difference]:
    """Return where the hub's holds and the ledger's differ, without what is on its way."""
    on_its_way = ledger.unsettled(db)
    known: Counter[tuple[str, str]] = Counter()
    for hold in hub.holds():
        if hold.get("state", "placed") == "placed":
            asked_as = f"{hold['account']['scheme']}:{hold['account']['ident']}"
            known[asked_as, hold["currency"]] += hold["held_minor"]
    on_its_way |= ledger.unsettled(db)
    own = ledger.own_holds(db)
    return [
        Difference(where[0], where[1], known[where], own.get(where, 0))
        for where in sorted(known.keys() | own.keys())
        if known[where] != own.get(where, 0) and where[0] not in on_its_way
    ]


def _unsettled_batch(db: sqlite3.Connection) -> tuple[str, bytes] | None:
    row: tuple[str, bytes] | None = db.execute(
        "select key, body from batch where settled_at is null order by rowid limit 1"
    ).fetchone()
    return row


def _new_batch(db: sqlite3.Connection, until: str) -> tuple[str, bytes] | None:
    """Put due answers into a batch; its bytes are kept until it is settled."""
    query = (
        "select answer, body from answer where verdict = '' and batch is null and due_at <= ?"
        " order by due_at, rowid limit ?"
    )
    if db.execute(query, (until, 1)).fetchone() is None:
        return None
    with ledger.transaction(db):
        size = 0
        chosen: list[tuple[str, str]] = []
        for answer, body in db.execute(query, (until, BATCH)).fetchall():
            size += len(body)
            if chosen and size > BATCH_BYTES:
                break
            chosen.append((answer, body))
        return _batch_of(db, chosen)


def _batch_of(db: sqlite3.Connection, rows: list[tuple[str, str]]) -> tuple[str, bytes]:
    key = str(uuid.uuid4())
    body = ('{"answers":[' + ",".join(text for _, text in rows) + "]}").encode()
    db.execute("insert into batch (key, body) values (?, ?)", (key, body))
    db.executemany("update answer set batch = ? where answer = ?", [(key, a) for a, _ in rows])
    return key, body


def _is_answered(db: sqlite3.Connection, ticket: str) -> bool:
    query = "select 1 from answer where ticket = ? and verdict = 'accepted'"
    return db.execute(query, (ticket,)).fetchone() is not None


def _seconds_to_next(db: sqlite3.Connection) -> float:
    """Return how long the out-box has nothing due; a second at most."""
    query = "select min(due_at) from answer where verdict = '' and batch is null"
    row = db.execute(query).fetchone()
    if row[0] is None:
        return 1.0
    seconds = (ledger.moment_of(row[0]) - datetime.now(UTC)).total_seconds()
    return min(1.0, max(0.0, seconds))
