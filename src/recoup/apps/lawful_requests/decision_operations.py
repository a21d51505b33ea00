"""What the authority does with a request: ask, authorise or narrow, refuse, confirm.

Who decides is looked up anew at the moment of signing: a mandate that ended between reading and
signing decides nothing. Who wrote it never decides, whatever is urgent (``core.authorisation``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from recoup.apps.audit import operations as audit
from recoup.apps.cases.models import Task
from recoup.apps.jobs import defer
from recoup.apps.lawful_requests import (
    call_operations,
    file_operations,
    hands,
    request_deadlines,
)
from recoup.apps.lawful_requests.models import Decision, Request
from recoup.apps.lawful_requests.refusals import Incomplete, RequestRefused, told
from recoup.apps.lawful_requests.refusals import words as read_words
from recoup.apps.lawful_requests.request_check import check_request, form_for, power_of
from recoup.apps.lawful_requests.request_content import digest_of, narrowed, scope_of
from recoup.apps.lawful_requests.request_counting import calendar_of, moment_after
from recoup.apps.lawful_requests.request_law import Law, law_now
from recoup.apps.lawful_requests.request_operations import (
    end,
    has_read,
    no_such_request,
    note_decision,
    nothing_owed,
    wanted_of,
)
from recoup.apps.lawful_requests.signing_queries import signer_of
from recoup.core.access import Actor
from recoup.core.authorisation import (
    Heard,
    MayNotDecide,
    OrderMove,
    OrderState,
    after,
    decide,
    may_confirm,
    may_decide,
    narrow,
)
from recoup.core.completeness import BEGUN_BEFORE, Lack, blocks
from recoup.core.law import Choice
from recoup.core.said import Said
from recoup.data.requests import load_clocks

OPEN_WORK = "lawful_requests.open"
MOST_WORDS: Final = 2000
NOT_SAID: Final = "the person named did not say this"


@dataclass(frozen=True, slots=True)
class Oral:
    """An oral decision as somebody noted it: whose, and when it was heard."""

    mandate: UUID
    heard_at: datetime


@told("request:ask")
def ask(*, request_id: UUID, text: str, version: int, by: Actor, at: datetime) -> Request:
    """Ask the author something; the request is the author's until it is answered."""
    found = asked_of(request_id, by)
    has_read(found, version)
    state = after(OrderState(found.state), OrderMove.ASK)
    _may_decide(found, by, at=at, law=law_now())
    found.state, found.changed_at = state.value, at
    found.due_at = request_deadlines.reply_by(at)
    found.save(update_fields=["state", "changed_at", "due_at"])
    level = request_deadlines.A_TURN * found.turn
    request_deadlines.start(found, "reply", found.due_at, level=level)
    call_operations.end_calls(found, at=at)
    note_decision(found, "asked", by=by, at=at, ground=text)
    _tell(found, "request:asked", by=by, at=at)
    return found


@told("request:authorise")
def authorise(
    *, request_id: UUID, version: int, by: Actor, at: datetime, ground: str = "",
    narrower: Mapping[str, Any] | None = None, oral: Oral | None = None, law: Law | None = None,
    new_facts: str = "",
) -> Decision:  # fmt: skip
    """Authorise a request, or less than it asks (narrower: the parts that become smaller).

    oral: the actor heard somebody decide. The law of today is what counts, and so is what is held
    today: a request whose law has ended, or whose data are gone, is not authorised. new_facts: why
    a longest time that ran before begins anew; without it, it does not.
    """
    law = law or law_now()
    found = asked_of(request_id, by) if oral is None else _heard_of(request_id, by)
    has_read(found, version)
    state = after(OrderState(found.state), OrderMove.AUTHORISE)
    is_answered_for(found, at=at)
    asked = file_operations.decided(found, _content(found, narrower, law))
    choice, lacks = _complete(found, asked, law=law, at=at)
    content = _anew(asked, lacks, read_words(new_facts, "new_facts", MOST_WORDS))
    _reasoned(choice, ground)
    signer = signer_of(oral.mandate if oral else by.mandate_id)
    heard = Heard(by.named_person, oral.heard_at) if oral else None
    if heard:
        _heard_lately(found, heard, at=at)
    what = decide(hands.submitted(found), signer, choice, at=at, heard=heard)
    counts = heard.at if heard else at
    found.state, found.power = state.value, choice.power.power
    found.authorised_at = found.changed_at = at
    calendar = calendar_of(law.country, law.zone)
    if what.written_within:
        found.written_by = moment_after(counts, what.written_within, calendar=calendar)
    if what.confirmed_within:
        found.confirm_by = moment_after(counts, what.confirmed_within, calendar=calendar)
    if what.submitted_within:
        found.put_by = moment_after(counts, what.submitted_within, calendar=calendar)
    found.due_at = min(filter(None, (found.written_by, found.confirm_by)), default=at)
    found.save(
        update_fields=["state", "power", "authorised_at", "changed_at", "written_by", "confirm_by",
                       "put_by", "due_at"]
    )  # fmt: skip
    for kind, due_at in (("written", found.written_by), ("confirm", found.confirm_by)):
        if due_at:
            request_deadlines.start(found, kind, due_at)
    request_deadlines.start_putting(found, since=counts)
    if heard:  # the person named is told at once, and may say that it was not so
        request_deadlines.start(found, "heard", at)
    call_operations.end_calls(found, at=at)
    kind = "narrowed" if narrower else "authorised"
    decision = note_decision(
        found, kind, by=by, at=at, ground=ground, content=content, person_id=signer.person,
        role=signer.role, mandate_id=oral.mandate if oral else by.mandate_id,
        heard_by_id=heard.by if heard else None, decided_at=counts,
    )  # fmt: skip
    _tell(
        found, f"request:{kind}", by=by, at=at, decision=decision.id, decider=signer.person,
        oral=heard is not None, danger=found.danger, sha256=digest_of(content).hex(),
    )  # fmt: skip
    defer(OPEN_WORK)
    return decision


def is_answered_for(found: Request, *, at: datetime) -> None:
    """Raise unless who submitted it still has a mandate at the unit that asks."""
    if not hands.is_answered_for(found, at=at):
        raise RequestRefused(
            "author_ended",
            Said(
                "Who submitted this request has no mandate there any more. Ask the unit about it: "
                "whoever replies takes it over."
            ),
        )


def _heard_lately(found: Request, heard: Heard, *, at: datetime) -> None:
    """Raise unless what was heard can be about this version, and was heard not long ago."""
    if heard.at < found.changed_at:
        raise MayNotDecide(
            "not_yet", Said("Nothing can be decided before it was submitted as it is now.")
        )
    if at - heard.at > load_clocks().hear:
        hours = load_clocks().hear // timedelta(hours=1)
        raise MayNotDecide(
            "too_late",
            Said(
                "An oral decision is noted within %(hours)s hours. Ask for it again, or in "
                "writing.",
                hours=hours,
            ),
        )


def _content(found: Request, narrower: Mapping[str, Any] | None, law: Law) -> Mapping[str, Any]:
    """What is authorised: all of it, or what is left after narrowing."""
    if not narrower:
        content: Mapping[str, Any] = found.content
        return content
    less = narrowed(found.content, narrower, form_for(law, found.measure))
    narrow(scope_of(found.content), scope_of(less))
    return less


def _complete(
    found: Request, content: Mapping[str, Any], *, law: Law, at: datetime
) -> tuple[Choice, list[Lack]]:
    """The power that holds at this moment; raises NoPower or Incomplete."""
    wanted = wanted_of(found, content)
    choice = power_of(wanted, law=law, at=at)
    lacks = [lack for one in check_request(wanted, law=law, at=at) for lack in one.lacks]
    if blocks(lacks):
        raise Incomplete(lacks)
    return choice, lacks


def _anew(content: Mapping[str, Any], lacks: list[Lack], new_facts: str) -> Mapping[str, Any]:
    """What is authorised with what is new about it, where a longest time would begin anew."""
    before = [lack for lack in lacks if lack.code == BEGUN_BEFORE]
    if not before:
        return content
    if not new_facts.strip():
        raise RequestRefused(
            "new_facts_missing",
            Said("%(before)s Say what is new, or refuse it and have the other extended.",
                 before=before[0].said),
            field="new_facts",
        )  # fmt: skip
    return {**content, "new_facts": new_facts.strip()}


def _reasoned(choice: Choice, ground: str) -> None:
    """Raise RequestRefused where the law wants an order with reasons and none are given."""
    if choice.power.is_reasoned and not ground.strip():
        raise RequestRefused(
            "ground_missing", Said("The law wants a reasoned order: say why."), field="ground"
        )


@told("request:refuse")
def refuse(
    *, request_id: UUID, version: int, ground: str, by: Actor, at: datetime, law: Law | None = None
) -> Decision:
    """Refuse a request, or refuse to confirm it: then what has left is taken back."""
    found = asked_of(request_id, by, confirming=True)
    has_read(found, version)
    if not ground.strip():
        raise RequestRefused("ground_missing", Said("Say why it is refused."), field="ground")
    before = OrderState(found.state)
    state = after(before, OrderMove.REFUSE)
    law = law or law_now()
    is_owed = before is not OrderState.SUBMITTED
    if is_owed:
        _may_still_refuse(found, by, at=at, law=law)
    else:
        _may_decide(found, by, at=at, law=law)
    found.state = state.value
    if before is OrderState.WITHDRAWN:
        nothing_owed(found, at=at)
    else:
        end(found, ground=ground, at=at)
    call_operations.end_calls(found, at=at)
    kind = "not_confirmed" if is_owed else "refused"
    decision = note_decision(found, kind, by=by, at=at, ground=ground)
    _tell(found, f"request:{kind}", by=by, at=at, ground=ground)
    defer(OPEN_WORK)  # what has left the hub takes back: the tickets are the issuer's
    return decision


def _may_still_refuse(found: Request, by: Actor, *, at: datetime, law: Law) -> None:
    """What was authorised is refused only by who has still to confirm it."""
    if found.confirm_by is None and found.written_by is None:
        raise RequestRefused("not_now", Said("This is authorised and needs no confirmation."))
    _confirming(found, by, at=at, law=law)


@told("request:put_in_writing")
def put_in_writing(
    *, request_id: UUID, version: int, by: Actor, at: datetime, ground: str = "",
    law: Law | None = None,
) -> Decision:  # fmt: skip
    """Confirm an oral decision in writing: who gave it, and nobody in their place."""
    found = asked_of(request_id, by)
    has_read(found, version)
    after(OrderState(found.state), OrderMove.CONFIRM)
    if found.written_by is None:
        raise RequestRefused("not_now", Said("No written confirmation is awaited."))
    first = first_decision(found)
    if first.heard_by_id == by.person_id:
        raise MayNotDecide("same_person", Said("Who heard the decision does not confirm it."))
    if first.person_id != by.person_id:
        raise MayNotDecide(
            "other_decider", Said("An oral decision is put in writing by the person who gave it.")
        )
    _may_decide(found, by, at=at, law=law or law_now())
    found.written_by = None
    end_asking(found, at=at)
    return _confirmed(found, "written", by=by, at=at, ground=ground)


@told("request:confirm")
def confirm(
    *, request_id: UUID, version: int, by: Actor, at: datetime, ground: str = "",
    law: Law | None = None,
) -> Decision:  # fmt: skip
    """Confirm what was authorised in an emergency: a third person, with the role for it."""
    found = asked_of(request_id, by, confirming=True)
    has_read(found, version)
    after(OrderState(found.state), OrderMove.CONFIRM)
    if found.confirm_by is None:
        raise RequestRefused("not_now", Said("No confirmation is awaited."))
    first = _confirming(found, by, at=at, law=law or law_now())
    found.confirm_by = found.put_by = None
    return _confirmed(
        found, "confirmed", by=by, at=at, ground=ground, first_person_id=first.person_id
    )


@told("request:put_before")
def put_before(
    *, request_id: UUID, version: int, by: Actor, at: datetime, ground: str = "",
    law: Law | None = None,
) -> Decision:  # fmt: skip
    """Put an emergency before whoever confirms it, as the law says: who decided, or a colleague."""
    found = asked_of(request_id, by)
    has_read(found, version)
    after(OrderState(found.state), OrderMove.CONFIRM)
    if found.put_by is None or found.confirm_by is None:
        raise RequestRefused("not_now", Said("Nothing waits to be put before anybody."))
    signer, first = signer_of(by.mandate_id), first_decision(found)
    choice = power_of(wanted_of(found, first.content), law=law or law_now(), at=first.decided_at)
    may_decide(hands.submitted(found), signer, choice, at=at)
    found.put_by = None
    found.changed_at = at
    found.save(update_fields=["put_by", "changed_at"])
    Task.objects.filter(about=found.id, kind="request_put", done_at=None).update(done_at=at)
    decision = note_decision(found, "put", by=by, at=at, ground=ground)
    _tell(found, "request:put_before", by=by, at=at, decision=decision.id)
    return decision


def _confirmed(found: Request, kind: str, *, by: Actor, at: datetime, ground: str, **given: Any
               ) -> Decision:  # fmt: skip
    found.changed_at = at
    found.due_at = min(filter(None, (found.written_by, found.confirm_by)), default=at)
    found.save(update_fields=["written_by", "confirm_by", "put_by", "changed_at", "due_at"])
    decision = note_decision(found, kind, by=by, at=at, ground=ground, **given)
    _tell(found, f"request:{kind}", by=by, at=at, decision=decision.id)
    defer(OPEN_WORK)  # what waited for it leaves
    return decision


@told("request:not_said")
def not_said(*, request_id: UUID, by: Actor, at: datetime, ground: str = "") -> Decision:
    """Say that one never gave the decision that somebody noted: what has left is taken back."""
    found = asked_of(request_id, by)
    first = Decision.objects.filter(request=found, kind__in=["authorised", "narrowed"]).first()
    if first is None or first.heard_by_id is None or first.person_id != by.named_person:
        raise MayNotDecide("other_decider", Said("No decision of yours was noted here."))
    said = Decision.objects.filter(request=found, kind__in=["written", "not_said"])
    if said.filter(person_id=by.named_person).exists():
        raise RequestRefused("not_now", Said("You have said already whether it was so."))
    if OrderState(found.state) is OrderState.AUTHORISED:
        found.state = after(OrderState.AUTHORISED, OrderMove.REFUSE).value
        end(found, ground=NOT_SAID, at=at)
    else:
        nothing_owed(found, at=at)
    end_asking(found, at=at)
    request_deadlines.start(found, "not_said", at)
    decision = note_decision(found, "not_said", by=by, at=at, ground=ground)
    _tell(found, "request:not_said", by=by, at=at, decision=decision.id, hearer=first.heard_by_id)
    defer(OPEN_WORK)
    return decision


def end_asking(found: Request, *, at: datetime) -> None:
    """Close the task in which the person named was asked whether they said it."""
    Task.objects.filter(about=found.id, kind="request_heard", done_at=None).update(done_at=at)


def _confirming(found: Request, by: Actor, *, at: datetime, law: Law) -> Decision:
    """The first decision, where the actor may confirm it; raises MayNotDecide."""
    first = first_decision(found)
    choice = power_of(wanted_of(found, first.content), law=law, at=first.decided_at)
    asked = hands.submitted(found, confirming=True)
    may_confirm(asked, persons_of(first), signer_of(by.mandate_id), choice, at=at)
    return first


def persons_of(first: Decision) -> frozenset[UUID]:
    """Everybody of a decision: who decided, and who heard it."""
    return frozenset({first.person_id} | ({first.heard_by_id} if first.heard_by_id else set()))


def first_decision(found: Request) -> Decision:
    """The decision that authorised a request."""
    rows = Decision.objects.filter(request=found, kind__in=["authorised", "narrowed"])
    return rows.get()


def _may_decide(found: Request, by: Actor, *, at: datetime, law: Law) -> None:
    choice = power_of(wanted_of(found), law=law, at=found.submitted_at or at)
    signer = signer_of(by.mandate_id)
    may_decide(hands.submitted(found), signer, choice, at=at)


def asked_of(request_id: UUID, by: Actor, *, confirming: bool = False) -> Request:
    """A request of which the actor's organisation was asked to decide, locked."""
    found = _locked(request_id)
    parties = {found.authority_id} | ({found.confirmer_id} if confirming else set())
    if by.organisation_id not in parties:
        raise MayNotDecide(
            "other_authority", Said("Another authority was asked for this decision.")
        )
    return found


def _heard_of(request_id: UUID, by: Actor) -> Request:
    """A request of the actor's own organisation, or that it decides: there a decision is heard."""
    found = _locked(request_id)
    if by.organisation_id not in (found.issuer_id, found.authority_id):
        raise no_such_request()
    return found


def _locked(request_id: UUID) -> Request:
    rows = Request.objects.select_for_update(of=("self",), no_key=True).select_related("issuer")
    found = rows.filter(pk=request_id, submitted_at__isnull=False).first()
    if found is None:
        raise no_such_request()
    return found


def _tell(found: Request, what: str, *, by: Actor, at: datetime, **facts: Any) -> None:
    audit.record(
        what=what, about=f"request:{found.id}", by=by, at=at, version=found.version, **facts
    )
