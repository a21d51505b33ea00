"""What figures are counted over: each source is one list of things, bounded, out of real tables.

A source gives the columns ``label``, ``detail``, ``at`` and ``ticket`` for a page that shows the
rows behind a figure, and whatever its measures ask. Every one names the organisation; row-level
security beneath it says the same. Parameters: org, since, now, the limits of ``guidelines.toml``,
office hours, zone, known codes and channels. All use indexes that the stations have for their own
lists, and read no more than ``newest`` (where requests are opened and read, ``newest_read``).
"""

from __future__ import annotations

from typing import Final

# The answer that counts: the final one, or the last correction of it.
ANSWER: Final = """
left join lateral (
  select a.code, a.ground, a.stage, a.received_at
  from lawful_requests_answer a
  where a.ticket_id = t.id and a.stage <> 'interim'
  order by a.received_at desc, a.stage limit 1) a on true
"""

# A request's clock never runs out before it was sent: so the issuer's index by clock finds them.
ISSUED: Final = """
select t.* from (
  select id, reference, measure, kind, state, case_id, account_id, round, asked_minor, urgency,
    instruction_id, authorised_at, sent_at
  from lawful_requests_ticket
  where issuer_id = %(org)s and due_at >= %(since)s and sent_at >= %(since)s
  order by due_at desc limit %(newest)s) t
"""

ASKED: Final = f"""
select t.reference as label, t.measure as detail, t.sent_at as at, t.id as ticket,
  t.asked_minor, t.urgency, t.instruction_id is not null as has_instruction, a.code,
  i.first_signer_id <> i.second_signer_id and i.signed_at <= t.authorised_at
    and (i.valid_until is null or i.valid_until > t.authorised_at) as is_signed_by_two,
  exists (
    select 1 from lawful_requests_ticket e
    where e.case_id = t.case_id and e.account_id = t.account_id and e.measure = t.measure
      and e.kind = t.kind and e.asked_minor = t.asked_minor and e.round < t.round
      and e.state in ('sent', 'acknowledged', 'answered')) as is_repeated
from ({ISSUED}) t
left join lawful_requests_standinginstruction i on i.id = t.instruction_id
{ANSWER}
"""  # noqa: S608  (our own text; values are parameters)

RECEIVED: Final = f"""
select t.reference as label, t.measure as detail, t.sent_at as at, t.id as ticket, t.state,
  t.answered_at, t.acknowledged_at, t.answered_at - t.sent_at as took,
  d.due_at as answer_by, k.due_at as acknowledge_by, a.code, a.ground, a.stage,
  (t.measure || ':' || a.code) = any(%(codes)s) as is_in_form,
  extract(isodow from t.sent_at at time zone %(zone)s) = any(%(days_off)s)
    or extract(hour from t.sent_at at time zone %(zone)s) < %(office_from)s
    or extract(hour from t.sent_at at time zone %(zone)s) >= %(office_until)s as is_out_of_hours
from (
  select id, reference, measure, state, sent_at, answered_at, acknowledged_at
  from lawful_requests_ticket
  where addressee_id = %(org)s and sent_at >= %(since)s
  order by sent_at desc limit %(newest)s) t
left join lawful_requests_deadline d on d.ticket_id = t.id and d.kind = 'answer' and d.level = 0
left join lawful_requests_deadline k
  on k.ticket_id = t.id and k.kind = 'acknowledge' and k.level = 0
{ANSWER}
"""  # noqa: S608

# Each is opened and read: its frozen form, and whether its sending stands in the trail.
ISSUED_READ: Final = """
select t.reference as label, t.measure as detail, t.sent_at as at, t.id as ticket, t.draft,
  exists (
    select 1 from audit_auditleaf l
    where l.stream = 'ticket:' || t.id
      and position('"what":"ticket:sent"'::bytea in l.body) > 0) as is_in_trail
from (
  select id, reference, measure, draft, sent_at from lawful_requests_ticket
  where issuer_id = %(org)s and due_at >= %(since)s and sent_at >= %(since)s
  order by due_at desc limit %(newest_read)s) t
"""

RECEIVED_READ: Final = """
select reference as label, measure as detail, sent_at as at, id as ticket, draft
from lawful_requests_ticket
where addressee_id = %(org)s and sent_at >= %(since)s
order by sent_at desc limit %(newest_read)s
"""

ANSWERED_READ: Final = """
select t.reference as label, t.measure as detail, t.answered_at as at, t.id as ticket,
  exists (
    select 1 from audit_auditleaf l
    where l.stream = 'ticket:' || t.id
      and position('"what":"ticket:answered"'::bytea in l.body) > 0) as is_in_trail
from (
  select id, reference, measure, answered_at from lawful_requests_ticket
  where addressee_id = %(org)s and answered_at >= %(since)s
  order by answered_at desc limit %(newest_read)s) t
"""

OPEN_NOW: Final = """
select t.reference as label, t.measure as detail, t.sent_at as at, t.id as ticket, d.due_at
from (
  select id, reference, measure, sent_at from lawful_requests_ticket
  where addressee_id = %(org)s and state in ('sent', 'acknowledged') and sent_at is not null
  order by urgency desc limit %(newest)s) t
left join lawful_requests_deadline d on d.ticket_id = t.id and d.kind = 'answer' and d.level = 0
"""

# Of each addressee no more are counted than it takes to know that there are too many.
LOAD: Final = """
select o.name as label, n.load::text as detail, null::timestamptz as at, null::uuid as ticket,
  n.load
from members_organisation o cross join lateral (
  select count(*) as load from (
    select 1 from lawful_requests_ticket
    where addressee_id = o.id and issuer_id = %(org)s and state in ('sent', 'acknowledged')
    order by urgency desc limit %(open_at_most)s + 1) t) n
where o.kind <> 'public' and n.load > 0
"""

# A stream of looking is look:CASE:PERSON; of each case that the organisation came to lately, by
# whoever ever had a mandate there. Named whole, so that each is one step into the index.
LOOKS: Final = """
select k.reference as label, p.full_name as detail, l.recorded_at as at, null::uuid as ticket,
  exists (
    select 1 from members_mandate m
    where m.organisation_id = %(org)s and m.person_id = p.id and m.valid_from <= l.recorded_at
      and (m.valid_until is null or m.valid_until > l.recorded_at)) as is_by_member
from (
  select case_id from cases_casemember
  where organisation_id = %(org)s and since >= %(since)s
  order by since desc limit %(newest_read)s) c
join cases_case k on k.id = c.case_id
cross join (
  select id, full_name from members_person
  where id in (select person_id from members_mandate where organisation_id = %(org)s)) p
cross join lateral (
  select recorded_at from audit_auditleaf
  where organisation_id = %(org)s
    and stream = 'look:' || replace(c.case_id::text, '-', '') || ':'
      || left(replace(p.id::text, '-', ''), 24)
  offset 0) l
"""

OWN_CASES: Final = """
select id, reference, opened_at, handed_over_at from cases_case
where owner_id = %(org)s and opened_at >= %(since)s
order by opened_at desc limit %(newest)s
"""

CLAIMS: Final = f"""
select k.reference as label, c.state as detail, k.opened_at as at, null::uuid as ticket, c.state
from ({OWN_CASES}) k join holds_claim c on c.case_id = k.id
"""  # noqa: S608

HOLDS: Final = f"""
select k.reference as label, h.state as detail, h.ended_at as at, null::uuid as ticket, h.state,
  h.answered_at is not null as is_answered,
  h.state <> 'lapsed' or k.handed_over_at <= h.ended_at as is_followed
from ({OWN_CASES}) k join holds_hold h on h.case_id = k.id
"""  # noqa: S608

ABROAD: Final = """
select channel as label, outcome as detail, sent_at as at, null::uuid as ticket, channel
from cases_requestabroad
where owner_id = %(org)s and sent_at >= %(since)s
order by sent_at desc limit %(newest)s
"""

# Sums are told to a reporter once the debit was confirmed or the report adopted (reports/told.py).
TOLD_BACK: Final = """
select r.reference as label, r.channel as detail, r.received_at as at, null::uuid as ticket,
  r.received_at < %(now)s - interval '1 day' as is_a_day_old, t.told is not null as is_told
from (
  select id, reference, channel, received_at from reports_report
  where competent_id = %(org)s and channel = 'bank' and received_at >= %(since)s
  order by received_at desc limit %(newest_read)s) r
left join lateral (
  select coalesce(merged_into_id, id) as id from cases_case
  where report_id = r.id limit 1) k on true
left join lateral (
  select 1 as told from holds_claim c
  where c.case_id = k.id and (c.state = 'confirmed' or c.adopted_at is not null)
    and exists (select 1 from holds_casetotal s where s.case_id = c.case_id)
  limit 1) t on true
"""

REPORTED: Final = """
select to_char(n.began at time zone %(zone)s, 'YYYY-MM-DD') as label, '' as detail, n.began as at,
  null::uuid as ticket,
  exists (
    select 1 from reports_report r
    where r.organisation_id = %(org)s
      and r.received_at >= n.began and r.received_at < n.began + interval '30 days') as is_told
from generate_series(
  %(since)s::timestamptz, %(now)s::timestamptz - interval '1 day', interval '30 days') n (began)
"""

CONTACT: Final = """
select n.label, n.detail, null::timestamptz as at, null::uuid as ticket, n.is_there
from members_organisation o cross join lateral (values
  ('name', o.contact_name, o.contact_name <> ''),
  ('telephone', o.contact_phone, o.contact_phone <> ''),
  ('e-mail', o.contact_email, o.contact_email <> ''),
  ('on duty', '', exists (
    select 1 from members_mandate m
    where m.organisation_id = o.id and m.is_on_duty and m.valid_from <= %(now)s
      and (m.valid_until is null or m.valid_until > %(now)s)))
) n (label, detail, is_there)
where o.id = %(org)s
"""

PEOPLE: Final = """
select p.full_name as label, p.email as detail, m.valid_from as at, null::uuid as ticket,
  split_part(p.email, '@', 2) = d.domain or split_part(p.email, '@', 2) like '%%.' || d.domain
    as is_official
from (
  select id, nullif(split_part(contact_email, '@', 2), '') as domain
  from members_organisation where id = %(org)s) d
join members_mandate m on m.organisation_id = d.id and m.valid_from <= %(now)s
  and (m.valid_until is null or m.valid_until > %(now)s)
join members_person p on p.id = m.person_id and not p.is_system
"""

SOURCES: Final = {
    "asked": ASKED, "received": RECEIVED, "issued_read": ISSUED_READ,
    "received_read": RECEIVED_READ, "answered_read": ANSWERED_READ, "open_now": OPEN_NOW,
    "load": LOAD, "looks": LOOKS, "claims": CLAIMS, "holds": HOLDS, "abroad": ABROAD,
    "told_back": TOLD_BACK, "reported": REPORTED, "contact": CONTACT, "people": PEOPLE,
}  # fmt: skip
# What is so now; no period.
NOW: Final = frozenset({"open_now", "load", "contact", "people"})
# Of few rows: counted in one statement.
TOGETHER: Final = NOW | {"abroad", "told_back"}
# Bounded by the shorter limit.
READ: Final = frozenset({"issued_read", "received_read", "answered_read", "looks", "told_back"})
