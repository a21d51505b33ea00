"""Whether a clerk's bookings add up so far, which credit is the disputed one, and what is missing.

The hub marks nothing by itself: it proposes the credit whose amount and reference fit, and the
clerk sends the mark or changes it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.utils.translation import gettext as _

from recoup.apps.holds.answer_operations import traced_debits
from recoup.apps.holds.models import TicketLine
from recoup.apps.said import reason
from recoup.core.accounts import read_account
from recoup.core.answer import AnswerTold, Booking, DestinationTold, WindowTold
from recoup.core.moments import read_moment
from recoup.core.text import NotReadable

ELSEWHERE: Final = "-"
CANDIDATES_AT_MOST: Final = 50
MISSING_AT_MOST: Final = 30
MARKED_KINDS: Final = frozenset({"first", "forward", "back"})


@dataclass(slots=True)
class Mark:
    """Which credit is the payment of one line of the ticket: a reference, or ``-`` for none."""

    n: int
    line: UUID
    payment: Mapping[str, Any]
    value: str = ""
    is_proposed: bool = False
    problem: str = ""
    candidates: list[Booking] = field(default_factory=list)

    @property
    def is_elsewhere(self) -> bool:
        return self.value == ELSEWHERE


@dataclass(slots=True)
class Check:
    """Whether the window closes, and what is missing; amounts in minor units."""

    opening_minor: int
    credits_minor: int
    debits_minor: int
    closing_minor: int
    problems: list[str] = field(default_factory=list)
    carried: dict[str, int] = field(default_factory=dict)
    must_tell: list[dict[str, Any]] = field(default_factory=list)
    wrong_accounts: list[dict[str, str]] = field(default_factory=list)

    @property
    def expected_minor(self) -> int:
        return self.opening_minor + self.credits_minor - self.debits_minor

    @property
    def difference_minor(self) -> int:
        return self.expected_minor - self.closing_minor

    @property
    def short_minor(self) -> int:
        return -self.difference_minor

    @property
    def is_closed(self) -> bool:
        return self.difference_minor == 0 and not self.problems

    @property
    def is_complete(self) -> bool:
        return self.is_closed and not self.must_tell and not self.wrong_accounts


def marks_of(
    ticket: Mapping[str, Any], posted: Mapping[str, str], credits: Sequence[Booking], *,
    is_read: bool,
) -> list[Mark]:  # fmt: skip
    """One mark a line of the ticket, as it was sent or as it is proposed.

    is_read: there are credits to choose from; before that nothing is missing.
    """
    if ticket["kind"] not in MARKED_KINDS:
        return []
    marks = [
        Mark(n, UUID(str(line["line"])), line["payment"]) for n, line in enumerate(ticket["lines"])
    ]
    references = {credit.reference for credit in credits}
    for mark in marks:
        sent = posted.get(f"mark-{mark.n}", "")
        mark.candidates = _candidates(mark.payment, credits)
        if sent == ELSEWHERE or sent in references:
            mark.value = sent
        elif not sent and _is_told_before(mark.payment, ticket):
            mark.value, mark.is_proposed = ELSEWHERE, True
        if mark.value and mark.value not in {c.reference for c in mark.candidates}:
            mark.candidates += [c for c in credits if c.reference == mark.value]
    if is_read:
        _propose(marks)
    return marks


def check_window(
    told: WindowTold, ticket: Mapping[str, Any], marks: Sequence[Mark], *, is_whole: bool
) -> Check:
    """Add up what can be read; where all of it can be read, say which debits need a destination."""
    check = Check(
        told.opening_minor,
        sum(booking.amount_minor for booking in told.credits),
        sum(booking.amount_minor for booking in told.debits),
        told.closing_minor,
    )
    if not is_whole:
        return check
    check.problems += [mark.problem for mark in marks if mark.problem]
    check.carried = _carried(told, ticket)
    known: dict[str, str] = {}
    for debit in told.debits:
        units = check.carried.get(debit.reference)
        if units is None or len(check.must_tell) + len(check.wrong_accounts) >= MISSING_AT_MOST:
            continue
        if debit.to is None:
            check.must_tell.append({"reference": debit.reference, "units_minor": units})
        elif debit.to.kind == "account" and (problem := _problem_of(debit.to, known)):
            check.wrong_accounts.append({"reference": debit.reference, "problem": problem})
    return check


def _is_told_before(payment: Mapping[str, Any], ticket: Mapping[str, Any]) -> bool:
    """Whether a payment lies before what is asked: what came since, of an account told before."""
    since, at = (ticket["disclose"] or {}).get("from"), payment.get("at")
    if ticket["kind"] != "forward" or not since or not at:
        return False
    return read_moment(at, field="at") <= read_moment(since, field="from")


def _candidates(payment: Mapping[str, Any], credits: Sequence[Booking]) -> list[Booking]:
    """The credits that can be this payment: those of its amount, else the first ones."""
    fitting = [credit for credit in credits if _fits(credit, payment)]
    return (fitting or list(credits))[:CANDIDATES_AT_MOST]


def _fits(credit: Booking, payment: Mapping[str, Any]) -> bool:
    if payment.get("uetr") and credit.uetr:
        return str(credit.uetr) == str(payment["uetr"])
    return bool(credit.amount_minor == payment["amount_minor"])


def _is_named(credit: Booking, payment: Mapping[str, Any]) -> bool:
    same_uetr = bool(payment.get("uetr")) and str(credit.uetr) == str(payment["uetr"])
    return same_uetr or (bool(payment["reference"]) and credit.reference == payment["reference"])


def _propose(marks: Sequence[Mark]) -> None:
    """Propose the one credit that fits and is not another line's; else ask the clerk."""
    used = {mark.value for mark in marks if mark.value}
    for mark in marks:
        if mark.value:
            continue
        fitting = [c for c in mark.candidates if _fits(c, mark.payment) and c.reference not in used]
        named = [c for c in fitting if _is_named(c, mark.payment)]
        found = named if len(named) == 1 else fitting
        if len(found) == 1:
            mark.value, mark.is_proposed = found[0].reference, True
            used.add(mark.value)
            continue
        mark.problem = _("Say which of your credits the disputed payment %(reference)s is.") % {
            "reference": mark.payment["reference"] or mark.n + 1
        }
    for mark in marks:
        twice = [m for m in marks if m.value == mark.value and not m.is_elsewhere and m.value]
        if len(twice) > 1:
            mark.problem = _("One credit cannot be two payments: %(credit)s.") % {
                "credit": mark.value
            }


def _carried(told: WindowTold, ticket: Mapping[str, Any]) -> dict[str, int]:
    """For each debit that has to be told in full: how many disputed units it carries."""
    if ticket["kind"] == "destination":
        asked = {line["payment"]["reference"]: line["amount_minor"] for line in ticket["lines"]}
        return {d.reference: asked[d.reference] for d in told.debits if d.reference in asked}
    references = [booking.reference for booking in told.debits]
    of_credits = [booking.reference for booking in told.credits]
    if len({*references}) < len(references) or len({*of_credits}) < len(of_credits):
        return {}
    lines = {
        UUID(str(line["line"])): TicketLine(asked_minor=line["amount_minor"])
        for line in ticket["lines"]
    }
    return traced_debits(AnswerTold("unclear", window=told), lines)


def _problem_of(to: DestinationTold, known: dict[str, str]) -> str:
    """What is wrong with an account; each number is looked at once."""
    if to.ident not in known:
        try:
            read_account(to.ident, scheme=to.scheme or None)
            known[to.ident] = ""
        except NotReadable as problem:
            known[to.ident] = reason(problem)
    return known[to.ident]
