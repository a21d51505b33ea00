"""A hub as small as the contract allows, to try an institution's program against.

It can be unkind on purpose: deliver what was acknowledged, break off after it has done the work,
or be down.
"""

from __future__ import annotations

import hashlib
import json
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from recoup.core import answer as core
from recoup.data import currency
from recoup.demo.bank import DemoBank, Difference

KEY = "stub-key"
PATIENCE_SECONDS: Final = 30.0
ANSWER_FIELDS = {
    "answer", "ticket", "stage", "replaces", "code", "held_minor", "block_reference",
    "ground", "note", "payment", "window",
}  # fmt: skip


@dataclass
class StubHub:
    tickets: dict[str, dict[str, Any]] = field(default_factory=dict)
    acknowledged: list[str] = field(default_factory=list)
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    refused: list[Any] = field(default_factory=list)
    repeats: list[str] = field(default_factory=list)
    received: list[tuple[str, str]] = field(default_factory=list)
    stored: dict[str, tuple[bytes, bytes]] = field(default_factory=dict)
    planted: dict[tuple[str, str], int] = field(default_factory=dict)
    redeliver: bool = False
    break_off: int = 0
    is_down: bool = False
    turned_away: int = 0
    changed: threading.Condition = field(
        default_factory=lambda: threading.Condition(threading.RLock())
    )

    def __enter__(self) -> StubHub:
        hub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                hub.serve(self, b"")

            def do_POST(self) -> None:
                size = int(self.headers["Content-Length"])
                body = self.rfile.read(size)
                if len(body) < size:  # a bank that was killed while it spoke
                    self.close_connection = True
                    return
                hub.serve(self, body)

            def log_message(self, *parts: object) -> None:
                pass

        self.server = _QuietServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        return self

    def __exit__(self, *trouble: object) -> None:
        self.server.shutdown()
        self.server.server_close()

    # --- What tests say and see ---

    def issue(self, **parts: Any) -> dict[str, Any]:
        made = ticket(**parts)
        with self.changed:
            self.tickets[made["ticket"]] = made
            self.changed.notify_all()
        return made

    def answer_to(
        self, made: dict[str, Any], *, timeout_seconds: float = PATIENCE_SECONDS
    ) -> dict[str, Any]:
        with self.changed:
            self.changed.wait_for(lambda: made["ticket"] in self.answers, timeout_seconds)
            return self.answers[made["ticket"]]

    # --- The contract ---

    def serve(self, handler: Any, body: bytes) -> None:
        if self.is_down:
            self.turned_away += 1
            handler.close_connection = True
            return
        status, answer = self._answer(handler, body)
        if handler.command == "POST" and self.break_off > 0:
            self.break_off -= 1
            handler.close_connection = True
            return
        handler.send_response(status)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", str(len(answer)))
        with suppress(ConnectionError):  # a bank that was killed
            handler.end_headers()
            handler.wfile.write(answer)

    def _answer(self, handler: Any, body: bytes) -> tuple[int, bytes]:
        place = urlsplit(handler.path)
        key, _, bank = handler.headers["Authorization"].removeprefix("Bearer ").partition(" ")
        if key != KEY:
            return 401, b'{"error":"key","message":"No such key."}'
        if handler.command == "GET":
            return 200, json.dumps(self._get(place.path, parse_qs(place.query), bank)).encode()
        key = handler.headers["Idempotency-Key"]
        self.received.append((key, hashlib.sha256(body).hexdigest()))
        if key in self.stored:
            before, first = self.stored[key]
            return (200, first) if before == body else (409, b'{"error":"other body"}')
        answer = json.dumps(self._post(place.path, json.loads(body))).encode()
        self.stored[key] = (body, answer)
        return 200, answer

    def _get(self, path: str, query: dict[str, list[str]], bank: str) -> dict[str, Any]:
        if path == "/api/v1/holds":
            found = [one for one in self._holds() if _is_at(one, bank)]
            return {"holds": found}
        state, wait = query["state"][0], float(query["wait"][0])
        with self.changed:
            self.changed.wait_for(lambda: self._waiting(state, bank), min(wait, 1))
            return {"tickets": self._waiting(state, bank)[:100], "more": False}

    def _waiting(self, state: str, bank: str) -> list[dict[str, Any]]:
        # Answering acknowledges as well.
        done = set(self.answers)
        done |= set() if state == "open" or self.redeliver else set(self.acknowledged)
        return [t for key, t in self.tickets.items() if key not in done and _is_at(t, bank)]

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        with self.changed:
            if path == "/api/v1/reports":
                self._open(body)
                return {"report": body["report"], "reference": "R", "receipt": {}}
            if path == "/api/v1/acknowledgements":
                self.acknowledged += [t for t in body["tickets"] if t not in self.acknowledged]
                return {"acknowledged": body["tickets"], "refused": []}
            receipts = [self._take(one) for one in body["answers"]]
            self.changed.notify_all()
        for one in body["answers"]:
            self._follow(one)
        return {"receipts": receipts}

    def _open(self, report: dict[str, Any]) -> None:
        amount = int(report["amount"].replace(".", ""))
        paid = line(amount=amount, at=report["paid_at"], payer=report["payer_account"])
        self.issue(account=report["payee_account"], amount=amount, kind="first", lines=[paid])

    def _follow(self, one: dict[str, Any]) -> None:
        """Open the next ticket for each debit whose destination was told."""
        for debit in one["window"]["debits"] if one["window"] else []:
            if debit["to"] and debit["to"]["kind"] == "account":
                moved = line(amount=debit["amount_minor"], at=debit["booked_at"],
                             uetr=debit["uetr"])  # fmt: skip
                self.issue(account=debit["to"]["ident"], amount=debit["amount_minor"],
                           kind="first", lines=[moved])  # fmt: skip

    def _take(self, one: dict[str, Any]) -> dict[str, Any]:
        receipt = {"answer": one["answer"], "ticket": one["ticket"], "verdict": "accepted"}
        assert set(one) == ANSWER_FIELDS
        if one["ticket"] in self.answers:
            self.repeats.append(one["ticket"])
            return receipt | {"verdict": "refused", "message": "answered already"}
        if problems := problems_of(one, self.tickets[one["ticket"]]):
            self.refused += problems
            return receipt | {"verdict": "refused", "message": str(problems)}
        self.answers[one["ticket"]] = one
        return receipt

    def _holds(self) -> list[dict[str, Any]]:
        latest: dict[tuple[str, str], tuple[dict[str, Any], int]] = {}
        for key, answer in self.answers.items():
            asked = self.tickets[key]
            if asked["measure"] == "hold" and answer["code"] != "not_ours":
                latest[asked["request"], asked["account"]["ident"]] = (asked, answer["held_minor"])
        return [
            {"account": asked["account"], "currency": asked["currency"], "state": "placed",
             "ticket_reference": asked["reference"], "until": None, "block_reference": "",
             "held_minor": self.planted.get((asked["account"]["ident"], "held"), held)}
            for asked, held in latest.values()
        ]  # fmt: skip


class _QuietServer(ThreadingHTTPServer):
    """Says nothing when a client goes away in the middle: killing clients is what tests do."""

    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE_SECONDS) -> bool:
    """Whether the condition came true in time. Tests wait for what must happen, never for long."""
    limit = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > limit:
            return False
        time.sleep(0.02)
    return True


def _is_at(one: dict[str, Any], bank: str) -> bool:
    return str(one["account"]["ident"])[4:].startswith(bank)


def problems_of(one: dict[str, Any], asked: dict[str, Any]) -> tuple[Any, ...]:
    """What the hub's own rules say against an answer."""
    told = core.AnswerTold(
        code=one["code"], held_minor=one["held_minor"], stage=one["stage"], ground=one["ground"],
        payment=_booking(one["payment"]) if one["payment"] else None,
        window=_window(one["window"]) if one["window"] else None,
    )  # fmt: skip
    lines = frozenset(uuid.UUID(each["line"]) for each in asked["lines"])
    return core.check(
        told,
        core.Asked(asked["measure"], asked["kind"] or "", asked["amount_minor"],
                   currency("RSD"), lines),
    )  # fmt: skip


def _window(told: dict[str, Any]) -> core.WindowTold:
    return core.WindowTold(
        told["opening_minor"], told["closing_minor"],
        datetime.fromisoformat(told["from"]), datetime.fromisoformat(told["to"]),
        tuple(_booking(each) for each in told["credits"]),
        tuple(_booking(each) for each in told["debits"]),
    )  # fmt: skip


def _booking(told: dict[str, Any]) -> core.Booking:
    to = told.get("to")
    return core.Booking(
        told["reference"], told["amount_minor"], datetime.fromisoformat(told["booked_at"]),
        told["seq"], line=uuid.UUID(told["line"]) if told.get("line") else None,
        to=core.DestinationTold(to["kind"]) if to else None,
    )  # fmt: skip


def balances(window: dict[str, Any]) -> bool:
    credits = sum(entry["amount_minor"] for entry in window["credits"])
    debits = sum(entry["amount_minor"] for entry in window["debits"])
    return bool(window["opening_minor"] + credits - debits == window["closing_minor"])


def ticket(
    *,
    account: str,
    amount: int,
    scheme: str = "iban",
    measure: str = "hold",
    kind: str | None = None,
    request: str | None = None,
    round_number: int = 1,
    lines: list[dict[str, Any]] | None = None,
    since: str | None = None,
    destinations_of: tuple[str, ...] = (),
    hold_until: str | None = None,
) -> dict[str, Any]:
    """A ticket as the contract shows it; amounts in minor units."""
    now = datetime.now(UTC)
    return {
        "ticket": str(uuid.uuid4()),
        "reference": f"HT-{uuid.uuid4().hex[:7]}",
        "request": request or str(uuid.uuid4()),
        "measure": measure,
        "kind": kind if measure == "hold" else None,
        "round": round_number,
        "account": {"scheme": scheme, "ident": account, "shown": account},
        "currency": "RSD",
        "amount_minor": amount,
        "lines": lines or [],
        "disclose": {
            "asked": kind not in (None, "block", "set"),
            "from": since,
            "destinations_of": list(destinations_of),
        },
        "rule": "fifo",
        "hold_until": hold_until,
        "clocks": {"sent_at": now.isoformat(), "lapses_at": None,
                   "acknowledge_by": (now + timedelta(minutes=5)).isoformat(),
                   "answer_by": (now + timedelta(minutes=30)).isoformat()},
    }  # fmt: skip


def line(
    *,
    amount: int,
    at: str,
    payment_amount: int | None = None,
    uetr: str | None = None,
    reference: str = "",
    payer: str | None = None,
    payee: str | None = None,
    payee_scheme: str = "iban",
) -> dict[str, Any]:
    return {
        "line": str(uuid.uuid4()),
        "amount_minor": amount,
        "payment": {
            "uetr": uetr,
            "reference": reference,
            "at": at,
            "amount_minor": payment_amount or amount,
            "currency": "RSD",
            "payer_account": {"scheme": "iban", "ident": payer} if payer else None,
            "payee_account": {"scheme": payee_scheme, "ident": payee} if payee else None,
        },
    }


class Running:
    """A bank at work, and what it found when it ended."""

    def __init__(self, bank: DemoBank) -> None:
        self.bank = bank
        self.lines: list[str] = []
        self.differences: list[Difference] = []


@contextmanager
def running(
    hub: StubHub, directory: Path, code: str, *, delay: tuple[float, float] = (0, 0)
) -> Iterator[Running]:
    bank = DemoBank(code, hub.url, KEY, directory / f"{code}.sqlite", delay=delay, wait_seconds=1)
    work = Running(bank)
    bank.say = work.lines.append
    thread = threading.Thread(target=lambda: work.differences.extend(bank.run()))
    thread.start()
    try:
        yield work
    finally:
        bank.stop()
        thread.join(20)
        assert not thread.is_alive()
