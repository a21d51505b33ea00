"""Fills a hub's database with requests of a police unit, each with its decision and its ticket.

Like ``bench_rows``: as the owner, in a database that only this measurement uses. One in forty is a
draft, waits for a decision or for the author's reply; of the others one in ten is still open.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg

from recoup.cli import bench_rows
from recoup.cli.environment import Databases

TABLES: Final = (
    "lawful_requests_request", "lawful_requests_decision", "lawful_requests_ticket",
)  # fmt: skip
WHO: Final = """
select o.id as issuer, p.id as author, c.id as authority, j.person_id as judge, j.id as mandate,
  (select id from lawful_requests_packversion order by id desc limit 1) as pack,
  (select id from members_organisation where code = 'heron') as addressee
from members_organisation o
join members_mandate m on m.organisation_id = o.id join members_person p on p.id = m.person_id
join members_login l on l.person_id = p.id and l.username = 'jelena.police'
join members_organisation c on c.code = 'court'
join members_mandate j on j.organisation_id = c.id and j.role = 'judge'
limit 1
"""
CONTENT: Final = """
jsonb_build_object('targets', jsonb_build_array(jsonb_build_object('addressee', 'heron',
  'identifiers', jsonb_build_array(jsonb_build_object('kind', 'ip', 'value',
    '203.0.113.' || n %% 250, 'port', 1024 + n %% 60000, 'at', '2026-11-02T20:14:09+00:00')))),
  'data', jsonb_build_array('subscriber'), 'period', null, 'amount_minor', null, 'currency', '',
  'fields', jsonb_build_object('offence', 'Fraud'), 'justification', repeat('Needed. ', 20),
  'proportionality', '')
"""
STATE: Final = """
case when n %% 40 = 0 then (array['drafted', 'submitted', 'asked'])[1 + n / 40 %% 3]
     when n %% 50 = 1 then 'refused' else 'authorised' end
"""
IS_SENT: Final = "n %% 40 > 0 and n %% 50 <> 1"
COPIES: Final = {
    "lawful_requests_request": f"""
      select copied.* from generate_series(1, %(requests)s) n, lateral (
        select now() - n * interval '7 seconds' as at, {STATE} as state) w,
        lateral jsonb_populate_record(null::lawful_requests_request, jsonb_build_object(
        'id', md5('request' || n)::uuid, 'reference', 'RQ-' || n, 'issuer_id', %(issuer)s,
        'author_id', %(author)s, 'authority_id', %(authority)s, 'measure', 'subscriber_domestic',
        'power', 'rs.bench', 'pack_id', %(pack)s, 'danger', '', 'content', {CONTENT}, 'version', 1,
        'turn', 1, 'state', w.state, 'drafted_at', w.at, 'changed_at', w.at, 'submitted_at', w.at,
        'authorised_at', case when w.state = 'authorised' then w.at end,
        'opened_at', case when w.state = 'authorised' then w.at end,
        'ended_at', case when w.state = 'refused' then w.at end,
        'closed_at', case when w.state = 'authorised' and n %% 10 > 0 then w.at end,
        'due_at', now() + n * interval '1 second', 'ended_ground', '', 'tries', 0,
        'hands', jsonb_build_array(%(author)s), 'submitter_id', %(author)s)) copied""",  # noqa: S608
    "lawful_requests_decision": f"""
      select copied.* from generate_series(1, %(requests)s) n,
        lateral jsonb_populate_record(null::lawful_requests_decision, jsonb_build_object(
        'id', md5('decision' || n)::uuid, 'request_id', md5('request' || n)::uuid, 'number', 1,
        'kind', 'authorised', 'issuer_id', %(issuer)s, 'authority_id', %(authority)s,
        'author_id', %(author)s, 'person_id', %(judge)s, 'mandate_id', %(mandate)s,
        'role', 'judge', 'ground', '', 'power', 'rs.bench', 'version', 1, 'content', {CONTENT},
        'sha256', '\\x' || repeat('00', 32), 'decided_at', now(), 'recorded_at', now())) copied
      where {IS_SENT}""",  # noqa: S608
    "lawful_requests_ticket": f"""
      select copied.* from generate_series(1, %(requests)s) n,
        lawful_requests_ticket t,
        lateral jsonb_populate_record(t, jsonb_build_object(
        'id', md5('target' || n)::uuid, 'reference', 'RT-' || n,
        'body', (select body from lawful_requests_ticket where of_id is not null
          and sent_at is not null and body is not null limit 1),
        'request', md5('request' || n)::uuid, 'of_id', md5('request' || n)::uuid,
        'decision_id', md5('decision' || n)::uuid, 'case_id', null, 'account_id', null,
        'instruction_id', null, 'issuer_id', %(issuer)s, 'addressee_id', %(addressee)s,
        'measure', 'subscriber_domestic', 'kind', '', 'round', 1, 'asked_minor', 0, 'currency', '',
        'account_ident', '203.0.113.' || n %% 250, 'pack_id', %(pack)s, 'urgency', 0,
        'sent_at', now() - n * interval '7 seconds', 'due_at', now() + n * interval '1 second',
        'answered_at', case when n %% 20 > 0 then now() - n * interval '5 seconds' end,
        'state', case when n %% 10 > 0 then 'closed' when n %% 20 > 0 then 'answered'
                      else 'sent' end)) copied
      where {IS_SENT} and t.id = (select id from lawful_requests_ticket
        where of_id is null and sent_at is not null limit 1)""",  # noqa: S608
}  # fmt: skip


def fill(databases: Databases, *, requests: int) -> dict[str, int]:
    """Make this many requests; returns how many there are then, and how many tickets of them."""
    with psycopg.connect(databases.owner, autocommit=True) as connection:
        for table in TABLES:
            bench_rows.let_owner_past(connection, table, is_forced=False)
        given = {**_who(connection), "requests": requests}
        for table, copy in COPIES.items():
            connection.execute(f"insert into {table} {copy}".encode(), given)  # noqa: S608
        row = connection.execute(
            "select (select count(*) from lawful_requests_request),"
            " (select count(*) from lawful_requests_ticket where of_id is not null)"
        ).fetchone()
        for table in TABLES:
            bench_rows.let_owner_past(connection, table, is_forced=True)
    with psycopg.connect(databases.owner, autocommit=True) as connection:
        connection.execute("vacuum analyze")
    return {"requests": row[0], "targets": row[1]} if row else {}


def _who(connection: psycopg.Connection[Any]) -> dict[str, Any]:
    """Who asks, who decides and who is asked: people of the invented country."""
    with connection.cursor(row_factory=psycopg.rows.dict_row) as cursor:
        row = cursor.execute(WHO).fetchone()
    if row is None:
        raise LookupError("The invented country is not loaded: nobody can ask or decide.")
    return dict(row)
