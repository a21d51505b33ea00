"""A desk's queue as its page shows it: one card an account, the most urgent first, with clocks.

Identical accounts are one card, since they are one look into the bank's own system. What a card
counts as victims is the number of different losses, of which the addressee learns nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from recoup.apps.keyed import keyed
from recoup.apps.lawful_requests import queries
from recoup.apps.lawful_requests.drafts import shown
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.lawful_requests.operations import TAKEN_FOR
from recoup.core.access import Actor

SHOWN_AT_MOST: Final = 50
RECENT: Final = 10
DUE_SOON: Final = timedelta(minutes=10)


@dataclass(slots=True)
class Card:
    """One account and all that is asked about it."""

    account_shown: str
    currency: str
    tickets: list[dict[str, Any]] = field(default_factory=list)
    losses: dict[UUID, int] = field(default_factory=dict)
    urgency: int = 0

    @property
    def victims(self) -> int:
        return len(self.losses)

    @property
    def reachable_minor(self) -> int:
        return sum(self.losses.values())


def queue_page(actor: Actor, *, at: datetime) -> dict[str, Any]:
    """Everything that the queue's page and its live part show."""
    today = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    figures = queries.queue_figures(actor, since=today, soon=at + DUE_SOON)
    waiting = _waiting(actor.organisation_id)
    recent = _answered(actor.organisation_id)
    return {
        "figures": figures,
        "cards": cards_of(waiting, actor, at=at),
        "more_count": max(0, figures.open - len(waiting)),
        "recent": rows_done(recent),
    }


def cards_of(tickets: Sequence[Ticket], actor: Actor, *, at: datetime) -> list[Card]:
    """Group tickets by account; a card is as urgent as all that is asked there together."""
    due = queries.answer_deadlines([ticket.id for ticket in tickets])
    cards: dict[UUID, Card] = {}
    for ticket in tickets:
        card = cards.setdefault(ticket.account_id, Card(shown(ticket.account), ticket.currency))  # type: ignore[arg-type]
        card.tickets.append(_row(ticket, actor, due.get(ticket.id), at=at))
        most = max(card.losses.get(ticket.case_id, 0), ticket.asked_minor)  # type: ignore[arg-type]
        card.losses[ticket.case_id] = most  # type: ignore[index]
        card.urgency += ticket.urgency
    return sorted(cards.values(), key=lambda card: -card.urgency)


def rows_done(tickets: Sequence[Ticket]) -> list[dict[str, Any]]:
    """Tickets with the answer that counts, for a table."""
    answers = queries.last_answers([ticket.id for ticket in tickets])
    rows = []
    for ticket in tickets:
        answer = answers.get(ticket.id)
        rows.append(
            {
                "id": ticket.id, "reference": ticket.reference, "measure": ticket.measure,
                "kind": ticket.kind, "account_shown": shown(ticket.account),
                "amount_minor": ticket.asked_minor, "currency": ticket.currency,
                "code": answer.code if answer else "",
                "held_minor": answer.held_minor if answer else None,
                "sent_at": ticket.sent_at, "answered_at": ticket.answered_at,
                "state": ticket.state,
            }
        )  # fmt: skip
    return rows


def taken_by(ticket: Ticket, *, at: datetime) -> str | None:
    """The name of the colleague who is answering it now; a lock ends by itself."""
    if ticket.taken_by is None or ticket.taken_at is None or at - ticket.taken_at >= TAKEN_FOR:
        return None
    return str(ticket.taken_by)


@keyed
def _waiting(organisation_id: int) -> QuerySet[Ticket]:
    return _for_list(queries.queue_at(organisation_id)[:SHOWN_AT_MOST])


@keyed
def _answered(organisation_id: int) -> QuerySet[Ticket]:
    return _for_list(queries.answered_lately(organisation_id)[:RECENT])


def _for_list(rows: QuerySet[Ticket]) -> QuerySet[Ticket]:
    return rows.select_related("account", "taken_by").defer("body", "draft")


def _row(ticket: Ticket, actor: Actor, due_at: datetime | None, *, at: datetime) -> dict[str, Any]:
    name = taken_by(ticket, at=at)
    is_mine = name is not None and ticket.taken_by_id == actor.person_id
    return {
        "id": ticket.id, "reference": ticket.reference, "measure": ticket.measure,
        "kind": ticket.kind, "amount_minor": ticket.asked_minor, "currency": ticket.currency,
        "sent_at": ticket.sent_at, "due_at": due_at or ticket.due_at,
        "clock_start": ticket.sent_at, "clock_how": _("Counted from sending, as the law pack says"),
        "clock_label": _("to answer"), "state": ticket.state, "taken_by": name,
        "is_mine": is_mine, "next_act": _("Look") if name and not is_mine else "",
    }  # fmt: skip
