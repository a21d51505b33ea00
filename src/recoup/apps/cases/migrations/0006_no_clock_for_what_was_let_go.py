"""The end of a hold that was withdrawn, and under which nothing is held, is nobody's clock.

The row keeps its end and its state: if the bank tells later that something is held after all, the
clock is there again. The rule is that of ``core.hold.is_let_go``.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
MEMBER = f"k.visible_to @> array[{ORG}]"

SQL = f"""
create or replace function first_hold_ends(which uuid[])
  returns table (case_id uuid, until timestamptz)
  language sql stable security definer set search_path = public as $$
  select h.case_id, min(h.until)
  from holds_hold h
  join cases_case k on k.id = h.case_id and {MEMBER}
  where h.case_id = any(which) and h.state in ('asked', 'placed') and h.until is not null
    and (h.held_minor > 0 or (
      h.asked_minor > 0 and h.limit_minor is distinct from 0
      and (select t.state from lawful_requests_ticket t where t.request = h.id
        order by t.round desc limit 1) is distinct from 'withdrawn'))
  group by h.case_id
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0005_fewer_indexes"),
        ("holds", "0013_fewer_indexes"),
    ]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
