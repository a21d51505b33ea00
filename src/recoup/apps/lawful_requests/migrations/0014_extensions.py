"""An order that makes longer what another began, and what was kept or stopped before.

``effects_before`` tells whoever asks, and whoever is asked to decide, how long the same was kept or
stopped under one requester's orders, whichever authority decided those.
"""

import django.db.models.deletion
from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"

SQL = f"""
create index ticket_effect on lawful_requests_ticket
  using gin ((draft -> 'identifiers') jsonb_path_ops)
  where of_id is not null and hold_until is not null;

create function effects_before(own uuid, requester bigint, asked text, wanted jsonb)
  returns table (power text, addressee text, value text, reference text, request text,
    since timestamptz, until timestamptz, is_new boolean, is_extended boolean, is_lifted boolean)
  language sql stable security definer set search_path = public as $$
  select r.power::text, w ->> 'addressee', w ->> 'value', t.reference::text, r.reference::text,
    t.sent_at, least(t.hold_until, t.released_at), d.content ? 'new_facts',
    exists (select 1 from lawful_requests_ticket e where e.extends_id = t.id
      and e.state not in ('refused', 'withdrawn', 'lapsed', 'undeliverable')),
    t.lift_at is not null
  from jsonb_array_elements(wanted) w
  join members_organisation a on a.code = w ->> 'addressee'
  join lawful_requests_ticket t on t.addressee_id = a.id and t.issuer_id = requester
    and t.measure = asked and t.of_id is not null and t.hold_until is not null
    and t.extends_id is null and t.draft -> 'identifiers'
      @> jsonb_build_array(jsonb_build_object('value', w ->> 'value'))
  join lawful_requests_request r on r.id = t.of_id and r.id is distinct from own
  join lawful_requests_decision d on d.id = t.decision_id
  where (requester = {ORG} or exists (select 1 from lawful_requests_request q
      where q.id = own and q.issuer_id = requester and q.submitted_at is not null
        and {ORG} in (q.authority_id, q.confirmer_id)))
    and (t.state in ('sent', 'acknowledged') and t.hold_until > now()
      or exists (select 1 from lawful_requests_answer w2 where w2.ticket_id = t.id
        and w2.code in ('preserved', 'part_preserved', 'held', 'part_held', 'monitoring_begun')
        and not exists (select 1 from lawful_requests_answer l where l.replaces_id = w2.id)))
  order by t.sent_at
$$;
alter function effects_before owner to recoup_policy;
revoke all on function effects_before from public;
grant execute on function effects_before to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [("lawful_requests", "0013_one_final_answer")]
    operations = [
        migrations.AddField(
            "ticket", "extends",
            models.ForeignKey(
                "lawful_requests.Ticket", django.db.models.deletion.PROTECT, null=True,
                related_name="extensions", db_index=False,
                help_text="The ticket whose effect it makes longer.",
            ),
        ),
        migrations.AddIndex(
            "ticket",
            models.Index(
                fields=["extends"], condition=models.Q(("extends__isnull", False)),
                name="ticket_extends",
            ),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]  # fmt: skip
