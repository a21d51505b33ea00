"""One institution's own books in one SQLite file: accounts, bookings, blocks and its out-box.

What it guarantees by keys, whatever the program above it does or wherever it was killed:
a ticket is executed once (``executed_ticket``), an account has one open block, and an answer is
stored in the transaction that changed the block, before anybody sends it.
All amounts are whole minor units; all moments are UTC text of one width, so that text order is
time order.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import UTC, datetime
from pathlib import Path

SCHEMA = """
create table if not exists about (name text primary key, value text not null);
create table if not exists account (
    ident text primary key, scheme text not null, currency text not null, holder text not null,
    opening_minor integer not null check (opening_minor >= 0),
    reserved_minor integer not null default 0 check (reserved_minor >= 0));
create table if not exists alias (
    scheme text not null, ident text not null, account text not null references account,
    primary key (scheme, ident));
create table if not exists booking (
    seq integer primary key, reference text not null, uetr text,
    account text not null references account, side text not null check (side in ('c', 'd')),
    amount_minor integer not null check (amount_minor > 0), booked_at text not null,
    state text not null default 'booked' check (state in ('booked', 'pending', 'cancelled')),
    kind text not null default 'account', scheme text not null default '',
    ident text not null default '', place text not null default '',
    country text not null default '', words text not null default '',
    paid_as text not null default '', recallable integer not null default 0,
    unique (account, side, reference));
create index if not exists booking_account on booking (account, seq);
create table if not exists block (
    reference text primary key, account text not null references account,
    opened_at text not null, closed_at text);
create unique index if not exists block_open on block (account) where closed_at is null;
create table if not exists hold (
    account text not null references account, request text not null, asked_as text not null,
    ticket_reference text not null, round integer not null,
    asked_minor integer not null check (asked_minor >= 0),
    held_minor integer not null check (held_minor between 0 and asked_minor),
    until text, primary key (account, request));
create table if not exists line (
    request text not null, line text not null, seq integer not null references booking,
    amount_minor integer not null, primary key (request, line));
create table if not exists executed (
    ticket text not null, reference text not null, measure text not null, kind text not null,
    account text not null, code text not null, executed_at text not null);
create table if not exists batch (
    key text primary key, body blob not null, receipt text, settled_at text);
create table if not exists answer (
    answer text primary key, ticket text not null, asked_as text not null, body text not null,
    due_at text not null, batch text references batch, verdict text not null default '');
create index if not exists answer_unsent on answer (due_at) where verdict = '';
create index if not exists answer_ticket on answer (ticket);
"""


class NoLedger(Exception):
    """There is no ledger at this place."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"There is no ledger at {path}. Prepare the demo's ledgers first.")


@dataclass(frozen=True, slots=True)
class AccountRow:
    """An account as the institution keeps it."""

    ident: str
    scheme: str
    currency: str
    holder: str
    opening_minor: int
    reserved_minor: int = 0


@dataclass(frozen=True, slots=True)
class Booking:
    """One entry on one account.

    kind, scheme, ident, place, country: the other side. words: what the payer wrote.
    paid_as: the phone or card the payer addressed, as ``key_of`` gives it.
    """

    seq: int
    reference: str
    uetr: str | None
    account: str
    side: str
    amount_minor: int
    booked_at: str
    state: str = "booked"
    kind: str = "account"
    scheme: str = ""
    ident: str = ""
    place: str = ""
    country: str = ""
    words: str = ""
    paid_as: str = ""
    recallable: int = 0


def text_of(moment: datetime) -> str:
    """Return a moment as UTC text with microseconds."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def moment_of(text: str) -> datetime:
    """Read a moment that carries a zone."""
    return datetime.fromisoformat(text)


def open_ledger(path: Path, *, create: bool = False) -> sqlite3.Connection:
    """Open a ledger for one thread; every commit reaches the disk before it returns."""
    if not create and not path.exists():
        raise NoLedger(path)
    db = sqlite3.connect(path, timeout=60, isolation_level=None)
    db.execute("pragma journal_mode = wal")
    db.execute("pragma synchronous = full")
    db.execute("pragma foreign_keys = on")
    db.executescript(SCHEMA)
    _keep_tickets_unique(db)
    return db


def _keep_tickets_unique(db: sqlite3.Connection) -> None:
    # The planted fault of the crash drill: without this key a ticket can be executed twice.
    if os.environ.get("RECOUP_FAULT") == "bank_unique_ticket":
        db.execute("drop index if exists executed_ticket")
    else:
        db.execute("create unique index if not exists executed_ticket on executed (ticket)")


@contextmanager
def transaction(db: sqlite3.Connection) -> Iterator[None]:
    """Do all of the block or nothing of it, alone in this file."""
    db.execute("begin immediate")
    try:
        yield
    except BaseException:
        db.execute("rollback")
        raise
    db.execute("commit")


# --- Accounts and bookings -----------------------------------------------------------------


def key_of(scheme: str, ident: str) -> str:
    """Return an identifier as this institution looks it up."""
    digits = "".join(c for c in ident if c.isdigit())
    if scheme == "card":
        return digits[:6] + digits[-4:]
    if scheme == "phone":
        return digits.removeprefix("00")
    return "".join(ident.split()).upper() if scheme == "iban" else ident.strip()


def find_account(db: sqlite3.Connection, scheme: str, ident: str) -> AccountRow | None:
    """Return the account that an identifier or alias stands for, or None."""
    key = key_of(scheme, ident)
    row = db.execute(
        "select a.ident, a.scheme, a.currency, a.holder, a.opening_minor, a.reserved_minor"
        " from account a where (a.scheme = ? and a.ident = ?) or a.ident ="
        " (select account from alias where scheme = ? and ident = ?)",
        (scheme, key, scheme, key),
    ).fetchone()
    return AccountRow(*row) if row else None


def bookings(db: sqlite3.Connection, account: str, *, state: str = "booked") -> list[Booking]:
    """Return an account's bookings in the bank's own order."""
    rows = db.execute(
        "select * from booking where account = ? and state = ? order by seq", (account, state)
    )
    return [Booking(*row) for row in rows]


def balance(db: sqlite3.Connection, account: AccountRow) -> int:
    """Return the booked balance."""
    return account.opening_minor + _sum(
        db,
        "select sum(case side when 'c' then amount_minor else -amount_minor end) from booking"
        " where account = ? and state = 'booked'",
        account.ident,
    )


def disposable(db: sqlite3.Connection, account: AccountRow) -> int:
    """Return what the holder could dispose of without blocks: never below zero."""
    pending = _sum(
        db,
        "select sum(amount_minor) from booking"
        " where account = ? and state = 'pending' and side = 'd'",
        account.ident,
    )
    return max(0, balance(db, account) - account.reserved_minor - pending)


def add_account(db: sqlite3.Connection, account: AccountRow) -> None:
    """Add an account; its opening balance is older than every booking."""
    db.execute(
        "insert into account (ident, scheme, currency, holder, opening_minor, reserved_minor)"
        " values (?, ?, ?, ?, ?, ?)",
        astuple(account),
    )


def add_alias(db: sqlite3.Connection, scheme: str, ident: str, account: str) -> None:
    """Let a telephone number, card or wallet stand for an account."""
    db.execute("insert into alias values (?, ?, ?)", (scheme, key_of(scheme, ident), account))


def book(db: sqlite3.Connection, booking: Booking) -> None:
    """Add a booking; a booking number of 0 takes the next one."""
    row = astuple(booking)
    marks = ", ".join("?" * len(row))
    db.execute(f"insert into booking values ({marks})", (row[0] or None, *row[1:]))  # noqa: S608


# --- Blocks --------------------------------------------------------------------------------


def held(db: sqlite3.Connection, account: str, request: str | None = None) -> int:
    """Return what is held on the account: for all requests, or for one."""
    if request is None:
        return _sum(db, "select sum(held_minor) from hold where account = ?", account)
    return _sum(
        db, "select held_minor from hold where account = ? and request = ?", account, request
    )


def set_hold(
    db: sqlite3.Connection,
    account: AccountRow,
    *,
    request: str,
    asked_minor: int,
    asked_as: str,
    ticket_reference: str,
    round_number: int,
    until: str | None,
    at: str,
) -> int:
    """Hold up to the new total for one request and return what is held for it now.

    An order that was overtaken by a later round changes nothing. The block never exceeds what
    is disposable on the account, whoever asked for it.
    """
    known = db.execute(
        "select round, held_minor from hold where account = ? and request = ?",
        (account.ident, request),
    ).fetchone()
    if known and known[0] > round_number:
        return int(known[1])
    others = held(db, account.ident) - (known[1] if known else 0)
    now_held = max(0, min(asked_minor, disposable(db, account) - others))
    db.execute(
        "insert into hold (account, request, asked_as, ticket_reference, round, asked_minor,"
        " held_minor, until) values (?, ?, ?, ?, ?, ?, ?, ?)"
        " on conflict (account, request) do update set asked_as = excluded.asked_as,"
        " ticket_reference = excluded.ticket_reference, round = excluded.round,"
        " asked_minor = excluded.asked_minor, held_minor = excluded.held_minor,"
        " until = excluded.until",
        (account.ident, request, asked_as, ticket_reference, round_number, asked_minor)
        + (now_held, until),
    )
    _open_or_close_block(db, account.ident, at)
    return now_held


def block_reference(db: sqlite3.Connection, account: str) -> str:
    """Return the reference of the account's open block, or nothing."""
    row = db.execute(
        "select reference from block where account = ? and closed_at is null", (account,)
    ).fetchone()
    return str(row[0]) if row else ""


def let_lapse(db: sqlite3.Connection, at: str) -> list[tuple[str, str, int]]:
    """Free what is held beyond its printed end; returns (account, ticket reference, sum)."""
    with transaction(db):
        due = db.execute(
            "select account, ticket_reference, held_minor from hold"
            " where held_minor > 0 and until is not null and until <= ?",
            (at,),
        ).fetchall()
        db.execute("update hold set held_minor = 0 where until is not null and until <= ?", (at,))
        for account, _, _ in due:
            _open_or_close_block(db, account, at)
    return due


def _open_or_close_block(db: sqlite3.Connection, account: str, at: str) -> None:
    is_open = bool(block_reference(db, account))
    is_needed = held(db, account) > 0
    if is_needed and not is_open:
        number = _sum(db, "select count(*) from block") + 1
        code = db.execute("select value from about where name = 'code'").fetchone()
        prefix = (code[0] if code else "demo").upper()[:4]
        db.execute(
            "insert into block (reference, account, opened_at) values (?, ?, ?)",
            (f"{prefix}-BLK-{number:06d}", account, at),
        )
    elif is_open and not is_needed:
        db.execute(
            "update block set closed_at = ? where account = ? and closed_at is null",
            (at, account),
        )


# --- What the drills and the reconciliation ask ---------------------------------------------


def own_holds(db: sqlite3.Connection) -> dict[tuple[str, str], int]:
    """Return what is held, by the identifier the hub asked with and the currency."""
    rows = db.execute(
        "select h.asked_as, a.currency, sum(h.held_minor) from hold h"
        " join account a on a.ident = h.account group by 1, 2"
    )
    return {(asked_as, currency): total for asked_as, currency, total in rows}


def unsettled(db: sqlite3.Connection) -> set[str]:
    """Return the identifiers about which the hub has not yet been told everything."""
    rows = db.execute("select distinct asked_as from answer where verdict = ''")
    return {asked_as for (asked_as,) in rows}


def doubled(db: sqlite3.Connection) -> list[tuple[str, int]]:
    """Return tickets that were executed more than once: must be empty."""
    return db.execute(
        "select ticket, count(*) from executed group by ticket having count(*) > 1"
    ).fetchall()


def broken(db: sqlite3.Connection) -> list[str]:
    """Return accounts where more is held than is disposable: must be empty."""
    rows = db.execute(
        "select ident, scheme, currency, holder, opening_minor, reserved_minor from account"
    ).fetchall()
    accounts = [AccountRow(*row) for row in rows]
    return [a.ident for a in accounts if held(db, a.ident) > disposable(db, a)]


def _sum(db: sqlite3.Connection, query: str, *values: str) -> int:
    row = db.execute(query, values).fetchone()
    return int(row[0] or 0) if row else 0
