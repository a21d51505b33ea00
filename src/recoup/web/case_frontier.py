"""The frontier of a trace: traced money of which nobody told what became of it: the work list.

Where the planner asks by itself, its ticket is shown. Where a bank told its bookings, money of the
case still lies there and is not held, an officer may ask what happened since.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext

from recoup.apps.cases.models import Case
from recoup.apps.holds.ask_operations import OVER, ended_without_answer
from recoup.apps.holds.case_queries import WindowTold
from recoup.apps.holds.models import Flow, Hold, Trail
from recoup.apps.lawful_requests.models import OPEN_STATES, Ticket
from recoup.web.case_trail import guess_shown

End = tuple[str, int]


@dataclass(frozen=True, slots=True)
class Edge:
    """An account behind which nobody has told. units: up to how much; since: from when on.

    kind: lying (its bank told, and what was booked since is not known), arrived (its bank has not
    told), left (a payment left it, and nobody told where to). ticket: the last one there.
    """

    account_id: UUID
    account_shown: str
    institution_name: str
    currency: str
    kind: str
    units: int
    since: datetime | None
    ticket: Ticket | None
    is_waiting: bool
    ask_url: str
    why_not: str


def frontier(
    case: Case, trail: Iterable[Trail], flows: Sequence[Flow], tickets: Iterable[Ticket],
    windows: Iterable[WindowTold], holds: Iterable[Hold], *, is_as_held: bool,
) -> list[Edge]:  # fmt: skip
    """The work list, the largest sum first. is_as_held: by the rule that holds go by."""
    told_to = {window.account_id: window.to_at for window in windows}
    rounds = _rounds(tickets)
    last_hold = {hold.account_id: hold for hold in holds}
    left, arrived = _left(flows), _arrived(flows)
    found: dict[tuple[UUID, str, str], list[Any]] = {}
    for row in trail:
        for kind, units in _open_ends(row, left):
            place = found.setdefault((row.account_id, row.currency, kind), [row, 0])
            place[1] += units
    edges = []
    for (account, currency, kind), (row, units) in found.items():
        of_account = rounds.get(account, [])
        ticket = of_account[-1] if of_account else None
        since = told_to.get(account) if kind == "lying" else arrived.get(account)
        why = _why_not(case, kind, of_account, last_hold.get(account), is_as_held=is_as_held)
        is_told = account in told_to
        edges.append(
            Edge(
                account, guess_shown(row.account_ident), row.institution_name, currency, kind,
                units, since, ticket, ticket is not None and ticket.state in OPEN_STATES,
                _ask_url(case, account) if kind == "lying" and is_told and not why else "", why,
            )
        )  # fmt: skip
    return sorted(edges, key=lambda edge: (edge.currency, -edge.units, edge.account_shown))


def _left(flows: Iterable[Flow]) -> Mapping[tuple[UUID | None, UUID], int]:
    """By account and claim, what left with payments of which nobody told where they went."""
    found: dict[tuple[UUID | None, UUID], int] = {}
    for flow in flows:
        if flow.state == "untold":
            key = (flow.payer_id, flow.claim_id)
            found[key] = found.get(key, 0) + flow.carried
    return found


def _open_ends(row: Trail, of_place: Mapping[tuple[UUID | None, UUID], int]) -> list[End]:
    left = of_place.get((row.account_id, row.claim_id), 0)
    ends = [("lying", row.lying), ("left", left), ("arrived", row.unknown - left)]
    return [(kind, units) for kind, units in ends if units > 0]


def _rounds(tickets: Iterable[Ticket]) -> Mapping[UUID, list[Ticket]]:
    """By account, the tickets for holds in their order."""
    rounds: dict[UUID, list[Ticket]] = {}
    for ticket in sorted(tickets, key=lambda t: t.round):
        if ticket.measure == "hold":
            rounds.setdefault(ticket.account_id, []).append(ticket)  # type: ignore[arg-type]
    return rounds


def _arrived(flows: Iterable[Flow]) -> Mapping[UUID, datetime]:
    """By account, the first booking with money of the case."""
    first: dict[UUID, datetime] = {}
    for flow in flows:
        for account in (flow.payer_id, flow.payee_id):
            if account and flow.booked_at:
                first[account] = min(flow.booked_at, first.get(account, flow.booked_at))
    return first


def _ask_url(case: Case, account: UUID) -> str:
    return f"{reverse('case-ask', args=[case.id])}?account={account}"


def _why_not(
    case: Case, kind: str, rounds: Sequence[Ticket], hold: Hold | None, *, is_as_held: bool
) -> str:
    """Why no officer asks here; empty where one may, or where the ticket says it."""
    if case.state != "open":
        return gettext("the case is over")
    if not is_as_held:
        return gettext("asked by the holding rule only")
    if not rounds:
        return gettext("nobody was asked yet")
    if rounds[-1].state in OPEN_STATES:
        return gettext("asked, not answered yet")
    if ended_without_answer(rounds):
        return gettext("the last ticket ended unreached: see there what can be done")
    if hold and hold.limit_minor == 0:
        return gettext("an officer lifted the hold")
    if hold and hold.state in OVER:
        return gettext("the hold has ended by itself: a person decides what follows")
    return "" if kind == "lying" else gettext("answered: a person clears it up, see the tasks")
