"""The worker may delete what Idempotency-Keys were answered, once its time is over."""

from django.db import migrations

RIGHTS = """
create policy hub_forgets on members_givenanswer for delete to recoup_planner using (true);
create policy hub_dates on members_givenanswer for select to recoup_planner using (true);
grant select (given_at), delete on members_givenanswer to recoup_planner;
"""
NO_RIGHTS = """
drop policy hub_forgets on members_givenanswer;
drop policy hub_dates on members_givenanswer;
revoke select (given_at), delete on members_givenanswer from recoup_planner;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0003_given_answer")]

    operations = [migrations.RunSQL(RIGHTS, NO_RIGHTS)]
