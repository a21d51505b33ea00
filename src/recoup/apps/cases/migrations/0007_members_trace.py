"""Members of a case trace it themselves, and an officer takes a link between reports back.

A trace needs every booking connected with a case, other cases' too: labels of all claims compete on
an account. ``facts_of_case`` gives a member these facts, and no bank's reference of a booking; the
pages show only what carries the case's own money. Judgements of links are rows that are only added.
"""

import uuid

import django.db.models.deletion
from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
MEMBER = f"k.visible_to @> array[{ORG}]"
SEEN = "exists (select 1 from cases_case k where k.id = case_id)"
REPLACED = "exists (select 1 from lawful_requests_answer n where n.replaces_id = a.id)"
TOLD = "a.received_at, a.stage desc, a.id"


def micros(column: str) -> str:
    return f"(extract(epoch from {column}) * 1000000)::bigint"


FACTS = f"""
create policy definer on holds_destination for select to recoup_policy using (true);
grant select on holds_destination to recoup_policy;

create function facts_of_case(which uuid, at_most int, bookings_at_most int) returns jsonb
  language plpgsql stable security definer set search_path = public as $$
declare
  found uuid[] := '{{}}';
  layer uuid[];
begin
  if not exists (select 1 from cases_case k where k.id = which and {MEMBER}) then
    return null;
  end if;
  select array_agg(distinct x.id) into layer from (
    select unnest(array[p.payer_id, p.payee_id]) as id
    from holds_claim c join holds_allegedpayment p on p.id = c.payment_id
    where c.case_id = which) x where x.id is not null;
  while layer is not null loop
    found := found || layer;
    if cardinality(found) > at_most then
      return jsonb_build_object('too_many', cardinality(found));
    end if;
    with moved as (
      select s.movement_id from holds_movementside s where s.account_id = any(layer)
      union
      select d.movement_id from holds_destination d where d.account_id = any(layer)
    )
    select array_agg(distinct x.id) into layer from (
      select s.account_id as id from holds_movementside s join moved using (movement_id)
      union
      select d.account_id from holds_destination d join moved using (movement_id)
      union
      select p.payer_id from holds_allegedpayment p where p.payee_id = any(layer)
      union
      select p.payee_id from holds_allegedpayment p where p.payer_id = any(layer)
    ) x where x.id is not null and x.id <> all(found);
  end loop;
  if (select count(*) from (
    select 1 from holds_movementside where account_id = any(found) limit bookings_at_most + 1
  ) s) > bookings_at_most then
    return jsonb_build_object('too_many', bookings_at_most);
  end if;
  return jsonb_build_object(
    'accounts', (
      select jsonb_agg(jsonb_build_array(
        c.id, c.currency, o.kind, c.scheme, c.ident, o.name) order by c.id)
      from cases_account c join members_organisation o on o.id = c.institution_id
      where c.id = any(found)),
    'joined', (
      select jsonb_agg(jsonb_build_array(m.id, m.same_as_id) order by m.id)
      from holds_movement m where m.same_as_id is not null and m.id in (
        select movement_id from holds_movementside where account_id = any(found)
        union select movement_id from holds_destination where account_id = any(found))),
    'claims', (
      select jsonb_agg(jsonb_build_array(
        c.id, c.case_id, c.amount_minor, c.currency, p.payer_id, p.payee_id, c.movement_id,
        {micros("p.paid_at")}, c.state, c.adopted_at is not null, c.returned_minor,
        {micros("k.reported_at")}, k.reference, c.returned_doubt_minor) order by c.id)
      from holds_claim c
      join holds_allegedpayment p on p.id = c.payment_id
      join cases_case k on k.id = c.case_id
      where (p.payee_id = any(found) or p.payer_id = any(found)) and p.payee_id is not null
        and not (c.state = 'alleged' and c.possible_double_of_id is not null)
        and not (c.state = 'alleged' and c.adopted_at is null and c.is_barred)),
    'windows', (
      select jsonb_agg(jsonb_build_array(
        w.account_id, {micros("w.from_at")}, {micros("w.to_at")}, w.opening_minor,
        w.closing_minor, w.is_complete, a.id) order by {TOLD})
      from holds_ledgerwindow w join lawful_requests_answer a on a.id = w.answer_id
      where w.account_id = any(found) and not {REPLACED}),
    'sides', (
      select jsonb_agg(jsonb_build_array(
        s.account_id, md5(s.reference), s.is_credit, s.movement_id, s.amount_minor, s.currency,
        {micros("s.booked_at")}, s.seq, a.id) order by {TOLD}, s.id)
      from holds_movementside s join lawful_requests_answer a on a.id = s.answer_id
      where s.account_id = any(found) and not {REPLACED}),
    'destinations', (
      select jsonb_agg(jsonb_build_array(
        d.movement_id, d.account_id, d.sink, d.credit_minor, d.credit_currency, a.id, d.place)
        order by {TOLD}, d.id)
      from holds_destination d join lawful_requests_answer a on a.id = d.answer_id
      where not {REPLACED} and exists (
        select 1 from holds_movementside s
        where s.movement_id = d.movement_id and not s.is_credit and s.account_id = any(found))),
    'answers', (
      select jsonb_agg(jsonb_build_array(
        a.id, t.reference, o.name, {micros("a.received_at")}) order by a.id)
      from lawful_requests_answer a
      join lawful_requests_ticket t on t.id = a.ticket_id
      join cases_account c on c.id = t.account_id
      join members_organisation o on o.id = c.institution_id
      where a.id in (select answer_id from holds_movementside where account_id = any(found)))
  );
end $$;
alter function facts_of_case owner to recoup_policy;
revoke all on function facts_of_case from public;
grant execute on function facts_of_case to recoup_app;
"""

JUDGED = f"""
alter table cases_linkjudged enable row level security;
alter table cases_linkjudged force row level security;
create policy hub on cases_linkjudged to recoup_planner using (true) with check (true);
create policy see on cases_linkjudged for select to recoup_app using ({SEEN});
create policy judge on cases_linkjudged for insert to recoup_app with check ({SEEN});
grant select on cases_linkjudged to recoup_planner;
grant select, insert on cases_linkjudged to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0006_no_clock_for_what_was_let_go"),
        ("holds", "0013_fewer_indexes"),
        ("lawful_requests", "0005_fewer_indexes"),
        ("members", "0008_fewer_indexes"),
    ]
    operations = [
        migrations.CreateModel(
            name="LinkJudged",
            fields=[
                (
                    "id",
                    models.UUIDField(
                        default=uuid.uuid4, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("kind", models.CharField(max_length=16)),
                ("value", models.CharField(max_length=140)),
                ("counts", models.BooleanField()),
                ("ground", models.CharField(max_length=200)),
                ("by_name", models.CharField(max_length=160)),
                ("at", models.DateTimeField()),
                (
                    "case",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="links_judged",
                        to="cases.case",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["case", "at"], name="link_judged_case")],
            },
        ),
        migrations.RunSQL(FACTS + JUDGED, migrations.RunSQL.noop),
    ]
