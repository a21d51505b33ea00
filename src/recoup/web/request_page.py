"""Puts one request together for its page: state, duty, clock, what is asked, targets, answers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from recoup.apps.lawful_requests import call_back_operations
from recoup.apps.lawful_requests.models import (
    Answer,
    ClockStop,
    Decision,
    Request,
    RequestFile,
    Ticket,
)
from recoup.apps.lawful_requests.request_content import targets_of
from recoup.apps.lawful_requests.request_law import Law, law_now
from recoup.apps.lawful_requests.request_queries import Whole, answer_clock
from recoup.apps.members.models import Organisation
from recoup.apps.said import in_words
from recoup.core.access import Actor
from recoup.core.law import Power
from recoup.data import load_words
from recoup.web import request_form, request_list, request_needs
from recoup.web.clocks import in_words as span_words
from recoup.web.names import organisation_name

ENDED = ("refused", "withdrawn", "lapsed", "undeliverable")
KINDS = {
    "asked": "wait", "replied": "info", "authorised": "good", "narrowed": "good", "refused": "bad",
    "written": "good", "confirmed": "good", "not_confirmed": "bad",
    "not_said": "bad", "put": "info",
}  # fmt: skip


def context(whole: Whole, *, by: Actor, at: datetime) -> dict[str, Any]:
    """Everything that the page shows of one request."""
    found, law = whole.request, law_now()
    power = next((one for one in law.powers if one.power == found.power), None)
    label, tone = request_list.STATES[request_list.shown_state(found)]
    is_own = found.issuer_id == by.organisation_id
    return {
        "found": found, "is_own": is_own, "state_label": label, "tone": tone,
        "measure_name": request_list.measure_name(found.measure),
        "owner": request_list.owner(found, is_answered=_is_answered(whole.tickets)),
        "due_at": request_list.due(found),
        "how": request_list.derivation(found),
        "power": request_needs.basis_shown(power) if power else None,
        "authorised_by": request_needs.roles_shown(power.authorised_by) if power else "",
        "asked": asked_shown(found, law), "decisions": [_decision(d) for d in whole.decisions],
        "targets": _targets(whole), "files": [f for f in whole.files],
        "counts": _counts(whole.tickets),
        "may_close_all": found.state == "authorised" and not found.closed_at
        and _may_close_all(whole.tickets),
        "may_edit": is_own and found.state in ("drafted", "asked"),
        "may_withdraw": is_own and found.ended_at is None and found.closed_at is None,
        "may_prolong": is_own and _may_prolong(found, whole.tickets, power, at=at),
        "extends": found.content.get("extends", ""),
        "may_add_file": is_own and found.state in ("drafted", "asked"),
        "question": _question(whole) if is_own else None,
    }  # fmt: skip


def _may_prolong(
    found: Request, tickets: Sequence[Ticket], power: Power | None, *, at: datetime
) -> bool:
    """Whether its law knows an extension, and something that it ordered still lasts."""
    if power is None or power.extension is None or found.ended_at or found.content.get("extends"):
        return False
    return any(one.hold_until and one.hold_until > at and not one.lift_at for one in tickets)


def _question(whole: Whole) -> Decision | None:
    """The question of whoever decides, while it waits for the author."""
    if whole.request.state != "asked":
        return None
    return next((d for d in reversed(whole.decisions) if d.kind == "asked"), None)


def asked_shown(found: Request, law: Law) -> dict[str, Any]:
    """What is asked, in words."""
    content, known = found.content, load_words().fields
    codes = [target.addressee for target in targets_of(content)]
    names = dict(Organisation.objects.filter(code__in=codes).values_list("code", "name"))
    idents = identifiers_of(content)
    return {
        "data": [request_needs.category_shown(one) for one in content["data"]],
        "targets": [
            {"name": organisation_name(names.get(row["addressee"], row["addressee"])),
             "code": row["addressee"],
             "identifiers": idents[row["addressee"]]}
            for row in content["targets"]
        ],
        "period": content["period"], "amount_minor": content["amount_minor"],
        "currency": content["currency"], "justification": content["justification"],
        "proportionality": content["proportionality"],
        "danger_facts": content.get("danger_facts", ""),
        "fields": [
            (gettext(known[name].name) if name in known else name, value)
            for name, value in content["fields"].items()
        ],
    }  # fmt: skip


def identifiers_of(content: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """By addressee, what it is asked about, in words."""
    kinds = dict(request_form.all_identifier_kinds())
    return {
        row["addressee"]: [
            {**one, "kind_name": kinds.get(one["kind"], one["kind"])} for one in row["identifiers"]
        ]
        for row in content["targets"]
    }


def _decision(row: Decision) -> dict[str, Any]:
    kinds = {
        "asked": gettext("asked the author"), "replied": gettext("replied"),
        "authorised": gettext("authorised"), "narrowed": gettext("authorised, narrowed"),
        "refused": gettext("refused"), "written": gettext("put in writing"),
        "confirmed": gettext("confirmed the emergency"),
        "not_confirmed": gettext("did not confirm it"),
        "not_said": gettext("said that it was never decided so"),
        "put": gettext("put it before whoever confirms it"),
    }  # fmt: skip
    return {
        "row": row, "label": kinds[row.kind], "tone": KINDS[row.kind],
        "authority": organisation_name(row.authority.name) if row.kind != "replied" else "",
    }  # fmt: skip


# Targets


def _counts(tickets: Sequence[Ticket]) -> list[tuple[str, int]]:
    """How many tickets are in each state, for a request of many targets."""
    return sorted(Counter(ticket.state for ticket in tickets).items(), key=lambda row: -row[1])


def _may_close_all(tickets: Sequence[Ticket]) -> bool:
    """Whether one click is worth it: several answered, or nothing runs any more."""
    answered = sum(ticket.state == "answered" for ticket in tickets)
    return answered > 1 or bool(tickets) and all(one.state in ENDED for one in tickets)


def _rank(row: Mapping[str, Any]) -> int:
    """What its author has to do with a target comes first."""
    if row["question"] or row["claim"]:
        return 0
    return 1 if row["may_close"] else 2 if row["is_open"] else 3


def _is_answered(tickets: Sequence[Ticket]) -> bool:
    return bool(tickets) and all(ticket.answered_at for ticket in tickets)


def _targets(whole: Whole) -> list[dict[str, Any]]:
    """Each target with state, clock, answers, and what both sides said."""
    ids = [ticket.id for ticket in whole.tickets]
    stops: dict[UUID, list[ClockStop]] = {}
    for stop in ClockStop.objects.filter(ticket_id__in=ids).order_by("started_at"):
        stops.setdefault(stop.ticket_id, []).append(stop)
    files: dict[UUID, RequestFile] = {
        row.id: row for row in RequestFile.objects.filter(ticket_id__in=ids).defer("content")
    }
    idents, calls = identifiers_of(whole.request.content), call_back_operations.calls_about(ids)
    rows = [
        _target(ticket, whole, stops.get(ticket.id, []), files, idents, calls)
        for ticket in whole.tickets
    ]
    return sorted(rows, key=_rank)


def _target(
    ticket: Ticket, whole: Whole, stops: Sequence[ClockStop],
    files: Mapping[UUID, RequestFile], idents: Mapping[str, list[dict[str, Any]]],
    calls: Mapping[UUID, tuple[int, int]],
) -> dict[str, Any]:  # fmt: skip
    notes = whole.notes.get(ticket.id, [])
    stands = any(s.kind == "stop" and s.ended_at is None for s in stops)
    said = [n.kind for n in notes if n.kind in ("question", "reply")]
    claims = [n for n in notes if n.kind == "cost_claim"]
    settled = sum(n.kind in ("cost_agreed", "cost_refused") for n in notes)
    is_open = ticket.state in ("sent", "acknowledged")
    question = is_open and said[-1:] == ["question"]
    due_at = whole.due.get(ticket.id)
    return {
        "ticket": ticket, "name": organisation_name(ticket.addressee.name),
        "due_at": due_at if is_open else None, "stops": stops, "notes": notes,
        "stopped": _stopped_words(ticket, is_open=is_open, question=stands),
        "how": _answer_line(ticket, stops),
        "answers": [_answer(one, files) for one in whole.answers.get(ticket.id, [])],
        "question": question, "identifiers": idents.get(ticket.addressee.code, []),
        "call_code": call_back_operations.code_of(ticket) if is_open else "",
        "calls": calls.get(ticket.id),
        "claim": claims[-1] if len(claims) > settled else None, "is_open": is_open,
        "may_close": ticket.state == "answered",
    }  # fmt: skip


def _stopped_words(ticket: Ticket, *, is_open: bool, question: bool) -> str:
    """What stands in place of a clock that does not run; empty while it runs."""
    if is_open:
        return gettext("the clock stands still: your reply is waited for") if question else ""
    if ticket.answered_at and ticket.sent_at:
        span = span_words(ticket.answered_at - ticket.sent_at)
        return gettext("answered in %(span)s") % {"span": span}
    return gettext("ended") if ticket.ended_at else gettext("not sent yet")


def _answer_line(ticket: Ticket, stops: Sequence[ClockStop]) -> str:
    """How the answer's deadline was reckoned: from sending, by which article, with what stops."""
    clock = answer_clock(ticket, stops)
    return in_words(clock.said) if clock else ""


def _answer(row: Answer, files: Mapping[UUID, RequestFile]) -> dict[str, Any]:
    words = load_words()
    try:
        body: dict[str, Any] = json.loads(bytes(row.body))
    except ValueError:
        body = {}
    fields = body.get("fields") or {}
    return {
        "row": row, "code": _named(words.codes, row.code), "stage": row.stage,
        "is_sealed": bool(body.get("sealed")),
        "reason": _named(words.grounds, str(body.get("reason") or "")), "ground": row.ground,
        "fields": [(_named(words.answers, str(k)), v) for k, v in fields.items()],
        "files": [
            files[UUID(one["file"])] for one in body.get("files", []) if UUID(one["file"]) in files
        ],
    }  # fmt: skip


def _named(known: Mapping[str, Any], word: str) -> str:
    return gettext(known[word].name) if word in known else word
