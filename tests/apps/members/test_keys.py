"""Machines' keys: hashed, of one organisation, for some acts, with an end, shown once."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import Error
from django.test import Client

from recoup.apps.audit import key_operations as keys
from recoup.apps.audit.key_operations import KeyRefused
from recoup.apps.cases.models import Task
from recoup.apps.members import people_queries, queries
from recoup.apps.members.models import ApiKey, Login, Mandate
from recoup.apps.members.operations import digest_of
from support.roles import as_owner
from support.world import World

HEAD, ELSEWHERE, HUB = "dara.linden", "boris.quince", "vida.hub"


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    queries._known_keys.clear()


def make_now(world: World, *acts: str, by: str = HEAD, days: int = 90, name: str = "Teller") -> str:
    with world.acting(who := world.actor(by)) as at:
        return keys.make_key(
            name=name, acts=acts or keys.acts_for_machines(), days=days, by=who, at=at
        )


def make(world: World, *acts: str, **how: Any) -> str:
    """A key that has cooled down."""
    key = make_now(world, *acts, **how)
    a_day_later(world)
    return key


def a_day_later(world: World) -> None:
    world.run("update members_apikey set created_at = created_at - interval '1 day', works_from = "
              "works_from - interval '1 day' where made_by_id is not null")  # fmt: skip


def decide(world: World, key: str, by: str = HUB, *, is_agreed: bool = True) -> None:
    with world.acting(who := world.actor(by)) as at:
        keys.decide_key(key_id=row(key).pk, is_agreed=is_agreed, by=who, at=at,
                        told="Ms Linden answered and confirmed.")  # fmt: skip


def told(world: World, key: str) -> dict[str, Task]:
    with as_owner():
        return {one.kind: one for one in Task.objects.filter(about=row(key).pk)}


def call(key: str, path: str = "/api/v1/tickets", **more: Any) -> int:
    queries._known_keys.clear()
    return Client().get(path, headers={"Authorization": f"Bearer {key}", **more}).status_code


def row(key: str) -> ApiKey:
    return ApiKey.objects.get(key_sha256=digest_of(key))


def test_a_key_speaks_for_its_organisation_and_is_kept_as_a_digest(world: World) -> None:
    key = make(world)
    assert call(key) == 200
    assert queries.actor_by_key(key).organisation_id == world.organisation("linden").id
    assert key not in str(world.run("select * from members_apikey"))
    assert key not in str(world.run("select convert_from(body, 'utf8') from audit_auditleaf"))


def test_a_key_is_for_its_acts_only(world: World) -> None:
    reading = make(world, "ticket:see")
    assert call(reading) == 200
    answer = Client().post(
        "/api/v1/tickets/acknowledgements", data=json.dumps({"tickets": []}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {reading}", "Idempotency-Key": str(uuid4())},
    )  # fmt: skip
    assert answer.status_code in (403, 404)
    assert call(make(world, "ticket:answer")) == 403


def test_a_key_ends_by_itself_and_at_once_when_it_is_ended(world: World) -> None:
    key, other = make(world, days=1), make(world)
    world.run("update members_apikey set expires_at = now() where id = %s", row(key).pk)
    assert call(key) == 401 and call(other) == 200
    with world.acting(who := world.actor(HEAD)) as at:
        keys.end_key(key_id=row(other).pk, by=who, at=at)
    assert call(other) == 401


def test_its_last_use_is_noted(world: World) -> None:
    key = make(world)
    assert row(key).last_used_at is None
    call(key)
    assert row(key).last_used_at is not None


def test_another_organisation_neither_sees_nor_ends_it(world: World) -> None:
    key = make(world)
    with world.acting(who := world.actor(ELSEWHERE)) as at:
        assert row(key).pk not in {one.pk for one in people_queries.keys_of(who)}
        said = set()
        for which in (row(key).pk, uuid4()):
            with pytest.raises(KeyRefused) as refusal:
                keys.end_key(key_id=which, by=who, at=at)
            said.add(str(refusal.value))
    assert len(said) == 1 and call(key) == 200


@pytest.mark.parametrize(
    ("changed", "field"),
    [({"name": ""}, "name"), ({"days": 0}, "days"), ({"days": 91}, "days"),
     ({"acts": ("case:see",)}, "acts"), ({"acts": ("nonsense",)}, "acts")],
)  # fmt: skip
def test_what_is_no_key_is_told_where(world: World, changed: dict[str, Any], field: str) -> None:
    acts = changed.pop("acts", ("ticket:see",))
    with pytest.raises(KeyRefused) as refusal:
        make(world, *acts, **changed)
    assert refusal.value.field == field


def test_the_pages_log_in_writes_no_key_by_itself(world: World) -> None:
    make(world)
    for sql in ("insert into members_apikey select * from members_apikey",
                "update members_apikey set scope = null", "delete from members_apikey",
                "update members_apikey set expires_at = null"):  # fmt: skip
        with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    with world.acting(world.visitor), connection.cursor() as cursor:
        cursor.execute("select key_issue(sha256('x'), 'x', null, 90)")
        assert cursor.fetchone() == (None,)


def test_the_page_shows_a_key_once(world: World) -> None:
    client = Client()
    client.force_login(Login.objects.get(username=HEAD))
    page = client.post("/keys/make", {"name": "Teller", "acts": ["ticket:see"], "days": "30"})
    key = re.search(r'id="key">(rk_[^<]+)<', page.content.decode())
    assert page.status_code == 200 and key and call(key[1]) == 401
    assert "works from" in client.get("/keys").content.decode()
    again = client.get("/keys").content.decode()
    assert key[1] not in again and "Teller" in again
    assert row(key[1]).expires_at - row(key[1]).works_from <= timedelta(days=30)


def test_an_organisation_without_a_machine_gets_one(world: World) -> None:
    world.run("delete from members_apikey where mandate_id in (select id from members_mandate "
              "where role = 'machine' and organisation_id = %s)",
              world.organisation("linden").id)  # fmt: skip
    make(world)
    made = Mandate.objects.get(organisation__code="linden", role="machine")
    assert made.person.is_system


# A new key cools down (T14)


def test_a_new_key_works_after_a_day_and_the_old_one_meanwhile(world: World) -> None:
    old = make(world)
    new = make_now(world, name="Teller, renewed")
    assert call(new) == 401 and call(old) == 200
    a_day_later(world)
    assert call(new) == 200


def test_a_colleague_is_told_at_once_and_ends_it(world: World) -> None:
    key = make_now(world)
    task = told(world, key)["key_made"]
    assert task.owner_id == world.organisation("linden").id
    assert task.person_id != world.actor(HEAD).person_id and task.values == {"key": "Teller"}
    with world.acting(who := world.actor(HEAD)) as at:
        keys.end_key(key_id=row(key).pk, by=who, at=at)
    a_day_later(world)
    assert call(key) == 401 and told(world, key)["key_made"].done_at


def test_with_the_word_of_another_organisation_it_works_at_once(world: World) -> None:
    key = make_now(world)
    decide(world, key)
    assert call(key) == 200
    assert told(world, key)["key_made"].done_at and not told(world, key)["key_agreed"].done_at
    with pytest.raises(KeyRefused, match="works already"):
        decide(world, key)


def test_what_the_hubs_desk_refuses_never_works(world: World) -> None:
    key = make_now(world)
    decide(world, key, is_agreed=False)
    a_day_later(world)
    assert call(key) == 401 and "key_refused" in told(world, key)


@pytest.mark.parametrize("by", [HEAD, ELSEWHERE, "nada.police"])
def test_nobody_else_lets_it_work(world: World, by: str) -> None:
    key = make_now(world)
    with pytest.raises(KeyRefused, match="Another person"):
        decide(world, key, by)
    assert call(key) == 401


def test_who_works_at_both_lets_nothing_work(world: World) -> None:
    key = make_now(world)
    world.run(
        "insert into members_mandate (id, person_id, organisation_id, role, valid_from, is_on_duty)"
        " values (gen_random_uuid(), %s, %s, 'clerk', now(), false)",
        world.actor(HUB).person_id, world.organisation("linden").id,
    )  # fmt: skip
    with pytest.raises(KeyRefused, match="Another person"):
        decide(world, key)


def test_the_day_is_a_condition_of_the_table(world: World) -> None:
    key = make_now(world)
    for sql in ("works_from = now()", "works_from = null",
                "works_from = now(), agreed_by_id = made_by_id, agreed_told = 'x'"):  # fmt: skip
        with pytest.raises(Error), transaction.atomic():
            world.run(f"update members_apikey set {sql} where id = %s", row(key).pk)  # noqa: S608


def test_the_hubs_page_asks_for_who_answered(world: World) -> None:
    key, hub = make_now(world), Client()
    hub.force_login(Login.objects.get(username=HUB))
    number = world.organisation("linden").contact_phone
    shown = hub.get("/directory/changes").content.decode()
    assert "New keys of programs" in shown and number in shown
    form = {"key": str(row(key).pk), "act": "agree"}
    assert hub.post("/directory/keys/decide", form).status_code == 422
    assert hub.post("/directory/keys/decide", {"key": "x"}).status_code == 422
    assert hub.post("/directory/keys/decide", form | {"told": "She did."}).status_code == 302
    assert call(key) == 200
    other = Client()
    other.force_login(Login.objects.get(username=HEAD))
    assert other.post("/directory/keys/decide", form).status_code == 403
    assert "New keys of programs" not in other.get("/directory/changes").content.decode()
