"""Nobody lets anybody in alone: not by the pages, not by statements of the pages' own log-in."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.utils import Error
from django.test import Client

from recoup.apps.audit import member_operations as members
from recoup.apps.audit.member_operations import ChangeRefused, Told
from recoup.apps.members import pass_words
from recoup.apps.members.models import Login, Mandate, MemberChange, Person
from support.world import World

HUB, HUB_TOO, HEAD, OFFICER, CLERK = (
    "vida.hub", "uros.hub", "nada.police", "jelena.police", "mila.linden"
)  # fmt: skip
NEW = {"full_name": "Invented Newcomer", "email": "new@police.example", "username": "new.police",
       "role": "officer", "ground": "Joins the unit on Monday."}  # fmt: skip


def propose(world: World, by: str = HEAD, **changed: str) -> Told:
    with world.acting(who := world.actor(by)) as at:
        return members.propose_person(**{**NEW, **changed}, by=who, at=at)


def of_person(world: World, act: Callable[..., Any], who: str, by: str = HEAD) -> Any:
    person = Login.objects.get(username=who).person_id
    with world.acting(actor := world.actor(by)) as at:
        return act(person_id=person, ground="Lost at the station.", by=actor, at=at)


def decide(world: World, told: Told, by: str = HUB, *, is_agreed: bool = True) -> Told:
    with world.acting(who := world.actor(by)) as at:
        return members.decide(change_id=told.change.pk, is_agreed=is_agreed, by=who, at=at)


def opened(first: str, second: str) -> bool:
    return pass_words.opened(pass_words.token(first), pass_words.token(second)) is not None


def client(login: str) -> Client:
    made = Client()
    made.force_login(Login.objects.get(username=login))
    return made


def lines(world: World) -> list[dict[str, Any]]:
    rows = world.run("select convert_from(body, 'utf8') from audit_auditleaf order by recorded_at")
    return [json.loads(text) for (text,) in rows]


def test_two_persons_let_a_third_in_and_neither_has_both_words(world: World) -> None:
    proposed = propose(world)
    assert not Login.objects.filter(username="new.police").exists()
    assert not opened(proposed.word, proposed.word)
    agreed = decide(world, proposed)
    assert agreed.word and agreed.word != proposed.word
    assert opened(proposed.word, agreed.word) and opened(agreed.word, proposed.word)
    assert not opened(agreed.word, agreed.word)
    login = Login.objects.get(username="new.police")
    mandate = Mandate.objects.get(person_id=login.person_id)
    assert (mandate.role, mandate.organisation.code) == ("officer", "police")
    stored = str(world.run("select * from members_memberchange"))
    assert proposed.word not in stored and agreed.word not in stored


def test_both_acts_stand_in_the_trail_with_both_persons(world: World) -> None:
    decide(world, propose(world))
    told = {line["what"]: line for line in lines(world) if line["what"].startswith("member:")}
    assert set(told) == {"member:proposed", "member:agreed"}
    assert told["member:proposed"]["person"] != told["member:agreed"]["person"]
    assert told["member:agreed"]["facts"]["proposed_by"] == told["member:proposed"]["person"]
    assert "Newcomer" not in json.dumps(list(told.values()))


@pytest.mark.parametrize("by", [HEAD, OFFICER, CLERK])
def test_who_is_not_of_the_hubs_desk_agrees_to_nothing(world: World, by: str) -> None:
    told = propose(world)
    with pytest.raises(ChangeRefused):
        decide(world, told, by)
    assert not Login.objects.filter(username="new.police").exists()


def test_an_officer_of_the_hubs_desk_does_not_agree_to_their_own(world: World) -> None:
    told = propose(world, HUB, role="ministry_officer")
    with pytest.raises(ChangeRefused, match="Another person"):
        decide(world, told, HUB)
    assert decide(world, told, HUB_TOO).word


def test_an_officer_of_the_hubs_desk_does_not_agree_about_themselves(world: World) -> None:
    told = of_person(world, members.propose_recovery, HUB, by=HUB_TOO)
    with pytest.raises(ChangeRefused, match="Another person"):
        decide(world, told, HUB)


def test_a_second_account_of_the_same_person_does_not_make_two(world: World) -> None:
    """The person counts: the same address finds the person who is there already."""
    known = Person.objects.get(logins__username=OFFICER)
    decide(world, propose(world, full_name=known.full_name, email=known.email.upper()))
    assert Login.objects.get(username="new.police").person_id == known.pk


def test_nobody_agrees_to_a_second_account_of_their_own(world: World) -> None:
    own = Person.objects.get(logins__username=HUB)
    told = propose(world, email=own.email)
    with pytest.raises(ChangeRefused, match="Another person"):
        decide(world, told, HUB)


def test_what_was_decided_is_not_decided_again(world: World) -> None:
    told = propose(world)
    decide(world, told, is_agreed=False)
    with pytest.raises(ChangeRefused):
        decide(world, told)
    assert not Login.objects.filter(username="new.police").exists()


def test_what_waited_a_week_is_proposed_anew(world: World) -> None:
    told = propose(world)
    world.run("update members_memberchange set proposed_at = now() - interval '8 days'")
    with pytest.raises(ChangeRefused):
        decide(world, told)


def test_what_is_kept_of_the_words_opens_nothing(world: World) -> None:
    decide(world, propose(world))
    [kept] = world.run("select first_sha256, second_sha256 from members_memberchange")
    assert pass_words.opened(*map(bytes, kept)) is None


def test_a_forged_proposal_about_somebody_elsewhere_is_not_carried_out(world: World) -> None:
    told = of_person(world, members.propose_recovery, OFFICER)
    other = Login.objects.get(username=CLERK)
    world.run("update members_memberchange set person_id = %s, login_id = %s",
              other.person_id, other.pk)  # fmt: skip
    with pytest.raises(ChangeRefused):
        decide(world, told)


def test_a_pass_ends_after_three_days(world: World) -> None:
    told = propose(world)
    agreed = decide(world, told)
    world.run("update members_memberchange set expires_at = now() - interval '1 second'")
    assert not opened(told.word, agreed.word)


def test_a_new_passkey_ends_the_old_ones_and_the_password(world: World) -> None:
    from recoup.apps.members.models import Passkey
    from support.signing_in import enrol

    enrol(world, OFFICER)
    decide(world, of_person(world, members.propose_recovery, OFFICER))
    login = Login.objects.get(username=OFFICER)
    assert not Passkey.objects.filter(login=login, ended_at=None).exists()
    answer = Client().post("/accounts/login/", {"login": OFFICER, "password": world.password})
    assert answer.status_code == 200


def test_a_role_of_another_kind_of_organisation_is_not_proposed(world: World) -> None:
    for role in ("judge", "hub_officer", "minister", "machine", "nonsense"):
        with pytest.raises(ChangeRefused):
            propose(world, role=role)


@pytest.mark.parametrize(
    ("field", "value"),
    [("full_name", ""), ("email", "x"), ("username", "A B"), ("username", OFFICER), ("ground", "")],
)
def test_what_is_wrong_is_told_where_it_is(world: World, field: str, value: str) -> None:
    with pytest.raises(ChangeRefused) as told:
        propose(world, **{field: value})
    assert told.value.field == field


def test_the_pages_log_in_alone_lets_nobody_in(world: World) -> None:
    """Whoever can run statements as the pages do forges a proposal, and is refused the rest."""
    actor = world.actor(HEAD)
    own = {"org": actor.organisation_id, "person": str(actor.person_id)}
    propose(world)
    tries = [
        "update members_memberchange set is_agreed = true, devices_left = 2",
        "insert into members_login (password, username, email, person_id, is_active, session_mark) "
        "select '!', 'x', '', person_id, true, gen_random_uuid() from members_login limit 1",
        "select change_decide(id, true, sha256('x')) from members_memberchange",
        "insert into members_memberchange (id, organisation_id, kind, full_name, email, username, "
        "role, ground, proposed_by_id, proposed_at, first_sha256, devices_left) "
        "select gen_random_uuid(), organisation_id, kind, '', '', 'y', role, ground, "
        "(select id from members_person where full_name like 'Luka%%' limit 1), now(), "
        "first_sha256, 0 from members_memberchange limit 1",
        "insert into members_memberchange select gen_random_uuid(), kind, full_name, email, "
        "username from members_memberchange",
    ]
    with world.acting(actor):
        for sql in tries:
            with pytest.raises(Error), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)
    assert own and MemberChange.objects.filter(is_agreed=True).count() == 0


def test_another_organisation_sees_and_reaches_nobody(world: World) -> None:
    propose(world)
    with world.acting(world.actor("dara.linden")):
        assert MemberChange.objects.count() == 0
    foreign = Login.objects.get(username=OFFICER).person_id
    one = client("dara.linden")
    told = set()
    for person in (foreign, uuid4()):
        for path, kind in (("propose", "recover"), ("suspend", "")):
            given = {"kind": kind, "person": str(person), "ground": "A reason."}
            answer = one.post(f"/people/{path}", given)
            said = re.findall(r'role="alert"><p>(.*?)</p>', answer.content.decode())
            told.add((answer.status_code, *said))
    assert len(told) == 1 and told.pop()[0] == 422
    assert Login.objects.get(username=OFFICER).is_active


def test_the_page_shows_each_word_once_and_to_its_own(world: World) -> None:
    head, hub = client(HEAD), client(HUB)
    page = head.post("/people/propose", {"kind": "enrol", **NEW})
    first = re.search(r'id="word">([^<]+)<', page.content.decode())
    assert page.status_code == 200 and first and page["Cache-Control"] == "no-store"
    assert first[1] not in head.get("/people").content.decode()
    change = MemberChange.objects.all()
    with world.acting(world.actor(HUB)):
        pk = str(change.get().pk)
    page = hub.post("/people/decide", {"change": pk, "act": "agree"})
    second = re.search(r'id="word">([^<]+)<', page.content.decode())
    assert second and first[1] not in page.content.decode()
    assert opened(first[1], second[1])


def test_person_is_not_account_is_not_mandate(world: World) -> None:
    """A suspended account keeps its mandate and its person; a second role is one person's still."""
    told = of_person(world, members.suspend, OFFICER)
    assert told is None
    person = Person.objects.get(logins__username=OFFICER)
    assert Mandate.objects.filter(person=person, valid_until=None).exists()
    head = Login.objects.get(username=HEAD).person_id
    with world.acting(actor := world.actor("luka.police")) as at:
        second = members.propose_role(
            person_id=head, role="duty_officer", ground="Stands in at night.", by=actor, at=at
        )
    decide(world, second)
    assert Mandate.objects.filter(person_id=head).count() == 2
    assert Person.objects.filter(pk=head).count() == 1


def test_nobody_suspends_themselves_or_is_let_back_by_one(world: World) -> None:
    with pytest.raises(ChangeRefused):
        of_person(world, members.suspend, HEAD)
    of_person(world, members.suspend, OFFICER)
    back = of_person(world, members.propose_return, OFFICER)
    assert not Login.objects.get(username=OFFICER).is_active
    decide(world, back)
    assert Login.objects.get(username=OFFICER).is_active
