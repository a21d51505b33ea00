"""Members of a case read when its holds end, and under which reference each bank keeps its block.

Holds and answers are seen by issuer and addressee. A prosecutor to whom a case was handed over is
neither, and has to name the block in what they ask for. Of an answer nothing but that leaves here.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
MEMBER = f"k.visible_to @> array[{ORG}]"

SQL = f"""
create function block_references_of_case(which uuid) returns table (request uuid, reference text)
  language sql stable security definer set search_path = public as $$
  select distinct on (t.request) t.request, a.block_reference
  from lawful_requests_ticket t
  join lawful_requests_answer a on a.ticket_id = t.id
  where t.case_id = which and t.measure = 'hold' and a.block_reference <> ''
    and exists (select 1 from cases_case k where k.id = which and {MEMBER})
    and not exists (select 1 from lawful_requests_answer n where n.replaces_id = a.id)
  order by t.request, t.round desc, a.received_at desc
$$;
alter function block_references_of_case owner to recoup_policy;
revoke all on function block_references_of_case from public;
grant execute on function block_references_of_case to recoup_app;

create function first_hold_ends(which uuid[]) returns table (case_id uuid, until timestamptz)
  language sql stable security definer set search_path = public as $$
  select h.case_id, min(h.until)
  from holds_hold h
  join cases_case k on k.id = h.case_id and {MEMBER}
  where h.case_id = any(which) and h.state in ('asked', 'placed') and h.until is not null
  group by h.case_id
$$;
alter function first_hold_ends owner to recoup_policy;
revoke all on function first_hold_ends from public;
grant execute on function first_hold_ends to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0002_row_level_security"),
        ("holds", "0005_members_read_windows"),
        ("lawful_requests", "0003_lists_of_an_addressee"),
    ]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
