"""Banks that answer from one true ledger: what happened is fixed, and each bank tells its part.

Accounts and payments are written down by a test in whole units and minutes; every institution reads
its own books only. ``Banks.run`` lets everybody answer until nothing waits, in any order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID, uuid5

from recoup.core.moments import iso_utc, read_moment
from support.world import World, iban

SINKS = ("cash", "card", "fee", "abroad", "other")
NAMES = UUID("7a0c1f7e-3c0a-4a53-9d6b-6a4c6f0e1d11")
BOOKED_LATER = timedelta(seconds=1)


@dataclass(frozen=True)
class Kept:
    """An account at one of the invented banks, with what was on it before the story."""

    bank: str
    ident: str
    opening: int = 0
    currency: str = "RSD"


@dataclass(frozen=True)
class Paid:
    """One true payment. to: the name of an account, or a sink. credited: what arrives, if other.

    uetr: whether both banks know a common reference.
    """

    ref: str
    minute: float
    payer: str
    to: str
    amount: int
    credited: int | None = None
    uetr: bool = True


@dataclass(frozen=True)
class Book:
    """A booking as one bank has it."""

    paid: Paid
    at: datetime
    seq: int
    is_credit: bool
    amount: int


@dataclass
class Ledger:
    """What really happened. Payments are counted in minutes before now."""

    world: World
    accounts: dict[str, Kept] = field(default_factory=dict)
    paid: list[Paid] = field(default_factory=list)
    start: datetime | None = None

    def __post_init__(self) -> None:
        self.start = self.start or self.world.now() - timedelta(minutes=60)
        self._kept: dict[str, list[Book]] = {}
        self._kept_for = 0

    def account(self, name: str, bank: str, number: int, opening: int = 0, **more: Any) -> str:
        self.accounts[name] = Kept(bank, iban(bank, number), opening, **more)
        return self.accounts[name].ident

    def pay(self, payer: str, to: str, amount: int, *, minute: float, **more: Any) -> Paid:
        ref = f"{payer[:6]}-{to[:6]}-{len(self.paid) + 1}"
        paid = Paid(ref, minute, payer, to, amount, **more)
        self.paid.append(paid)
        return paid

    def at(self, paid: Paid) -> datetime:
        assert self.start is not None
        return self.start + timedelta(minutes=paid.minute)

    def books(self, name: str) -> list[Book]:
        """Every booking of an account, in its bank's own order."""
        if len(self.paid) != self._kept_for:
            self._kept, self._kept_for = {}, len(self.paid)
        if name not in self._kept:
            self._kept[name] = self._books(name)
        return self._kept[name]

    def _books(self, name: str) -> list[Book]:
        found = []
        for paid in self.paid:
            if paid.payer == name:
                found.append((self.at(paid), False, paid))
            if paid.to == name:
                found.append((self.at(paid) + BOOKED_LATER, True, paid))
        found.sort(key=lambda row: (row[0], row[2].ref))
        return [
            Book(paid, at, seq, is_credit, self._amount(paid, is_credit))
            for seq, (at, is_credit, paid) in enumerate(found, 1)
        ]

    def _amount(self, paid: Paid, is_credit: bool) -> int:
        return paid.credited if is_credit and paid.credited is not None else paid.amount

    def balance(self, name: str, before: Book | None = None) -> int:
        """What is on an account: now, or just before one of its bookings."""
        total = self.accounts[name].opening
        for book in self.books(name):
            if before is not None and (book.at, book.seq) >= (before.at, before.seq):
                break
            total += book.amount if book.is_credit else -book.amount
        return total

    def name_of(self, scheme: str, ident: str, currency: str) -> str | None:
        return next(
            (n for n, a in self.accounts.items() if (a.ident, a.currency) == (ident, currency)),
            None,
        )


Known = dict[object, Book]
Change = Callable[[dict[str, Any], dict[str, Any]], dict[str, Any] | None]


@dataclass
class Banks:
    """Everybody who answers. change: may alter an answer on its way out, or hold it back."""

    ledger: Ledger
    change: Change = lambda ticket, body: body
    blocked: dict[str, dict[str, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.answered: list[tuple[str, str, str]] = []
        self.bodies: dict[str, dict[str, Any]] = {}

    @property
    def world(self) -> World:
        return self.ledger.world

    def waiting(self) -> list[tuple[str, dict[str, Any]]]:
        """Every ticket that waits, with its bank."""
        banks = sorted({account.bank for account in self.ledger.accounts.values()})
        return [(bank, ticket) for bank in banks for ticket in self.world.inbox(bank)]

    def run(self, *, seed: int | None = None, plan_each: bool = True) -> None:
        """Answer and plan until nothing waits. seed: in a random order, planned now and then."""
        random, ignored = Random(seed), set[str]()
        self.world.plan()
        for _ in range(2000):
            waiting = [row for row in self.waiting() if row[1]["ticket"] not in ignored]
            if not waiting:
                self.world.plan()
                waiting = [row for row in self.waiting() if row[1]["ticket"] not in ignored]
                if not waiting:
                    return
            bank, ticket = random.choice(waiting) if seed is not None else waiting[0]
            if not self.answer(bank, ticket):
                ignored.add(ticket["ticket"])
            if plan_each and (seed is None or random.random() < 0.5):
                self.world.plan()
        raise AssertionError("the banks and the hub never come to an end")

    def answer(self, bank: str, ticket: dict[str, Any]) -> bool:
        """Answer one ticket from the books; False where this bank stays silent."""
        body = self.change(ticket, self.body(ticket))
        if body is None:
            return False
        self.world.answer(bank, body)
        self.bodies[ticket["ticket"]] = body
        self.answered.append((bank, ticket["measure"], ticket["kind"]))
        return True

    def body(self, ticket: dict[str, Any]) -> dict[str, Any]:
        """The answer that the books give."""
        account = ticket["account"]
        name = self.ledger.name_of(account["scheme"], account["ident"], ticket["currency"])
        told = {"ticket": ticket["ticket"], "answer": str(uuid5(NAMES, ticket["ticket"]))}
        if name is None:
            return told | {"code": "not_ours"}
        if ticket["measure"] == "hold":
            return told | self._hold(name, ticket)
        if ticket["measure"] == "confirm_debit":
            return told | self._confirm(name, ticket)
        return told | {"code": "nothing_left"}

    # The payer's bank

    def _confirm(self, name: str, ticket: dict[str, Any]) -> dict[str, Any]:
        asked = ticket["lines"][0]["payment"]
        to = (asked["payee_account"] or {}).get("ident")
        for book in self.ledger.books(name):
            kept = self.ledger.accounts.get(book.paid.to)
            if book.is_credit or kept is None or kept.ident != to:
                continue
            near = abs(book.at - read_moment(asked["at"], field="at")) <= timedelta(minutes=2)
            if near and book.amount == asked["amount_minor"]:
                booked = self._booking(book) | {"currency": ticket["currency"]}
                return {"code": "debit_confirmed", "payment": booked}
        return {"code": "no_such_debit"}

    # The payee's bank

    def _hold(self, name: str, ticket: dict[str, Any]) -> dict[str, Any]:
        held = self._block(name, ticket)
        reference = {"held_minor": held, "block_reference": f"B-{name}" if held else ""}
        if ticket["kind"] in ("block", "set", "destination"):
            return reference | self._short(ticket, held) | self._destinations(name, ticket)
        window = self._window(name, ticket)
        if window is None:
            return reference | {"code": "nothing_left" if not held else self._code(ticket, held)}
        return reference | {"code": self._code(ticket, held, window), "window": window}

    def _block(self, name: str, ticket: dict[str, Any]) -> int:
        """Block the new total of this request, as far as the balance goes beside the others."""
        others = self.blocked.setdefault(name, {})
        others.pop(ticket["request"], None)
        free = max(self.ledger.balance(name) - sum(others.values()), 0)
        others[ticket["request"]] = min(ticket["amount_minor"], free)
        return others[ticket["request"]]

    def _short(self, ticket: dict[str, Any], held: int) -> dict[str, Any]:
        return {"code": self._code(ticket, held)}

    def _code(self, ticket: dict[str, Any], held: int, window: dict[str, Any] | None = None) -> str:
        if held and held == ticket["amount_minor"]:
            return "held"
        kinds = {d["to"]["kind"] for d in window["debits"] if d["to"]} if window else set()
        if kinds & {"account", "abroad"}:
            return "moved_on"
        if "cash" in kinds:
            return "cashed_out"
        return "part_held" if held else "nothing_left"

    def _window(self, name: str, ticket: dict[str, Any]) -> dict[str, Any] | None:
        """The known window: from the first asked credit (or a moment) until now."""
        books = self.ledger.books(name)
        known = self._known(books)
        lines = {line["line"]: self._credit_of(known, line) for line in ticket["lines"]}
        found = [book for book in lines.values() if book is not None]
        since = ticket["disclose"]["from"]
        if since is not None:
            after = read_moment(since, field="from")
            shown = [book for book in books if book.at > after]
            begins = after
        elif found:
            first = min(found, key=lambda book: (book.at, book.seq))
            shown = [book for book in books if (book.at, book.seq) >= (first.at, first.seq)]
            begins = first.at
        else:
            shown, begins = books, self.ledger.start or books[0].at
        line_of = {book.seq: line for line, book in lines.items() if book is not None}
        opening = self.ledger.balance(name, shown[0]) if shown else self.ledger.balance(name)
        return {
            "opening_minor": opening,
            "closing_minor": self.ledger.balance(name),
            "from": iso_utc(begins),
            "to": iso_utc(self.world.now()),
            "credits": [
                self._booking(b) | {"line": line_of.get(b.seq)} for b in shown if b.is_credit
            ],
            "debits": [self._booking(b) | {"to": self._to(b)} for b in shown if not b.is_credit],
        }

    def _credit_of(self, known: Known, line: dict[str, Any]) -> Book | None:
        """The credit that a line asks about: by UETR, else by its payer and amount."""
        asked = line["payment"]
        payer = (asked["payer_account"] or {}).get("ident")
        return known.get(asked["uetr"]) or known.get((payer, asked["amount_minor"]))

    def _known(self, books: list[Book]) -> Known:
        """Credits by what a line may call them; of equal ones the first."""
        known: Known = {}
        for book in books:
            payer = self.ledger.accounts.get(book.paid.payer)
            if book.is_credit:
                known.setdefault(self._uetr(book.paid) or book.paid.ref, book)
                known.setdefault((payer.ident if payer else "", book.paid.amount), book)
        return known

    def _destinations(self, name: str, ticket: dict[str, Any]) -> dict[str, Any]:
        if ticket["kind"] != "destination":
            return {}
        return {"window": self._window(name, ticket)}

    def _booking(self, book: Book) -> dict[str, Any]:
        mark = "c" if book.is_credit else "d"
        return {
            "reference": f"{mark}:{book.paid.ref}",
            "uetr": self._uetr(book.paid),
            "amount_minor": book.amount,
            "booked_at": iso_utc(book.at),
            "seq": book.seq,
        }

    def _uetr(self, paid: Paid) -> str | None:
        return str(uuid5(NAMES, paid.ref)) if paid.uetr else None

    def _to(self, book: Book) -> dict[str, Any]:
        to = self.ledger.accounts.get(book.paid.to)
        if to is None:
            return {"kind": book.paid.to, "place": f"{book.paid.to} of {book.paid.payer}"}
        payer = self.ledger.accounts[book.paid.payer]
        abroad = to.currency != payer.currency
        return {
            "kind": "account",
            "scheme": "iban",
            "ident": to.ident,
            "credit_minor": book.paid.credited if abroad else None,
            "credit_currency": to.currency if abroad else None,
        }
