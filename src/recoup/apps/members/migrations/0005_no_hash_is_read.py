"""No log-in of the hub reads or writes a password hash: three definer functions prove and change it.

``login_recipe`` tells how a password was hashed, never the hash; ``login_proved`` compares;
``login_change_password`` needs the hash that was proved. A session was tied to the hash; it is now
tied to ``session_mark``, which changes with the password. Whoever is signed in signs in again.

The table of the cache counts tries to sign in (its keys are digests), so that a restart or a second
process of the pages forgets none.
"""

import uuid

from django.db import migrations, models

COLUMNS = "id, last_login, username, email, person_id, is_active, session_mark"

SQL = f"""
update members_login set session_mark = gen_random_uuid();

revoke select, update on members_login from recoup_app;
revoke update (last_login, password) on members_login from recoup_app;
revoke select on members_login from recoup_planner;
grant select ({COLUMNS}) on members_login to recoup_app, recoup_planner;
grant update (last_login) on members_login to recoup_app;
grant update (password, session_mark) on members_login to recoup_policy;

create function login_recipe(name text) returns text
  language sql stable strict security definer set search_path = public as $$
  select regexp_replace(l.password, '\\$[^$]*$', '') from members_login l
  where l.username = name and l.password like '%$%'
$$;
create function login_proved(name text, encoded text) returns boolean
  language sql stable strict security definer set search_path = public as $$
  select exists (select from members_login l where l.username = name
    and sha256(convert_to(l.password, 'UTF8')) = sha256(convert_to(encoded, 'UTF8')))
$$;
create function login_change_password(which bigint, proved text, encoded text) returns uuid
  language sql volatile strict security definer set search_path = public as $$
  update members_login l set password = encoded, session_mark = gen_random_uuid()
  where l.id = which
    and sha256(convert_to(l.password, 'UTF8')) = sha256(convert_to(proved, 'UTF8'))
  returning l.session_mark
$$;
alter function login_recipe owner to recoup_policy;
alter function login_proved owner to recoup_policy;
alter function login_change_password owner to recoup_policy;
revoke all on function login_recipe, login_proved, login_change_password from public;
grant execute on function login_recipe, login_proved, login_change_password to recoup_app;

create table members_cache (
  cache_key varchar(255) primary key, value text not null, expires timestamptz not null);
create index members_cache_expires on members_cache (expires);
grant select, insert, update, delete on members_cache to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0004_forget_given_answers")]
    operations = [
        migrations.AddField(
            "login", "session_mark", models.UUIDField(default=uuid.uuid4, editable=False)
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]
