"""The newest ticket that waits at each institution is sought in the index, five times a second."""

from django.db import migrations

TIDE = """
drop function inbox_tide();
create function inbox_tide() returns table (addressee_id bigint, newest timestamptz)
  language sql stable security definer set search_path = public as $$
  select o.id, t.sent_at
  from members_organisation o cross join lateral (
    select w.sent_at from lawful_requests_ticket w
    where w.addressee_id = o.id and w.state = 'sent' order by w.sent_at desc limit 1) t
$$;
alter function inbox_tide owner to recoup_policy;
revoke all on function inbox_tide from public;
grant execute on function inbox_tide to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lawful_requests", "0003_lists_of_an_addressee"),
        ("members", "0002_row_level_security"),
    ]
    operations = [migrations.RunSQL(TIDE, migrations.RunSQL.noop)]
