"""What banks and reports have told: the input of the chain, append-only.

Nothing here is a conclusion. The planner rebuilds every conclusion from all facts each time,
so the order, the delay and the duplicates of answers cannot matter. Moments are whole
microseconds, amounts whole minor units, ids plain text.
"""

from __future__ import annotations

from dataclasses import dataclass

DOMESTIC = "domestic"
ABROAD = "abroad"

# Ticket kinds that make a bank disclose bookings; the others only change or place a hold.
DISCLOSING = frozenset({"first", "forward", "back"})


@dataclass(frozen=True, slots=True)
class AccountFact:
    """An account that somebody named. ``abroad``: the chain ends there, at the border."""

    id: str
    currency: str
    kind: str = DOMESTIC


@dataclass(frozen=True, slots=True)
class ClaimFact:
    """One disputed payment.

    movement: the bank's own movement, once a bank has said which one it is.
    at: when the payer says (or the bank told) that it was paid.
    live: the debit is confirmed or an accredited officer adopted the report.
    ended: there was no such debit, or the claim was withdrawn.
    returned: units stopped before execution or recalled; they never enter the trace.
    reported, reference: when it was reported, and as what. Where a rule leaves a choice among
    claims (an odd unit, two on one payment) they come in this turn; ids are random.
    doubted: by how much ``returned`` may be wrong, since the sums told contradict each other.
    """

    id: str
    case: str
    amount: int
    currency: str
    payer: str | None
    payee: str
    movement: str | None
    at: int
    live: bool
    ended: bool = False
    returned: int = 0
    reported: int = 0
    reference: str = ""
    doubted: int = 0

    @property
    def turn(self) -> tuple[int, str, str]:
        return self.reported, self.reference, self.id


@dataclass(frozen=True, slots=True)
class Window:
    """What one bank disclosed of one account: every booking from ``from_at`` to ``to_at``.

    complete: opening + credits - debits = closing held when the answer came in.
    told: its place among all windows as they were told; of two over one time the later counts.
    """

    account: str
    from_at: int
    to_at: int
    opening: int
    closing: int
    complete: bool
    answer: str
    told: int = 0


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a movement, as the bank of that side booked it."""

    movement: str
    account: str
    is_credit: bool
    amount: int
    currency: str
    booked_at: int
    seq: int
    answer: str


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a debit went, as the payer's bank told it: to an account or into a sink."""

    movement: str
    account: str | None
    sink: str | None
    credit: int | None = None
    credit_currency: str | None = None
    answer: str = ""


@dataclass(frozen=True, slots=True)
class HoldFact:
    """What a case has asked on an account, and what the bank last said it holds for it.

    asked: the total of the last ticket that was sent, whatever its kind; None if that ticket
    was withdrawn.
    held: the bank's last word, a total.
    answered_rank: the place of its last answer among all answers of that bank; 0 = none yet.
    freed_rank: the place of its last answer by which ``held`` fell; 0 = it never fell.
    limit: no more than this may be asked (a cap of the standing instruction), if any.
    asked_currency: the currency of ``asked`` if it is not the account's.
    """

    case: str
    account: str
    asked: int | None
    held: int
    state: str = "asked"
    asked_kind: str = "first"
    answered_rank: int = 0
    freed_rank: int = 0
    limit: int | None = None
    asked_currency: str | None = None


@dataclass(frozen=True, slots=True)
class Line:
    """One arrival on a ticket: these units of this claim came with this movement.

    movement is None where no bank has named the payment yet, and on ``set`` tickets.
    """

    claim: str
    movement: str | None
    amount: int
    currency: str = ""


@dataclass(frozen=True, slots=True)
class OpenTicket:
    """A hold ticket that still waits for its final answer."""

    case: str
    account: str
    kind: str
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class AnsweredLine:
    """A line of a disclosing or destination ticket that has its final answer.

    What is still unknown after it is a matter for a person: it is not asked for ever again.
    """

    case: str
    account: str
    kind: str
    claim: str
    movement: str | None


@dataclass(frozen=True, slots=True)
class ClosingGround:
    """Why nothing more is asked of an account.

    ground: not_ours, cannot_lawfully, lapsed, undeliverable, withdrawn, unclear.
    kind: the kind of ticket that ended so; "" closes every kind. ``block`` closes only
    precautionary blocks, ``destination`` only questions for destinations, any other kind
    closes first, forward, back and increases by set. Reductions are never closed.
    """

    case: str
    account: str
    ground: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything known about a connected part of the chain (see ``closure``).

    ruled_payees: accounts of victims that a person has ruled to be ordinary payees.
    asks: after how many incomplete disclosures of one account a person takes over.
    asked_on: (case, account) of which an officer asks now what was booked since it was told.
    block_in_ruling: traced money on a victim's own account is blocked (nothing is disclosed)
    until a person has ruled; or else a report would make the reporter's account safe for it.
    """

    accounts: tuple[AccountFact, ...] = ()
    claims: tuple[ClaimFact, ...] = ()
    windows: tuple[Window, ...] = ()
    sides: tuple[Side, ...] = ()
    destinations: tuple[Destination, ...] = ()
    holds: tuple[HoldFact, ...] = ()
    open_tickets: tuple[OpenTicket, ...] = ()
    answered_lines: tuple[AnsweredLine, ...] = ()
    grounds: tuple[ClosingGround, ...] = ()
    ruled_payees: frozenset[str] = frozenset()
    asked_on: frozenset[tuple[str, str]] = frozenset()
    asks: int = 2
    block_in_ruling: bool = True
