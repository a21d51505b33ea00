"""Requests and their children: issuer, authority and addressee see them, nobody else.

A draft is its issuer's alone. The database itself refuses a decision by the author (the copied
author has to be the request's), one in the name of somebody who is not acting, and a change to what
was submitted or decided. What an organisation says of itself every desk may read. A doubt is not
shown to whom it is about.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
BOTH = f"issuer_id = {ORG} or addressee_id = {ORG}"
THREE = f"issuer_id = {ORG} or authority_id = {ORG} or confirmer_id = {ORG}"
MINISTRY = (
    f"exists (select 1 from members_organisation o where o.id = {ORG} and o.kind = 'ministry')"
)
TABLES = [
    "request", "decision", "addresseeprofile", "requestfile", "ticketnote", "clockstop", "doubt",
]  # fmt: skip
KEPT = ["decision", "addresseeprofile", "requestfile", "ticketnote"]


def of_ticket(table: str) -> str:
    return f"""exists (select 1 from lawful_requests_ticket t
    where t.id = ticket_id and t.issuer_id = lawful_requests_{table}.issuer_id
      and t.addressee_id = lawful_requests_{table}.addressee_id and t.sent_at is not null)"""


SQL = (
    "".join(
        f"""
alter table lawful_requests_{table} enable row level security;
alter table lawful_requests_{table} force row level security;
create policy hub on lawful_requests_{table} to recoup_planner using (true) with check (true);
grant select on lawful_requests_{table} to recoup_planner;
"""
        for table in TABLES
    )
    + """
create function request_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'a row of % is never changed', tg_table_name;
end $$;
"""
    + "".join(
        f"""
create trigger {table}_kept before update or delete or truncate on lawful_requests_{table}
  for each statement execute function request_refuse();
"""
        for table in KEPT
    )
    + f"""
grant update on lawful_requests_request to recoup_planner;
create policy see on lawful_requests_request for select to recoup_app
  using (issuer_id = {ORG} or (submitted_at is not null
    and (authority_id = {ORG} or confirmer_id = {ORG})));
create policy draft on lawful_requests_request for insert to recoup_app
  with check (issuer_id = {ORG} and author_id = {PERSON} and state = 'drafted');
create policy step on lawful_requests_request for update to recoup_app using ({THREE});
grant select, insert on lawful_requests_request to recoup_app;
grant update (authority_id, confirmer_id, case_id, measure, power, pack_id, danger, content,
  version, turn, state, changed_at, submitted_at, authorised_at, ended_at, closed_at, due_at,
  written_by, confirm_by, ended_ground) on lawful_requests_request to recoup_app;

create function request_frozen() returns trigger language plpgsql as $$
begin
  if old.state not in ('drafted', 'asked') and (old.content, old.measure, old.danger, old.version)
    is distinct from (new.content, new.measure, new.danger, new.version) then
    raise exception 'what was submitted is not changed: request %', old.reference;
  end if;
  if old.state in ('refused', 'withdrawn', 'lapsed') and new.state <> old.state then
    raise exception 'request % has ended', old.reference;
  end if;
  return new;
end $$;
create trigger request_frozen before update on lawful_requests_request
  for each row execute function request_frozen();

create policy see on lawful_requests_decision for select to recoup_app using ({THREE});
create policy decide on lawful_requests_decision for insert to recoup_app
  with check (({THREE}) and (person_id = {PERSON} or heard_by_id = {PERSON})
    and exists (select 1 from lawful_requests_request r
      where r.id = request_id and r.author_id = lawful_requests_decision.author_id
        and r.issuer_id = lawful_requests_decision.issuer_id
        and r.authority_id = lawful_requests_decision.authority_id));
grant select, insert on lawful_requests_decision to recoup_app;

create policy see on lawful_requests_addresseeprofile for select to recoup_app
  using ({ORG} is not null and {ORG} <> 1);
create policy own on lawful_requests_addresseeprofile for insert to recoup_app
  with check (organisation_id = {ORG} and person_id = {PERSON});
create policy enrol on lawful_requests_addresseeprofile to recoup_owner
  using (true) with check (true);
grant select, insert on lawful_requests_addresseeprofile to recoup_app;
grant usage on sequence lawful_requests_addresseeprofile_id_seq to recoup_app;

alter table lawful_requests_requestfile
  add constraint file_size_is_told check (octet_length(content) = size);
create policy see on lawful_requests_requestfile for select to recoup_app
  using (issuer_id = {ORG} or authority_id = {ORG} or addressee_id = {ORG}
    or exists (select 1 from lawful_requests_ticket t
      where t.of_id = request_id and t.addressee_id = {ORG} and t.sent_at is not null));
create policy add on lawful_requests_requestfile for insert to recoup_app
  with check (person_id = {PERSON} and (
    (ticket_id is null and exists (select 1 from lawful_requests_request r
      where r.id = request_id and r.issuer_id = lawful_requests_requestfile.issuer_id))
    or (addressee_id = {ORG} and {of_ticket("requestfile")})));
grant select, insert on lawful_requests_requestfile to recoup_app;

create policy see on lawful_requests_ticketnote for select to recoup_app using ({BOTH});
create policy add on lawful_requests_ticketnote for insert to recoup_app
  with check (organisation_id = {ORG} and ({BOTH}) and {of_ticket("ticketnote")});
grant select, insert on lawful_requests_ticketnote to recoup_app;

create policy see on lawful_requests_clockstop for select to recoup_app using ({BOTH});
create policy add on lawful_requests_clockstop for insert to recoup_app
  with check (({BOTH}) and {of_ticket("clockstop")});
create policy start_again on lawful_requests_clockstop for update to recoup_app using ({BOTH});
grant select, insert, update (ended_at) on lawful_requests_clockstop to recoup_app;

create policy see on lawful_requests_doubt for select to recoup_app
  using (addressee_id = {ORG} or {MINISTRY});
create policy add on lawful_requests_doubt for insert to recoup_app
  with check (addressee_id = {ORG} and {of_ticket("doubt")});
create policy lift on lawful_requests_doubt for update to recoup_app
  using (addressee_id = {ORG} or {MINISTRY});
grant select, insert, update (lifted_at, lifted_by_id, lifted_ground)
  on lawful_requests_doubt to recoup_app;

create policy definer on lawful_requests_doubt for select to recoup_policy using (true);
grant select on lawful_requests_doubt to recoup_policy;
create function doubting_desks(which bigint) returns bigint
  language sql stable security definer set search_path = public as $$
  select count(distinct d.addressee_id) from lawful_requests_doubt d
  where d.issuer_id = which and d.lifted_at is null
$$;
alter function doubting_desks owner to recoup_policy;
revoke all on function doubting_desks from public;
grant execute on function doubting_desks to recoup_app, recoup_planner;

create policy of_request on lawful_requests_deadline for insert to recoup_app
  with check (ticket_id is null and fired_at is null
    and exists (select 1 from lawful_requests_request r
      where r.id = of_id and r.issuer_id = lawful_requests_deadline.issuer_id));
grant insert on lawful_requests_deadline to recoup_app;
grant usage on sequence lawful_requests_deadline_id_seq to recoup_app;
"""
)


class Migration(migrations.Migration):
    dependencies = [("lawful_requests", "0006_requests"), ("members", "0009_more_kinds")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
