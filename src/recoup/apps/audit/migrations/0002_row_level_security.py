"""The trail is insert-only twice over: no grant to change it, and triggers that refuse.

Commitments may be erased (that is what they are for), by the owner only.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"

SQL = f"""
alter table audit_auditleaf enable row level security;
alter table audit_auditleaf force row level security;
alter table audit_auditcommitment enable row level security;
alter table audit_auditcommitment force row level security;
alter table audit_auditsequence enable row level security;
alter table audit_auditsequence force row level security;

create policy see on audit_auditleaf for select to recoup_app using (organisation_id = {ORG});
create policy add on audit_auditleaf for insert to recoup_app with check (organisation_id = {ORG});
create policy see on audit_auditcommitment for select to recoup_app using (organisation_id = {ORG});
create policy add on audit_auditcommitment for insert to recoup_app
  with check (organisation_id = {ORG});
create policy hub on audit_auditleaf to recoup_planner using (true) with check (true);
create policy hub on audit_auditcommitment to recoup_planner using (true) with check (true);
create policy hub on audit_auditsequence to recoup_planner using (true) with check (true);
create policy heads on audit_auditleaf for select to recoup_policy using (true);

grant select, insert on audit_auditleaf, audit_auditcommitment to recoup_app, recoup_planner;
grant select, insert on audit_auditsequence to recoup_planner;
grant select on audit_auditleaf to recoup_policy;

create function audit_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'the audit trail is never changed';
end $$;
create trigger audit_leaf_kept before update or delete or truncate on audit_auditleaf
  for each statement execute function audit_refuse();
create trigger audit_sequence_kept before update or delete or truncate on audit_auditsequence
  for each statement execute function audit_refuse();

create function audit_heads(streams text[])
  returns table (stream text, stream_seq int, leaf_hash bytea)
  language sql stable security definer set search_path = public as $$
  select distinct on (l.stream) l.stream, l.stream_seq, l.leaf_hash
  from audit_auditleaf l where l.stream = any(streams)
  order by l.stream, l.stream_seq desc
$$;
alter function audit_heads owner to recoup_policy;
revoke all on function audit_heads from public;
grant execute on function audit_heads to recoup_app, recoup_planner;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("members", "0002_row_level_security")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
