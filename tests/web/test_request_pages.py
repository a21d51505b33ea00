"""The officer's side of requests: what is offered, the form, its checks, lists, one request."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from recoup.apps.lawful_requests import addressee_operations, decision_operations, request_law
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.models import Request
from recoup.apps.lawful_requests.request_law import OF_THE_CHAIN, law_now
from recoup.core.law import Choice, Need, NoPower
from recoup.data import load_measures
from recoup.web import request_form, request_needs
from support.requests import Desk, law_of
from support.roles import as_owner, load_profiles
from support.searching import searched
from support.world import World, iban

NEW = "00000000-0000-4000-8000-00000000abcd"


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    """An invented law in which everything may be asked."""
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    load_profiles()
    return Desk(world, law)


@pytest.fixture
def officer(world: World, client: Client) -> Client:
    client.cookies["sessionid"] = world.session_of("jelena.police")
    return client


def posted(desk: Desk, **changed: Any) -> dict[str, Any]:
    """The form of J3 as it is sent: one address, its port, its moment, its zone."""
    seen = desk.world.now() - timedelta(days=20)
    return {
        "measure": "subscriber_domestic", "new": str(uuid4()), "addressee": ["heron"],
        "row_kind": ["ip"], "row_value": ["203.0.113.7"], "row_port": ["51512"],
        "row_at": [seen.strftime(request_form.MOMENT)], "row_zone": ["+00:00"],
        "row_addressee": [""], "data": ["subscriber"], "step": "save",
        "field-offence": "Fraud, article 208", **changed,
    }  # fmt: skip


def text(response: Any) -> str:
    return str(response.content.decode())


# What is needed


def test_every_measure_that_a_request_asks_for_serves_some_need() -> None:
    served = {measure for wish in request_needs.WISHES for measure in wish.measures}
    assert served == set(load_measures()) - OF_THE_CHAIN


@pytest.mark.django_db
def test_what_is_offered_is_what_the_law_chooses() -> None:
    """Whoever asks: a power that is shown is the engine's, and so is a reason that is shown."""
    law = law_now()
    day = law.day(timezone.now())
    for wish in request_needs.WISHES:
        for kind in ("police", "prosecutor", "fiu", "bank"):
            for one in request_needs.options(wish, law, requester_kind=kind, on=day):
                chosen = {
                    power
                    for asked in law.forms[one.measure].addressees
                    if (power := chosen_for(law, Need(one.measure, (), kind, asked, day)))
                }
                assert {power["power"] for power in one.powers} == chosen
                assert bool(one.powers) != bool(one.why_not)


def chosen_for(law: Any, need: Need) -> str:
    try:
        choice: Choice = law.choose(need)
    except NoPower:
        return ""
    return choice.power.power


def test_an_officer_of_serbia_sees_the_article_the_judge_and_why_not(officer: Client) -> None:
    page = text(officer.get("/requests/need?need=who"))
    assert "286(3)" in page and "not confirmed" in page and "Judge" in page
    kept = text(officer.get("/requests/need?need=keep"))
    assert "not possible here" in kept and "The nearest way:" in kept
    money = text(officer.get("/requests/need?need=account"))
    assert "Police may not ask for this" in money.replace("“", "").replace("”", "")


# The form


def test_an_address_without_a_port_is_refused_at_its_field(desk: Desk, officer: Client) -> None:
    told = posted(desk, row_port=[""], step="submit", authority="prosecutor")
    answer = officer.post("/requests/new", told)
    assert answer.status_code == 422
    place = text(answer).split('id="lacks-identifiers"')[1].split("</div>")[0]
    assert "203.0.113.7" in place and "source port" in place
    with as_owner():
        assert Request.objects.get().state == "drafted"


def test_the_check_says_it_while_it_is_typed_and_stores_nothing(
    desk: Desk, officer: Client
) -> None:
    page = text(officer.post("/requests/check", posted(desk, row_port=[""])))
    assert "source port" in page and 'hx-swap-oob="true"' in page
    page = text(officer.post("/requests/check", posted(desk, row_zone=[""])))
    assert "needs its zone" in page
    page = text(officer.post("/requests/check", posted(desk)))
    assert "source port" not in page and "Complete: it can be submitted." in page
    with as_owner():
        assert not Request.objects.exists()


def test_data_gone_in_nine_days_are_kept_first(desk: Desk, officer: Client) -> None:
    """Heron keeps 29 days; seen 20 days ago, one click drafts the preservation of the same."""
    page = text(officer.post("/requests/check", posted(desk)))
    assert "preserve first" in page and "Draft the preservation first" in page
    for _ in range(2):  # a second click finds the same two drafts
        answer = officer.post("/requests/new", posted(desk, step="preserve", new=NEW))
    with as_owner():
        kept, asked = Request.objects.order_by("-measure"), Request.objects.order_by("measure")
        assert [one.measure for one in asked] == ["preservation_domestic", "subscriber_domestic"]
        assert asked[0].content["targets"] == kept[0].content["targets"]
        assert kept[0].reference in asked[0].content["fields"]["necessity"]
    assert answer.headers["Location"] == f"/requests/{asked[0].id}/edit"
    page = text(officer.get(answer.headers["Location"]))
    assert "Preservation" in page and 'value="203.0.113.7"' in page and 'value="51512"' in page
    assert "Complete: it can be submitted." in page


# A pasted list


def test_a_pasted_list_names_addressees_and_what_they_are_asked_about(
    desk: Desk, officer: Client
) -> None:
    moment = (desk.world.now() - timedelta(days=3)).strftime(request_form.MOMENT)
    lines = (
        f"203.0.113.7:51512  {moment}+01:00  heron\n\n"
        f"203.0.113.9;4711;{moment.replace('T', ' ')};UTC;Heron Net (invented)\r\n"
    )
    told = posted(desk, addressee=[], row_value=[""], lines=lines)
    assert officer.post("/requests/new", told).status_code == 302
    with as_owner():
        (target,) = Request.objects.get().content["targets"]
    assert target["addressee"] == "heron"
    assert [(one["value"], one["port"], one["at"][-6:]) for one in target["identifiers"]] == [
        ("203.0.113.7", 51512, "+01:00"), ("203.0.113.9", 4711, "+00:00"),
    ]  # fmt: skip


def test_the_bank_of_a_pasted_account_is_found(desk: Desk, officer: Client) -> None:
    mine, other = iban("linden", 4711), iban("plum", 815)
    spaced = " ".join(mine[at : at + 4] for at in range(0, len(mine), 4))
    told = posted(desk, measure="account_information", addressee=[], row_value=[""],
                  data=["balance"], lines=f"{spaced}\n{other}\n")  # fmt: skip
    assert officer.post("/requests/new", told).status_code == 302
    with as_owner():
        targets = Request.objects.get().content["targets"]
    assert {t["addressee"]: [one["value"] for one in t["identifiers"]] for t in targets} == {
        "linden": [mine], "plum": [other],
    }  # fmt: skip


def test_a_line_that_is_not_understood_stays_with_its_number(desk: Desk, officer: Client) -> None:
    told = posted(desk, lines="203.0.113.9\nheron heron heron", step="save")
    answer = officer.post("/requests/new", told)
    page = text(answer)
    assert answer.status_code == 422 and "Line 2 is not understood: “heron heron heron”." in page
    assert 'value="203.0.113.9"' in page
    with as_owner():
        assert not Request.objects.exists()


def test_a_line_for_one_addressee_chooses_it(desk: Desk, officer: Client) -> None:
    told = posted(desk, addressee=[], row_addressee=["heron"])
    assert officer.post("/requests/new", told).status_code == 302
    with as_owner():
        assert [t["addressee"] for t in Request.objects.get().content["targets"]] == ["heron"]


def test_a_port_that_was_pasted_with_the_address_is_read(desk: Desk, officer: Client) -> None:
    told = posted(desk, row_value=["203.0.113.7:51512"], row_port=[""])
    assert officer.post("/requests/new", told).status_code == 302
    with as_owner():
        one = Request.objects.get().content["targets"][0]["identifiers"][0]
    assert (one["value"], one["port"]) == ("203.0.113.7", 51512)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"row_port": ["70000"]}, "70000: a port is a number from 1 to 65535."),
        ({"row_at": ["yesterday"]}, "“yesterday” is no moment."),
        ({"addressee": []}, "Name 1 to 40 addressees."),
    ],
)
def test_what_cannot_be_read_stands_there_with_its_value(
    desk: Desk, officer: Client, changed: dict[str, Any], words: str
) -> None:
    answer = officer.post("/requests/new", posted(desk, **changed))
    assert answer.status_code == 422 and words in text(answer)


def test_a_draft_that_is_stored_is_shown_as_it_was_typed(desk: Desk, officer: Client) -> None:
    told = posted(desk, row_addressee=["heron"])
    officer.post("/requests/new", told)
    with as_owner():
        found = Request.objects.get()
    page = text(officer.get(f"/requests/{found.id}/edit"))
    assert 'value="51512"' in page and "Fraud, article 208" in page
    again = {**told, "version": "1", "data": ["subscriber"], "justification": "Needed."}
    assert officer.post(f"/requests/{found.id}/edit", again).status_code == 302
    stale = officer.post(f"/requests/{found.id}/edit", again)
    assert stale.status_code == 422 and "You read version 1; it is version 2 now." in text(stale)


def test_submitted_it_waits_for_the_authority(desk: Desk, officer: Client) -> None:
    told = posted(desk, step="submit", authority="prosecutor")
    answer = officer.post("/requests/new", told, follow=True)
    page = text(answer)
    assert answer.status_code == 200 and "waits for a decision" in page
    assert "(planned, no law)" in page and "Prosecutor" in page
    assert officer.post("/requests/new", told).status_code == 422  # what was submitted stays


def test_an_order_that_is_no_pdf_is_refused(desk: Desk, officer: Client) -> None:
    from django.core.files.uploadedfile import SimpleUploadedFile

    order = SimpleUploadedFile("order.pdf", b"MZ not a PDF", content_type="application/pdf")
    answer = officer.post("/requests/new", {**posted(desk), "order": order})
    assert answer.status_code == 422 and "order.pdf does not begin as application/pdf" in text(
        answer
    )


# One request, and the lists


def test_the_page_shows_answers_costs_and_questions(desk: Desk, officer: Client) -> None:
    (ticket,) = desk.sent()
    url = f"/requests/{ticket.of_id}"
    desk.do(addressee_operations.ask_back, desk.isp, ticket_id=ticket.id, text="Which service?")
    desk.do(
        addressee_operations.claim_costs, desk.isp, ticket_id=ticket.id, amount_minor=1200,
        currency="RSD", text="Two hours.",
    )  # fmt: skip
    page = text(officer.get(url))
    assert "Which service?" in page and "12.00" in page
    of_ticket = {"ticket": str(ticket.id)}
    for told in (
        {"act": "answer_question", "text": "The line."}, {"act": "settle", "agreed": "yes"},
        {"act": "extend", "days": "3", "ground": "Holidays there."},
    ):  # fmt: skip
        assert officer.post(f"{url}/act", {**told, **of_ticket}).status_code == 302, told
    assert "Holidays there." in desk.world.run("select ground from lawful_requests_clockstop")[-1]
    given = Answered(answer=uuid4(), code="given", fields={"name": "A. B."})
    desk.do(addressee_operations.answer, desk.isp, ticket_id=ticket.id, given=given)
    page = text(officer.get(url))
    assert "A. B." in page and "answered in" in page and "Costs agreed" in page
    assert officer.post(f"{url}/act", {"act": "close", **of_ticket}).status_code == 302
    assert "closed" in text(officer.get(url))


def test_forty_targets_are_one_page_and_closed_by_one_click(
    desk: Desk, officer: Client, django_assert_max_num_queries: Any
) -> None:
    codes = [f"isp{n}" for n in range(40)]
    desks = {code: desk.enrol(code, "clerk", kind="isp") for code in codes}
    tickets = desk.sent(*codes)
    url = f"/requests/{tickets[0].of_id}"
    refused = officer.post(f"{url}/act", {"act": "close_all"})
    assert refused.status_code == 409 and "No target has answered yet." in text(refused)
    for code, ticket in zip(codes, tickets, strict=True):
        given = Answered(answer=uuid4(), code="nothing_found")
        desk.do(addressee_operations.answer, desks[code], ticket_id=ticket.id, given=given)
    with django_assert_max_num_queries(30):
        page = text(officer.get(url))
    assert page.count('class="rc-target"') == 40 and "Done with all that have answered" in page
    assert officer.post(f"{url}/act", {"act": "close_all"}).status_code == 302
    assert {one.state for one in desk.tickets(tickets[0].of_id)} == {"closed"}
    assert desk.tickets(tickets[0].of_id)[0].of.closed_at is not None


def test_a_refused_act_says_why_and_keeps_the_page(desk: Desk, officer: Client) -> None:
    found = desk.submitted()
    answer = officer.post(f"/requests/{found.id}/act", {"act": "reply", "text": "x"})
    assert answer.status_code == 409 and "cannot reply" in text(answer)


def test_a_question_is_answered_on_the_page(desk: Desk, officer: Client) -> None:
    found = desk.submitted()
    desk.do(decision_operations.ask, desk.prosecutor, request_id=found.id, text="Why so long?",
            version=found.version)  # fmt: skip
    assert "Why so long?" in text(officer.get(f"/requests/{found.id}"))
    officer.post(f"/requests/{found.id}/act", {"act": "reply", "text": "He is abroad."})
    assert desk.again(found).state == "submitted"


def test_lists_show_each_request_where_it_stands(desk: Desk, officer: Client) -> None:
    draft, (ticket,) = desk.draft(), desk.sent()
    sent = desk.tickets(ticket.of_id)[0].of
    for view, has, has_not in (
        ("mine", [draft, sent], []), ("waiting", [], [draft, sent]), ("sent", [sent], [draft]),
        ("answered", [], [draft, sent]), ("ended", [], [draft, sent]),
    ):  # fmt: skip
        page = text(officer.get(f"/requests?view={view}"))
        assert all(one.reference in page for one in has), view
        assert not any(one.reference in page for one in has_not), view
    assert draft.reference in text(searched(officer, "/requests", draft.reference.lower()))


def test_a_list_takes_no_more_statements_with_more_requests(
    desk: Desk, officer: Client, django_assert_max_num_queries: Any
) -> None:
    for _ in range(12):
        desk.submitted()
    with django_assert_max_num_queries(15):
        assert officer.get("/requests").status_code == 200


def test_another_organisation_s_request_is_not_there(desk: Desk, client: Client) -> None:
    found = desk.draft()
    client.cookies["sessionid"] = desk.world.session_of("mila.linden")
    for url in (f"/requests/{found.id}", f"/requests/{found.id}/edit"):
        assert client.get(url).status_code == client.get(f"/requests/{uuid4()}").status_code == 404
    assert client.post(f"/requests/{found.id}/act", {"act": "withdraw"}).status_code == 404
