"""The answers a bank's desk can give to a ticket: one key, one word, one line of explanation.

Which codes a measure takes is decided in ``recoup.core.answer``; here they get their keys and
their order on the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from django.utils.translation import gettext_lazy, pgettext_lazy

from recoup.core.answer import WITHOUT_WINDOW

_ = gettext_lazy
Words = object


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer. ``fills``: what it puts into the sum held: all, none, or "" for a typed sum."""

    code: str
    key: str
    label: Words
    hint: Words
    fills: str = "none"


NOT_OURS: Final = Choice("not_ours", "U", _("Not ours"), _("This account is not kept by us."))
CANNOT: Final = Choice(
    "cannot_lawfully", "L", _("Cannot lawfully"), _("The law does not let us. Say why.")
)
UNCLEAR: Final = Choice(
    "unclear", "?", _("Unclear"), _("We cannot say yet, or our lines do not add up."), ""
)
HELD: Final = Choice("held", "H", _("Held"), _("The whole sum is blocked now."), "all")
PART: Final = Choice("part_held", "P", _("Part held"), _("A part is blocked now."), "")
NOTHING: Final = Choice(
    "nothing_left", "N", _("Nothing left"), _("None of the sum is on the account.")
)
ANSWERS: Final = {
    "hold": (
        HELD,
        PART,
        NOTHING,
        Choice("moved_on", "M", _("Moved on"), _("It went to other accounts: say which."), ""),
        Choice("cashed_out", "C", _("Cashed out"), _("Cash was taken: say where and when."), ""),
        Choice("others_hold", "O", _("Others hold"), _("It is already blocked for others."), ""),
        NOT_OURS,
        CANNOT,
        UNCLEAR,
    ),
    "block": (HELD, PART, NOTHING, NOT_OURS, CANNOT, UNCLEAR),
    "set": (HELD, PART, NOTHING, CANNOT, UNCLEAR),
    "lift": (
        Choice(
            "held", "H", _("Lifted"), _("Nothing is blocked for this ticket any more."), "all"
        ),
        CANNOT,
        UNCLEAR,
    ),
    "confirm_debit": (
        Choice("debit_confirmed", "D", _("Debit confirmed"), _("The payment left the account.")),
        Choice("no_such_debit", "X", _("No such debit"), _("There is no such payment.")),
        NOT_OURS,
        CANNOT,
        UNCLEAR,
    ),
    "stop_before_execution": (
        Choice(
            "stopped_before_execution", "S", _("Stopped"), _("It had not left and was stopped."),
            "all",
        ),
        Choice("nothing_left", "N", _("Already executed"), _("It has left the account.")),
        NOT_OURS,
        CANNOT,
        UNCLEAR,
    ),
    "recall": (
        Choice("recalled", "R", _("Recalled"), _("The recall was sent or the sum came back."), ""),
        Choice("nothing_left", "N", _("Nothing to recall"), _("The recall was refused.")),
        NOT_OURS,
        CANNOT,
        UNCLEAR,
    ),
}  # fmt: skip

MEASURES: Final = {
    "hold": _("Hold"),
    "confirm_debit": _("Confirm the debit"),
    "stop_before_execution": _("Stop before execution"),
    "recall": _("Recall"),
}
KINDS: Final = {
    "block": _("block only, as a precaution"),
    "first": _("hold and tell what became of it"),
    "forward": _("hold more and tell what followed"),
    "back": _("tell what was before"),
    "set": _("change the sum held"),
    "destination": _("tell where it went"),
}
STATES: Final = {
    "drafted": (_("drafted"), "info"),
    "authorised": (_("authorised"), "info"),
    "sent": (_("sent"), "wait"),
    "acknowledged": (_("acknowledged"), "wait"),
    "answered": (pgettext_lazy("a ticket", "answered"), "good"),
    "closed": (pgettext_lazy("a ticket", "closed"), "good"),
    "refused": (pgettext_lazy("a ticket", "refused"), "bad"),
    "withdrawn": (pgettext_lazy("a ticket", "withdrawn"), "info"),
    "undeliverable": (pgettext_lazy("a ticket", "undeliverable"), "bad"),
    "lapsed": (pgettext_lazy("a ticket", "lapsed"), "bad"),
}


def is_lift(kind: str, amount_minor: int | None) -> bool:
    """Whether a ticket asks for a new total of nothing: what is blocked is let go."""
    return kind == "set" and amount_minor == 0


def choices_for(measure: str, kind: str, amount_minor: int | None = None) -> tuple[Choice, ...]:
    """Return the answers that fit a ticket of this measure and kind; a new total of 0 lifts."""
    if is_lift(kind, amount_minor):
        return ANSWERS["lift"]
    return ANSWERS.get(kind) or ANSWERS[measure]


def answer_words(code: str, measure: str = "hold") -> Words:
    """Name an answer code in the reader's language, as the measure's own desk calls it."""
    for choices in (ANSWERS.get(measure, ()), *ANSWERS.values()):
        for choice in choices:
            if choice.code == code:
                return choice.label
    return code


def is_lifted(code: str, kind: str, asked_minor: int | None, held_minor: int | None) -> bool:
    """Whether the answer says that a release was carried out, whatever code it came with."""
    return is_lift(kind, asked_minor) and not held_minor and code not in WITHOUT_WINDOW


def answer_given(
    code: str, measure: str, kind: str, asked_minor: int | None, held_minor: int | None
) -> Words:
    """Name an answer to a ticket as it was asked: a release that was carried out is lifted."""
    if is_lifted(code, kind, asked_minor, held_minor):
        return ANSWERS["lift"][0].label
    return answer_words(code, measure)
