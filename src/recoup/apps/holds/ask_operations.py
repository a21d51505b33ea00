"""An officer asks the next bank: what was booked on an account since its bank last told of it.

The ask is a line of the timeline and of the trail, and a row on the planner's work list. The ticket
is the planner's: the same authority, law, limits and clocks as one that it opens by itself.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from recoup.apps.cases.models import Case, CaseEvent
from recoup.apps.holds import case_queries
from recoup.apps.holds.models import PlanWanted, Trail
from recoup.apps.holds.operations import NotPossible, locked, plan_again, tell
from recoup.apps.holds.queries import holds_of_case
from recoup.apps.lawful_requests.models import OPEN_STATES, Ticket
from recoup.core.access import Actor
from recoup.core.accounts import scheme_of_key
from recoup.core.said import Said
from recoup.data import load_pack

ASKED_ON = "bookings_asked"
CLOSING = ("refused", "lapsed", "undeliverable", "withdrawn")
DAY = timedelta(hours=24)
SEPARATE = ("block", "destination")
OVER = ("lapsed", "replaced")  # of holds: let go by a clock, or an order stands instead


class AskedOn(NamedTuple):
    """What officers ask in this pass: the accounts, and the same as the plan takes it."""

    accounts: set[UUID]
    pairs: frozenset[tuple[str, str]]


def asked_on(wanted: Iterable[PlanWanted]) -> AskedOn:
    """The accounts of which officers asked, by the acts that put these rows on the work list."""
    acts = {(row.case_id, row.since) for row in wanted}
    if not acts:
        return AskedOn(set(), frozenset())
    events = CaseEvent.objects.filter(
        case_id__in={case for case, _ in acts}, at__in={at for _, at in acts}, what=ASKED_ON
    )
    pairs = {
        (str(event.case_id), str(event.values["account_id"]))
        for event in events
        if (event.case_id, event.at) in acts
    }
    return AskedOn({UUID(account) for _, account in pairs}, frozenset(pairs))


@transaction.atomic
def ask_on(
    *, case: Case, account_id: UUID, rule: str, ground: str, by: Actor, at: datetime
) -> None:
    """Ask what was booked since the account was last told of. rule: the one that holds go by.

    Raises NotPossible where a ticket is open, nothing lies there unheld, or nothing may be asked.
    """
    case = locked(case)[case.pk]
    if problem := why_not(case, account_id, rule=rule, at=at):
        raise NotPossible(problem)
    row = Trail.objects.filter(case=case, account_id=account_id, rule=rule)[0]
    tell(
        case, ASKED_ON, by=by, at=at, account_id=str(account_id), account=row.account_ident,
        scheme=scheme_of_key(row.account_ident),
        institution=row.institution_name, ground=ground,
    )  # fmt: skip
    plan_again(case.id, at=at)


def why_not(case: Case, account_id: UUID, *, rule: str, at: datetime) -> Said | None:
    """Why the bank of this account is not asked now; None where it may be."""
    if case.state != "open":
        return Said("The case is over: nothing more is asked in it.")
    lying = Trail.objects.filter(case=case, account_id=account_id, rule=rule).aggregate(
        units=Sum("lying")
    )["units"]
    if not lying:
        return Said(
            "No money of the case lies there unheld by the rule for holding: there is nothing to "
            "ask for."
        )
    if all(window.account_id != account_id for window in case_queries.windows_of_case(case.id)):
        return Said("This bank has told no bookings yet: what it is asked first is on its way.")
    return _against_a_ticket(case, account_id) or _too_often(case, account_id, at=at)


def _too_often(case: Case, account_id: UUID, *, at: datetime) -> Said | None:
    most = load_pack(settings.COUNTRY).caps.asks_of_account_day
    events = CaseEvent.objects.filter(
        case=case, what=ASKED_ON, at__gt=at - DAY, values__account_id=str(account_id)
    )
    if events.count() < most:
        return None
    return Said(
        "This account was asked about %(n)s times in 24 hours, which is the most: to watch an "
        "account is another measure.",
        n=most,
    )


def _against_a_ticket(case: Case, account_id: UUID) -> Said | None:
    tickets = Ticket.objects.filter(case_id=case.id, account_id=account_id, measure="hold")
    rounds = list(tickets.order_by("round"))
    if not rounds:
        return Said("This bank was asked by somebody else: ask them.")
    if rounds[-1].state in OPEN_STATES:
        return Said(
            "Ticket %(ticket)s is open there: its answer is awaited.", ticket=rounds[-1].reference
        )
    if ended := ended_without_answer(rounds):
        return Said(
            "Ticket %(ticket)s ended without an answer that goes on: see there what can be done.",
            ticket=ended.reference,
        )
    holds = [hold for hold in holds_of_case(case.id) if hold.account_id == account_id]
    if holds and holds[-1].limit_minor == 0:
        return Said("An officer lifted the hold there: nothing may be asked under it.")
    if holds and holds[-1].state in OVER:
        return Said("The hold there has ended by itself: a person decides what follows.")
    return None


def ended_without_answer(rounds: Iterable[Ticket]) -> Ticket | None:
    """The ticket that stands against a new question; rounds: one account's, in their order.

    As the planner has it: of each kind the last counts, and those that stand by themselves do not.
    """
    last = {ticket.kind: ticket for ticket in rounds if ticket.kind not in SEPARATE}
    ended = [ticket for ticket in last.values() if ticket.state in CLOSING]
    return max(ended, key=lambda ticket: ticket.round, default=None)
