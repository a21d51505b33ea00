"""The life of a hold: a bank's short stop on money, before any court has decided.

A hold that was placed ends in one of three ways: lifted, lapsed, or replaced by an order. A hold
that ended stays ended; money that has to be held again is a new hold. The tables here are the
only description of that life; screens, checks and docs read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

HoldState = StrEnum("HoldState", ["ASKED", "PLACED", "DECLINED", "LIFTED", "LAPSED", "REPLACED"])
HoldMove = StrEnum("HoldMove", ["PLACE", "DECLINE", "LIFT", "LAPSE", "REPLACE"])

MOVES: Final[Mapping[tuple[HoldState, HoldMove], HoldState]] = {
    (HoldState.ASKED, HoldMove.PLACE): HoldState.PLACED,
    (HoldState.ASKED, HoldMove.DECLINE): HoldState.DECLINED,
    # The ticket was withdrawn, or its time ran out, before the bank had answered.
    (HoldState.ASKED, HoldMove.LIFT): HoldState.LIFTED,
    (HoldState.ASKED, HoldMove.LAPSE): HoldState.LAPSED,
    (HoldState.PLACED, HoldMove.LIFT): HoldState.LIFTED,
    (HoldState.PLACED, HoldMove.LAPSE): HoldState.LAPSED,
    (HoldState.PLACED, HoldMove.REPLACE): HoldState.REPLACED,
}


@dataclass(frozen=True, slots=True)
class Duty:
    """Who must act while a hold is in a state, and which clock runs; None = nobody, no clock.

    owner: addressee (the bank), issuing_authority. clock: the name of the moment by which.
    """

    owner: str | None
    clock: str | None


DUTIES: Final[Mapping[HoldState, Duty]] = {
    HoldState.ASKED: Duty("addressee", "answer_by"),
    HoldState.PLACED: Duty("issuing_authority", "lapses_at"),
    HoldState.DECLINED: Duty("issuing_authority", "decide_by"),
    HoldState.LIFTED: Duty(None, None),
    HoldState.LAPSED: Duty(None, None),
    HoldState.REPLACED: Duty(None, None),
}

IN_FORCE: Final = frozenset({HoldState.ASKED, HoldState.PLACED})


def is_let_go(*, asked: int, held: int, limit: int | None, last_ticket: str) -> bool:
    """Say whether nothing is held under a hold in force, and nothing is asked for any more.

    An officer withdrew it (limit zero), or its last ticket was taken back. Then its end is nobody's
    clock. Once the bank tells, however late, that something is held, it is: only held units count.

    last_ticket: the state of the last round's ticket; empty if there is none.
    """
    return held == 0 and (asked == 0 or limit == 0 or last_ticket == "withdrawn")


class MoveRefused(Exception):
    """The hold's present state does not allow this move."""

    def __init__(self, state: HoldState, move: HoldMove) -> None:
        self.state, self.move = state, move
        allowed = [way.value for way in ways_out(state)] or ["none, the hold has ended"]
        super().__init__(f"A hold that is {state} cannot {move}. Possible: {', '.join(allowed)}.")


def after(state: HoldState, move: HoldMove) -> HoldState:
    """Return the state that the move leads to; raises MoveRefused."""
    try:
        return MOVES[state, move]
    except KeyError:
        raise MoveRefused(state, move) from None


def ways_out(state: HoldState) -> tuple[HoldMove, ...]:
    """Return the moves that the state allows, in the order of the table."""
    return tuple(move for (start, move) in MOVES if start == state)
