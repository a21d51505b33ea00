"""The addressee's desk: what its pages show and hide, each act and refusal, nothing typed lost."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from recoup.apps.lawful_requests import (
    addressee_operations,
    request_law,
    request_operations,
)
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.data import load_measures
from recoup.web import asked_urls
from recoup.web.asked_words import TAKEN_KEYS, choices_of, field_problem, identifier_words
from support.asked import (
    PDF,
    answers,
    as_actor,
    at,
    files,
    page,
    send,
    signed_in,
    state,
    taken,
    upload,
)
from support.requests import Desk, law_of
from support.searching import searched
from support.world import World, iban

CANARY = "CANARY-9X2K"
# What is only posted to; the other addresses are pages.
ACTS = {"asked-next", "asked-profile-change", "asked-take", "asked-stand-in", "asked-release",
        "asked-answer", "asked-ask", "asked-called", "asked-costs", "asked-doubt", "asked-lift",
        "asked-released"}  # fmt: skip


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    return Desk(world, law)


@pytest.fixture
def clerk(desk: Desk) -> Client:
    return signed_in("rade.heron")


# The list


def test_the_list_has_what_is_due_first_with_its_derivation(desk: Desk, clerk: Client) -> None:
    (second,) = desk.sent(measure="preservation_domestic", content=desk.content(
        period={"from": (desk.world.now() - timedelta(days=9)).isoformat(),
                "until": desk.world.now().isoformat()}))  # fmt: skip
    (first,) = desk.sent()
    clerk.post(at(second, "/take"))  # accepted: it is to be answered in days, not in hours
    told = page(clerk, "/asked")
    assert told.index(first.reference) < told.index(second.reference)
    assert "203.0.113.7" in told and "port 51512" in told
    assert "24 hours" in told
    assert "to accept" in told


def test_a_list_page_needs_few_queries_however_much_waits(desk: Desk, clerk: Client) -> None:
    for _ in range(3):
        desk.sent()
    with CaptureQueriesContext(connection) as few:
        page(clerk, "/asked")
    for _ in range(6):
        desk.sent()
    with CaptureQueriesContext(connection) as many:
        page(clerk, "/asked")
    assert len(statements(many)) == len(statements(few)) <= 15


def statements(seen: CaptureQueriesContext) -> list[str]:
    return [q["sql"] for q in seen if q["sql"].lstrip().lower().startswith(("select", "with"))
            and "set_config" not in q["sql"]]  # fmt: skip


def test_one_page_needs_few_queries(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    with CaptureQueriesContext(connection) as seen:
        page(clerk, at(ticket))
    assert len(statements(seen)) <= 19, "\n".join(statements(seen))


def test_take_next_opens_what_is_due_first_and_locks_it(desk: Desk, clerk: Client) -> None:
    (ticket,) = desk.sent()
    opened = clerk.post("/asked/next")
    assert opened.headers["Location"] == at(ticket)
    assert state(desk, ticket) == "acknowledged"
    other = as_actor(desk.enrol("heron", "clerk", name="Vesna Heronova"))
    assert clerk.post(at(ticket, "/take")).status_code == 302
    assert other.post(at(ticket, "/take")).status_code == 409
    assert "is answering this request" in page(other, at(ticket))
    refused = send(other, ticket, code="given", **{"field-name": "kept text"})
    assert refused.status_code == 409 and "kept text" in refused.content.decode()
    assert answers(ticket) == []
    assert clerk.post(at(ticket, "/release")).status_code == 302
    assert other.post(at(ticket, "/take")).status_code == 302


def test_a_supervisor_stands_in_and_the_colleague_is_told(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    chief = desk.enrol("heron", "supervisor", name="Sofia Heronova")
    colleague = as_actor(desk.enrol("heron", "clerk"))
    assert "Stand in now" not in page(colleague, at(ticket))
    assert colleague.post(at(ticket, "/stand-in")).status_code == 403
    client = as_actor(chief)
    assert "Stand in now" in page(client, at(ticket))
    assert client.post(at(ticket, "/stand-in")).status_code == 302
    line = desk.trail(ticket.id, kind="ticket")[-1]
    assert (line["what"], line["facts"]["instead_of"]) == ("ticket:taken", str(desk.isp.person_id))
    late = send(clerk, ticket, code="given", **{"field-name": "kept text"})
    assert late.status_code == 409
    assert "Sofia Heronova" in late.content.decode() and "kept text" in late.content.decode()
    assert send(client, ticket, code="nothing_found").status_code == 302


def test_done_is_found_by_reference_and_by_identifier_as_a_whole(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    send(clerk, ticket, code="nothing_found")
    for sought in ("", ticket.reference, ticket.reference.lower(), "203.0.113.7"):
        assert ticket.reference in searched(clerk, "/asked/done", sought).content.decode()
    found = searched(clerk, "/asked/done", "203.0.113")
    assert found.status_code == 200 and ticket.reference not in found.content.decode()


# What the page shows


def test_the_page_shows_proof_what_is_asked_and_what_is_not_confirmed(
    desk: Desk, clerk: Client
) -> None:
    (ticket,) = desk.sent()
    told = page(clerk, at(ticket))
    body = desk.body(ticket)
    for words in (
        body["author"], body["order"], "203.0.113.7", "port 51512", "+0", "assumed, not law",
        "An invented act", "second person decided", desk.prosecutor.person_name,
        body["authorisation"]["sha256"], "First contact", "No order file is attached",
    ):  # fmt: skip
        assert words in told, words


def test_the_page_tells_no_case_no_other_addressee_and_no_word_for_the_decider(
    desk: Desk, clerk: Client
) -> None:
    desk.enrol("otherisp", "clerk", kind="isp")
    filed = desk.world.report(payer=iban("plum", 7), payee=iban("linden", 8), amount=50_000)
    desk.world.sweep()
    case = desk.world.case_of(filed)
    content = desk.content("heron", "otherisp", justification=f"{CANARY} justification",
                           proportionality=f"{CANARY} proportionality",
                           fields={"reference": f"{CANARY} file number"})  # fmt: skip
    tickets = desk.sent(content=content, case_id=case.id)
    own, other = sorted(tickets, key=lambda one: one.addressee.code != "heron")
    clerk.post(at(own, "/take"))
    send(clerk, own, code="given", **{"field-name": "A."})
    views = {one.name: one for one in asked_urls.urlpatterns}
    paths = [reverse(name, args=[own.id] if "asked_id" in str(one.pattern) else [])
             for name, one in views.items() if name not in ACTS]  # fmt: skip
    assert len(paths) + len(ACTS) == len(views)
    found = clerk.post("/asked/done", {"q": own.reference})["Location"]
    for path in (*paths, at(own, "?correct=1"), found):
        response = clerk.get(path)
        assert response.status_code in (200, 404), path  # no file is named: 404
        told = response.content.decode()
        for secret in (CANARY, case.reference, str(case.id), "otherisp", "Invented otherisp",
                       other.reference, str(own.of_id)):  # fmt: skip
            assert secret not in told, (path, secret)
    assert clerk.get(at(other)).status_code == 404


def test_a_card_warns_of_a_number_that_is_not_the_directory_s(desk: Desk, clerk: Client) -> None:
    (ticket,) = desk.sent()
    assert "is not that of the directory" not in page(clerk, at(ticket))
    desk.world.run(
        "update members_organisation set contact_phone = '+381 11 999' where id = %s",
        ticket.issuer_id,
    )
    told = page(clerk, at(ticket))
    assert "is not that of the directory" in told and "+381 11 999" in told


def test_a_card_counts_earlier_requests_and_refusals_of_the_officer(
    desk: Desk, clerk: Client
) -> None:
    first = taken(clerk, desk)
    send(clerk, first, code="refused", reason="data_not_held")
    (second,) = desk.sent()
    told = page(clerk, at(second))
    assert "First contact" not in told
    assert "1 of this officer, of which you refused 1; 1 of the organisation" in told


def test_a_request_that_went_to_many_says_so_and_not_to_whom(desk: Desk, clerk: Client) -> None:
    names = [f"isp{n}" for n in range(9)]
    for name in names:
        desk.enrol(name, "clerk", kind="isp")
    tickets = desk.sent("heron", *names)
    own = next(one for one in tickets if one.addressee.code == "heron")
    told = page(clerk, at(own))
    assert "went to many addressees" in told and "Invented isp3" not in told


@pytest.mark.parametrize(
    ("at_hour", "odd"), [("2026-11-06T16:20", False), ("2026-11-06T23:40", True),
                         ("2026-11-07T12:00", True), ("2026-11-06T06:59", True)],
)  # fmt: skip
def test_odd_hours_are_nights_and_weekends_on_the_wall(at_hour: str, odd: bool) -> None:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from recoup.data.requests import load_marks
    from recoup.web.asked_card import is_odd_hour

    moment = datetime.fromisoformat(at_hour).replace(tzinfo=ZoneInfo("Europe/Belgrade"))
    assert is_odd_hour(moment, load_marks()) is odd


# Answers


def test_an_answer_with_a_file_gets_a_receipt_and_counts_once(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    typed = {"answer": str(uuid4()), "code": "given", "field-name": "Ana Invented"}
    sent = send(clerk, ticket, **typed, upload=upload("list.pdf", PDF))
    assert sent.status_code == 302
    (stored,) = answers(ticket)
    told = page(clerk, sent.headers["Location"])
    for words in (stored.sha256.hex(), "Ana Invented", "list.pdf", files(ticket)[0].sha256.hex(),
                  "It counts as your answer", desk.isp.person_name):  # fmt: skip
        assert words in told, words
    named = str(files(ticket)[0].id)
    again = send(clerk, ticket, **typed, files=named)
    assert again.headers["Location"] == sent.headers["Location"]
    assert len(answers(ticket)) == 1 and state(desk, ticket) == "answered"


def test_a_part_answer_keeps_it_open_and_the_last_one_closes_it(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    sent = send(clerk, ticket, code="part_given", stage="interim", **{"field-name": "A."})
    assert "the request stays open" in page(clerk, sent.headers["Location"])
    assert state(desk, ticket) == "acknowledged"
    send(clerk, ticket, code="given", **{"field-name": "A.", "field-address": "B."})
    assert state(desk, ticket) == "answered"


def test_a_refusal_needs_its_ground_and_keeps_what_was_typed(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    refused = send(clerk, ticket, code="refused", ground="We looked twice.")
    assert refused.status_code == 422
    told = refused.content.decode()
    assert "Choose the ground on which you refuse" in told and "We looked twice." in told
    assert send(clerk, ticket, code="cannot_lawfully").status_code == 422
    sent = send(clerk, ticket, code="refused", reason="data_not_held", ground="We looked twice.")
    assert sent.status_code == 302 and state(desk, ticket) == "refused"
    assert "The data are not held" in page(clerk, sent.headers["Location"])


def test_no_answer_at_all_is_said_at_its_place(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    refused = send(clerk, ticket, **{"field-name": "still here"})
    told = refused.content.decode()
    assert refused.status_code == 422
    assert "Choose one of the answers" in told and "still here" in told


def test_the_second_of_two_answers_is_told_so_with_what_it_typed(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    desk.do(
        addressee_operations.answer, desk.isp, ticket_id=ticket.id,
        given=Answered(uuid4(), "given", fields={"name": "First"}),
    )  # fmt: skip
    second = send(clerk, ticket, code="given", **{"field-name": "Second"})
    told = second.content.decode()
    assert second.status_code == 409
    assert "Another answer came first" in told and "Second" in told and "First" in told
    assert len(answers(ticket)) == 1


def test_an_answer_is_corrected_and_the_first_is_kept(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    send(clerk, ticket, code="given", **{"field-name": "Wrong"})
    assert 'value="Wrong"' in page(clerk, at(ticket, "?correct=1"))
    sent = send(clerk, ticket, code="given", stage="correction", **{"field-name": "Right"})
    assert "instead of the answer before it" in page(clerk, sent.headers["Location"])
    first, last = answers(ticket)
    assert (first.stage, last.stage, last.replaces_id) == ("final", "correction", first.id)
    assert "It was corrected since" in page(clerk, at(ticket, f"/receipt?answer={first.id}"))


def test_an_answer_after_withdrawal_is_kept_and_said(desk: Desk, clerk: Client) -> None:
    (ticket,) = desk.sent()
    desk.do(request_operations.withdraw, desk.officer, request_id=ticket.of_id, ground="Solved.")
    told = page(clerk, at(ticket))
    assert "was withdrawn" in told and "Answer all the same" in told
    sent = send(clerk, ticket, code="given", **{"field-name": "A."})
    assert "moves nothing" in page(clerk, sent.headers["Location"])
    assert state(desk, ticket) == "withdrawn" and len(answers(ticket)) == 1


# Asking back, costs, doubt


def test_asking_back_stops_the_clock_and_says_so(desk: Desk, clerk: Client) -> None:
    ticket = taken(clerk, desk)
    assert clerk.post(at(ticket, "/ask"), {"text": " "}).status_code == 422
    assert clerk.post(at(ticket, "/ask"), {"text": "Which time zone?"}).status_code == 302
    told = page(clerk, at(ticket))
    assert "Which time zone?" in told and "stands still" in told
    assert "stands still: you asked" in page(clerk, "/asked")
    desk.do(addressee_operations.reply_to_addressee, desk.officer, ticket_id=ticket.id, text="CET")
    told = page(clerk, at(ticket))
    assert "CET" in told and "stands still: you asked" not in told


@pytest.mark.parametrize(
    ("typed", "status"),
    [({"amount": "45.50", "currency": "EUR"}, 302), ({"amount": "0", "currency": "EUR"}, 422),
     ({"amount": "many", "currency": "EUR"}, 422), ({"amount": "5", "currency": "XXQ"}, 422)],
)  # fmt: skip
def test_costs_are_claimed(desk: Desk, clerk: Client, typed: dict[str, str], status: int) -> None:
    ticket = taken(clerk, desk)
    claimed = clerk.post(at(ticket, "/costs"), {**typed, "text": "two hours"})
    assert claimed.status_code == status
    if status == 422:
        assert f'value="{typed["amount"]}"' in claimed.content.decode()
    else:
        assert "45.50" in page(clerk, at(ticket))


def test_a_doubt_says_what_it_does_and_a_second_desk_s_pauses(desk: Desk, clerk: Client) -> None:
    other = desk.enrol("otherisp", "clerk", kind="isp")
    own, theirs = desk.sent("heron", "otherisp")
    assert "a second desk doubts the same requester" in " ".join(page(clerk, at(own)).split())
    assert clerk.post(at(own, "/doubt"), {"ground": ""}).status_code == 422
    assert clerk.post(at(own, "/doubt"), {"ground": "Nobody answers."}).status_code == 302
    assert "It pauses nothing alone" in page(clerk, at(own))
    as_actor(other).post(at(theirs, "/doubt"), {"ground": "Odd."})
    told = page(clerk, at(own))
    assert "Two desks doubt this requester" in told and "Odd." not in told
    clerk.post(at(own, "/take"))
    paused = send(clerk, own, code="given", **{"field-name": "Kept"})
    assert paused.status_code == 409 and "Kept" in paused.content.decode()
    assert clerk.post(at(own, "/doubt/lift"), {"ground": "Called."}).status_code == 302
    assert "Two desks doubt" not in page(clerk, at(own))


# The profile and the figures


def test_a_supervisor_changes_the_profile_and_each_version_stays(desk: Desk, clerk: Client) -> None:
    chief = as_actor(desk.enrol("heron", "supervisor", name="Sofia Heronova"))
    typed = {"held-subscriber": "on", "days-subscriber": "", "held-traffic": "on",
             "days-traffic": "90", "cgnat": "yes", "identifiers": ["ip", "phone"],
             "formats": "CSV, PDF", "languages": "sr, en", "hours": "Mon-Fri 8-16"}  # fmt: skip
    assert clerk.post("/asked/profile/change", typed).status_code == 403
    assert chief.post("/asked/profile/change", typed).status_code == 302
    wrong = chief.post("/asked/profile/change", {**typed, "days-traffic": "ninety"})
    assert wrong.status_code == 422 and "“ninety” is no number of days" in wrong.content.decode()
    chief.post("/asked/profile/change", {**typed, "days-traffic": "180"})
    told = page(clerk, "/asked/profile")
    assert "Version 2" in told and "Sofia Heronova" in told and 'value="180"' in told
    assert re.search(r"changed: data held<", told)
    with desk.world.acting(desk.officer):
        from recoup.apps.lawful_requests.request_queries import profile_now

        now = profile_now(desk.isp.organisation_id)
        assert now and now.body["data"] == {"subscriber": None, "traffic": 180}
        assert now.body["cgnat"] is True and now.body["formats"] == ["CSV", "PDF"]


def test_the_figures_are_the_desk_s_own(desk: Desk, clerk: Client) -> None:
    first = taken(clerk, desk)
    send(clerk, first, code="refused", reason="data_not_held")
    other = desk.enrol("otherisp", "clerk", kind="isp")
    told = page(clerk, "/asked/figures")
    assert "The data are not held" in told and "100 %" in told
    assert "Nothing was sent to you" in page(as_actor(other), "/asked/figures")


# Words


def test_each_answer_of_each_measure_has_a_key_of_its_own() -> None:
    for measure in load_measures().values():
        keys = [choice.key for choice in choices_of(measure.answer_codes)]
        assert "" not in keys and len(set(keys)) == len(keys), measure.measure
        assert not TAKEN_KEYS & set(keys), measure.measure


def test_an_identifier_is_said_whole() -> None:
    one = {"kind": "ip", "value": "203.0.113.7", "port": 51512, "at": "2026-11-02T21:14:09+01:00"}
    with translation.override("en"):
        said = identifier_words(one)
    assert said == "IP address 203.0.113.7, port 51512, at 2026-11-02 21:14:09+01:00"


@pytest.mark.parametrize(
    ("name", "value", "is_wrong"),
    [("kept_until", "2026-11-02T21:14:09", True), ("kept_until", "2026-11-02T21:14:09Z", False),
     ("kept_until", "soon", True), ("held_amount", "8800.00", False), ("held_amount", "-1", True),
     ("kept_until", "2026-11-02 21:14 +01:00", False), ("held_amount", "much", True),
     ("name", "anything", False)],
)  # fmt: skip
def test_a_typed_field_is_checked_by_its_kind(name: str, value: str, is_wrong: bool) -> None:
    assert bool(field_problem(name, value)) is is_wrong
