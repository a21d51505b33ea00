"""Prepares the ledgers of all invented institutions together, so that they agree.

Every transfer between two institutions has one UETR and each side's own reference; a transfer
inside one institution is one pair of entries with one reference. ``prepare`` starts anew,
``refresh`` lets the same stories happen again on the same accounts when the demo starts later.
"""

from __future__ import annotations

import json
import random
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from recoup.demo import ledger
from recoup.demo.cast import ACCOUNTS, MOVES, STORIES, Kept, Move, Story, account
from recoup.demo.country import country, rs_account
from recoup.demo.ledger import AccountRow, Booking

FACTS: Final = "facts.json"
SHEETS: Final = "sheets.json"
SPAN: Final = timedelta(minutes=35)
SETTLED_BEFORE_MINUTES: Final = 30.0
KEEPERS: Final = ("plum", "quince", "walnut", "linden", "sparrow", "firefly")

Books = Mapping[str, sqlite3.Connection]
Clock = Callable[[float], datetime]


def ledger_path(directory: Path, code: str) -> Path:
    """Return where an institution's ledger lies."""
    return directory / f"{code}.sqlite"


def prepare(directory: Path, at: datetime, *, seed: int = 1) -> list[dict[str, Any]]:
    """Write all ledgers anew, with the stories just before ``at``; returns the facts to type."""
    directory.mkdir(parents=True, exist_ok=True)
    for old in [directory / FACTS, *directory.glob("*.sqlite*")]:
        old.unlink(missing_ok=True)
    with ExitStack() as stack:
        books = _open_all(stack, directory, create=True)
        for code, db in books.items():
            db.execute("insert into about values ('code', ?)", (code,))
        for kept in ACCOUNTS:
            _add_account(books[kept.organisation], kept)
        _play(books, lambda minutes: at - timedelta(minutes=minutes), random.Random(seed))  # noqa: S311
    return _write_facts(directory, at, lambda minutes: at - timedelta(minutes=minutes))


def refresh(directory: Path, at: datetime, *, seed: int = 1) -> list[dict[str, Any]]:
    """Let the stories happen once more on the same accounts; returns the new facts to type.

    What lies free on an account is first brought to the story's opening balance. Nothing is
    booked before what the institutions have already disclosed: if the last start was a short
    while ago, the stories are played faster.
    """
    with ExitStack() as stack:
        books = _open_all(stack, directory, create=False)
        earliest = max(_last_moment(db) for db in books.values())
        pace = min(1.0, max((at - earliest) / SPAN, 0.0))
        if pace == 0:
            raise TooEarly(at, earliest)

        def moment(minutes: float) -> datetime:
            return at - timedelta(minutes=minutes) * pace

        dice = random.Random(f"{seed} {at.isoformat()}")  # noqa: S311
        for kept in ACCOUNTS:
            _settle(books[kept.organisation], kept, moment(SETTLED_BEFORE_MINUTES))
        _play(books, moment, dice)
    return _write_facts(directory, at, moment)


class TooEarly(Exception):
    """The ledgers already contain bookings of this moment or later."""

    def __init__(self, at: datetime, last: datetime) -> None:
        self.at, self.last = at, last
        super().__init__(
            f"The ledgers go up to {last.isoformat()}, so nothing can be added before "
            f"{at.isoformat()}. Check the clock, or prepare the demo anew."
        )


def ensure(directory: Path, at: datetime, *, seed: int = 1) -> list[dict[str, Any]]:
    """Prepare the ledgers if there are none, else refresh them; returns the facts to type."""
    is_there = (directory / FACTS).exists()
    return (refresh if is_there else prepare)(directory, at, seed=seed)


def facts(directory: Path) -> list[dict[str, Any]]:
    """Return what a newcomer types for each story of the last start."""
    found: list[dict[str, Any]] = json.loads((directory / FACTS).read_text(encoding="utf-8"))
    return found


def clerk_sheet(directory: Path, iban: str) -> str:
    """Return what the bank without IT sees of an account on its own screen.

    The head lines begin with #; the others can be pasted into the desk's page as they are:
    side, reference, time, amount, where it went, account or place, with tabs between.
    """
    holder, opening, entries = _statement(directory, iban)
    balance = opening + sum(b.amount_minor * (1 if b.side == "c" else -1) for b in entries)
    local = [_local(ledger.moment_of(b.booked_at)) for b in entries]
    head = [f"# {iban} {holder}", f"# opening balance\t{_decimal(opening)}"]
    head += [f"# from\t{local[0]:%Y-%m-%d %H:%M:%S}"] if local else []
    head += [f"# closing balance\t{_decimal(balance)}"]
    return "\n".join([*head, *clerk_lines(directory, iban)]) + "\n"


def clerk_lines(directory: Path, iban: str) -> list[str]:
    """Return only the lines to paste: every booking of the account, oldest first."""
    _, _, entries = _statement(directory, iban)
    return [_sheet_line(entry) for entry in entries]


def _statement(directory: Path, iban: str) -> tuple[str, int, list[Booking]]:
    ident = ledger.key_of("iban", iban)
    path = ledger_path(directory, _keeper_of(ident))
    with closing(ledger.open_ledger(path)) as db:
        kept = ledger.find_account(db, "iban", ident)
        if kept is None:
            raise NoSuchAccount(ident)
        return kept.holder, kept.opening_minor, ledger.bookings(db, ident)


# --- Writing the books -----------------------------------------------------------------------


def _open_all(stack: ExitStack, directory: Path, *, create: bool) -> Books:
    return {
        code: stack.enter_context(
            closing(ledger.open_ledger(ledger_path(directory, code), create=create))
        )
        for code in KEEPERS
    }


def _add_account(db: sqlite3.Connection, kept: Kept) -> None:
    row = AccountRow(kept.iban, "iban", "RSD", kept.holder, kept.opening * 100)
    ledger.add_account(db, row)
    if kept.alias:
        ledger.add_alias(db, *kept.alias, kept.iban)


def _play(books: Books, moment: Clock, dice: random.Random) -> None:
    """Book every move of the stories in order of time."""
    for db in books.values():
        db.execute("begin immediate")
    for move in sorted(MOVES, key=lambda one: -one.minutes):
        _book(books, move, moment, dice)
    for db in books.values():
        db.execute("commit")


def _book(books: Books, move: Move, moment: Clock, dice: random.Random) -> None:
    payer, at = account(move.payer), moment(move.minutes)
    uetr = str(uuid.UUID(int=dice.getrandbits(128), version=4))
    debit = Booking(
        seq=0,
        reference=_next_reference(books[payer.organisation], payer.organisation, at),
        uetr=uetr if move.payee in _KEYS or move.payee == "abroad" else None,
        account=payer.iban,
        side="d",
        amount_minor=move.amount * 100,
        booked_at=ledger.text_of(at),
        state=move.state,
        words=move.words,
        recallable=int(move.recallable),
        kind=move.payee,
        ident=move.ident,
        place=move.place,
        country=move.country,
    )
    if move.payee not in _KEYS:
        ledger.book(books[payer.organisation], debit)
        return
    payee = account(move.payee)
    paid_as = ledger.key_of(*move.paid_as) if move.paid_as else ""
    debit = replace(debit, kind="account", scheme="iban", ident=payee.iban, paid_as=paid_as)
    ledger.book(books[payer.organisation], debit)
    if move.state == "booked":
        # The credit comes 0.6 s later, or less where the story is played faster.
        _credit(books, debit, payer, payee, moment(move.minutes - 0.01))


def _credit(books: Books, debit: Booking, payer: Kept, payee: Kept, at: datetime) -> None:
    db, reference = books[payee.organisation], debit.reference
    if payee.organisation != payer.organisation:
        reference = _next_reference(db, payee.organisation, at)
    ledger.book(
        db,
        Booking(
            seq=0,
            reference=reference,
            uetr=debit.uetr,
            account=payee.iban,
            side="c",
            amount_minor=debit.amount_minor,
            booked_at=ledger.text_of(at),
            scheme="iban",
            ident=payer.iban,
            words=debit.words,
        ),
    )


def _settle(db: sqlite3.Connection, kept: Kept, at: datetime) -> None:
    """Bring the balance to the story's opening, as far as blocks allow."""
    row = ledger.find_account(db, "iban", kept.iban)
    if row is None:
        return
    balance = ledger.balance(db, row)
    free = max(0, ledger.disposable(db, row) - ledger.held(db, kept.iban))
    change = max(kept.opening * 100 - balance, -free)
    if change == 0:
        return
    booking = Booking(
        seq=0,
        reference=_next_reference(db, kept.organisation, at),
        uetr=None,
        account=kept.iban,
        side="c" if change > 0 else "d",
        amount_minor=abs(change),
        booked_at=ledger.text_of(at),
        kind="cash",
        place="Counter 1",
        country="RS",
    )
    ledger.book(db, booking)


def _next_reference(db: sqlite3.Connection, code: str, at: datetime) -> str:
    number = db.execute("select coalesce(max(seq), 0) + 1 from booking").fetchone()[0]
    return f"{code[:4].upper()}{at.astimezone(UTC):%y%m%d}{number:06d}"


def _last_moment(db: sqlite3.Connection) -> datetime:
    row = db.execute(
        "select max(m) from (select max(booked_at) as m from booking"
        " union all select max(executed_at) from executed)"
    ).fetchone()
    return ledger.moment_of(row[0]) if row[0] else datetime.min.replace(tzinfo=UTC)


# --- What people read ------------------------------------------------------------------------


def _write_facts(directory: Path, at: datetime, moment: Clock) -> list[dict[str, Any]]:
    found = [_facts_of(story, moment(story.minutes)) for story in STORIES]
    sheets = {
        account(kept.key).iban: clerk_sheet(directory, account(kept.key).iban)
        for kept in ACCOUNTS
        if country().organisation(kept.organisation).answers_by == "desk"
    }
    _write_at_once(directory / SHEETS, sheets)
    # Written last and at once: its presence says that the ledgers are complete.
    _write_at_once(directory / FACTS, found)
    return found


def _write_at_once(place: Path, content: Any) -> None:
    fresh = place.with_suffix(".new")
    fresh.write_text(json.dumps(content, ensure_ascii=False, indent=1), encoding="utf-8")
    fresh.replace(place)


def _facts_of(story: Story, paid_at: datetime) -> dict[str, Any]:
    payer, payee = account(story.victim), account(story.payee)
    local = _local(paid_at)
    return {
        "story": story.number,
        "title": story.title,
        "amount": f"{story.amount}.00",
        "currency": "RSD",
        "paid_at": local.isoformat(timespec="seconds"),
        "paid_at_shown": f"{local:%Y-%m-%d %H:%M}",
        "payer_account": rs_account(payer.iban),
        "payee_account": story.payee_written or rs_account(payee.iban),
        "payee_iban": payee.iban,
        "payer_iban": payer.iban,
        "reference": story.words,
        "is_paid": story.is_paid,
        "expect": story.expect,
    }


def _sheet_line(entry: Booking) -> str:
    cells = [
        "debit" if entry.side == "d" else "credit",
        entry.reference,
        f"{_local(ledger.moment_of(entry.booked_at)):%Y-%m-%d %H:%M:%S}",
        _decimal(entry.amount_minor),
    ]
    if entry.side == "d":
        cells += [entry.kind, entry.ident if entry.kind == "account" else entry.place]
    return "\t".join(cells)


def _local(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(country().about["time_zone"]))


def _decimal(minor: int) -> str:
    return f"{minor // 100}.{minor % 100:02d}"


def _keeper_of(ident: str) -> str:
    for one in country().organisations:
        if one.code in KEEPERS and ident[4:].startswith(one.bank_code):
            return one.code
    raise NoSuchAccount(ident)


class NoSuchAccount(Exception):
    """No institution of the invented country keeps this account."""

    def __init__(self, ident: str) -> None:
        self.ident = ident
        super().__init__(f"No invented institution keeps the account {ident}.")


_KEYS: Final = frozenset(kept.key for kept in ACCOUNTS)
