"""A reporter is told of another report's claim only if both name the same payment, whoever merged.

An officer's merger was enough by itself: who disputed one dinar of a payment, or had paid from
another account, was shown the sums of the victim as soon as an officer took the two for one loss.
Payer, payee, sum and currency must be the same now, beside the officer's or the payer's bank's
word. They are compared as they were reported: of one account there may be two rows.
"""

from django.db import migrations

SQL = """
create or replace function claim_told_for(which uuid) returns uuid
  language sql stable security definer set search_path = public as $$
  with recursive way as (
    select c.id, c.case_id, c.payment_id, c.state, 0 as steps from holds_claim c where c.id = which
    union all
    select nc.id, nc.case_id, nc.payment_id, nc.state, way.steps + 1
    from way
    join cases_case k on k.id = way.case_id and k.state = 'merged'
    join holds_claim nc on nc.case_id = k.merged_into_id
    join holds_allegedpayment p on p.id = way.payment_id
    join reports_report r on r.id = p.report_id
    join holds_allegedpayment np on np.id = nc.payment_id
    join reports_report nr on nr.id = np.report_id
    where way.state = 'double' and way.steps < 10
      and r.payer_scheme = nr.payer_scheme and r.payer_ident = nr.payer_ident
      and r.payee_scheme = nr.payee_scheme and r.payee_ident = nr.payee_ident
      and p.amount_minor = np.amount_minor and p.currency = np.currency
      and (
        exists (select 1 from cases_caseevent e
          where e.case_id = k.id and e.what = 'merged' and e.values ->> 'ground' <> '')
        or exists (select 1 from lawful_requests_answer a
          join lawful_requests_ticket t on t.id = a.ticket_id
          where t.case_id = k.id and t.measure = 'confirm_debit' and t.account_id = p.payer_id
            and a.code = 'debit_confirmed'
            and not exists (select 1 from lawful_requests_answer n where n.replaces_id = a.id)))
  )
  select way.id from way order by way.steps desc limit 1
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("holds", "0011_returned_in_doubt")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
