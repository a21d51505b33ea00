"""Members of a case learn which disclosures behind its trail do not add up, and by how much.

Windows and bookings stay with issuer and addressee of the answer. What leaves here are a window's
bounds, whether it is complete, and the sum by which it is out: no booking, no reference.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"

SQL = f"""
create policy definer on holds_ledgerwindow for select to recoup_policy using (true);
grant select on holds_ledgerwindow to recoup_policy;

create function windows_of_case(which uuid)
  returns table (account_id uuid, from_at timestamptz, to_at timestamptz, opening_minor bigint,
    closing_minor bigint, is_complete boolean, difference_minor bigint)
  language sql stable security definer set search_path = public as $$
  select w.account_id, w.from_at, w.to_at, w.opening_minor, w.closing_minor, w.is_complete,
    (w.opening_minor - w.closing_minor + coalesce((
      select sum(case when s.is_credit then s.amount_minor else -s.amount_minor end)
      from holds_movementside s
      where s.answer_id = w.answer_id and s.account_id = w.account_id), 0))::bigint
  from holds_ledgerwindow w
  join lawful_requests_answer a on a.id = w.answer_id
  where w.account_id in (select t.account_id from holds_trail t where t.case_id = which)
    and exists (select 1 from cases_case k where k.id = which and k.visible_to @> array[{ORG}])
    and not exists (select 1 from lawful_requests_answer n where n.replaces_id = a.id)
  order by w.account_id, a.received_at
$$;
alter function windows_of_case owner to recoup_policy;
revoke all on function windows_of_case from public;
grant execute on function windows_of_case to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("holds", "0004_when_holds_end"),
        ("lawful_requests", "0003_lists_of_an_addressee"),
    ]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
