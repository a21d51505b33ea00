"""Whoever calls back is told that a number is new, which one stood there before, and since when.

The pages see changes of their own organisation only: this function answers the one question.
"""

from django.db import migrations

SQL = """
create function directory_number(of_org bigint, since timestamptz)
  returns table (changed_at timestamptz, number_before text, before_since timestamptz)
  language sql stable security definer set search_path = public as $$
  select c.acted_at, coalesce(c.before->>'contact_phone', ''), (select max(e.acted_at)
    from members_directorychange e where e.organisation_id = of_org
      and e.acted_at < c.acted_at and e.changes ? 'contact_phone')
  from members_directorychange c where c.organisation_id = of_org and c.acted_at > since
    and c.changes ? 'contact_phone'
  order by c.acted_at desc limit 1
$$;
alter function directory_number owner to recoup_policy;
revoke all on function directory_number from public;
grant execute on function directory_number to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0015_keys_cool_down")]

    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
