"""What is searched for never stands in an address, in a log, or in a row that anybody can read.

For every page with a search field: the fields are found in the templates, none is named by hand.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

import recoup
from recoup.apps import sought
from recoup.web import case_list, noting
from recoup.web.api import api
from support.case_pages import signed_in
from support.searching import searched
from support.world import OFFICER, World, iban

CLERK = "mila.linden"
TEMPLATES = Path(recoup.__file__).parent / "web" / "templates"
FORM = re.compile(r"<form\b[^>]*>.*?</form>", re.DOTALL)
WORDS = "Zdravka Canary 160-0000000000123-45"
# Each page with a search field, and somebody who may read it.
PLACES = {"/cases": OFFICER, "/requests": OFFICER, "/law": OFFICER, "/desk/done": CLERK,
          "/asked/done": CLERK}  # fmt: skip
# Fields of forms that are sent in an address: chosen from a list, or a moment; never typed freely.
ENUMERATED = {"rule", "at", "open", "before", "after", "need", "case", "language", "in", "version",
              "standing", "view", "measure", "state", "step",
              "demo"}  # fmt: skip


@pytest.fixture(autouse=True)
def nothing_noted() -> None:
    noting._noted.clear()


def forms() -> list[tuple[str, str]]:
    return [(path.relative_to(TEMPLATES).as_posix(), form)
            for path in sorted(TEMPLATES.rglob("*.html"))
            for form in FORM.findall(path.read_text(encoding="utf-8"))]  # fmt: skip


def test_no_form_sends_what_is_typed_in_an_address() -> None:
    wrong = []
    for name, form in forms():
        if re.search(r'<form\b[^>]*method="post"', form):
            continue
        fields = set(re.findall(r'<(?:input|textarea|select)\b[^>]*\bname="([^"]+)"', form))
        wrong += [f"{name}: {field}" for field in fields - ENUMERATED]
    assert wrong == []


def test_every_page_with_a_search_field_is_tried_here() -> None:
    found = {name for name, form in forms() if 'role="search"' in form}
    assert found == {"asked/done.html", "cases/list.html", "desk/_search.html", "law/law.html",
                     "requests/list.html"}  # fmt: skip


def test_no_search_of_the_api_has_words_in_its_address() -> None:
    """Only lists to choose from, numbers and codes of organisations stand there."""
    free = {
        (path, one["name"])
        for path, item in api.get_openapi_schema()["paths"].items()
        for call in item.values()
        for one in call.get("parameters", [])
        if one["in"] == "query" and one["schema"].get("type") == "string"
        and "enum" not in one["schema"]
    }  # fmt: skip
    assert free == {
        ("/api/v1/requests/{request_id}/files", "addressee"), ("/api/v1/profiles", "organisation"),
    }  # fmt: skip


@pytest.mark.parametrize("path", PLACES)
def test_the_words_travel_in_the_body_and_the_address_has_a_key(
    world: World, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    client = signed_in(PLACES[path])
    answer = client.post(path, {"q": WORDS})
    assert answer.status_code == 302 and answer.content == b""
    place = urlsplit(answer["Location"])
    assert place.path == path and set(parse_qs(place.query)) == {"sought"}
    assert len(parse_qs(place.query)["sought"][0]) == 22
    page = client.get(answer["Location"])
    assert WORDS.casefold() in page.content.decode().casefold()
    assert page.context["request"].sought.words == WORDS
    kept = json.dumps(dict(client.session.items()))
    assert "Zdravka" not in kept and "sought" in kept
    assert "Zdravka" not in caplog.text + answer["Location"]


@pytest.mark.parametrize("path", PLACES)
def test_every_link_and_form_of_what_was_found_is_without_the_words(
    world: World, path: str
) -> None:
    page = searched(signed_in(PLACES[path]), path, WORDS).content.decode()
    addresses = re.findall(r'(?:href|action|src|data-\w+|hx-\w+)="([^"]*)"', page)
    assert addresses and not [one for one in addresses if "Zdravka" in one or "Canary" in one]


@pytest.mark.parametrize("path", PLACES)
def test_an_address_of_before_is_answered_without_searching_and_says_why(
    world: World, path: str
) -> None:
    answer = signed_in(PLACES[path]).get(path, {"q": WORDS}, follow=True)
    text = answer.content.decode()
    assert answer.redirect_chain == [(path, 302)]
    assert answer.status_code == 200 and answer.context["request"].sought.words == ""
    assert "Nothing was searched for" in text and "Zdravka" not in text


@pytest.mark.parametrize("path", PLACES)
def test_a_key_is_worthless_in_another_session_even_of_the_same_person(
    world: World, path: str
) -> None:
    place = signed_in(PLACES[path]).post(path, {"q": WORDS})["Location"]
    answer = signed_in(PLACES[path]).get(place)
    assert answer.status_code == 200 and "is not kept any more" in answer.content.decode()
    assert "Zdravka" not in answer.content.decode()


@pytest.mark.parametrize("key", ["", "x", "a" * 22, "é\x00", "[]", "A" * 5000])
def test_a_key_that_nobody_was_given_finds_nothing(world: World, key: str) -> None:
    answer = signed_in(OFFICER).get("/cases", {"sought": key})
    assert answer.status_code == 200 and answer.context["request"].sought.words == ""


def test_a_session_without_the_key_does_not_tell_the_words() -> None:
    session: dict[str, Any] = {}
    key = sought.keep(session, WORDS)
    other = sought.keep(session, "other")
    assert sought.kept_words(session, key) == WORDS
    (place, sealed), (there, _) = session["sought"].items()
    assert key not in json.dumps(session)
    assert sought.kept_words({"sought": {there: sealed}}, other) == ""  # bound to its place
    assert sought.kept_words({"sought": {place: sealed[:8]}}, key) == ""


def test_only_the_newest_searches_are_kept() -> None:
    session: dict[str, Any] = {}
    keys = [sought.keep(session, f"word {n}") for n in range(sought.MOST_KEPT + 1)]
    assert sought.kept_words(session, keys[0]) == ""
    assert sought.kept_words(session, keys[1]) == "word 1"
    assert len(session["sought"]) == sought.MOST_KEPT


def test_the_words_go_with_the_session(world: World) -> None:
    client = signed_in(OFFICER)
    place = client.post("/cases", {"q": WORDS})["Location"]
    rows = "select count(*) from django_session where session_key = %s"
    key = client.session.session_key
    assert world.run(rows, key) == [(1,)]
    client.post("/accounts/logout/")
    assert world.run(rows, key) == [(0,)]
    client.force_login(signed_in_login(OFFICER))
    assert "is not kept any more" in client.get(place).content.decode()


def signed_in_login(username: str) -> Any:
    from recoup.apps.members.models import Login

    return Login.objects.get(username=username)


def test_sessions_that_are_over_leave_the_database_when_somebody_signs_in(world: World) -> None:
    client = signed_in(OFFICER)
    client.post("/cases", {"q": WORDS})
    key = client.session.session_key
    ended = "update django_session set expire_date = now() - interval '1 second' where "
    world.run(ended + "session_key = %s", key)
    assert Client().post("/sign-in/demonstration", {"username": OFFICER}).status_code == 302
    assert world.run("select count(*) from django_session where session_key = %s", key) == [(0,)]


def test_leafing_reloading_and_choosing_go_on_with_the_search(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(case_list, "PAGE", 1)
    for number in (71, 72, 73):
        world.report(payer=iban("plum", number), payee=iban("walnut", 70), amount=500,
                     by=world.at_bank("plum"))  # fmt: skip
        world.plan()
    later = "update cases_case set opened_at = opened_at + (random() * interval '1 hour')"
    world.run(later)
    client = signed_in(OFFICER)
    page = searched(client, "/cases", iban("walnut", 70), state="closed")
    key = parse_qs(page.request["QUERY_STRING"])["sought"][0]
    assert parse_qs(page.request["QUERY_STRING"])["state"] == ["closed"]
    seen = []
    for _ in range(3):
        assert client.get(f"/cases?{page.request['QUERY_STRING']}").context["rows"]
        seen += [row["reference"] for row in page.context["rows"]]
        if page.context["next_url"]:
            assert f"sought={key}" in page.context["next_url"]
            page = client.get(f"/cases{page.context['next_url']}")
    assert len(set(seen)) == 3 and page.context["next_url"] is None
    all_of_them = client.get("/cases")
    assert "sought=" not in all_of_them.content.decode()


def test_an_empty_field_shows_the_list_again(world: World) -> None:
    answer = signed_in(OFFICER).post("/requests", {"q": "  ", "view": "sent", "other": "x"})
    assert answer["Location"] == "/requests?view=sent"


def test_a_search_needs_the_token_of_its_form(world: World) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies["sessionid"] = world.session_of(OFFICER)
    assert client.post("/cases", {"q": WORDS}).status_code == 403
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"',
                      client.get("/cases").content.decode())  # fmt: skip
    assert token is not None
    told = {"q": WORDS, "csrfmiddlewaretoken": token[1]}
    assert client.post("/cases", told).status_code == 302


def test_who_may_not_read_a_page_keeps_nothing_there(world: World) -> None:
    client = signed_in(CLERK)
    assert client.post("/cases", {"q": WORDS}).status_code == 403
    assert "sought" not in client.session
    assert Client().post("/cases", {"q": WORDS}).status_code == 403


# The log


def reads(world: World) -> list[dict[str, Any]]:
    rows = world.run("select convert_from(body, 'utf8') from audit_auditleaf order by id")
    return [told for (body,) in rows if (told := json.loads(body))["what"] == "access:read"]


@pytest.mark.parametrize(("path", "purpose"), [
    ("/cases", "recovery_of_money"), ("/requests", "lawful_request"),
])  # fmt: skip
def test_a_search_is_a_line_with_its_purpose_and_the_words_as_a_commitment(
    world: World, path: str, purpose: str
) -> None:
    searched(signed_in(OFFICER), path, WORDS)
    (line,) = reads(world)
    assert line["purpose"] == purpose and set(line["committed"]) == {"sought"}
    assert "Zdravka" not in json.dumps(line)


def test_the_same_words_again_are_one_line_and_others_another(
    world: World, django_capture_on_commit_callbacks: Any
) -> None:
    client = signed_in(OFFICER)
    for words in ("one", "one", "other"):
        with django_capture_on_commit_callbacks(execute=True):
            searched(client, "/requests", words)
    assert len(reads(world)) == 2


def test_a_law_that_is_searched_is_no_line(world: World) -> None:
    searched(signed_in(OFFICER), "/law", "search")
    assert reads(world) == []
