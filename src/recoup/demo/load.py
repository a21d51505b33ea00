"""Load for the benchmarks: reports arrive by the clock, ten instant banks answer them.

An open model: each report has an intended moment, and latency counts from it, so that a hub
that falls behind cannot slow the arrivals down and look better for it. The ten banks are the
same program as the demo's, without delay, in one process.
"""

from __future__ import annotations

import random
import statistics
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from recoup.demo import ledger
from recoup.demo.bank import DemoBank
from recoup.demo.client import Hub, HubRefused, HubSilent, Json, body_of
from recoup.demo.country import Organisation, rs_iban
from recoup.demo.form import PublicForm
from recoup.demo.ledger import AccountRow, Booking

BANK_COUNT: Final = 10
FIRST_BANK_CODE: Final = 970  # 970 to 979 are assigned to nobody
AMOUNT_MINOR: Final = 1_000_000
KEPT_MINOR: Final = 1_000
LEAF_MINOR: Final = 100_000
SENDERS: Final = 16
GRACE_SECONDS: Final = 20.0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """A report to send: a payment that the ten banks' ledgers contain."""

    number: int
    payer_bank: str
    payer_account: str
    payee_account: str
    amount_minor: int
    paid_at: str
    reference: str

    def body(self) -> Json:
        """Return the body for the API, with the report's own id."""
        return {
            "report": str(uuid.uuid4()),
            "amount": f"{self.amount_minor // 100}.{self.amount_minor % 100:02d}",
            "currency": "RSD",
            "paid_at": self.paid_at,
            "payer_account": self.payer_account,
            "payee_account": self.payee_account,
            "reference": self.reference,
        }


@dataclass(frozen=True, slots=True)
class FanOut:
    """A fraud that branches. level_of: how many hops from the first account, by account."""

    report: LoadReport
    level_of: Mapping[str, int]
    parent_of: Mapping[str, str]


def bank_codes() -> list[str]:
    """Return the codes of the ten banks."""
    return [f"load-{n}" for n in range(BANK_COUNT)]


def load_organisations() -> list[Organisation]:
    """Return the ten banks, for the hub that is to be measured."""
    return [
        Organisation(
            code=code,
            kind="bank",
            answers_by="api",
            country="RS",
            bank_code=str(FIRST_BANK_CODE + n),
            bic="",
            name_en=f"Load Bank {n} (invented)",
            name_sr_latn=f"Banka opterećenja {n} (izmišljena)",
            name_sr_cyrl=f"Банка оптерећења {n} (измишљена)",
            contact_point={
                "name": f"Desk of Load Bank {n}",
                "phone": "+381 11 000 0109",
                "email": f"desk@load-{n}.example",
            },
        )
        for n, code in enumerate(bank_codes())
    ]


# --- Ledgers ---------------------------------------------------------------------------------


class _Books:
    """Writes the ten ledgers: one transaction each."""

    def __init__(self, directory: Path, at: datetime, seed: int) -> None:
        self.directory, self.at, self.seed = directory, at, seed
        self.dice = random.Random(seed)  # noqa: S311
        self.stack = ExitStack()
        self.entries = 0

    def __enter__(self) -> _Books:
        self.directory.mkdir(parents=True, exist_ok=True)
        for old in self.directory.glob("load-*.sqlite*"):
            old.unlink()
        self.dbs = {}
        for code in bank_codes():
            db = ledger.open_ledger(self.directory / f"{code}.sqlite", create=True)
            self.dbs[code] = self.stack.enter_context(closing(db))
            db.execute("begin immediate")
            db.execute("insert into about values ('code', ?)", (code.replace("-", ""),))
        return self

    def __exit__(self, *trouble: object) -> None:
        for db in self.dbs.values():
            db.execute("rollback" if trouble[0] else "commit")
        self.stack.close()

    def account(self, bank: int, number: int, opening_minor: int) -> str:
        # Two loads on one hub must not meet: accounts and references are of one seed.
        iban = rs_iban(str(FIRST_BANK_CODE + bank), self.seed * 10_000_000 + number)
        row = AccountRow(iban, "iban", "RSD", f"Holder {number} (invented)", opening_minor)
        ledger.add_account(self.dbs[bank_codes()[bank]], row)
        return iban

    def pay(self, payer: str, payee: str, amount: int, seconds_ago: float, words: str) -> str:
        """Book one transfer in both ledgers; returns its time."""
        booked_at = ledger.text_of(self.at - timedelta(seconds=seconds_ago))
        uetr = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        for account, side, other in ((payer, "d", payee), (payee, "c", payer)):
            bank = int(account[4:7]) - FIRST_BANK_CODE
            self.entries += 1
            is_internal = payer[4:7] == payee[4:7]
            entry_number = self.entries - (side == "c" and is_internal)
            reference = f"L{self.seed}.{bank}{entry_number:07d}"
            entry = Booking(
                0, reference, uetr, account, side, amount, booked_at,
                scheme="iban", ident=other, words=words,
            )  # fmt: skip
            ledger.book(self.dbs[bank_codes()[bank]], entry)
        return booked_at


def prepare_reports(
    directory: Path, at: datetime, *, count: int, seed: int = 1
) -> list[LoadReport]:
    """Write ten ledgers with ``count`` disputed payments between different accounts and banks."""
    reports = []
    with _Books(directory, at, seed) as books:
        for n in range(count):
            payer_bank = books.dice.randrange(BANK_COUNT)
            payee_bank = (payer_bank + 1 + books.dice.randrange(BANK_COUNT - 1)) % BANK_COUNT
            payer = books.account(payer_bank, 100_000 + n, 5 * AMOUNT_MINOR)
            payee = books.account(payee_bank, 500_000 + n, 0)
            words = f"LOAD {seed} {n}"
            paid_at = books.pay(payer, payee, AMOUNT_MINOR + n, 600, words)
            code = bank_codes()[payer_bank]
            reports.append(LoadReport(n, code, payer, payee, AMOUNT_MINOR + n, paid_at, words))
    return reports


def prepare_fan_out(
    directory: Path, at: datetime, *, levels: int = 5, fan_out: int = 3, seed: int = 1
) -> FanOut:
    """Write ten ledgers in which one payment branches ``levels`` times ``fan_out``-fold.

    Every account but the last keeps a little; all of it is still there, so everything that was
    paid can be held. Five levels of three are 1 + 363 accounts, hence hold tickets.
    """
    amounts = [LEAF_MINOR]
    for _ in range(levels):
        amounts.insert(0, fan_out * amounts[0] + KEPT_MINOR)
    level_of: dict[str, int] = {}
    parent_of: dict[str, str] = {}
    with _Books(directory, at, seed) as books:
        payer = books.account(0, 1, 2 * amounts[0])
        tier = [books.account(1, 2, 0)]
        paid_at = books.pay(payer, tier[0], amounts[0], 3000, "LOAD fan-out")
        level_of[tier[0]] = 0
        for level in range(1, levels + 1):
            fresh = []
            for parent in tier:
                for _ in range(fan_out):
                    number = len(level_of) + 2
                    child = books.account(number % BANK_COUNT, number, 0)
                    # Each booking has a time of its own: money moves down, level by level.
                    ago = 3000 - 400 * level - number * 0.1
                    books.pay(parent, child, amounts[level], ago, "")
                    level_of[child], parent_of[child] = level, parent
                    fresh.append(child)
            tier = fresh
    root = next(account for account, level in level_of.items() if level == 0)
    report = LoadReport(0, "load-0", payer, root, amounts[0], paid_at, "LOAD fan-out")
    return FanOut(report, level_of, parent_of)


# --- The ten banks ---------------------------------------------------------------------------


@dataclass(slots=True)
class Seen:
    """When the banks' process had what: moments of ``time.monotonic``, by account or ticket."""

    hold_at: dict[str, float] = field(default_factory=dict)
    settled_at: dict[str, float] = field(default_factory=dict)
    refused: list[Json] = field(default_factory=list)
    tickets: int = 0
    _account_of: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def took(self, tickets: Sequence[Json]) -> None:
        """Note tickets the moment their bodies are here; a hold counts by its account."""
        now = time.monotonic()
        with self._lock:
            for ticket in tickets:
                if ticket["ticket"] in self._account_of:
                    continue
                self.tickets += 1
                self._account_of[ticket["ticket"]] = ticket["account"]["ident"]
                if ticket["measure"] == "hold":
                    self.hold_at.setdefault(ticket["account"]["ident"], now)

    def told(self, receipts: Sequence[Json]) -> None:
        """Note the hub's receipts: from now on the hub knows."""
        now = time.monotonic()
        with self._lock:
            for receipt in receipts:
                account = self._account_of.get(receipt["ticket"], "")
                if receipt["verdict"] == "accepted":
                    self.settled_at.setdefault(account, now)
                else:
                    self.refused.append(receipt)


@contextmanager
def instant_banks(url: str, keys: Mapping[str, str], directory: Path) -> Iterator[Seen]:
    """Run the ten banks in this process, answering at once; ``keys`` by their codes."""
    seen = Seen()
    banks = [
        DemoBank(
            code, url, keys[code], directory / f"{code}.sqlite", delay=(0, 0), wait_seconds=10,
            on_tickets=seen.took, on_receipts=seen.told,
        )
        for code in bank_codes()
    ]  # fmt: skip
    threads = [threading.Thread(target=bank.run, daemon=True) for bank in banks]
    for thread in threads:
        thread.start()
    try:
        yield seen
    finally:
        for bank in banks:
            bank.stop()
        for thread in threads:
            thread.join(30)


# --- Measurements ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Sent:
    """A report that was sent, and what came of it. Moments of ``time.monotonic``."""

    report: LoadReport
    intended_at: float
    answered_at: float
    is_accepted: bool
    by_form: bool
    problem: str = ""


def send_on_time(
    url: str,
    keys: Mapping[str, str],
    reports: Sequence[LoadReport],
    *,
    rate: float,
    form_share: float = 0.0,
    form_path: str = "/report",
    seed: int = 1,
) -> list[Sent]:
    """Send reports at ``rate`` a second, each at its own moment (Poisson arrivals, seeded).

    form_share: which part goes through the public form; the rest is sent by the payer's bank
    through the API. A sender that is still busy makes the next report late, and that counts.
    """
    dice = random.Random(seed)  # noqa: S311
    moments, moment = [], time.monotonic() + 0.5
    for report in reports:
        moments.append((report, moment, dice.random() < form_share))
        moment += dice.expovariate(rate)
    waiting, lock = iter(moments), threading.Lock()
    sent: list[Sent] = []

    def work() -> None:
        hubs: dict[str, Hub] = {}
        form = PublicForm(url, form_path)
        while True:
            with lock:
                task = next(waiting, None)
            if task is None:
                return
            report, intended_at, by_form = task
            time.sleep(max(0.0, intended_at - time.monotonic()))
            if by_form:
                problem = form.send(report.body())
            else:
                hub = hubs.setdefault(report.payer_bank, Hub(url, keys[report.payer_bank]))
                problem = _send(hub, report)
            done = Sent(report, intended_at, time.monotonic(), not problem, by_form, problem)
            with lock:
                sent.append(done)

    _all_at_work(work, SENDERS)
    return sent


def hold_latency(
    url: str,
    keys: Mapping[str, str],
    directory: Path,
    *,
    rate: float = 20,
    seconds: float = 120,
    form_share: float = 0.0,
    form_path: str = "/report",
    seed: int = 1,
) -> Json:
    """Measure from a report's acceptance to the ticket's body in the payee bank's process.

    The hub must know ``load_organisations`` with these keys, and its caps must allow the public
    share. Returns counts and percentiles in seconds; ``lost`` are accepted reports without a
    hold ticket when the grace time was over.
    """
    reports = prepare_reports(directory, datetime.now(UTC), count=round(rate * seconds), seed=seed)
    with instant_banks(url, keys, directory) as seen:
        sent = send_on_time(
            url, keys, reports, rate=rate, form_share=form_share, form_path=form_path, seed=seed
        )
        taken = [one for one in sent if one.is_accepted]
        wait_until(lambda: all(one.report.payee_account in seen.hold_at for one in taken))
    held = [one for one in taken if one.report.payee_account in seen.hold_at]
    at = seen.hold_at
    return {
        "reports": len(sent),
        "accepted": len(taken),
        "by_form": sum(one.by_form for one in taken),
        "refused": sorted({one.problem for one in sent if not one.is_accepted}),
        "lost": len(taken) - len(held),
        "tickets": seen.tickets,
        "answers_refused": len(seen.refused),
        "accepting": percentiles([one.answered_at - one.intended_at for one in sent]),
        "accepted_to_bank": percentiles(
            [max(0.0, at[one.report.payee_account] - one.answered_at) for one in held]
        ),
        "intended_to_bank": percentiles(
            [at[one.report.payee_account] - one.intended_at for one in held]
        ),
    }


def fan_out_time(
    url: str,
    keys: Mapping[str, str],
    directory: Path,
    *,
    levels: int = 5,
    fan_out: int = 3,
    patience_seconds: float = 120,
    seed: int = 1,
) -> Json:
    """Measure how long the hub takes from level to level of a branching fraud.

    The hub's own time for an account is from the receipt for its payer's answer to its own
    ticket in the bank's process; per level the longest and the median are given. Whether all
    is closed and balances is for the caller to ask the hub's invariants.
    """
    shape = prepare_fan_out(directory, datetime.now(UTC), levels=levels, fan_out=fan_out, seed=seed)
    with instant_banks(url, keys, directory) as seen:
        start = time.monotonic()
        problem = _send(Hub(url, keys[shape.report.payer_bank]), shape.report)
        accounts = shape.level_of
        wait_until(lambda: accounts.keys() <= seen.settled_at.keys(), patience_seconds)
    own = {
        account: max(0.0, seen.hold_at[account] - seen.settled_at[parent])
        for account, parent in shape.parent_of.items()
        if account in seen.hold_at and parent in seen.settled_at
    }
    per_level = {
        level: percentiles([own[a] for a in own if accounts[a] == level])
        for level in range(1, levels + 1)
    }
    last = max((seen.settled_at.get(account, start) for account in accounts), default=start)
    return {
        "problem": problem,
        "accounts": len(accounts),
        "answered": len(accounts.keys() & seen.settled_at.keys()),
        "tickets": seen.tickets,
        "answers_refused": len(seen.refused),
        "whole_seconds": last - start,
        "hub_per_level": per_level,
    }


def percentiles(values: Sequence[float]) -> Json:
    """Return count, median, p95, p99 and the largest, in the unit of the values."""
    if not values:
        return {"count": 0}
    cuts = statistics.quantiles(values, n=100, method="inclusive") if len(values) > 1 else []
    return {
        "count": len(values),
        "p50": statistics.median(values),
        "p95": cuts[94] if cuts else values[0],
        "p99": cuts[98] if cuts else values[0],
        "max": max(values),
    }


def wait_until(is_done: Callable[[], bool], seconds: float = GRACE_SECONDS) -> bool:
    """Look ten times a second whether something is done; returns whether it came to be."""
    end = time.monotonic() + seconds
    while not is_done():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


def _send(hub: Hub, report: LoadReport) -> str:
    """Send one report through the API; returns what was wrong, or nothing."""
    try:
        hub.post("/api/v1/reports", body_of(report.body()), str(uuid.uuid4()))
    except (HubSilent, HubRefused) as trouble:
        return str(trouble)
    return ""


def _all_at_work(work: Callable[[], Any], count: int) -> None:
    threads = [threading.Thread(target=work, daemon=True) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
