"""The paper of a ticket that was sent: what the addressee got, printed and signed.

It says what the frozen ticket says, in the reader's language, and is made when somebody takes it:
nothing of it stands in the way of a hold.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import get_language, gettext
from django.views.decorators.http import require_GET

from recoup.apps.lawful_requests import paper_operations, queries
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.members import errors
from recoup.apps.members.allowed import allowed
from recoup.apps.members.models import Organisation
from recoup.apps.said import in_words
from recoup.apps.traces.voice import voice_of
from recoup.core.accounts import AccountIdentifier
from recoup.core.document import (
    Addressee,
    AnswerCode,
    Ask,
    Authorisation,
    Clock,
    Head,
    Identifier,
    PackSaid,
    Payment,
    PowerSaid,
    RequestDocument,
    Sender,
    Sum,
)
from recoup.core.moments import read_moment
from recoup.core.said import Said
from recoup.core.verification import code_of
from recoup.web.answer_choices import MEASURES, choices_for, is_lift
from recoup.web.names import contact_name, organisation_name
from recoup.web.templatetags.recoup_ui import decimals_of, law_words, role_name

HOLD: Final = {
    "block": Said("Block only this sum, as a precaution. Disclose nothing yet."),
    "lift": Said("Lift the block"),
    "set": Said("This is the new total to hold. It replaces what was asked before."),
    "": Said(
        "This is the total to hold for this ticket, never a difference. What is on the account "
        "beyond it stays free."
    ),
}
WANTED: Final = {
    "confirm_debit": Said(
        "Say whether this payment left the payer's account, and under which booking."
    ),
    "stop_before_execution": Said("Do not execute this payment, if it is still pending."),
    "recall": Said(
        "Ask the payee's institution, through the payment scheme, to give the payment back."
    ),
}
DISCLOSE: Final = Said("Tell the bookings of the account since %(moment)s.")
MINUTES: Final = Said("Counted from sending: %(n)s minutes.")
HOURS: Final = Said("Counted from sending: %(n)s hours.")
CLOCKS: Final = {
    "sent_at": "sent", "acknowledge_by": "acknowledge", "answer_by": "answer", "lapses_at": "lapse",
}  # fmt: skip


@require_GET
@allowed("ticket:paper")
def paper(request: HttpRequest, ticket_id: UUID) -> HttpResponse:
    """Give the signed request to its issuer or addressee, and note who took it."""
    from recoup.apps.lawful_requests.papers import issuing  # large: only where it is needed

    actor, at = request.actor, request.at  # type: ignore[attr-defined]
    rows = queries.visible_to(actor).select_related("issuer", "addressee", "pack")
    ticket = get_object_or_404(rows, pk=ticket_id)
    if ticket.sent_at is None or ticket.body is None:
        problem = gettext("This ticket was not sent yet. There is a paper of what was sent.")
        return errors.page(request, 409, "409.html", problem=problem)
    language = get_language() or "en"
    document = document_of(ticket, language=language, address=address_of(request, ticket.id))
    voice = voice_of(language, in_words)
    made = issuing.issued(document, organisation=ticket.issuer.name, voice=voice, at=at)
    paper_operations.note_taken(
        ticket=ticket, language=language, document=made.pdf, is_signed=made.is_signed, by=actor,
        at=at,
    )  # fmt: skip
    response = HttpResponse(made.pdf, content_type="application/pdf")
    response["Content-Disposition"] = f'attachment; filename="{ticket.reference}.pdf"'
    return response


def address_of(request: HttpRequest, ticket_id: UUID) -> str:
    """The address that the paper prints: the installation's, else the one that was asked."""
    path = f"{reverse('verify')}?code={code_of(ticket_id)}"
    if settings.PUBLIC_ADDRESS:
        return f"{settings.PUBLIC_ADDRESS}{path}"
    return request.build_absolute_uri(path)


def document_of(ticket: Ticket, *, language: str, address: str) -> RequestDocument:
    """What the frozen ticket says, as the values of a paper."""
    body = queries.body_of(ticket)
    sent_at = read_moment(body["clocks"]["sent_at"])
    head = Head(
        reference=ticket.reference,
        measure=ticket.measure,
        title=str(MEASURES.get(ticket.measure, ticket.measure)),
        issued_at=sent_at,
        language=language,
        time_zone=settings.TIME_ZONE,
        sender=_sender(ticket.issuer),
        to=Addressee(
            organisation_name(ticket.addressee.name), ticket.addressee.code,
            ticket.addressee.kind, ticket.addressee.country,
        ),
        power=_power(ticket.measure, body["legal_basis"]),
        pack=PackSaid(ticket.pack.country, ticket.pack.number, bytes(ticket.pack.digest).hex()),
        verification_code=str(code_of(ticket.id)),
        verification_address=address,
    )  # fmt: skip
    return RequestDocument(head, _ask(ticket, body, sent_at), _authorisation(ticket, body))


def _sender(issuer: Organisation) -> Sender:
    """The issuing unit as the directory has it now: its number is what one calls back."""
    return Sender(
        organisation=organisation_name(issuer.name),
        code=issuer.code,
        kind=issuer.kind,
        country=issuer.country,
        contact=contact_name(issuer.contact_name),
        email=issuer.contact_email,
        call_back=issuer.contact_phone,
    )


def _power(measure: str, basis: dict[str, Any]) -> PowerSaid:
    return PowerSaid(
        power=measure,
        instrument=law_words(basis["instrument"]),
        article=basis["article"],
        text=law_words(basis["text"]),
        is_binding=basis["binding"],
        is_confirmed=basis["confirmed"],
        is_assumed=basis["assumed"],
    )


def _ask(ticket: Ticket, body: dict[str, Any], sent_at: datetime) -> Ask:
    until = read_moment(body["hold_until"]) if body["hold_until"] else None
    account = body["account"]
    clocks = [
        Clock(name, moment, _derivation(sent_at, moment))
        for key, name in CLOCKS.items()
        if (text := body["clocks"].get(key)) and (moment := read_moment(text))
    ]
    if until:
        clocks.append(Clock("hold_end", until, _derivation(sent_at, until)))
    choices = choices_for(ticket.measure, ticket.kind, ticket.asked_minor)
    return Ask(
        wanted=_wanted(ticket, body),
        identifiers=(Identifier(account["scheme"], account["ident"], account["shown"]),),
        clocks=tuple(clocks),
        amount=_sum(body["amount_minor"], body["currency"]),
        payments=tuple(_payment(line, body) for line in body["lines"]),
        until=until,
        answers=tuple(AnswerCode(one.code, str(one.label)) for one in choices),
    )


def _wanted(ticket: Ticket, body: dict[str, Any]) -> tuple[Said, ...]:
    if ticket.measure != "hold":
        return (WANTED[ticket.measure],)
    kind = "lift" if is_lift(ticket.kind, ticket.asked_minor) else ticket.kind
    wanted = [HOLD.get(kind, HOLD[""])]
    disclose = body["disclose"]
    if disclose["asked"] and disclose["from"]:
        wanted.append(Said(DISCLOSE, moment=disclose["from"]))
    return tuple(wanted)


def _derivation(sent_at: datetime, moment: datetime) -> tuple[Said, ...]:
    """How far a clock is from sending, where that is a whole number of minutes or hours."""
    minutes, rest = divmod(int((moment - sent_at).total_seconds()), 60)
    if rest or minutes <= 0:
        return ()
    hours, left = divmod(minutes, 60)
    return (Said(HOURS, n=hours) if hours and not left else Said(MINUTES, n=minutes),)


def _payment(line: dict[str, Any], body: dict[str, Any]) -> Payment:
    payment = line["payment"]
    return Payment(
        reference=payment["reference"] or payment["uetr"] or "",
        at=read_moment(payment["at"]) if payment["at"] else None,
        disputed=_sum(line["amount_minor"], body["currency"]),
        payment=_sum(payment["amount_minor"], payment["currency"]),
        payer=_account(payment["payer_account"]),
        payee=_account(payment["payee_account"]),
    )


def _account(account: dict[str, str] | None) -> str:
    return AccountIdentifier(account["scheme"], account["ident"]).shown if account else ""


def _sum(minor: int, currency: str) -> Sum:
    return Sum(minor, currency, decimals_of(currency))


def _authorisation(ticket: Ticket, body: dict[str, Any]) -> Authorisation:
    told = body["authorisation"]
    parts = [signer.partition(", ") for signer in told["signed_by"]]
    by = tuple(f"{role_name(role.replace(' ', '_'))}, {name}" for role, _, name in parts)
    return Authorisation(told["kind"], told["reference"], by, ticket.authorised_at)
