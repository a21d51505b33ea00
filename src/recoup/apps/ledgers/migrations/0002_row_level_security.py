"""A stored ledger, and all that hangs on it, is seen by the organisation that stored it.

Each row carries the organisation, so that no policy looks at another table; keys over two or three
columns tie it to the ledger's. Transfers are not tied to their accounts: that would double the time
of a load, which finds each account by its ledger, and ``positions.verify`` looks whether it is so.
``ledgers_mark_of_*`` are the checksums of a row's positions.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
TABLES = ("ledger", "account", "transfer", "trace", "reach")

POLICIES = "".join(
    f"""
alter table ledgers_{table} enable row level security;
alter table ledgers_{table} force row level security;
create policy own on ledgers_{table} for select to recoup_app using (organisation_id = {ORG});
create policy add on ledgers_{table} for insert to recoup_app with check (organisation_id = {ORG});
create policy hub on ledgers_{table} for select to recoup_planner using (true);
grant select, insert on ledgers_{table} to recoup_app;
grant select on ledgers_{table} to recoup_planner;
"""
    for table in TABLES
)

SQL = f"""
alter table ledgers_ledger add constraint ledger_of_organisation unique (id, organisation_id);
alter table ledgers_account add constraint account_of_ledger
  foreign key (ledger_id, organisation_id) references ledgers_ledger (id, organisation_id);
alter table ledgers_trace add constraint trace_of_ledger
  foreign key (ledger_id, organisation_id) references ledgers_ledger (id, organisation_id);
alter table ledgers_reach add constraint reach_in_account
  foreign key (account_id) references ledgers_account (id);
{POLICIES}
create policy set on ledgers_ledger for update to recoup_app using (organisation_id = {ORG});
create policy set on ledgers_account for update to recoup_app using (organisation_id = {ORG});
create policy set on ledgers_transfer for update to recoup_app using (organisation_id = {ORG});
create policy set on ledgers_trace for update to recoup_app using (organisation_id = {ORG});
create policy set on ledgers_reach for update to recoup_app using (organisation_id = {ORG});
grant update (method) on ledgers_ledger to recoup_app;
grant update (came, gone, unseen, last_t, last_seq, last_ident, mark) on ledgers_account
  to recoup_app;
grant update (srcpos, srcend, dstpos, owed) on ledgers_transfer to recoup_app;
grant update (seeds, traced_at) on ledgers_trace to recoup_app;
grant update (upto) on ledgers_reach to recoup_app;

create function ledgers_mark_of_debit(ident text, srcpos bigint, srcend bigint) returns bigint
  language sql immutable parallel safe
  return hashint8extended(srcend, hashint8extended(srcpos, hashtextextended(ident collate "C", 1)));
create function ledgers_mark_of_credit(ident text, dstpos bigint, owed bigint) returns bigint
  language sql immutable parallel safe
  return hashint8extended(coalesce(owed, 0),
    hashint8extended(coalesce(dstpos, -1), hashtextextended(ident collate "C", 2)));
grant execute on function ledgers_mark_of_debit, ledgers_mark_of_credit
  to recoup_app, recoup_planner;
"""


class Migration(migrations.Migration):
    dependencies = [("ledgers", "0001_initial"), ("members", "0002_row_level_security")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
