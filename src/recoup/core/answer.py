"""What an institution answers to a ticket, and what is wrong with it, if anything.

An answer is typed: a code, a sum held, and for a disclosing ticket the known window of the account
(opening + credits - debits = closing; DATAMODEL B2). A partial disclosure is not nearly right: an
answer that does not balance is refused with the difference, unless it says that it is unclear.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from recoup.core.money import Currency, Money, format_money
from recoup.core.said import Said, SaidCode, SaidList

CODES: Final = {
    "hold": frozenset(
        {
            "held", "part_held", "nothing_left", "moved_on", "cashed_out", "not_ours",
            "cannot_lawfully", "unclear", "others_hold",
        }
    ),
    "confirm_debit": frozenset(
        {"debit_confirmed", "no_such_debit", "not_ours", "cannot_lawfully", "unclear"}
    ),
    "stop_before_execution": frozenset(
        {"stopped_before_execution", "nothing_left", "not_ours", "cannot_lawfully", "unclear"}
    ),
    "recall": frozenset({"recalled", "nothing_left", "not_ours", "cannot_lawfully", "unclear"}),
}  # fmt: skip
# What pages call a measure and an answer, which the API names by its code.
MEASURE_WORDS: Final = {
    "hold": "Hold",
    "confirm_debit": "Confirm the debit",
    "stop_before_execution": "Stop before execution",
    "recall": "Recall",
}
WORDS: Final = {
    "held": "Held", "part_held": "Part held", "nothing_left": "Nothing left",
    "moved_on": "Moved on", "cashed_out": "Cashed out", "others_hold": "Others hold",
    "not_ours": "Not ours", "cannot_lawfully": "Cannot lawfully", "unclear": "Unclear",
    "debit_confirmed": "Debit confirmed", "no_such_debit": "No such debit",
    "stopped_before_execution": "Stopped", "recalled": "Recalled",
}  # fmt: skip
OWN_WORDS: Final = {
    ("stop_before_execution", "nothing_left"): "Already executed",
    ("recall", "nothing_left"): "Nothing to recall",
}
# In this order answers of one moment were told; sorted backwards, the words are in it too.
STAGES: Final = ("interim", "final", "correction")
REFUSING: Final = frozenset({"not_ours", "cannot_lawfully"})
# The victim has the money: it never left, or it came back.
RETURNING: Final = frozenset({"stopped_before_execution", "recalled"})
DISCLOSING: Final = frozenset({"first", "forward", "back", "destination"})
WITHOUT_WINDOW: Final = REFUSING | {"unclear"}
SINKS: Final = frozenset({"cash", "card", "fee", "abroad", "other"})
MOST_BOOKINGS: Final = 20_000


@dataclass(frozen=True, slots=True)
class DestinationTold:
    """Where a debit went: to an account, or into a sink (cash, card, fee, abroad, other)."""

    kind: str
    scheme: str = ""
    ident: str = ""
    place: str = ""
    credit_minor: int | None = None
    credit_currency: str = ""


@dataclass(frozen=True, slots=True)
class Booking:
    """One booking of the account, in the bank's own order (booked_at, seq)."""

    reference: str
    amount_minor: int
    booked_at: datetime
    seq: int
    uetr: UUID | None = None
    line: UUID | None = None
    to: DestinationTold | None = None


@dataclass(frozen=True, slots=True)
class WindowTold:
    opening_minor: int
    closing_minor: int
    from_at: datetime
    to_at: datetime
    credits: tuple[Booking, ...]
    debits: tuple[Booking, ...]

    @property
    def difference(self) -> int:
        """opening + credits - debits - closing: zero if the window balances."""
        came = sum(booking.amount_minor for booking in self.credits)
        went = sum(booking.amount_minor for booking in self.debits)
        return self.opening_minor + came - went - self.closing_minor


@dataclass(frozen=True, slots=True)
class AnswerTold:
    code: str
    held_minor: int = 0
    stage: str = "final"
    block_reference: str = ""
    ground: str = ""
    note: str = ""
    payment: Booking | None = None
    payment_currency: str = ""
    window: WindowTold | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What the ticket asked, as far as an answer is checked against it."""

    measure: str
    kind: str
    amount_minor: int
    currency: Currency
    lines: frozenset[UUID] = field(default_factory=frozenset)

    @property
    def discloses(self) -> bool:
        return self.measure == "hold" and self.kind in DISCLOSING

    def money(self, minor_units: int) -> str:
        return format_money(Money(minor_units, self.currency.code), self.currency)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with an answer: where, the value, and what to do."""

    field: str
    value: str
    message: str
    code: str = "answer_not_accepted"


class AnswerRefused(Exception):
    """The answer was not taken; nothing of it is stored. ``problems`` says why."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        self.problems = problems
        super().__init__(" ".join(problem.message for problem in problems))


def check(answer: AnswerTold, asked: Asked) -> tuple[Problem, ...]:
    """All that is wrong with an answer as such; empty if it can be taken."""
    return tuple(_problems(answer, asked))


def answer_said(code: str, measure: str) -> SaidCode:
    """An answer's code, and what the measure's own desk calls it."""
    return SaidCode(code, words=OWN_WORDS.get((measure, code)) or WORDS[code])


def _problems(answer: AnswerTold, asked: Asked) -> Iterator[Problem]:
    if answer.code not in CODES[asked.measure]:
        measure = SaidCode(asked.measure, words=MEASURE_WORDS[asked.measure])
        codes = [answer_said(code, asked.measure) for code in sorted(CODES[asked.measure])]
        yield Problem(
            "code", answer.code,
            Said(
                "%(code)s is no answer to %(measure)s. Possible: %(possible)s.",
                code=_code(answer, asked), measure=measure, possible=SaidList(codes),
            ),
        )  # fmt: skip
        return
    yield from _held(answer, asked)
    yield from _payment(answer, asked)
    if answer.window is None:
        yield from _missing_window(answer, asked)
    else:
        yield from _window(answer, answer.window, asked)


def _code(answer: AnswerTold, asked: Asked) -> str:
    """The answer's code; what is none is shown as it came."""
    if asked.measure == "hold" and asked.amount_minor == 0 and answer.code == "held":
        return SaidCode("held", words="Lifted")
    return answer_said(answer.code, asked.measure) if answer.code in WORDS else answer.code


def _held(answer: AnswerTold, asked: Asked) -> Iterator[Problem]:
    held, total = answer.held_minor, asked.amount_minor
    if held < 0 or held > total:
        yield Problem(
            "held_minor", str(held),
            Said(
                "%(held)s is more than was asked (%(asked)s). Hold no more than the ticket asks.",
                held=asked.money(held), asked=asked.money(total),
            ),
        )  # fmt: skip
    wrong = {
        "held": held != total,
        "part_held": not 0 < held < total,
        "nothing_left": held != 0,
        "stopped_before_execution": held == 0,
        "recalled": held == 0,
        "not_ours": held != 0,
        "cannot_lawfully": held != 0,
    }.get(answer.code, False)
    if wrong:
        yield Problem(
            "held_minor", str(held),
            Said(
                "The answer %(code)s does not go with %(held)s held of %(asked)s asked. "
                "Give the sum you hold now, or another code.",
                code=_code(answer, asked), held=asked.money(held), asked=asked.money(total),
            ),
        )  # fmt: skip
    if answer.code == "cannot_lawfully" and not answer.ground:
        yield Problem("ground", "", Said("Say why it cannot be done lawfully, in one sentence."))


def _payment(answer: AnswerTold, asked: Asked) -> Iterator[Problem]:
    if answer.code == "debit_confirmed" and answer.payment is None:
        message = Said("Give the debit that you confirm: reference, time, amount.")
        yield Problem("payment", "", message)
    if answer.payment is not None and answer.code != "debit_confirmed":
        yield Problem(
            "payment", answer.payment.reference,
            Said(
                "A debit goes with the answer %(confirmed)s, not with %(code)s: leave it out.",
                confirmed=answer_said("debit_confirmed", "confirm_debit"),
                code=_code(answer, asked),
            ),
        )  # fmt: skip
        return
    if answer.payment is not None and answer.payment_currency not in ("", asked.currency.code):
        yield Problem(
            "payment.currency", answer.payment_currency,
            Said(
                "The ticket is in %(currency)s. Give the debit in %(currency)s, or answer unclear "
                "and say in the note what was debited.",
                currency=asked.currency.code,
            ),
        )  # fmt: skip
    if answer.payment is not None and answer.payment.amount_minor < asked.amount_minor:
        yield Problem(
            "payment.amount_minor", str(answer.payment.amount_minor),
            Said(
                "The debit is %(debit)s, less than the disputed %(asked)s. "
                "Answer %(other)s if it is another payment.",
                other=answer_said("no_such_debit", "confirm_debit"),
                debit=asked.money(answer.payment.amount_minor),
                asked=asked.money(asked.amount_minor),
            ),
        )  # fmt: skip


def _missing_window(answer: AnswerTold, asked: Asked) -> Iterator[Problem]:
    if asked.discloses and answer.code not in WITHOUT_WINDOW and answer.stage != "interim":
        yield Problem(
            "window", "",
            Said(
                "This ticket asks for the bookings: opening balance, every credit and debit since "
                "the first line's credit, closing balance."
            ),
        )  # fmt: skip


def _window(answer: AnswerTold, window: WindowTold, asked: Asked) -> Iterator[Problem]:
    if not asked.discloses:
        yield Problem("window", "", Said("This ticket asks for no bookings: leave them out."))
        return
    if window.from_at > window.to_at:
        message = Said("The window ends before it begins.")
        yield Problem("window.to", window.to_at.isoformat(), message)
    bookings = [*window.credits, *window.debits]
    if len(bookings) > MOST_BOOKINGS:
        yield Problem(
            "window",
            str(len(bookings)),
            Said("At most %(most)s bookings fit into one answer.", most=MOST_BOOKINGS),
        )
        return
    yield from _bookings(window, asked)
    if window.difference and answer.code != "unclear":
        yield Problem(
            "window.closing_minor", str(window.closing_minor), balance_message(window, asked),
            "does_not_balance",
        )  # fmt: skip
    if answer.held_minor > max(window.closing_minor, 0):
        yield Problem(
            "held_minor", str(answer.held_minor),
            Said(
                "%(held)s cannot be held on a closing balance of %(closing)s.",
                held=asked.money(answer.held_minor), closing=asked.money(window.closing_minor),
            ),
        )  # fmt: skip
    kinds = {debit.to.kind for debit in window.debits if debit.to}
    if answer.code == "moved_on" and "account" not in kinds and "abroad" not in kinds:
        yield Problem(
            "code", "moved_on", Said("No debit says to which account the money moved on.")
        )
    if answer.code == "cashed_out" and "cash" not in kinds:
        yield Problem("code", "cashed_out", Said("No debit says where the cash was taken."))


def _bookings(window: WindowTold, asked: Asked) -> Iterator[Problem]:
    for side, bookings in (("credits", window.credits), ("debits", window.debits)):
        for reference, times in Counter(b.reference for b in bookings).items():
            if times > 1:
                yield Problem(
                    f"window.{side}.reference", reference,
                    Said(
                        "%(reference)s is told %(times)s times on one side of the window.",
                        reference=reference, times=times,
                    ),
                )  # fmt: skip
        for uetr, times in Counter(b.uetr for b in bookings if b.uetr).items():
            if times > 1:
                yield Problem(
                    f"window.{side}.uetr", str(uetr),
                    Said(
                        "%(times)s bookings of one side have the UETR %(uetr)s. One payment is one "
                        "booking here: leave it out where it is not the booking's own.",
                        times=times, uetr=str(uetr),
                    ),
                )  # fmt: skip
        for line, times in Counter(b.line for b in bookings if b.line).items():
            if times > 1:
                yield Problem(
                    f"window.{side}.line", str(line),
                    Said(
                        "%(times)s bookings of one side are said to be the ticket's line %(line)s: "
                        "mark one.",
                        times=times, line=str(line),
                    ),
                )  # fmt: skip
        for place, booking in enumerate(bookings):
            where = f"window.{side}[{place}]"
            if booking.amount_minor <= 0:
                yield Problem(
                    f"{where}.amount_minor",
                    str(booking.amount_minor),
                    Said("A booking is above zero."),
                )
            if not window.from_at <= booking.booked_at <= window.to_at:
                yield Problem(
                    f"{where}.booked_at", booking.booked_at.isoformat(),
                    Said("This booking lies outside the window that the answer names."),
                )  # fmt: skip
            if booking.line is not None and booking.line not in asked.lines:
                message = Said("The ticket has no such line.")
                yield Problem(f"{where}.line", str(booking.line), message)
    orders = Counter((b.booked_at, b.seq) for b in (*window.credits, *window.debits))
    for (moment, seq), times in orders.items():
        if times > 1:
            yield Problem(
                "window.seq", str(seq),
                Said(
                    "%(times)s bookings have the order %(seq)s at %(at)s: one each.",
                    times=times, seq=seq, at=moment.isoformat(),
                ),
            )  # fmt: skip


def balance_message(window: WindowTold, asked: Asked) -> str:
    """In words: by how much the window does not balance, and what that means."""
    came = sum(booking.amount_minor for booking in window.credits)
    went = sum(booking.amount_minor for booking in window.debits)
    over = window.difference
    what = Said("a debit is missing, or the closing balance is too low")
    if over < 0:
        what = Said("a credit is missing, or the closing balance is too high")
    return Said(
        "Opening %(opening)s + credits %(credits)s − debits %(debits)s = %(sum)s, but the closing "
        "balance says %(closing)s: %(over)s unexplained; %(what)s. Complete it, or answer unclear.",
        opening=asked.money(window.opening_minor),
        credits=asked.money(came),
        debits=asked.money(went),
        sum=asked.money(window.opening_minor + came - went),
        closing=asked.money(window.closing_minor),
        over=asked.money(abs(over)),
        what=what,
    )
