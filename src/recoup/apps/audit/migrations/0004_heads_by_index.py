"""The last line of each stream is sought in the index, stream by stream, however long the trail."""

from django.db import migrations

HEADS = """
create or replace function audit_heads(streams text[])
  returns table (stream text, stream_seq int, leaf_hash bytea)
  language sql stable security definer set search_path = public as $$
  select l.stream, l.stream_seq, l.leaf_hash
  from unnest(streams) s cross join lateral (
    select a.stream, a.stream_seq, a.leaf_hash from audit_auditleaf a
    where a.stream = s order by a.stream_seq desc limit 1) l
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_enrolment_is_told")]
    operations = [migrations.RunSQL(HEADS, migrations.RunSQL.noop)]
