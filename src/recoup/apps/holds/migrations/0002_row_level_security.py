"""The money side: facts carry issuer and addressee of their answer; conclusions follow the case.

A movement is told by two banks that must not learn of each other through a unique key: it is found or
made only by ``movement_for``. What a reporter may know comes only from ``report_follow``.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
BOTH = f"issuer_id = {ORG} or addressee_id = {ORG}"
SEEN = "exists (select 1 from cases_case k where k.id = case_id)"
FACTS = ["movementside", "destination", "ledgerwindow"]
CONCLUSIONS = ["trail", "flow", "casetotal"]
TABLES = [
    *FACTS, *CONCLUSIONS, "movement", "allegedpayment", "claim", "ticketline", "block", "hold",
]  # fmt: skip

SQL = (
    "".join(
        f"""
alter table holds_{table} enable row level security;
alter table holds_{table} force row level security;
create policy hub on holds_{table} to recoup_planner using (true) with check (true);
grant select, insert on holds_{table} to recoup_planner;
"""
        for table in TABLES
    )
    + "".join(
        f"""
create policy see on holds_{table} for select to recoup_app using ({BOTH});
create policy tell on holds_{table} for insert to recoup_app with check (addressee_id = {ORG});
grant select, insert on holds_{table} to recoup_app;
"""
        for table in FACTS
    )
    + "".join(
        f"""
create policy see on holds_{table} for select to recoup_app using ({SEEN});
grant select on holds_{table} to recoup_app;
grant update, delete on holds_{table} to recoup_planner;
"""
        for table in CONCLUSIONS
    )
    + f"""
alter table holds_planwanted enable row level security;
alter table holds_planwanted force row level security;
create policy hub on holds_planwanted to recoup_planner using (true) with check (true);
create policy ask on holds_planwanted for insert to recoup_app with check ({SEEN});
grant select, insert, delete on holds_planwanted to recoup_planner;
grant insert on holds_planwanted to recoup_app;
alter table holds_plantrouble enable row level security;
alter table holds_plantrouble force row level security;
create policy hub on holds_plantrouble to recoup_planner using (true) with check (true);
grant select, insert, update, delete on holds_plantrouble to recoup_planner;
grant update on holds_claim, holds_hold, holds_block, holds_movement to recoup_planner;
create policy see on holds_claim for select to recoup_app using ({SEEN});
create policy decide on holds_claim for update to recoup_app using ({SEEN});
grant select on holds_claim to recoup_app;
grant update (state, adopted_at, adopted_by_id, possible_double_of_id) on holds_claim to recoup_app;
create policy limit_asked on holds_hold for update to recoup_app using (issuer_id = {ORG});
grant update (limit_minor) on holds_hold to recoup_app;

create policy see on holds_allegedpayment for select to recoup_app
  using (exists (select 1 from holds_claim c where c.payment_id = holds_allegedpayment.id));
grant select on holds_allegedpayment to recoup_app;

create policy see on holds_ticketline for select to recoup_app using ({BOTH});
create policy see on holds_hold for select to recoup_app using ({BOTH});
create policy see on holds_block for select to recoup_app using (institution_id = {ORG});
grant select on holds_ticketline, holds_hold, holds_block to recoup_app;

create policy definer on holds_movement to recoup_policy using (true) with check (true);
grant select, insert, update on holds_movement to recoup_policy;
-- Its plans are kept while one answer adds thousands of rows. Made on an empty table they would read
-- the whole table each time; and only with <> '' in the query can the unique index be used, which
-- leaves empty references out (10,000 movements: 20 s without these, 2 s with them).
create function movement_for(unique_ref uuid, bank int, bank_reference text) returns uuid
  language plpgsql security definer set search_path = public set enable_seqscan = off as $$
declare found uuid;
begin
  select m.id into found from holds_movement m where m.uetr = unique_ref;
  if found is null and bank_reference <> '' then
    select m.id into found from holds_movement m
    where m.payer_institution_id = bank and m.payer_reference = bank_reference
      and m.payer_reference <> '';
    if found is not null and unique_ref is not null then
      update holds_movement set uetr = unique_ref where id = found and uetr is null;
    end if;
  end if;
  if found is null then
    insert into holds_movement (id, uetr, payer_institution_id, payer_reference)
    values (gen_random_uuid(), unique_ref, case when bank_reference <> '' then bank end,
      bank_reference)
    on conflict do nothing returning id into found;
  end if;
  if found is null then
    return movement_for(unique_ref, bank, bank_reference);
  end if;
  return found;
end $$;
alter function movement_for owner to recoup_policy;
revoke all on function movement_for from public;
grant execute on function movement_for to recoup_app, recoup_planner;

create policy definer on holds_claim for select to recoup_policy using (true);
create policy definer on holds_casetotal for select to recoup_policy using (true);
create policy definer on holds_hold for select to recoup_policy using (true);
grant select on holds_claim, holds_casetotal, holds_hold to recoup_policy;
create policy definer on holds_trail for select to recoup_policy using (true);
create policy definer on holds_allegedpayment for select to recoup_policy using (true);
grant select on holds_trail, holds_allegedpayment to recoup_policy;

create function holds_of_case(which uuid) returns setof holds_hold
  language sql stable security definer set search_path = public as $$
  select h.* from holds_hold h where h.case_id = which and exists (
    select 1 from cases_case k where k.id = which and k.visible_to @> array[{ORG}])
$$;
alter function holds_of_case owner to recoup_policy;
revoke all on function holds_of_case from public;
grant execute on function holds_of_case to recoup_app;

create function report_follow(ref text, secret bytea)
  returns table (id uuid, amount_minor bigint, currency text, paid_at timestamptz,
    received_at timestamptz, case_opened boolean, claim_state text, is_adopted boolean,
    sum_currency text, held bigint, returned bigint, lost bigint)
  language sql stable security definer set search_path = public as $$
  select r.id, r.amount_minor, r.currency, r.paid_at, r.received_at, k.id is not null,
    c.state, c.adopted_at is not null, t.currency,
    sum(t.held)::bigint, sum(t.returned)::bigint, c.amount_minor
  from reports_report r
  left join cases_case k on k.report_id = r.id
  left join holds_allegedpayment p on p.report_id = r.id
  left join holds_claim c on c.payment_id = p.id
  left join holds_trail t on t.claim_id = c.id and t.rule = 'fifo'
  where r.reference = ref and r.secret_sha256 = secret
  group by r.id, k.id, c.id, t.currency
$$;
alter function report_follow owner to recoup_policy;
revoke all on function report_follow from public;
grant execute on function report_follow to recoup_app;
"""
    + "".join(
        f"grant select, insert, update, delete on {table} to recoup_app, recoup_planner;"
        for table in [
            "procrastinate_jobs", "procrastinate_events", "procrastinate_workers",
            "procrastinate_periodic_defers",
        ]
    )
    + "grant usage on all sequences in schema public to recoup_app, recoup_planner;"
)  # fmt: skip


class Migration(migrations.Migration):
    dependencies = [
        ("holds", "0001_initial"),
        ("lawful_requests", "0002_row_level_security"),
        ("procrastinate", "__latest__"),
    ]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
