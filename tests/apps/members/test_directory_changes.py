"""The directory changes under two organisations, after a day: nobody redirects alone (T14)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.db.utils import DatabaseError
from django.test import Client

from recoup.apps.audit import directory_operations as directory
from recoup.apps.audit.directory_operations import DirectoryRefused
from recoup.apps.cases.models import Task
from recoup.apps.members.directory_models import DirectoryChange
from recoup.apps.members.models import HostedIdentifier, Login, Organisation
from support.roles import as_owner
from support.world import World

BOSS, CLERK, HUB, HEAD = "boris.quince", "mila.linden", "vida.hub", "nada.police"
NEW = "+381 11 9998877"
BANK = "quince"


def own(world: World) -> Organisation:
    return world.organisation(BANK)


def proposed(world: World, by: str = BOSS, **changed: Any) -> DirectoryChange:
    given = {"wanted": {"contact_phone": NEW}, "ground": "A new switchboard."} | changed
    with world.acting(who := world.actor(by)) as at:
        return directory.propose(**given, by=who, at=at)


def agreed(world: World, change: DirectoryChange, by: str = HUB, *, is_agreed: bool = True) -> None:
    with world.acting(who := world.actor(by)) as at:
        directory.decide(change_id=change.pk, is_agreed=is_agreed,
                         told="Mr Quince answered and confirmed.", by=who, at=at)  # fmt: skip


def stopped(world: World, change: DirectoryChange, by: str) -> None:
    with world.acting(who := world.actor(by)) as at:
        directory.stop(change_id=change.pk, ground="Nobody here asked.", by=who, at=at)


def a_day_later(world: World) -> None:
    world.run(
        "update members_directorychange set proposed_at = proposed_at - interval '25 hours', "
        "decided_at = decided_at - interval '25 hours', acts_at = acts_at - interval '25 hours'"
    )
    world.sweep()


def lines(world: World) -> list[dict[str, Any]]:
    rows = world.run("select convert_from(body, 'utf8') from audit_auditleaf order by recorded_at")
    told = [json.loads(text) for (text,) in rows]
    return [line for line in told if line["what"].startswith("directory:")]


def client(login: str) -> Client:
    made = Client()
    made.force_login(Login.objects.get(username=login))
    return made


# How it changes


def test_directory_change_cooldown(world: World) -> None:
    before = own(world).contact_phone
    change = proposed(world)
    world.sweep()
    agreed(world, change)
    world.sweep()
    assert own(world).contact_phone == before
    change.refresh_from_db()
    assert change.acts_at and change.decided_at
    assert change.acts_at - change.decided_at == timedelta(hours=24)
    a_day_later(world)
    assert own(world).contact_phone == NEW
    world.sweep()
    assert [line["what"] for line in lines(world)] == [
        "directory:proposed", "directory:agreed", "directory:acted"
    ]  # fmt: skip
    assert NEW not in json.dumps(lines(world))


def test_callback_uses_aged_contact(world: World) -> None:
    """Until the day is over every page says the old number; then that it is new."""
    before, who = own(world).contact_phone, client(HEAD)
    officer = client("jelena.police")
    agreed(world, proposed(world))
    text = officer.get("/directory").content.decode()
    assert before in text and NEW not in text
    a_day_later(world)
    text = officer.get("/directory").content.decode()
    assert NEW in text and 'rc-tag--wait">new' in text
    assert who.get("/directory/changes").status_code == 200


def test_the_old_number_is_what_is_called(world: World) -> None:
    before = own(world).contact_phone
    change = proposed(world)
    shown = client(HUB).get("/directory/changes").content.decode()
    assert f'<strong class="rc-nowrap">{before}</strong>' in shown
    with pytest.raises(DirectoryRefused), world.acting(who := world.actor(HUB)) as at:
        directory.decide(change_id=change.pk, is_agreed=True, told="", by=who, at=at)
    agreed(world, change)
    change.refresh_from_db()
    assert change.called_number == before


def test_the_institution_is_told_by_its_desk(world: World) -> None:
    change = proposed(world)
    agreed(world, change)
    with as_owner():
        found = {row.kind: row for row in Task.objects.filter(about=change.pk)}
    assert {found[kind].owner_id for kind in ("directory_proposed", "directory_agreed")} == {
        own(world).id
    }
    assert found["directory_proposed"].person_id != change.proposed_by_id
    assert found["directory_decide"].owner_id == world.organisation("ministry").id
    assert found["directory_decide"].done_at


def test_identifiers_and_their_end(world: World) -> None:
    change = proposed(world, wanted={}, add="card 498765\nphone +38160111222")
    agreed(world, change)
    assert not HostedIdentifier.objects.filter(ident="498765").exists()
    a_day_later(world)
    assert HostedIdentifier.objects.get(ident="498765").institution == own(world)
    agreed(world, proposed(world, wanted={}, end="card 498765"))
    a_day_later(world)
    assert not HostedIdentifier.objects.filter(ident="498765").exists()


# How it is stopped


@pytest.mark.parametrize("by", [BOSS, HUB])
@pytest.mark.parametrize("is_agreed", [False, True])
def test_it_is_stopped_before_it_acts(world: World, by: str, is_agreed: bool) -> None:
    before = own(world).contact_phone
    change = proposed(world)
    if is_agreed:
        agreed(world, change)
    stopped(world, change, by)
    a_day_later(world)
    assert own(world).contact_phone == before
    assert lines(world)[-1]["what"] == "directory:stopped"


def test_another_organisation_stops_nothing(world: World) -> None:
    change = proposed(world)
    with pytest.raises(DirectoryRefused):
        stopped(world, change, CLERK)
    values = [change.pk]
    with world.acting(world.actor(CLERK)), connection.cursor() as cursor:
        cursor.execute("select directory_stop(%s, 'x')", values)
        row = cursor.fetchone()
    assert row is None or row[0] is None


def test_what_is_refused_never_acts(world: World) -> None:
    before = own(world).contact_phone
    agreed(world, proposed(world), is_agreed=False)
    a_day_later(world)
    assert own(world).contact_phone == before


# Stolen accounts


def ask(world: World, by: str, sql: str, *values: Any) -> None:
    with world.acting(world.actor(by)), connection.cursor() as cursor:
        with transaction.atomic():
            cursor.execute(sql, values)


def test_one_stolen_account_changes_nothing(world: World) -> None:
    change = proposed(world)
    for by in (BOSS, CLERK, HEAD):
        with pytest.raises(DatabaseError):
            ask(world, by, "select directory_decide(%s, true, 'I called', 24)", change.pk)


def test_one_stolen_organisation_changes_nothing(world: World) -> None:
    """Also where one of its people sits at the hub's desk: not two hats of one person."""
    change = proposed(world)
    world.run(
        "insert into members_mandate (id, person_id, organisation_id, role, valid_from, is_on_duty)"
        " values (gen_random_uuid(), %s, %s, 'clerk', now(), false)",
        world.actor(HUB).person_id, own(world).id,
    )  # fmt: skip
    with pytest.raises(DatabaseError):
        ask(world, HUB, "select directory_decide(%s, true, 'I called', 24)", change.pk)
    agreed(world, change, "uros.hub")


def test_the_hubs_desk_alone_changes_nothing(world: World) -> None:
    for role in (HUB, CLERK):
        with pytest.raises(DirectoryRefused, match="Another person"):
            proposed(world, role)


@pytest.mark.parametrize("hours", [0, -24, 23])
def test_nobody_asks_for_a_shorter_time(world: World, hours: int) -> None:
    change = proposed(world)
    with pytest.raises(DatabaseError):
        ask(world, HUB, "select directory_decide(%s, true, 'I called', %s)", change.pk, hours)


@pytest.mark.parametrize("sql", [
    "update members_organisation set contact_phone = '+1' where code = 'quince'",
    "update members_directorychange set acts_at = now()",
    "update members_directorychange set is_agreed = true",
    "delete from members_directorychange",
    "insert into members_hostedidentifier (institution_id, scheme, ident) values (1, 'card', '1')",
    "select directory_act()",
])  # fmt: skip
def test_no_statement_of_the_pages_changes_the_directory(world: World, sql: str) -> None:
    agreed(world, proposed(world))
    with pytest.raises(DatabaseError):
        ask(world, HUB, sql)


def test_nobody_takes_the_code_or_identifier_of_another(world: World) -> None:
    other = world.organisation("sparrow")
    with pytest.raises(DirectoryRefused, match="Another organisation has"):
        proposed(world, wanted={"bank_code": other.bank_code})
    world.run("insert into members_hostedidentifier (institution_id, scheme, ident) "
              "values (%s, 'card', '455555')", other.id)  # fmt: skip
    with pytest.raises(DirectoryRefused, match="Another organisation has"):
        proposed(world, wanted={}, add="card 455555")


@pytest.mark.parametrize(("field", "value"), [
    ("contact_phone", "call me"), ("contact_email", "a b@x"), ("bic", "XX"), ("answers_by", "fax"),
    ("contact_name", "x" * 200),
])  # fmt: skip
def test_what_is_typed_is_read_strictly(world: World, field: str, value: str) -> None:
    with pytest.raises(DirectoryRefused) as problem:
        proposed(world, wanted={field: value})
    assert problem.value.field == field


def test_one_change_at_a_time_and_something_must_differ(world: World) -> None:
    with pytest.raises(DirectoryRefused, match="Nothing would change"):
        proposed(world, wanted={"contact_phone": ""})
    proposed(world)
    with pytest.raises(DirectoryRefused, match="under way"):
        proposed(world, wanted={"contact_email": "new@quince.example"})


# The pages


def test_the_pages_from_the_proposal_to_the_stop(world: World) -> None:
    boss, hub = client(BOSS), client(HUB)
    bad = boss.post("/directory/changes/propose", {"contact_phone": "x", "ground": "A new one."})
    assert bad.status_code == 422 and "not a telephone number" in bad.content.decode()
    form = {"contact_phone": NEW, "ground": "A new switchboard."}
    assert boss.post("/directory/changes/propose", form).status_code == 302
    change = _only(world)
    where = f"/directory/changes/{change.pk}"
    assert hub.post(f"{where}/decide", {"act": "agree", "told": ""}).status_code == 422
    told = {"act": "agree", "told": "The old number answered: it is so."}
    assert hub.post(f"{where}/decide", told).status_code == 302
    assert client(HEAD).post(f"{where}/stop", {"ground": "Not mine."}).status_code == 404
    assert boss.post(f"{where}/stop", {"ground": "It was a mistake."}).status_code == 302
    assert "It was a mistake." in boss.get("/directory/changes").content.decode()


def _only(world: World) -> DirectoryChange:
    with as_owner():
        return DirectoryChange.objects.get()
