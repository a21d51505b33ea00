"""What an institution discloses: the known window of an account, destinations only where due.

The window runs from just before the first traced credit to now, with every credit and debit in
booking order, so that opening + credits - debits = closing. Who was paid is told only for debits
that carry money of the lines asked about, first in first out (``recoup.core.tracing``).
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recoup.core.tracing import Account, Ledger, Seed, Transfer, trace
from recoup.demo import ledger, payments
from recoup.demo.ledger import AccountRow, Booking

Parts = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A window and the code it leads to: moved_on, cashed_out or, if all is there, nothing."""

    window: Parts
    headline: str


def disclose(
    db: sqlite3.Connection, account: AccountRow, ticket: Mapping[str, Any], *, request: str, at: str
) -> Disclosure | None:
    """Return the window a ticket asks for; None if no booking fits what it asks about."""
    entries = ledger.bookings(db, account.ident)
    # The lines of a destination ticket are debits; those of all others are credits.
    lines = {} if ticket["kind"] == "destination" else match_lines(entries, ticket["lines"])
    _remember(db, request, lines, ticket["lines"])
    first = _first_of_window(entries, ticket, lines)
    if first is None:
        return None
    before, inside = entries[:first], entries[first:]
    traced = carrying(account, entries, _seeds(db, request))
    debits = [b for b in inside if b.side == "d"]
    told = {b for b in debits if b.reference in traced or payments.is_named(b, ticket)}
    opening = account.opening_minor + sum(map(_signed, before))
    return Disclosure(
        window={
            "opening_minor": opening,
            "closing_minor": opening + sum(map(_signed, inside)),
            "from": _from(ticket, inside, at),
            "to": at,
            "credits": [_credit(b, lines) for b in inside if b.side == "c"],
            "debits": [_debit(b, b in told) for b in debits],
        },
        headline=_headline(told),
    )


def match_lines(
    entries: Sequence[Booking], lines: Sequence[Mapping[str, Any]]
) -> dict[str, Booking]:
    """Find for each ticket line the credit it speaks of; a line without one is left out."""
    free = {b.seq: b.amount_minor for b in entries if b.side == "c"}
    found = {}
    for line in lines:
        # Two payments of one amount on one day are two: a line takes its part of a credit.
        fitting = [
            b
            for b in entries
            if free.get(b.seq, 0) >= line["amount_minor"] and payments.speaks_of(b, line)
        ]
        best = max(fitting, key=lambda b: payments.likeness(b, line), default=None)
        if best is not None:
            found[str(line["line"])] = best
            free[best.seq] -= line["amount_minor"]
    return found


def carrying(account: AccountRow, entries: Sequence[Booking], seeds: Mapping[int, int]) -> set[str]:
    """Return the references of debits that carry money of these credits, by FIFO.

    seeds: booking number of a credit and how much of it is asked about.
    """
    if not seeds:
        return set()
    me, outside = account.ident, "outside"
    transfers = tuple(
        Transfer(
            id=str(b.seq),
            t=b.seq,
            payer=outside if b.side == "c" else me,
            payee=me if b.side == "c" else outside,
            amount=b.amount_minor,
        )
        for b in entries
    )
    books = {me: Account(opening=account.opening_minor), outside: Account(external=True)}
    amounts = {b.seq: b.amount_minor for b in entries}
    marked = tuple(Seed(str(seq), min(sum_, amounts[seq])) for seq, sum_ in seeds.items())
    result = trace(Ledger(books, transfers, marked), rule="fifo")
    return {b.reference for b in entries if b.side == "d" and result.transfers.get(str(b.seq))}


def _remember(
    db: sqlite3.Connection,
    request: str,
    found: Mapping[str, Booking],
    lines: Sequence[Mapping[str, Any]],
) -> None:
    for line in lines:
        if line["line"] in found:
            db.execute(
                "insert into line (request, line, seq, amount_minor) values (?, ?, ?, ?)"
                " on conflict (request, line) do update set seq = excluded.seq,"
                " amount_minor = excluded.amount_minor",
                (request, line["line"], found[line["line"]].seq, line["amount_minor"]),
            )


def _seeds(db: sqlite3.Connection, request: str) -> Mapping[int, int]:
    seeds: Counter[int] = Counter()
    rows = db.execute("select seq, amount_minor from line where request = ?", (request,))
    for seq, amount in rows:
        seeds[seq] += amount
    return seeds


def _first_of_window(
    entries: Sequence[Booking], ticket: Mapping[str, Any], lines: Mapping[str, Booking]
) -> int | None:
    """Return the position of the window's first booking; one past the last if it is empty."""
    since = _since(ticket)
    if ticket["kind"] == "forward" and since:
        return sum(b.booked_at <= since for b in entries)
    asked = set(lines.values()) or {b for b in entries if payments.is_named(b, ticket)}
    starts = [n for n, b in enumerate(entries) if b in asked or (since and b.booked_at >= since)]
    return starts[0] if starts else None


def _from(ticket: Mapping[str, Any], inside: Sequence[Booking], at: str) -> str:
    since = _since(ticket)
    if ticket["kind"] == "forward" and since:
        return since
    return inside[0].booked_at if inside else at


def _since(ticket: Mapping[str, Any]) -> str | None:
    since = ticket["disclose"].get("from")
    return ledger.text_of(ledger.moment_of(since)) if since else None


def _headline(told: Iterable[Booking]) -> str:
    kinds = {b.kind for b in told}
    if kinds & {"account", "abroad"}:
        return "moved_on"
    return "cashed_out" if "cash" in kinds else ""


def _credit(booking: Booking, lines: Mapping[str, Booking]) -> Parts:
    line = next((key for key, found in lines.items() if found.seq == booking.seq), None)
    return _entry(booking) | {"line": line}


def _debit(booking: Booking, is_told: bool) -> Parts:
    return _entry(booking) | {"to": _destination(booking) if is_told else None}


def _entry(booking: Booking) -> Parts:
    return {
        "reference": booking.reference,
        "uetr": booking.uetr,
        "amount_minor": booking.amount_minor,
        "booked_at": booking.booked_at,
        "seq": booking.seq,
    }


def _destination(booking: Booking) -> Parts:
    if booking.kind == "account":
        where = {"scheme": booking.scheme, "ident": booking.ident}
        return {"kind": "account", **where, "credit_minor": None, "credit_currency": None}
    return {
        "kind": booking.kind,
        "place": booking.place,
        "ident": booking.ident,
        "country": booking.country,
    }


def _signed(booking: Booking) -> int:
    return booking.amount_minor if booking.side == "c" else -booking.amount_minor
