"""The pages of the law: what everybody reads, what only the ministry may, errors at their field."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from recoup.apps.lawful_requests import pack_operations
from recoup.apps.lawful_requests.models import PackDraft
from recoup.apps.lawful_requests.request_law import OF_THE_CHAIN
from recoup.data import load_pack
from support.case_pages import signed_in, text_of
from support.law import MINISTER, OFFICER, POWER, SOURCE, Ministry
from support.roles import as_owner
from support.searching import searched
from support.world import World

BANK = "mila.linden"
URGENT = {
    "emergency_dangers": ["life"], "emergency_authorised_by": ["prosecutor"],
    "emergency_confirmed_by": ["judge"], "emergency_confirm_within_count": "24",
    "emergency_confirm_within_unit": "hours", "emergency_confirm_within_planned": "on",
}  # fmt: skip

FIRST = load_pack("RS").version


@pytest.fixture
def ministry(world: World) -> Ministry:
    found = Ministry(world)
    _ = found.officer, found.minister
    return found


def plain(text: str) -> str:
    bare = re.sub(r"<[^>]+>", " ", text)
    return " ".join(html.unescape(bare).replace("\N{NO-BREAK SPACE}", " ").split())


def filled(page: str) -> dict[str, Any]:
    """What a browser would send for the form of a power, unchanged."""
    form = page[page.index('action="/law/drafts/') :].split("</form>")[0]
    values: dict[str, Any] = {}
    for found in re.finditer(r"<input ([^>]*)>", form):
        given = dict(re.findall(r'([\w-]+)="([^"]*)"', found[1]))
        name, value = html.unescape(given.get("name", "")), html.unescape(given.get("value", ""))
        if given.get("type") == "checkbox":
            if " checked" in found[1]:
                values.setdefault(name, []).append(value or "on")
        else:
            values[name] = value
    for name, text in re.findall(r'<textarea [^>]*name="([^"]*)"[^>]*>([^<]*)', form):
        values[name] = html.unescape(text)
    for name, options in re.findall(r'<select [^>]*name="([^"]*)"[^>]*>(.*?)</select>', form):
        chosen = re.search(r'value="([^"]*)" selected', options)
        values[name] = chosen[1] if chosen else ""
    return values


def begun(client: Client) -> str:
    """Begin a change; its address."""
    done = client.post("/law/drafts/new")
    assert done.status_code == 302
    return str(done["Location"])


def opened(client: Client, draft: str, power: str = POWER) -> dict[str, Any]:
    page = client.get(f"{draft}/power?power={power}")
    assert page.status_code == 200
    return filled(page.content.decode())


# Reading


def test_everybody_at_a_desk_reads_each_measure_with_its_power(ministry: Ministry) -> None:
    text = text_of(BANK, "/law")
    said = plain(text)
    assert f'id="{POWER}"' in text
    assert "Criminal Procedure Code of Serbia, art. 286(3)" in said
    assert "Who decides Judge" in said
    assert "Answer within 7 days (planned, no law)" in said
    assert "not confirmed by a lawyer" in said
    assert "no power known" in said
    assert "Changes of the law" not in said
    assert "in force" in said


def test_only_what_stands_as_asked_is_shown(ministry: Ministry) -> None:
    said = text_of(BANK, "/law?standing=missing")
    assert f'id="{POWER}"' not in said
    assert "no power known" in said
    assert "No measure of this kind" in text_of(BANK, "/law?standing=confirmed")


@pytest.mark.parametrize("address", ["/law?version=99", "/law?version=x", "/law/compare?after=7"])
def test_a_version_that_is_not_there_is_not_found(ministry: Ministry, address: str) -> None:
    assert signed_in(BANK).get(address).status_code == 404


def test_a_visitor_is_asked_to_sign_in(ministry: Ministry) -> None:
    assert Client().get("/law").status_code in (302, 401)


def test_what_is_approved_is_announced_and_older_versions_stay(ministry: Ministry) -> None:
    found = ministry.approved()
    said = plain(text_of(BANK, "/law"))
    assert f"Changes on {found.comes_into_force_on}" in said
    assert "7 days (planned, no law) → after: 36 hours" in said
    assert "Under way nothing is open" in plain(text_of(OFFICER, f"/law/drafts/{found.id}"))
    became = ministry.begin(found)
    assert "Under way" not in plain(text_of(OFFICER, f"/law/drafts/{found.id}"))
    said = plain(text_of(BANK, "/law"))
    assert f"Version {became.number} in force" in said
    assert "Written by Vesna Lukić Approved by Marko Savić" in said
    assert "Answer within 36 hours" in said
    older = plain(text_of(BANK, f"/law?version={FIRST}"))
    assert "not in force any more" in older
    assert "Answer within 36 hours" not in older
    compared = plain(text_of(BANK, f"/law/compare?after={became.number}"))
    assert f"From version {FIRST} to version {became.number}" in compared
    assert "36 hours" in compared


# The drafts are the ministry's alone


def test_nobody_else_sees_a_draft_or_its_list(ministry: Ministry) -> None:
    found = ministry.submitted()
    for address in ("/law/drafts", f"/law/drafts/{found.id}"):
        assert signed_in(BANK).get(address).status_code == 403
    assert plain(text_of(MINISTER, "/law/drafts")).count("waits for approval") == 1


def test_no_draft_yet_says_how_to_begin(ministry: Ministry) -> None:
    assert "No change was begun yet" in text_of(OFFICER, "/law/drafts")
    assert "Begin a change" not in text_of(MINISTER, "/law/drafts")


# Changing


def test_an_unchanged_form_changes_nothing(ministry: Ministry) -> None:
    """What the form does not show stays, for every power that may be changed here."""
    client = signed_in(OFFICER)
    draft = begun(client)
    with as_owner():
        body = bytes(PackDraft.objects.get().body)
    rows = [row for row in json.loads(body)["power"] if row["measure"] not in OF_THE_CHAIN]
    assert len(rows) > 20
    for row in rows:
        done = client.post(f"{draft}/power", opened(client, draft, row["id"]))
        assert done.status_code == 302, (row["id"], plain(done.content.decode()))
    with as_owner():
        assert bytes(PackDraft.objects.get(pk=draft.split("/")[-1]).body) == body


def test_a_change_goes_from_form_to_law(ministry: Ministry) -> None:
    client = signed_in(OFFICER)
    draft = begun(client)
    given = opened(client, draft) | {
        "answer_within_count": "36", "answer_within_unit": "hours", "answer_within_source": SOURCE,
    }  # fmt: skip
    given.pop("answer_within_planned")
    previewed = client.post(f"{draft}/preview", given)
    assert previewed.status_code == 200
    assert "36 hours" in plain(previewed.content.decode())
    assert "Nothing differs yet" in text_of(OFFICER, draft)
    assert client.post(f"{draft}/power", given)["Location"] == draft
    said = plain(text_of(OFFICER, draft))
    assert "36 hours" in said
    assert "Internet access provider" in said
    day = ministry.today + timedelta(days=1)
    asked = {"version": "2", "ground": "Gazette 1/26", "comes_into_force_on": day.isoformat()}
    assert client.post(f"{draft}/submit", asked).status_code == 302
    assert "You cannot approve what you wrote" in text_of(OFFICER, draft)
    boss = signed_in(MINISTER)
    assert "Your decision" in text_of(MINISTER, draft)
    done = boss.post(f"{draft}/decide", {"version": "3", "decision": "approve"})
    assert done.status_code == 302
    assert "approved, not in force yet" in text_of(MINISTER, draft)


@pytest.mark.parametrize(
    ("change", "field", "said"),
    [
        ({"answer_within_planned": None}, "answer_within_count", "source"),
        ({"answer_within_count": ""}, "answer_within_count", "required"),
        ({"answer_within_count": "-4"}, "answer_within_count", "1"),
        ({"authorised_by": ["king"]}, "authorised_by", "king"),
        ({"authorised_by": []}, "authorised_by", "required"),
        ({"requested_by": []}, "requested_by", "required"),
        ({"source": "gazette"}, "source", "https://"),
        ({"law_until": "2001-01-01", "law_from": "2002-01-01"}, "law_until", "2001-01-01"),
        ({"confirmed_by": "A lawyer"}, "confirmed_by", "on which day"),
        ({"article": "286\u202e(3)"}, "article", "U+202E"),
        ({"text": "a\x00b"}, "text", "Null characters"),
        ({"answer_within_source": "https://exa\u3164mple.org"}, "answer_within_count", "U+3164"),
        ({"emergency_dangers": ["life"]}, "emergency_confirmed_by", "who confirms it"),
        ({**URGENT, "emergency_dangers": []}, "emergency_dangers", "missing"),
        ({**URGENT, "emergency_authorised_by": ["judge"]}, "emergency_confirmed_by", "Nobody"),
        (
            {**URGENT, "emergency_confirm_within_planned": None},
            "emergency_confirm_within_count",
            "names its source",
        ),
    ],
)
def test_what_cannot_be_relied_on_is_refused_at_its_field(
    ministry: Ministry, change: dict[str, Any], field: str, said: str
) -> None:
    client = signed_in(OFFICER)
    draft = begun(client)
    given = opened(client, draft) | change
    given = {name: value for name, value in given.items() if value is not None}
    done = client.post(f"{draft}/power", given)
    text = done.content.decode()
    assert done.status_code == 422
    message = re.search(rf'id="id_{field}\w*-error"[^>]*>(.*?)</p>', text, re.DOTALL)
    assert message is not None, plain(text)[:3000]
    assert said in plain(message[1])
    with as_owner():
        assert PackDraft.objects.get().version == 1


def test_an_emergency_is_added_changed_and_taken_away(ministry: Ministry) -> None:
    client = signed_in(OFFICER)
    draft = begun(client)
    given = opened(client, draft) | URGENT
    assert client.post(f"{draft}/power", given).status_code == 302
    said = plain(text_of(OFFICER, draft))
    assert "Public prosecutor decides first, Judge confirms within 24 hours" in said
    again = opened(client, draft)
    assert again["emergency_confirmed_by"] == ["judge"]
    emptied = {n: v for n, v in again.items() if not n.startswith("emergency_")}
    assert client.post(f"{draft}/power", emptied).status_code == 302
    assert "Nothing differs yet" in text_of(OFFICER, draft)


def test_a_search_finds_measures_by_name_law_and_article(ministry: Ministry) -> None:
    for q in ("subscriber 286", "criminal procedure", POWER):
        assert f'id="{POWER}"' in searched(signed_in(BANK), "/law", q).content.decode()
    found = searched(signed_in(BANK), "/law", "nothing like it", standing="confirmed")
    assert "No measure of this kind" in found.content.decode()
    key = found.request["QUERY_STRING"].partition("sought=")[2]
    assert f"?standing=missing&amp;sought={key}" in found.content.decode()


def test_the_last_power_leaves_with_a_reason(ministry: Ministry) -> None:
    client = signed_in(OFFICER)
    draft = begun(client)
    page = client.get(f"{draft}/remove?power={POWER}").content.decode()
    assert "the last power for this measure" in page
    done = client.post(f"{draft}/remove", {"power": POWER, "version": "1"})
    assert done.status_code == 422
    assert 'id="id_why-error"' in done.content.decode()
    given = {"power": POWER, "version": "1", "why": "Repealed.", "to_check": "What follows."}
    assert client.post(f"{draft}/remove", given).status_code == 302
    said = plain(text_of(OFFICER, draft))
    assert "no power any more" in said
    assert "Repealed." in said


def test_a_power_is_added_where_there_was_none(ministry: Ministry) -> None:
    client = signed_in(OFFICER)
    draft = begun(client)
    page = client.get(f"{draft}/power?measure=preservation_domestic")
    given = filled(page.content.decode()) | {
        "instrument": "Law on data (invented)", "article": "7", "text": "The judge may.",
        "source": SOURCE, "to_check": "All of it.", "requested_by": ["police"],
        "authorised_by": ["judge"], "addressees": ["isp"], "acknowledge_within_count": "24",
        "acknowledge_within_planned": "on", "answer_within_count": "3",
        "answer_within_unit": "working_days", "answer_within_source": SOURCE,
    }  # fmt: skip
    done = client.post(f"{draft}/power", given)
    assert done.status_code == 302, plain(done.content.decode())
    said = plain(text_of(OFFICER, draft))
    assert "gains a power" in said
    assert "new power" in said


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(ministry: Ministry) -> None:
    client = signed_in(OFFICER)
    draft = begun(client)
    given = opened(client, draft)
    client.post(f"{draft}/power", given | {"article": "286(4)"})
    late = client.post(f"{draft}/power", given | {"article": "286(5)"})
    assert late.status_code == 422
    assert "Somebody changed this draft meanwhile" in late.content.decode()


def test_a_day_that_is_over_is_said_at_its_field(ministry: Ministry) -> None:
    found = ministry.changed()
    asked = {"version": str(found.version), "ground": "x", "comes_into_force_on": "2020-01-01"}
    done = signed_in(OFFICER).post(f"/law/drafts/{found.id}/submit", asked)
    assert done.status_code == 422
    assert "2020-01-01" in done.content.decode()


def test_a_refusal_needs_its_reason_and_the_text_is_taken_up_again(ministry: Ministry) -> None:
    found = ministry.submitted()
    boss, give = signed_in(MINISTER), {"version": str(found.version), "decision": "refuse"}
    assert boss.post(f"/law/drafts/{found.id}/decide", give).status_code == 422
    done = boss.post(f"/law/drafts/{found.id}/decide", give | {"answer": "Wrong article."})
    assert done.status_code == 302
    assert "Wrong article." in text_of(OFFICER, f"/law/drafts/{found.id}")
    again = signed_in(OFFICER).post("/law/drafts/new", {"copy_of": str(found.id)})
    assert "36 hours" in text_of(OFFICER, again["Location"])


def test_the_note_stands_wherever_the_name_does(ministry: Ministry, settings: Any) -> None:
    with as_owner():
        pack_operations.store_pack(load_pack("XK"), at=ministry.world.now())
    settings.COUNTRY = "XK"
    said = plain(text_of(BANK, "/law"))
    assert "Kosovo*" in said
    assert said.count("Kosovo*") == 2  # the head of every page, and this page's own
    assert said.count("without prejudice to positions on status") == 2
