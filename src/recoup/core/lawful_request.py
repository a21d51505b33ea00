"""The life of a lawful request, hold tickets among them: drafted, authorised, sent, acknowledged,
answered, closed; or refused, withdrawn, undeliverable, lapsed.

What was sent is never changed: a new fact opens the next round. Overdue is a clock, not a state.
An answer that comes after withdrawal or lapse is kept and used as a fact; it moves nothing here.
The tables are the only description of that life; screens, checks and docs read them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class RequestState(StrEnum):
    """Where a lawful request stands."""

    DRAFTED = "drafted"
    AUTHORISED = "authorised"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    ANSWERED = "answered"
    CLOSED = "closed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    UNDELIVERABLE = "undeliverable"
    LAPSED = "lapsed"


class RequestMove(StrEnum):
    """What may happen to a lawful request."""

    AUTHORISE = "authorise"
    REFUSE = "refuse"
    SEND = "send"
    ACKNOWLEDGE = "acknowledge"
    ANSWER = "answer"
    CORRECT = "correct"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    FAIL_TO_DELIVER = "fail_to_deliver"
    SEND_AGAIN = "send_again"
    LAPSE = "lapse"


_S, _M = RequestState, RequestMove

MOVES: Final[Mapping[tuple[RequestState, RequestMove], RequestState]] = {
    (_S.DRAFTED, _M.AUTHORISE): _S.AUTHORISED,
    # The validating authority says no; later, the addressee does.
    (_S.DRAFTED, _M.REFUSE): _S.REFUSED,
    (_S.DRAFTED, _M.WITHDRAW): _S.WITHDRAWN,
    (_S.AUTHORISED, _M.SEND): _S.SENT,
    (_S.AUTHORISED, _M.WITHDRAW): _S.WITHDRAWN,
    # The hub cannot write it out, or, on channels to come, cannot hand it over.
    (_S.AUTHORISED, _M.FAIL_TO_DELIVER): _S.UNDELIVERABLE,
    (_S.SENT, _M.ACKNOWLEDGE): _S.ACKNOWLEDGED,
    (_S.SENT, _M.ANSWER): _S.ANSWERED,
    (_S.SENT, _M.REFUSE): _S.REFUSED,
    (_S.SENT, _M.WITHDRAW): _S.WITHDRAWN,
    (_S.SENT, _M.FAIL_TO_DELIVER): _S.UNDELIVERABLE,
    (_S.SENT, _M.LAPSE): _S.LAPSED,
    (_S.ACKNOWLEDGED, _M.ANSWER): _S.ANSWERED,
    (_S.ACKNOWLEDGED, _M.REFUSE): _S.REFUSED,
    (_S.ACKNOWLEDGED, _M.WITHDRAW): _S.WITHDRAWN,
    (_S.ACKNOWLEDGED, _M.LAPSE): _S.LAPSED,
    (_S.ANSWERED, _M.CLOSE): _S.CLOSED,
    (_S.ANSWERED, _M.CORRECT): _S.ANSWERED,
    (_S.CLOSED, _M.CORRECT): _S.ANSWERED,
    # A refusal that was wrong: data are given after all.
    (_S.REFUSED, _M.CORRECT): _S.ANSWERED,
    (_S.UNDELIVERABLE, _M.SEND_AGAIN): _S.AUTHORISED,
    (_S.UNDELIVERABLE, _M.WITHDRAW): _S.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Duty:
    """Who must act while a request is in a state, and which clock runs; None = nobody, no clock.

    owner: issuing_authority, hub, addressee. clock: the name of the moment by which.
    """

    owner: str | None
    clock: str | None


DUTIES: Final[Mapping[RequestState, Duty]] = {
    _S.DRAFTED: Duty("issuing_authority", "authorise_by"),
    _S.AUTHORISED: Duty("hub", "send_by"),
    _S.SENT: Duty("addressee", "acknowledge_by"),
    _S.ACKNOWLEDGED: Duty("addressee", "answer_by"),
    _S.ANSWERED: Duty("hub", "close_by"),
    _S.CLOSED: Duty(None, None),
    _S.REFUSED: Duty("issuing_authority", "decide_by"),
    _S.WITHDRAWN: Duty(None, None),
    _S.UNDELIVERABLE: Duty("issuing_authority", "decide_by"),
    _S.LAPSED: Duty("issuing_authority", "decide_by"),
}

# One request of a case, an account and a measure may be in these states at a time.
OPEN: Final = frozenset({_S.DRAFTED, _S.AUTHORISED, _S.SENT, _S.ACKNOWLEDGED})


class MoveRefused(Exception):
    """The request's present state does not allow this move."""

    def __init__(self, state: RequestState, move: RequestMove) -> None:
        self.state, self.move = state, move
        allowed = [way.value for way in ways_out(state)] or ["none, the request has ended"]
        super().__init__(
            f"A request that is {state} cannot {move}. Possible: {', '.join(allowed)}."
        )


def after(state: RequestState, move: RequestMove) -> RequestState:
    """Return the state that the move leads to; raises MoveRefused."""
    try:
        return MOVES[state, move]
    except KeyError:
        raise MoveRefused(state, move) from None


def ways_out(state: RequestState) -> tuple[RequestMove, ...]:
    """Return the moves that the state allows, in the order of the table."""
    return tuple(move for (start, move) in MOVES if start == state)
