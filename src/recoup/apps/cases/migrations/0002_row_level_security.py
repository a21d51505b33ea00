"""A case is seen by its members; ``visible_to`` on the case is what every policy reads.

The trigger appends or removes one element and locks the case row; it never recomputes, or two
members added at once would lose each other (DATAMODEL A3).
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
SEEN = "exists (select 1 from cases_case k where k.id = {column})"
TABLES = ["account", "case", "casemember", "caseevent", "caselink", "task"]

SQL = (
    "".join(
        f"""
alter table cases_{table} enable row level security;
alter table cases_{table} force row level security;
create policy hub on cases_{table} to recoup_planner using (true) with check (true);
grant select, insert on cases_{table} to recoup_planner;
"""
        for table in TABLES
    )
    + f"""
grant update on cases_case, cases_task to recoup_planner;
create policy own on cases_account for select to recoup_app using (institution_id = {ORG});
grant select on cases_account to recoup_app;

create policy see on cases_case for select to recoup_app using (visible_to @> array[{ORG}]);
create policy step on cases_case for update to recoup_app using (visible_to @> array[{ORG}]);
grant select on cases_case to recoup_app;
grant update (state, changed_at, version, merged_into_id, handed_over_at) on cases_case to recoup_app;

create policy member on reports_report for select to recoup_app
  using (exists (select 1 from cases_case k where k.report_id = reports_report.id));
create policy member on reports_reportstory for select to recoup_app
  using (exists (select 1 from cases_case k where k.report_id = reports_reportstory.report_id));

create policy mine on cases_casemember for select to recoup_app using (organisation_id = {ORG});
create policy add on cases_casemember for insert to recoup_app
  with check ({SEEN.format(column="case_id")});
grant select, insert on cases_casemember to recoup_app;

create policy see on cases_caseevent for select to recoup_app
  using ({SEEN.format(column="case_id")});
create policy add on cases_caseevent for insert to recoup_app
  with check ({SEEN.format(column="case_id")});
grant select, insert on cases_caseevent to recoup_app;

create policy see on cases_caselink for select to recoup_app
  using ({SEEN.format(column="low_id")} and {SEEN.format(column="high_id")});
grant select on cases_caselink to recoup_app;

create policy see on cases_task for select to recoup_app
  using (owner_id = {ORG} or issuer_id = {ORG});
create policy open on cases_task for insert to recoup_app with check (issuer_id = {ORG});
create policy done on cases_task for update to recoup_app using (owner_id = {ORG});
grant select, insert on cases_task to recoup_app;
grant update (done_at) on cases_task to recoup_app;

create policy definer on cases_case to recoup_policy using (true) with check (true);
create policy definer on cases_account to recoup_policy using (true) with check (true);
grant select on cases_case to recoup_policy;
grant update (visible_to) on cases_case to recoup_policy;
grant select, insert on cases_account to recoup_policy;

create function case_member_kept() returns trigger
  language plpgsql security definer set search_path = public as $$
begin
  if tg_op = 'INSERT' then
    update cases_case set visible_to = array_append(visible_to, new.organisation_id::bigint)
    where id = new.case_id and not visible_to @> array[new.organisation_id::bigint];
    return new;
  end if;
  update cases_case set visible_to = array_remove(visible_to, old.organisation_id::bigint)
  where id = old.case_id;
  return old;
end $$;
alter function case_member_kept owner to recoup_policy;
create trigger case_member_kept after insert or delete on cases_casemember
  for each row execute function case_member_kept();

create function account_for(institution int, account_scheme text, account_ident text, ccy text)
  returns uuid language plpgsql security definer set search_path = public as $$
declare found uuid;
begin
  insert into cases_account (id, institution_id, scheme, ident, currency)
  values (gen_random_uuid(), institution, account_scheme, account_ident, ccy)
  on conflict (institution_id, scheme, ident, currency) do nothing
  returning id into found;
  if found is null then
    select a.id into found from cases_account a
    where a.institution_id = institution and a.scheme = account_scheme
      and a.ident = account_ident and a.currency = ccy;
  end if;
  return found;
end $$;
alter function account_for owner to recoup_policy;
revoke all on function account_for from public;
grant execute on function account_for to recoup_app, recoup_planner;
"""
)


class Migration(migrations.Migration):
    dependencies = [("cases", "0001_initial"), ("reports", "0002_row_level_security")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
