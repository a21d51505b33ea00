"""Writes what a ticket says to its addressee: who asks, under which law, how much, until when.

Only what the addressee may know: never the case, another addressee, or where the report came from.
The draft is made when the ticket is authorised; sending adds the clocks and freezes the bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from recoup.apps.cases.models import Account
from recoup.apps.lawful_requests.models import StandingInstruction
from recoup.apps.members.models import Organisation
from recoup.core.accounts import AccountIdentifier
from recoup.core.law import Clocks, Pack, clocks
from recoup.core.moments import iso_utc, read_moment

DISCLOSING = ("first", "forward", "back", "destination")


@dataclass(frozen=True, slots=True)
class Payment:
    """The payment that a line asks about, as far as it is known."""

    at: datetime | None
    amount_minor: int
    currency: str
    uetr: UUID | None = None
    reference: str = ""
    payer: Account | None = None
    payee: Account | None = None


@dataclass(frozen=True, slots=True)
class NewLine:
    claim_id: UUID
    arrival_id: UUID | None
    asked_minor: int
    payment: Payment
    id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True, slots=True)
class NewTicket:
    """A ticket that should leave. asked_minor is the new total, never a difference."""

    case_id: UUID
    account: Account
    measure: str
    kind: str
    round: int
    asked_minor: int
    currency: str
    lines: tuple[NewLine, ...]
    disclose_from: datetime | None = None
    destinations_of: tuple[str, ...] = ()
    is_precautionary: bool = False
    hold_until: datetime | None = None
    urgency: int = 0
    request: UUID = field(default_factory=uuid4)
    id: UUID = field(default_factory=uuid4)


def account_object(account: Account | None) -> dict[str, str] | None:
    if account is None:
        return None
    return {"scheme": account.scheme, "ident": account.ident}


def shown(account: Account) -> str:
    return AccountIdentifier(account.scheme, account.ident).shown


def draft(
    ticket: NewTicket, *, reference: str, issuer: Organisation, pack: Pack,
    instruction: StandingInstruction | None,
) -> dict[str, Any]:  # fmt: skip
    """All that the ticket will say, but for the clocks."""
    basis = pack.rule_for(ticket.measure).legal_basis
    return {
        "ticket": str(ticket.id),
        "request": str(ticket.request),
        "reference": reference,
        "measure": ticket.measure,
        "kind": ticket.kind,
        "round": ticket.round,
        "issued_by": {
            "organisation": issuer.name,
            "contact_point": {
                "name": issuer.contact_name,
                "phone": issuer.contact_phone,
                "email": issuer.contact_email,
            },
        },
        "authorisation": _authorisation(instruction),
        "legal_basis": {
            "instrument": basis.instrument,
            "article": basis.article,
            "text": basis.text,
            "binding": basis.binding,
            "confirmed": basis.confirmed,
            "assumed": basis.assumed,
        },
        "account": {**(account_object(ticket.account) or {}), "shown": shown(ticket.account)},
        "currency": ticket.currency,
        "amount_minor": ticket.asked_minor,
        "lines": [_line(line) for line in ticket.lines],
        "disclose": {
            "asked": ticket.measure == "hold" and ticket.kind in DISCLOSING,
            "from": iso_utc(ticket.disclose_from) if ticket.disclose_from else None,
            "destinations_of": list(ticket.destinations_of),
        },
        "rule": pack.holding_rule,
        "is_precautionary": ticket.is_precautionary,
        "hold_until": iso_utc(ticket.hold_until) if ticket.hold_until else None,
    }


def _authorisation(instruction: StandingInstruction | None) -> dict[str, Any]:
    if instruction is None:
        return {"kind": "none", "reference": "", "signed_by": []}
    return {
        "kind": "standing_instruction",
        "reference": instruction.reference,
        "signed_by": [
            f"{instruction.first_role}, {instruction.first_signer.full_name}",
            f"{instruction.second_role}, {instruction.second_signer.full_name}",
        ],
    }


def _line(line: NewLine) -> dict[str, Any]:
    payment = line.payment
    return {
        "line": str(line.id),
        "amount_minor": line.asked_minor,
        "payment": {
            "uetr": str(payment.uetr) if payment.uetr else None,
            "reference": payment.reference,
            "at": iso_utc(payment.at) if payment.at else None,
            "amount_minor": payment.amount_minor,
            "currency": payment.currency,
            "payer_account": account_object(payment.payer),
            "payee_account": account_object(payment.payee),
        },
    }


def frozen(drafted: Mapping[str, Any], *, pack: Pack, sent_at: datetime) -> tuple[bytes, Clocks]:
    """The bytes that the addressee gets, and the clocks that begin with sending them.

    A later round does not lengthen a hold: the end that was printed first stays.
    """
    rule = pack.rule_for(drafted["measure"])
    when = clocks(rule, sent_at=sent_at, is_precautionary=drafted["is_precautionary"])
    is_hold = drafted["measure"] == "hold" and drafted["amount_minor"] > 0
    if drafted["hold_until"]:
        when = replace(when, hold_until=read_moment(drafted["hold_until"]))
    until = when.hold_until if is_hold else None
    when = replace(when, hold_until=until)
    body = {
        **drafted,
        "hold_until": iso_utc(until) if until else None,
        "clocks": {
            "sent_at": iso_utc(when.sent_at),
            "acknowledge_by": iso_utc(when.acknowledge_by),
            "answer_by": iso_utc(when.answer_by),
            "lapses_at": iso_utc(when.lapses_at) if when.lapses_at else None,
        },
    }
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode(), when
