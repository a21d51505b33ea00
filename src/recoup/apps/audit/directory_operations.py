"""Changes the directory: one organisation proposes, the hub's desk agrees, a day later it acts.

The database refuses what one person or one organisation tries alone, and any shorter time; here is
what was typed checked, and each act a line of the log. The hub's desk first calls the number that
stood there before, and writes who answered; until it acts, everybody at the organisation can stop
it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import phonenumbers
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.utils import DatabaseError

from recoup.apps.audit import operations as audit
from recoup.apps.audit.session_operations import take_stream
from recoup.apps.members.directory_models import DirectoryChange
from recoup.apps.members.models import Organisation
from recoup.apps.members.queries import hub_actor
from recoup.core.access import Actor
from recoup.core.said import Said
from recoup.data.policy import load_directory

FIELDS: Final = ("contact_name", "contact_name_sr", "contact_phone", "contact_email", "answers_by",
                 "bank_code", "bic")  # fmt: skip
MOST: Final = {"contact_name": 120, "contact_name_sr": 120, "contact_phone": 40,
               "contact_email": 120, "answers_by": 8, "bank_code": 12, "bic": 11}  # fmt: skip
FORMS: Final = {
    "contact_email": (re.compile(r"[^@\s<>\"]{1,64}@[A-Za-z0-9.-]{3,55}"),
                      Said("Write an address like name@office.example.")),
    "answers_by": (re.compile(r"api|desk"), Said("Choose how your organisation answers.")),
    "bank_code": (re.compile(r"[A-Z0-9]{2,12}"), Said("A bank code has letters and digits only.")),
    "bic": (re.compile(r"[A-Z0-9]{8}(?:[A-Z0-9]{3})?"), Said("A BIC has 8 or 11 characters.")),
}  # fmt: skip
HOSTED: Final = re.compile(r"(card|phone|wallet)[ :]+([A-Za-z0-9+#]{4,140})")
MOST_HOSTED: Final = 50
SHORTEST, LONGEST = 5, 300
HUB: Final = "hub_officer"


class DirectoryRefused(Exception):
    """It cannot be changed so. field: where it is wrong."""

    def __init__(self, said: Said, *, field: str = "") -> None:
        self.said, self.field = said, field
        super().__init__(said)


@dataclass(frozen=True, slots=True)
class NumberChange:
    """Since when a number stands in the directory; the one before, and since when that stood.

    before_since: None where it stood from the beginning.
    """

    at: datetime
    before: str
    before_since: datetime | None


REFUSALS: Final = {
    "RC001": Said("This was decided already, or it waited too long."),
    "RC002": Said("Another person of another organisation decides this."),
    "RC004": Said("A change of your entry is under way already. Stop it first."),
    "RC005": Said("Nobody of another organisation could agree. Call who runs the hub."),
    "RC006": Said("This is no field of the directory."),
    "RC007": Said("Another organisation has this bank code, BIC or identifier."),
}


def visible_to(actor: Actor) -> QuerySet[DirectoryChange]:
    """Changes of the own entry; the hub's desk sees all of them."""
    rows = DirectoryChange.objects.select_related(
        "organisation", "proposed_by", "decided_by", "stopped_by"
    )
    if actor.role != HUB:
        rows = rows.filter(organisation=actor.organisation_id)
    return rows.order_by("-proposed_at", "id")


def propose(
    *, wanted: Mapping[str, str], ground: str, by: Actor, at: datetime, add: str = "", end: str = ""
) -> DirectoryChange:
    """Propose new values for the own entry; only what differs is proposed."""
    own = Organisation.objects.get(pk=by.organisation_id)
    changes: dict[str, Any] = {
        name: value for name in FIELDS
        if (value := _read(name, wanted.get(name, ""))) and value != getattr(own, name)
    }  # fmt: skip
    if added := _hosted(add, "hosted_add"):
        changes["hosted_add"] = added
    if ended := _hosted(end, "hosted_end"):
        changes["hosted_end"] = ended
    if not changes:
        raise DirectoryRefused(Said("Nothing would change. Write what is to be different."))
    made = _ask("select directory_propose(%s::jsonb, %s)", [_json(changes), _ground(ground)])
    found = DirectoryChange.objects.get(pk=made)
    _tell("directory:proposed", found, by=by, at=at, fields=", ".join(sorted(changes)),
          personal={"changes": _json(changes), "ground": found.ground})  # fmt: skip
    return found


def decide(*, change_id: UUID, is_agreed: bool, told: str, by: Actor, at: datetime) -> None:
    """Agree, after a call to the old number, or refuse. It acts after the time to cool down."""
    found, said = _found(change_id, by), _ground(told, "told")
    hours = load_directory().cool_down_hours
    _ask("select directory_decide(%s, %s, %s, %s)", [found.pk, is_agreed, said, hours])
    found.refresh_from_db()
    what = "directory:agreed" if is_agreed else "directory:refused"
    _tell(what, found, by=by, at=at, proposed_by=found.proposed_by_id, acts_at=found.acts_at,
          personal={"told": said, "called": found.called_number})  # fmt: skip


def stop(*, change_id: UUID, ground: str, by: Actor, at: datetime) -> None:
    """It does not act: anybody of the organisation says so, or the hub's desk."""
    found, why = _found(change_id, by), _ground(ground)
    if not _ask("select directory_stop(%s, %s)", [found.pk, why]):
        raise DirectoryRefused(Said("This has ended already, or has acted."))
    _tell("directory:stopped", found, by=by, at=at, personal={"ground": why})


def act(*, at: datetime) -> int:
    """Carry out what has cooled down; each is a line of the log. For the clock."""
    with connection.cursor() as cursor:
        cursor.execute("select * from directory_act()")
        acted = [row[0] for row in cursor.fetchall()]
    for change in DirectoryChange.objects.filter(pk__in=acted).select_related("organisation"):
        _tell(
            "directory:acted", change, by=hub_actor(change.organisation), at=at,
            proposed_by=change.proposed_by_id, decided_by=change.decided_by_id,
        )  # fmt: skip
    return len(acted)


def changed_lately(*, at: datetime) -> dict[int, datetime]:
    """The organisations whose entry is new, and since when."""
    with connection.cursor() as cursor:
        since = at - timedelta(days=load_directory().new_for_days)
        cursor.execute("select organisation_id, acted_at from directory_changed(%s)", [since])
        return dict(cursor.fetchall())


def number_changed(organisation_id: int, *, at: datetime) -> NumberChange | None:
    """The last change of an organisation's number, where it is new still."""
    with connection.cursor() as cursor:
        since = at - timedelta(days=load_directory().new_for_days)
        cursor.execute("select * from directory_number(%s, %s)", [organisation_id, since])
        row = cursor.fetchone()
    return NumberChange(*row) if row else None


def _read(name: str, text: str) -> str:
    value = " ".join(text.split())
    if name in ("bank_code", "bic"):
        value = value.upper()
    if not value:
        return ""
    if len(value) > MOST[name] or any(ord(c) < 32 for c in value):
        raise DirectoryRefused(
            Said("Write at most %(most)s characters.", most=MOST[name]), field=name
        )
    if name == "contact_phone":
        return _phone(value)
    form, advice = FORMS.get(name, (None, None))
    if form is not None and advice is not None and not form.fullmatch(value):
        raise DirectoryRefused(advice, field=name)
    return value


def _phone(value: str) -> str:
    try:
        number = phonenumbers.parse(value, settings.COUNTRY)
    except phonenumbers.NumberParseException:
        number = None
    if number is None or not phonenumbers.is_possible_number(number):
        raise DirectoryRefused(Said("This is not a telephone number."), field="contact_phone")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def _hosted(text: str, field: str) -> list[list[str]]:
    """One identifier a line, with its scheme before it: ``card 412345``."""
    rows = [line.strip() for line in text.splitlines() if line.strip()]
    found = [HOSTED.fullmatch(row) for row in rows]
    if len(rows) > MOST_HOSTED or not all(found):
        raise DirectoryRefused(
            Said("Write one a line, such as: card 412345. At most %(most)s.", most=MOST_HOSTED),
            field=field,
        )
    return [[match[1], match[2]] for match in found if match]


def _json(changes: Mapping[str, Any]) -> str:
    return json.dumps(changes, ensure_ascii=False, sort_keys=True)


def _found(change_id: UUID, by: Actor) -> DirectoryChange:
    found = visible_to(by).filter(pk=change_id).first()
    if found is None:
        raise DirectoryRefused(Said("This was decided already, or it is not there."))
    return found


def _ground(text: str, field: str = "ground") -> str:
    kept = " ".join(text.split())
    if not SHORTEST <= len(kept) <= LONGEST:
        raise DirectoryRefused(
            Said("Write why, in %(most)s letters at most.", most=LONGEST), field=field
        )
    return kept


def _ask(sql: str, values: list[Any]) -> Any:
    """One function of the database; what it refuses in its own codes is refused in words."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
            row = cursor.fetchone()
    except DatabaseError as problem:
        said = REFUSALS.get(getattr(problem.__cause__, "sqlstate", ""))
        raise (DirectoryRefused(said) if said else problem) from problem
    return row[0] if row else None


def _tell(what: str, change: DirectoryChange, *, by: Actor, at: datetime, **facts: Any) -> None:
    stream = f"directory:{change.pk}"
    take_stream(stream)
    audit.record(
        what=what, about=stream, by=by, at=at, organisation_of=change.organisation_id, **facts
    )
