"""A reporter is told sums by the hub's rule for holding, which the caller names.

The function of before had one rule written into it: under a pack with another, a reporter would have
been told sums that no hold rests on. It is gone.
"""

from django.db import migrations

SQL = """
drop function report_follow(text, bytea);

create function report_follow(ref text, secret bytea, holding_rule text)
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
  left join holds_trail t on t.claim_id = c.id and t.rule = holding_rule
  where r.reference = ref and r.secret_sha256 = secret
  group by r.id, k.id, c.id, t.currency
$$;
alter function report_follow owner to recoup_policy;
revoke all on function report_follow from public;
grant execute on function report_follow to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [("holds", "0007_booking_profiles")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
