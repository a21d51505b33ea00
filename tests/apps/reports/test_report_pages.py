"""The reporter's pages: filing, the secret that is shown once, the story, and the look-up."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from recoup.apps.reports.models import Report, ReportStory
from recoup.core.reference import hash_secret, read_secret
from recoup.data import load_pack
from support.roles import as_owner
from support.world import World, iban

PAYER, PAYEE = iban("plum", 7_001), iban("quince", 7_002)


def facts(**changes: str) -> dict[str, str]:
    """What a reporter types; the time is the one on the country's clocks."""
    paid_at = timezone.localtime(timezone.now() - timedelta(minutes=25))
    typed = {
        "client_id": str(uuid4()), "amount": "480000.00", "currency": "RSD",
        "paid_at": f"{paid_at:%Y-%m-%dT%H:%M}", "payer_account": PAYER, "payee_account": PAYEE,
        "reference": "Deposit 114",
    }  # fmt: skip
    return typed | changes


def file(client: Client, **changes: str) -> Any:
    """Open the form as a browser does, and send it."""
    client.get("/report")
    return client.post("/report", facts(**changes))


def shown(page: Any, what: str) -> str | None:
    """The reference or the secret on the page."""
    found = re.search(rf'id="{what}">([^<]+)<', page.content.decode())
    return found[1] if found else None


def reports() -> list[Report]:
    with as_owner():
        return list(Report.objects.order_by("received_at", "reference"))


def test_a_report_is_filed_and_its_secret_is_shown_once(world: World, client: Client) -> None:
    answer = file(client)

    assert (answer.status_code, answer["Location"]) == (303, "/report/sent")
    first, second = client.get("/report/sent"), client.get("/report/sent")
    [stored] = reports()
    secret = shown(first, "secret")
    assert secret and shown(first, "reference") == stored.reference
    assert hash_secret(read_secret(secret)) == bytes(stored.secret_sha256 or b"")
    assert shown(second, "secret") is None and shown(second, "reference") == stored.reference
    assert "no-store" in first["Cache-Control"]


def test_cookies_are_out_of_reach_of_scripts_and_of_other_sites(
    world: World, client: Client
) -> None:
    file(client)

    for name in ("recoup_draft", "recoup_sent", "recoup_report"):
        cookie = client.cookies[name]
        assert cookie["httponly"] and cookie["samesite"] == "Strict", name
    assert "sessionid" not in client.cookies
    assert client.cookies["recoup_sent"]["path"] == "/report/sent"


def test_a_second_press_is_the_same_report_with_the_same_secret(
    world: World, client: Client
) -> None:
    client.get("/report")
    typed = facts()
    client.post("/report", typed)
    client.post("/report", typed)

    [stored] = reports()
    secret = shown(client.get("/report/sent"), "secret")
    assert secret and hash_secret(read_secret(secret)) == bytes(stored.secret_sha256 or b"")


def test_after_it_was_shown_a_second_submit_does_not_show_the_secret_again(
    world: World, client: Client
) -> None:
    client.get("/report")
    typed = facts()
    client.post("/report", typed)
    client.get("/report/sent")
    client.post("/report", typed)

    again = client.get("/report/sent")
    assert len(reports()) == 1
    assert shown(again, "secret") is None and shown(again, "reference")


def test_another_browser_that_repeats_the_form_gets_no_secret(world: World, client: Client) -> None:
    typed = facts()
    client.get("/report")
    client.post("/report", typed)
    other = Client()
    other.get("/report")
    other.post("/report", typed)

    assert len(reports()) == 1
    assert shown(other.get("/report/sent"), "secret") is None
    assert other.get("/my-report")["Location"] == "/my-report/find"


def test_going_back_and_sending_again_is_no_second_report(world: World, client: Client) -> None:
    file(client)
    client.get("/report/sent")
    again = client.get("/report")
    client.post("/report", facts(client_id=again.context["form"]["client_id"].value()))

    [stored] = reports()
    assert f"The report {stored.reference} was sent" in again.content.decode()
    assert client.get("/my-report").status_code == 200


def test_the_same_form_with_corrected_facts_is_another_report(world: World, client: Client) -> None:
    typed = facts()
    client.get("/report")
    client.post("/report", typed)
    client.post("/report", typed | {"amount": "48000.00"})

    assert sorted(report.amount_minor for report in reports()) == [4_800_000, 48_000_000]


REFUSED = [
    ("amount", "48,000", "comma can mean"),
    ("amount", "0.00", "The amount is zero"),
    ("amount", "-5", "below zero"),
    ("amount", "1.234", "RSD has 2 decimals; the amount has 3"),
    ("amount", "99999999999999", "too long"),
    ("amount", "48O00", "not an amount"),
    ("amount", "48\u041e00", "only looks like a digit"),
    ("amount", "1e6", "exponent"),
    ("amount", "", "Nothing was filled in"),
    ("currency", "XXQ", "no such currency"),
    ("currency", "", "Nothing was filled in"),
    ("paid_at", "2099-01-01T10:00", "has not come yet"),
    ("paid_at", "2001-01-01T10:00", "days ago"),
    ("paid_at", "1999-01-01T10:00", "days ago"),
    ("paid_at", "2026-02-31T10:00", "no such day"),
    ("paid_at", "yesterday", "not a day and time"),
    ("payer_account", PAYER[:-1] + str((int(PAYER[-1]) + 1) % 10), "check digits do not fit"),
    ("payee_account", PAYEE[:-1], "has 22 characters; this one has 21"),
    ("payee_account", "RS3\u041e" + PAYEE[4:], "cannot stand here"),
    ("payee_account", PAYEE + "\x00", "cannot stand here"),
    ("payee_account", "12", "not written in a known way"),
    ("payee_account", PAYER, "to itself"),
    ("reference", "x" * 141, "too long"),
    ("reference", "a\x00b", "cannot stand here"),
]


@pytest.mark.parametrize(("field", "value", "said"), REFUSED)
def test_what_cannot_be_taken_is_explained_and_nothing_is_stored(
    world: World, client: Client, field: str, value: str, said: str
) -> None:
    answer = file(client, **{field: value})

    assert answer.status_code == 422
    form = answer.context["form"]
    assert said in " ".join(form.errors[field])
    assert answer.content.decode().count(f'id="id_{field}-error"') == 1
    assert reports() == []


def test_all_problems_are_told_at_once_and_what_was_typed_stays(
    world: World, client: Client
) -> None:
    answer = file(client, amount="4,8", paid_at="", payer_account="12", reference="Deposit <114>")

    assert set(answer.context["form"].errors) == {"amount", "paid_at", "payer_account"}
    page = answer.content.decode()
    assert 'value="4,8"' in page and 'value="Deposit &lt;114&gt;"' in page


@pytest.mark.parametrize("card", ["4111 1111 1111 1111", "4111-1111-1111-1112"])
def test_a_card_number_is_never_shown_whole_again(world: World, client: Client, card: str) -> None:
    page = file(client, payer_account=card, amount="0").content.decode()

    assert card[:7] in page and card not in page


@pytest.mark.parametrize("account", [PAYER[4:], "991-70011-93", "+381641234567", "0641234567890"])
def test_other_numbers_stay_as_they_were_typed(world: World, client: Client, account: str) -> None:
    page = file(client, payer_account=account, amount="0").content.decode()

    assert f'value="{account}"' in page


def test_beyond_the_cap_nothing_is_stored_and_the_form_stays(world: World, client: Client) -> None:
    most = load_pack("RS").caps.reports_kept_per_reporter_hour
    for number in range(most):
        assert file(client, reference=f"Deposit {number}").status_code == 303
    answer = file(client, reference="Deposit last")

    assert answer.status_code == 429 and len(reports()) == most
    page = answer.content.decode()
    assert f"{most} reports came within the hour" in page and 'value="Deposit last"' in page


def test_a_form_with_a_broken_id_is_still_taken(world: World, client: Client) -> None:
    assert file(client, client_id="not-a-uuid").status_code == 303
    assert len(reports()) == 1


# The second page


def test_contact_and_story_need_the_secret(world: World, client: Client) -> None:
    file(client)

    stranger = Client().post("/report/story", {"name": "Ana"})
    assert (stranger.status_code, stranger["Location"]) == (302, "/my-report/find")
    own = client.post("/report/story", {"name": "Ana", "email": "ana@example.org", "story": "a\nb"})
    assert (own.status_code, own["Location"]) == (303, "/my-report")
    with as_owner():
        [story] = ReportStory.objects.all()
    assert (story.name, story.email, story.story) == ("Ana", "ana@example.org", "a\nb")
    assert "Change contact and story" in client.get("/my-report").content.decode()


@pytest.mark.parametrize(
    "typed",
    [{}, {"email": "ana@"}, {"name": "A" * 121}, {"story": "a\x00b"}, {"phone": "1" * 41}],
)
def test_a_story_that_cannot_be_taken_is_explained(
    world: World, client: Client, typed: dict[str, str]
) -> None:
    file(client)

    answer = client.post("/report/story", typed)
    assert answer.status_code == 422 and answer.context["form"].errors
    with as_owner():
        assert not ReportStory.objects.exists()


# Looking it up


def test_reference_and_secret_open_the_report_on_another_device(
    world: World, client: Client
) -> None:
    file(client)
    page = client.get("/report/sent")
    reference, secret = shown(page, "reference"), shown(page, "secret")

    other = Client()
    answer = other.post(
        "/my-report/find", {"reference": f" {reference} ".lower(), "secret": secret}
    )
    assert (answer.status_code, answer["Location"]) == (303, "/my-report")
    status = other.get("/my-report")
    assert reference in status.content.decode() and secret not in status.content.decode()
    left = other.post("/my-report/leave")
    assert (left.status_code, left["Location"]) == (303, "/")
    assert other.get("/my-report").status_code == 302


def test_a_wrong_secret_and_a_missing_report_look_the_same(world: World, client: Client) -> None:
    file(client)
    reference = shown(client.get("/report/sent"), "reference")
    wrong = "6DZH-3MEP-PFK6-FKKG-R9ZP-DWED-MJH"

    def said(reference: str | None) -> tuple[int, str]:
        answer = Client().post("/my-report/find", {"reference": reference, "secret": wrong})
        problems = " ".join(answer.context["form"].non_field_errors())
        return answer.status_code, problems

    assert said(reference) == said("RP-WK4T-MXX9") == (422, said(reference)[1])
    assert "There is no report" in said(reference)[1]


def test_look_ups_are_limited(world: World, client: Client) -> None:
    typed = {"reference": "RP-WK4T-MXX9", "secret": "6DZH-3MEP-PFK6-FKKG-R9ZP-DWED-MJH"}
    codes = [client.post("/my-report/find", typed).status_code for _ in range(11)]

    assert codes == [422] * 10 + [429]


def test_a_cookie_that_was_changed_opens_nothing(world: World, client: Client) -> None:
    file(client)
    client.cookies["recoup_report"] = "x" + client.cookies["recoup_report"].value

    assert client.get("/my-report")["Location"] == "/my-report/find"


def test_before_the_debit_is_confirmed_the_page_tells_of_no_sums(
    world: World, client: Client
) -> None:
    file(client)
    world.plan()

    page = client.get("/my-report")
    assert page.context["sums_told"] == []
    assert "Until your bank has confirmed the payment" in page.content.decode()


def test_a_hold_is_told_only_when_the_debit_is_confirmed_and_then_as_a_sum(
    world: World, client: Client
) -> None:
    file(client)
    world.plan()
    block = world.ticket("quince", "hold", "block")
    held = {"code": "held", "held_minor": 48_000_000, "block_reference": "B-1"}
    world.answer("quince", {"ticket": block["ticket"], **held})
    world.plan()
    before = client.get("/my-report")
    asked = world.ticket("plum", "confirm_debit")
    payment = {
        "uetr": None, "reference": "P-1", "booked_at": asked["lines"][0]["payment"]["at"],
        "seq": 1, "amount_minor": 48_000_000, "currency": "RSD",
    }  # fmt: skip
    world.answer("plum", {"ticket": asked["ticket"], "code": "debit_confirmed", "payment": payment})
    world.plan()
    after = client.get("/my-report")

    assert before.context["sums_told"] == [] and "eld" not in text_of(before, "h1")
    assert [one.held_minor for one in after.context["sums_told"]] == [48_000_000]
    page = after.content.decode()
    assert "Quince" not in page and "B-1" not in page


def text_of(page: Any, tag: str) -> str:
    found = re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", page.content.decode(), re.DOTALL)
    return found[1] if found else ""


# Desks


def test_a_call_taker_files_with_the_same_form_and_gets_no_secret(
    world: World, client: Client
) -> None:
    client.cookies["sessionid"] = world.session_of("stevan.police")
    answer = client.post("/report", facts())

    page = client.get("/report/sent")
    [stored] = reports()
    assert answer.status_code == 303
    assert (stored.channel, stored.secret_sha256) == ("call_taker", None)
    assert shown(page, "secret") is None and 'href="/cases"' in page.content.decode()
    assert client.post("/report/story", {"phone": "011 1234"})["Location"] == "/desk"


def test_a_bank_clerk_files_for_a_customer(world: World, client: Client) -> None:
    client.cookies["sessionid"] = world.session_of("mila.linden")
    assert client.post("/report", facts()).status_code == 303

    [stored] = reports()
    assert (stored.channel, stored.organisation_id) == ("bank", world.organisation("linden").id)


def test_a_prosecutor_does_not_vouch_for_reports(world: World, client: Client) -> None:
    client.cookies["sessionid"] = world.session_of("olga.prosecutor")

    assert client.get("/report").status_code == 403
    assert client.post("/report", facts()).status_code == 403
    assert reports() == []
