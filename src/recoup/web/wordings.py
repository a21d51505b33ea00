"""Puts stored codes into words for pages: events of the timeline, reasons of links, sums."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy

from recoup.apps.cases.models import Case, CaseEvent
from recoup.apps.holds.models import CaseTotal
from recoup.apps.traces import queries as traces
from recoup.core.accounts import AccountIdentifier
from recoup.web.answer_choices import answer_words, is_lift, is_lifted
from recoup.web.names import organisation_name
from recoup.web.task_words import TASKS
from recoup.web.templatetags.recoup_ui import (
    kind_name,
    law_words,
    measure_name,
    money_plain,
)

REASONS = {
    "payee_account": gettext_lazy("same receiving account:"),
    "same_loss": gettext_lazy("seems to be the same loss, from the same account:"),
    "payer_account": gettext_lazy("same paying account:"),
    "reference": gettext_lazy("same payment reference:"),
}
CHANNELS = {
    "public": gettext_lazy("the public"),
    "bank": gettext_lazy("a bank"),
    "call_taker": gettext_lazy("a call taker"),
}
KIND_OF_ANSWER = {
    "held": "held", "part_held": "held", "nothing_left": "gone", "moved_on": "other",
    "cashed_out": "gone", "stopped_before_execution": "returned", "recalled": "returned",
    "no_such_debit": "late", "cannot_lawfully": "late", "not_ours": "late", "unclear": "late",
}  # fmt: skip


def account(values: Mapping[str, Any]) -> str:
    if not values.get("account"):
        return ""
    return AccountIdentifier(values.get("scheme", "iban"), values["account"]).shown


def event(what: str, values: Mapping[str, Any]) -> tuple[str, str]:
    """Kind for the colour, and the sentence, of an event of the timeline."""
    write = WRITERS.get(what)
    return write(values) if write else ("other", what.replace("_", " "))


def _received(values: Mapping[str, Any]) -> tuple[str, str]:
    amount = money_plain(values["amount_minor"], values["currency"])
    return "other", gettext("Report %(reference)s: %(amount)s lost.") % {
        "reference": values["reference"], "amount": amount,
    }  # fmt: skip


def _opened(values: Mapping[str, Any]) -> tuple[str, str]:
    amount = money_plain(values["asked_minor"], values["currency"])
    measure = measure_name(values["measure"])
    if values.get("kind"):
        measure = f"{measure} ({kind_name(values['kind'])})"
    if is_lift(values.get("kind", ""), values["asked_minor"]):
        text = gettext("%(bank)s is asked to lift the block on %(account)s.")
    else:
        text = gettext("%(bank)s is asked: %(measure)s, %(amount)s on %(account)s.")
    return "ticket", text % {
        "bank": organisation_name(values["addressee"]), "measure": measure, "amount": amount,
        "account": account(values),
    }  # fmt: skip


def _answered(values: Mapping[str, Any]) -> tuple[str, str]:
    code = values["code"]
    if is_lifted(code, values.get("kind", ""), values["asked_minor"], values["held_minor"]):
        return "other", gettext("Lifted: %(account)s.") % {"account": account(values)}
    text = gettext("%(answer)s: %(account)s") % {
        "answer": str(answer_words(code, values["measure"])),
        "account": account(values),
    }
    if values["measure"] == "hold":
        text += gettext(", %(held)s held of %(asked)s asked") % {
            "held": money_plain(values["held_minor"], values["currency"]),
            "asked": money_plain(values["asked_minor"], values["currency"]),
        }
    else:
        text += f" ({measure_name(values['measure'])})"
    if values.get("ground"):
        text += f" – {_ground(values)}"
    return KIND_OF_ANSWER.get(code, "other"), text + "."


def _taken_back(values: Mapping[str, Any]) -> tuple[str, str]:
    if "into" in values:
        text = gettext("A ticket was withdrawn: %(case)s asks the same, about the same payment")
        return "late", text % {"case": values["into"]}
    return "late", gettext("A ticket was withdrawn: nothing of the case is there any more")


def _lapsed(values: Mapping[str, Any]) -> tuple[str, str]:
    return "late", gettext("The hold on %(account)s ended by itself.") % {
        "account": account(values)
    }


WITHOUT_RECALL = {
    "none": gettext_lazy("No recall was asked: there is none for a %(scheme)s."),
    "not_known": gettext_lazy(
        "No recall was asked: it is not known whether there is one for a %(scheme)s."
    ),
    "too_late": gettext_lazy(
        "No recall was asked: the %(hours)s hours for it are over (%(scheme)s)."
    ),
    "not_for_addressee": gettext_lazy(
        "No recall was asked: it is a measure for banks and payment institutions."
    ),
    "": gettext_lazy("No recall was asked: no payment scheme with a recall is known for it."),
}


def _not_recalled(values: Mapping[str, Any]) -> tuple[str, str]:
    why = values["why"] if values["scheme"] else ""
    return "other", str(WITHOUT_RECALL[why]) % {
        "scheme": law_words(values["scheme"]), "hours": values["within_hours"],
    }  # fmt: skip


def _applied(values: Mapping[str, Any]) -> tuple[str, str]:
    text = gettext("The prosecutor applied for an order on %(day)s: %(order)s") % {
        "day": values["applied_on"], "order": law_words(values["order"]),
    }  # fmt: skip
    return "other", f"{text}. {values.get('note', '')}".strip()


BY_ITSELF = gettext_lazy("a bank named one and the same payment for both")


def _ground(values: Mapping[str, Any]) -> str:
    """A person's ground inside a sentence, which brings its own full stop."""
    return str(values.get("ground", "")).rstrip(". ")


def _merged(values: Mapping[str, Any]) -> tuple[str, str]:
    """By hand with the officer's ground; else since the payer's bank named one payment."""
    text = gettext("Merged into %(case)s as a duplicate: %(ground)s.") % {
        "case": values.get("into", ""), "ground": _ground(values) or BY_ITSELF,
    }  # fmt: skip
    if kinds := values.get("tasks"):
        names = [str(TASKS[kind][0]) if kind in TASKS else kind for kind in kinds]
        text += " " + gettext("What was still to do here has ended: %(tasks)s.") % {
            "tasks": "; ".join(names)
        }
    return "other", text


def _merged_in(values: Mapping[str, Any]) -> tuple[str, str]:
    return "other", gettext("%(case)s was merged into this case as a duplicate: %(ground)s.") % {
        "case": values.get("duplicate", ""), "ground": _ground(values) or BY_ITSELF,
    }  # fmt: skip


def _parted(values: Mapping[str, Any]) -> tuple[str, str]:
    text = gettext("This case and %(case)s are two again: the bank corrected its answer.")
    return "other", text % {"case": values.get("other", "")}


def _said(kind: str, text: Any) -> Any:
    def write(values: Mapping[str, Any]) -> tuple[str, str]:
        ground = values.get("ground") or values.get("note") or ""
        return kind, f"{text}{': ' if ground else '.'}{ground}"

    return write


def _reduced(values: Mapping[str, Any]) -> tuple[str, str]:
    if not values["limit_minor"]:
        text = gettext("All of a hold is to be let go: %(ground)s") % values
    else:
        amount = money_plain(values["limit_minor"], values["currency"])
        text = gettext("A hold was reduced to %(amount)s: %(ground)s") % {
            "amount": amount, "ground": values["ground"],
        }  # fmt: skip
    return "late", text


def _asked_on(values: Mapping[str, Any]) -> tuple[str, str]:
    text = gettext("%(bank)s is to be asked what was booked on %(account)s since. %(ground)s")
    return "other", text % {
        "bank": organisation_name(values.get("institution", "")), "account": account(values),
        "ground": values.get("ground", ""),
    }  # fmt: skip


def _link_judged(values: Mapping[str, Any]) -> tuple[str, str]:
    if values.get("counts"):
        text = gettext("A shared identifier relates this case to %(other)s again. %(ground)s")
    else:
        text = gettext("A shared identifier does not relate this case to %(other)s. %(ground)s")
    return "other", text % {"other": values.get("other", ""), "ground": values.get("ground", "")}


WRITERS = {
    "report_received": _received,
    "ticket_opened": _opened,
    "answer": _answered,
    "hold_lapsed": _lapsed,
    "recall_not_asked": _not_recalled,
    "glass_note": _said("other", gettext_lazy("A word from two who broke the glass")),
    "glass_adopt": _said("other", gettext_lazy("Two who broke the glass adopted the report")),
    "adopted": _said("other", gettext_lazy("The report was adopted")),
    "ticket_withdrawn": _said("late", gettext_lazy("A ticket was withdrawn")),
    "ticket_taken_back": _taken_back,
    "ticket_undeliverable": _said("late", gettext_lazy("A ticket could not be sent")),
    "hold_reduced": _reduced,
    "bookings_asked": _asked_on,
    "link_judged": _link_judged,
    "merged": _merged,
    "merged_in": _merged_in,
    "parted": _parted,
    "handed_over": _said("other", gettext_lazy("Handed over to the prosecutor")),
    "taken_over": _said("other", gettext_lazy("The prosecutor took the case over")),
    "order_applied_for": _applied,
    "not_taken_over": _said("late", gettext_lazy("The prosecutor did not take the case over")),
    "ledger_imported": _said("other", gettext_lazy("A ledger was imported")),
}


def who(happened: CaseEvent) -> str:
    if happened.what == "report_received":
        return str(CHANNELS.get(happened.who, happened.who))
    return happened.who


def sums(total: CaseTotal) -> dict[str, Any]:
    """One currency's parts of the equation, as the bar of sums takes them."""
    return {
        "currency": total.currency,
        "lost": total.lost + total.exchanged_in - total.exchanged_out,
        "held": total.held,
        "lying": total.lying,
        "gone": total.gone,
        "returned": total.returned,
        "unknown": total.unknown,
        "reachable": total.lying + total.unknown,
        "exchanged_in": total.exchanged_in,
        "exchanged_out": total.exchanged_out,
    }


def ledgers(case: Case) -> list[dict[str, Any]]:
    return [
        {
            "name": row.name,
            "url": reverse("ledger", args=[row.id]),
            "rows": row.rows,
            "imported_at": row.imported_at,
        }
        for row in traces.ledgers_in_case(case.id)
    ]
