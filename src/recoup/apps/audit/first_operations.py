"""The first two officers of the hub's desk: nobody is there yet who could propose or agree.

Runs as the owner of the database, from a command, and only while no officer has a passkey. Of each
one's two words one is for them and one for the other of the two, who hands it over.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction

from recoup.apps.audit import enrolment_operations
from recoup.apps.audit import operations as audit
from recoup.apps.audit.session_operations import enrolment_actor
from recoup.apps.members import pass_words
from recoup.apps.members.models import Login, Mandate, Organisation
from recoup.apps.members.queries import valid_now
from recoup.apps.members.sign_in_models import MemberChange, Passkey

ROLE: Final = "hub_officer"
OPEN_FOR: Final = timedelta(hours=72)


class NotTheFirst(Exception):
    """There are officers already, or the two are one person."""


@dataclass(frozen=True, slots=True)
class Newcomer:
    full_name: str
    email: str
    username: str


@dataclass(frozen=True, slots=True)
class Words:
    """own: for the newcomer; others: for the other of the two, to be handed over by them."""

    newcomer: Newcomer
    own: str
    others: str


@transaction.atomic
def first_officers(
    *, organisation: Organisation, newcomers: Sequence[Newcomer], at: datetime
) -> list[Words]:
    """Enrol two persons and open a pass for each; raises NotTheFirst."""
    officers = Mandate.objects.filter(valid_now(), role=ROLE).values("person_id")
    if Passkey.objects.filter(login__person__in=officers, ended_at=None).exists():
        raise NotTheFirst(
            "An officer of the hub's desk has a passkey: from now on people are let in at /people."
        )
    logins = [_enrol(organisation, one, at=at) for one in newcomers]
    if len({login.person_id for login in logins}) != 2:
        raise NotTheFirst("Two different persons are needed, each with an address of their own.")
    pairs = zip(newcomers, logins, reversed(logins), strict=True)
    return [_open(organisation, one, of, by, at=at) for one, of, by in pairs]


def _enrol(organisation: Organisation, one: Newcomer, *, at: datetime) -> Login:
    enrolment_operations.enrol_person(
        organisation=organisation, full_name=one.full_name, role=ROLE, email=one.email, at=at,
        username=one.username, password=secrets.token_urlsafe(32),
    )  # fmt: skip
    return Login.objects.get(username=one.username)


def _open(
    organisation: Organisation, one: Newcomer, login: Login, by: Login, *, at: datetime
) -> Words:
    MemberChange.objects.filter(login=login, is_agreed=True).update(devices_left=0)
    words = Words(one, pass_words.make(), pass_words.make())
    made = MemberChange.objects.create(
        organisation=organisation, kind="enrol", person_id=login.person_id, login=login,
        ground="The first officers of the hub's desk.", proposed_by_id=by.person_id,
        proposed_at=at, first_sha256=pass_words.digest(words.own), is_agreed=True,
        second_sha256=pass_words.digest(words.others), expires_at=at + OPEN_FOR, devices_left=2,
    )  # fmt: skip
    audit.record(
        what="member:first", about=f"change:{made.pk}", by=enrolment_actor(organisation), at=at,
        about_person=login.person_id,
    )  # fmt: skip
    return words
