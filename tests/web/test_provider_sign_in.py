"""Signing in through the state's own provider, a real one: who is let in, with what beside it."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP
from django.test import Client

from recoup.apps.members import codes, factors, link_operations
from recoup.apps.members.models import CodeSecret, Login
from recoup.apps.members.oidc_settings import Provider
from support.authenticator import Device
from support.provider import come_back, onward, running, signed_in_there, through, use
from support.roles import as_owner
from support.signing_in import browser, enrol, question, sign_in
from support.world import OFFICER, World

CHIEF = "nada.police"  # a unit head, who needs a passkey
SIGN = "jelena.sign"
SECRET = b"12345678901234567890"


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Provider]:
    with running(tmp_path_factory.mktemp("provider")) as one:
        yield one


@pytest.fixture(autouse=True)
def asked_for_real(settings: Any, provider: Provider) -> None:
    settings.IS_DEMO = False
    use(settings, provider)


def linked(world: World, login: str, who: str = SIGN) -> Device:
    """Somebody with a passkey, who has linked themselves through the pages."""
    device = enrol(world, login)
    answer = through(sign_in(device), who, begin="/own-sign-in/link")
    assert answer.status_code == 302 and answer["Location"] == "/own-sign-in"
    assert links(world) == [(login,)], lines(world, "session:link_refused")
    return device


def links(world: World) -> list[tuple[Any, ...]]:
    return world.run(
        "select l.username from members_providerlink k join members_login l on l.id = k.login_id "
        "where k.ended_at is null order by 1"
    )


def lines(world: World, what: str) -> list[dict[str, Any]]:
    rows = world.run("select convert_from(body, 'utf8') from audit_auditleaf order by recorded_at")
    return [body for (text,) in rows if (body := json.loads(text))["what"] == what]


def is_in(client: Client) -> bool:
    return client.get("/law").status_code == 200


def told(client: Client, path: str = "/accounts/login/") -> str:
    return str(client.get(path).content.decode())


def show(client: Client, device: Device) -> Any:
    """Show the passkey after the provider has said who it is."""
    page = client.get("/sign-in/second")
    return client.post("/sign-in/second", {"passkey": device.sign(question(page))})


# The button


def test_without_a_provider_there_is_no_button_and_no_page(world: World, settings: Any) -> None:
    settings.OIDC = None
    client = browser()
    assert "/sign-in/provider" not in told(client)
    assert client.post("/sign-in/provider").status_code == 404
    for path in ("/sign-in/provider/back", "/sign-in/provider/finish"):
        assert client.get(path).status_code == 404


def test_the_button_bears_the_name_of_the_settings(world: World) -> None:
    assert "Sign in with eState" in told(browser())


# What is asked


def test_the_question_is_a_code_with_pkce_a_state_and_a_nonce_of_its_own(world: World) -> None:
    seen = []
    for _ in range(2):
        query = parse_qs(urlsplit(onward(browser().post("/sign-in/provider"))).query)
        seen.append((query["state"], query["nonce"], query["code_challenge"]))
        assert query["response_type"] == ["code"] and query["scope"] == ["openid"]
        assert query["code_challenge_method"] == ["S256"]
        assert query["redirect_uri"] == ["http://localhost/sign-in/provider/back"]
    assert len({value for row in seen for (value,) in row}) == 6


def test_the_way_out_keeps_the_strict_policy(world: World) -> None:
    answer = browser().post("/sign-in/provider")
    assert "form-action 'self'" in answer["Content-Security-Policy"]
    assert "no-store" in answer["Cache-Control"]


# Who is let in


def test_whom_nobody_has_linked_is_not_let_in_and_nothing_is_stored(world: World) -> None:
    before = world.run("select count(*) from members_person, members_login")
    client = browser()
    answer = through(client, SIGN)
    assert answer["Location"] == "/accounts/login/" and not is_in(client)
    assert "link it at “My sign-in”" in told(client)
    assert world.run("select count(*) from members_person, members_login") == before
    assert links(world) == []
    (line,) = lines(world, "session:refused")
    assert line["facts"]["reason"] == "not linked to anybody" and SIGN not in json.dumps(line)


def test_it_is_the_first_factor_and_the_passkey_is_still_asked(world: World) -> None:
    device = linked(world, CHIEF)
    client = browser()
    assert through(client, SIGN)["Location"] == "/sign-in/second" and not is_in(client)
    assert show(client, device)["Location"] == "/desk"
    assert is_in(client) and client.session[factors.FACTOR] == factors.PASSKEY
    came = lines(world, "session:signed_in")[-1]
    assert (came["facts"]["factor"], came["facts"]["first"]) == ("passkey", "provider")


def test_another_s_passkey_does_not_finish_it(world: World) -> None:
    linked(world, CHIEF)
    other = enrol(world, "olga.prosecutor")
    client = browser()
    through(client, SIGN)
    page = client.get("/sign-in/second")
    answer = client.post("/sign-in/second", {"passkey": other.sign(question(page))})
    assert answer.status_code == 422 and not is_in(client)
    assert lines(world, "session:refused")[-1]["stream"].startswith("person:")


def test_a_code_finishes_it_where_codes_are_enough(world: World) -> None:
    linked(world, OFFICER)
    login = Login.objects.get(username=OFFICER)
    with as_owner():
        CodeSecret.objects.create(
            login=login, sealed=codes.seal(SECRET, login), made_at=world.now()
        )
    client = browser()
    through(client, SIGN)
    assert "Code from your telephone" in told(client, "/sign-in/second")
    shown = TOTP(SECRET, 6, SHA1(), 30).generate(int(world.now().timestamp())).decode()  # noqa: S303
    assert client.post("/sign-in/code", {"code": shown})["Location"] == "/desk"
    assert is_in(client) and client.session[factors.FACTOR] == factors.CODE


def test_a_code_does_not_finish_it_for_who_needs_a_passkey(world: World) -> None:
    linked(world, CHIEF)
    login = Login.objects.get(username=CHIEF)
    with as_owner():
        CodeSecret.objects.create(
            login=login, sealed=codes.seal(SECRET, login), made_at=world.now()
        )
    client = browser()
    through(client, SIGN)
    assert "Code from your telephone" not in told(client, "/sign-in/second")
    shown = TOTP(SECRET, 6, SHA1(), 30).generate(int(world.now().timestamp())).decode()  # noqa: S303
    assert client.post("/sign-in/code", {"code": shown}).status_code == 422 and not is_in(client)


def test_the_second_half_waits_five_minutes_only(world: World) -> None:
    device = linked(world, CHIEF)
    client = browser()
    through(client, SIGN)
    session = client.session
    half = session["half_signed_in"]
    half["at"] = (world.now() - timedelta(minutes=6)).isoformat()
    session["half_signed_in"] = half
    session.save()
    assert client.get("/sign-in/second")["Location"] == "/accounts/login/"
    assert client.post("/sign-in/second", {"passkey": "{}"})["Location"] == "/accounts/login/"
    assert device and not is_in(client)


def test_the_right_is_the_hub_s_a_suspended_person_is_not_let_in(world: World) -> None:
    linked(world, CHIEF)
    world.run("update members_login set is_active = false where username = %s", CHIEF)
    client = browser()
    assert through(client, SIGN)["Location"] == "/accounts/login/" and not is_in(client)
    assert (
        lines(world, "session:refused")[-1]["facts"]["reason"] == "suspended or without a mandate"
    )
    assert lines(world, "session:refused")[-1]["facts"]["username"] == CHIEF


def test_without_a_mandate_in_force_nobody_is_let_in(world: World) -> None:
    linked(world, CHIEF)
    world.run(
        "update members_mandate set valid_until = now() - interval '1 second' where person_id = "
        "(select person_id from members_login where username = %s)", CHIEF,
    )  # fmt: skip
    client = browser()
    assert through(client, SIGN)["Location"] == "/accounts/login/" and not is_in(client)


def test_suspended_between_the_two_halves_ends_it(world: World) -> None:
    device = linked(world, CHIEF)
    client = browser()
    through(client, SIGN)
    page = client.get("/sign-in/second")
    world.run("update members_login set is_active = false where username = %s", CHIEF)
    answer = client.post("/sign-in/second", {"passkey": device.sign(question(page))})
    assert answer["Location"] == "/accounts/login/" and not is_in(client)


# What counts as a passkey, where the settings say so


def test_what_the_settings_name_as_equal_lets_in_without_a_passkey(
    world: World, settings: Any, provider: Provider
) -> None:
    linked(world, CHIEF, "strong.sign")
    use(settings, dataclasses.replace(provider, equal_acr=frozenset({"high"})))
    client = browser()
    assert through(client, "strong.sign")["Location"] == "/desk"
    assert is_in(client) and client.session[factors.FACTOR] == factors.STATE
    assert lines(world, "session:signed_in")[-1]["facts"]["factor"] == "state"


@pytest.mark.parametrize("equal", [frozenset(), frozenset({"higher"})])
def test_what_they_do_not_name_is_the_first_factor_only(
    world: World, settings: Any, provider: Provider, equal: frozenset[str]
) -> None:
    linked(world, CHIEF, "strong.sign")
    use(settings, dataclasses.replace(provider, equal_acr=equal))
    assert through(browser(), "strong.sign")["Location"] == "/sign-in/second"


def test_who_came_so_still_shows_the_passkey_before_an_act(
    world: World, settings: Any, provider: Provider
) -> None:
    device = linked(world, CHIEF, "strong.sign")
    use(settings, dataclasses.replace(provider, equal_acr=frozenset({"high"})))
    client = browser()
    through(client, "strong.sign")
    asked = client.post("/people/propose", {"kind": "enrol"})
    assert asked.status_code == 401 and b"Show once more" in asked.content
    done = client.post(
        "/people/propose", {"kind": "enrol", "step_up_passkey": device.sign(question(asked))}
    )
    assert done.status_code == 422  # the form was empty, and that is what is told now


def test_such_a_session_ends_as_all_others(world: World, settings: Any, provider: Provider) -> None:
    linked(world, CHIEF, "strong.sign")
    use(settings, dataclasses.replace(provider, equal_acr=frozenset({"high"})))
    client = browser()
    through(client, "strong.sign")
    session = client.session
    session[factors.SEEN] = (world.now() - timedelta(minutes=16)).isoformat()
    session.save()
    assert client.get("/desk")["Location"].startswith("/accounts/login/") and not is_in(client)
    again = browser()
    through(again, "strong.sign")
    assert is_in(again)
    settings.OIDC = provider  # nothing is equal any more
    assert not is_in(again)


# Linking and ending it


def test_a_link_is_a_line_of_the_person_s_stream_and_keeps_no_name(world: World) -> None:
    linked(world, CHIEF)
    (line,) = lines(world, "session:linked")
    person = Login.objects.get(username=CHIEF).person_id
    assert line["stream"] == f"person:{person}" and SIGN not in json.dumps(line)
    [(mac,)] = world.run("select subject_mac from members_providerlink")
    assert len(bytes(mac)) == 32


def test_linking_asks_for_the_second_factor_first(world: World) -> None:
    client = sign_in(enrol(world, CHIEF))
    session = client.session
    session[factors.PROVED_AT] = (world.now() - timedelta(minutes=6)).isoformat()
    session.save()
    answer = client.post("/own-sign-in/link")
    assert answer.status_code == 401 and b"Show once more" in answer.content


def test_a_proof_that_grew_old_at_the_provider_links_nothing(world: World) -> None:
    client = sign_in(enrol(world, CHIEF))
    back = signed_in_there(onward(client.post("/own-sign-in/link")), SIGN)
    session = client.session
    session[factors.PROVED_AT] = (world.now() - timedelta(minutes=6)).isoformat()
    session.save()
    assert come_back(client, back)["Location"] == "/own-sign-in"
    assert links(world) == [] and "Not linked" in told(client, "/own-sign-in")
    assert "too long ago" in lines(world, "session:link_refused")[-1]["facts"]["reason"]


def test_a_visitor_links_nothing(world: World) -> None:
    assert browser().post("/own-sign-in/link").status_code in (302, 403)
    assert browser().get("/own-sign-in").status_code in (302, 403)


def test_the_answer_to_one_s_question_does_not_link_another(world: World) -> None:
    """Somebody else signs in in the same browser before the provider's answer comes."""
    first, other = enrol(world, CHIEF), enrol(world, "olga.prosecutor")
    client = sign_in(first)
    back = signed_in_there(onward(client.post("/own-sign-in/link")), SIGN)
    held = client.session["asked_provider"]
    sign_in(other, client)
    session = client.session
    session["asked_provider"] = held
    session.save()
    come_back(client, back)
    assert links(world) == []


def test_one_of_the_provider_is_one_log_in_of_the_hub(world: World) -> None:
    linked(world, CHIEF)
    client = sign_in(enrol(world, "olga.prosecutor"))
    through(client, SIGN, begin="/own-sign-in/link")
    assert links(world) == [(CHIEF,)]
    assert lines(world, "session:link_refused")[-1]["facts"]["reason"] == "linked already"


def test_a_log_in_is_linked_once(world: World) -> None:
    device = linked(world, CHIEF)
    through(sign_in(device), "strong.sign", begin="/own-sign-in/link")
    assert through(browser(), "strong.sign")["Location"] == "/accounts/login/"


def test_ending_it_ends_the_other_sessions_and_lets_in_nobody(world: World) -> None:
    device = linked(world, CHIEF)
    here, there = sign_in(device), sign_in(device)
    [(which,)] = world.run("select id from members_providerlink")
    assert here.post("/own-sign-in/end", {"link": str(which)})["Location"] == "/own-sign-in"
    assert is_in(here) and not is_in(there) and links(world) == []
    assert through(browser(), SIGN)["Location"] == "/accounts/login/"
    (line,) = lines(world, "session:unlinked")
    assert line["facts"]["link"] == str(which)


def test_nobody_ends_another_s(world: World) -> None:
    linked(world, CHIEF)
    client = sign_in(enrol(world, "olga.prosecutor"))
    [(which,)] = world.run("select id from members_providerlink")
    for given in (str(which), "rubbish", ""):
        client.post("/own-sign-in/end", {"link": given})
    assert links(world) == [(CHIEF,)] and lines(world, "session:unlinked") == []


def test_the_database_itself_links_nobody_but_who_asks(world: World) -> None:
    login = Login.objects.get(username=CHIEF)
    mac = link_operations.digest("https://sign-in.example", "A-1")
    with world.acting(world.actor("olga.prosecutor")):
        assert link_operations.link(login, mac) is None
    with world.acting(world.visitor):
        assert link_operations.link(login, mac) is None
    with world.acting(world.actor(CHIEF)):
        assert link_operations.link(login, mac) is not None
        assert link_operations.link_of(login) is not None
    with world.acting(world.actor("olga.prosecutor")):
        assert link_operations.link_of(login) is None


def test_a_new_passkey_for_a_lost_one_ends_the_link(world: World) -> None:
    linked(world, CHIEF)
    world.run(
        "update members_memberchange set is_agreed = true where kind = 'recover' "
        "and login_id = (select id from members_login where username = %s)", CHIEF,
    )  # fmt: skip
    assert links(world) == []


# The real provider refuses what is not right, too


def test_a_code_counts_once(world: World) -> None:
    linked(world, CHIEF)
    client = browser()
    back = signed_in_there(onward(client.post("/sign-in/provider")), SIGN)
    held = client.session["asked_provider"]
    assert come_back(client, back)["Location"] == "/sign-in/second"
    assert come_back(client, back)["Location"] == "/accounts/login/"  # the question is forgotten
    session = client.session
    session["asked_provider"] = held
    session.save()
    assert come_back(client, back)["Location"] == "/accounts/login/"  # and so is the code


def test_a_code_of_another_s_question_is_refused_by_pkce(world: World) -> None:
    """A stolen code, put into another browser with that browser's own state."""
    linked(world, CHIEF)
    theirs, ours = browser(), browser()
    code = parse_qs(
        urlsplit(signed_in_there(onward(theirs.post("/sign-in/provider")), SIGN)).query
    )["code"][0]
    state = parse_qs(urlsplit(onward(ours.post("/sign-in/provider"))).query)["state"][0]
    answer = ours.get("/sign-in/provider/finish", {"code": code, "state": state})
    assert answer["Location"] == "/accounts/login/" and not is_in(ours)


def test_the_provider_sends_people_to_the_one_address_only(
    world: World, settings: Any, provider: Provider
) -> None:
    use(settings, dataclasses.replace(provider, back="http://evil.example/sign-in/provider/back"))
    where = onward(browser().post("/sign-in/provider"))
    with pytest.raises(AssertionError, match="Error"):
        signed_in_there(where, SIGN)


def test_with_a_wrong_secret_nobody_is_let_in(
    world: World, settings: Any, provider: Provider
) -> None:
    use(settings, dataclasses.replace(provider, secret="another"))
    client = browser()
    assert through(client, SIGN)["Location"] == "/accounts/login/"
    assert "gives no answer that the hub could read" in told(client)


def test_the_session_has_another_id_after_each_half(world: World) -> None:
    device = linked(world, CHIEF)
    client = browser()
    client.post("/sign-in/provider")
    ids = [client.cookies["sessionid"].value]
    through(client, SIGN)
    ids.append(client.cookies["sessionid"].value)
    show(client, device)
    ids.append(client.cookies["sessionid"].value)
    assert len(set(ids)) == 3
