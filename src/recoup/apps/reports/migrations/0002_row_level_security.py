"""A report is seen by the organisation that told it and by the competent unit.

The public as such sees none: a reporter reads the state of one report through ``report_follow``
(made in ``holds``), with its reference and secret.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PUBLIC = 1

SQL = (
    "".join(
        f"""
alter table {table} enable row level security;
alter table {table} force row level security;
create policy see on {table} for select to recoup_app
  using ((organisation_id = {ORG} and organisation_id <> {PUBLIC}) or competent_id = {ORG});
create policy tell on {table} for insert to recoup_app with check (organisation_id = {ORG});
create policy hub on {table} to recoup_planner using (true) with check (true);
create policy follow on {table} for select to recoup_policy using (true);
grant select, insert on {table} to recoup_app;
grant select on {table} to recoup_planner, recoup_policy;
"""
        for table in ["reports_report", "reports_reportstory"]
    )
    + """
grant update (opened_at) on reports_report to recoup_planner;

create function reports_from(mark bytea, since timestamptz) returns bigint
  language sql stable security definer set search_path = public as $$
  select count(*) from reports_report where sender_mark = mark and received_at >= since
$$;
alter function reports_from owner to recoup_policy;
revoke all on function reports_from from public;
grant execute on function reports_from to recoup_app;

create function report_told(org bigint, client uuid) returns table (id uuid, reference text)
  language sql stable security definer set search_path = public as $$
  select r.id, r.reference from reports_report r
  where r.organisation_id = org and r.client_id = client
    and org = nullif(current_setting('recoup.org', true), '')::bigint
$$;
alter function report_told owner to recoup_policy;
revoke all on function report_told from public;
grant execute on function report_told to recoup_app;

create function report_facts(ref text, secret bytea)
  returns table (payer_scheme text, payer_ident text, payee_scheme text, payee_ident text,
    payment_reference text, has_story boolean)
  language sql stable security definer set search_path = public as $$
  select r.payer_scheme, r.payer_ident, r.payee_scheme, r.payee_ident, r.payment_reference,
    exists (select 1 from reports_reportstory s where s.report_id = r.id)
  from reports_report r
  where r.reference = ref and r.secret_sha256 = secret
$$;
alter function report_facts owner to recoup_policy;
revoke all on function report_facts from public;
grant execute on function report_facts to recoup_app;
"""
)


class Migration(migrations.Migration):
    dependencies = [("reports", "0001_initial"), ("members", "0002_row_level_security")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
