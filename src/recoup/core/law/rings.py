"""Who is called about a clock, when, and why then: the ladder of escalation.

A ladder has named rungs, each so long before or after the due moment. Three rules:

* **Quiet hours** put off what is not urgent to the next morning that is worked. A warning that
  would then come after the due moment is brought forward to the evening before. What was put off
  after the due moment keeps the distances of its ladder, so that nobody is called over another's
  head at seven in the morning.
* **An emergency** knows no quiet hours. Who is called and does not acknowledge is followed by the
  next person on call for that rung, each after the ladder's patience, and from the next rung's
  moment by that rung's; on the last rung it goes round until somebody acknowledges.
* **Substitution**: where nobody is on call for a rung, the duty desk is called, then the rungs
  above, then those below. Where nobody is on call at all, the ring has no person and says so: a
  wallboard shows it.

Everything is computed from what is given, so a hub that starts again finds the same rings.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Final

from recoup.core.law.counting import DAY, Calendar, to_local, to_moment, to_utc
from recoup.core.said import Said

AT_ONCE: Final = Said("on time")
EMERGENCY: Final = Said("an emergency, at any hour")
MORNING: Final = Said("put off to the morning: quiet hours")
EVENING: Final = Said("brought forward: it would be due before the quiet hours end")
AFTER_ANOTHER: Final = Said("put off: the step before it was put off")
NOBODY: Final = Said("nobody is on call: act by hand")


@dataclass(frozen=True, slots=True)
class Clock:
    """A clock that runs: since when, to when, and whether somebody has taken it on."""

    since: datetime
    due: datetime
    is_emergency: bool = False
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Rung:
    """A step. to: the role called. after: counted from the due moment, below zero before it."""

    name: str
    to: str
    after: timedelta


@dataclass(frozen=True, slots=True)
class Ladder:
    """A named ladder, its rungs in the order of time.

    patience: how long an emergency waits for one person before it calls the next. duty_desk: the
    role that is called where nobody is on call for a rung.
    """

    name: str
    rungs: tuple[Rung, ...]
    patience: timedelta = timedelta(minutes=5)
    duty_desk: str = ""

    def __post_init__(self) -> None:
        order = [rung.after for rung in self.rungs]
        if not order or order != sorted(order):
            raise ValueError(f"The rungs of {self.name!r} are in the order of time, at least one.")
        if self.patience <= timedelta(0):
            raise ValueError(f"The patience of {self.name!r} is longer than nothing.")


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From when to when nobody is called without need; by local time, also over midnight.

    on_days_off: whether days that are not worked are quiet all day.
    """

    begin: time
    end: time
    on_days_off: bool = True

    def __post_init__(self) -> None:
        if self.begin == self.end:
            raise ValueError(
                "Quiet hours begin and end at different times. Leave them out if none."
            )

    def covers(self, at: time) -> bool:
        """Whether a time of day is quiet; the end is not."""
        if self.begin < self.end:
            return self.begin <= at < self.end
        return at >= self.begin or at < self.end


@dataclass(frozen=True, slots=True)
class OnCall:
    """Who is on call for a role, from when to when; the lowest rank is called first."""

    person: str
    role: str
    since: datetime
    until: datetime
    rank: int = 0


@dataclass(frozen=True, slots=True)
class Ring:
    """One call. to: the role in fact called; person: None if nobody is on call. wanted: the moment
    by the ladder; at: when it rings. why: for that moment; instead: for another role than the
    rung's, else None. is_due: whether its moment has come.
    """

    rung: str
    to: str
    person: str | None
    wanted: datetime
    at: datetime
    why: Said
    instead: Said | None = None
    is_due: bool = False


def rings(
    clock: Clock,
    ladder: Ladder,
    quiet_hours: QuietHours | None,
    calendar: Calendar,
    at: datetime,
    on_call: Sequence[OnCall] = (),
) -> tuple[Ring, ...]:
    """Return the rings of a clock in the order of time; ``is_due`` says which have come by ``at``.

    Those to come are told as planned; of an emergency the next one only. After an acknowledgement
    nobody is called any more: what would ring at that moment or later is left out.
    """
    at, ended = to_utc(at), clock.acknowledged_at
    found: list[Ring] = []
    plan = (
        _emergency(clock, ladder, on_call)
        if clock.is_emergency
        else _planned(clock, ladder, quiet_hours, calendar, on_call)
    )
    for ring in plan:
        if ended is not None and ring.at >= ended:
            break
        found.append(replace(ring, is_due=ring.at <= at))
        if clock.is_emergency and ring.at > at:
            break
    return tuple(found)


def due_rings(
    clock: Clock,
    ladder: Ladder,
    quiet_hours: QuietHours | None,
    calendar: Calendar,
    at: datetime,
    on_call: Sequence[OnCall] = (),
) -> tuple[Ring, ...]:
    """Return only those rings that have come."""
    found = rings(clock, ladder, quiet_hours, calendar, at, on_call)
    return tuple(ring for ring in found if ring.is_due)


def _planned(
    clock: Clock, ladder: Ladder, quiet: QuietHours | None, calendar: Calendar,
    on_call: Sequence[OnCall],
) -> list[Ring]:  # fmt: skip
    """The rings of a clock that is no emergency, moved out of the quiet hours."""
    found: list[Ring] = []
    before: tuple[Rung, datetime] | None = None
    for rung in ladder.rungs:
        wanted = to_utc(clock.due) + rung.after
        if wanted < to_utc(clock.since):
            continue  # the limit is shorter than this warning is early
        moment, why = _outside(wanted, clock, quiet, calendar)
        if before is not None and rung.after >= timedelta(0):
            earliest = before[1] + (rung.after - before[0].after)
            if earliest > moment:
                moment, _ = _outside(earliest, clock, quiet, calendar)
                why = AFTER_ANOTHER
        if rung.after >= timedelta(0):
            before = (rung, moment)
        to, person, instead = _called(rung, ladder, moment, on_call)
        found.append(Ring(rung.name, to, person, wanted, moment, why, instead))
    return sorted(found, key=lambda ring: ring.at)


def _outside(
    wanted: datetime, clock: Clock, quiet: QuietHours | None, calendar: Calendar
) -> tuple[datetime, Said]:
    """When a call may be made that is wanted at a moment, and why then."""
    if quiet is None or not _is_quiet(wanted, quiet, calendar):
        return wanted, AT_ONCE
    morning = _morning(wanted, quiet, calendar)
    if wanted < to_utc(clock.due) <= morning:
        evening = _evening(wanted, quiet, calendar)
        if evening >= to_utc(clock.since):
            return evening, EVENING
    return morning, MORNING


def _is_quiet(moment: datetime, quiet: QuietHours, calendar: Calendar) -> bool:
    local = to_local(moment, calendar.zone)
    return quiet.covers(local.time()) or _is_off(local.date(), quiet, calendar)


def _is_off(day: date, quiet: QuietHours, calendar: Calendar) -> bool:
    return quiet.on_days_off and not calendar.is_worked(day)


def _morning(moment: datetime, quiet: QuietHours, calendar: Calendar) -> datetime:
    """The first end of quiet hours after a quiet moment on a day that is not off."""
    local = to_local(moment, calendar.zone)
    for days in count():
        day = local.date() + days * DAY
        morning = datetime.combine(day, quiet.end)
        if morning > local and not _is_off(day, quiet, calendar):
            return to_moment(morning, calendar.zone)
    raise AssertionError("There is a morning after every day.")


def _evening(moment: datetime, quiet: QuietHours, calendar: Calendar) -> datetime:
    """When the quiet began that a moment lies in: the last call that disturbs nobody."""
    local = to_local(moment, calendar.zone)
    for days in count():
        day = local.date() - days * DAY
        evening = datetime.combine(day, quiet.begin)
        if evening <= local and not _is_off(day, quiet, calendar):
            return to_moment(evening, calendar.zone)
    raise AssertionError("There is an evening before every day.")


def _emergency(clock: Clock, ladder: Ladder, on_call: Sequence[OnCall]) -> Iterator[Ring]:
    """Ring after ring without end; whoever asks stops it."""
    begins = [max(to_utc(clock.due) + rung.after, to_utc(clock.since)) for rung in ladder.rungs]
    for place, rung in enumerate(ladder.rungs):
        is_last = place + 1 == len(ladder.rungs)
        for turn in count():
            moment = begins[place] + turn * ladder.patience
            if not is_last and moment >= begins[place + 1]:
                break
            to, person, instead = _called(rung, ladder, moment, on_call, turn)
            yield Ring(rung.name, to, person, begins[place], moment, EMERGENCY, instead)


def _called(
    rung: Rung, ladder: Ladder, moment: datetime, on_call: Sequence[OnCall], turn: int = 0
) -> tuple[str, str | None, Said | None]:
    """The role and person called at a moment, at the so manieth turn, and why another role."""
    for role in _roles(rung, ladder):
        people = sorted(
            (one for one in on_call if one.role == role and one.since <= moment < one.until),
            key=lambda one: (one.rank, one.person),
        )
        if people:
            person = people[turn % len(people)].person
            instead = Said("nobody is on call for %(role)s", role=rung.to)
            return role, person, None if role == rung.to else instead
    return rung.to, None, NOBODY


def _roles(rung: Rung, ladder: Ladder) -> Iterator[str]:
    """The rung's role, the duty desk, the rungs above, and at last those below."""
    place = ladder.rungs.index(rung)
    yield rung.to
    if ladder.duty_desk:
        yield ladder.duty_desk
    for other in (*ladder.rungs[place + 1 :], *reversed(ladder.rungs[:place])):
        yield other.to
