"""Whom calls about a waiting request reach, and when: computed from the list of duties.

An emergency rings from the moment of its submission, at any hour, one person after the other until
somebody takes it on. What is not urgent waits for the end of the quiet hours (``core.law.rings``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from recoup.apps.cases.models import Task
from recoup.apps.lawful_requests import hands
from recoup.apps.lawful_requests.models import Deadline, Request
from recoup.apps.lawful_requests.refusals import REFUSALS
from recoup.apps.lawful_requests.request_check import power_of
from recoup.apps.lawful_requests.request_deadlines import A_TURN
from recoup.apps.lawful_requests.request_law import Law, law_now
from recoup.apps.lawful_requests.request_operations import wanted_of
from recoup.apps.members.duty_queries import HEAD, ON_CALL, STAND_IN, Desk, desk_of, on_call
from recoup.core.authorisation import deciding
from recoup.core.law import Calendar, Clock, ClockRefused, Ladder, Ring, Rung, rings
from recoup.data.calendars import calendars
from recoup.data.requests import load_clocks, load_quiet_hours

CALL: Final = "request_decide"  # the kind of the tasks
FAR: Final = timedelta(days=40)  # a ladder has ended by then
NO_DAYS: Final = Calendar("", "", ZoneInfo("UTC"), {}, 1, 9999)
DECIDING: Final = ("judge", "prosecutor", "fiu_head", "unit_head", "supervisor", "minister")


@dataclass
class Calls:
    """What calls of one moment need to know; each desk and each law is read once."""

    at: datetime
    desks: dict[int, Desk] = field(default_factory=dict)
    taken: dict[tuple[UUID, int], datetime] = field(default_factory=dict)
    roles: dict[tuple[object, ...], tuple[str, ...]] = field(default_factory=dict)
    law: Law | None = None

    def look_up(self, requests: Iterable[UUID]) -> None:
        """When somebody said last, in which turn, that they have it: for all of them at once."""
        rows = Task.objects.filter(about__in=list(requests), kind=CALL, done_at__isnull=False)
        for about, level, done in rows.values_list("about", "level", "done_at").order_by("done_at"):
            if done:
                self.taken[about, level // A_TURN] = done

    def quiet_until(self, found: Request, deadline: Deadline) -> datetime | None:
        """Until when nobody is called, since somebody has it; None where that was long enough ago.

        What nothing follows in that time rings on: each call later by it, as far apart as before.
        """
        taken = self.taken.get((found.id, deadline.level // A_TURN))
        patience = load_clocks().ring_again
        if taken is None or taken > self.at:
            return None
        is_later = deadline.first_at is None and taken <= deadline.due_at
        if not is_later and self.at >= taken + patience:
            return None
        return max(deadline.due_at, taken) + patience

    def ring_of(self, found: Request, deadline: Deadline) -> Ring | None:
        """The call that a clock is for; None where the ladder has no such step."""
        place, clock = deadline.level % A_TURN, self._clock(found, deadline)
        calendar = calendars().get(settings.COUNTRY)
        people = on_call(
            self._desk(found.authority_id or found.issuer_id), roles=self._roles(found),
            since=clock.since, until=clock.since + FAR, but=hands.of(found),
        )  # fmt: skip
        ladder = ladder_of(found)
        try:
            quiet = load_quiet_hours(calendar.country) if calendar else None
            told = rings(clock, ladder, quiet, calendar or NO_DAYS, self.at, people)
        except ClockRefused:  # of a year whose holidays nobody knows yet: call, rather than not
            told = rings(clock, ladder, None, NO_DAYS, self.at, people)
        return told[place] if place < len(told) else None

    def _desk(self, organisation_id: int) -> Desk:
        if organisation_id not in self.desks:
            self.desks[organisation_id] = desk_of(organisation_id, since=self.at - FAR)
        return self.desks[organisation_id]

    def _clock(self, found: Request, deadline: Deadline) -> Clock:
        """The clock of this turn, as the row says that it began."""
        clocks, place = load_clocks(), deadline.level % A_TURN
        first = deadline.first_at or deadline.due_at
        if found.danger:
            since = first - place * clocks.step_in_danger
            return Clock(since, since + clocks.decide_in_danger, True)
        due = first - place * clocks.step
        return Clock(due - clocks.decide, due, False)

    def _roles(self, found: Request) -> tuple[str, ...]:
        """Who may decide on it; where the law of its submission says nothing any more, all."""
        self.law = self.law or law_now()
        asked, moment = wanted_of(found), found.submitted_at or found.changed_at
        whom = frozenset(target["addressee"] for target in asked.content["targets"])
        key = (asked.measure, asked.danger, tuple(asked.content["data"]), asked.kind, whom,
               found.authority_id == found.issuer_id, self.law.day(moment))  # fmt: skip
        if key not in self.roles:
            try:
                choice = power_of(asked, law=self.law, at=moment)
                own = found.authority_id == found.issuer_id
                self.roles[key] = deciding(choice.authorised_by, is_own=own)
            except REFUSALS:
                self.roles[key] = DECIDING
        return self.roles[key]


def calls_of(found: Request) -> list[Task]:
    """The calls of this turn that the actor may see: those of the own organisation."""
    turn = found.turn * A_TURN
    rows = Task.objects.filter(about=found.id, kind=CALL, level__gte=turn, level__lt=turn + A_TURN)
    return list(rows.select_related("person").order_by("level"))


def ladder_of(found: Request) -> Ladder:
    """On call, then whoever else may decide, then the head; in danger from the submission on."""
    clocks = load_clocks()
    if found.danger:
        first, then = -clocks.decide_in_danger, clocks.decide_in_danger
    else:
        first, then = clocks.step * 0, clocks.step
    rungs = tuple(
        Rung(role, role, first + then * place)
        for place, role in enumerate((ON_CALL, STAND_IN, HEAD))
    )
    return Ladder("decisions", rungs, patience=clocks.step_in_danger)
