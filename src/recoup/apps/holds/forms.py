"""The desk's answer form: what was typed, what is wrong with it, and the answer as the API has it.

The clerk's answer takes the same way as a machine's: ``body`` is the API's answer object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid4

from django.utils.translation import gettext as _

from recoup.apps.holds.bookings import (
    WindowForm,
    as_json,
    currency_of,
    empty_window,
    plain,
    read_at,
    read_balance,
    read_window,
)
from recoup.apps.holds.window_check import Mark
from recoup.apps.said import reason
from recoup.core.answer import REFUSING
from recoup.core.moments import iso_utc
from recoup.core.money import as_plain, parse_amount
from recoup.core.text import NotReadable
from recoup.standards.booking_lines import Profile

TYPED: Final = (
    "answer",
    "replaces",
    "code",
    "held",
    "block_reference",
    "ground",
    "note",
    "stage",
    "payment_reference",
    "payment_booked_at",
    "payment_amount",
)  # fmt: skip
# Answers with which a part may still lie there: an empty field is not taken for zero.
SAYS_HOW_MUCH: Final = frozenset(
    {"held", "part_held", "moved_on", "cashed_out", "others_hold", "stopped_before_execution",
     "recalled"}
)  # fmt: skip


@dataclass(slots=True)
class AnswerForm:
    """entry: what was typed. problems: anchor and message. body: the answer, if it can be read."""

    entry: dict[str, str]
    window: WindowForm | None = None
    problems: list[dict[str, str]] = field(default_factory=list)
    body: dict[str, Any] | None = None

    def add(self, anchor: str, message: str) -> None:
        """Note a problem, once."""
        problem = {"anchor": anchor, "message": message}
        if problem not in self.problems:
            self.problems.append(problem)


def empty_form(
    ticket: Mapping[str, Any], *, at: datetime, replaces: UUID | None = None,
    profile: Profile | None = None,
) -> AnswerForm:  # fmt: skip
    """The form before anything is typed, with an id of its own for the answer."""
    entry = dict.fromkeys(TYPED, "")
    entry["answer"], entry["replaces"] = str(uuid4()), str(replaces or "")
    if ticket["measure"] == "confirm_debit" and ticket["lines"]:
        payment = ticket["lines"][0]["payment"]
        entry["payment_reference"] = payment.get("reference") or ""
        entry["payment_amount"] = plain(payment["amount_minor"], currency_of(ticket))
    window = None
    if ticket["disclose"]["asked"]:
        window = empty_window(ticket, at=at, profile=profile)
    return AnswerForm(entry, window)


def read_form(posted: Mapping[str, str], ticket: Mapping[str, Any]) -> AnswerForm:
    """Read a form that was sent; ``body`` is None while something cannot be read."""
    form = AnswerForm({name: posted.get(name, "").strip() for name in TYPED})
    if ticket["disclose"]["asked"]:
        form.window = read_window(posted, ticket)
    body = _body(form, ticket)
    form.body = body if not form.problems else None
    return form


def _body(form: AnswerForm, ticket: Mapping[str, Any]) -> dict[str, Any]:
    entry = form.entry
    if not entry["code"]:
        form.add("answer-heading", _("Choose an answer."))
    stage = "correction" if entry["replaces"] else entry["stage"] or "final"
    return {
        "answer": entry["answer"],
        "ticket": str(ticket["ticket"]),
        "stage": stage,
        "replaces": entry["replaces"] or None,
        "code": entry["code"],
        "held_minor": _held(form, ticket),
        "block_reference": entry["block_reference"],
        "ground": entry["ground"],
        "note": entry["note"],
        "payment": _payment(form, ticket) if entry["code"] == "debit_confirmed" else None,
        "window": _window(form),
    }


def _held(form: AnswerForm, ticket: Mapping[str, Any]) -> int:
    text, code = form.entry["held"], form.entry["code"]
    if ticket["measure"] == "confirm_debit" or code in REFUSING:
        return 0
    if not text:
        if code in SAYS_HOW_MUCH:
            form.add("held", _("Say how much you hold now; 0 if it is nothing."))
        return 0
    try:
        return read_balance(as_plain(text), currency_of(ticket), field="held")
    except NotReadable as problem:
        form.add("held", f"{reason(problem)} (“{problem.value}”)")
        return 0


def _payment(form: AnswerForm, ticket: Mapping[str, Any]) -> dict[str, Any] | None:
    entry = form.entry
    try:
        amount = parse_amount(
            as_plain(entry["payment_amount"]), currency_of(ticket), field="payment_amount"
        )
        booked_at = read_at(entry["payment_booked_at"], field="payment_booked_at")
    except NotReadable as problem:
        form.add(problem.field, reason(problem))
        return None
    if not entry["payment_reference"]:
        form.add("payment_reference", _("Give your reference of the debit."))
    return {
        "uetr": None, "reference": entry["payment_reference"], "booked_at": iso_utc(booked_at),
        "seq": 1, "amount_minor": amount.minor_units, "currency": ticket["currency"],
    }  # fmt: skip


def _window(form: AnswerForm) -> dict[str, Any] | None:
    """The window, where one was typed; an answer without lines may leave it out."""
    if form.window is None or form.entry["code"] in REFUSING or form.window.is_blank:
        return None
    form.problems += form.window.problems
    if form.window.told is None:
        return None
    for mark in form.window.marks:
        if mark.problem:
            form.add(f"mark-{mark.n}", mark.problem)
        elif mark.is_proposed:
            form.add(f"mark-{mark.n}", _proposed(mark))
    return as_json(form.window.told)


def _proposed(mark: Mark) -> str:
    return _("Is your credit %(credit)s the disputed payment? If so, send the answer again.") % {
        "credit": mark.value
    }
