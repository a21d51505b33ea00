"""Reads for papers: which ticket a verification code means, and whether it still counts.

The public asks, who may see no ticket. So the issuing unit's own scope is entered for one read and
left again; nothing but ``Verified`` comes out of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection

from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.lawful_requests.papers.lookup import Standing, Verified
from recoup.apps.members import queries as members
from recoup.apps.members.scope import enter
from recoup.core.access import Actor
from recoup.core.document import Document, OrderDocument
from recoup.core.moments import read_moment
from recoup.core.verification import VerificationCode, ids_of

PARTS = (
    "paper, reference, sender, sender_code, to_kind, measure, issued_at, until, state, is_replaced"
)
# A decision that was not confirmed in time lapsed; one whose confirmation was refused is withdrawn.
STANDING_OF: Final = {
    "withdrawn": Standing.WITHDRAWN, "refused": Standing.WITHDRAWN, "lapsed": Standing.LAPSED,
    "awaits": Standing.AWAITS,
}  # fmt: skip


def ticket_verified(code: VerificationCode, *, by: Actor, at: datetime) -> Verified | None:
    """Answer for tickets that were sent. ``by``: whose scope it was, and is afterwards."""
    enter(members.hub_actor(members.competent_unit()))
    try:
        found = _ticket(code)
        return None if found is None else _told(found, at=at)
    finally:
        enter(by)


def is_in_their_words(ticket_id: UUID) -> bool:
    """Whether who decided on a ticket signed it, or put what was heard in writing.

    Asked by the two sides of the ticket, of whom the addressee sees no decision.
    """
    with connection.cursor() as cursor:
        cursor.execute("select is_in_their_words(%s)", [ticket_id])
        return bool(cursor.fetchone()[0])


def request_verified(code: VerificationCode, *, at: datetime) -> Verified | None:
    """Answer for the papers of requests, by a function that tells nothing else of them.

    The code of a request is that of its ticket, of an order that of its decision, of an answer and
    its receipt that of the answer.
    """
    ids = ids_of(code)
    with connection.cursor() as cursor:
        cursor.execute(f"select {PARTS} from paper_by_code(%s, %s)", [ids.first, ids.last])  # noqa: S608
        row = cursor.fetchone()
    if row is None:
        return None
    *told, until, state, is_replaced = row
    paper, reference, sender, sender_code, to_kind, measure, issued_at = told
    standing = STANDING_OF.get(state, Standing.IN_FORCE)
    if is_replaced:
        standing = Standing.REPLACED
    elif until is not None and until <= at:
        standing = Standing.LAPSED
    return Verified(
        reference=reference, sender=sender, sender_code=sender_code, to_kind=to_kind,
        measure=measure, kind="", issued_at=issued_at, until=until, standing=standing,
        paper=paper,
    )  # fmt: skip


def is_order_of(document: Document | None, body: Mapping[str, Any]) -> bool:
    """Whether a genuine paper is the order of a ticket: its reference, authority and decision.

    body: what the ticket's addressee got.
    """
    if not isinstance(document, OrderDocument):
        return False
    told = body["authorisation"]
    head, said = document.head, document.authorisation
    decided_at = read_moment(told["decided_at"])
    return (
        head.reference == told["reference"] == said.reference
        and document.request == body["reference"]
        and head.sender.code == told["authority_code"]
        and list(said.decided_by) == list(told["signed_by"])
        and said.decided_at == decided_at == head.issued_at
    )


def _ticket(code: VerificationCode) -> Ticket | None:
    ids = ids_of(code)
    sent = Ticket.objects.filter(of=None, sent_at__isnull=False)
    rows = sent.filter(id__gte=ids.first, id__lte=ids.last)
    return rows.select_related("issuer", "addressee").defer("draft", "body").first()


def _told(ticket: Ticket, *, at: datetime) -> Verified:
    sent_at = ticket.sent_at
    assert sent_at is not None  # noqa: S101  (what was not sent is not looked for)
    return Verified(
        reference=ticket.reference,
        sender=ticket.issuer.name,
        sender_code=ticket.issuer.code,
        to_kind=ticket.addressee.kind,
        measure=ticket.measure,
        kind=ticket.kind,
        issued_at=sent_at,
        until=ticket.hold_until,
        standing=_standing(ticket, at=at),
    )


def _standing(ticket: Ticket, *, at: datetime) -> Standing:
    if ticket.state == "withdrawn":
        return Standing.WITHDRAWN
    if ticket.state == "lapsed" or (ticket.hold_until and ticket.hold_until <= at):
        return Standing.LAPSED
    later = Ticket.objects.filter(
        request=ticket.request, round__gt=ticket.round, sent_at__isnull=False
    )
    return Standing.REPLACED if later.exists() else Standing.IN_FORCE
