"""What was kept or stopped is lifted again: ordered when its time or its order ended, and told.

The addressee says when it was released. The public page of an order says when its effect ends, and
that an order of an emergency still waits for its confirmation.
"""

import django.db.models.deletion
from django.db import migrations, models

from recoup.apps.at_once import at_once

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"

SQL = f"""
grant update (lift_at, lift_ground, released_at, released_by_id, released_note)
  on lawful_requests_ticket to recoup_app;

create function ticket_lift_frozen() returns trigger language plpgsql as $$
begin
  if old.lift_at is not null and (new.lift_at, new.lift_ground)
      is distinct from (old.lift_at, old.lift_ground)
    or old.released_at is not null and (new.released_at, new.released_by_id)
      is distinct from (old.released_at, old.released_by_id) then
    raise exception 'what was lifted stays lifted: ticket %', old.reference;
  end if;
  return new;
end $$;
create trigger ticket_lift_frozen before update on lawful_requests_ticket
  for each row when (old.lift_at is not null) execute function ticket_lift_frozen();

create policy of_lift on lawful_requests_deadline for insert to recoup_app
  with check (of_id is null and kind = 'release' and fired_at is null and issuer_id = {ORG}
    and exists (select 1 from lawful_requests_ticket t
      where t.id = ticket_id and t.lift_at is not null
        and t.issuer_id = lawful_requests_deadline.issuer_id
        and t.addressee_id = lawful_requests_deadline.addressee_id));

create or replace function paper_by_code(first uuid, last uuid)
  returns table (paper text, reference text, sender text, sender_code text, to_kind text,
    measure text, issued_at timestamptz, until timestamptz, state text, is_replaced boolean)
  language sql stable security definer set search_path = public as $$
  select 'request', t.reference::text, i.name::text, i.code::text, a.kind::text, t.measure::text,
    t.sent_at, t.hold_until,
    case when t.lift_ground = 'ended' then 'lapsed' when t.lift_at is not null then t.lift_ground
      when r.state in ('refused', 'withdrawn', 'lapsed') then r.state
      when r.confirm_by is not null or r.written_by is not null then 'awaits'
      else t.state end::text, false
  from lawful_requests_ticket t
  join lawful_requests_request r on r.id = t.of_id
  join members_organisation i on i.id = t.issuer_id
  join members_organisation a on a.id = t.addressee_id
  where t.id between first and last and t.of_id is not null and t.sent_at is not null
  union all
  select 'order', t.reference::text, o.name::text, o.code::text, '', r.measure::text, d.decided_at,
    t.hold_until,
    case when r.confirm_by is not null or r.written_by is not null then 'awaits'
      when t.lift_at is not null then 'lapsed' else r.state end::text, false
  from lawful_requests_ticket t
  join lawful_requests_decision d on d.id = t.decision_id
  join lawful_requests_request r on r.id = d.request_id
  join members_organisation o on o.id = d.authority_id
  where t.order_paper between first and last and t.order_paper is not null
    and t.sent_at is not null
  union all
  select 'order', r.reference::text, o.name::text, o.code::text, '', r.measure::text, d.decided_at,
    (select max(t.hold_until) from lawful_requests_ticket t where t.decision_id = d.id),
    case when r.confirm_by is not null or r.written_by is not null then 'awaits'
      else r.state end::text, false
  from lawful_requests_decision d
  join lawful_requests_request r on r.id = d.request_id
  join members_organisation o on o.id = d.authority_id
  where d.id between first and last and d.kind in ('authorised', 'narrowed')
    and r.opened_at is not null
  union all
  select 'answer', t.reference::text, a.name::text, a.code::text, i.kind::text, t.measure::text,
    w.received_at, null, 'answered',
    exists (select 1 from lawful_requests_answer l where l.replaces_id = w.id)
  from lawful_requests_answer w
  join lawful_requests_ticket t on t.id = w.ticket_id
  join members_organisation i on i.id = t.issuer_id
  join members_organisation a on a.id = t.addressee_id
  where w.id between first and last and t.of_id is not null
  limit 1
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("lawful_requests", "0011_files_stops_doubts"),
        ("members", "0009_more_kinds"),
    ]
    operations = [
        migrations.AddField(
            "ticket", "lift_at",
            models.DateTimeField(
                null=True, help_text="Since when what was done has to be lifted."
            ),
        ),
        migrations.AddField(
            "ticket", "lift_ground", models.CharField(blank=True, default="", max_length=16)
        ),
        migrations.AddField(
            "ticket", "released_at",
            models.DateTimeField(
                null=True, help_text="When the addressee lifted it, as it says itself."
            ),
        ),
        migrations.AddField(
            "ticket", "released_by",
            models.ForeignKey(
                db_index=False, null=True, on_delete=django.db.models.deletion.PROTECT,
                related_name="+", to="members.person",
            ),
        ),
        migrations.AddField(
            "ticket", "released_note",
            models.CharField(blank=True, default="", max_length=400),
        ),
        migrations.AddIndex(
            "ticket",
            models.Index(
                condition=models.Q(("lift_at__isnull", False), ("released_at", None)),
                fields=["addressee", "lift_at"], name="ticket_to_lift",
            ),
        ),
        migrations.AddConstraint(
            "ticket",
            models.CheckConstraint(
                condition=models.Q(("released_at", None))
                | models.Q(("lift_at__isnull", False), ("released_by__isnull", False)),
                name="ticket_released_was_lifted",
            ),
        ),
        migrations.RunSQL(SQL, migrations.RunSQL.noop),
    ]  # fmt: skip
    operations = at_once(operations)
