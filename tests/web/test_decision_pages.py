"""The desk of whoever decides on requests: what it shows, each act, each refusal, nothing lost."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from recoup.apps.lawful_requests import addressee_operations, request_law
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.models import Decision
from recoup.web.decision_words import REASONS
from support.decisions import act, client, decisions, page, submitted, text, whole_form
from support.powers import power
from support.requests import FORMS, Desk, law_of
from support.roles import as_owner
from support.world import World


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    return Desk(world, law)


# What waits


def test_the_most_urgent_clock_comes_first(desk: Desk) -> None:
    calm, urgent = submitted(desk), submitted(desk, danger="life")
    shown = text(client(desk.prosecutor).get("/decisions"))
    assert shown.index(urgent.reference) < shown.index(calm.reference)


def test_an_empty_desk_says_what_would_stand_there(desk: Desk) -> None:
    shown = text(client(desk.prosecutor).get("/decisions"))
    assert "Nothing waits for your decision" in shown and "Nothing waits to be confirmed" in shown


def test_what_waits_to_be_confirmed_stands_apart(desk: Desk) -> None:
    second = desk.enrol("prosecutor", "prosecutor", name="Second One")
    found = submitted(desk, danger="life")
    act(desk, found, "authorise")
    shown = text(client(second).get("/decisions"))
    assert "by another person" in shown and found.reference in shown


def test_the_list_takes_no_more_statements_for_many_than_for_few(desk: Desk) -> None:
    taken = []
    by = client(desk.prosecutor)
    for many in (2, 12):
        for n in range(many):
            submitted(desk, danger="life" if n % 2 else "")
        with CaptureQueriesContext(connection) as queries:
            shown = text(by.get("/decisions"))
        assert shown.count("rc-queue__card") >= many
        taken.append(len(queries))
    assert taken[0] == taken[1] <= 15, taken


# One screen


def test_the_page_tells_facts_law_need_and_alternatives(desk: Desk) -> None:
    shown = page(submitted(desk), desk.prosecutor)
    for words in (
        "480,000.00", "203.0.113.7", "An invented act, art. 1", "invented, no law",
        "The account emptied twice this week.", "Jelena", "Preservation first", "Third parties",
        "Nothing is decided by default",
    ):  # fmt: skip
        assert words in shown, words


def test_a_rule_that_nobody_confirmed_says_so(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    rule = power(addressees=("isp",))
    basis = replace(rule.legal_basis, assumed=False, to_check="The number of the article.")
    law = law_of(FORMS, [replace(rule, legal_basis=basis)])
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    shown = page(submitted(Desk(world, law)), world.actor("olga.prosecutor"))
    assert "not confirmed" in shown and "The number of the article." in shown


def test_no_act_is_chosen_beforehand(desk: Desk) -> None:
    found = submitted(desk)
    shown = page(found, desk.prosecutor)
    assert '<details class="rc-act" open' not in shown
    for code in REASONS:
        assert f'value="{code}" checked' not in shown
    response = client(desk.prosecutor).post(f"/decisions/{found.id}/decide", {"version": 1})
    assert response.status_code == 422 and "No act was chosen" in text(response)
    assert decisions(found) == []


def test_earlier_requests_about_the_same_person_are_told(desk: Desk) -> None:
    first = submitted(desk)
    act(desk, first, "refuse", code="too_broad", ground="A month is too long.")
    shown = page(submitted(desk), desk.prosecutor)
    assert first.reference in shown and "It asks for too much: A month is too long." in shown


def test_a_draft_is_nobody_else_s_page(desk: Desk) -> None:
    draft = desk.draft()
    assert client(desk.prosecutor).get(f"/decisions/{draft.id}").status_code == 404
    assert client(desk.officer).get(f"/decisions/{draft.id}").status_code == 404


# Authorise, narrow, refuse, ask


def test_authorised_as_asked_is_said_back_with_the_clock_that_follows(desk: Desk) -> None:
    found = submitted(desk)
    response = act(desk, found, "authorise", note="As asked.")
    assert (response.status_code, response.url) == (302, f"/decisions/{found.id}")
    shown = page(found, desk.prosecutor)
    assert "Olga Pravičanska authorised it" in shown
    assert "each addressee acknowledges within 24 hours" in shown
    assert "rc-clock" not in shown, "no clock runs for who decides any more"
    assert decisions(found) == ["authorised"]


def test_narrower_is_authorised_and_both_sums_are_told(desk: Desk) -> None:
    found = submitted(desk)
    response = act(desk, found, "narrow", **whole_form(found, amount="300,000.00"))
    assert response.status_code == 302
    assert "300,000.00 RSD of 480,000.00 RSD" in page(found, desk.prosecutor)
    with as_owner():
        decision = Decision.objects.get(request=found)
    assert decision.kind == "narrowed"
    # What was not touched is what was asked, to the second.
    assert decision.content == {**found.content, "amount_minor": 300_000_00, "files": []}


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"amount": "480,000.01"}, "amount", "is more than was asked. Write at most 480,000.00"),
        ({"amount": "0"}, "amount", "Nothing is left of it"),
        ({"amount": "much"}, "amount", "much"),
        ({"from": "2020-01-01T00:00"}, "from", "2020-01-01 00:00 is before what was asked"),
        ({"until": "2099-01-01T00:00"}, "until", "2099-01-01 00:00 is after what was asked"),
        ({"until": "yesterday"}, "until", "“yesterday” is no moment"),
        ({"data": []}, "data", "No category is left"),
        ({"identifier": []}, "identifier", "Nobody is left to ask"),
        ({}, "narrow", "Nothing is narrower yet"),
    ],
)
def test_what_is_not_narrower_is_refused_at_its_field(
    desk: Desk, changed: dict[str, Any], field: str, said: str
) -> None:
    found = submitted(desk)
    typed = whole_form(found, **changed)
    response = act(desk, found, "narrow", note="Only what is traced.", **typed)
    shown = text(response)
    assert response.status_code == 422
    assert said in shown and f'href="#narrow-{field}"' in shown
    assert "Only what is traced." in shown, "what was typed is lost"
    assert decisions(found) == []
    if field in ("amount", "from", "until") and changed:
        assert f'value="{changed[field]}"' in shown


def test_it_is_checked_while_typing_and_changes_nothing(desk: Desk) -> None:
    found = submitted(desk)
    where = f"/decisions/{found.id}/check"
    by = client(desk.prosecutor)
    assert "Narrower than asked" in text(by.post(where, whole_form(found, amount="300,000.00")))
    assert "Only narrower" in text(by.post(where, whole_form(found, amount="500,000.00")))
    assert decisions(found) == [] and desk.again(found).state == "submitted"


def test_one_decision_is_for_many_targets_and_may_leave_some_out(desk: Desk) -> None:
    desk.enrol("farisp", "clerk", kind="isp")
    desk.enrol("otherisp", "clerk", kind="isp")
    found = submitted(desk, "heron", "farisp", "otherisp")
    act(desk, found, "narrow", **whole_form(found, identifier=["0.0", "2.0"]))
    assert "2 of 3 addressees" in page(found, desk.prosecutor)
    assert "left out" in page(found, desk.prosecutor)
    desk.world.sweep()
    with as_owner():
        left = [t.addressee.code for t in desk.tickets(found)]
    assert left == ["heron", "otherisp"]


def test_forty_addressees_each_with_its_state_in_as_many_statements_as_one(desk: Desk) -> None:
    codes = [f"isp{n:02}" for n in range(39)]
    for code in codes:
        desk.enrol(code, "clerk", kind="isp")
    taken = []
    for found in (submitted(desk), submitted(desk, "heron", *codes)):
        act(desk, found, "authorise")
        desk.world.sweep()
        by = client(desk.officer)
        with CaptureQueriesContext(connection) as queries:
            shown = text(by.get(f"/decisions/{found.id}"))
        taken.append(len(queries))
    assert decisions(found) == ["authorised"], "one decision is for all of them"
    assert shown.count(">sent</span>") == 40
    (first, *others) = desk.tickets(found)
    desk.do(
        addressee_operations.answer, desk.isp, ticket_id=first.id,
        given=Answered(first.id, "nothing_found"),
    )  # fmt: skip
    shown = page(found, desk.officer)
    assert (shown.count(">sent</span>"), shown.count(">answered</span>")) == (39, 1)
    assert taken[0] == taken[1] <= 30, taken


def test_refused_with_a_coded_reason(desk: Desk) -> None:
    found = submitted(desk)
    assert act(desk, found, "refuse", code="not_necessary", ground="Known.").status_code == 302
    assert desk.again(found).state == "refused"
    shown = page(found, desk.prosecutor)
    assert "Nothing leaves" in shown and "It is not necessary: Known." in shown


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({}, "Choose why it is refused."),
        ({"code": "whim"}, "Choose why it is refused."),
        ({"code": "other"}, "Write the reason in one sentence."),
    ],
)
def test_a_refusal_without_its_reason_is_none(desk: Desk, typed: dict[str, str], said: str) -> None:
    found = submitted(desk)
    response = act(desk, found, "refuse", **typed)
    assert response.status_code == 422 and said in text(response)
    assert desk.again(found).state == "submitted"


def test_a_question_goes_to_the_author_and_names_the_clock(desk: Desk) -> None:
    found = submitted(desk)
    assert act(desk, found, "ask", question="Whose address is it?").status_code == 302
    shown = page(found, desk.prosecutor)
    assert "The question is with Jelena" in shown and "Whose address is it?" in shown
    found = submitted(desk)
    response = act(desk, found, "ask", question=" ")
    assert response.status_code == 422 and "Write what you want to know" in text(response)
