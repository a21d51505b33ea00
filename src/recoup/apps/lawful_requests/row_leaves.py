"""Finds business rows that say something else than the log: changed without a leaf (threat L10).

The log is append-only and witnessed; the rows of a station are not, and a superuser of the database
could change one. What a ticket asks, what was sent, answered, decided and filed stands in a leaf as
value or digest; here each is compared. Runs as the planner.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.db import connection

LEAVES: Final = """
with told as (
  select l.stream, l.stream_seq, b->>'what' as what, b->'facts' as facts
  from audit_auditleaf l cross join lateral (select convert_from(l.body, 'UTF8')::jsonb as b) j
  where l.stream like 'ticket:%%' or l.stream like 'request:%%')
"""


@dataclass(frozen=True, slots=True)
class Differs:
    """A row that says something else than its leaf. what: which value, in words."""

    what: str
    row: str

    def __str__(self) -> str:
        return f"{self.what}: {self.row}"


CHECKS: Final[dict[str, str]] = {
    "the bytes that were sent are not those of the log": """
        select t.id from lawful_requests_ticket t cross join lateral (
          select facts->>'body_sha256' as kept from told where stream = 'ticket:' || t.id
            and what = 'ticket:sent' order by stream_seq desc limit 1) l
        where l.kept is not null and t.body is not null
          and l.kept <> encode(sha256(t.body), 'hex')""",
    "a ticket asks for another sum than was authorised": """
        select t.id from lawful_requests_ticket t
        join told l on l.stream = 'ticket:' || t.id and l.what = 'ticket:authorised'
        where l.facts->>'asked_minor' is not null
          and l.facts->>'asked_minor' <> t.asked_minor::text""",
    "a ticket is in a state that no line tells": """
        select t.id from lawful_requests_ticket t
        where t.state in ('sent', 'acknowledged', 'answered', 'withdrawn', 'lapsed',
                          'undeliverable')
          and not exists (select 1 from told l where l.stream = 'ticket:' || t.id
                          and l.what = 'ticket:' || t.state)
          and not exists (select 1 from told l where l.stream = 'ticket:' || t.id
                          and t.state = 'acknowledged' and l.what = 'ticket:taken')""",
    "an answer is not the one of the log": """
        select a.id from lawful_requests_answer a
        join told l on l.stream = 'ticket:' || a.ticket_id and l.what = 'ticket:answered'
          and l.facts->>'answer' = a.id::text
        where l.facts->>'sha256' <> encode(a.sha256, 'hex')""",
    "a decision is not the one of the log": """
        select d.id from lawful_requests_decision d
        join told l on l.stream = 'request:' || d.request_id
          and l.what in ('request:authorised', 'request:narrowed')
          and l.facts->>'decision' = d.id::text
        where l.facts->>'sha256' <> encode(d.sha256, 'hex')""",
    "a file is not the one of the log": """
        select f.id from lawful_requests_requestfile f
        join told l on l.facts->>'file' = f.id::text
        where l.facts->>'sha256' <> encode(sha256(f.content), 'hex')""",
}


def differing() -> list[Differs]:
    """Every row that says something else than the log."""
    found: list[Differs] = []
    with connection.cursor() as cursor:
        for what, query in CHECKS.items():
            cursor.execute(LEAVES + query + " order by 1", [])
            found += [Differs(what, str(row)) for (row,) in cursor.fetchall()]
    return found
