"""What must always be true of the money, the tickets and who may see them: queries without rows.

T1 to T9 are DATAMODEL B4 with the refinements of decision 34; the others say what the same tables
owe each other. Each query returns the ids of what breaks it. Conclusions whose plan still waits
(an answer or an act of a person that no pass of the planner has taken in) are not judged yet.
Runs as the planner, which alone sees across organisations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings
from django.db import connection

from recoup.data import load_pack

AT_MOST: Final = 20
Rows = Callable[[str, Mapping[str, Any] | None], list[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Invariant:
    """name: as in the data model. meaning: what is true, for people. sql: ids that break it."""

    name: str
    meaning: str
    sql: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant as it was found: the ids that break it, at most twenty."""

    invariant: Invariant
    offending: tuple[str, ...]

    def __str__(self) -> str:
        told = f"{self.invariant.name} {self.invariant.meaning}"
        return f"{told}: {', '.join(self.offending)}" if self.offending else told


# waiting: cases whose conclusions lag behind a fact. chased: (case, account) that somebody is
# still asked about. owned: ids that an open task of a person is about. on_its_way: what banks that
# paid have told, and the account's own bank not yet. settling: accounts of which it is known that
# their windows do not fit, and somebody is asked, or will be by the plan that comes next.
PRELUDE: Final = """
with waiting as (
  select case_id from holds_planwanted
  union
  select t.case_id from lawful_requests_unplannedanswer u
    join lawful_requests_answer a on a.id = u.answer_id
    join lawful_requests_ticket t on t.id = a.ticket_id
),
waiting_accounts as (
  select account_id from holds_trail where case_id in (select case_id from waiting)
  union
  select account_id from holds_hold where case_id in (select case_id from waiting)
),
chased as (
  select case_id, account_id from lawful_requests_ticket
  where measure = 'hold' and state in ('drafted', 'authorised', 'sent', 'acknowledged')
),
owned as (select about from cases_task where done_at is null),
unread as (
  select t.account_id from lawful_requests_unplannedanswer u
  join lawful_requests_answer a on a.id = u.answer_id
  join lawful_requests_ticket t on t.id = a.ticket_id
),
live as (
  select * from holds_claim
  where state = 'confirmed' or (state = 'alleged' and adopted_at is not null)
),
followed as (
  select * from holds_claim where state = 'confirmed' or (state = 'alleged'
    and possible_double_of_id is null and (adopted_at is not null or not is_barred))
),
on_its_way as (
  select f.payee_id as account_id, f.rule, sum(f.credited) as units
  from holds_flow f join live c on c.id = f.claim_id join cases_account a on a.id = f.payee_id
  where f.state in ('pending', 'ruling') and f.credit_currency = a.currency
  group by f.payee_id, f.rule
),
settling as (
  -- An answer of this account was stored, and no plan has seen yet whether it fits the others.
  select account_id from unread
  union
  -- Its bank is asked for its bookings right now. What only changes a hold brings none.
  select account_id from lawful_requests_ticket
  where measure = 'hold' and kind in ('first', 'forward', 'back')
    and state in ('drafted', 'authorised', 'sent', 'acknowledged')
  union
  -- A case has one open ticket on an account: until that is answered it can ask for nothing more.
  -- Lawful only if that is so for every case whose money went through here.
  select o.account_id from chased o where not exists (
    select 1 from holds_trail t join live c on c.id = t.claim_id
    where t.account_id = o.account_id and t.inn > 0
      and (t.case_id, t.account_id) not in (select case_id, account_id from chased))
  union
  -- The bank was asked as often as is asked, and a person has just this to clear up.
  select about from cases_task where done_at is null
    and kind in ('books_differ', 'incomplete_window', 'unidentified_credit')
),
exchanged as (
  select claim_id, currency, -carried as units from holds_flow
    where credited is not null and credit_currency not in ('', currency)
  union all
  select claim_id, credit_currency, credited from holds_flow
    where credited is not null and credit_currency not in ('', currency)
),
kept_windows as (
  select w.*, row_number() over (order by a.received_at, a.stage desc, a.id) as told
  from holds_ledgerwindow w join lawful_requests_answer a on a.id = w.answer_id
  where not exists (select 1 from lawful_requests_answer r where r.replaces_id = w.answer_id)
    and not (a.stage = 'interim' and exists (select 1 from lawful_requests_answer f
      where f.ticket_id = a.ticket_id and f.stage = 'final'))
)
"""

INVARIANTS: Final = (
    Invariant(
        "T1",
        "each window: opening + credits - debits = closing",
        """
        select w.id from holds_ledgerwindow w
        where w.is_complete <> (w.closing_minor = w.opening_minor + (
          select coalesce(sum(s.amount_minor * case when s.is_credit then 1 else -1 end), 0)
          from holds_movementside s
          where s.answer_id = w.answer_id and s.account_id = w.account_id))
        """,
    ),
    Invariant(
        "T2",
        "each row of the trail: in = held + lying + moved + spent + returned + unknown",
        """
        select id from holds_trail
        where inn <> held + lying + moved + spent + returned + unknown
          or least(inn, held, lying, moved, spent, returned, unknown) < 0
        """,
    ),
    Invariant(
        "T3",
        "each claim: every unit is held, lying, spent, returned or unknown somewhere",
        """
        select distinct c.id from followed c
        join holds_allegedpayment p on p.id = c.payment_id
        left join holds_trail t on t.claim_id = c.id and t.currency = c.currency
          and (t.rule = {rule} or c.id not in (select claim_id from exchanged))
        where p.payee_id is not null
          and c.case_id not in (select case_id from waiting)
        group by c.id, c.amount_minor, c.currency, t.rule
        having coalesce(sum(t.held + t.lying + t.spent + t.returned + t.unknown), 0)
          <> c.amount_minor + (select coalesce(sum(x.units), 0) from exchanged x
               where x.claim_id = c.id and x.currency = c.currency)
        """,
    ),
    Invariant(
        "T3",
        "each claim in another currency: what was exchanged is all there",
        """
        select x.claim_id from exchanged x join holds_claim c on c.id = x.claim_id
        where x.currency <> c.currency
          and c.case_id not in (select case_id from waiting)
        group by x.claim_id, x.currency
        having sum(x.units) <> (
          select coalesce(sum(t.held + t.lying + t.spent + t.returned + t.unknown), 0)
          from holds_trail t
          where t.claim_id = x.claim_id and t.currency = x.currency and t.rule = {rule})
        """,
    ),
    Invariant(
        "T4",
        "each account: what its block holds is what the trail calls held",
        """
        select a.id from cases_account a
        where (select coalesce(sum(b.amount_minor), 0) from holds_block b
               where b.account_id = a.id and b.closed_at is null)
          <> (select coalesce(sum(t.held), 0) from holds_trail t
              where t.account_id = a.id and t.rule = {rule})
          and a.id not in (select account_id from chased)
          and a.id not in (select account_id from waiting_accounts)
          and a.id not in (select about from owned)
          and not exists (select 1 from holds_trail t where t.account_id = a.id
            and t.unknown > 0 and t.currency <> a.currency)
        """,
    ),
    Invariant(
        "T5",
        "each account: traced money that is there fits into its closing balance",
        """
        select w.account_id from (
          select distinct on (account_id) account_id, closing_minor, is_complete
          from kept_windows order by account_id, to_at desc, closing_minor desc
        ) w
        where w.is_complete  -- what is told as incomplete has its own owner, and makes ranges
          -- What the bank holds of money that it has not told of came after this balance: it may
          -- hold so much more, and not a unit beyond it. So it is on a victim's own account.
          -- An overdrawn account has nothing, whatever it owes.
          and greatest(w.closing_minor, 0) + coalesce((select o.units from on_its_way o
              where o.account_id = w.account_id and o.rule = {rule}), 0)
            < (select coalesce(sum(t.held + t.lying), 0) from holds_trail t
              join live c on c.id = t.claim_id
              where t.account_id = w.account_id and t.rule = {rule})
          -- The window may be newer than the trail. A waiting act of a person changes no balance.
          and w.account_id not in (select account_id from unread)
        """,
    ),
    Invariant(
        "T6",
        "a ticket counts as answered exactly if its final answer is there",
        """
        select t.id from lawful_requests_ticket t
        where (t.state in ('answered', 'closed', 'refused')) <> exists (
          select 1 from lawful_requests_answer a
          where a.ticket_id = t.id and a.stage = 'final' and a.replaces_id is null)
          and t.state not in ('withdrawn', 'lapsed', 'undeliverable')
        """,
    ),
    Invariant(
        "T7",
        "what is unknown has an open ticket, an open task, or a ground why nobody asks",
        """
        select t.account_id from holds_trail t join live c on c.id = t.claim_id
        where t.unknown > 0 and t.rule = {rule}
          and t.case_id not in (select case_id from waiting)
          and not exists (select 1 from chased o
            where o.case_id = t.case_id and o.account_id = t.account_id)
          and t.account_id not in (select about from owned)
          and t.claim_id not in (select about from owned)
          and not exists (select 1 from lawful_requests_ticket e
            where e.case_id = t.case_id and e.account_id = t.account_id
              and e.state in ('refused', 'lapsed', 'withdrawn', 'undeliverable'))
        """,
    ),
    Invariant(
        "T8",
        "the windows of an account leave no gap and tell the same where they overlap",
        """
        select account_id from (
          select w.account_id, w.from_at, w.opening_minor,
            max(w.to_at) over before as reached,
            lag(w.closing_minor) over (partition by w.account_id order by w.from_at, w.to_at,
              w.told) as closed
          from kept_windows w where w.is_complete
          window before as (partition by w.account_id order by w.from_at, w.to_at, w.told
            rows between unbounded preceding and 1 preceding)
        ) n
        where n.from_at > n.reached and n.opening_minor <> n.closed
          and n.account_id not in (select account_id from settling)
        union
        select s.account_id from holds_movementside s
        join kept_windows own on own.answer_id = s.answer_id and own.account_id = s.account_id
        join kept_windows w on w.account_id = s.account_id and w.answer_id <> s.answer_id
          and w.is_complete and own.is_complete
          and s.booked_at > w.from_at and s.booked_at < w.to_at
        where not exists (select 1 from holds_movementside o where o.answer_id = w.answer_id
            and o.account_id = s.account_id and o.reference = s.reference
            and o.is_credit = s.is_credit and o.amount_minor = s.amount_minor)
          and s.account_id not in (select account_id from settling)
        """,
    ),
    Invariant(
        "T9",
        "no claim is larger than its payment, and no payment has two claims",
        """
        select c.id from holds_claim c
        join holds_movement m on m.id = c.movement_id
        join holds_movementside s
          on s.movement_id in (select o.id from holds_movement o
            where coalesce(o.same_as_id, o.id) = coalesce(m.same_as_id, m.id))
        where c.state in ('alleged', 'confirmed') and s.currency = c.currency
          and s.amount_minor < c.amount_minor
          and not exists (select 1 from lawful_requests_answer r where r.replaces_id = s.answer_id)
        union
        select min(c.id::text)::uuid from live c join holds_movement m on m.id = c.movement_id
        group by coalesce(m.same_as_id, m.id) having count(*) > 1
        """,
    ),
    Invariant(
        "out-box",
        "what is authorised is in the out-box, what left it is sent, with its clocks",
        """
        select t.id from lawful_requests_ticket t
        left join lawful_requests_dispatch d on d.ticket_id = t.id
        where (t.authorised_at is not null and d.id is null)
          or (t.sent_at is not null and d.sent_at is null)
          or (t.state = 'authorised' and d.sent_at is not null)
          or (t.state in ('sent', 'acknowledged', 'answered', 'closed') and (
            t.sent_at is null or t.body is null or 2 > (
              select count(*) from lawful_requests_deadline e where e.ticket_id = t.id
                and e.level = 0 and e.kind in ('acknowledge', 'answer'))))
        """,
    ),
    Invariant(
        "one open",
        "one open ticket at most for each case, account and measure",
        """
        select min(t.id::text)::uuid from lawful_requests_ticket t
        where t.state in ('drafted', 'authorised', 'sent', 'acknowledged') and t.of_id is null
        group by t.case_id, t.account_id, t.measure having count(*) > 1
        """,
    ),
    Invariant(
        "lines",
        "a ticket that asks for money says for which claims",
        """
        select t.id from lawful_requests_ticket t
        where t.asked_minor > 0 and t.of_id is null and not exists (
          select 1 from holds_ticketline l where l.ticket_id = t.id)
        """,
    ),
    Invariant(
        "two persons",
        "a ticket of a request rests on the decision of somebody who did not write in it",
        """
        select t.id from lawful_requests_ticket t
        where t.of_id is not null and t.state <> 'drafted' and not exists (
          select 1 from lawful_requests_decision d
          join lawful_requests_request r on r.id = d.request_id
          where d.id = t.decision_id and r.id = t.of_id and d.kind in ('authorised', 'narrowed')
            and d.person_id <> all(r.hands || r.author_id)
            and coalesce(d.heard_by_id <> all(r.hands || r.author_id), true))
        """,
    ),
    Invariant(
        "closed request",
        "a request is closed with its last target, and then somebody looks what is still needed",
        """
        select r.id from lawful_requests_request r
        where r.opened_at is not null and (
          (r.closed_at is null and not exists (select 1 from lawful_requests_ticket t
             where t.of_id = r.id and t.state <> 'closed'))
          or (r.closed_at is not null and not exists (select 1 from lawful_requests_deadline d
                where d.of_id = r.id and d.kind = 'retention')))
        """,
    ),
    Invariant(
        "block",
        "each block is the sum of the holds in force on its account",
        """
        select a.id from cases_account a
        where (select coalesce(sum(b.amount_minor), 0) from holds_block b
               where b.account_id = a.id and b.closed_at is null)
          <> (select coalesce(sum(h.held_minor), 0) from holds_hold h
              where h.account_id = a.id and h.state in ('asked', 'placed', 'replaced'))
        """,
    ),
    Invariant(
        "limit",
        "each hold that holds money has an end",
        "select id from holds_hold where held_minor > 0 and state = 'placed' and until is null",
    ),
    Invariant(
        "totals",
        "the totals of a case are the sums of its trail",
        """
        select s.case_id from holds_casetotal s
        where s.case_id not in (select case_id from waiting)
          and row (s.held, s.lying, s.gone, s.returned, s.unknown) <> (
            select coalesce(sum(t.held), 0), coalesce(sum(t.lying), 0),
              coalesce(sum(t.spent), 0), coalesce(sum(t.returned), 0),
              coalesce(sum(t.unknown), 0)
            from holds_trail t
            where t.case_id = s.case_id and t.rule = s.rule and t.currency = s.currency)
        """,
    ),
    Invariant(
        "members",
        "a case is visible to its members and to nobody else",
        """
        select k.id from cases_case k
        where (select coalesce(array_agg(v order by v), '{{}}') from unnest(k.visible_to) v)
          <> (select coalesce(array_agg(m.organisation_id::bigint order by m.organisation_id),
                '{{}}')
              from cases_casemember m where m.case_id = k.id)
        """,
    ),
    Invariant(
        "positions",
        "the positions of each stored ledger are those that its checksums were made of",
        """
        select a.id from ledgers_account a
        left join (
          select src_id, bit_xor(ledgers_mark_of_debit(ident, srcpos, srcend)) as mark
          from ledgers_transfer group by src_id) d on d.src_id = a.id
        left join (
          select dst_id, bit_xor(ledgers_mark_of_credit(ident, dstpos, owed)) as mark
          from ledgers_transfer group by dst_id) c on c.dst_id = a.id
        where not a.external and a.mark <> coalesce(d.mark, 0) # coalesce(c.mark, 0)
        """,
    ),
    Invariant(
        "audit",
        "each line of the audit trail has its digest and follows the line before it",
        """
        select l.id from audit_auditleaf l
        left join audit_auditleaf b on b.stream = l.stream and b.stream_seq = l.stream_seq - 1
        where l.leaf_hash <> sha256('\\x00'::bytea || l.body)
          or l.prev_stream_hash <> coalesce(b.leaf_hash, decode(repeat('00', 32), 'hex'))
        """,
    ),
    Invariant(
        "audited",
        "each ticket that was sent, and each answer, has its line in the audit trail",
        """
        select t.id from lawful_requests_ticket t where t.sent_at is not null and not exists (
          select 1 from audit_auditleaf l where l.stream = 'ticket:' || t.id
            and convert_from(l.body, 'UTF8') like '%%"what":"ticket:sent"%%')
        union
        select a.id from lawful_requests_answer a where (
          select count(*) from audit_auditleaf l where l.stream = 'ticket:' || a.ticket_id
            and convert_from(l.body, 'UTF8') like '%%"what":"ticket:answered"%%') < (
          select count(*) from lawful_requests_answer o where o.ticket_id = a.ticket_id)
        """,
    ),
)


def check_all(rows: Rows | None = None) -> list[Finding]:
    """Ask every invariant, in the order of the table. rows: asks a statement (the connection)."""
    return list(_findings(rows or _rows))


def _findings(rows: Rows) -> Iterator[Finding]:
    rule = load_pack(settings.COUNTRY).holding_rule
    for invariant in INVARIANTS:
        sql = invariant.sql.format(rule="%(rule)s")
        found = rows(f"{PRELUDE} {sql} limit {AT_MOST}", {"rule": rule})  # noqa: S608
        yield Finding(invariant, tuple(str(row[0]) for row in found))


def _rows(sql: str, values: Mapping[str, Any] | None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()
