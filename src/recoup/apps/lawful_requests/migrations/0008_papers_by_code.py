"""What the public page may tell of a request's papers, whoever issued them.

The public sees no ticket, and a request may be any authority's, not only the competent unit's. This
function reads for it and gives the facts of the page and nothing else: no name of a person, no
account, no sum. What was not sent is not found. And the planner stops the clocks of requesters who
are doubted.
"""

from django.db import migrations

SQL = """
grant insert, update (ended_at) on lawful_requests_clockstop to recoup_planner;

create policy definer on lawful_requests_request for select to recoup_policy using (true);
create policy definer on lawful_requests_decision for select to recoup_policy using (true);
grant select on lawful_requests_request, lawful_requests_decision to recoup_policy;

create function paper_by_code(first uuid, last uuid)
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
alter function paper_by_code owner to recoup_policy;
revoke all on function paper_by_code from public;
grant execute on function paper_by_code to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [("lawful_requests", "0007_requests_row_security")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
