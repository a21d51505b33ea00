"""One final answer a ticket, kept by the database too; it went with the index of a foreign key."""

from django.db import migrations

ONE_FINAL = """
create unique index answer_one_final on lawful_requests_answer (ticket_id)
where replaces_id is null and stage = 'final'
"""


class Migration(migrations.Migration):
    dependencies = [("lawful_requests", "0012_lifts")]
    operations = [migrations.RunSQL(ONE_FINAL, "drop index answer_one_final")]
