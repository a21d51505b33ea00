"""The flow's part of the case page: controls, picture, table and proof for what a reader chose.

By the holding rule and now it shows the rows that the planner wrote; for any other choice it traces
the facts for this one answer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from recoup.apps.cases.models import Case
from recoup.apps.holds import case_ledger
from recoup.apps.holds.case_ledger import CaseLedger
from recoup.apps.holds.case_queries import WindowTold
from recoup.apps.holds.models import Flow, Hold, Trail
from recoup.apps.lawful_requests.models import Ticket
from recoup.core import chain
from recoup.web import (
    case_doubts,
    case_entitled,
    case_expanded,
    case_exports,
    case_flow,
    case_folding,
    case_frontier,
    case_proposals,
    case_retrace,
)
from recoup.web.case_rules import WORDS, Choice, typed

Own = Mapping[UUID, int | None]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the page reads of a case to draw its flow. own: accounts told incompletely.

    flows, trail: as the planner concluded them, under the holding rule.
    """

    case: Case
    tickets: Sequence[Ticket]
    flows: Sequence[Flow]
    trail: Sequence[Trail]
    own: Own
    returned: Mapping[str, case_flow.Returned]
    windows: Sequence[WindowTold]
    holds: Sequence[Hold]


@dataclass(frozen=True, slots=True)
class Traced:
    """Flows and trail to draw; ledger and again where they were traced for this answer.

    through: where money went on by payments that were told for a case the reader does not see.
    """

    flows: Sequence[Flow]
    trail: Sequence[Trail]
    ledger: CaseLedger | None = None
    again: chain.Retraced | None = None
    problem: str = ""
    through: Sequence[case_entitled.Through] = ()


def part(shown: Shown, choice: Choice, *, at: datetime, before: str = "") -> dict[str, Any]:
    """The context of ``cases/_case_flow.html``; before: the address that the reader comes from."""
    traced = traced_as(shown, choice)
    if traced.problem:
        choice = choice.as_held
    own = case_doubts.with_returns(shown.own, traced.trail)
    doubts = case_doubts.doubts_of(own, traced.trail, traced.flows)
    pictures = case_flow.pictures(
        traced.flows, traced.trail, shown.tickets,
        victims=frozenset({shown.case.report.payer_ident}), returned=shown.returned,
        doubtful=frozenset(account for account, _ in doubts), is_past=choice.at is not None,
        is_mark=not choice.words.is_sum,
    )  # fmt: skip
    chips = case_expanded.chips(choice, traced.flows, traced.trail)
    idents = _idents(traced, choice)
    panels: list[case_expanded.Opened] = []
    if traced.ledger is not None and traced.again is not None:
        panels = case_expanded.opened(
            chips, traced.ledger, traced.again, traced.flows, traced.trail
        )
    return {
        "flows": [
            case_folding.folded(picture, idents, is_mark=not choice.words.is_sum)
            for picture in pictures
        ],
        "chips": chips,
        "panels": panels,
        "chosen": choice,
        "flow_said": case_retrace.statement(choice, at),
        "flow_proofs": _proofs(traced),
        "flow_problem": choice.problem or traced.problem,
        "flow_through": traced.through,
        "flow_left_out": case_retrace.left_out(traced.ledger),
        "frontier": _frontier(shown, traced, choice),
        "proposed": _proposed(shown, traced, choice),
        "take_away": case_exports.offered(shown.case.id, choice, _currencies(traced.flows)),
        "flow_controls": _controls(shown, traced, choice, at=at, before=before),
    }


def _currencies(flows: Sequence[Flow]) -> list[str]:
    """The currencies in which the case was paid; what that was exchanged into is a part of each."""
    return sorted({flow.currency for flow in flows if flow.movement_id and flow.payee_id})


def traced_as(shown: Shown, choice: Choice) -> Traced:
    if choice.is_as_held and not choice.opened:
        return Traced(shown.flows, shown.trail)
    try:
        ledger = case_ledger.ledger_of(shown.case.id)
        again = ledger.under(choice.rule, choice.until) if ledger else None
    except case_ledger.TooManyAccounts as problem:
        return Traced(shown.flows, shown.trail, problem=case_retrace.too_much(problem))
    if ledger is None or again is None:
        return Traced(shown.flows, shown.trail, problem=gettext("The case is not yours any more."))
    if choice.is_as_held:
        return Traced(shown.flows, shown.trail, ledger, again)
    flows, trail, through = case_entitled.told(
        case_retrace.flows(ledger, again), case_retrace.trail(ledger, again),
        case_entitled.hidden(ledger), shown.trail,
    )  # fmt: skip
    return Traced(flows, trail, ledger, again, through=through)


def _proofs(traced: Traced) -> list[case_retrace.Proof]:
    if traced.ledger is None or traced.again is None:
        return []
    return case_retrace.proofs(traced.ledger, traced.again)


def _idents(traced: Traced, choice: Choice) -> set[str]:
    """How the picture calls the accounts that are open."""
    ends = [(str(f.payer_id), f.payer_ident) for f in traced.flows]
    ends += [(str(f.payee_id), f.payee_ident) for f in traced.flows]
    return {ident for account, ident in ends if account in choice.opened}


def _frontier(shown: Shown, traced: Traced, choice: Choice) -> list[case_frontier.Edge]:
    """The work list is about now, and about money: not about a past moment, nor about marks."""
    if choice.at is not None or not choice.words.is_sum:
        return []
    return case_frontier.frontier(
        shown.case, traced.trail, traced.flows, shown.tickets, shown.windows, shown.holds,
        is_as_held=choice.is_as_held,
    )  # fmt: skip


def _proposed(shown: Shown, traced: Traced, choice: Choice) -> dict[str, Any] | None:
    """What is held now is measured by what is known now: money that came later is not too much."""
    if traced.ledger is None or traced.again is None or not choice.words.is_sum:
        return None
    if choice.is_as_held or choice.at is not None:
        return None
    rows, same = case_proposals.proposals(
        choice, traced.ledger, traced.again, shown.holds, shown.tickets,
        told={str(row.account_id) for row in traced.trail},
    )  # fmt: skip
    return {"rows": rows, "same": same}


def _controls(
    shown: Shown, traced: Traced, choice: Choice, *, at: datetime, before: str
) -> dict[str, Any]:
    page = reverse("case", args=[shown.case.id])
    moments = case_retrace.moments_of(shown.flows, traced.flows)
    steps = case_retrace.steps(choice, moments)
    shown_moments = [
        {"at": typed(one), "said": f"{timezone.localtime(one):%Y-%m-%d %H:%M:%S %Z}"}
        for one in steps["all"]
    ]
    return {
        "page_url": page,
        "patterns_url": reverse("case-patterns", args=[shown.case.id]),
        "rules_url": reverse("case-rules", args=[shown.case.id])
        + Choice(choice.as_held.rule, choice.at).query(),
        "rules": list(WORDS.values()),
        "moments": shown_moments,
        "position": _position(choice, steps["all"]),
        "earlier": steps["earlier"],
        "later": steps["later"],
        "now_query": choice.query(at=None),
        "held_query": choice.as_held.query(),
        "undo_query": _came_from(page, before, choice),
        "latest": typed(at),
    }


def _position(choice: Choice, moments: Sequence[datetime]) -> int:
    """The place of the chosen moment among the bookings; after the last one for now."""
    at = choice.at
    return len(moments) if at is None else max(sum(one <= at for one in moments) - 1, 0)


def _came_from(page: str, before: str, choice: Choice) -> str | None:
    """What of this page the reader saw before; None if it was another page or the same view."""
    came = urlsplit(before)
    if came.path != page:
        return None
    query = f"?{came.query}" if came.query else ""
    return None if query == choice.query() else query
