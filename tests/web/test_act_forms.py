"""What is wrong in the form of an officer's act is said at its field, with what was typed."""

from __future__ import annotations

from typing import Any

import pytest

from recoup.apps.holds.models import Hold
from recoup.apps.lawful_requests.models import Ticket
from support.case_pages import signed_in
from support.roles import as_owner
from support.world import OFFICER, World, iban


@pytest.fixture
def block(world: World) -> Ticket:
    """A block of 20,000.00 that waits at a bank without a system."""
    filed = world.report(payer=iban("linden", 1), payee=iban("linden", 2), amount=20_000_00)
    world.plan()
    [ticket] = world.tickets(case_id=world.case_of(filed).id, measure="hold")
    return ticket


def send(ticket: Ticket, act: str, **typed: str) -> Any:
    return signed_in(OFFICER).post(f"/tickets/{ticket.id}/{act}", typed)


def limit_of(ticket: Ticket) -> int | None:
    with as_owner():
        return Hold.objects.get(pk=ticket.request).limit_minor


@pytest.mark.parametrize(
    ("amount", "says"),
    [
        ("", "No amount was filled in."),
        ("10,5", "A comma can mean thousands or decimals"),
        ("10,000", "A comma can mean thousands or decimals"),
        ("10.000", "RSD has 2 decimals; the amount has 3."),
        ("-5", "An amount below zero"),
        ("half", "This is not an amount."),
        ("20000.00", "This is not less than what is asked now."),
    ],
)
def test_a_sum_that_cannot_be_taken_is_said_at_its_field(
    block: Ticket, amount: str, says: str
) -> None:
    answer = send(block, "reduce", amount=amount, ground="Too much was asked.")
    text = answer.content.decode()
    assert answer.status_code == 422 and "<title>Error: " in text
    field = text.split('id="reduce-amount-error"')[1].split("</form>")[0]
    assert says in field and 'aria-invalid="true"' in field
    assert 'aria-describedby="reduce-amount-hint reduce-amount-error"' in field
    assert f'value="{amount}"' in field and 'value="Too much was asked."' in field
    summary = text.split('data-module="govuk-error-summary"')[1].split("</ul>")[0]
    assert 'href="#reduce-amount"' in summary and says in summary
    assert '<details class="rc-act" open><summary>Reduce the sum' in text
    assert limit_of(block) is None


@pytest.mark.parametrize(
    ("amount", "limit"),
    [
        ("10.000,00", 10_000_00), ("10,000.00", 10_000_00), ("1 000,50", 1_000_50),
        ("1000.5", 1_000_50), ("0", 0), ("0,00", 0), ("0.00", 0),
    ],
)  # fmt: skip
def test_sums_are_read_as_people_write_them(block: Ticket, amount: str, limit: int) -> None:
    assert send(block, "reduce", amount=amount, ground="Too much.").status_code == 302
    assert limit_of(block) == limit


@pytest.mark.parametrize("act", ["reduce", "withdraw"])
@pytest.mark.parametrize(
    ("ground", "says"), [(" ", "The ground is missing. Write one sentence."), ("x" * 201, "200")]
)
def test_a_ground_that_cannot_be_taken_is_said_at_its_field(
    block: Ticket, act: str, ground: str, says: str
) -> None:
    answer = send(block, act, amount="5", ground=ground)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert says in text.split(f'id="{act}-ground-error"')[1].split("</p>")[0]
    assert f'href="#{act}-ground"' in text and f'value="{ground}"' in text
    assert limit_of(block) is None


def test_nothing_unprintable_is_shown_again(block: Ticket) -> None:
    text = send(block, "withdraw", ground="a\0b\x07").content
    assert b"\0" not in text and b"\x07" not in text and "a\ufffdb\ufffd".encode() in text


@pytest.mark.breaks_invariants
def test_what_is_not_possible_any_more_stays_a_conflict(block: Ticket) -> None:
    assert send(block, "withdraw", ground="A mistake.").status_code == 302
    for ground in ("Once more.", ""):
        assert send(block, "withdraw", ground=ground).status_code == 409
    with as_owner():
        Hold.objects.filter(pk=block.request).update(state="lapsed")
    assert send(block, "reduce", amount="5", ground="Too late.").status_code == 409
