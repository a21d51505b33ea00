"""Messages, money and clocks: I03, I04, I06, I09, I12, I13 and I16."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from recoup.apps.invariants.asking import Ask, NotYet, Rule, Said, Wrong, invariant

I03: Final = (
    Rule(
        "a ticket that may leave is not in the out-box exactly once",
        """
        select t.id from lawful_requests_ticket t
        left join lawful_requests_dispatch d on d.ticket_id = t.id
        where t.authorised_at is not null group by t.id having count(d.id) <> 1
        """,
    ),
    Rule(
        "a ticket took effect more than once",
        """
        select ticket_id from lawful_requests_answer
        where stage = 'final' and replaces_id is null group by 1 having count(*) > 1
        """,
    ),
    Rule(
        "an acknowledged ticket has neither an answer nor a clock that will tell somebody",
        """
        select t.id from lawful_requests_ticket t
        where t.acknowledged_at is not null and t.state = 'acknowledged' and not exists (
          select 1 from lawful_requests_answer a where a.ticket_id = t.id and a.stage = 'final')
          and not exists (select 1 from lawful_requests_deadline e where e.ticket_id = t.id
            and (e.fired_at is null or e.outcome in ('overdue', 'lapsed', 'told')))
        """,
    ),
)
ONE_EFFECT: Final = {
    "given_answer_once": "one answer for an organisation and Idempotency-Key",
    "report_sent_once": "one report for an organisation and its own id",
    "answer_one_final": "one final answer for a ticket",
    "deadline_once": "one clock of a kind and level for a ticket",
    "ticket_one_open": "one open ticket for a case, account and measure",
    "hold_one_in_force": "one hold in force for a case and account",
    "block_one_open": "one open block for an account",
    "audit_stream_in_order": "one line for a stream and number",
    "lawful_requests_dispatch_ticket_id_key": "one row of the out-box for a ticket",
}
UNIQUE: Final = """
select c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indisunique and i.indisvalid and i.indisready
"""
I04: Final = (
    Rule(
        "an answer is stored whose digest is not that of its bytes",
        # Of the chain, what was sent is not all kept: its digest stands in the trail.
        """
        select a.id from lawful_requests_answer a
        join lawful_requests_ticket t on t.id = a.ticket_id
        where t.of_id is not null and a.sha256 <> sha256(a.body)
        """,
    ),
    Rule(
        "an answer is not the one whose digest was told when it came",
        """
        select a.id from lawful_requests_answer a where not exists (
          select 1 from leaf l where l.stream = 'ticket:' || a.ticket_id
            and l.said ->> 'what' = 'ticket:answered'
            and l.said #>> '{facts,sha256}' = encode(a.sha256, 'hex'))
        """,
        of_trail=True,
    ),
)
I06: Final = (
    Rule(
        "an amount is kept in a kind of number that rounds",
        """
        select c.relname || '.' || a.attname from pg_class c
        join pg_attribute a on a.attrelid = c.oid
        where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0
          and not a.attisdropped
          and a.atttypid in ('real'::regtype, 'double precision'::regtype, 'money'::regtype)
        """,
    ),
    Rule(
        "an amount is below zero",
        """
        select id::text from holds_hold where least(asked_minor, held_minor) < 0
        union all select id::text from holds_claim where least(amount_minor, returned_minor) < 0
        union all select id::text from holds_block where amount_minor < 0
        union all select id::text from lawful_requests_answer where held_minor < 0
        union all select id::text from holds_ticketline where asked_minor < 0
        """,
    ),
    Rule(
        "the holds of an account are in two currencies under one block",
        """
        select block_id from holds_hold where block_id is not null and held_minor > 0
          and state in ('placed', 'replaced')
        group by 1 having count(distinct asked_currency) > 1
        """,
    ),
)
I09: Final = (
    Rule(
        "a clock fired before it was due",
        "select id, kind from lawful_requests_deadline where fired_at < due_at",
    ),
    Rule(
        "a clock is over for a minute and has not fired",
        """
        select d.id, d.kind from lawful_requests_deadline d
        where d.fired_at is null and d.due_at < now() - interval '60 seconds'
          and not exists (select 1 from holds_plantrouble p where p.parked_at is not null)
        """,
        needs_worker=True,
    ),
    Rule(
        "a hold holds money past its end",
        """
        select id from holds_hold where state in ('asked', 'placed') and held_minor > 0
          and until < now() - interval '60 seconds'
          and not exists (select 1 from holds_plantrouble p where p.parked_at is not null)
        """,
        needs_worker=True,
    ),
)
I13: Final = (
    Rule(
        "a ticket is sent and its row of the out-box is not, or the other way round",
        """
        select t.id from lawful_requests_ticket t
        join lawful_requests_dispatch d on d.ticket_id = t.id
        where (t.sent_at is null) <> (d.sent_at is null) and t.state <> 'undeliverable'
          and not (t.state = 'withdrawn' and t.sent_at is null)
        """,
    ),
)
WAITS: Final = """
  select 'report', id::text, received_at as since from reports_report where opened_at is null
  union all select 'answer', answer_id::text, since from lawful_requests_unplannedanswer
  union all select 'plan', id::text, since from holds_planwanted
  union all select 'out-box', id::text, queued_at from lawful_requests_dispatch
    where sent_at is null and not exists (select 1 from audit_audittrouble where name = 'sends')
"""
I16: Final = (
    Rule(
        "work waits for more than a minute, and nobody was told that it cannot be done",
        f"""
        select * from ({WAITS}) w where since < now() - interval '60 seconds'
          and not exists (select 1 from holds_plantrouble p where p.about::text = w.id)
        """.replace("select 'report', id::text", "select 'report' as kind, id::text as id"),  # noqa: S608
        needs_worker=True,
    ),
)


@invariant("I03", "each hold leaves once, takes effect once at most, and silence is told")
def check_i03(ask: Ask) -> Iterator[Said]:
    yield from ask.broken(I03)


@invariant("I04", "the same key gets the same answer, and no two effects")
def check_i04(ask: Ask) -> Iterator[Said]:
    there = {str(row[0]) for row in ask.rows(UNIQUE)}
    missing = tuple(f"{name} ({told})" for name, told in ONE_EFFECT.items() if name not in there)
    if missing:
        yield Wrong("the database does not refuse a second effect any more", missing)
    yield from ask.broken(I04)
    from recoup.apps.members.housekeeping_operations import GIVEN_ANSWERS_KEPT

    if GIVEN_ANSWERS_KEPT.days < 30:
        yield Wrong(f"answers to keys are forgotten after {GIVEN_ANSWERS_KEPT.days} days, not 30")


@invariant("I06", "every unit of money is a whole number, and accounted for")
def check_i06(ask: Ask) -> Iterator[Said]:
    yield from ask.broken(I06)
    if ask.with_money:
        from recoup.apps.holds.invariants import check_all

        for finding in check_all(ask.rows):
            if finding.offending:
                told = f"{finding.invariant.name} {finding.invariant.meaning}"
                yield Wrong(told, finding.offending)


@invariant("I09", "each clock fires once, in time, whatever happened")
def check_i09(ask: Ask) -> Iterator[Said]:
    yield from ask.broken(I09)


@invariant("I12", "each message from another hub was signed, is unique and kept as it came",
           asked=False)  # fmt: skip
def check_i12(ask: Ask) -> Iterator[Said]:
    found = ask.tables("%inbox%")
    why = f"{', '.join(found)} exists and no rule asks it" if found else "no other hub can send"
    yield NotYet(f"messages from other hubs ({why})")


@invariant("I13", "each message that left has its end: a receipt, or a failure that is told")
def check_i13(ask: Ask) -> Iterator[Said]:
    yield from ask.broken(I13)
    yield NotYet("signed receipts of other hubs (no message leaves for another hub)")


@invariant("I16", "whatever was killed, nothing waits for more than a minute")
def check_i16(ask: Ask) -> Iterator[Said]:
    yield from ask.broken(I16)
