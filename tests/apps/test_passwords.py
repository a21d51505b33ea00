"""No log-in of the hub reads or writes a password hash; signing in and changing it work."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client

from recoup.apps.members import passwords
from recoup.apps.members.models import Login
from support.roles import as_planner
from support.world import OFFICER, World

NEW = "a-longer-new-word-9"


def state_of(sql: str) -> str:
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(sql)
    except ProgrammingError as problem:
        return str(getattr(problem.__cause__, "sqlstate", ""))
    return ""


def sign_in(world: World, password: str = "", login: str = OFFICER) -> Client:
    client = Client()
    told = {"login": login, "password": password or world.password}
    client.answer = client.post("/accounts/login/", told)  # type: ignore[attr-defined]
    return client


@pytest.mark.parametrize(
    "sql",
    [
        "select password from members_login",
        "select * from members_login",
        "select 1 from members_login where password like 'a%'",
        "update members_login set password = 'x'",
        "update members_login set session_mark = gen_random_uuid()",
        "update members_login set username = 'x'",
    ],
)
def test_neither_the_pages_nor_the_worker_reach_a_hash(world: World, sql: str) -> None:
    assert state_of(sql) == "42501"
    with as_planner():
        assert state_of(sql) == "42501"


def test_what_the_functions_tell_is_no_hash(world: World) -> None:
    stored = world.run("select password from members_login where username = %s", OFFICER)[0][0]
    with connection.cursor() as cursor:
        cursor.execute("select login_recipe(%s)", [OFFICER])
        recipe = cursor.fetchone()[0]
        assert stored.startswith(recipe) and stored.split("$")[-1] not in recipe
        cursor.execute("select login_recipe('nobody'), login_proved('nobody', 'x')")
        assert cursor.fetchone() == (None, False)


def test_one_signs_in_with_the_right_word_only(world: World) -> None:
    assert sign_in(world).get("/desk").status_code == 200
    wrong = sign_in(world, "wrong")
    assert wrong.answer.status_code == 200  # type: ignore[attr-defined]
    assert wrong.get("/desk").status_code == 302
    assert sign_in(world, login="nobody").get("/desk").status_code == 302


@pytest.mark.parametrize("hasher", ["Scrypt", "MD5", "PBKDF2"])
def test_each_hasher_that_may_be_stored_is_proved(
    world: World, settings: object, hasher: str
) -> None:
    settings.PASSWORD_HASHERS = [f"django.contrib.auth.hashers.{hasher}PasswordHasher"]  # type: ignore[attr-defined]
    encoded = passwords.make_password("right")
    world.run("update members_login set password = %s where username = %s", encoded, OFFICER)
    assert passwords.proof(OFFICER, "right") == encoded
    assert passwords.proof(OFFICER, "wrong") == ""


def test_a_new_word_needs_the_old_one_and_ends_other_sessions(world: World) -> None:
    client, elsewhere = sign_in(world), sign_in(world)
    told = {"oldpassword": "wrong", "password1": NEW, "password2": NEW}
    client.post("/accounts/password/change/", told)
    assert sign_in(world, NEW).get("/desk").status_code == 302
    changed = client.post("/accounts/password/change/", told | {"oldpassword": world.password})
    assert changed.status_code == 302
    assert client.get("/desk").status_code == 200
    assert elsewhere.get("/desk").status_code == 302
    assert sign_in(world, NEW).get("/desk").status_code == 200
    assert sign_in(world).get("/desk").status_code == 302


def test_without_the_old_word_the_database_changes_nothing(world: World) -> None:
    login = Login.objects.get(username=OFFICER)
    for proved in ("", "md5$x$y"):
        with pytest.raises(passwords.NotProved):
            passwords.change(login.pk, proved=proved, password=NEW)


def test_tries_to_sign_in_are_counted_in_the_database(world: World) -> None:
    """A restart forgot them, and each process counted for itself."""
    for _ in range(6):
        last = sign_in(world, "wrong")
    assert world.run("select count(*) > 0 from members_cache") == [(True,)]
    assert "127.0.0.1" not in str(world.run("select cache_key from members_cache"))
    assert sign_in(world).get("/desk").status_code == 302, last
