"""The directory may have one row for each country that means: an institution there, not known.

It is made on first use, by the one function that the web log-in may call: it takes a country and
makes up everything else, so no page can enrol anybody. Its id is below zero, made from the country:
two reports at one moment make the same row, and no organisation that is enrolled ever gets it.
"""

from django.db import migrations

SQL = """
grant insert on members_organisation to recoup_policy;

create function institution_abroad(which text) returns int
  language plpgsql security definer set search_path = public as $$
declare made int := - (ascii(left(which, 1)) * 100 + ascii(right(which, 1)));
begin
  if which !~ '^[A-Z]{2}$' then
    raise exception 'A country has two capital letters, not %.', which;
  end if;
  insert into members_organisation (id, code, kind, name, name_sr, country, bank_code, bic,
    answers_by, contact_name, contact_name_sr, contact_phone, contact_email, is_invented)
  values (made, 'not-known:' || which, 'foreign_bank',
    'Institution abroad, not known (' || which || ')',
    'Установа у иностранству, није позната (' || which || ')',
    which, '', '', 'desk', '', '', '', '', false)
  on conflict do nothing;
  return made;
end $$;
alter function institution_abroad owner to recoup_policy;
revoke all on function institution_abroad from public;
grant execute on function institution_abroad to recoup_app;
"""


class Migration(migrations.Migration):
    dependencies = [("members", "0006_contact_in_serbian")]
    operations = [migrations.RunSQL(SQL, migrations.RunSQL.noop)]
