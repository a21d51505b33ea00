"""Files of a case are seen by its members; the database itself keeps what must never change.

A digest, once there, stays; an event follows the one before and is a legal one; a file's state is
that of its last event; nothing is erased before its day or under a legal hold, whoever asks. A
file's key leaves with its erasure and is otherwise only wrapped anew, by the worker's log-in.
"""

from django.db import migrations

ORG = "nullif(current_setting('recoup.org', true), '')::bigint"
PERSON = "nullif(current_setting('recoup.person', true), '')::uuid"
CASE = "exists (select 1 from cases_case k where k.id = case_id)"
FILE = "exists (select 1 from evidence_evidencefile f where f.id = file_id)"
OF_CASE = ["evidencefile", "legalhold", "bundle"]
OF_FILE = ["filepiece", "custodyevent", "filestamp", "erasure"]
KEPT = ["filepiece", "custodyevent", "filestamp", "bundle"]
# before, act, after: the table of core/custody.py on the day of this migration.
MOVES = """
arriving receive kept; arriving give_up given_up; kept check kept; kept alarm doubtful;
kept seal sealed; kept offer offered; kept lend out; kept redact kept; kept erase erased;
sealed check sealed; sealed alarm doubtful; sealed unseal kept; offered accept kept;
offered decline kept; offered withdraw kept; offered check offered; offered alarm doubtful;
out take_back kept; out check out; out alarm doubtful; doubtful clear kept;
doubtful alarm doubtful; doubtful erase erased
"""
LEGAL = ", ".join(
    "('{}', '{}', '{}')".format(*move.split()) for move in MOVES.replace("\n", " ").split(";")
)

SQL = (
    "".join(
        f"""
alter table evidence_{table} enable row level security;
alter table evidence_{table} force row level security;
create policy hub on evidence_{table} to recoup_planner using (true) with check (true);
grant select on evidence_{table} to recoup_planner;
create policy see on evidence_{table} for select to recoup_app using ({seen});
grant select on evidence_{table} to recoup_app;
"""
        for seen, tables in ((CASE, OF_CASE), (FILE, OF_FILE))
        for table in tables
    )
    + """
create function evidence_refuse() returns trigger language plpgsql as $$
begin
  raise exception 'a row of % is never changed', tg_table_name;
end $$;
"""
    + "".join(
        f"""
create trigger {table}_kept before update or delete or truncate on evidence_{table}
  for each statement execute function evidence_refuse();
"""
        for table in KEPT
    )
    + f"""
create policy begin on evidence_evidencefile for insert to recoup_app
  with check (organisation_id = {ORG} and holder_id = {ORG} and person_id = {PERSON}
    and state = 'arriving' and {CASE});
create policy step on evidence_evidencefile for update to recoup_app using ({CASE});
grant insert on evidence_evidencefile to recoup_app;
grant update (holder_id, offered_to_id, digest, state, seal, said, name, what, wrapped_key,
  keep_until, kept_at, checked_at, erased_at) on evidence_evidencefile to recoup_app, recoup_planner;
grant update (kek) on evidence_evidencefile to recoup_planner;

create function evidence_file_frozen() returns trigger language plpgsql as $$
begin
  if old.state in ('erased', 'given_up') then
    raise exception 'the custody of file % has ended', old.id;
  end if;
  if old.digest is not null and new.digest is distinct from old.digest then
    raise exception 'the digest of file % is never changed', old.id;
  end if;
  if (old.case_id, old.organisation_id, old.person_id, old.original_id, old.number, old.size,
      old.piece_bytes, old.told_digest, old.begun_at) is distinct from
     (new.case_id, new.organisation_id, new.person_id, new.original_id, new.number, new.size,
      new.piece_bytes, new.told_digest, new.begun_at)
     or (new.state <> 'erased' and (old.name, old.what) is distinct from (new.name, new.what)) then
    raise exception 'what was received as file % is never changed', old.id;
  end if;
  if new.wrapped_key is not null and new.wrapped_key is distinct from old.wrapped_key
     and new.kek = old.kek then
    raise exception 'the key of file % is wrapped anew only by another key', old.id;
  end if;
  if new.keep_until < old.keep_until then
    raise exception 'the term of file % is only extended', old.id;
  end if;
  if new.state <> old.state and new.state is distinct from (
    select e.after from evidence_custodyevent e where e.file_id = old.id order by e.seq desc limit 1
  ) then
    raise exception 'file % has no event that leads to %', old.id, new.state;
  end if;
  if new.state = 'erased' and old.state <> 'erased' and (
    new.keep_until >= current_date or exists (select 1 from evidence_legalhold h
      where h.case_id = old.case_id and (h.file_id is null or h.file_id = old.id)
        and h.lifted_at is null)
  ) then
    raise exception 'file % is kept: its term has not ended, or a legal hold stands', old.id;
  end if;
  return new;
end $$;
create trigger evidence_file_frozen before update on evidence_evidencefile
  for each row execute function evidence_file_frozen();

create trigger evidence_file_stays before delete on evidence_evidencefile
  for each statement execute function evidence_refuse();

create policy add on evidence_filepiece for insert to recoup_app
  with check (exists (select 1 from evidence_evidencefile f
    where f.id = file_id and f.state = 'arriving' and f.organisation_id = {ORG}));
grant insert on evidence_filepiece to recoup_app;
grant usage on sequence evidence_filepiece_id_seq to recoup_app;

alter table evidence_custodyevent add constraint custody_legal
  check ((before, act, after) in ({LEGAL}));
create policy add on evidence_custodyevent for insert to recoup_app
  with check ({FILE} and organisation_id = {ORG} and (person_id is null or person_id = {PERSON}));
grant insert on evidence_custodyevent to recoup_app, recoup_planner;

create function evidence_custody_follows() returns trigger language plpgsql as $$
declare last record;
begin
  select e.seq, e.after into last from evidence_custodyevent e
  where e.file_id = new.file_id order by e.seq desc limit 1;
  if new.seq <> coalesce(last.seq, 0) + 1 or new.before <> coalesce(last.after, 'arriving') then
    raise exception 'event % of file % does not follow the one before', new.seq, new.file_id;
  end if;
  return new;
end $$;
create trigger evidence_custody_follows before insert on evidence_custodyevent
  for each row execute function evidence_custody_follows();

create policy add on evidence_filestamp for insert to recoup_app with check ({FILE});
grant insert on evidence_filestamp to recoup_app, recoup_planner;
grant usage on sequence evidence_filestamp_id_seq to recoup_app, recoup_planner;

create policy add on evidence_legalhold for insert to recoup_app
  with check (organisation_id = {ORG} and person_id = {PERSON} and lifted_at is null and {CASE});
create policy lift on evidence_legalhold for update to recoup_app
  using (organisation_id = {ORG}) with check (lifted_by_id = {PERSON});
grant insert, update (lifted_at, lifted_by_id, lifted_why) on evidence_legalhold to recoup_app;

create policy ask on evidence_erasure for insert to recoup_app
  with check (organisation_id = {ORG} and asked_by_id = {PERSON} and not is_done and {FILE});
create policy finish on evidence_erasure for update to recoup_app
  using (organisation_id = {ORG} and ended_at is null) with check (ended_by_id = {PERSON});
grant insert, update (ended_by_id, ended_at, is_done, certificate)
  on evidence_erasure to recoup_app;

create policy add on evidence_bundle for insert to recoup_app
  with check (organisation_id = {ORG} and person_id = {PERSON} and {CASE});
grant insert on evidence_bundle to recoup_app;

create policy definer on evidence_evidencefile for select to recoup_policy using (true);
create policy definer on audit_auditcommitment for select to recoup_policy using (true);
grant select on evidence_evidencefile, audit_auditcommitment to recoup_policy;
create function evidence_leaves(which uuid)
  returns table (stream text, stream_seq int, body bytea, committed jsonb)
  language sql stable security definer set search_path = public as $$
  select l.stream, l.stream_seq, l.body,
    (select jsonb_object_agg(c.field, jsonb_build_array(encode(c.salt, 'hex'), c.value))
     from audit_auditcommitment c where c.leaf_id = l.id and l.stream like 'evidence:%')
  from audit_auditleaf l
  where exists (select 1 from cases_case k
      where k.id = which and k.visible_to @> array[{ORG}])
    and l.stream in (
      select 'case:' || which::text
      union all
      select 'evidence:' || f.id::text from evidence_evidencefile f where f.case_id = which)
  order by l.stream collate "C", l.stream_seq
$$;
alter function evidence_leaves owner to recoup_policy;
revoke all on function evidence_leaves from public;
grant execute on function evidence_leaves to recoup_app;
"""
)


class Migration(migrations.Migration):
    dependencies = [
        ("evidence", "0001_initial"),
        ("cases", "0002_row_level_security"),
        ("audit", "0002_row_level_security"),
    ]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
