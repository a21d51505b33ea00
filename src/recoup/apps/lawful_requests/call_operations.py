"""Writes that somebody has a request that waits for a decision, so that nobody else is called."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from recoup.apps.audit import operations as audit
from recoup.apps.cases.models import Task
from recoup.apps.lawful_requests import hands, request_queries
from recoup.apps.lawful_requests.call_queries import CALL
from recoup.apps.lawful_requests.models import Request
from recoup.apps.lawful_requests.refusals import RequestRefused, told
from recoup.apps.lawful_requests.request_check import power_of
from recoup.apps.lawful_requests.request_law import law_now
from recoup.apps.lawful_requests.request_operations import no_such_request, wanted_of
from recoup.apps.lawful_requests.signing_queries import signer_of
from recoup.core.access import Actor
from recoup.core.authorisation import may_decide
from recoup.core.said import Said


@told("request:take_on")
def take_on(*, request_id: UUID, by: Actor, at: datetime) -> None:
    """Somebody who may decide has it: nobody else is called for ten minutes."""
    rows = request_queries.visible_requests(by).filter(authority_id=by.organisation_id)
    found = rows.filter(pk=request_id).first()
    if found is None:
        raise no_such_request()
    choice = power_of(wanted_of(found), law=law_now(), at=found.submitted_at or at)
    may_decide(hands.submitted(found), signer_of(by.mandate_id), choice, at=at)
    if not end_calls(found, at=at):
        raise RequestRefused("not_now", Said("Nobody is being called for this request."))
    audit.record(what="request:taken_on", about=f"request:{found.id}", by=by, at=at)


def end_calls(found: Request, *, at: datetime) -> int:
    """Close the tasks of those who were called; returns how many."""
    return Task.objects.filter(about=found.id, kind=CALL, done_at=None).update(done_at=at)
