"""Writes who is on duty: note a duty or a substitution, hand it over, call it off.

Rows are added and ended, never changed or deleted, so that who was on call at three in the morning
can be told a year later. Each act is a line of the trail.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from recoup.apps.audit import operations as audit
from recoup.apps.members.duty_queries import LONGEST
from recoup.apps.members.models import Duty, Mandate
from recoup.core.access import Actor
from recoup.core.said import Said


class DutyRefused(Exception):
    """A duty cannot be noted or ended so. field: where it is wrong."""

    def __init__(self, said: Said, *, field: str = "") -> None:
        self.said, self.field = said, field
        super().__init__(said)


def note_duty(
    *, mandate_id: UUID, since: datetime, until: datetime, by: Actor, at: datetime, rank: int = 0,
    instead_of: UUID | None = None,
) -> Duty:  # fmt: skip
    """Put somebody of the actor's organisation on the list, or in another's place for a time.

    instead_of: a mandate of the other person.
    """
    who = _mandate(mandate_id, by, at=at, field="person")
    other = _mandate(instead_of, by, at=at, field="instead_of") if instead_of else None
    if other is not None and other.person_id == who.person_id:
        raise DutyRefused(
            Said("%(who)s cannot stand in for themselves. Choose another person.",
                 who=who.person.full_name),
            field="instead_of",
        )  # fmt: skip
    _is_a_time(who, since, until, at=at)
    made = Duty.objects.create(
        organisation_id=by.organisation_id, mandate=who, person=who.person, rank=rank, since=since,
        until=until, instead_of=other.person if other else None, noted_by_id=by.named_person,
        noted_at=at,
    )  # fmt: skip
    _tell("duty:noted", made, by=by, at=at)
    return made


def hand_over(*, duty_id: UUID, to: UUID, by: Actor, at: datetime) -> Duty:
    """From now on another person has the rest of a duty."""
    found = _open(duty_id, by)
    who = _mandate(to, by, at=at, field="to")
    if who.person_id == found.person_id:
        raise DutyRefused(
            Said("%(who)s has this duty already. Choose another person.",
                 who=who.person.full_name),
            field="to",
        )  # fmt: skip
    _end(found, by=by, at=at)
    made = Duty.objects.create(
        organisation_id=by.organisation_id, mandate=who, person=who.person, rank=found.rank,
        since=max(at, found.since), until=found.until, noted_by_id=by.named_person, noted_at=at,
        instead_of=found.instead_of if found.instead_of_id != who.person_id else None,
    )  # fmt: skip
    _tell("duty:handed_over", made, by=by, at=at, before=found.id)
    return made


def call_off(*, duty_id: UUID, by: Actor, at: datetime) -> Duty:
    """Nobody has this duty any more; calls go to who is next."""
    found = _open(duty_id, by)
    _end(found, by=by, at=at)
    _tell("duty:called_off", found, by=by, at=at)
    return found


def _open(duty_id: UUID, by: Actor) -> Duty:
    found = Duty.objects.filter(pk=duty_id, organisation_id=by.organisation_id).first()
    if found is None:
        raise DutyRefused(Said("There is no such duty, or it is not yours."))
    if found.ended_at is not None:
        raise DutyRefused(Said("This duty was handed over or called off already."))
    return found


def _end(found: Duty, *, by: Actor, at: datetime) -> None:
    found.ended_at, found.ended_by_id = at, by.named_person
    found.save(update_fields=["ended_at", "ended_by"])


def _mandate(mandate_id: UUID, by: Actor, *, at: datetime, field: str) -> Mandate:
    rows = Mandate.objects.select_related("person").filter(
        pk=mandate_id, organisation_id=by.organisation_id, person__is_system=False
    )
    found = rows.first()
    if found is None or found.valid_from > at or (found.valid_until and found.valid_until <= at):
        raise DutyRefused(
            Said("This person has no mandate of your organisation today. Choose another."),
            field=field,
        )
    return found


def _is_a_time(who: Mandate, since: datetime, until: datetime, *, at: datetime) -> None:
    if until <= since:
        raise DutyRefused(Said("A duty ends after it begins. Write a later end."), field="until")
    if until <= at:
        raise DutyRefused(Said("This time is over already. Write a later end."), field="until")
    if until - since > LONGEST:
        raise DutyRefused(
            Said("A duty lasts at most %(days)s days. Write an earlier end.", days=LONGEST.days),
            field="until",
        )
    if who.valid_until and who.valid_until < until:
        raise DutyRefused(
            Said("The mandate of %(who)s ends before that. Write an earlier end.",
                 who=who.person.full_name),
            field="until",
        )  # fmt: skip


def _tell(what: str, duty: Duty, *, by: Actor, at: datetime, **facts: Any) -> None:
    audit.record(
        what=what, about=f"duty:{duty.id}", by=by, at=at, person=duty.person_id,
        instead_of=duty.instead_of_id, since=duty.since.isoformat(), until=duty.until.isoformat(),
        rank=duty.rank, **facts,
    )  # fmt: skip
