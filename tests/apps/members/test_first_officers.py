"""Where nobody is there yet, two are enrolled together, and no third that way."""

from __future__ import annotations

import pytest

from recoup.apps.audit.first_operations import Newcomer, NotTheFirst, Words, first_officers
from recoup.apps.members.models import Login
from support.authenticator import Device
from support.roles import as_owner
from support.signing_in import browser, make_real, question, sign_in
from support.world import World

ONE = Newcomer("First Officer", "first@desk.example", "first.desk")
OTHER = Newcomer("Second Officer", "second@desk.example", "second.desk")


def enrol(world: World, *newcomers: Newcomer) -> list[Words]:
    with as_owner():
        return first_officers(
            organisation=make_real(world, "ministry"), newcomers=newcomers, at=world.now()
        )


def passkey(words: Words) -> Device:
    client, device = browser(), Device()
    client.post("/enrol", {"first": words.own, "second": words.others})
    made = device.make(question(client.get("/enrol")))
    assert client.post("/enrol", {"act": "make", "passkey": made}).status_code == 200
    return device


def test_two_make_their_passkeys_and_work_at_the_desk(world: World) -> None:
    found = enrol(world, ONE, OTHER)
    for words in found:
        assert sign_in(passkey(words)).get("/people").status_code == 200
    assert len({word for words in found for word in (words.own, words.others)}) == 4


def test_once_one_has_a_passkey_nobody_comes_that_way(world: World) -> None:
    passkey(enrol(world, ONE, OTHER)[0])
    with pytest.raises(NotTheFirst):
        enrol(world, Newcomer("Third", "third@desk.example", "third.desk"), OTHER)
    assert not Login.objects.filter(username="third.desk").exists()


def test_until_then_words_that_were_lost_are_replaced(world: World) -> None:
    lost = enrol(world, ONE, OTHER)[0]
    enrol(world, ONE, OTHER)
    answer = browser().post("/enrol", {"first": lost.own, "second": lost.others})
    assert answer.status_code == 422


def test_one_person_is_not_two(world: World) -> None:
    twin = Newcomer(ONE.full_name, ONE.email, "first.again")
    with pytest.raises(NotTheFirst):
        enrol(world, ONE, twin)
