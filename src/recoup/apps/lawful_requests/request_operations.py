"""What the author does with a request: draft, edit, submit, reply, withdraw; close its tickets.

Deciding is another person's (``decision_operations``), opening and sending the hub's
(``target_operations``). Each act is one transaction and one line of the trail; so is each refusal.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from recoup.apps.audit import operations as audit
from recoup.apps.audit.operations import Act
from recoup.apps.cases.models import Case
from recoup.apps.jobs import INBOX_CHANNEL, defer, notify
from recoup.apps.lawful_requests import (
    extension_operations,
    hands,
    lift_operations,
    request_deadlines,
)
from recoup.apps.lawful_requests.models import Decision, Request, Ticket
from recoup.apps.lawful_requests.refusals import Incomplete, RequestRefused, told
from recoup.apps.lawful_requests.request_check import Wanted, check_request, form_for, power_of
from recoup.apps.lawful_requests.request_content import digest_of, read_content
from recoup.apps.lawful_requests.request_deadlines import start_retention
from recoup.apps.lawful_requests.request_law import Law, law_now, version_now
from recoup.apps.members import queries as members
from recoup.apps.members.models import Mandate, Organisation, Person
from recoup.core.access import Actor
from recoup.core.authorisation import OrderMove, OrderState, after, deciding
from recoup.core.completeness import blocks
from recoup.core.law import Choice
from recoup.core.lawful_request import RequestMove, RequestState
from recoup.core.lawful_request import after as ticket_after
from recoup.core.reference import ReferenceKind, make_reference
from recoup.core.said import Said

OPEN_WORK = "lawful_requests.open"
OPEN_TICKETS = ["drafted", "authorised", "sent", "acknowledged", "undeliverable"]
STILL_RUNNING = [*OPEN_TICKETS, "answered"]
NEVER_SENT = ["drafted", "authorised", "undeliverable"]
ENDED_TICKETS = ("refused", "withdrawn", "lapsed")


@told("request:draft")
def draft(
    *, measure: str, content: Mapping[str, Any], by: Actor, at: datetime,
    case_id: UUID | None = None, danger: str = "", request: UUID | None = None,
    law: Law | None = None,
) -> Request:  # fmt: skip
    """Keep a draft; what it lacks is told, and stops nothing yet. The same id is the same draft."""
    author = _natural_person(by)
    known = Request.objects.filter(pk=request, author_id=author).first() if request else None
    if known is not None:
        return known
    law = law or law_now()
    form = form_for(law, measure)
    _visible_case(case_id)
    clean = read_content(content, form)
    made = Request.objects.create(
        id=request or uuid4(), reference=_reference(), issuer_id=by.organisation_id,
        author_id=author, case_id=case_id, measure=measure, pack=version_now(), danger=danger,
        content=clean, drafted_at=at, changed_at=at, due_at=request_deadlines.submit_by(at),
    )  # fmt: skip
    request_deadlines.start(made, "submit", made.due_at)
    audit.record(
        what="request:drafted", about=f"request:{made.id}", by=by, at=at,
        measure=measure, targets=len(clean["targets"]), sha256=digest_of(clean).hex(),
    )  # fmt: skip
    return made


@told("request:prolong")
def prolong(
    *, request_id: UUID, ground: str, by: Actor, at: datetime, request: UUID | None = None,
    law: Law | None = None,
) -> Request:  # fmt: skip
    """Draft the order that makes longer what a request had kept or stopped; it is decided anew."""
    found = own(request_id, by)
    content = extension_operations.content_for(found, ground=ground)
    return draft(
        measure=found.measure, content=content, by=by, at=at, case_id=found.case_id,
        request=request, law=law,
    )  # fmt: skip


def _reference() -> str:
    return make_reference(ReferenceKind.REQUEST, secrets.token_bytes(5)).text


def _natural_person(by: Actor) -> UUID:
    """The author; a machine drafts nothing, since somebody has to answer for it."""
    person = by.named_person
    if Person.objects.filter(pk=person, is_system=True).exists():
        raise RequestRefused("person_needed", Said("A request has a natural person as its author."))
    return person


def _visible_case(case_id: UUID | None) -> None:
    if case_id is not None and not Case.objects.filter(pk=case_id).exists():
        raise RequestRefused("no_such_case", Said("There is no such case, or it is not yours."))


@told("request:edit")
def edit(
    *, request_id: UUID, content: Mapping[str, Any], by: Actor, at: datetime, version: int,
    danger: str | None = None, law: Law | None = None,
) -> Request:  # fmt: skip
    """Change a draft, or what a question was asked about. A new version: who read the old one must
    read again."""
    found = own(request_id, by)
    if found.state not in (OrderState.DRAFTED, OrderState.ASKED):
        raise RequestRefused(
            "not_now",
            Said("What was submitted is not changed. Withdraw it, or wait for a question."),
        )
    has_read(found, version)
    if found.content.get("extends"):  # which order it makes longer is not changed
        content = {**content, "extends": found.content["extends"]}
    found.content = read_content(content, form_for(law or law_now(), found.measure))
    found.danger = found.danger if danger is None else danger
    found.version += 1
    found.changed_at = at
    found.save(update_fields=["content", "danger", "version", "changed_at"])
    _tell(found, "request:edited", by=by, at=at, sha256=digest_of(found.content).hex())
    return found


@told("request:submit")
def submit(
    *, request_id: UUID, authority: str, version: int, by: Actor, at: datetime,
    confirmer: str = "", law: Law | None = None,
) -> Request:  # fmt: skip
    """Hand a draft to whoever decides. Refused while it lacks something, or where nobody there may.

    confirmer: in an emergency, the authority that confirms it afterwards.
    """
    law = law or law_now()
    found = own(request_id, by)
    has_read(found, version)
    state = after(OrderState(found.state), OrderMove.SUBMIT)
    if not hands.has_mandate(by.named_person, found.issuer_id, at=at):
        raise RequestRefused("author_ended", Said("Your mandate is not in force at this time."))
    choice = choose_now(found, law=law, at=at)
    _asked_to_decide(found, choice, authority=authority, confirmer=confirmer or authority)
    found.power, found.state = choice.power.power, state.value
    found.submitter_id = by.named_person
    found.submitted_at = found.changed_at = at
    found.turn += 1
    found.due_at = request_deadlines.begin_deciding(found, at=at)
    found.save(
        update_fields=["authority", "confirmer", "power", "state", "submitted_at", "changed_at",
                       "turn", "due_at", "submitter"]
    )  # fmt: skip
    request_deadlines.start_deciding(found, at=at)
    _tell(
        found, "request:submitted", by=by, at=at, authority=found.authority_id, power=found.power,
        sha256=digest_of(found.content).hex(),
    )  # fmt: skip
    return found


def choose_now(found: Request, *, law: Law, at: datetime) -> Choice:
    """The power that holds today; raises NoPower, Incomplete or RequestRefused."""
    wanted = wanted_of(found)
    choice = power_of(wanted, law=law, at=at)
    lacks = [lack for one in check_request(wanted, law=law, at=at) for lack in one.lacks]
    if blocks(lacks):
        raise Incomplete(lacks)
    return choice


def wanted_of(found: Request, content: Mapping[str, Any] | None = None) -> Wanted:
    """A request as it is checked, or what is left of it after narrowing."""
    issuer: Organisation = found.issuer
    return Wanted(
        found.measure, found.danger, found.content if content is None else content, issuer.id,
        issuer.kind, found.id, found.submitted_at,
    )  # fmt: skip


def _asked_to_decide(found: Request, choice: Choice, *, authority: str, confirmer: str) -> None:
    """Set who decides on a request, and who confirms it where it is an emergency."""
    found.authority = _deciding(found, authority, choice.authorised_by)
    if choice.confirmed_by:
        found.confirmer = _deciding(found, confirmer, choice.confirmed_by)


def _deciding(asked: Request, code: str, roles: tuple[str, ...]) -> Organisation:
    """The authority asked, where somebody who wrote nothing in it holds one of the roles today.

    Never one of which the request asks something; another house's own ranks count only there.
    """
    found = Organisation.objects.filter(code=code).first()
    ranks = deciding(roles, is_own=found is not None and found.id == asked.issuer_id)
    filled = Mandate.objects.filter(
        members.valid_now(), organisation=found, role__in=ranks, person__is_system=False
    ).exclude(person_id__in=hands.of(asked))
    is_asked = any(target["addressee"] == code for target in asked.content["targets"])
    if found is None or is_asked or not filled.exists():
        raise RequestRefused(
            "nobody_decides_there",
            Said(
                "Nobody at %(code)s may decide this today. Choose another authority.",
                code=code[:40],
            ),
            field="authority",
        )
    return found


@told("request:reply")
def reply(
    *, request_id: UUID, text: str, version: int, by: Actor, at: datetime, law: Law | None = None
) -> Request:
    """Answer the question of whoever decides; it is theirs again.

    What was changed meanwhile is checked as at the submission: it may take other persons now.
    """
    found = own(request_id, by)
    has_read(found, version)
    found.state = after(OrderState(found.state), OrderMove.REPLY).value
    choice = choose_now(found, law=law or law_now(), at=at)
    authority = found.authority.code if found.authority else ""
    confirmer = found.confirmer.code if found.confirmer else authority
    _asked_to_decide(found, choice, authority=authority, confirmer=confirmer)
    found.power = choice.power.power
    found.turn += 1
    found.changed_at = at
    found.submitter_id = by.named_person
    found.due_at = request_deadlines.begin_deciding(found, at=at)
    found.save(
        update_fields=["state", "turn", "changed_at", "due_at", "submitter", "power", "authority",
                       "confirmer"]
    )  # fmt: skip
    request_deadlines.start_deciding(found, at=at)
    note_decision(found, "replied", by=by, at=at, ground=text)
    _tell(found, "request:replied", by=by, at=at)
    return found


@told("request:withdraw")
def withdraw(*, request_id: UUID, ground: str, by: Actor, at: datetime) -> Request:
    """Take a request back as far as it went; addressees are told, late answers are kept.

    What has left in an emergency or on an oral word is still to be confirmed: that is not the
    author's to end.
    """
    found = own(request_id, by)
    found.state = after(OrderState(found.state), OrderMove.WITHDRAW).value
    is_first_end = found.closed_at is None
    found.closed_at = found.closed_at or at
    owed = (found.written_by, found.confirm_by) if found.opened_at else (None, None)
    put_by = found.put_by if found.opened_at else None
    mark_ended(found, ground=ground, at=at)
    found.written_by, found.confirm_by = owed
    found.put_by = put_by
    found.due_at = min(filter(None, owed), default=found.due_at)
    _save_end(found)
    if found.opened_at and is_first_end:
        start_retention(found, at=at)
    taken_back = withdraw_tickets(found, ground=ground, by=by, at=at)
    if found.opened_at is not None:
        start_retention(found, at=at)
    _tell(found, "request:withdrawn", by=by, at=at, ground=ground, tickets=taken_back)
    return found


def end(found: Request, *, ground: str, at: datetime) -> None:
    """Store that a request has come to an end in the state that it has."""
    mark_ended(found, ground=ground, at=at)
    _save_end(found)


def _save_end(found: Request) -> None:
    found.save(
        update_fields=["state", "ended_at", "changed_at", "ended_ground", "written_by",
                       "confirm_by", "put_by", "closed_at", "due_at"]
    )  # fmt: skip


def nothing_owed(found: Request, *, at: datetime) -> None:
    """What a request that has ended still owed was answered: it was confirmed, or it was not."""
    found.written_by = found.confirm_by = found.put_by = None
    found.changed_at = at
    _save_end(found)


def mark_ended(found: Request, *, ground: str, at: datetime) -> None:
    """Nothing is awaited of it any more; stored by the caller."""
    found.ended_at = found.changed_at = at
    found.ended_ground = ground[:400]
    if found.closed_at is not None and found.closed_at < at:
        found.closed_at = None  # its addressees are done, and have to be told all the same
    found.written_by = found.confirm_by = found.put_by = None


def withdraw_tickets(found: Request, *, ground: str, by: Actor, at: datetime) -> int:
    """Take back what was not answered yet, in one statement; the addressees' inboxes wake.

    Who has acted already, if only in part, is told to lift what was done.
    """
    done = Ticket.objects.filter(of=found, lift_at=None).exclude(state__in=NEVER_SENT)
    lift_operations.order(list(done.defer("draft", "body")), found.state, by=by, at=at)
    rows = Ticket.objects.select_for_update(no_key=True).filter(of=found, state__in=OPEN_TICKETS)
    waiting = list(rows.only("id", "addressee_id", "state").order_by("id"))
    for ticket in waiting:
        ticket_after(RequestState(ticket.state), RequestMove.WITHDRAW)
    Ticket.objects.filter(id__in=[t.id for t in waiting]).update(
        state=RequestState.WITHDRAWN.value, ended_at=at, withdrawn_ground=ground[:200],
        withdrawn_by_id=by.person_id,
    )  # fmt: skip
    audit.record_all(
        (Act("ticket:withdrawn", f"ticket:{t.id}", {"state_before": t.state}) for t in waiting),
        by=by, at=at,
    )  # fmt: skip
    notify({INBOX_CHANNEL: [str(ticket.addressee_id) for ticket in waiting]})
    if found.content.get("extends"):
        defer(OPEN_WORK)  # what it made longer ends when it would have
    return len(waiting)


@told("request:close")
def close(*, ticket_id: UUID, by: Actor, at: datetime) -> Ticket:
    """The issuer is done with one target, answered or refused; with the last the request closes.

    The request is locked first: of two who close its last two targets, the second sees the first.
    """
    rows = Request.objects.select_for_update(of=("self",), no_key=True)
    found = rows.filter(tickets=ticket_id, issuer_id=by.organisation_id).first()
    ticket = Ticket.objects.select_for_update(of=("self",), no_key=True).filter(
        issuer_id=by.organisation_id, of__isnull=False, pk=ticket_id
    ).first()  # fmt: skip
    if ticket is None or found is None:
        raise RequestRefused("no_such_ticket", Said("There is no such ticket, or it is not yours."))
    if ticket.state in ENDED_TICKETS and found.closed_at is not None:
        raise RequestRefused("not_now", Said("This request is closed already."))
    if ticket.state not in ENDED_TICKETS:
        ticket.state = ticket_after(RequestState(ticket.state), RequestMove.CLOSE).value
        ticket.ended_at = at
        ticket.save(update_fields=["state", "ended_at"])
    audit.record(what="ticket:closed", about=f"ticket:{ticket.id}", by=by, at=at)
    running = Ticket.objects.filter(of=found, state__in=STILL_RUNNING)
    if found.closed_at is None and not running.exists():
        found.closed_at = found.changed_at = at
        found.save(update_fields=["closed_at", "changed_at"])
        start_retention(found, at=at)
        audit.record(what="request:closed", about=f"request:{ticket.of_id}", by=by, at=at)
    return ticket


# What all of them need


def own(request_id: UUID, by: Actor) -> Request:
    """The actor's organisation's own request, locked; raises RequestRefused if there is none."""
    rows = Request.objects.select_for_update(of=("self",), no_key=True).select_related("issuer")
    found = rows.filter(pk=request_id, issuer_id=by.organisation_id).first()
    if found is None:
        raise no_such_request()
    return found


def no_such_request() -> RequestRefused:
    return RequestRefused("no_such_request", Said("There is no such request, or it is not yours."))


def has_read(found: Request, version: int) -> None:
    """Raise unless the version that was read is the one that stands."""
    if found.version != version:
        raise RequestRefused(
            "read_another_version",
            Said("You read version %(read)s; it is version %(now)s now. Read it again.",
                 read=version, now=found.version),
            field="version",
        )  # fmt: skip


def note_decision(
    found: Request, kind: str, *, by: Actor, at: datetime, ground: str = "",
    content: Mapping[str, Any] | None = None, **given: Any,
) -> Decision:  # fmt: skip
    """Store one word on a request; given: person, role and mandate of an oral decision."""
    number = Decision.objects.filter(request=found).count() + 1
    values = {
        "person_id": by.named_person, "mandate_id": by.mandate_id, "role": by.role,
        "decided_at": at, **given,
    }  # fmt: skip
    return Decision.objects.create(
        request=found, number=number, kind=kind, issuer_id=found.issuer_id,
        authority=found.authority or found.issuer, confirmer_id=found.confirmer_id,
        author_id=found.author_id, ground=ground, power=found.power, version=found.version,
        content=content, sha256=digest_of(content or found.content), recorded_at=at,
        pack=version_now(), **values,
    )  # fmt: skip


def _tell(found: Request, what: str, *, by: Actor, at: datetime, **facts: Any) -> None:
    audit.record(
        what=what, about=f"request:{found.id}", by=by, at=at, version=found.version, **facts
    )
