"""How an institution answers a ticket: from its own books only, knowing nothing of the case.

Each measure has one function that does what is asked in the ledger and returns the answer's
parts; ``execute`` puts both into one transaction under the key that lets a ticket act once.
"""

from __future__ import annotations

import json
import sqlite3
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from recoup.demo import ledger, payments, window
from recoup.demo.ledger import AccountRow, Booking

Ticket = Mapping[str, Any]
Parts = dict[str, Any]

DISCLOSING_KINDS: Final = frozenset({"first", "forward", "back", "destination"})
EMPTY: Final[Parts] = {
    "stage": "final",
    "replaces": None,
    "held_minor": 0,
    "block_reference": "",
    "ground": "",
    "note": "",
    "payment": None,
    "window": None,
}


@dataclass(frozen=True, slots=True)
class Executed:
    """What executing a ticket led to: the answer's body as stored in the out-box."""

    reference: str
    measure: str
    kind: str
    body: Parts


def execute(db: sqlite3.Connection, ticket: Ticket, *, at: str, due_at: str) -> Executed | None:
    """Do what a ticket asks and store its answer, in one transaction; None if done before.

    due_at: when the answer may leave; the block is placed now, whatever that moment is.
    """
    try:
        with ledger.transaction(db):
            return _execute(db, ticket, at=at, due_at=due_at)
    except sqlite3.IntegrityError as trouble:
        if "executed.ticket" not in str(trouble):
            raise
        return None


def _execute(db: sqlite3.Connection, ticket: Ticket, *, at: str, due_at: str) -> Executed:
    asked_as = f"{ticket['account']['scheme']}:{ticket['account']['ident']}"
    what = (ticket["ticket"], ticket["reference"], ticket["measure"], ticket.get("kind") or "")
    db.execute(
        "insert into executed (ticket, reference, measure, kind, account, code, executed_at)"
        " values (?, ?, ?, ?, ?, '', ?)",
        (*what, asked_as, at),
    )
    body = answer_to(db, ticket, at=at)
    db.execute("update executed set code = ? where ticket = ?", (body["code"], what[0]))
    db.execute(
        "insert into answer (answer, ticket, asked_as, body, due_at) values (?, ?, ?, ?, ?)",
        (body["answer"], what[0], asked_as, json.dumps(body, ensure_ascii=False), due_at),
    )
    return Executed(reference=what[1], measure=what[2], kind=what[3], body=body)


def answer_to(db: sqlite3.Connection, ticket: Ticket, *, at: str) -> Parts:
    """Do what a ticket asks in the ledger and return the whole answer. Runs in a transaction."""
    account = ledger.find_account(db, ticket["account"]["scheme"], ticket["account"]["ident"])
    head = {"answer": str(uuid.uuid4()), "ticket": ticket["ticket"]}
    if account is None:
        return EMPTY | head | {"code": "not_ours", "note": "No such account here."}
    if ticket["currency"] != account.currency:
        note = f"The account is kept in {account.currency}, not {ticket['currency']}."
        return EMPTY | head | {"code": "unclear", "note": note}
    measure = MEASURES.get(ticket["measure"])
    if measure is None:
        ground = f"The measure {ticket['measure']!r} is not known here."
        return EMPTY | head | {"code": "cannot_lawfully", "ground": ground}
    return EMPTY | head | measure(db, account, ticket, at)


# --- The payer's side ------------------------------------------------------------------------


def confirm_debit(db: sqlite3.Connection, account: AccountRow, ticket: Ticket, at: str) -> Parts:
    """Say whether the disputed payment left this account, and as which booking."""
    debit = _disputed_debit(db, account, ticket, "booked")
    if debit is not None:
        return {"code": "debit_confirmed", "payment": _payment(debit, account.currency)}
    for state in ("pending", "cancelled"):
        if _disputed_debit(db, account, ticket, state) is not None:
            note = f"The order is {state}: no money has left the account."
            return {"code": "no_such_debit", "note": note}
    return {"code": "no_such_debit"}


def stop_before_execution(
    db: sqlite3.Connection, account: AccountRow, ticket: Ticket, at: str
) -> Parts:
    """Cancel the disputed payment if it is still waiting to be executed."""
    order = _disputed_debit(db, account, ticket, "pending")
    if order is None:
        return {"code": "nothing_left", "note": "No such payment is waiting to be executed."}
    db.execute("update booking set state = 'cancelled' where seq = ?", (order.seq,))
    stopped = min(order.amount_minor, ticket["amount_minor"])
    return {"code": "stopped_before_execution", "held_minor": stopped}


def recall(db: sqlite3.Connection, account: AccountRow, ticket: Ticket, at: str) -> Parts:
    """Recall the payment where its scheme has a recall; most have none."""
    debit = _disputed_debit(db, account, ticket, "booked")
    if debit is None:
        return {"code": "nothing_left", "note": "No such payment left the account."}
    if not debit.recallable:
        return {"code": "cannot_lawfully", "ground": "no recall scheme"}
    return {"code": "recalled", "held_minor": min(debit.amount_minor, ticket["amount_minor"])}


def _disputed_debit(
    db: sqlite3.Connection, account: AccountRow, ticket: Ticket, state: str
) -> Booking | None:
    """Return the debit that fits the ticket's payment best, or None."""
    line = ticket["lines"][0] if ticket["lines"] else None
    if line is None:
        return None
    debits = [b for b in ledger.bookings(db, account.ident, state=state) if b.side == "d"]
    payee = line["payment"].get("payee_account")
    fitting = [b for b in debits if payments.fits(b, line) and payments.is_paid_to(b, payee)]
    return max(fitting, key=lambda b: payments.likeness(b, line), default=None)


def _payment(debit: Booking, currency: str) -> Parts:
    return {
        "uetr": debit.uetr,
        "reference": debit.reference,
        "booked_at": debit.booked_at,
        "seq": debit.seq,
        "amount_minor": debit.amount_minor,
        "currency": currency,
    }


# --- The payee's side ------------------------------------------------------------------------


def hold(db: sqlite3.Connection, account: AccountRow, ticket: Ticket, at: str) -> Parts:
    """Block up to the new total, then disclose what the ticket's kind asks for."""
    kind = ticket.get("kind") or "block"
    now_held = _block(db, account, ticket, at)
    parts: Parts = {
        "code": _code_of_block(db, account, ticket, now_held),
        "held_minor": now_held,
        "block_reference": ledger.block_reference(db, account.ident) if now_held else "",
    }
    if kind not in DISCLOSING_KINDS or not ticket["disclose"]["asked"]:
        return parts
    shown = window.disclose(db, account, ticket, request=request_of(ticket), at=at)
    if shown is None:
        note = "No credit of this payment on the account yet."
        return parts | {"code": "unclear", "note": note}
    return parts | {"window": shown.window, "code": shown.headline or parts["code"]}


def request_of(ticket: Ticket) -> str:
    """Return the id of the hold that a ticket belongs to, the same in all its rounds."""
    return str(ticket.get("request") or ticket["ticket"])


def _block(db: sqlite3.Connection, account: AccountRow, ticket: Ticket, at: str) -> int:
    until = ticket.get("hold_until")
    now_held = ledger.set_hold(
        db,
        account,
        request=request_of(ticket),
        asked_minor=ticket["amount_minor"],
        asked_as=f"{ticket['account']['scheme']}:{ticket['account']['ident']}",
        ticket_reference=ticket["reference"],
        round_number=ticket["round"],
        until=ledger.text_of(ledger.moment_of(until)) if until else None,
        at=at,
    )
    # An order that a later round overtook may have asked for less than is held by now.
    return min(now_held, int(ticket["amount_minor"]))


def _code_of_block(
    db: sqlite3.Connection, account: AccountRow, ticket: Ticket, now_held: int
) -> str:
    if now_held:
        return "held" if now_held >= ticket["amount_minor"] else "part_held"
    others = ledger.held(db, account.ident)
    return "others_hold" if others and ticket["amount_minor"] else "nothing_left"


MEASURES: Final[Mapping[str, Callable[[sqlite3.Connection, AccountRow, Ticket, str], Parts]]] = {
    "confirm_debit": confirm_debit,
    "stop_before_execution": stop_before_execution,
    "recall": recall,
    "hold": hold,
}
