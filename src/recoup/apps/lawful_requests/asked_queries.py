"""Reads of the addressee's desk: its list, who asks, what both sides said, its own statistics.

Everything is read from the addressee's own rows and from the directory, so that a page can show no
more than the ticket itself tells.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection
from django.db.models import Exists, OuterRef, Q, QuerySet

from recoup.apps.lawful_requests import queries, request_queries
from recoup.apps.lawful_requests.models import (
    AddresseeProfile,
    Answer,
    ClockStop,
    Doubt,
    RequestFile,
    Ticket,
)
from recoup.apps.members.models import Mandate, Organisation
from recoup.core.access import Actor

LOOKED_BACK: Final = 1000  # the desk's last tickets among which a requester's are counted
VERSIONS: Final = 50
COUNTED_TO: Final = 10_000


@dataclass(frozen=True, slots=True)
class Earlier:
    """What this desk had from the same organisation and the same officer, and refused."""

    of_organisation: int
    of_officer: int
    refused: int


@dataclass(frozen=True, slots=True)
class Counts:
    """What waits at a desk: all of it, what is due soon, what waits for the requester's reply."""

    open: int
    due_soon: int
    stopped: int
    answered_today: int


def found(actor: Actor, ticket_id: UUID) -> Ticket | None:
    """A ticket that the actor's organisation was sent, with what its page names."""
    rows = request_queries.asked_of(actor).select_related("issuer", "taken_by", "withdrawn_by")
    return rows.defer("draft").filter(pk=ticket_id).first()


def counts(actor: Actor, *, today: datetime, soon: datetime) -> Counts:
    """today: when it began. soon: until when a ticket counts as due soon."""
    waiting = request_queries.asked_of(actor).filter(state__in=request_queries.WAITING)
    stopped = ClockStop.objects.filter(
        addressee_id=actor.organisation_id, kind="stop", ended_at=None
    )
    answered = request_queries.asked_of(actor).filter(answered_at__gte=today)
    return Counts(
        waiting[:COUNTED_TO].count(), waiting.filter(due_at__lte=soon)[:COUNTED_TO].count(),
        stopped[:COUNTED_TO].count(), answered[:COUNTED_TO].count(),
    )  # fmt: skip


def waiting_of(actor: Actor) -> QuerySet[Ticket]:
    """What waits at the desk, in its order, without what its rows name."""
    return request_queries.inbox(actor).select_related(None)


def to_take(actor: Actor) -> QuerySet[Ticket]:
    """What may be answered now, what is due first: no question about it waits for its reply."""
    rows = waiting_of(actor).defer("draft", "body")
    stands = ClockStop.objects.filter(ticket=OuterRef("pk"), kind="stop", ended_at=None)
    return rows.exclude(Exists(stands))


def stops_by_ticket(ticket_ids: Iterable[UUID]) -> dict[UUID, list[ClockStop]]:
    """What moved the clocks of each ticket; none of those that nothing moved."""
    found: dict[UUID, list[ClockStop]] = {}
    for row in ClockStop.objects.filter(ticket_id__in=list(ticket_ids)).order_by("started_at"):
        found.setdefault(row.ticket_id, []).append(row)
    return found


def about(actor: Actor, text: str) -> QuerySet[Ticket]:
    """Tickets by their reference, or by the first identifier they ask about, as a whole."""
    wanted = Q(reference=text.upper()) | Q(account_ident=text)
    rows = request_queries.asked_of(actor).filter(wanted).select_related("issuer")
    return rows.defer("draft", "body").order_by("-sent_at")


EARLIER = """
select count(*), count(*) filter (where officer), count(*) filter (where officer and refused)
from (
  select issuer_id, draft->>'author' = %s as officer,
    state = 'refused' as refused
  from (
    select issuer_id, draft, state from lawful_requests_ticket
    where addressee_id = %s and of_id is not null and sent_at <= %s and id <> %s
    order by sent_at desc limit %s) lately
  where issuer_id = %s) theirs
"""


def earlier(ticket: Ticket, *, author: str) -> Earlier:
    """Among the desk's last thousand tickets before this one."""
    seen = [ticket.addressee_id, ticket.sent_at, ticket.id, LOOKED_BACK]
    given = [author, *seen, ticket.issuer_id]
    with connection.cursor() as cursor:
        cursor.execute(EARLIER, given)
        return Earlier(*cursor.fetchone())


def mandate_of(organisation: Organisation, name: str) -> Mandate | None:
    """The newest mandate of somebody of this name there: of two, the one known for less long."""
    rows = Mandate.objects.filter(organisation=organisation, person__full_name=name)
    return rows.order_by("-valid_from").first()


def author_s_mandate(organisation: Organisation, body: Mapping[str, Any]) -> Mandate | None:
    """The newest mandate of who asks, by the person; by the name where a ticket has no more."""
    if "author_id" not in body:
        return mandate_of(organisation, body["author"])
    rows = Mandate.objects.filter(organisation=organisation, person_id=body["author_id"])
    return rows.order_by("-valid_from").first()


def decided_under(body: Mapping[str, Any]) -> Mandate | None:
    """The mandate under which it was decided, with its organisation as the directory has it now."""
    known = body["authorisation"].get("mandate")
    rows = Mandate.objects.select_related("organisation", "person")
    return rows.filter(pk=known).first() if known else None


def files_of(ticket: Ticket) -> list[RequestFile]:
    """The requester's files that this ticket names, and the own ones, without their bytes."""
    return list(_files(ticket).defer("content").order_by("at"))


def file_of(ticket: Ticket, file_id: UUID) -> RequestFile | None:
    """One of these files with its bytes."""
    return _files(ticket).filter(pk=file_id).first()


def _files(ticket: Ticket) -> QuerySet[RequestFile]:
    named = [one["file"] for one in queries.body_of(ticket)["files"]]
    return RequestFile.objects.filter(Q(request_id=ticket.of_id, id__in=named) | Q(ticket=ticket))


def answers_of(ticket: Ticket) -> list[Answer]:
    """In the order they were told, with who told them."""
    return list(queries.answers_to([ticket.id]).select_related("person"))


def stops_of(ticket: Ticket) -> list[ClockStop]:
    return list(ticket.stops.order_by("started_at"))


def open_doubt(ticket: Ticket) -> Doubt | None:
    """This desk's own doubt about the ticket."""
    return Doubt.objects.filter(ticket=ticket, lifted_at=None).select_related("person").first()


def profiles_of(organisation_id: int | None) -> list[AddresseeProfile]:
    """What an organisation said of itself, the newest first."""
    rows = AddresseeProfile.objects.filter(organisation_id=organisation_id or 0)
    return list(rows.select_related("person").order_by("-version")[:VERSIONS])


@dataclass(frozen=True, slots=True)
class Figures:
    """A desk's own statistics. median: from sending to the final answer, to one per cent. in_time:
    of those that were answered.
    """

    sent: int
    answered: int
    refused: int
    open: int
    median: timedelta | None
    in_time: int
    by_ground: list[tuple[str, int]]
    by_measure: list[dict[str, Any]]


# One pass over two indexes, and no row of the tables. What took about as long stands together: a
# bucket is one per cent wide, so that no median needs every span in order.
COUNTED = """
select t.measure, t.state = 'refused', t.state in ('sent', 'acknowledged'),
  t.answered_at is not null, coalesce(t.answered_at <= d.due_at, false),
  floor(100 * ln(greatest(extract(epoch from t.answered_at - t.sent_at)::float8, 1)))::int
    as bucket,
  count(*), avg(extract(epoch from t.answered_at - t.sent_at)::float8)
from lawful_requests_ticket t
left join lawful_requests_deadline d on d.ticket_id = t.id and d.kind = 'answer' and d.level = 0
where t.addressee_id = %s and t.of_id is not null and t.sent_at >= %s
group by 1, 2, 3, 4, 5, 6
"""
GROUNDS = """
select a.ground, count(*) from lawful_requests_answer a
join lawful_requests_ticket t on t.id = a.ticket_id
where t.addressee_id = %s and t.of_id is not null and t.sent_at >= %s and a.code = 'refused'
  and not exists (select 1 from lawful_requests_answer n where n.replaces_id = a.id)
group by a.ground order by count(*) desc, a.ground limit 40
"""


@dataclass(frozen=True, slots=True)
class _Counted:
    """So many tickets of one measure that went the same way, and took about as long."""

    measure: str
    is_refused: bool
    is_open: bool
    is_answered: bool
    is_in_time: bool
    bucket: int | None
    count: int
    seconds: float | None


def figures(actor: Actor, *, since: datetime) -> Figures:
    """Of tickets sent since then; nobody else's are in it."""
    given: list[int | datetime | None] = [actor.organisation_id, since]
    with connection.cursor() as cursor:
        cursor.execute(COUNTED, given)
        rows = [_Counted(*row) for row in cursor.fetchall()]
        cursor.execute(GROUNDS, given)
        grounds = list(cursor.fetchall())
    by_measure: dict[str, list[_Counted]] = {}
    for row in rows:
        by_measure.setdefault(row.measure, []).append(row)
    measures = [
        {"measure": name, "sent": _sum(own), "median": _median(own),
         "refused": _sum(row for row in own if row.is_refused)}
        for name, own in by_measure.items()
    ]  # fmt: skip
    return Figures(
        sent=_sum(rows), answered=_sum(row for row in rows if row.is_answered),
        refused=_sum(row for row in rows if row.is_refused),
        open=_sum(row for row in rows if row.is_open), median=_median(rows),
        in_time=_sum(row for row in rows if row.is_in_time), by_ground=grounds,
        by_measure=sorted(measures, key=lambda one: (-one["sent"], one["measure"])),
    )  # fmt: skip


def _sum(rows: Iterable[_Counted]) -> int:
    return sum(row.count for row in rows)


def _median(rows: Iterable[_Counted]) -> timedelta | None:
    """Half of the answers came within this time, to one per cent."""
    spans = sorted((row.seconds, row.count) for row in rows if row.seconds is not None)
    total = sum(count for _, count in spans)
    if not total:
        return None
    middle = [_at(spans, (total - 1) // 2), _at(spans, total // 2)]
    return timedelta(seconds=sum(middle) / 2)


def _at(spans: Sequence[tuple[float, int]], place: int) -> float:
    """How long the answer at a place in the order took."""
    for seconds, count in spans:
        if place < count:
            return seconds
        place -= count
    raise ValueError("A place beyond the last.")
