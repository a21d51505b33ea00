"""Invented frauds for the drills: seeded, over several banks and hops, with cash at some ends.

All ledgers are written before anything is reported, so what becomes of each fraud is settled by its
seed alone; the order in which banks happen to answer must make no difference.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from sqlite3 import Connection
from typing import Final

from recoup.demo import ledger
from recoup.demo.country import rs_iban
from recoup.demo.ledger import AccountRow, Booking
from recoup.demo.load import FIRST_BANK_CODE, LoadReport, bank_codes

BANKS: Final = 5
HOPS: Final = 4
SMALLEST_MINOR: Final = 50_000
BEGAN_MINUTES_AGO: Final = 55.0
HOP_MINUTES: Final = 10.0
CASH_CHANCE, KEEP_CHANCE, CYCLE_CHANCE = 0.15, 0.5, 0.08


@dataclass(frozen=True, slots=True)
class Fraud:
    """One fraud: what its victim's bank reports, and every account that the money reaches."""

    number: int
    report: LoadReport
    accounts: tuple[str, ...]


def codes() -> list[str]:
    """The banks that take part: the first of the ten that measurements use."""
    return bank_codes()[:BANKS]


def write(folder: Path, *, count: int, seed: int, at: datetime) -> list[Fraud]:
    """Write the ledgers of all banks anew, with ``count`` frauds in them."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("load-*.sqlite*"):
        old.unlink()
    with ExitStack() as stack:
        books = {}
        for code in codes():
            db = ledger.open_ledger(folder / f"{code}.sqlite", create=True)
            books[code] = stack.enter_context(closing(db))
            db.execute("begin immediate")
            db.execute("insert into about values ('code', ?)", (code.replace("-", ""),))
        writer = _Writer(books, random.Random(seed), at)  # noqa: S311
        frauds = [writer.fraud(number) for number in range(count)]
        for db in books.values():
            db.execute("commit")
    return frauds


class _Writer:
    """Books the frauds; every booking has a moment of its own."""

    def __init__(self, books: Mapping[str, Connection], dice: random.Random, at: datetime) -> None:
        self.books, self.dice, self.at = books, dice, at
        self.accounts = 0
        self.entries = 0

    def fraud(self, number: int) -> Fraud:
        amount = self.dice.randrange(1_000_000, 9_000_000)
        victim = self.account(2 * amount)
        first = self.account(self.dice.choice((0, 0, 70_000)), unlike=victim)
        words = f"DRILL {number}"
        paid_at = self.pay(victim, first, amount, 0, words)
        reached = [first]
        tier = [(first, amount)]
        for hop in range(1, self.dice.randint(2, HOPS) + 1):
            tier = [
                onward for account, traced in tier for onward in self.onward(account, traced, hop)
            ]
            reached += [account for account, _ in tier]
        bank = bank_codes()[int(victim[4:7]) - FIRST_BANK_CODE]
        report = LoadReport(number, bank, victim, first, amount, paid_at, words)
        return Fraud(number, report, tuple(dict.fromkeys(reached)))

    def onward(self, account: str, amount: int, hop: int) -> list[tuple[str, int]]:
        """Let the money move on in up to three parts; some stays, some becomes cash."""
        left, onward = amount, []
        if self.dice.random() < KEEP_CHANCE:
            left -= amount // 5
        for part in self._parts(left):
            if self.dice.random() < CASH_CHANCE:
                self.cash(account, part, hop)
                continue
            payee = self.account(0, unlike=account)
            self.pay(account, payee, part, hop)
            onward.append((payee, part))
        if onward and self.dice.random() < CYCLE_CHANCE:
            payee, part = onward[0]
            self.pay(payee, account, part // 3, hop + 0.5)
        return onward

    def _parts(self, amount: int) -> Sequence[int]:
        count = min(self.dice.randint(1, 3), amount // SMALLEST_MINOR)
        if count < 2:
            return [amount] if amount >= SMALLEST_MINOR else []
        return [amount // count] * (count - 1) + [amount - amount // count * (count - 1)]

    def account(self, opening: int, *, unlike: str = "") -> str:
        """A new account, at another bank than the one it is paid from, as a rule."""
        self.accounts += 1
        bank = self.dice.randrange(BANKS)
        if unlike and self.dice.random() < 0.9:
            bank = (int(unlike[4:7]) - FIRST_BANK_CODE + 1 + self.dice.randrange(BANKS - 1)) % BANKS
        iban = rs_iban(str(FIRST_BANK_CODE + bank), 700_000 + self.accounts)
        holder = f"Holder {self.accounts} (invented)"
        ledger.add_account(self.of(iban), AccountRow(iban, "iban", "RSD", holder, opening))
        return iban

    def of(self, iban: str) -> Connection:
        return self.books[bank_codes()[int(iban[4:7]) - FIRST_BANK_CODE]]

    def moment(self, hop: float) -> str:
        self.entries += 1
        minutes = BEGAN_MINUTES_AGO - HOP_MINUTES * hop
        gone = timedelta(minutes=minutes) - timedelta(milliseconds=20 * (self.entries % 5000))
        return ledger.text_of(self.at - gone)

    def pay(self, payer: str, payee: str, amount: int, hop: float, words: str = "") -> str:
        booked_at = self.moment(hop)
        uetr = str(uuid.UUID(int=self.dice.getrandbits(128), version=4))
        inside = payer[4:7] == payee[4:7]
        for account, side, other in ((payer, "d", payee), (payee, "c", payer)):
            reference = f"D{self.entries:06d}{'' if inside else side}"
            entry = Booking(
                0, reference, uetr, account, side, amount, booked_at,
                scheme="iban", ident=other, words=words,
            )  # fmt: skip
            ledger.book(self.of(account), entry)
        return booked_at

    def cash(self, account: str, amount: int, hop: float) -> None:
        booked_at = self.moment(hop)
        entry = Booking(
            0, f"D{self.entries:06d}", None, account, "d", amount, booked_at,
            kind="cash", place="Machine 7", country="RS",
        )  # fmt: skip
        ledger.book(self.of(account), entry)
