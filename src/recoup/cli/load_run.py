"""Runs a schedule of acts against a hub: an open model, in which nobody waits for anybody.

Each act begins at its own moment, whether or not earlier ones were answered, and its time counts
from the moment at which it was due: a hub that falls behind cannot look better for it. How late the
generator itself was is measured apart.
"""

from __future__ import annotations

import random
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Final

from recoup.cli import load_acts
from recoup.cli.load_acts import FLOOD, HOLD, Due
from recoup.cli.load_people import NO_ANSWER, PATIENCE_SECONDS, Person
from recoup.demo.client import Hub, HubRefused, HubSilent, body_of
from recoup.demo.load import LoadReport, percentiles

AT_ONCE: Final = 600  # more than can be under way: arrivals of the longest patience
TOLD_EACH_SECONDS: Final = 10.0
TOO_MANY: Final = 429


@dataclass(frozen=True, slots=True)
class Done:
    """What became of an act. Moments of ``time.monotonic``; status 0 is no answer at all.

    account: of a report, the payee's; its hold is looked for at the bank.
    """

    due: Due
    due_at: float
    began_at: float
    ended_at: float
    status: int
    account: str = ""

    @property
    def seconds(self) -> float:
        return self.ended_at - self.due_at

    @property
    def is_well(self) -> bool:
        """Whether it was answered as it must be. A flood may also be told that it is too much."""
        is_refused_flood = self.due.group == FLOOD and self.status == TOO_MANY
        return 200 <= self.status < 400 or is_refused_flood


@dataclass(slots=True)
class People:
    """All sessions by role, and the banks' keys, which report for their customers."""

    address: str
    sessions: Mapping[str, Sequence[Person]]
    keys: Mapping[str, str]
    _hubs: dict[str, list[Hub]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def perform(self, due: Due, due_at: float, report: LoadReport | None) -> Done:
        began = time.monotonic()
        if report is not None:
            status = self._report(report)
        elif due.ask is not None:
            status, _ = self.sessions[due.role][due.session].ask(due.ask)
        else:
            raise ValueError(f"{due.name} has nothing to ask for")
        account = report.payee_account if report else ""
        return Done(due, due_at, began, time.monotonic(), status, account)

    def _report(self, report: LoadReport) -> int:
        with self._lock:
            idle = self._hubs.setdefault(report.payer_bank, [])
            hub = idle.pop() if idle else None
        hub = hub or Hub(self.address, self.keys[report.payer_bank],
                         timeout_seconds=PATIENCE_SECONDS)  # fmt: skip
        try:
            hub.post("/api/v1/reports", body_of(report.body()), str(uuid.uuid4()))
        except HubRefused as refusal:
            return refusal.status
        except HubSilent:
            return NO_ANSWER
        finally:
            with self._lock:
                idle.append(hub)
        return 201


def sign_in(address: str, password: str) -> dict[str, list[Person]]:
    """Every session of the mix, each from an address of its own on this machine."""
    found: dict[str, list[Person]] = {}
    number = 0
    for role, (logins, count) in load_acts.SESSIONS.items():
        for at in range(count):
            number += 1
            person = Person(address, logins[at % len(logins)], f"127.1.0.{number}")
            person.sign_in(password)
            found.setdefault(role, []).append(person)
    return found


def try_each(people: People, dues: Sequence[Due]) -> list[str]:
    """Perform each kind of act once, one after another; says which are not answered as meant."""
    done = [people.perform(due, time.monotonic(), None) for due in dues]
    return [f"{one.due.name}: {one.status or 'no answer'}" for one in done if not one.is_well]


def run(
    people: People, dues: Sequence[Due], reports: Iterator[LoadReport],
    tell: Callable[[str], None] = print,
) -> list[Done]:  # fmt: skip
    """Perform a schedule, each act when it is due; returns when the last one has ended."""
    done: list[Done] = []
    waiting: list[Future[Done]] = []
    began, told_at = time.monotonic() + 0.2, 0.0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="load") as pool:
        for due in dues:
            due_at = began + due.at
            time.sleep(max(0.0, due_at - time.monotonic()))
            report = next(reports) if due.group == HOLD else None
            waiting.append(pool.submit(people.perform, due, due_at, report))
            if due.at >= told_at + TOLD_EACH_SECONDS:
                told_at += TOLD_EACH_SECONDS
                waiting = _collect(waiting, done)
                tell(_progress(told_at, len(waiting), done))
        wait(waiting)
        _collect(waiting, done)
    return done


def _collect(waiting: Sequence[Future[Done]], done: list[Done]) -> list[Future[Done]]:
    """Move what has ended into `done`; gives what is still under way."""
    done += [future.result() for future in waiting if future.done()]
    return [future for future in waiting if not future.done()]


def _progress(seconds: float, under_way: int, done: Sequence[Done]) -> str:
    lately = [one.seconds for one in done if one.due.at > seconds - TOLD_EACH_SECONDS]
    found = percentiles(lately)
    shown = (
        f"p50 {found['p50'] * 1000:,.0f} ms, p99 {found['p99'] * 1000:,.0f} ms"
        if lately
        else "none answered"
    )
    wrong = sum(not one.is_well for one in done)
    return f"  {seconds:4.0f} s: {shown} lately; {under_way} under way, {wrong} errors so far"


def errors(done: Sequence[Done]) -> Counter[str]:
    """What was not answered as meant, by act and status."""
    return Counter(
        f"{one.due.name}: {one.status or 'no answer'}" for one in done if not one.is_well
    )


def shuffled(reports: Sequence[LoadReport], seed: int) -> Iterator[LoadReport]:
    """The reports in an order of the seed's."""
    order = list(reports)
    random.Random(seed).shuffle(order)  # noqa: S311
    return iter(order)
