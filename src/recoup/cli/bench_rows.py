"""Fills a hub's database with copies of one real report, its case and its tickets.

It runs as the owner of the tables, in a database that only this measurement uses; for the time of
filling, the owner is let past the rows' own policies.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg import sql

from recoup.cli.environment import Databases

TABLES: Final = (
    "reports_report", "cases_account", "cases_case", "cases_casemember", "cases_task",
    "holds_allegedpayment", "holds_claim", "holds_hold", "holds_casetotal",
    "lawful_requests_ticket",
)  # fmt: skip
READY: Final = """
select count(*) from lawful_requests_ticket t join cases_case k on k.id = t.case_id
where k.report_id = %s and t.sent_at is not null
"""

# What one copy has of its own; everything else is as in the report that was really filed.
COPIES: Final = {
    "reports_report": """
      select copied.*
      from reports_report r, generate_series(1, %(cases)s) n,
        lateral jsonb_populate_record(r, jsonb_build_object(
        'id', md5('report' || n)::uuid, 'client_id', md5('client' || n)::uuid,
        'reference', 'B-' || n, 'received_at', now() - n * interval '7 seconds',
        'opened_at', now() - n * interval '7 seconds',
        'channel', case when n %% 2 = 0 then 'public' else 'bank' end,
        'payer_ident', 'RS35971' || lpad(n::text, 15, '0'),
        'payee_ident', 'RS35970' || lpad(n::text, 15, '0'))) copied
      where r.id = %(report)s""",
    "cases_account": """
      select copied.*
      from cases_account a, generate_series(1, %(cases)s) n,
        (values ('payee', 0), ('payer', 1)) s (side, shift),
        lateral jsonb_populate_record(a, jsonb_build_object(
        'id', md5(side || n)::uuid, 'institution_id', (%(banks)s::int[])[1 + (n + shift) %% 4],
        'ident', 'RS3597' || shift || lpad(n::text, 15, '0'))) copied
      where a.id = (select id from cases_account limit 1)""",
    "cases_case": """
      select copied.*
      from cases_case k, generate_series(1, %(cases)s) n,
        lateral jsonb_populate_record(k, jsonb_build_object(
        'id', md5('case' || n)::uuid, 'reference', 'B-' || n, 'report_id', md5('report' || n)::uuid,
        'opened_at', now() - n * interval '7 seconds', 'visible_to', '[]'::jsonb,
        'reported_at', now() - n * interval '7 seconds', 'state',
        case when n %% 10 = 0 then 'closed' else 'open' end)) copied
      where k.report_id = %(report)s""",
    "cases_casemember": """
      select copied.*
      from cases_casemember m join cases_case k on k.id = m.case_id,
        generate_series(1, %(cases)s) n,
        lateral jsonb_populate_record(m, jsonb_build_object(
        'id', md5('member' || n || m.id)::uuid, 'case_id', md5('case' || n)::uuid)) copied
      where k.report_id = %(report)s""",
    "holds_allegedpayment": """
      select copied.*
      from holds_allegedpayment p, generate_series(1, %(cases)s) n,
        lateral jsonb_populate_record(p, jsonb_build_object(
        'id', md5('payment' || n)::uuid, 'report_id', md5('report' || n)::uuid,
        'payer_id', md5('payer' || n)::uuid, 'payee_id', md5('payee' || n)::uuid)) copied
      where p.report_id = %(report)s""",
    "holds_claim": """
      select copied.*
      from holds_claim c join cases_case k on k.id = c.case_id,
        generate_series(1, %(cases)s) n,
        lateral jsonb_populate_record(c, jsonb_build_object(
        'id', md5('claim' || n)::uuid, 'case_id', md5('case' || n)::uuid,
        'payment_id', md5('payment' || n)::uuid, 'movement_id', null,
        'state', case when n %% 2 = 0 then 'alleged' else 'confirmed' end,
        'adopted_at', case when n %% 2 = 0 then null else now() end)) copied
      where k.report_id = %(report)s""",
    "holds_hold": """
      select copied.*
      from holds_hold h, generate_series(1, %(cases)s) n,
        lateral jsonb_populate_record(h, jsonb_build_object(
        'id', md5('hold' || n)::uuid, 'case_id', md5('case' || n)::uuid,
        'account_id', md5('payee' || n)::uuid, 'state', 'placed',
        'until', now() + (n %% 48 + 12) * interval '1 hour')) copied
      where h.id = (select h.id from holds_hold h join cases_case k on k.id = h.case_id
                    where k.report_id = %(report)s limit 1)""",
    "holds_casetotal": """
      select copied.*
      from holds_casetotal t join cases_case k on k.id = t.case_id,
        generate_series(1, %(cases)s) n,
        lateral jsonb_populate_record(t, jsonb_build_object(
        'id', 1000000 + 10 * n + (t.rule = 'fifo')::int, 'case_id', md5('case' || n)::uuid)) copied
      where k.report_id = %(report)s""",
    "lawful_requests_ticket": """
      select copied.*
      from lawful_requests_ticket t
        cross join lateral (select
          case when t.measure = 'hold' then 'payee' else 'payer' end as side,
          case when t.measure = 'hold' then 0 else 1 end as shift,
          case when t.measure = 'hold' then 2 else 1 end as rounds) w
        cross join lateral generate_series(1, w.rounds) i,
        generate_series(1, %(cases)s) n,
        lateral jsonb_populate_record(t, jsonb_build_object(
        'id', md5('ticket' || n || t.measure || i)::uuid, 'round', i,
        'request', md5('asked' || n || t.measure)::uuid,
        'reference', 'B-' || left(t.measure, 2) || i || '-' || n, 'case_id', md5('case' || n)::uuid,
        'account_id', md5(w.side || n)::uuid,
        'account_ident', 'RS3597' || w.shift || lpad(n::text, 15, '0'),
        'addressee_id', (%(banks)s::int[])[1 + (n + w.shift) %% 4],
        'urgency', (n * 7919) %% 100000,
        'sent_at', now() - n * interval '7 seconds', 'due_at', now() + n * interval '1 second',
        'answered_at', case when i < w.rounds or t.measure <> 'hold' or n %% 5 > 1
                       then now() - n * interval '7 seconds' + (n %% 500) * interval '1 second' end,
        'state', case when i < w.rounds or t.measure <> 'hold' or n %% 5 > 1 then 'closed'
                      when n %% 5 = 0 then 'sent' else 'acknowledged' end)) copied
      where t.id in (select distinct on (t.measure) t.id from lawful_requests_ticket t
                     join cases_case k on k.id = t.case_id where k.report_id = %(report)s
                     order by t.measure, t.round)""",
    "cases_task": """
      select copied.*
      from cases_case k, generate_series(1, %(cases)s / 10) n,
        lateral jsonb_populate_record(null::cases_task, jsonb_build_object(
        'id', md5('task' || n)::uuid, 'case_id', md5('case' || n)::uuid, 'owner_id', k.owner_id,
        'issuer_id', k.owner_id, 'kind', 'hold_ends', 'about', md5('hold' || n)::uuid, 'level', 0,
        'values', jsonb_build_object('held_minor', 1000 * n), 'opened_at', now(),
        'due_at', now() + n * interval '10 seconds')) copied
      where k.report_id = %(report)s""",
}


def is_ready(connection: psycopg.Connection[Any], report: str) -> bool:
    """Whether the report that is to be copied has its three tickets, and its sums."""
    row = connection.execute(READY, [report]).fetchone()
    sums = connection.execute("select count(*) from holds_casetotal").fetchone()
    return bool(row and sums and row[0] >= 3 and sums[0] > 0)


def fill(databases: Databases, report: str, *, cases: int) -> dict[str, int]:
    """Copy the report this often; returns how many rows there are then."""
    with psycopg.connect(databases.owner, autocommit=True) as connection:
        for table in TABLES:
            let_owner_past(connection, table, is_forced=False)
        banks = [
            row[0]
            for row in connection.execute(
                "select id from members_organisation"
                " where code = any(%s) order by id",
                [["plum", "quince", "walnut", "linden"]],
            )
        ]  # fmt: skip
        given = {"cases": cases, "report": report, "banks": banks}
        for table, copy in COPIES.items():
            connection.execute(f"insert into {table} {copy}".encode(), given)  # noqa: S608
        counts = {
            "cases": _count(connection, "cases_case"),
            "tickets": _count(connection, "lawful_requests_ticket"),
            "tasks": _count(connection, "cases_task"),
        }
        for table in TABLES:
            let_owner_past(connection, table, is_forced=True)
    with psycopg.connect(databases.owner, autocommit=True) as connection:
        connection.execute("vacuum analyze")
    return counts


def let_owner_past(connection: psycopg.Connection[Any], table: str, *, is_forced: bool) -> None:
    """Free the owner of a table from the rows' own policies, or bind it again."""
    word = sql.SQL("force" if is_forced else "no force")
    connection.execute(
        sql.SQL("alter table {} {} row level security").format(sql.Identifier(table), word)
    )


def _count(connection: psycopg.Connection[Any], table: str) -> int:
    row = connection.execute(
        sql.SQL("select count(*) from {}").format(sql.Identifier(table))
    ).fetchone()
    return int(row[0]) if row else 0
