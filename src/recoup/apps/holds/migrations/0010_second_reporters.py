"""Who reports a loss that was reported already is told the same state of the money, once it is sure.

Sure is it when an officer merged the two reports, or when the payer's own bank confirmed the debit
for this report as well, with the facts of the other one. Before that nothing is told: a stranger who
guesses a payment learns neither that it was reported nor what is held. The way may lead over several
mergers; each must be sure.
"""

from django.db import migrations

SQL = """
create policy definer on cases_caseevent for select to recoup_policy using (true);
grant select on cases_caseevent to recoup_policy;

create function claim_told_for(which uuid) returns uuid
  language sql stable security definer set search_path = public as $$
  with recursive way as (
    select c.id, c.case_id, c.payment_id, c.state, 0 as steps from holds_claim c where c.id = which
    union all
    select nc.id, nc.case_id, nc.payment_id, nc.state, way.steps + 1
    from way
    join cases_case k on k.id = way.case_id and k.state = 'merged'
    join holds_claim nc on nc.case_id = k.merged_into_id
    join holds_allegedpayment p on p.id = way.payment_id
    join holds_allegedpayment np on np.id = nc.payment_id
    where way.state = 'double' and way.steps < 10 and (
      exists (select 1 from cases_caseevent e
        where e.case_id = k.id and e.what = 'merged' and e.values ->> 'ground' <> '')
      or (p.payer_id = np.payer_id and p.payee_id = np.payee_id
        and p.amount_minor = np.amount_minor and p.currency = np.currency
        and exists (select 1 from lawful_requests_answer a
          join lawful_requests_ticket t on t.id = a.ticket_id
          where t.case_id = k.id and t.measure = 'confirm_debit' and t.account_id = p.payer_id
            and a.code = 'debit_confirmed'
            and not exists (select 1 from lawful_requests_answer n where n.replaces_id = a.id))))
  )
  select way.id from way order by way.steps desc limit 1
$$;
alter function claim_told_for owner to recoup_policy;
revoke all on function claim_told_for from public;

create or replace function report_follow(ref text, secret bytea, holding_rule text)
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
  left join holds_claim own on own.payment_id = p.id
  left join holds_claim c on c.id = claim_told_for(own.id)
  left join holds_trail t on t.claim_id = c.id and t.rule = holding_rule
  where r.reference = ref and r.secret_sha256 = secret
  group by r.id, k.id, c.id, t.currency
$$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("holds", "0009_tasks_of_merged_cases"),
        ("cases", "0003_members_read_holds"),
        ("lawful_requests", "0003_lists_of_an_addressee"),
    ]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
