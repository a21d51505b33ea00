"""The request to another country: complete, neutral, in three scripts, and with a way out."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils.timezone import localtime

from recoup.apps.cases.models import RequestAbroad, Task
from recoup.demo.cast import ABROAD
from support.roles import as_owner
from support.world import FIU, OFFICER, World, iban

PAYER = iban("plum", 1)


@pytest.fixture
def task(world: World) -> Task:
    """A customer of a bank paid straight to an account in Slovenia."""
    world.report(
        payer=PAYER, payee=ABROAD, amount=700_00, currency="EUR", reference="Invoice 7",
        by=world.at_bank("plum"),
    )  # fmt: skip
    world.plan()
    with as_owner():
        return Task.objects.get(kind="abroad")


@pytest.fixture
def signed_in(world: World) -> Callable[[str], Client]:
    def client(login: str) -> Client:
        made = Client()
        made.cookies["sessionid"] = world.session_of(login)
        return made

    return client


@pytest.fixture
def fiu(signed_in: Callable[[str], Client]) -> Client:
    return signed_in(FIU)


def page(client: Client, task: Task, **query: str) -> str:
    answer = client.get(f"/tasks/{task.id}/abroad", query)
    assert answer.status_code == 200
    return answer.content.decode()


def now_of(task: Task) -> Task:
    with as_owner():
        return Task.objects.get(pk=task.pk)


def test_the_form_is_filled_from_the_task(fiu: Client, task: Task):
    text = page(fiu, task)
    for told in (
        "SI56 9900 0000 9011 465", "Edelweiss", "700.00", "Invoice 7", "Slovenia",
        f"{task.values['case_reference']}/1", "+381 11 000 0194", "not confirmed by a lawyer",
        "Convention CETS 198", "is not known here", "somebody was deceived into paying",
    ):  # fmt: skip
        assert told in text, told


@pytest.mark.parametrize(
    ("language", "says"),
    [
        ("en", "Request for the postponement"),
        ("sr", "Захтев за одлагање"),
        ("sr-latn", "Zahtev za odlaganje"),
    ],
)
def test_it_reads_in_english_and_serbian(fiu: Client, task: Task, language: str, says: str):
    assert says in page(fiu, task, **{"in": language})


def test_an_unknown_language_is_the_pages(fiu: Client, task: Task):
    assert "Request for the postponement" in page(fiu, task, **{"in": "xx"})


def test_the_download_says_the_same_as_data(fiu: Client, task: Task):
    answer = fiu.get(f"/tasks/{task.id}/abroad.json")
    assert "attachment" in answer["Content-Disposition"]
    found = json.loads(answer.content)
    assert found["account"]["ident"] == ABROAD
    assert (found["amount_minor"], found["currency"]) == (700_00, "EUR")
    assert found["requested"] == {"kind": "fiu", "country": "SI"}
    assert found["asked"][0] == "postpone" and found["suspected_offence"] == "fraud"
    assert [b["article"] for b in found["legal_bases"]] == ["46", "47", "75"]
    assert not any(b["confirmed"] for b in found["legal_bases"])
    assert found["treaty"]["status"] == "not_known"
    (payment,) = found["payments"]
    assert payment["from_account"] == PAYER


def send(client: Client, task: Task, **more: str) -> Any:
    told = {"channel": "egmont", "sent_at": f"{localtime(task.opened_at):%Y-%m-%dT%H:%M}", **more}
    return client.post(f"/tasks/{task.id}/abroad/sent", told)


def requests_of(task: Task) -> list[RequestAbroad]:
    with as_owner():
        return list(RequestAbroad.objects.filter(task=task))


def answer(client: Client, task: Task, **more: str) -> Any:
    told = {"request": str(requests_of(task)[0].id), "outcome": "postponed", "held": "500.00"}
    return client.post(f"/tasks/{task.id}/abroad/answered", told | more)


def test_sent_and_answered_is_the_way_out(fiu: Client, task: Task):
    assert send(fiu, task).status_code == 302
    (sent,) = requests_of(task)
    assert json.loads(bytes(sent.body))["account"]["ident"] == ABROAD
    assert now_of(task).done_at is None
    assert "Enter what came back" in page(fiu, task)
    assert answer(fiu, task, their_reference="SI-9").status_code == 302
    assert now_of(task).done_at is not None
    (sent,) = requests_of(task)
    assert (sent.outcome, sent.held_minor) == ("postponed", 500_00)
    assert "SI-9" in page(fiu, task)


def test_what_cannot_be_read_is_refused_beside_its_field(fiu: Client, task: Task):
    assert send(fiu, task, channel="fax").status_code == 422
    assert send(fiu, task, sent_at="yesterday").status_code == 422
    assert send(fiu, task).status_code == 302
    for wrong in ({"held": ""}, {"held": "5,5,5"}, {"outcome": "maybe"}, {"request": "x"}):
        refused = answer(fiu, task, **wrong)
        assert refused.status_code == 422, wrong
    assert now_of(task).done_at is None


@pytest.mark.parametrize("held", ["701.00", "5,5", "1.000", "0"])
def test_a_sum_that_cannot_be_taken_is_said_at_its_field(fiu: Client, task: Task, held: str):
    send(fiu, task)
    refused = answer(fiu, task, held=held, their_reference="SI-9")
    text = refused.content.decode()
    assert refused.status_code == 422 and 'id="id_held-error"' in text
    assert f'value="{held}"' in text and 'value="SI-9"' in text and 'href="#id_held"' in text
    assert now_of(task).done_at is None


def test_a_sum_is_read_as_people_write_it(fiu: Client, task: Task):
    send(fiu, task)
    assert answer(fiu, task, held="500,50").status_code == 302
    assert requests_of(task)[0].held_minor == 500_50


def test_a_time_that_cannot_be_is_said_at_its_field(fiu: Client, task: Task):
    refused = send(fiu, task, sent_at="2099-01-01T00:00")
    assert refused.status_code == 422 and 'id="id_sent_at-error"' in refused.content.decode()


def test_a_second_answer_is_not_possible_any_more(fiu: Client, task: Task):
    send(fiu, task)
    answered = answer(fiu, task)
    assert answered.status_code == 302
    path = f"/tasks/{task.id}/abroad/not-sent"
    assert fiu.post(path, {"ground": "Too late."}).status_code == 409


def test_a_sum_that_cannot_be_read_is_not_called_missing_as_well(fiu: Client, task: Task):
    send(fiu, task)
    assert "Say which sum" in answer(fiu, task, held="").content.decode()
    assert "Say which sum" not in answer(fiu, task, held="5,5,5").content.decode()


def test_nothing_is_sent_only_with_a_ground(fiu: Client, task: Task):
    path = f"/tasks/{task.id}/abroad/not-sent"
    refused = fiu.post(path, {"ground": " "})
    assert refused.status_code == 422 and 'id="not-sent-ground-error"' in refused.content.decode()
    assert fiu.post(path, {"ground": "The victim has the money back"}).status_code == 302
    assert now_of(task).done_at is not None
    assert "The victim has the money back" in page(fiu, task)


def test_police_that_asked_may_read_it_but_not_send_it(
    signed_in: Callable[[str], Client], task: Task
):
    officer = signed_in(OFFICER)
    assert "Say that it was sent" not in page(officer, task)
    assert send(officer, task).status_code == 409
    assert signed_in("boris.quince").get(f"/tasks/{task.id}/abroad").status_code == 403


def test_another_task_has_no_such_form(fiu: Client, task: Task, world: World):
    world.run("update cases_task set kind = 'hold_ends' where id = %s", task.id)
    assert fiu.get(f"/tasks/{task.id}/abroad").status_code == 409


def test_the_task_list_leads_to_it(fiu: Client, task: Task):
    text = fiu.get("/tasks").content.decode()
    assert f"/tasks/{task.id}/abroad" in text and f"/tasks/{task.id}/finish" not in text
