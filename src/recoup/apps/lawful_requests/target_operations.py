"""What the hub does with a request: opens a ticket for each target, sends them, takes them back.

Runs as the planner, from work lists that are tables: authorised and not opened; ended and not taken
back. A ticket says what its addressee may know and nothing else: no case, no file number, no other
addressee, no word that was meant for whoever decided.
"""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from recoup.apps.apart import each_apart
from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.cases.models import Task
from recoup.apps.jobs import defer, work
from recoup.apps.lawful_requests import (
    doubt_operations,
    extension_operations,
    hands,
    request_operations,
)
from recoup.apps.lawful_requests.doubt_operations import is_paused, undisclosing
from recoup.apps.lawful_requests.file_operations import file_facts
from recoup.apps.lawful_requests.models import (
    AddresseeProfile,
    Deadline,
    Decision,
    Dispatch,
    Doubt,
    PackVersion,
    Request,
    RequestFile,
    Ticket,
)
from recoup.apps.lawful_requests.request_clock_operations import UNIT
from recoup.apps.lawful_requests.request_content import Target, digest_of, targets_of
from recoup.apps.lawful_requests.request_counting import (
    calendar_for,
    derived,
    extension_told,
    limit_told,
    told_of,
)
from recoup.apps.lawful_requests.request_deadlines import (
    answer_warning,
    start_retention,
    warning_before,
)
from recoup.apps.lawful_requests.request_law import Form, Law, law_of
from recoup.apps.members import queries as members
from recoup.apps.members.models import Mandate, Organisation
from recoup.apps.members.queries import hub_actor
from recoup.apps.members.scope import database_time
from recoup.apps.rows import insert_rows
from recoup.core.authorisation import OrderMove, OrderState, after
from recoup.core.law import LegalBasis, Power
from recoup.core.lawful_request import RequestState
from recoup.core.moments import iso_utc
from recoup.core.reference import ReferenceKind, make_reference
from recoup.data.calendars import parts_of
from recoup.data.requests import load_before_writing, load_clocks, load_marks

log = logging.getLogger("recoup.requests")
AT_ONCE: Final = 100
SEND_WORK: Final = "holds.plan"
OWN_LIMITS: Final = frozenset({"notify", "destroy"})  # which no addressee is told


@work("lawful_requests.open")
def open_and_take_back() -> bool:
    """Do what waits; whether there may be more. What was opened is sent by the planner's pass."""
    with transaction.atomic():
        at = database_time()
        doubt_operations.pause_and_go_on(at=at)
        opened, taken = open_authorised(at=at), take_back(at=at)
        extension_operations.put_back(at=at)
        tell_of_the_left_behind(at=at)
    return opened + taken >= AT_ONCE


def open_authorised(*, at: datetime, law: Law | None = None) -> int:
    """Open the tickets of requests that were authorised; returns of how many requests.

    Those of a requester whom two desks doubt wait, until the doubt is lifted; so does what
    discloses on an oral word. What waits takes nobody's place: it is not in the list.
    """
    ready = (
        Request.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(may_leave(), Q(try_at=None) | Q(try_at__lte=at), state="authorised", opened_at=None)
        .exclude(~Q(measure__in=undisclosing()), issuer_id__in=paused_issuers())
        .select_related("issuer", "pack", "author")
        .order_by("authorised_at")[:AT_ONCE]
    )
    opened = each_apart(
        list(ready), lambda found: _open(found, law=law, at=at), on_trouble=partial(_put_off, at=at)
    )
    if opened:
        defer(SEND_WORK)
    return len(opened)


def may_leave() -> Q:
    """The condition that a decided request may leave now.

    On an oral word that is not in writing yet, only what can be undone; in an emergency the rest as
    well, once another person has confirmed it.
    """
    confirmed = Decision.objects.filter(request=OuterRef("pk"), kind="confirmed")
    undoable = Q(measure__in=load_before_writing())
    return Q(written_by=None) | undoable | Q(~Q(danger=""), Exists(confirmed))


def paused_issuers() -> list[int]:
    """Whose requests two desks doubt."""
    doubted = Doubt.objects.filter(lifted_at=None).values_list("issuer_id", flat=True).distinct()
    return [issuer for issuer in doubted if is_paused(issuer)]


class CannotOpen(Exception):
    """A request that was decided cannot be opened, and will not be by waiting."""


def _put_off(found: Request, trouble: Exception, *, at: datetime) -> None:
    """Try again later, each time twice as late; after a few times, or where it is vain, end it."""
    log.error("request %s cannot be opened: %r", found.reference, trouble)
    clocks, tries = load_clocks(), found.tries + 1
    if isinstance(trouble, CannotOpen) or tries >= clocks.open_tries:
        ground = str(trouble) if isinstance(trouble, CannotOpen) else "it could not be opened"
        _end_unopened(found.id, ground, at=at)
        return
    later = at + clocks.open_again * 2 ** (tries - 1)
    Request.objects.filter(pk=found.pk).update(tries=tries, try_at=later)


def _end_unopened(request_id: UUID, ground: str, *, at: datetime) -> None:
    """Nothing has left: it lapses, and a named person of its unit is told why."""
    found = Request.objects.select_related("issuer").get(pk=request_id)
    found.state = after(OrderState(found.state), OrderMove.LAPSE).value
    found.closed_at = at
    request_operations.end(found, ground=ground, at=at)
    person: UUID | None = hands.answers_for(found)
    if not hands.is_answered_for(found, at=at):
        head = members.on_duty(found.issuer_id, roles=UNIT, at=at)
        person = head.person_id if head else None
    _task(found, "request_not_opened", person, at=at, ground=ground)
    audit.record(
        what="request:not_opened", about=f"request:{found.id}", by=hub_actor(found.issuer), at=at,
        ground=ground,
    )  # fmt: skip


def tell_of_the_left_behind(*, at: datetime) -> None:
    """Of a request whose submitter has no mandate any more its unit is told, once a turn."""
    there = Mandate.objects.filter(
        members.valid_now(), person_id=OuterRef("submitter_id"),
        organisation_id=OuterRef("issuer_id"),
    )  # fmt: skip
    told = Task.objects.filter(
        about=OuterRef("pk"), kind="request_left_behind", level=OuterRef("turn")
    )
    rows = Request.objects.filter(
        ~Exists(there), ~Exists(told), state__in=["submitted", "asked"], submitter__isnull=False
    )
    for found in rows.select_related("issuer")[:AT_ONCE]:
        head = members.on_duty(found.issuer_id, roles=UNIT, at=at)
        person = head.person_id if head else None
        _task(found, "request_left_behind", person, at=at, level=found.turn)


def _task(
    found: Request, kind: str, person_id: UUID | None, *, at: datetime, level: int = 0, **more: str
) -> None:  # fmt: skip
    """A task for the unit that asks; one that is there stays."""
    made = Task(
        about=found.id, kind=kind, level=level, owner=found.issuer, issuer=found.issuer,
        person_id=person_id, case_id=found.case_id, opened_at=at, due_at=at,
        values={"request": found.reference, "measure": found.measure, "danger": found.danger,
                **more},
    )  # fmt: skip
    Task.objects.bulk_create([made], ignore_conflicts=True)


def _open(found: Request, *, law: Law | None, at: datetime) -> None:
    """Open its tickets under the law that it was decided under, whatever is in force since."""
    decision = Decision.objects.select_related("person", "authority", "heard_by", "pack").get(
        request=found, kind__in=["authorised", "narrowed"]
    )
    if not hands.is_answered_for(found, at=at):
        raise CannotOpen("who submitted it has no mandate there any more")
    law = law or law_of(decision.pack)
    content: Mapping[str, Any] = decision.content or {}
    targets = targets_of(content)
    known = {
        o.code: o for o in Organisation.objects.filter(code__in=[t.addressee for t in targets])
    }
    tickets = [
        _ticket(found, decision, target, known[target.addressee], place, at=at)
        for place, target in enumerate(targets, start=1)
    ]
    power = next((p for p in law.powers if p.power == decision.power), None)
    form = law.forms.get(found.measure)
    if power is None or form is None:
        raise CannotOpen(f"the law that it was decided under has no power {decision.power}")
    said, files = _common(found, decision, power, form), _files(found, decision)
    longer = _longer(tickets, content, at=at)
    calendars = _calendars(tickets, law.country)
    for ticket, target in zip(tickets, targets, strict=True):
        own = _own(ticket, target, found, decision, files)
        ticket.draft = {**_head(ticket), **said, **own, **_asked(target), **longer(ticket)}
        if calendar := calendars.get(ticket.addressee_id):
            ticket.draft["calendar"] = calendar
    insert_rows(tickets)
    insert_rows(
        Dispatch(ticket=t, issuer_id=t.issuer_id, addressee_id=t.addressee_id, queued_at=at)
        for t in tickets
    )
    found.opened_at = found.changed_at = at
    found.save(update_fields=["opened_at", "changed_at"])
    audit.record_all(
        (
            Act("ticket:authorised", f"ticket:{t.id}",
                {"reference": t.reference, "measure": t.measure, "addressee": t.addressee_id,
                 "request": found.id, "decision": decision.id})
            for t in tickets
        ),
        by=hub_actor(found.issuer), at=at,
    )  # fmt: skip


def _calendars(tickets: list[Ticket], country: str) -> dict[int, str]:
    """By addressee the part of the country whose holidays it has; nobody else is in it."""
    parts = parts_of(country)
    if not parts:
        return {}
    rows = AddresseeProfile.objects.filter(organisation_id__in=[t.addressee_id for t in tickets])
    last = rows.order_by("organisation_id", "-version").distinct("organisation_id")
    said = {row.organisation_id: row.body.get("calendar", "") for row in last}
    return {who: code for who, code in said.items() if code in parts}


def _longer(
    tickets: list[Ticket], content: Mapping[str, Any], *, at: datetime
) -> Callable[[Ticket], dict[str, Any]]:
    """Bind each ticket to the one that it makes longer; raises CannotOpen where that has ended."""
    others = extension_operations.extended(content, tickets)

    def told(ticket: Ticket) -> dict[str, Any]:
        if not content.get("extends"):
            return {}
        other = others.get(ticket.id)
        if other is None or other.hold_until is None or other.hold_until <= at:
            raise CannotOpen("what it would extend has ended")
        ticket.extends = other
        return {"extends": extension_operations.head_of(other)}

    return told


def _ticket(
    found: Request, decision: Decision, target: Target, addressee: Organisation, place: int, *,
    at: datetime,
) -> Ticket:  # fmt: skip
    content = decision.content or {}
    return Ticket(
        id=uuid4(), order_paper=uuid4(),
        reference=make_reference(ReferenceKind.TICKET, secrets.token_bytes(5)).text,
        request=found.id, of=found, decision=decision, issuer=found.issuer, addressee=addressee,
        measure=found.measure, round=place, asked_minor=content["amount_minor"] or 0,
        currency=content["currency"], account_ident=target.ident,
        state=RequestState.AUTHORISED.value, pack=_pack(found, decision), authorised_at=at,
        due_at=at,
    )  # fmt: skip


def _pack(found: Request, decision: Decision) -> PackVersion:
    """The version it was decided under; of what was decided before that was kept, drafted under."""
    return decision.pack or found.pack


# What an addressee is told


def _head(ticket: Ticket) -> dict[str, Any]:
    """Of this ticket alone: its place among the targets is not told, nor the request's reference.

    The order goes by the ticket's own reference: two addressees have no number in common.
    """
    return {
        "ticket": str(ticket.id), "reference": ticket.reference, "measure": ticket.measure,
        "order": ticket.reference,
    }  # fmt: skip


def _own(
    ticket: Ticket, target: Target, found: Request, decision: Decision,
    files: list[dict[str, Any]],
) -> dict[str, Any]:  # fmt: skip
    """What of the decision is this ticket's: its own digest, and the files that are for it.

    The digest is of what was decided of this target, with the ticket's id: the hub can show what it
    stands for, and two addressees cannot compare theirs.
    """
    given = [
        {name: value for name, value in one.items() if name != "for"}
        for one in files
        if one["for"] in ("", target.addressee)
    ]
    content = decision.content or {}
    rows = [row for row in content["targets"] if row["addressee"] == target.addressee]
    own = {**content, "targets": rows, "files": given, "ticket": str(ticket.id)}
    told = _authorisation(ticket, found, decision)
    return {"authorisation": {**told, "sha256": digest_of(own).hex()}, "files": given}


def _asked(target: Target) -> dict[str, Any]:
    return {
        "identifiers": [
            {"kind": one.kind, "value": one.value, "port": one.port,
             "at": one.at.isoformat() if one.at else None}
            for one in target.identifiers
        ]
    }  # fmt: skip


def _common(found: Request, decision: Decision, power: Power, form: Form) -> dict[str, Any]:
    """What all targets of a request are told alike."""
    content: Mapping[str, Any] = decision.content or {}
    pack, is_longer = _pack(found, decision), bool(content.get("extends"))
    return {
        "name": form.name, "asks": form.asks, "issued_by": _party(found.issuer),
        "author": found.author.full_name, "author_id": str(found.author_id),
        "legal_basis": _basis(power.legal_basis), "power": power.power,
        "pack": {"country": pack.country, "version": pack.number,
                 "sha256": bytes(pack.digest).hex()},
        "danger": found.danger, "data": list(content["data"]), "period": content["period"],
        "amount_minor": content["amount_minor"], "currency": content["currency"],
        "fields": {k: v for k, v in content["fields"].items() if k in form.given_fields},
        "is_secret": power.is_secret, "answers": list(form.answer_codes),
        "refusal_grounds": list(form.refusal_grounds), "answer_fields": list(form.answer_fields),
        "limits": {
            "acknowledge": limit_told(power.acknowledge_within),
            "answer": limit_told(power.answer_within),
            "effect": limit_told(power.extension if is_longer else power.effect),
            "notify": limit_told(power.notify_after),
            "destroy": limit_told(power.destroy_after), 
            "extension": None if is_longer else _extension(power),
        },
        "is_sealed": bool(found.danger and power.emergency and power.emergency.is_sealed),
        "to_many": len(content["targets"]) >= load_marks().many_addressees,
    }  # fmt: skip


def _party(organisation: Organisation) -> dict[str, Any]:
    return {
        "organisation": organisation.name,
        "contact_point": {
            "name": organisation.contact_name, "phone": organisation.contact_phone,
            "email": organisation.contact_email,
        },
    }  # fmt: skip


def _authorisation(ticket: Ticket, found: Request, decision: Decision) -> dict[str, Any]:
    heard, content = decision.heard_by, decision.content or {}
    return {
        "kind": "decision", "reference": ticket.reference,
        "signed_by": [f"{decision.role.replace('_', ' ')}, {decision.person.full_name}"],
        "authority": decision.authority.name,
        "authority_code": decision.authority.code, "decided_at": iso_utc(decision.decided_at),
        "heard_by": heard.full_name if heard else None,
        "heard_at": _heard_at(found, decision),
        "confirmed_until": _iso(found.confirm_by), "written_until": _iso(found.written_by),
        "mandate": str(decision.mandate_id),
        **({"new_facts": content["new_facts"]} if content.get("new_facts") else {}),
    }  # fmt: skip


def _heard_at(found: Request, decision: Decision) -> str | None:
    """The organisation for which somebody heard the decision: the unit's, else the authority's."""
    if decision.heard_by_id is None:
        return None
    is_own = hands.has_mandate(decision.heard_by_id, found.issuer_id, at=decision.recorded_at)
    code: str = found.issuer.code if is_own else decision.authority.code
    return code


def _basis(basis: LegalBasis) -> dict[str, Any]:
    return {
        "instrument": basis.instrument, "article": basis.article, "text": basis.text,
        "binding": basis.binding, "confirmed": basis.confirmed, "assumed": basis.assumed,
    }  # fmt: skip


def _files(found: Request, decision: Decision) -> list[dict[str, Any]]:
    """The files that were decided on, and no other; of a decision of old what was there then."""
    content: Mapping[str, Any] = decision.content or {}
    if "files" in content:
        return list(content["files"])
    rows = RequestFile.objects.filter(request=found, at__lte=decision.recorded_at)
    return [{**file_facts(row), "for": ""} for row in rows.defer("content").order_by("at")]


def _extension(power: Power) -> dict[str, Any] | None:
    """How much longer the effect may be made, and when: in words, and as a calendar tells it."""
    told = limit_told(power.extension)
    return told and {**told, "when": power.extension_when, "on": power.extension_on}


def _iso(moment: datetime | None) -> str | None:
    return iso_utc(moment) if moment else None


# Sending


def write_out(ticket: Ticket, *, at: datetime) -> list[Deadline]:
    """Freeze the bytes that the addressee gets; the clocks that begin with it. No statement.

    Each clock is counted by the calendar of the request's law; the line that says how is frozen
    with it. When the person concerned is told is the requester's clock, and is not told here.
    """
    limits = ticket.draft["limits"]
    found = {
        name: derived(ticket, name, start=at)
        for name in ("acknowledge", "answer", "effect", "notify")
        if limits.get(name)
    }
    due = {name: one.at for name, one in found.items() if one.at is not None}
    effect, notify_at = due.pop("effect", None), due.pop("notify", None)
    clocks = {
        "sent_at": iso_utc(at), "acknowledge_by": iso_utc(due["acknowledge"]),
        "answer_by": iso_utc(due["answer"]), "effect_until": _iso(effect),
    }  # fmt: skip
    body = {
        **ticket.draft, "limits": {k: v for k, v in limits.items() if k not in OWN_LIMITS},
        "clocks": clocks,
        "derivations": {k: told_of(one) for k, one in found.items() if k not in OWN_LIMITS},
        "extension": extension_told(limits, at, calendar_for(ticket)),
    }  # fmt: skip
    ticket.body = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    ticket.sent_at, ticket.due_at, ticket.hold_until = at, due["acknowledge"], effect
    if effect and not ticket.extends_id:  # what it makes longer has its own clock, which moves
        due |= {"effect_warn": warning_before(effect, begun=at), "effect_ends": effect}
    if notify_at:
        due["notify"] = notify_at
    calendar = calendar_for(ticket)
    if warned := answer_warning(due["answer"], sent_at=at, calendar=calendar):
        due["answer_warn"] = warned
    return [
        Deadline(ticket=ticket, issuer_id=ticket.issuer_id, addressee_id=ticket.addressee_id,
                 kind=kind, due_at=moment)
        for kind, moment in due.items()
    ]  # fmt: skip


# Taking back


def take_back(*, at: datetime) -> int:
    """Withdraw the tickets of requests that were refused confirmation or lapsed meanwhile."""
    ended = list(
        Request.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(ended_at__isnull=False, opened_at__isnull=False, closed_at=None)
        .select_related("issuer")
        .order_by("ended_at")[:AT_ONCE]
    )
    for found in ended:
        _take_back(found, at=at)
    return len(ended)


def _take_back(found: Request, *, at: datetime) -> None:
    by = hub_actor(found.issuer)
    request_operations.withdraw_tickets(found, ground=found.ended_ground, by=by, at=at)
    found.closed_at = at
    found.save(update_fields=["closed_at"])
    start_retention(found, at=at)
