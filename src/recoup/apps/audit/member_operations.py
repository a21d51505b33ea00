"""Writes who may sign in: proposed by one person, decided by another, each a line of the trail.

The database carries out what was agreed and refuses what one person tries alone; here is what was
typed checked, and told. Suspending and ending a mandate take one person, at once: their sessions
end with the same statement (a trigger changes the mark that every session is tied to).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connection, transaction
from django.db.utils import DatabaseError

from recoup.apps.audit import operations as audit
from recoup.apps.audit.session_operations import take_stream
from recoup.apps.members import pass_words, people_queries
from recoup.apps.members.models import Login, Mandate
from recoup.apps.members.people_queries import Member
from recoup.apps.members.sign_in_models import MemberChange
from recoup.core.access import Actor
from recoup.core.said import Said

USERNAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{2,63}")
EMAIL: Final = re.compile(r"[^@\s<>\"]{1,64}@[A-Za-z0-9.-]{3,55}")
WITH_PASS: Final = ("enrol", "recover")
SHORTEST_GROUND, LONGEST_GROUND = 5, 300


class ChangeRefused(Exception):
    """This cannot be proposed or decided so. field: where it is wrong."""

    def __init__(self, said: Said, *, field: str = "") -> None:
        self.said, self.field = said, field
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class Told:
    """What was stored, and the word to hand over: shown now and never again; or empty."""

    change: MemberChange
    word: str = ""


def propose_person(
    *, full_name: str, email: str, username: str, role: str, ground: str, by: Actor, at: datetime
) -> Told:
    """Propose that somebody new may sign in for the actor's organisation."""
    name, address, user = " ".join(full_name.split()), email.strip(), username.strip().lower()
    if not 3 <= len(name) <= 120 or any(ord(c) < 32 for c in name):
        raise ChangeRefused(Said("Write the person's full name."), field="full_name")
    if not EMAIL.fullmatch(address):
        raise ChangeRefused(Said("Write an address like name@office.example."), field="email")
    if not USERNAME.fullmatch(user):
        raise ChangeRefused(
            Said("A user name has 3 to 64 small letters, digits, dots, dashes."), field="username"
        )
    _is_a_role_of(by, role)
    waiting = MemberChange.objects.filter(kind="enrol", username=user, decided_by=None)
    if Login.objects.filter(username=user).exists() or waiting.exists():
        raise ChangeRefused(
            Said("The user name %(name)s is taken. Choose another.", name=user), field="username"
        )
    return _propose(
        "enrol", by=by, at=at, ground=ground, full_name=name, email=address, username=user,
        role=role,
    )  # fmt: skip


def propose_role(*, person_id: UUID, role: str, ground: str, by: Actor, at: datetime) -> Told:
    """Propose another role for somebody of the actor's organisation."""
    who = _member(person_id, by)
    _is_a_role_of(by, role)
    if any(mandate.role == role for mandate in who.mandates):
        raise ChangeRefused(
            Said("%(who)s has this role already.", who=who.person.full_name), field="role"
        )
    return _propose("mandate", who=who, by=by, at=at, ground=ground, role=role)


def propose_recovery(*, person_id: UUID, ground: str, by: Actor, at: datetime) -> Told:
    """Propose a new passkey for somebody who lost theirs; the old ones end when it is agreed."""
    return _propose("recover", who=_with_login(person_id, by), by=by, at=at, ground=ground)


def propose_return(*, person_id: UUID, ground: str, by: Actor, at: datetime) -> Told:
    """Propose that somebody who was suspended may sign in again."""
    who = _with_login(person_id, by)
    if who.login and who.login.is_active:
        raise ChangeRefused(Said("%(who)s is not suspended.", who=who.person.full_name))
    return _propose("reinstate", who=who, by=by, at=at, ground=ground)


def decide(*, change_id: UUID, is_agreed: bool, by: Actor, at: datetime) -> Told:
    """Agree, or refuse. The database does what was agreed; another person only."""
    found = people_queries.changes_waiting(by).filter(pk=change_id).first()
    if found is None:
        raise ChangeRefused(Said("This was decided already, or it is not there."))
    word = pass_words.make() if is_agreed and found.kind in WITH_PASS else ""
    digest = pass_words.digest(word) if word else None
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select change_decide(%s, %s, %s)", [found.pk, is_agreed, digest])
    except DatabaseError as problem:
        raise _refusal(problem) from problem
    found.refresh_from_db()
    what = "member:agreed" if is_agreed else "member:refused"
    _tell(what, found, by=by, at=at)
    return Told(found, word)


def suspend(*, person_id: UUID, ground: str, by: Actor, at: datetime) -> None:
    """From now on somebody cannot sign in; whatever they have open ends."""
    who, why = _with_login(person_id, by), _ground(ground)
    with connection.cursor() as cursor:
        cursor.execute("select member_suspend(%s)", [who.person.pk])
        if not cursor.fetchone()[0]:
            raise ChangeRefused(
                Said("%(who)s is suspended already, or is you.", who=who.person.full_name)
            )
    _tell_of("member:suspended", who.person.pk, by=by, at=at, personal={"ground": why})


def end_mandate(*, mandate_id: UUID, ground: str, by: Actor, at: datetime) -> None:
    """Somebody does not have this role any more; whatever they have open ends."""
    why = _ground(ground)
    found = Mandate.objects.filter(pk=mandate_id, organisation_id=by.organisation_id).first()
    if found is None:
        raise ChangeRefused(Said("There is no such role at your organisation."))
    with connection.cursor() as cursor:
        cursor.execute("select mandate_end(%s)", [mandate_id])
        if cursor.fetchone()[0] is None:
            raise ChangeRefused(Said("This role has ended already, or is yours."))
    _tell_of("mandate:ended", found.person_id, by=by, at=at, mandate=str(found.pk),
             role=found.role, personal={"ground": why})  # fmt: skip


def _propose(kind: str, *, by: Actor, at: datetime, ground: str, who: Member | None = None,
             **fields: str) -> Told:  # fmt: skip
    why, word = _ground(ground), pass_words.make()
    if who is not None:
        waiting = MemberChange.objects.filter(kind=kind, person=who.person, decided_by=None)
        if waiting.exists():
            raise ChangeRefused(Said("This was proposed already and waits for the hub's desk."))
        if who.person.pk == by.person_id:
            raise ChangeRefused(Said("Another person proposes this for you."))
    made = MemberChange.objects.create(
        organisation_id=by.organisation_id, kind=kind, ground=why, proposed_by_id=by.named_person,
        proposed_at=at, first_sha256=pass_words.digest(word), person=who.person if who else None,
        login=who.login if who else None, **fields,
    )  # fmt: skip
    _tell("member:proposed", made, by=by, at=at)
    return Told(made, word if kind in WITH_PASS else "")


def _member(person_id: UUID, by: Actor) -> Member:
    found = people_queries.member_of(by, person_id)
    if found is None:
        raise ChangeRefused(Said("There is no such person at your organisation."))
    return found


def _with_login(person_id: UUID, by: Actor) -> Member:
    found = _member(person_id, by)
    if found.login is None:
        raise ChangeRefused(Said("There is no such person at your organisation."))
    return found


def _is_a_role_of(by: Actor, role: str) -> None:
    if role not in people_queries.roles_of(by.organisation_kind):
        raise ChangeRefused(Said("Choose a role that your organisation has."), field="role")


def _ground(text: str) -> str:
    kept = " ".join(text.split())
    if not SHORTEST_GROUND <= len(kept) <= LONGEST_GROUND:
        raise ChangeRefused(
            Said("Write why, in %(most)s letters at most.", most=LONGEST_GROUND), field="ground"
        )
    return kept


def _refusal(problem: DatabaseError) -> Exception:
    """What the database says no to in its own codes, in words; anything else stays what it is."""
    code = getattr(problem.__cause__, "sqlstate", "")
    if code not in ("RC001", "RC002"):
        return problem
    if code == "RC002":
        return ChangeRefused(
            Said("Another person decides this: not who proposed it, and not whom it is about.")
        )
    return ChangeRefused(Said("This was decided already, or it waited too long."))


def _tell(what: str, change: MemberChange, *, by: Actor, at: datetime) -> None:
    personal = {"ground": change.ground}
    if change.full_name:
        personal |= {"full_name": change.full_name, "email": change.email}
    stream = f"change:{change.pk}"
    audit.record(
        what=what, about=stream, by=by, at=at, personal=personal, kind=change.kind,
        organisation_of=change.organisation_id, about_person=change.person_id, role=change.role,
        proposed_by=change.proposed_by_id,
    )  # fmt: skip


def _tell_of(what: str, person_id: UUID, *, by: Actor, at: datetime, **facts: Any) -> None:
    stream = f"person:{person_id}"
    take_stream(stream)
    audit.record(what=what, about=stream, by=by, at=at, **facts)
