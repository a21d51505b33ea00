"""Reads of duties: who is on duty at an organisation, who stands in, and whom a call reaches.

A call goes to who is on the list; where nobody is, to the named person of the desk and the others
with such a mandate. Somebody who stands in is called in the other's place, for that time only.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from django.db.models import Q, QuerySet

from recoup.apps.members.models import Duty, Mandate
from recoup.core.law import OnCall

ON_CALL: Final = "on_call"  # whoever is on the list
STAND_IN: Final = "stand_in"  # everybody else who may decide
HEAD: Final = "head"  # whoever leads the organisation
LONGEST: Final = timedelta(days=62)  # of one row of the list
HEADS: Final = ("supervisor", "unit_head", "fiu_head", "minister")


def duties_of(organisation_id: int, *, at: datetime) -> QuerySet[Duty]:
    """What is on the list now and later, the next first."""
    rows = Duty.objects.filter(organisation_id=organisation_id, until__gt=at, ended_at=None)
    return rows.select_related("person", "instead_of", "noted_by", "mandate").order_by(
        "since", "rank", "person__full_name"
    )


def duties_ever(organisation_id: int) -> QuerySet[Duty]:
    """Every row of the list, also what is over."""
    return Duty.objects.filter(organisation_id=organisation_id)


@dataclass(frozen=True, slots=True)
class Desk:
    """Who may be called at an organisation: its mandates, and what its list says."""

    mandates: tuple[Mandate, ...] = ()
    duties: tuple[Duty, ...] = ()


@dataclass(frozen=True, slots=True)
class _Turn:
    """That a person is called, from when to when, at a place of the order."""

    person: UUID
    since: datetime
    until: datetime
    rank: int


def desk_of(organisation_id: int, *, since: datetime) -> Desk:
    """All that may count for calls from a moment on: two statements, whatever is called."""
    ended = Q(ended_at=None) | Q(ended_at__gt=since)
    duties = Duty.objects.filter(ended, organisation_id=organisation_id, until__gt=since)
    return Desk(tuple(_mandates(organisation_id, since=since)), tuple(duties))


def on_call(
    desk: Desk, *, roles: Collection[str], since: datetime, until: datetime,
    but: Collection[UUID] = (),
) -> list[OnCall]:  # fmt: skip
    """Whom calls of this time reach, for ``core.law.rings``. roles: those that may decide.

    but: persons who are never called: the author of what is to be decided. Nobody is called
    outside the time of their mandate. The head is called as who leads, with such a role or not.
    """
    people = sorted((row for row in desk.mandates if row.person_id not in but), key=_order)
    others = [row for row in people if row.role in roles]
    held = {row.id: row for row in others}
    duties = [(one, held[one.mandate_id]) for one in desk.duties if one.mandate_id in held]
    listed = [_listed(*pair) for pair in duties if pair[0].instead_of_id is None]
    turns = [turn for turn in listed if turn.since < until and turn.until > since]
    if not turns:
        turns = _turns((row for row in others if row.is_on_duty), since, until)
    known = {turn.person for turn in turns}
    rest = _turns((row for row in others if row.person_id not in known), since, until)
    heads = _turns((row for row in people if row.role in HEADS), since, until)
    away = [(one.instead_of_id, _listed(one, row)) for one, row in duties if one.instead_of_id]
    return [
        OnCall(str(turn.person), role, turn.since, turn.until, turn.rank)
        for role, own in ((ON_CALL, turns), (STAND_IN, rest), (HEAD, heads))
        for turn in _stood_in(own, away)
    ]


def _mandates(organisation_id: int, *, since: datetime) -> list[Mandate]:
    rows = Mandate.objects.select_related("person").filter(
        organisation_id=organisation_id, person__is_system=False
    )
    return list(rows.filter(Q(valid_until=None) | Q(valid_until__gt=since)))


def _order(row: Mandate) -> tuple[bool, datetime, str]:
    """The named person of the duty desk first, then the longest there, then by name."""
    return not row.is_on_duty, row.valid_from, row.person.full_name


def _turns(rows: Iterable[Mandate], since: datetime, until: datetime) -> list[_Turn]:
    """Each for the whole time of the calls, as far as the mandate goes, in this order."""
    return [
        _Turn(row.person_id, max(since, row.valid_from), _ends(row, until), place)
        for place, row in enumerate(rows)
    ]


def _listed(duty: Duty, mandate: Mandate) -> _Turn:
    """A duty as it is on the list: until it was ended, or the mandate was."""
    until = min(duty.until, duty.ended_at) if duty.ended_at else duty.until
    return _Turn(duty.person_id, duty.since, _ends(mandate, until), duty.rank)


def _ends(row: Mandate, until: datetime) -> datetime:
    return min(row.valid_until, until) if row.valid_until else until


def _stood_in(turns: Iterable[_Turn], away: Iterable[tuple[UUID, _Turn]]) -> Iterator[_Turn]:
    """Each turn without the times in which somebody stands in, and theirs in its place."""
    instead = sorted(away, key=lambda pair: pair[1].since)
    for turn in turns:
        begin = turn.since
        for person, other in instead:
            start, end = max(other.since, begin), min(other.until, turn.until)
            if person != turn.person or start >= end:
                continue
            if begin < start:
                yield _Turn(turn.person, begin, start, turn.rank)
            yield _Turn(other.person, start, end, turn.rank)
            begin = end
        if begin < turn.until:
            yield _Turn(turn.person, begin, turn.until, turn.rank)


def people_of(organisation_id: int, *, at: datetime) -> list[Mandate]:
    """Whom the list may name: persons with a mandate there today, by name."""
    rows = [row for row in _mandates(organisation_id, since=at) if row.valid_from <= at]
    return sorted(rows, key=lambda row: (row.person.full_name, row.role))
