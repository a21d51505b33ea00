"""The chain of custody of one file: what may happen to it, in which state, and what has to be said.

Who did it and when comes with every event. Why, from whom, to whom, where and under which seal are
asked as this table says; what it does not ask for is refused too, so that nobody reads a meaning
into a field that has none. Screens, checks and the database's own rule read these tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from recoup.core.said import Said, SaidCode, SaidList


class CustodyState(StrEnum):
    """Where a file stands."""

    ARRIVING = "arriving"
    KEPT = "kept"
    SEALED = "sealed"
    OFFERED = "offered"
    OUT = "out"
    DOUBTFUL = "doubtful"
    ERASED = "erased"
    GIVEN_UP = "given_up"


class CustodyAct(StrEnum):
    """What may happen to a file."""

    RECEIVE = "receive"
    GIVE_UP = "give_up"
    CHECK = "check"
    ALARM = "alarm"
    CLEAR = "clear"
    SEAL = "seal"
    UNSEAL = "unseal"
    OFFER = "offer"
    ACCEPT = "accept"
    DECLINE = "decline"
    WITHDRAW = "withdraw"
    LEND = "lend"
    TAKE_BACK = "take_back"
    REDACT = "redact"
    ERASE = "erase"


_S, _A = CustodyState, CustodyAct

MOVES: Final[Mapping[tuple[CustodyState, CustodyAct], CustodyState]] = {
    (_S.ARRIVING, _A.RECEIVE): _S.KEPT,
    (_S.ARRIVING, _A.GIVE_UP): _S.GIVEN_UP,
    (_S.KEPT, _A.CHECK): _S.KEPT,
    (_S.KEPT, _A.ALARM): _S.DOUBTFUL,
    (_S.KEPT, _A.SEAL): _S.SEALED,
    (_S.KEPT, _A.OFFER): _S.OFFERED,
    (_S.KEPT, _A.LEND): _S.OUT,
    (_S.KEPT, _A.REDACT): _S.KEPT,
    (_S.KEPT, _A.ERASE): _S.ERASED,
    # Under a seal the bytes are checked by machine; a person reads them after breaking it.
    (_S.SEALED, _A.CHECK): _S.SEALED,
    (_S.SEALED, _A.ALARM): _S.DOUBTFUL,
    (_S.SEALED, _A.UNSEAL): _S.KEPT,
    (_S.OFFERED, _A.ACCEPT): _S.KEPT,
    (_S.OFFERED, _A.DECLINE): _S.KEPT,
    (_S.OFFERED, _A.WITHDRAW): _S.KEPT,
    (_S.OFFERED, _A.CHECK): _S.OFFERED,
    (_S.OFFERED, _A.ALARM): _S.DOUBTFUL,
    # The carrier is with an expert or a court; the copy in the vault stays and is checked.
    (_S.OUT, _A.TAKE_BACK): _S.KEPT,
    (_S.OUT, _A.CHECK): _S.OUT,
    (_S.OUT, _A.ALARM): _S.DOUBTFUL,
    # Found different from its digest: shown to nobody until the recorded bytes are back.
    (_S.DOUBTFUL, _A.CLEAR): _S.KEPT,
    (_S.DOUBTFUL, _A.ALARM): _S.DOUBTFUL,
    (_S.DOUBTFUL, _A.ERASE): _S.ERASED,
}

READABLE: Final = frozenset({_S.KEPT, _S.OFFERED, _S.OUT})
CHECKED: Final = READABLE | {_S.SEALED, _S.DOUBTFUL}
ENDED: Final = frozenset({_S.ERASED, _S.GIVEN_UP})


@dataclass(frozen=True, slots=True)
class Needs:
    """What an event has to say. must: asked for; may: taken where it is known; by: whose act.

    by: holder (the organisation that has it), offered (the one it is offered to), hub (a machine).
    """

    must: frozenset[str]
    may: frozenset[str] = frozenset()
    by: str = "holder"


def _needs(must: str, may: str = "", *, by: str = "holder") -> Needs:
    return Needs(frozenset(must.split()), frozenset(may.split()), by)


NEEDS: Final[Mapping[CustodyAct, Needs]] = {
    _A.RECEIVE: _needs("why given_by place", "seal"),
    _A.GIVE_UP: _needs("why"),
    _A.CHECK: _needs("", by="hub"),
    _A.ALARM: _needs("why", by="hub"),
    _A.CLEAR: _needs("why"),
    _A.SEAL: _needs("why seal", "place"),
    _A.UNSEAL: _needs("why seal", "place"),
    _A.OFFER: _needs("why given_to", "place seal"),
    _A.ACCEPT: _needs("place", "why seal", by="offered"),
    _A.DECLINE: _needs("why", by="offered"),
    _A.WITHDRAW: _needs("why"),
    _A.LEND: _needs("why given_to place", "seal"),
    _A.TAKE_BACK: _needs("given_by place", "why seal"),
    _A.REDACT: _needs("why"),
    _A.ERASE: _needs("why"),
}

STATE_WORDS: Final[Mapping[CustodyState, Said]] = {
    _S.ARRIVING: Said("on its way in"),
    _S.KEPT: Said("in the vault"),
    _S.SEALED: Said("under seal"),
    _S.OFFERED: Said("offered to another body"),
    _S.OUT: Said("handed out"),
    _S.DOUBTFUL: Said("in doubt"),
    _S.ERASED: Said("erased"),
    _S.GIVEN_UP: Said("given up"),
}
ACT_WORDS: Final[Mapping[CustodyAct, Said]] = {
    _A.RECEIVE: Said("received"),
    _A.GIVE_UP: Said("given up"),
    _A.CHECK: Said("checked against its digest"),
    _A.ALARM: Said("found different from its digest"),
    _A.CLEAR: Said("cleared of doubt"),
    _A.SEAL: Said("put under seal"),
    _A.UNSEAL: Said("unsealed"),
    _A.OFFER: Said("offered to another body"),
    _A.ACCEPT: Said("taken over"),
    _A.DECLINE: Said("declined"),
    _A.WITHDRAW: Said("kept after all"),
    _A.LEND: Said("handed out"),
    _A.TAKE_BACK: Said("taken back"),
    _A.REDACT: Said("copied with parts blacked out"),
    _A.ERASE: Said("erased"),
}
FIELD_WORDS: Final[Mapping[str, Said]] = {
    "why": Said("why"),
    "given_by": Said("from whom"),
    "given_to": Said("to whom"),
    "place": Said("where"),
    "seal": Said("the number of the seal"),
}

THIS: Final = Said("this")


class CustodyRefused(Exception):
    """The event is not possible, or says too little. code: for machines; field: which one."""

    def __init__(self, code: str, said: Said, *, field: str = "") -> None:
        self.code, self.said, self.field = code, said, field
        super().__init__(said)


def after(state: CustodyState, act: CustodyAct) -> CustodyState:
    """Return the state that the act leads to; raises CustodyRefused with what is possible."""
    try:
        return MOVES[state, act]
    except KeyError:
        raise CustodyRefused("not_now", _not_now(state, act)) from None


def ways_out(state: CustodyState) -> tuple[CustodyAct, ...]:
    """Return what may happen to a file in this state, in the order of the table."""
    return tuple(act for (start, act) in MOVES if start == state)


def check_said(act: CustodyAct, said: Mapping[str, str]) -> None:
    """Raise CustodyRefused unless just that is said which the act asks for."""
    needs = NEEDS[act]
    told = {name for name, value in said.items() if value}
    for name in sorted(needs.must - told):
        raise CustodyRefused(
            "not_said",
            Said("It is not said %(what)s. It has to be, for a file to be %(act)s.",
                 what=_code(name, FIELD_WORDS[name]), act=_code(act, ACT_WORDS[act])),
            field=name,
        )  # fmt: skip
    for name in sorted(told - needs.must - needs.may):
        raise CustodyRefused(
            "not_asked",
            Said("For a file to be %(act)s nobody asks %(what)s. Leave it out.",
                 what=_code(name, FIELD_WORDS.get(name, THIS)),
                 act=_code(act, ACT_WORDS[act])),
            field=name,
        )  # fmt: skip


def _not_now(state: CustodyState, act: CustodyAct) -> Said:
    possible = [_code(way, ACT_WORDS[way]) for way in ways_out(state)]
    if not possible:
        return Said(
            "A file that is %(state)s cannot be %(act)s: its custody has ended.",
            state=_code(state, STATE_WORDS[state]), act=_code(act, ACT_WORDS[act]),
        )  # fmt: skip
    return Said(
        "A file that is %(state)s cannot be %(act)s. Possible: %(possible)s.",
        state=_code(state, STATE_WORDS[state]), act=_code(act, ACT_WORDS[act]),
        possible=SaidList(possible),
    )  # fmt: skip


def _code(code: str, words: str) -> SaidCode:
    return SaidCode(code, words=words)
