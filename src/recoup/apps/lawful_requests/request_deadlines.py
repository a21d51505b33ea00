"""Starts the clocks of a request: rows that fire once. What they do is another room's.

Of a clock that begins anew with each turn (deciding, replying) the level is ten times the turn and
the step of the ladder, so that no row is ever wound back.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from recoup.apps.lawful_requests.models import Deadline, Request, Ticket
from recoup.apps.lawful_requests.request_counting import (
    limit_of,
    moment_after,
    own_calendar,
    warning_call,
)
from recoup.apps.rows import insert_rows
from recoup.core.law import Calendar, Limit
from recoup.data.requests import load_clocks

A_TURN = 10


def _counted(limit: Limit, at: datetime) -> datetime:
    """When a limit that no law gives is over, by this country's calendar."""
    return moment_after(at, limit, calendar=own_calendar())


def submit_by(at: datetime) -> datetime:
    return _counted(load_clocks().submit, at)


def begin_deciding(found: Request, *, at: datetime) -> datetime:
    """By when it is to be decided: sooner where somebody or something is in danger."""
    clocks = load_clocks()
    return at + (clocks.decide_in_danger if found.danger else clocks.decide)


def start_deciding(found: Request, *, at: datetime) -> None:
    """The calls of this turn, and the end of what nobody decides.

    In danger the first call is now, and then one after the other as long as there are levels.
    """
    clocks = load_clocks()
    first, step, steps = found.due_at, clocks.step, clocks.steps
    if found.danger:
        first, step, steps = at, clocks.step_in_danger, A_TURN
    rows = [
        deadline(found, "decide", first + step * place, level=A_TURN * found.turn + place)
        for place in range(steps)
    ]
    undecided = deadline(
        found, "undecided", _counted(clocks.undecided, at), level=A_TURN * found.turn
    )
    insert_rows([*rows, undecided])


def start_putting(found: Request, *, since: datetime) -> None:
    """The calls before and after the moment by which it is put before whoever confirms it."""
    if found.put_by is None:
        return
    half = since + (found.put_by - since) / 2
    step, steps = load_clocks().step, load_clocks().steps
    moments = [half, *(found.put_by + step * n for n in range(steps))]
    insert_rows([deadline(found, "put", at, level=level) for level, at in enumerate(moments)])


def start(found: Request, kind: str, due_at: datetime, *, level: int = 0) -> None:
    insert_rows([deadline(found, kind, due_at, level=level)])


def deadline(found: Request, kind: str, due_at: datetime, *, level: int = 0) -> Deadline:
    """A clock of a request; the one who is asked next sees it as well as the issuer."""
    return Deadline(
        of_id=found.id, issuer_id=found.issuer_id,
        addressee_id=found.authority_id or found.issuer_id, kind=kind, level=level, due_at=due_at,
    )  # fmt: skip


def start_retention(found: Request, *, at: datetime) -> None:
    """When a request's unit looks whether it still needs what it was given, once: as its law says,
    else as we plan. However it ended: what was given is there."""
    if Deadline.objects.filter(of=found, kind="retention").exists():
        return
    own = Ticket.objects.filter(of=found).values_list("draft__limits__destroy", flat=True)
    told = next((limit for limit in own if limit), None)
    limit = limit_of(told) if told else load_clocks().retention
    start(found, "retention", _counted(limit, at))


def reply_by(at: datetime) -> datetime:
    return _counted(load_clocks().reply, at)


def answer_warning(answer_by: datetime, *, sent_at: datetime, calendar: Calendar
                   ) -> datetime | None:  # fmt: skip
    """When the desk that has not answered is told that its time runs out."""
    early = load_clocks().warn_before_answer
    return warning_call(answer_by, early, since=sent_at, calendar=calendar)


def warning_before(end: datetime, *, begun: datetime) -> datetime:
    """When to warn that something ends: some days before, at the earliest after half of it."""
    early: timedelta = load_clocks().warn_before_end
    return max(end - early, begun + (end - begun) / 2)
