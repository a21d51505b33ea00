"""Makes and ends machines' keys for the actor's organisation; each a line of the trail.

A new key works after a day, or once the hub's desk has called the organisation and agreed; the
database keeps both, and tells a colleague of whoever made it at once.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.utils import DatabaseError

from recoup.apps.audit import operations as audit
from recoup.apps.members.models import ApiKey, Organisation
from recoup.apps.members.operations import digest_of, new_key
from recoup.core.access import Actor
from recoup.core.said import Said
from recoup.data.policy import load_policy, load_sign_in

LONGEST_NAME: Final = 60
SHORTEST, LONGEST = 5, 300
MACHINE: Final = "machine"


class KeyRefused(Exception):
    """This key cannot be made or ended so. field: where it is wrong."""

    def __init__(self, said: Said, *, field: str = "") -> None:
        self.said, self.field = said, field
        super().__init__(said)


def acts_for_machines() -> tuple[str, ...]:
    """What a machine's key can be for, in the order of the policy table."""
    return tuple(act for act, roles in load_policy().acts.items() if MACHINE in roles)


def make_key(*, name: str, acts: Iterable[str], days: int, by: Actor, at: datetime) -> str:
    """A new key, to be shown once. acts: the only ones it is for."""
    called, scope = " ".join(name.split()), sorted(set(acts))
    if not 1 <= len(called) <= LONGEST_NAME:
        raise KeyRefused(Said("Say which program the key is for."), field="name")
    if not scope or not set(scope) <= set(acts_for_machines()):
        raise KeyRefused(Said("Choose what the key is for."), field="acts")
    if not 1 <= days <= load_sign_in().key_days:
        raise KeyRefused(
            Said("A key lasts 1 to %(most)s days.", most=load_sign_in().key_days), field="days"
        )
    key = new_key(Organisation.objects.get(pk=by.organisation_id).code)
    with connection.cursor() as cursor:
        cursor.execute(
            "select key_issue(%s, %s, %s, %s)", [digest_of(key), called, json.dumps(scope), days]
        )
        made: UUID | None = cursor.fetchone()[0]
    if made is None:
        raise KeyRefused(Said("Your mandate does not allow it any more. Sign in again."))
    audit.record(what="key:made", about=f"key:{made}", by=by, at=at, name=called, days=days,
                 acts=", ".join(scope))  # fmt: skip
    return key


def end_key(*, key_id: UUID, by: Actor, at: datetime) -> None:
    """From now on nobody is let in with it, within some seconds everywhere."""
    with connection.cursor() as cursor:
        cursor.execute("select key_end(%s)", [key_id])
        if not cursor.fetchone()[0]:
            raise KeyRefused(Said("There is no such key at your organisation, or it has ended."))
    audit.record(what="key:ended", about=f"key:{key_id}", by=by, at=at)


def decide_key(*, key_id: UUID, is_agreed: bool, told: str, by: Actor, at: datetime) -> None:
    """Let a new key work now, after a call to the organisation, or end it: the hub's desk."""
    said = " ".join(told.split())
    if not SHORTEST <= len(said) <= LONGEST:
        raise KeyRefused(Said("Write who answered, and what they said."), field="told")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("select key_decide(%s, %s, %s)", [key_id, is_agreed, said])
            is_done = cursor.fetchone()[0]
    except DatabaseError as problem:
        if getattr(problem.__cause__, "sqlstate", "") != "RC002":
            raise
        raise KeyRefused(Said("Another person of another organisation decides this.")) from problem
    if not is_done:
        raise KeyRefused(Said("This key works already, or it has ended."))
    key = ApiKey.objects.select_related("mandate__organisation").get(pk=key_id)
    own = key.mandate.organisation
    audit.record(
        what="key:agreed" if is_agreed else "key:refused", about=f"key:{key_id}", by=by, at=at,
        organisation_of=own.pk, made_by=key.made_by_id,
        personal={"told": said, "called": own.contact_phone},
    )  # fmt: skip
