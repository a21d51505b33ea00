"""Calls a requester back under the directory's number, and checks the code that is read out.

The code is six digits from the request as it was sent. It is shown to the organisation that asked
and to nobody else: who picks up under the directory's number reads it out, and the desk that was
asked types it in. A wrong one stops every answer that discloses, until a right one is told; an
emergency is not answered by a program alone.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db.models import Count, Q
from django.utils.crypto import salted_hmac

from recoup.apps.audit import operations as audit
from recoup.apps.lawful_requests import request_queries
from recoup.apps.lawful_requests.doubt_operations import discloses
from recoup.apps.lawful_requests.models import CallBack, Ticket
from recoup.apps.lawful_requests.refusals import RequestRefused, told
from recoup.apps.members.models import Organisation
from recoup.core.access import Actor
from recoup.core.said import Said

DIGITS: Final = 6
TRIES: Final = 5  # wrong codes about one ticket; a guess is right once in 200,000 times at most
OPEN: Final = ("sent", "acknowledged")
MACHINE: Final = "machine"
FIRST: Final = Said("An emergency is not answered by a program alone: call back first.")
FAILED: Final = Said("The code of the last call was wrong: nothing is disclosed until it is right.")


def code_of(ticket: Ticket) -> str:
    """The six digits of a ticket as it was sent; keyed, so that who reads the ticket has none."""
    told = f"{ticket.id}:{bytes(ticket.body).hex() if ticket.body else ''}"
    number = int(salted_hmac("recoup.call_back", told, algorithm="sha256").hexdigest(), 16)
    return str(number % 10**DIGITS).zfill(DIGITS)


@told("asked:call_back")
def note(*, ticket_id: UUID, code: str, answered_by: str, by: Actor, at: datetime) -> CallBack:
    """Record a call to the directory's number, and whether the code that was read out is right."""
    rows = request_queries.asked_of(by).select_for_update(of=("self",), no_key=True)
    ticket = rows.filter(pk=ticket_id).first()
    if ticket is None:
        raise RequestRefused("no_such_ticket", Said("There is no such ticket, or it is not yours."))
    who = " ".join(answered_by.split())[:120]
    typed = "".join(code.split()).replace("-", "")
    if ticket.state not in OPEN:
        raise RequestRefused("not_now", Said("This request is answered or over."))
    if not who:
        raise RequestRefused(
            "answered_by_missing", Said("Write who answered the call."), field="answered_by"
        )
    if len(typed) != DIGITS or not (typed.isascii() and typed.isdigit()):
        raise RequestRefused("code", Said("The code has six digits."), field="code")
    number = Organisation.objects.get(pk=ticket.issuer_id).contact_phone
    if not number:
        raise RequestRefused("no_number", Said("The directory has no number to call back."))
    if failed(ticket) >= TRIES:
        raise RequestRefused(
            "too_many", Said("Too many wrong codes. Say that the request is doubtful.")
        )
    made = CallBack.objects.create(
        ticket=ticket, issuer_id=ticket.issuer_id, addressee_id=ticket.addressee_id,
        number=number, answered_by=who, is_right=hmac.compare_digest(typed, code_of(ticket)),
        person_id=by.named_person, at=at,
    )  # fmt: skip
    audit.record(
        what="ticket:called_back", about=f"ticket:{ticket.id}", by=by, at=at,
        is_right=made.is_right, personal={"answered_by": who, "number": number},
    )  # fmt: skip
    return made


def last(ticket: Ticket) -> CallBack | None:
    """The call that counts."""
    return CallBack.objects.filter(ticket=ticket).order_by("-id").first()


def failed(ticket: Ticket) -> int:
    """How many wrong codes were told about a ticket."""
    return CallBack.objects.filter(ticket=ticket, is_right=False).count()


def calls_about(tickets: list[UUID]) -> dict[UUID, tuple[int, int]]:
    """Of tickets, how many calls were right and how many were not."""
    rows = CallBack.objects.filter(ticket_id__in=tickets).values_list("ticket_id")
    counted = rows.annotate(r=Count("id", filter=Q(is_right=True)), n=Count("id"))
    return {ticket: (right, every - right) for ticket, right, every in counted}


def is_hasty(ticket: Ticket) -> bool:
    """Whether it left in an emergency or on an oral word that nobody has in writing yet."""
    return is_hasty_by(ticket.draft.get("authorisation") or {})


def is_hasty_by(authority: Mapping[str, Any]) -> bool:
    """The same of the authority as it was sent."""
    return bool(authority.get("confirmed_until") or authority.get("written_until"))


def check(ticket: Ticket, *, by: Actor) -> None:
    """Raise RequestRefused where data must not go out before a call with the right code."""
    if not discloses(ticket.measure):
        return
    call = last(ticket)
    if call is not None and not call.is_right:
        raise RequestRefused("call_back_failed", FAILED)
    if call is None and by.role == MACHINE and is_hasty(ticket):
        raise RequestRefused("call_back_first", FIRST)
