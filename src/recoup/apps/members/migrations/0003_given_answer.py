"""One statement finds what a machine's key was answered, after waiting for a call with the same."""

from django.db import migrations

FUNCTION = """
-- A statement sees what was committed before it began: the reading has to be one of its own.
create function given_answer(org bigint, given uuid)
returns table (request_sha256 bytea, status smallint, body bytea)
language plpgsql volatile set search_path = pg_catalog, public as $$
begin
  perform pg_advisory_xact_lock(hashtextextended(org || ' ' || given, 0));
  return query select g.request_sha256, g.status, g.body from members_givenanswer g
    where g.organisation_id = org and g.key = given;
end $$;
revoke all on function given_answer(bigint, uuid) from public;
grant execute on function given_answer(bigint, uuid) to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0002_row_level_security")]

    operations = [
        migrations.RunSQL(FUNCTION, "drop function given_answer(bigint, uuid)"),
    ]
