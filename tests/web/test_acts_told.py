"""What pages say after an officer's act on a ticket, and before a bank has answered."""

from __future__ import annotations

import pytest
from django.test import Client

from recoup.apps.cases.models import Case
from recoup.apps.holds import operations
from recoup.apps.lawful_requests.models import Ticket
from recoup.web import wordings
from support.case_pages import page_of, signed_in, text_of
from support.world import OFFICER, World, iban

CLERK = "mila.linden"


@pytest.fixture
def block(world: World) -> Ticket:
    """A precautionary block that a bank without a system has not answered yet."""
    filed = world.report(payer=iban("linden", 1), payee=iban("linden", 2), amount=50_000)
    world.plan()
    [ticket] = world.tickets(case_id=world.case_of(filed).id, measure="hold")
    return ticket


def case_of(ticket: Ticket) -> Case:
    return Case.objects.get(pk=ticket.case_id)


def withdraw(world: World, ticket: Ticket) -> None:
    with world.acting(by := world.actor(OFFICER)) as at:
        operations.withdraw_ticket(
            case=case_of(ticket), ticket=ticket, ground="A mistake.", by=by, at=at
        )
    world.plan()


def test_what_was_withdrawn_lapses_no_more(world: World, block: Ticket) -> None:
    case = Case(pk=block.case_id)
    assert page_of(world, OFFICER, case)["case"]["lapses_at"] is not None
    assert "The hold ends by itself at" in text_of(CLERK, f"/tickets/{block.id}")
    withdraw(world, block)
    assert page_of(world, OFFICER, case)["case"]["lapses_at"] is None
    assert "The hold ends by itself at" not in text_of(CLERK, f"/tickets/{block.id}")


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        (20_000, "A hold was reduced to 200.00\N{NO-BREAK SPACE}RSD: Too much"),
        (0, "All of a hold is to be let go: Too much"),
    ],
)
def test_a_reduction_says_to_how_much(world: World, block: Ticket, limit: int, words: str) -> None:
    with world.acting(by := world.actor(OFFICER)) as at:
        operations.reduce_hold(
            case=case_of(block), ticket=block, limit_minor=limit, ground="Too much", by=by, at=at
        )
    world.plan()
    events = page_of(world, OFFICER, Case(pk=block.case_id))["events"]
    assert words in [event["text"] for event in events]


@pytest.mark.parametrize("ground", ["Told twice.", "Told twice"])
def test_a_ground_in_a_sentence_has_one_full_stop(ground: str) -> None:
    for what in ("merged", "merged_in"):
        _, text = wordings.event(what, {"into": "CA-1", "duplicate": "CA-2", "ground": ground})
        assert text.endswith(": Told twice.")
    answer = {
        "code": "cannot_lawfully", "measure": "recall", "ground": ground,
        "asked_minor": 5, "held_minor": 0,
    }  # fmt: skip
    assert wordings.event("answer", answer)[1].endswith(" – Told twice.")


def test_the_telephone_sheet_does_not_call_an_answer_late_that_is_not(
    world: World, block: Ticket
) -> None:
    path = f"/tickets/{block.id}/telephone-sheet"
    text = text_of(OFFICER, path)
    assert "answer due" in text and "answer was due" not in text
    world.run(
        "update lawful_requests_ticket set body = convert_to(jsonb_set(convert_from(body, "
        "'utf-8')::jsonb, '{clocks,answer_by}', '\"2026-01-01T00:00:00Z\"')::text, 'utf-8')"
    )
    assert "answer was due" in text_of(OFFICER, path)


def test_who_acts_next_is_named_in_the_reader_s_language(world: World, block: Ticket) -> None:
    world.run("update lawful_requests_ticket set state = 'lapsed' where id = %s", block.id)
    client: Client = signed_in(OFFICER)
    client.cookies["django_language"] = "sr"
    text = client.get(f"/cases/{block.case_id}/live").content.decode()
    assert "Police Unit" not in text
    assert "Полицијска јединица за преваре на мрежи (измишљена): <a" in text
