"""Two requests of the invented country, so that no desk is empty: one waits, one is answered.

They go the whole way that people and the worker go: drafted and submitted by an officer, decided by
a judge, opened and sent by the hub, answered by an internet provider.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import NAMESPACE_URL, UUID, uuid5

MEASURE: Final = "subscriber_domestic"
OFFICER, JUDGE, PROVIDER = "jelena.police", "sava.court", "tisa.heron"
# What is asked about, how many days ago it was seen, and why; the first one is answered.
ASKED: Final = (
    ("203.0.113.7", 51512, 20, "The account that received the money was opened from this address."),
    ("203.0.113.9", 40112, 3, "The payer was called from a number registered from this address."),
)
ANSWER: Final = {"name": "Vukan Pretplatnik (invented)", "address": "Bulevar trske 17, Novi Sad"}
SpeakingAs = Callable[[str], contextlib.AbstractContextManager[None]]


@contextlib.contextmanager
def logged_in(role: str) -> Iterator[None]:
    """Speak to the database with another log-in of the hub, and afterwards as before."""
    from django.db import connection

    from recoup.web import settings

    before = connection.settings_dict
    address = os.environ[settings.URL_VARIABLES[role]]
    connection.close()
    connection.settings_dict = {**before, **settings.database(address)}
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict = before


def load(speaking_as: SpeakingAs = logged_in) -> None:
    """Make them once, with the rights of pages and worker; what was done with them since stays."""
    from recoup.apps.holds import clock
    from recoup.apps.lawful_requests import decision_operations
    from recoup.apps.lawful_requests.models import Request, Ticket

    with speaking_as("app"):
        with _acting(OFFICER) as (by, _):
            if Request.objects.filter(issuer_id=by.organisation_id).exists():
                return
        first, *_others = [_submit(*asked) for asked in ASKED]
        _do(decision_operations.authorise, JUDGE, request_id=first, version=1)
    with speaking_as("planner"):
        clock.sweep()  # what the worker does each second: it opens and sends the ticket
    with speaking_as("app"):
        with _acting(PROVIDER) as (_by, _):
            ticket = Ticket.objects.filter(of_id=first, sent_at__isnull=False).first()
        if ticket is not None:
            _answer(ticket.id)


def _submit(value: str, port: int, days: int, why: str) -> UUID:
    from recoup.apps.lawful_requests import request_operations

    def content(at: datetime) -> dict[str, Any]:
        seen = (at - timedelta(days=days)).replace(microsecond=0).isoformat()
        one = {"kind": "ip", "value": value, "port": port, "at": seen}
        return {
            "targets": [{"addressee": "heron", "identifiers": [one]}], "data": ["subscriber"],
            "fields": {"offence": "Fraud, Criminal Code, article 208"}, "justification": why,
        }  # fmt: skip

    known = uuid5(NAMESPACE_URL, f"recoup:demo:request:{value}")
    with _acting(OFFICER) as (by, at):
        found = request_operations.draft(
            measure=MEASURE, content=content(at), case_id=None, request=known, by=by, at=at
        )
        request_operations.submit(
            request_id=found.id, authority="court", version=found.version, by=by, at=at
        )
    return found.id


def _answer(ticket: UUID) -> None:
    from recoup.apps.lawful_requests import addressee_operations
    from recoup.apps.lawful_requests.addressee_operations import Answered

    given = Answered(answer=uuid5(ticket, "answer"), code="given", fields=ANSWER)
    _do(addressee_operations.answer, PROVIDER, ticket_id=ticket, given=given)


def _do(operation: Callable[..., Any], login: str, **given: Any) -> None:
    with _acting(login) as (by, at):
        operation(by=by, at=at, **given)


@contextlib.contextmanager
def _acting(login: str) -> Iterator[tuple[Any, datetime]]:
    """A transaction of one person of the country."""
    from recoup.apps.members.models import Mandate
    from recoup.apps.members.queries import as_actor
    from recoup.apps.members.scope import scope

    mandate = Mandate.objects.select_related("person", "organisation").get(
        person__logins__username=login
    )
    actor = as_actor(mandate)
    with scope(actor) as at:
        yield actor, at
