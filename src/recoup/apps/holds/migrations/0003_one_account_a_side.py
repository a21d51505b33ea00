"""Of a movement each side has one account: what another account tells under its name is another one.

A bank chooses the references that it tells. Under the UETR of a payment between others, or under a
reference that it uses twice, its booking became a side of that payment, and took the true one's
place in the trail. Rows that exist stay as they are. ``movement_for`` asks for the account and the
side as well; the function of before, which did not, is gone.
"""

from django.db import migrations

SQL = """
drop function movement_for(uuid, int, text);

create policy definer on holds_movementside for select to recoup_policy using (true);
grant select on holds_movementside to recoup_policy;

create function movement_side_taken(movement uuid, of_account uuid, as_credit boolean)
  returns boolean language sql volatile security definer set search_path = public as $$
  select exists (
    select 1 from holds_movementside s
    where s.movement_id in (
        select movement
        union all select m.same_as_id from holds_movement m where m.id = movement
        union all select o.id from holds_movement o where o.same_as_id in (
          select coalesce(m.same_as_id, m.id) from holds_movement m where m.id = movement))
      and s.is_credit = as_credit and s.account_id <> of_account
      and not exists (select 1 from lawful_requests_answer a where a.replaces_id = s.answer_id))
$$;
alter function movement_side_taken owner to recoup_policy;
revoke all on function movement_side_taken from public;

-- Its plans are kept while one answer adds thousands of rows. Made on an empty table they would read
-- the whole table each time; and only with <> '' in the query can the unique index be used, which
-- leaves empty references out (10,000 movements: 20 s without these, 2 s with them).
-- The row is locked, so that of two accounts that tell one side at once the second sees the first.
create function movement_for(
    unique_ref uuid, bank int, bank_reference text, of_account uuid, as_credit boolean)
  returns uuid
  language plpgsql security definer set search_path = public set enable_seqscan = off as $$
declare found uuid;
begin
  select m.id into found from holds_movement m where m.uetr = unique_ref for no key update;
  if movement_side_taken(found, of_account, as_credit) then
    found := null;
    unique_ref := null;
  end if;
  if found is null and bank_reference <> '' then
    select m.id into found from holds_movement m
    where m.payer_institution_id = bank and m.payer_reference = bank_reference
      and m.payer_reference <> '' for no key update;
    if movement_side_taken(found, of_account, as_credit) then
      found := null;
      bank_reference := '';
    elsif found is not null and unique_ref is not null then
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
    return movement_for(unique_ref, bank, bank_reference, of_account, as_credit);
  end if;
  return found;
end $$;
alter function movement_for owner to recoup_policy;
revoke all on function movement_for from public;
grant execute on function movement_for to recoup_app, recoup_planner;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("holds", "0002_row_level_security"),
        ("lawful_requests", "0002_row_level_security"),
    ]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
