"""The picture of the money flow: nodes and bands from the flows and the trail, one a currency.

Each band is a fact: who said it, when, under which ticket; the table beside it has the same rows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext, gettext_lazy

from recoup.apps.holds.models import Flow, Trail
from recoup.apps.lawful_requests.models import Ticket
from recoup.core.accounts import AccountIdentifier
from recoup.web.names import organisation_name
from recoup.web.templatetags.recoup_ui import NO_BREAK, decimals_of, money_plain

INVENTED = re.compile(r" \((invented|измишљен\w*|izmišljen\w*)\)$")
FATES = ("held", "lying", "returned", "unknown")
SINKS = {
    "cash": gettext_lazy("cash taken"),
    "card": gettext_lazy("paid by card"),
    "fee": gettext_lazy("fees"),
    "abroad": gettext_lazy("left the country"),
    "other": gettext_lazy("left the trail"),
}


@dataclass(slots=True)
class Picture:
    """One currency's nodes, links and table rows."""

    currency: str
    names: Mapping[str, str] = field(default_factory=dict)
    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    links: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)

    def node(self, key: str, label: str, kind: str) -> str:
        self.nodes.setdefault(key, {"id": key, "label": label, "kind": kind})
        return key

    def band(self, source: str, target: str, amount: int, fate: str, told: dict[str, Any]) -> None:
        if amount <= 0:
            return
        key = f"{self.currency}-{len(self.rows)}"
        labels = self.nodes[source]["label"], self.nodes[target]["label"]
        value = float(amount) / 10 ** decimals_of(self.currency)
        who = organisation_name(told.get("answered_by", "")) or (
            gettext("not answered yet") if told.get("is_untold") else gettext("as reported")
        )
        tip = f"{labels[0]} → {labels[1]}\n{money_plain(amount, self.currency)}\n{who}"
        if told.get("is_doubtful"):
            tip += "\n" + gettext("not certain: the disclosure is incomplete")
        self.links.append(
            {"key": key, "source": source, "target": target, "value": value, "fate": fate,
             "tip": tip}
        )  # fmt: skip
        self.rows.append(
            {
                "key": key, "from_label": labels[0], "to_label": labels[1], "fate": fate,
                "amount_minor": amount, "at": None, "answered_by": "", "answered_at": None,
                "ticket_id": None, "ticket_reference": "", "is_asked": False, "is_untold": False,
                "is_doubtful": False, **told,
            }
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Returned:
    """Which bank said that it stopped or recalled a payment, under which ticket and when."""

    ticket: Ticket
    by: str
    at: datetime


def pictures(
    flows: Sequence[Flow],
    trail: Sequence[Trail],
    tickets: Iterable[Ticket],
    *,
    victims: frozenset[str],
    returned: Mapping[str, Returned],
    doubtful: frozenset[UUID] = frozenset(),
    is_past: bool = False,
    is_mark: bool = False,
) -> list[dict[str, Any]]:
    """One picture a currency, the claims' currency first. doubtful: accounts told incompletely.

    returned: by account, what its bank stopped or recalled. is_past: as of an earlier moment, of
    which nobody told what was held. is_mark: the rule gives marks, no sums.
    """
    names = _names_of_rest(is_past=is_past, is_mark=is_mark)
    tickets = list(tickets)
    known = {ticket.reference: ticket.id for ticket in tickets}
    asked = {ticket.account_ident: ticket for ticket in tickets if _is_open_hold(ticket)}
    answered = {ticket.account_ident: ticket for ticket in tickets if _is_answered_hold(ticket)}
    back = _told_back(flows, known) | _told_stopped(returned)
    drawn: dict[str, Picture] = {}
    for flow in flows:
        picture = drawn.setdefault(flow.currency, Picture(flow.currency, names))
        _draw_flow(picture, flow, known, victims, is_doubtful=flow.payer_id in doubtful)
    untold = _left_untold(flows)
    for row in _along(trail, flows):
        _draw_rest(
            drawn.setdefault(row.currency, Picture(row.currency, names)),
            row,
            asked.get(row.account_ident),
            answered.get(row.account_ident),
            back.get(row.account_ident, {}),
            is_doubtful=row.account_id in doubtful,
            drawn=untold.get((row.account_id, row.claim_id), 0),
        )
    return [
        {
            "currency": picture.currency,
            "data_id": f"flow-data-{picture.currency}",
            "data": {"nodes": list(picture.nodes.values()), "links": picture.links},
            "rows": picture.rows,
        }
        for picture in drawn.values()
        if picture.rows
    ]


def _along(trail: Iterable[Trail], flows: Iterable[Flow]) -> list[Trail]:
    """Accounts in the order in which the money came to them: the same by every rule."""
    came: dict[UUID | None, int] = {}
    for flow in flows:
        came.setdefault(flow.payer_id, len(came))
        came.setdefault(flow.payee_id, len(came))
    return sorted(trail, key=lambda row: came.get(row.account_id, len(came)))


def _names_of_rest(*, is_past: bool, is_mark: bool) -> dict[str, str]:
    names = {
        "held": gettext("held"),
        "lying": gettext("there but not held"),
        "returned": gettext("returned"),
        "unknown": gettext("not told yet"),
    }
    if is_past:
        names |= {"lying": gettext("in the account then"), "unknown": gettext("on its way then")}
    if is_mark:
        names |= {"lying": gettext("marked, in the account")}
    return names


def _left_untold(flows: Iterable[Flow]) -> dict[tuple[UUID | None, UUID], int]:
    """What left an account with payments of which nobody told where they went, by claim."""
    found: dict[tuple[UUID | None, UUID], int] = {}
    for flow in flows:
        if flow.state == "untold":
            place = (flow.payer_id, flow.claim_id)
            found[place] = found.get(place, 0) + flow.carried
    return found


def _label(ident: str, institution: str) -> str:
    name = INVENTED.sub("", organisation_name(institution))
    return f"{name} …{NO_BREAK}{_short(ident)}" if name else _short(ident)


def _short(ident: str) -> str:
    """The last digits, not to be torn apart: enough to tell a case's accounts from each other.

    Tickets and trail have them whole."""
    if ident[:2].isalpha() and ident.isalnum():
        return AccountIdentifier("iban", ident).shown[-7:].replace(" ", NO_BREAK)
    return ident[-8:]


def _draw_flow(
    picture: Picture, flow: Flow, known: dict[str, Any], victims: frozenset[str], *,
    is_doubtful: bool,
) -> None:  # fmt: skip
    if flow.payer_ident:
        kind = "victim" if flow.payer_ident in victims else "account"
        source = picture.node(
            flow.payer_ident, _label(flow.payer_ident, flow.payer_institution), kind
        )
    else:
        source = picture.node("victim", gettext("the victim’s account"), "victim")
    fate = "moved"
    if flow.sink:
        name = str(SINKS.get(flow.sink, flow.sink))
        label = f"{name}: {flow.place}" if flow.place else name
        target = picture.node(f"sink:{flow.sink}:{flow.place}", label, "gone")
        fate = "gone"
    elif flow.payee_ident:
        target = picture.node(
            flow.payee_ident, _label(flow.payee_ident, flow.payee_institution), "account"
        )
        fate = "returned" if flow.state == "returned" else "moved"
    else:
        target = picture.node("untold", gettext("destination not told yet"), "unknown")
        fate = "unknown"
    told = _told_of_flow(flow, known) | {"at": flow.booked_at, "is_doubtful": is_doubtful}
    picture.band(source, target, flow.carried, fate, told)


def _told_of_flow(flow: Flow, known: Mapping[str, UUID]) -> dict[str, Any]:
    return {
        "answered_by": flow.told_by, "answered_at": flow.told_at,
        "ticket_id": known.get(flow.ticket_reference), "ticket_reference": flow.ticket_reference,
    }  # fmt: skip


def _told_back(flows: Sequence[Flow], known: Mapping[str, UUID]) -> dict[str, dict[str, Any]]:
    """Who says of an account that a payment brought the money back to it."""
    return {
        flow.payee_ident: _told_of_flow(flow, known) for flow in flows if flow.state == "returned"
    }


def _told_stopped(returned: Mapping[str, Returned]) -> dict[str, dict[str, Any]]:
    return {
        account: {
            "answered_by": told.by, "answered_at": told.at,
            "ticket_id": told.ticket.id, "ticket_reference": told.ticket.reference,
        }
        for account, told in returned.items()
    }  # fmt: skip


def _is_open_hold(ticket: Ticket) -> bool:
    return ticket.measure == "hold" and ticket.answered_at is None and ticket.ended_at is None


def _is_answered_hold(ticket: Ticket) -> bool:
    return ticket.measure == "hold" and ticket.answered_at is not None


def _draw_rest(
    picture: Picture, row: Trail, asked: Ticket | None, answered: Ticket | None,
    back: dict[str, Any], *, is_doubtful: bool, drawn: int,
) -> None:  # fmt: skip
    """What stays on an account: held, there but not held, returned, unknown.

    What is there was told in the last answer; of what is unknown the bank is asked, or nobody is.
    back: who says that it was returned. drawn: what of the unknown is a band already, since it left
    with a payment of which nobody told where it went.
    """
    here = picture.node(
        row.account_ident, _label(row.account_ident, row.institution_name), "account"
    )
    for fate in FATES:
        amount = getattr(row, fate) - (drawn if fate == "unknown" else 0)
        if amount > 0 and not (fate == "unknown" and row.inn == row.moved):
            target = picture.node(f"{fate}:{row.account_ident}", picture.names[fate], fate)
            told = back if fate == "returned" else _told_of_rest(row, fate, asked, answered)
            doubtful = is_doubtful and fate != "held"
            picture.band(here, target, amount, fate, told | {"is_doubtful": doubtful})


def _told_of_rest(
    row: Trail, fate: str, asked: Ticket | None, answered: Ticket | None
) -> dict[str, Any]:
    ticket = asked if fate == "unknown" else answered
    known: dict[str, Any] = {}
    if ticket is not None:
        known = {"ticket_id": ticket.id, "ticket_reference": ticket.reference}
    if fate == "unknown":
        return known | {"is_asked": asked is not None, "is_untold": True}
    when = answered.answered_at if answered else None
    return known | {"answered_by": row.institution_name, "answered_at": when}
