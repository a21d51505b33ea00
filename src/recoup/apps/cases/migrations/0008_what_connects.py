"""Only what somebody stands for connects cases; and a judgement of a link is of one pair of cases.

A stranger's reports, which nobody has confirmed or adopted, no longer lead from account to account:
they change no sum, and pushed a case beyond the bounds of re-tracing. The bookings are counted
layer by layer, so that what is too much is given up early. Each answer says whether the reader
asked for it, and whether it was given in a case that the reader may see.
"""

import django.db.models.deletion
from django.db import migrations, models

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
MEMBER = f"k.visible_to @> array[{ORG}]"
SEEN = "exists (select 1 from cases_case k where k.id = {column})"
REPLACED = "exists (select 1 from lawful_requests_answer n where n.replaces_id = a.id)"
TOLD = "a.received_at, a.stage desc, a.id"
STANDS = """(c.state = 'confirmed'
  or (c.adopted_at is not null and c.state not in ('denied', 'withdrawn', 'double')))"""


def micros(column: str) -> str:
    return f"(extract(epoch from {column}) * 1000000)::bigint"


def counted(table: str, column: str, so_far: str) -> str:
    """How many rows of a layer there are, as far as the bound leaves room for them."""
    return f"""{so_far} + (select count(*) from (
      select 1 from {table} where {column} limit bookings_at_most + 1 - {so_far}) x)"""


FACTS = f"""
create or replace function facts_of_case(which uuid, at_most int, bookings_at_most int)
  returns jsonb
  language plpgsql stable security definer set search_path = public as $$
declare
  found uuid[] := '{{}}';
  layer uuid[];
  bookings bigint := 0;
  destinations bigint := 0;
  payments bigint := 0;
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
      return jsonb_build_object('too_many', 'accounts');
    end if;
    bookings := {counted("holds_movementside", "account_id = any(layer)", "bookings")};
    destinations := {counted("holds_destination", "account_id = any(layer)", "destinations")};
    payments := {
    counted(
        "holds_claim c join holds_allegedpayment p on p.id = c.payment_id",
        f"(p.payee_id = any(layer) or p.payer_id = any(layer)) and {STANDS}",
        "payments",
    )
};
    if greatest(bookings, destinations, payments) > bookings_at_most then
      return jsonb_build_object('too_many', 'bookings');
    end if;
    with moved as (
      select s.movement_id from holds_movementside s where s.account_id = any(layer)
      union
      select d.movement_id from holds_destination d where d.account_id = any(layer)
    ), next_to as (
      select s.account_id as id from holds_movementside s join moved using (movement_id)
      union
      select d.account_id from holds_destination d join moved using (movement_id)
      union
      select p.payer_id from holds_claim c join holds_allegedpayment p on p.id = c.payment_id
        where p.payee_id = any(layer) and {STANDS}
      union
      select p.payee_id from holds_claim c join holds_allegedpayment p on p.id = c.payment_id
        where p.payer_id = any(layer) and {STANDS}
    )
    select array_agg(x.id) into layer from (
      (select id from next_to where id is not null except select unnest(found))
      limit at_most + 1
    ) x;
  end loop;
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
    'unconfirmed', (
      select count(*) from (
        select 1 from holds_claim c join holds_allegedpayment p on p.id = c.payment_id
        where (p.payee_id = any(found) or p.payer_id = any(found)) and c.case_id <> which
          and c.state = 'alleged' and c.adopted_at is null
        limit 1001) x),
    'claims', (
      select jsonb_agg(jsonb_build_array(
        c.id, c.case_id, c.amount_minor, c.currency, p.payer_id, p.payee_id, c.movement_id,
        {micros("p.paid_at")}, c.state, c.adopted_at is not null, c.returned_minor,
        {micros("k.reported_at")}, k.reference, c.returned_doubt_minor) order by c.id)
      from holds_claim c
      join holds_allegedpayment p on p.id = c.payment_id
      join cases_case k on k.id = c.case_id
      where (p.payee_id = any(found) or p.payer_id = any(found)) and p.payee_id is not null
        and (c.case_id = which or {STANDS})
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
        a.id, t.reference, o.name, {micros("a.received_at")},
        t.issuer_id = {ORG} or k.owner_id = {ORG},
        t.issuer_id = {ORG} or k.id = which or k.merged_into_id is not distinct from which
          or {MEMBER}) order by a.id)
      from lawful_requests_answer a
      join lawful_requests_ticket t on t.id = a.ticket_id
      join cases_case k on k.id = t.case_id
      join cases_account c on c.id = t.account_id
      join members_organisation o on o.id = c.institution_id
      where a.id in (
        select answer_id from holds_movementside where account_id = any(found)
        union
        select d.answer_id from holds_destination d
        join holds_movementside s on s.movement_id = d.movement_id and not s.is_credit
        where s.account_id = any(found)))
  );
end $$;
"""

# Each word is a line of both cases' timelines: the one that is not the row's is where it was said.
OF_PAIRS = f"""
alter table cases_linkjudged no force row level security;
alter table cases_caseevent no force row level security;
alter table cases_case no force row level security;
update cases_linkjudged j set judged_in_id = e.case_id
from cases_caseevent e, cases_case k
where k.id = j.case_id and e.what = 'link_judged' and e.at = j.at and e.case_id <> j.case_id
  and e.values ->> 'other' = k.reference and e.values ->> 'kind' = j.kind
  and e.values ->> 'value' = j.value;
set constraints all immediate;
alter table cases_case force row level security;
alter table cases_caseevent force row level security;
alter table cases_linkjudged force row level security;

drop policy judge on cases_linkjudged;
create policy judge on cases_linkjudged for insert to recoup_app
  with check ({SEEN.format(column="case_id")} and {SEEN.format(column="judged_in_id")});
"""


class Migration(migrations.Migration):
    dependencies = [
        ("cases", "0007_members_trace"),
        ("holds", "0014_statement_profiles"),
    ]
    operations = [
        migrations.AddField(
            model_name="linkjudged",
            name="judged_in",
            field=models.ForeignKey(
                db_index=False,
                help_text="The case on whose page it was said: it counts between these two only.",
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="cases.case",
            ),
        ),
        migrations.RunSQL(FACTS, migrations.RunSQL.noop),
        migrations.RunSQL(OF_PAIRS, migrations.RunSQL.noop),
    ]
