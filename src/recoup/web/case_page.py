"""Puts a case together from its stations: sums, flow, tickets, trail, timeline, what is related.

Reads only what the actor may see: conclusions of the case, its tickets by the definer function, the
directory. Nothing here decides; it says what is so, whose turn it is, and by when.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext, gettext_lazy, gettext_noop

from recoup.apps.cases import queries as cases
from recoup.apps.cases.models import Case, CaseEvent, CaseLink
from recoup.apps.holds import case_queries
from recoup.apps.holds import queries as holds
from recoup.apps.holds.case_queries import WindowTold
from recoup.apps.holds.models import Claim, Flow, Hold, Trail
from recoup.apps.lawful_requests import queries as requests
from recoup.apps.lawful_requests.models import Answer, Ticket
from recoup.apps.members.models import Organisation
from recoup.apps.reports import queries as reports
from recoup.core.access import Actor
from recoup.core.accounts import AccountIdentifier
from recoup.core.answer import RETURNING
from recoup.core.lawful_request import DUTIES, RequestState
from recoup.data.policy import load_policy
from recoup.web import (
    case_decisions,
    case_doubts,
    case_flow,
    case_flow_part,
    case_frontier,
    case_related,
    case_trail,
    request_list,
    task_words,
    wordings,
)
from recoup.web.case_rules import Choice
from recoup.web.case_standing import standing_of
from recoup.web.case_trail import RULE, guess_shown
from recoup.web.case_ways_out import Place, has_lapsed, last_of_each, way_out
from recoup.web.clocks import in_words

Doubts = Mapping[tuple[UUID, str], case_doubts.Doubt]
ORIGINS = {
    "public": gettext_lazy("reported by the public"),
    "bank": gettext_lazy("reported by a bank for its customer"),
    "call_taker": gettext_lazy("taken down by a call taker"),
}
NEXT_ACTS = {
    "authorised": gettext_noop("send"),
    "sent": gettext_noop("acknowledge"),
    "acknowledged": gettext_noop("answer"),
    "answered": gettext_noop("take the answer in"),
    "drafted": gettext_noop("authorise"),
}


def shown(scheme: str, ident: str) -> str:
    return AccountIdentifier(scheme, ident).shown


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything read once for a case page."""

    case: Case
    claims: Sequence[Claim]
    tickets: Sequence[Ticket]
    answers: dict[UUID, Answer]
    holds: Sequence[Hold]
    names: dict[int, str]


def read(case: Case) -> Parts:
    """Five statements: claims, tickets, answers, holds, names of the institutions."""
    tickets = requests.tickets_of_case(case.id)
    answers = {a.ticket_id: a for a in requests.answers_to([t.id for t in tickets])}
    wanted = {t.addressee_id for t in tickets} | {t.issuer_id for t in tickets}
    reported = (case.report.payer_institution_id, case.report.payee_institution_id)
    names = names_of(wanted | {one for one in reported if one is not None})
    claims = holds.claims_of(case.id)
    return Parts(case, claims, tickets, answers, holds.holds_of_case(case.id), names)


def names_of(organisation_ids: Collection[int]) -> dict[int, str]:
    """The main names of these organisations."""
    rows = Organisation.objects.filter(id__in=organisation_ids)
    return dict(rows.values_list("id", "name"))


def live(
    actor: Actor, case: Case, *, at: datetime, choice: Choice | None = None, before: str = ""
) -> dict[str, Any]:
    """The part of the page that changes by itself. choice: what the reader wants to see of it."""
    return _live(actor, read(case), at=at, choice=choice, before=before)


def _live(
    actor: Actor, parts: Parts, *, at: datetime, choice: Choice | None, before: str
) -> dict[str, Any]:
    case, linked = parts.case, cases.links_of(parts.case.id)
    happened = cases.newest_events(case.id)
    told = _answers_told(happened)
    flows = holds.flows_of(case.id, RULE)
    trail = holds.trail_of(case.id)
    tasks = cases.tasks_ever_in_case(actor, case)
    step = case_decisions.last_step(happened)
    is_owner = actor.organisation_id == case.owner_id
    place = Place(case, parts.claims, tasks, step, case.owner.name, is_owner)
    last, by_request = last_of_each(parts.tickets), {hold.id: hold for hold in parts.holds}
    windows = case_queries.windows_of_case(case.id)
    doubts = doubts_in(windows, trail, flows)
    return {
        "case": head(parts, at=at),
        "sums_list": sums_list(case, doubts),
        "tickets": [
            ticket_row(parts, ticket, told.get(ticket.reference), at=at)
            | _after(ticket, by_request, place, is_last=ticket.id in last)
            for ticket in reversed(parts.tickets)
        ],
        "trace": case_trail.trace(trail, doubts),
        "events": events(happened, parts),
        "links": links(case, linked),
        "related": case_related.related(case, linked),
        "tasks": task_words.tasks([t for t in tasks if t.done_at is None], actor),
        "step": step,
        "can_decide": case_decisions.waits_for(actor, tasks),
        "ledgers": wordings.ledgers(case),
        "requests": request_list.of_case(actor, case.id)
        if load_policy().may(actor, "request:draft")
        else [],
        **case_flow_part.part(
            _shown(parts, windows, flows, trail, told),
            choice or Choice(RULE),
            at=at,
            before=before,
        ),
    }


def flow_part(
    actor: Actor, case: Case, *, at: datetime, choice: Choice, before: str
) -> dict[str, Any]:
    """The flow alone, as the reader wants to see it."""
    parts = read(case)
    told = _answers_told(cases.newest_events(case.id))
    flows, trail = holds.flows_of(case.id, RULE), holds.trail_of(case.id)
    windows = case_queries.windows_of_case(case.id)
    shown = _shown(parts, windows, flows, trail, told)
    return {
        "case": head(parts, at=at),
        **case_flow_part.part(shown, choice, at=at, before=before),
    }


def _shown(
    parts: Parts, windows: Sequence[WindowTold], flows: Sequence[Flow], trail: Sequence[Trail],
    told: Mapping[str, Told],
) -> case_flow_part.Shown:  # fmt: skip
    rows = [row for row in trail if row.rule == RULE]
    own = case_doubts.own_doubts(windows)
    return case_flow_part.Shown(
        parts.case, parts.tickets, flows, rows, own, returned_in(parts, told), windows, parts.holds
    )


def frontier_of(case: Case) -> list[case_frontier.Edge]:
    """Where nobody has told what became of the case's money, by the rule for holding."""
    parts = read(case)
    rows = [row for row in holds.trail_of(case.id) if row.rule == RULE]
    return case_frontier.frontier(
        case, rows, holds.flows_of(case.id, RULE), parts.tickets,
        case_queries.windows_of_case(case.id), parts.holds, is_as_held=True,
    )  # fmt: skip


def doubts_in(
    windows: Sequence[WindowTold], trail: Sequence[Trail], flows: Sequence[Flow]
) -> Doubts:
    own = case_doubts.own_doubts(windows)
    own = case_doubts.with_returns(own, [row for row in trail if row.rule == RULE])
    return case_doubts.doubts_of(own, trail, flows)


def doubts_of(case: Case) -> Doubts:
    """What is uncertain in a case, by account and currency."""
    flows = holds.flows_of(case.id, RULE)
    windows = case_queries.windows_of_case(case.id)
    return doubts_in(windows, holds.trail_of(case.id), flows)


def sums_list(case: Case, doubts: Doubts) -> list[dict[str, Any]]:
    """The sums of each currency, with what is uncertain in them."""
    uncertain = case_doubts.in_total(doubts)
    return [
        wordings.sums(total)
        | ({"out_by": uncertain[total.currency]} if total.currency in uncertain else {})
        for total in holds.totals_of_case(case.id, RULE)
    ]


def page(
    actor: Actor, case: Case, *, at: datetime, choice: Choice | None = None, before: str = ""
) -> dict[str, Any]:
    """The whole page: the live part and what does not change."""
    parts = read(case)
    context = _live(actor, parts, at=at, choice=choice, before=before)
    merge = [
        {"reference": link["reference"]}
        for link in context["links"]
        if link["is_same_loss"] and link["is_open"]
    ]
    return {
        **context, "reports": [report(case, parts.names)], "merge_candidates": merge,
        "orders": case_decisions.orders(case.owner.country), "today": at.date(),
    }  # fmt: skip


def head(parts: Parts, *, at: datetime) -> dict[str, Any]:
    case, claims = parts.case, parts.claims
    adopted = [claim for claim in claims if claim.adopted_at]
    waiting = [hold.until for hold in parts.holds if hold.until and _is_precaution(hold, parts)]
    return {
        "id": case.id,
        "reference": case.reference,
        "owner_name": case.owner.name,
        "origin_text": ORIGINS[case.report.channel],
        "state": case.state,
        "standing": standing_of(claims),
        "is_doubted": any(c.possible_double_of_id and c.state == "alleged" for c in claims),
        "adopted_by": next((str(c.adopted_by) for c in adopted if c.adopted_by), ""),
        "lapses_at": min(waiting, default=None),
        "handed_over_at": case.handed_over_at,
        "handed_over_by": "",
        "reported_at": case.reported_at,
        "ended_at": case.changed_at if case.state != "open" else None,
        "merged_into": case.merged_into,
    }


def _is_precaution(hold: Hold, parts: Parts) -> bool:
    """Whether a precautionary block is in force or asked for; what was withdrawn is neither."""
    rounds = [ticket for ticket in parts.tickets if ticket.request == hold.id]
    last = max(rounds, key=lambda ticket: ticket.round, default=None)
    is_let_go = holds.let_go(hold, last.state if last else "")
    return hold.is_precautionary and hold.state in ("asked", "placed") and not is_let_go


@dataclass(frozen=True, slots=True)
class Told:
    """An answer as the timeline tells it to every member of the case."""

    code: str
    held_minor: int
    received_at: datetime


def _answers_told(happened: Sequence[CaseEvent]) -> dict[str, Told]:
    """The last answer to each ticket, for members who are not its issuer: they read no answers."""
    return {
        event.values["ticket"]: Told(event.values["code"], event.values["held_minor"], event.at)
        for event in reversed(happened)
        if event.what == "answer"
    }


def returned_in(parts: Parts, told: Mapping[str, Told]) -> dict[str, case_flow.Returned]:
    """By account, the last answer that a payment from it was stopped or recalled."""
    answers = ((t, parts.answers.get(t.id) or told.get(t.reference)) for t in parts.tickets)
    found = [
        case_flow.Returned(ticket, parts.names[ticket.addressee_id], answer.received_at)
        for ticket, answer in answers
        if answer is not None and answer.code in RETURNING
    ]
    return {row.ticket.account_ident: row for row in sorted(found, key=lambda row: row.at)}


def ticket_row(parts: Parts, ticket: Ticket, told: Told | None, *, at: datetime) -> dict[str, Any]:
    state = RequestState(ticket.state)
    duty, answer = DUTIES[state], parts.answers.get(ticket.id) or told
    next_act = NEXT_ACTS.get(ticket.state, "")
    owner = {
        "addressee": parts.names.get(ticket.addressee_id, ""),
        "issuing_authority": parts.names.get(ticket.issuer_id, ""),
        "hub": gettext("the hub"),
    }.get(duty.owner or "", "")
    is_silent = ticket.state in ("sent", "acknowledged") and ticket.due_at < at
    return {
        "id": ticket.id,
        "reference": ticket.reference,
        "measure": ticket.measure,
        "kind": ticket.kind,
        "addressee_name": parts.names.get(ticket.addressee_id, ""),
        "account_shown": ticket.draft["account"]["shown"],
        "amount_minor": ticket.asked_minor,
        "currency": ticket.currency,
        "held_minor": answer.held_minor if answer and ticket.measure == "hold" else None,
        "state": ticket.state,
        "answer_code": answer.code if answer else "",
        "due_at": ticket.due_at if duty.clock and ticket.state in NEXT_ACTS else None,
        "clock_start": ticket.sent_at or ticket.authorised_at or at,
        "clock_stopped": _stopped(ticket),
        "clock_how": clock_how(ticket),
        "owner_name": owner,
        "next_act": gettext(next_act) if next_act else "",
        "telephone_sheet": is_silent,
    }


def _after(
    ticket: Ticket, by_request: Mapping[UUID, Hold], place: Place, *, is_last: bool
) -> dict[str, Any]:
    """What comes after an end that was not the one meant; and that a hold has ended by itself."""
    hold = by_request.get(ticket.request)
    return {
        "way": way_out(ticket, by_request, place, is_last=is_last),
        "hold_ended": is_last and ticket.state != "withdrawn" and has_lapsed(hold),
    }


def _stopped(ticket: Ticket) -> str:
    if ticket.answered_at and ticket.sent_at:
        took = in_words(ticket.answered_at - ticket.sent_at)
        return gettext("answered in %(time)s") % {"time": took}
    return gettext("ended") if ticket.ended_at else ""


def clock_how(ticket: Ticket) -> str:
    """The derivation of the clock in one line."""
    if not ticket.sent_at:
        return ""
    return gettext("sent %(sent)s; due %(due)s by the rule of the pack (version %(pack)s)") % {
        "sent": f"{ticket.sent_at:%Y-%m-%d %H:%M:%S} UTC",
        "due": f"{ticket.due_at:%Y-%m-%d %H:%M:%S} UTC",
        "pack": ticket.pack_id,
    }


def events(happened: Sequence[CaseEvent], parts: Parts) -> list[dict[str, Any]]:
    known = {ticket.reference: ticket.id for ticket in parts.tickets}
    rows = []
    for event in happened:
        kind, text = wordings.event(event.what, event.values)
        reference = event.values.get("ticket", "")
        rows.append(
            {
                "at": event.at, "kind": kind, "text": text, "who": wordings.who(event),
                "ticket_id": known.get(reference), "ticket_reference": reference,
            }
        )  # fmt: skip
    return rows


def links(case: Case, linked: Iterable[CaseLink]) -> list[dict[str, Any]]:
    found: dict[UUID, dict[str, Any]] = {}
    for link in linked:
        other = link.high if link.low_id == case.id else link.low
        row = found.setdefault(
            other.id,
            {
                "case_id": other.id, "reference": other.reference,
                "owner_name": other.owner.name, "reason_text": "", "value_shown": "",
                "is_same_loss": False, "is_open": other.state == "open",
            },
        )  # fmt: skip
        row["is_same_loss"] |= link.reason == "same_loss"
        if not row["reason_text"] or link.reason == "same_loss":
            row["reason_text"] = wordings.REASONS.get(link.reason, link.reason)
            row["value_shown"] = guess_shown(link.value)
    return list(found.values())


def report(case: Case, names: Mapping[int, str] | None = None) -> dict[str, Any]:
    """What was reported. names: of its institutions, where they were read already."""
    told = case.report
    institutions = [told.payer_institution_id, told.payee_institution_id]
    if names is None:
        names = names_of([one for one in institutions if one])
    payer, payee = (names.get(one, "") if one else "" for one in institutions)
    stories = reports.stories_of(told.id)
    contact = [part for s in stories for part in (s.name, s.phone, s.email) if part]
    return {
        "reference": told.reference,
        "amount_minor": told.amount_minor,
        "currency": told.currency,
        "paid_at": told.paid_at,
        "payer_shown": shown(told.payer_scheme, told.payer_ident),
        "payer_institution": payer,
        "payee_shown": shown(told.payee_scheme, told.payee_ident),
        "payee_institution": payee,
        "payment_reference": told.payment_reference,
        "contact": " · ".join(contact),
        "story": "\n\n".join(s.story for s in stories if s.story),
    }
