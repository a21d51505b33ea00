"""Grants on who takes part; row-level security on the answers kept for machines.

Organisations, persons, mandates, log-ins and keys carry no policy: sign-in reads them before anyone
is known. The web log-in may read them and change nothing but its own last sign-in.
"""

from django.db import migrations

READ = [
    "members_organisation", "members_hostedidentifier", "members_person", "members_mandate", "members_login", "members_apikey",
]  # fmt: skip
SESSION = ["django_session", "account_emailaddress", "account_emailconfirmation"]
ORG = "nullif(current_setting('recoup.org', true), '')::bigint"

SQL = (
    "".join(
        f"grant select on {table} to recoup_app, recoup_planner, recoup_policy;" for table in READ
    )
    + f"""
grant update (last_login, password) on members_login to recoup_app;
grant select on django_content_type, auth_permission, auth_group to recoup_app, recoup_planner;
grant select, insert, update, delete on {", ".join(SESSION)} to recoup_app;
grant usage on all sequences in schema public to recoup_app, recoup_planner;
alter default privileges in schema public grant usage on sequences to recoup_app, recoup_planner;
grant usage, create on schema public to recoup_policy;
grant usage on schema public to recoup_app, recoup_planner;
alter table members_givenanswer enable row level security;
alter table members_givenanswer force row level security;
create policy own on members_givenanswer to recoup_app
  using (organisation_id = {ORG}) with check (organisation_id = {ORG});
grant select, insert on members_givenanswer to recoup_app;
create policy owner_all on members_givenanswer to recoup_owner using (true) with check (true);
"""
)


class Migration(migrations.Migration):
    dependencies = [
        ("members", "0001_initial"),
        ("sessions", "0001_initial"),
        ("contenttypes", "0002_remove_content_type_name"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
