"""Opens one case of others to one person, for a short time, since somebody is in danger.

The database opens, tells and sets the review in one function; here is what was typed checked, and
each act a line of the log: also what was refused, and each look. One person alone reads. When a
second one has joined, two acts may be done, by functions of the database, and each line names both.
A review that nobody writes in its time becomes a task of the hub's desk.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

from django.db import connection, transaction
from django.db.utils import DatabaseError

from recoup.apps.audit import operations as audit
from recoup.apps.audit.session_operations import take_stream
from recoup.apps.cases import glass_queries
from recoup.apps.cases.models import BreakGlass, Case, Task
from recoup.apps.jobs import CASE_CHANNEL, notify
from recoup.core.access import Actor
from recoup.core.said import Said
from recoup.data.policy import load_glass

SHORTEST_GROUND, LONGEST_GROUND = 20, 2_000
LATE: Final = "glass_late"
REVIEWED: Final = ("glass_review", LATE)  # tasks that the review ends, never a click
ACTS: Final = ("note", "adopt")  # what two may do; the database knows them too
OPEN: Final = "select glass_open(%s, %s, %s, %s, make_interval(hours => %s), %s)"


class GlassRefused(Exception):
    """It cannot be opened or reviewed so. code: for the trail; field: where it is wrong."""

    def __init__(self, code: str, said: Said, *, field: str = "") -> None:
        self.code, self.said, self.field = code, said, field
        super().__init__(said)


OVER: Final = Said("Its time is over, or somebody closed it.")
CHOOSE: Final = Said("Say whether it was right, or not.")
REFUSALS: Final = {
    "RC001": ("no_such_case", Said("There is no case with this reference."), "reference"),
    "RC002": ("not_for_this_role", Said("Your mandate does not let you look into others’ cases."),
              ""),
    "RC003": ("open_as_it_is", Said("Your organisation sees this case anyway. Open it as usual."),
              "reference"),
    "RC004": ("open_already", Said("You have this case open already."), "reference"),
    "RC005": ("nobody_to_tell", Said("Nobody is at the hub’s desk who would be told. Call them."),
              ""),
    "RC006": ("alone", Said("Alone you only read. A second person has to join first."), ""),
    "RC007": ("joined_already", Said("A second person has joined already."), ""),
    "RC008": ("same_person", Said("Another natural person has to join, not who opened it."), ""),
    "RC009": ("nothing_to_adopt",
              Said("There is nothing to adopt: the report is adopted, or it has ended."), ""),
}  # fmt: skip


def open_glass(
    *, reference: str, danger: str, ground: str, minutes: int, by: Actor, at: datetime
) -> BreakGlass:
    """Look into one case from now on; whose case it is and the hub's desk are told at once."""
    rules, ref = load_glass(), " ".join(reference.split()).upper()[:16]
    try:
        why = _ground(ground)
        if danger not in rules.dangers:
            raise GlassRefused("danger", Said("Choose who or what is in danger."), field="danger")
        if not 1 <= minutes <= rules.longest_minutes:
            raise GlassRefused(
                "minutes", Said("Choose up to %(most)s minutes.", most=rules.longest_minutes),
                field="minutes",
            )  # fmt: skip
        if glass_queries.wrong_tries(by, at=at) >= rules.wrong_tries_a_day:
            raise GlassRefused(
                "too_many", Said("Too many references that are not there. Call the hub’s desk.")
            )
        found = _opened(ref, danger, why, minutes)
    except GlassRefused as refusal:
        _tell_refusal(refusal, ref, by=by, at=at)
        raise
    _tell("break_glass:opened", found, by=by, at=at, case=found.case_id, danger=danger,
          until=found.until, personal={"ground": why, "reference": found.reference})  # fmt: skip
    return found


def _opened(ref: str, danger: str, why: str, minutes: int) -> BreakGlass:
    rules = load_glass()
    made = _ask(OPEN, [ref, danger, why, minutes, rules.review_hours, rules.often_in_a_week])
    return BreakGlass.objects.select_related("organisation", "owner").get(pk=made)


@contextmanager
def through(glass: BreakGlass, *, by: Actor, at: datetime) -> Iterator[Case]:
    """Within the block row-level security shows the one case too, and nothing can be written.

    Raises Case.DoesNotExist where the glass is not open any more.
    """
    _tell("break_glass:looked", glass, by=by, at=at, case=glass.case_id)
    _enter(str(glass.case_id))
    try:
        rows = Case.objects.select_related("owner", "report", "merged_into")
        yield rows.get(pk=glass.case_id)
    finally:
        _enter("")


def _enter(case: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("select set_config('recoup.glass', %s, true)", [case])


def join(*, glass_id: UUID, by: Actor, at: datetime) -> BreakGlass:
    """Join as the second person, until it ends; from now on the two may write what ACTS names."""
    found = _found(glass_id, by)
    try:
        if not _ask("select glass_join(%s)", [found.pk]):
            raise GlassRefused("over", OVER)
    except GlassRefused as refusal:
        _tell("break_glass:join_refused", found, by=by, at=at, code=refusal.code)
        raise
    found = glass_queries.visible_to(by).get(pk=glass_id)
    _tell("break_glass:joined", found, by=by, at=at, case=found.case_id)
    return found


def act(*, glass_id: UUID, what: str, note: str, by: Actor, at: datetime) -> None:
    """Write into the case as one of the two: a word to whose it is, or that it is adopted."""
    found, why = _found(glass_id, by), _ground(note, "act_note")
    try:
        if what not in ACTS:
            raise GlassRefused("no_such_act", Said("Choose what is to be done."), field="act_note")
        if not _ask("select glass_act(%s, %s, %s)", [found.pk, what, why]):
            raise GlassRefused("over", OVER)
    except GlassRefused as refusal:
        _tell("break_glass:act_refused", found, by=by, at=at, code=refusal.code)
        raise
    _tell("break_glass:acted", found, by=by, at=at, case=found.case_id, act=what,
          personal={"note": why})  # fmt: skip
    notify({CASE_CHANNEL: [str(found.case_id)]})


def _ask(sql: str, values: list[Any]) -> Any:
    """One function of the database; what it refuses in its own codes is refused in words."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql, values)
            row = cursor.fetchone()
    except DatabaseError as problem:
        raise _refusal(problem) from problem
    return row[0] if row else None


def end(*, glass_id: UUID, by: Actor, at: datetime) -> None:
    """Close it before its time: either of the two, whose case it is, or the hub's desk."""
    found = _found(glass_id, by)
    if not _ask("select glass_end(%s)", [found.pk]):
        raise GlassRefused("ended", Said("This has ended already."))
    _tell("break_glass:ended", found, by=by, at=at)


def review(*, glass_id: UUID, is_justified: bool, note: str, by: Actor, at: datetime) -> None:
    """Say whether it was right, and why: who took no part, after it has ended."""
    found, why = _found(glass_id, by), _ground(note, "note")
    if found.ended_at is None and found.until > at:
        raise GlassRefused("still_open", Said("It is still open. End it first, or wait."))
    if not _ask("select glass_review(%s, %s, %s)", [found.pk, is_justified, why]):
        raise GlassRefused("reviewed", Said("This was reviewed already."))
    _tell("break_glass:reviewed", found, by=by, at=at, is_justified=is_justified,
          person_of=found.person_id, personal={"note": why})  # fmt: skip


def escalate(*, at: datetime) -> int:
    """What nobody reviewed in its time becomes a task of the hub's desk and of the unit's head."""
    before = at - timedelta(hours=load_glass().review_hours)
    late = BreakGlass.objects.filter(
        reviewed_at=None, escalated_at=None, opened_at__lte=before
    ).select_for_update(skip_locked=True)
    rows = list(late)
    for row in rows:
        Task.objects.bulk_create(_late(row, at=at), ignore_conflicts=True)
        row.escalated_at = at
        row.save(update_fields=["escalated_at"])
    return len(rows)


def _late(row: BreakGlass, *, at: datetime) -> Iterator[Task]:
    desk = glass_queries.hub_desk()
    for level, org in enumerate([*([desk] if desk else []), row.owner_id]):
        yield Task(
            kind=LATE, about=row.pk, level=level, owner_id=org, issuer_id=org,
            person_id=glass_queries.head_apart(row, org), opened_at=at, due_at=at,
            values={"place": row.reference, "glass": str(row.pk)},
        )  # fmt: skip


def _found(glass_id: UUID, by: Actor) -> BreakGlass:
    found = glass_queries.visible_to(by).filter(pk=glass_id).first()
    if found is None:
        raise GlassRefused("not_there", Said("This is not there, or not yours to see."))
    return found


def _ground(text: str, field: str = "ground") -> str:
    kept = " ".join(text.split())
    if not SHORTEST_GROUND <= len(kept) <= LONGEST_GROUND:
        raise GlassRefused(
            f"{field}_missing",
            Said("Write why, in %(least)s letters at least.", least=SHORTEST_GROUND), field=field,
        )  # fmt: skip
    return kept


def _refusal(problem: DatabaseError) -> Exception:
    """What the database says no to in its own codes, in words; anything else stays what it is."""
    found = REFUSALS.get(getattr(problem.__cause__, "sqlstate", ""))
    return GlassRefused(found[0], found[1], field=found[2]) if found else problem


def _tell(what: str, glass: BreakGlass, *, by: Actor, at: datetime, **facts: Any) -> None:
    stream = f"break_glass:{glass.pk}"
    take_stream(stream)
    if glass.joined_by_id:
        facts |= {"opened_by": glass.person_id, "joined_by": glass.joined_by_id}
    audit.record(what=what, about=stream, by=by, at=at, **facts)


def _tell_refusal(refusal: GlassRefused, ref: str, *, by: Actor, at: datetime) -> None:
    audit.record(
        what="break_glass:refused", about=f"break_glass:{uuid4()}", by=by, at=at,
        code=refusal.code, personal={"reference": ref},
    )  # fmt: skip
