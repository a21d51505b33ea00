"""What the other side of a payment has in another currency, to see that both can be one payment.

A bank states what was credited in its own currency. Two sides that no exchange explains are not
joined any more; for that the answer's own bank has to be compared with one that it may not read,
so a definer function tells amount and currency of the other side, and nothing of a payment within
one currency. ``told_debit`` is the same for the payment that a line asks about.

A bank may open a task at the authority that sent it a ticket, about that ticket only: for what the
hub cannot judge.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"

SQL = f"""
create function foreign_side(movement uuid, as_credit boolean, ccy text) returns text
  language sql volatile strict security definer set search_path = public as $$
  select s.amount_minor || ' ' || s.currency from holds_movementside s
  where s.movement_id = movement and s.is_credit <> as_credit and s.currency <> ccy
    and not exists (select 1 from lawful_requests_answer a where a.replaces_id = s.answer_id)
  order by s.id limit 1
$$;
alter function foreign_side owner to recoup_policy;
revoke all on function foreign_side from public;
grant execute on function foreign_side to recoup_app;

-- As before; a movement that there is not is looked up no further.
create or replace function movement_for(
    unique_ref uuid, bank int, bank_reference text, of_account uuid, as_credit boolean)
  returns uuid
  language plpgsql security definer set search_path = public set enable_seqscan = off as $$
declare found uuid;
begin
  if unique_ref is not null then
    select m.id into found from holds_movement m where m.uetr = unique_ref for no key update;
    if found is not null and movement_side_taken(found, of_account, as_credit) then
      found := null;
      unique_ref := null;
    end if;
  end if;
  if found is null and bank_reference <> '' then
    select m.id into found from holds_movement m
    where m.payer_institution_id = bank and m.payer_reference = bank_reference
      and m.payer_reference <> '' for no key update;
    if found is not null and movement_side_taken(found, of_account, as_credit) then
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

create policy about_own_ticket on cases_task for insert to recoup_app with check (
  level = 0 and kind = 'rate_unknown' and person_id is null and done_at is null
  and owner_id = issuer_id and exists (
    select 1 from lawful_requests_ticket t
    where t.id = about and t.issuer_id = cases_task.issuer_id and t.case_id = cases_task.case_id
      and t.addressee_id = {ORG} and t.sent_at is not null));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("holds", "0005_members_read_windows"),
        ("cases", "0002_row_level_security"),
        ("lawful_requests", "0002_row_level_security"),
    ]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
