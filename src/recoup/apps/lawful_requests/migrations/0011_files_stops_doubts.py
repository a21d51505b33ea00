"""Who sees which file of a request, papers of an order that nobody can link, doubts that end.

A file follows its request: the authority and the confirmer see what they decide on, an addressee
what its own ticket names, the requester a file of the addressee once a stored answer names it.
Files are added while the request is its author's. A doubt counts for as long as it is told to.
"""

from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
OF_TICKET = """exists (select 1 from lawful_requests_ticket t
    where t.id = ticket_id and t.issuer_id = lawful_requests_requestfile.issuer_id
      and t.addressee_id = lawful_requests_requestfile.addressee_id and t.sent_at is not null)"""

SQL = f"""
drop policy see on lawful_requests_requestfile;
create policy see on lawful_requests_requestfile for select to recoup_app using (
  (request_id is not null and (issuer_id = {ORG}
    or exists (select 1 from lawful_requests_request r
      where r.id = request_id and r.submitted_at is not null
        and (r.authority_id = {ORG} or r.confirmer_id = {ORG}))
    or exists (select 1 from lawful_requests_ticket t
      where t.of_id = request_id and t.addressee_id = {ORG} and t.sent_at is not null
        and t.draft->'files' @> jsonb_build_array(
          jsonb_build_object('file', lawful_requests_requestfile.id::text)))))
  or (ticket_id is not null and (addressee_id = {ORG}
    or (issuer_id = {ORG} and exists (select 1 from lawful_requests_answer a
      where a.ticket_id = lawful_requests_requestfile.ticket_id
        and position(convert_to('"file":"' || lawful_requests_requestfile.id::text || '"', 'UTF8')
          in a.body) > 0)))));
drop policy add on lawful_requests_requestfile;
create policy add on lawful_requests_requestfile for insert to recoup_app
  with check (person_id = {PERSON} and (
    (ticket_id is null and issuer_id = {ORG} and exists (select 1 from lawful_requests_request r
      where r.id = request_id and r.issuer_id = {ORG} and r.state in ('drafted', 'asked')))
    or (addressee_id = {ORG} and {OF_TICKET})));

create function doubting_desks(which bigint, lasting interval) returns bigint
  language sql stable security definer set search_path = public as $$
  select count(distinct d.addressee_id) from lawful_requests_doubt d
  where d.issuer_id = which and d.lifted_at is null and d.at > now() - lasting
$$;
alter function doubting_desks(bigint, interval) owner to recoup_policy;
revoke all on function doubting_desks(bigint, interval) from public;
grant execute on function doubting_desks(bigint, interval) to recoup_app, recoup_planner;
drop function doubting_desks(bigint);

create or replace function paper_by_code(first uuid, last uuid)
  returns table (paper text, reference text, sender text, sender_code text, to_kind text, measure text,
    issued_at timestamptz, until timestamptz, state text, is_replaced boolean)
  language sql stable security definer set search_path = public as $$
  select 'request', t.reference::text, i.name::text, i.code::text, a.kind::text, t.measure::text, t.sent_at,
    t.hold_until, t.state::text, false
  from lawful_requests_ticket t
  join members_organisation i on i.id = t.issuer_id
  join members_organisation a on a.id = t.addressee_id
  where t.id between first and last and t.of_id is not null and t.sent_at is not null
  union all
  select 'order', t.reference::text, o.name::text, o.code::text, '', r.measure::text, d.decided_at,
    null, r.state::text, false
  from lawful_requests_ticket t
  join lawful_requests_decision d on d.id = t.decision_id
  join lawful_requests_request r on r.id = d.request_id
  join members_organisation o on o.id = d.authority_id
  where t.order_paper between first and last and t.order_paper is not null
    and t.sent_at is not null
  union all
  select 'order', r.reference::text, o.name::text, o.code::text, '', r.measure::text, d.decided_at,
    null, r.state::text, false
  from lawful_requests_decision d
  join lawful_requests_request r on r.id = d.request_id
  join members_organisation o on o.id = d.authority_id
  where d.id between first and last and d.kind in ('authorised', 'narrowed')
    and r.opened_at is not null
  union all
  select 'answer', t.reference::text, a.name::text, a.code::text, i.kind::text, t.measure::text,
    w.received_at, null, 'answered',
    exists (select 1 from lawful_requests_answer l where l.replaces_id = w.id)
  from lawful_requests_answer w
  join lawful_requests_ticket t on t.id = w.ticket_id
  join members_organisation i on i.id = t.issuer_id
  join members_organisation a on a.id = t.addressee_id
  where w.id between first and last and t.of_id is not null
  limit 1
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("lawful_requests", "0010_who_wrote_it")]
    operations = [
        migrations.AddField(
            model_name="ticket",
            name="order_paper",
            field=models.UUIDField(
                help_text="What the code of its order comes from: no other ticket has it.",
                null=True,
            ),
        ),
        migrations.AddIndex(
            model_name="ticket",
            index=models.Index(
                condition=models.Q(("order_paper__isnull", False)),
                fields=["order_paper"],
                name="ticket_order_paper",
            ),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
