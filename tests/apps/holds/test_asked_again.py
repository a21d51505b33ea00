"""A hold that was let go to nothing, while more was asked for there already, is not over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from recoup.apps.holds.fold_operations import _fold_hold
from recoup.apps.holds.models import Hold
from recoup.apps.lawful_requests.models import Answer, Ticket

AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


def told(number: int, *, asked: int, held: int, seconds: int) -> Answer:
    """What a bank answers to the ticket of a round that sets what is held."""
    ticket = Ticket(measure="hold", kind="set", round=number, asked_minor=asked)
    code = "held" if held else "nothing_left"
    at = AT + timedelta(seconds=seconds)
    return Answer(ticket=ticket, code=code, stage="final", held_minor=held, received_at=at)


def placed(*, asked: int) -> Hold:
    """A hold of 250,582 for which a total is asked now."""
    return Hold(state="placed", asked_minor=asked, held_minor=250_582, answered_round=1,
                answered_at=AT)  # fmt: skip


def test_nothing_asked_and_nothing_held_is_its_end() -> None:
    hold = placed(asked=0)
    _fold_hold(hold, told(2, asked=0, held=0, seconds=6))
    assert (hold.state, hold.ended_at) == ("lifted", AT + timedelta(seconds=6))


@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["in order", "the later answer first"])
def test_what_is_asked_for_before_that_answer_came_is_held_under_it(order: tuple[int, int]) -> None:
    """The units came back into the trail while the bank was still letting them go."""
    hold = placed(asked=180_582)
    answers = (
        told(2, asked=0, held=0, seconds=6), told(3, asked=180_582, held=180_582, seconds=12),
    )  # fmt: skip
    for number in order:
        _fold_hold(hold, answers[number])
    assert (hold.state, hold.held_minor, hold.ended_at) == ("placed", 180_582, None)
