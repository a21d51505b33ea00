"""What follows from the facts: trail, flows, tickets to send, tasks, totals.

Every value here is rebuilt by ``plan`` and may be thrown away at any time.
"""

from __future__ import annotations

from dataclasses import dataclass

from recoup.core.chain.facts import Line


@dataclass(frozen=True, slots=True)
class TrailRow:
    """What became of one claim's units on one account, under one tracing rule.

    inn = held + lying + moved + spent + returned + unknown, all zero or more, in one currency.
    doubted: by how much ``returned`` may be wrong at least; no part of the sum.
    """

    account: str
    claim: str
    currency: str
    rule: str
    inn: int = 0
    held: int = 0
    lying: int = 0
    moved: int = 0
    spent: int = 0
    returned: int = 0
    unknown: int = 0
    doubted: int = 0


@dataclass(frozen=True, slots=True)
class Flow:
    """Traced units that one movement carried, counted on the debit side.

    movement and payer are None only where a claim's payment was not named by a bank.
    credited: units that reached the payee; None while nobody has told a foreign amount.
    state: arrived (the payee's bank told it), pending (not yet), gone (a sink), border
    (abroad), returned (to its own victim), ruling (a person decides), untold (no
    destination yet).
    """

    movement: str | None
    claim: str
    payer: str | None
    payee: str | None
    sink: str | None
    carried: int
    currency: str
    credited: int | None
    credit_currency: str | None
    state: str


@dataclass(frozen=True, slots=True)
class Want:
    """A ticket that should be sent now.

    total: the new total to hold for this case on this account, in ``currency``.
    lines: for first, forward and back the arrivals the bank has to find; for set and block
    the claims and their units.
    disclose_from: disclose the bookings after this moment; None = from just before the
    credit of the first line (for set and block: disclose nothing).
    disclosed_by: another case whose open ticket already makes the bank disclose.
    """

    case: str
    account: str
    kind: str
    lines: tuple[Line, ...]
    total: int
    currency: str
    disclose_from: int | None = None
    destinations_of: tuple[str, ...] = ()
    disclosed_by: str | None = None


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """An open ticket that has lost its ground: nothing of the case is there any more."""

    case: str
    account: str
    kind: str


@dataclass(frozen=True, slots=True)
class BorderTask:
    """Units that left the country: for the financial intelligence unit or the 24/7 desk.

    account is None where the bank named only a country, no account.
    """

    case: str
    account: str | None
    claim: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Task:
    """Something that only a person can settle.

    kind: victim_is_payee, seed_from_traced, two_claims_one_payment, unidentified_credit,
    not_disclosed, incomplete_window, books_differ, destination_not_told, excess_held,
    returned_differs.
    """

    case: str
    account: str
    claim: str | None
    kind: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Total:
    """One case in one currency, under one rule; currencies are never added.

    lost + exchanged_in = held + lying + spent + returned + unknown + exchanged_out.
    """

    case: str
    currency: str
    rule: str
    lost: int = 0
    exchanged_in: int = 0
    held: int = 0
    lying: int = 0
    spent: int = 0
    returned: int = 0
    unknown: int = 0
    exchanged_out: int = 0


@dataclass(frozen=True, slots=True)
class Conclusions:
    """All that follows from the facts. ``rule`` is the one that holds are asked by."""

    rule: str
    trail: tuple[TrailRow, ...] = ()
    flows: tuple[Flow, ...] = ()
    wants: tuple[Want, ...] = ()
    withdrawals: tuple[Withdrawal, ...] = ()
    border: tuple[BorderTask, ...] = ()
    tasks: tuple[Task, ...] = ()
    totals: tuple[Total, ...] = ()
