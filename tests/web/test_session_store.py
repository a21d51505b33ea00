"""A session is read as Django reads it, with a statement of our own."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from recoup.web.session_store import SessionStore
from support.world import OFFICER, World

SAID = {"mandate": "a", "at": 7, "more": {"ё": [1, None]}}


def kept(store: type[Any]) -> str:
    session = store()
    session.update(SAID)
    session.create()
    return str(session.session_key)


@pytest.mark.parametrize(("writer", "reader"), [(db.SessionStore, SessionStore),
                                                (SessionStore, db.SessionStore)])  # fmt: skip
def test_what_one_has_written_the_other_reads(
    world: World, writer: type[Any], reader: type[Any]
) -> None:
    read = reader(kept(writer))
    assert dict(read.items()) == SAID
    assert read.session_key


@pytest.mark.parametrize("end", ["over", "deleted", "never begun"])
def test_one_that_is_no_more_is_empty_and_has_no_key(world: World, end: str) -> None:
    key = kept(SessionStore)
    if end == "over":
        Session.objects.filter(pk=key).update(expire_date=timezone.now() - timedelta(seconds=1))
    if end == "deleted":
        Session.objects.filter(pk=key).delete()
    for store in (SessionStore, db.SessionStore):
        read = store("x" * 32 if end == "never begun" else key)
        assert (dict(read.items()), read.session_key) == ({}, None)


def test_another_s_data_under_this_key_are_nobody_s(world: World) -> None:
    """The signature is of the data alone, as Django's is: a changed byte leaves nothing."""
    key = kept(SessionStore)
    data = Session.objects.get(pk=key).session_data
    Session.objects.filter(pk=key).update(
        session_data=data[:-1] + ("A" if data[-1] != "A" else "B")
    )
    assert dict(SessionStore(key).items()) == {}


def test_the_pages_use_it(world: World, client: Client) -> None:
    client.cookies["sessionid"] = world.session_of(OFFICER)
    assert type(client.session) is SessionStore
    assert client.get("/desk").status_code == 200
