"""An imported ledger is seen by the organisation that imported it."""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"

SQL = f"""
alter table traces_importedledger enable row level security;
alter table traces_importedledger force row level security;
alter table traces_ledgertransfer enable row level security;
alter table traces_ledgertransfer force row level security;
create policy own on traces_importedledger for select to recoup_app using (organisation_id = {ORG});
create policy add on traces_importedledger for insert to recoup_app
  with check (organisation_id = {ORG} and exists (select 1 from cases_case k where k.id = case_id));
create policy own on traces_ledgertransfer for select to recoup_app
  using (exists (select 1 from traces_importedledger l where l.id = ledger_id));
create policy add on traces_ledgertransfer for insert to recoup_app
  with check (exists (select 1 from traces_importedledger l where l.id = ledger_id));
grant select, insert on traces_importedledger, traces_ledgertransfer to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [("traces", "0001_initial"), ("cases", "0002_row_level_security")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
