"""Whether a request may leave: its life up to the decision, who may decide, and what is decided.

A request has those who wrote it and at least one other natural person who decides; an emergency or
an oral decision shortens the waiting and adds persons, never takes one away (ADR 0018). The tables
are the only description of that life; operations, pages and checks read them. What follows the
decision is the life of each target's ticket (`core/lawful_request`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from recoup.core.law.powers import Choice, Limit
from recoup.core.said import Said, SaidList


class OrderState(StrEnum):
    """Where a request stands before its tickets leave."""

    DRAFTED = "drafted"
    SUBMITTED = "submitted"
    ASKED = "asked"
    AUTHORISED = "authorised"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    LAPSED = "lapsed"


class OrderMove(StrEnum):
    """What may happen to it. confirm: in writing, or an emergency by another person."""

    SUBMIT = "submit"
    ASK = "ask"
    REPLY = "reply"
    AUTHORISE = "authorise"
    CONFIRM = "confirm"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    LAPSE = "lapse"


_S, _M = OrderState, OrderMove

MOVES: Final[Mapping[tuple[OrderState, OrderMove], OrderState]] = {
    (_S.DRAFTED, _M.SUBMIT): _S.SUBMITTED,
    (_S.DRAFTED, _M.WITHDRAW): _S.WITHDRAWN,
    (_S.DRAFTED, _M.LAPSE): _S.LAPSED,
    (_S.SUBMITTED, _M.ASK): _S.ASKED,
    (_S.SUBMITTED, _M.AUTHORISE): _S.AUTHORISED,
    (_S.SUBMITTED, _M.REFUSE): _S.REFUSED,
    (_S.SUBMITTED, _M.WITHDRAW): _S.WITHDRAWN,
    (_S.SUBMITTED, _M.LAPSE): _S.LAPSED,
    (_S.ASKED, _M.REPLY): _S.SUBMITTED,
    (_S.ASKED, _M.WITHDRAW): _S.WITHDRAWN,
    (_S.ASKED, _M.LAPSE): _S.LAPSED,
    (_S.AUTHORISED, _M.CONFIRM): _S.AUTHORISED,
    # Whoever has to confirm says no: what has left is taken back.
    (_S.AUTHORISED, _M.REFUSE): _S.REFUSED,
    (_S.AUTHORISED, _M.WITHDRAW): _S.WITHDRAWN,
    # Not confirmed in time.
    (_S.AUTHORISED, _M.LAPSE): _S.LAPSED,
    # What left in an emergency or on an oral word is confirmed or not, taken back or not: whoever
    # took it back does not end what is owed for it.
    (_S.WITHDRAWN, _M.CONFIRM): _S.WITHDRAWN,
    (_S.WITHDRAWN, _M.REFUSE): _S.WITHDRAWN,
}


@dataclass(frozen=True, slots=True)
class Duty:
    """Who must act while a request is in a state, and by which clock; None = nobody, no clock.

    owner: author, authority, hub.
    """

    owner: str | None
    clock: str | None


DUTIES: Final[Mapping[OrderState, Duty]] = {
    _S.DRAFTED: Duty("author", "submit_by"),
    _S.SUBMITTED: Duty("authority", "decide_by"),
    _S.ASKED: Duty("author", "reply_by"),
    # A confirmation is the authority's; once it is there, the tickets' own clocks run.
    _S.AUTHORISED: Duty("authority", "confirm_by"),
    _S.REFUSED: Duty(None, None),
    _S.WITHDRAWN: Duty(None, None),
    _S.LAPSED: Duty(None, None),
}


class OrderMoveRefused(Exception):
    """The request's present state does not allow this move."""

    def __init__(self, state: OrderState, move: OrderMove) -> None:
        self.state, self.move = state, move
        allowed = [way.value for way in ways_out(state)] or ["none, it has ended"]
        super().__init__(
            Said(
                "A request that is %(state)s cannot %(move)s. Possible: %(ways)s.",
                state=state.value, move=move.value, ways=SaidList(allowed),
            )
        )  # fmt: skip


def after(state: OrderState, move: OrderMove) -> OrderState:
    """Return the state that the move leads to; raises OrderMoveRefused."""
    try:
        return MOVES[state, move]
    except KeyError:
        raise OrderMoveRefused(state, move) from None


def ways_out(state: OrderState) -> tuple[OrderMove, ...]:
    """Return the moves that the state allows, in the order of the table."""
    return tuple(move for (start, move) in MOVES if start == state)


# Who may decide

# A law names a role that several mandates of the hub fill.
FILLED_BY: Final[Mapping[str, tuple[str, ...]]] = {"institution": ("supervisor",)}
# These decide for their own house only: any bank has a supervisor, any unit a head.
OF_THE_HOUSE: Final = frozenset({"institution", "unit_head"})


@dataclass(frozen=True, slots=True)
class Signer:
    """A natural person under one mandate. The person counts, not the account or the mandate.

    is_system: the mandate is a machine's, which decides nothing.
    """

    person: UUID
    role: str
    organisation: int
    valid_from: datetime
    valid_until: datetime | None = None
    is_system: bool = False

    def is_valid(self, at: datetime) -> bool:
        return self.valid_from <= at and (self.valid_until is None or at < self.valid_until)


@dataclass(frozen=True, slots=True)
class Submitted:
    """What is to be decided on. hands: everybody who wrote, changed, submitted or replied for it.

    issuer, authority: the organisations that ask, and that were asked to decide. addressees: those
    of whom something is asked.
    """

    hands: frozenset[UUID]
    issuer: int
    authority: int
    addressees: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Heard:
    """That somebody heard an oral decision, and when."""

    by: UUID
    at: datetime


@dataclass(frozen=True, slots=True)
class Decided:
    """What a decision means. persons: everybody whose act it took, its hands among them.

    written_within, confirmed_within: what has still to follow, or it lapses. submitted_within: by
    when whoever decided puts it before whoever confirms it.
    """

    persons: frozenset[UUID]
    written_within: Limit | None = None
    confirmed_within: Limit | None = None
    submitted_within: Limit | None = None


class MayNotDecide(Exception):
    """This person may not decide this. code: for machines; the text is for people."""

    def __init__(self, code: str, said: Said) -> None:
        self.code, self.said = code, said
        super().__init__(said)


def may_decide(asked: Submitted, signer: Signer, choice: Choice, *, at: datetime) -> None:
    """Raise MayNotDecide unless this person may decide under this power at this moment."""
    _is_another(asked, signer)
    _has_the_right(asked, signer, choice.authorised_by, at=at)


def decide(
    asked: Submitted, signer: Signer, choice: Choice, *, at: datetime, heard: Heard | None = None
) -> Decided:
    """Return what an authorisation means; raises MayNotDecide.

    heard: the decision was oral. It counts from the moment of hearing, which a third person notes;
    the mandate is in force then, and still when it is noted.
    """
    if heard is not None:
        _was_heard(asked, signer, choice, heard, at=at)
        may_decide(asked, signer, choice, at=heard.at)
    may_decide(asked, signer, choice, at=at)
    persons = asked.hands | {signer.person} | ({heard.by} if heard else set())
    # However many had a hand in it, those who wrote are one side.
    sides = len(persons - asked.hands) + bool(asked.hands)
    if sides < choice.persons:
        raise MayNotDecide(
            "too_few_persons",
            Said("This takes %(wanted)s persons; there are %(given)s.", wanted=choice.persons,
                 given=sides),
        )  # fmt: skip
    written = choice.power.written_within if heard else None
    return Decided(frozenset(persons), written, choice.confirm_within, choice.submit_within)


def may_confirm(
    asked: Submitted, first: frozenset[UUID], signer: Signer, choice: Choice, *, at: datetime
) -> None:
    """Raise MayNotDecide unless this person may confirm an emergency: yet another, with the role.

    first: everybody of the first decision, who decided and who heard it.
    """
    _is_another(asked, signer)
    if signer.person in first:
        raise MayNotDecide(
            "same_person",
            Said("Who decided in the emergency, or heard it, cannot confirm it: another person."),
        )
    _has_the_right(asked, signer, choice.confirmed_by or choice.authorised_by, at=at)


def _is_another(asked: Submitted, signer: Signer) -> None:
    if signer.is_system:
        raise MayNotDecide("not_a_person", Said("A machine decides nothing: a person signs."))
    if signer.person in asked.hands:
        raise MayNotDecide(
            "same_person",
            Said("Who wrote or changed a request does not decide on it: another person."),
        )


def _has_the_right(
    asked: Submitted, signer: Signer, roles: tuple[str, ...], *, at: datetime
) -> None:
    if not signer.is_valid(at):
        raise MayNotDecide("mandate_not_valid", Said("Your mandate is not in force at this time."))
    if signer.organisation != asked.authority:
        raise MayNotDecide(
            "other_authority", Said("Another authority was asked for this decision.")
        )
    if asked.authority in asked.addressees:
        raise MayNotDecide(
            "is_asked", Said("Who is asked for something does not decide whether it is asked.")
        )
    if signer.role not in deciding(roles, is_own=asked.authority == asked.issuer):
        raise MayNotDecide(
            "wrong_role",
            Said("The role %(role)s does not decide this; it is for %(roles)s.", role=signer.role,
                 roles=SaidList(roles)),
        )  # fmt: skip


def deciding(roles: tuple[str, ...], *, is_own: bool) -> tuple[str, ...]:
    """The hub's roles that decide at an authority. is_own: it is the one that asks itself."""
    return filled_by(tuple(role for role in roles if is_own or role not in OF_THE_HOUSE))


def filled_by(roles: tuple[str, ...]) -> tuple[str, ...]:
    """The hub's roles that fill the roles a law names."""
    return tuple(own for role in roles for own in FILLED_BY.get(role, (role,)))


def _was_heard(
    asked: Submitted, signer: Signer, choice: Choice, heard: Heard, *, at: datetime
) -> None:
    """Alone, who wrote it could make an oral decision up: somebody else heard it."""
    if choice.power.written_within is None:
        raise MayNotDecide("not_orally", Said("This law knows no oral decision: sign it."))
    if heard.by in asked.hands | {signer.person}:
        raise MayNotDecide(
            "same_person",
            Said("An oral decision is noted by somebody who neither wrote it nor decided."),
        )
    if heard.at > at:
        raise MayNotDecide("not_yet", Said("A decision cannot be heard in the future."))


# Narrowing


@dataclass(frozen=True, slots=True)
class Scope:
    """How much is asked. targets: by addressee, the identifiers asked about, as text.

    An open end is None: no amount, no beginning, no end.
    """

    targets: Mapping[str, frozenset[str]] = field(default_factory=dict)
    data: frozenset[str] = frozenset()
    from_at: datetime | None = None
    until_at: datetime | None = None
    amount_minor: int | None = None
    currency: str = ""


class Widened(Exception):
    """What should narrow a request widens it. parts: which (targets, data, period, amount)."""

    def __init__(self, parts: tuple[str, ...]) -> None:
        self.parts = parts
        super().__init__(
            Said(
                "A decision may only narrow. This is wider than what was asked: %(parts)s.",
                parts=SaidList(parts),
            )
        )


class NothingLeft(Exception):
    """After narrowing nobody is asked for anything: that is a refusal."""


def narrow(asked: Scope, narrower: Scope) -> Scope:
    """Return the narrower scope; raises Widened with every part that grew, or NothingLeft."""
    if wider := tuple(_wider(asked, narrower)):
        raise Widened(wider)
    if not any(narrower.targets.values()) or (asked.data and not narrower.data):
        raise NothingLeft(Said("Nothing is left to ask. Refuse the request instead."))
    return narrower


def _wider(asked: Scope, narrower: Scope) -> Iterator[str]:
    for addressee, identifiers in narrower.targets.items():
        if not identifiers <= asked.targets.get(addressee, frozenset()):
            yield "targets"
            break
    if not narrower.data <= asked.data:
        yield "data"
    if _begins_before(asked, narrower) or _ends_after(asked, narrower):
        yield "period"
    if asked.amount_minor is not None and (
        narrower.amount_minor is None
        or narrower.amount_minor > asked.amount_minor
        or narrower.currency != asked.currency
    ):
        yield "amount"


def _begins_before(asked: Scope, narrower: Scope) -> bool:
    return asked.from_at is not None and (
        narrower.from_at is None or narrower.from_at < asked.from_at
    )


def _ends_after(asked: Scope, narrower: Scope) -> bool:
    return asked.until_at is not None and (
        narrower.until_at is None or narrower.until_at > asked.until_at
    )
