"""Who enrols writes lines as well: it runs as the owner of the tables, whom row security binds.

It may add lines and see no more of the trail than the heads that it continues.
"""

from django.db import migrations

SQL = """
create policy enrolment on audit_auditleaf for insert to recoup_owner with check (true);
create policy enrolment on audit_auditcommitment for insert to recoup_owner with check (true);
grant execute on function audit_heads to recoup_owner;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_row_level_security")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
