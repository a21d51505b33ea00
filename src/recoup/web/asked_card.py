"""The verification card: who asks, on what authority, how it is proved, and what to look at twice.

Of the directory's number it says that of today, never the one in the request; of earlier requests
only those that this desk had itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext, ngettext

from recoup.apps.audit import directory_operations
from recoup.apps.audit.directory_operations import NumberChange
from recoup.apps.lawful_requests import asked_queries
from recoup.apps.lawful_requests.asked_queries import Earlier
from recoup.apps.lawful_requests.models import RequestFile, Ticket
from recoup.apps.members.models import Mandate
from recoup.data import load_pack
from recoup.data.requests import Marks, load_marks


@dataclass(frozen=True, slots=True)
class Card:
    """What the addressee relies on. orders: the files with an order, where some were attached."""

    author: str
    organisation: str
    decided_by: str
    phone: str
    phone_differs: bool
    mandate: Mandate | None
    is_mandate_valid: bool
    decider: Mandate | None
    is_decider_valid: bool
    earlier: Earlier
    orders: list[RequestFile]
    marks: list[str]
    number: NumberChange | None = None


def card_of(
    ticket: Ticket, body: Mapping[str, Any], files: list[RequestFile], *, at: datetime
) -> Card:
    """Read from the ticket as it was sent, the directory, and this desk's own earlier tickets."""
    issuer = ticket.issuer
    mandate = asked_queries.author_s_mandate(issuer, body)
    decider = asked_queries.decided_under(body)
    earlier = asked_queries.earlier(ticket, author=body["author"])
    told_phone = body["issued_by"]["contact_point"]["phone"]
    found = Card(
        author=body["author"], organisation=body["issued_by"]["organisation"],
        decided_by="; ".join(body["authorisation"]["signed_by"]), phone=issuer.contact_phone,
        phone_differs=_digits(told_phone) != _digits(issuer.contact_phone), mandate=mandate,
        is_mandate_valid=_held_at(mandate, body["authorisation"]["decided_at"]), earlier=earlier,
        decider=decider,
        is_decider_valid=_held_at(decider, body["authorisation"]["decided_at"]),
        orders=[one for one in files if one.kind == "order"], marks=[],
        number=directory_operations.number_changed(issuer.pk, at=at),
    )  # fmt: skip
    found.marks.extend(marks_of(ticket, body, found, load_marks()))
    return found


def _digits(phone: str) -> str:
    return "".join(sign for sign in phone if sign.isdigit())


def _held_at(mandate: Mandate | None, decided_at: str) -> bool:
    if mandate is None:
        return False
    at = datetime.fromisoformat(decided_at)
    return mandate.valid_from <= at and (mandate.valid_until is None or at < mandate.valid_until)


def marks_of(ticket: Ticket, body: Mapping[str, Any], card: Card, known: Marks) -> list[str]:
    """What to look at twice, each in one sentence; none of them refuses anything."""
    sent_at = datetime.fromisoformat(body["clocks"]["sent_at"])
    marks = []
    if card.earlier.of_organisation == 0:
        marks.append(gettext("First contact: this desk had nothing from this organisation before."))
    elif card.earlier.of_officer == 0:
        marks.append(gettext("First request of this officer to this desk."))
    if card.mandate and sent_at - card.mandate.valid_from < known.new_mandate:
        days = (sent_at - card.mandate.valid_from) // timedelta(days=1)
        marks.append(
            gettext("New account: the officer’s mandate began within a day of the request.")
            if days < 1
            else ngettext(
                "New account: the officer’s mandate was %(n)s day old.",
                "New account: the officer’s mandate was %(n)s days old.", days,
            )
            % {"n": days}
        )  # fmt: skip
    elif not card.is_mandate_valid:
        marks.append(gettext("The directory has no mandate of this officer for that day: call."))
    if is_odd_hour(sent_at, known):
        marks.append(gettext("Sent at an odd hour: at night or at a weekend."))
    if body.get("to_many"):
        marks.append(gettext("The same request went to many addressees."))
    if card.number:
        marks.append(gettext("The directory’s number changed lately: call the one before it too."))
    if card.phone_differs:
        marks.append(gettext("The number in the request is not that of the directory."))
    return marks


def is_odd_hour(moment: datetime, known: Marks) -> bool:
    """By the clock on the wall of the hub's country."""
    local = moment.astimezone(ZoneInfo(load_pack(settings.COUNTRY).time_zone))
    return local.weekday() > 4 or not known.day_begins <= local.hour < known.day_ends
