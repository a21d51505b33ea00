"""A declaration is seen by its organisation, told by a person of it in their own name, and kept.

Kept twice over: there is no grant to change one, and a trigger refuses it to the owner too.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"

SQL = f"""
alter table guidelines_declaration enable row level security;
alter table guidelines_declaration force row level security;
create policy see on guidelines_declaration for select to recoup_app
  using (organisation_id = {ORG});
create policy tell on guidelines_declaration for insert to recoup_app
  with check (organisation_id = {ORG} and person_id = {PERSON});
grant select, insert on guidelines_declaration to recoup_app;

create function declaration_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'a declaration is never changed: declare anew';
end $$;
create trigger declaration_kept before update or delete on guidelines_declaration
  for each statement execute function declaration_refuse();
"""


class Migration(migrations.Migration):
    dependencies = [("guidelines", "0001_initial"), ("members", "0002_row_level_security")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
