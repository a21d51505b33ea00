"""Lines about people and their keys: signing in and out, a password, a key, and looking at a case.

Each person has a stream, and each person's looking at one case. Two requests at once would continue
one line twice, so a stream is taken by one of them at a time.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.crypto import salted_hmac

from recoup.apps.audit import operations as audit
from recoup.apps.members import operations as enrolment
from recoup.apps.members import queries as members
from recoup.apps.members.models import Login, Mandate, Organisation
from recoup.apps.members.scope import enter
from recoup.core.access import Actor
from recoup.data.policy import load_limits

MOST_KEPT = 20_000
_noted: OrderedDict[tuple[UUID, str], float] = OrderedDict()


# Signing in and out


def signed_in(login: Login, *, factor: str, first: str = "") -> None:
    """The rest of the request is the person's: its line belongs to their organisation.

    first: with what they began, where that was the state's own sign-in.
    """
    _tell("session:signed_in", login, factor=factor, **({"first": first} if first else {}))


def signed_out(login: Login) -> None:
    _tell("session:signed_out", login)


def password_changed(login: Login) -> None:
    _tell("session:password_changed", login)


def proved(login: Login, *, factor: str, act: str) -> None:
    """A second factor was shown again, for an act that asks for it."""
    _tell("session:step_up", login, factor=factor, act=act)


def not_proved(login: Login, *, reason: str, act: str) -> None:
    _tell("session:step_up_refused", login, reason=reason[:200], act=act)


def factor_made(login: Login, *, kind: str, change: UUID, by: Actor) -> None:
    """A passkey, or the codes of a telephone, under a pass. ``by``: whose request it is."""
    _tell(f"{kind}:made", login, change=str(change))
    enter(by)


def linked(login: Login, *, link: UUID, by: Actor) -> None:
    """The log-in is now somebody whom the state's own sign-in knows."""
    _tell("session:linked", login, link=str(link))
    enter(by)


def unlinked(login: Login, *, link: UUID, by: Actor) -> None:
    _tell("session:unlinked", login, link=str(link))
    enter(by)


def link_refused(login: Login, *, reason: str, by: Actor) -> None:
    _tell("session:link_refused", login, reason=reason[:200])
    enter(by)


def refused(username: str, *, by: Actor, at: datetime, **facts: str) -> None:
    """A wrong name or password. ``by``: whose request it was before, and is afterwards.

    What was tried under a name of nobody is told of the public, and the name only as a commitment.
    """
    login = Login.objects.filter(username=username[:64]).first()
    if login is not None:
        _tell("session:refused", login, **facts)
        enter(by)
        return
    name = salted_hmac("recoup.sign_in", username, algorithm="sha256").hexdigest()
    stream = f"sign_in:{name[:32]}"
    take_stream(stream)
    public = members.public_actor()
    enter(public)
    audit.record(
        what="session:refused", about=stream, by=public, at=at,
        personal={"name": username[:200]}, **facts,
    )  # fmt: skip
    enter(by)


def _tell(what: str, login: Login, **facts: Any) -> None:
    mandate = members.mandate_of(login.person_id, chosen=None)
    actor = members.as_actor(mandate) if mandate else members.public_actor()
    at = enter(actor)
    stream = f"person:{login.person_id}"
    take_stream(stream)
    audit.record(what=what, about=stream, by=actor, at=at, username=login.username, **facts)


# Keys


def issue_key(*, mandate: Mandate, at: datetime) -> str:
    """Make a key for a machine, which ends its older ones; the line is in the same transaction."""
    with transaction.atomic():
        key = enrolment.issue_key(mandate=mandate, at=at)
        by = enrolment_actor(mandate.organisation)
        stream = f"person:{mandate.person_id}"
        take_stream(stream)
        audit.record(what="key:issued", about=stream, by=by, at=at, mandate=str(mandate.id))
    return key


def enrolment_actor(organisation: Organisation) -> Actor:
    """Whoever enrols somebody for an organisation, from a command."""
    return Actor(organisation.id, organisation.kind, organisation.name, "enrolment")


# Looking at a case


def looked_at(case_id: UUID, *, by: Actor, at: datetime) -> None:
    """Note that a person looks at a case: once within some minutes, as policy.toml says.

    A page that is open asks every few seconds; what was noted is kept in memory, so that most
    requests ask nothing.
    """
    if by.person_id is None:
        return
    stream = f"look:{case_id.hex}:{by.person_id.hex[:24]}"
    key, every = (by.person_id, stream), timedelta(minutes=load_limits().look_noted_minutes)
    if time.monotonic() - _noted.get(key, -1e9) < every.total_seconds():
        return
    with connection.cursor() as cursor:
        cursor.execute(LAST, [stream, stream])
        is_mine, last = cursor.fetchone()
    if is_mine and (last is None or last <= at - every):
        audit.record(what="case:looked_at", about=stream, by=by, at=at, case=str(case_id))
    transaction.on_commit(lambda: _keep(key))


LAST = """
select pg_try_advisory_xact_lock(hashtextextended(%s, 0)),
  (select recorded_at from audit_auditleaf where stream = %s order by stream_seq desc limit 1)
"""


def _keep(key: tuple[UUID, str]) -> None:
    _noted[key] = time.monotonic()
    while len(_noted) > MOST_KEPT:
        _noted.popitem(last=False)


def take_stream(stream: str) -> None:
    """Until the transaction ends nobody else continues this stream."""
    with connection.cursor() as cursor:
        cursor.execute("select pg_advisory_xact_lock(hashtextextended(%s, 0))", [stream])
