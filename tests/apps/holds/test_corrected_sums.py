"""What a correction takes back counts no more, however soon it came."""

from __future__ import annotations

from typing import Any

import pytest

from recoup.apps.holds import plan_operations
from recoup.apps.holds.answer_operations import record_answers
from recoup.apps.holds.api import AnswerIn, read_answer
from support.world import World, iban

LOW, HIGH = "00000000-0000-4000-8000-000000000001", "ffffffff-ffff-4fff-bfff-ffffffffffff"


def told(ticket: dict[str, Any], **body: Any) -> Any:
    return read_answer(AnswerIn(**{"ticket": ticket["ticket"], "stage": "final", **body}))


def tell(world: World) -> None:
    world.report(payer=iban("plum", 1), payee=iban("walnut", 2), amount=500_00)
    world.plan()


@pytest.mark.parametrize("at_once", [1, 500])
@pytest.mark.parametrize(("first", "second"), [(LOW, HIGH), (HIGH, LOW)])
def test_of_a_final_answer_and_its_correction_that_came_together_the_correction_counts(
    world: World, monkeypatch: pytest.MonkeyPatch, first: str, second: str, at_once: int
) -> None:
    """The ids are the bank's, and say nothing about the order."""
    monkeypatch.setattr(plan_operations, "ANSWERS_AT_ONCE", at_once)
    tell(world)
    ticket = world.ticket("walnut", "hold", "block")
    with world.acting(bank := world.at_bank("walnut")) as at:
        record_answers(
            [
                told(ticket, answer=first, code="held", held_minor=500_00, block_reference="B"),
                told(
                    ticket, answer=second, stage="correction", replaces=first, code="part_held",
                    held_minor=200_00, block_reference="B",
                ),
            ],
            by=bank, at=at,
        )  # fmt: skip
    world.plan()
    assert world.run("select held_minor from holds_hold") == [(200_00,)]
    assert world.run("select amount_minor from holds_block") == [(200_00,)]


@pytest.mark.parametrize(("first", "second"), [(LOW, HIGH), (HIGH, LOW)])
def test_of_an_interim_and_a_final_answer_that_came_together_the_final_counts(
    world: World, first: str, second: str
) -> None:
    tell(world)
    ticket = world.ticket("walnut", "hold", "block")
    with world.acting(bank := world.at_bank("walnut")) as at:
        record_answers(
            [
                told(
                    ticket, answer=first, stage="interim", code="part_held", held_minor=100_00,
                    block_reference="B",
                ),
                told(ticket, answer=second, code="held", held_minor=500_00, block_reference="B"),
            ],
            by=bank, at=at,
        )  # fmt: skip
    world.plan()
    assert world.run("select held_minor from holds_hold") == [(500_00,)]


def test_a_payment_that_was_not_stopped_after_all_is_traced_again(world: World) -> None:
    """Uncorrected, the victim would be told that the money is back."""
    tell(world)
    ticket = world.ticket("plum", "stop_before_execution")
    stopped = {"ticket": ticket["ticket"], "code": "stopped_before_execution", "answer": LOW}
    world.answer("plum", stopped | {"held_minor": 500_00})
    world.plan()
    assert world.run("select returned_minor from holds_claim") == [(500_00,)]
    corrected = {"ticket": ticket["ticket"], "code": "nothing_left", "answer": HIGH}
    world.answer("plum", corrected | {"stage": "correction", "replaces": LOW})
    world.plan()
    assert world.run("select returned_minor from holds_claim") == [(0,)]
