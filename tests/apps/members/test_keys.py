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
from recoup.apps.members import people_queries, queries
from recoup.apps.members.models import ApiKey, Login, Mandate
from recoup.apps.members.operations import digest_of
from support.world import World

HEAD, ELSEWHERE = "dara.linden", "boris.quince"


@pytest.fixture(autouse=True)
def nothing_kept() -> None:
    queries._known_keys.clear()


def make(world: World, *acts: str, by: str = HEAD, days: int = 90, name: str = "Teller") -> str:
    with world.acting(who := world.actor(by)) as at:
        return keys.make_key(
            name=name, acts=acts or keys.acts_for_machines(), days=days, by=who, at=at
        )


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
    assert page.status_code == 200 and key and call(key[1]) == 200
    again = client.get("/keys").content.decode()
    assert key[1] not in again and "Teller" in again
    assert row(key[1]).expires_at - world.now() <= timedelta(days=30)


def test_an_organisation_without_a_machine_gets_one(world: World) -> None:
    world.run("delete from members_apikey where mandate_id in (select id from members_mandate "
              "where role = 'machine' and organisation_id = %s)",
              world.organisation("linden").id)  # fmt: skip
    make(world)
    made = Mandate.objects.get(organisation__code="linden", role="machine")
    assert made.person.is_system
