"""Writes where the money is, as the plan concluded it: trail, flows and totals of each case.

They are concluded as a whole, nothing else writes them; of a large case only the rows that changed
are written again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import models

from recoup.apps.cases.models import Account
from recoup.apps.holds.models import CaseTotal, Destination, Flow, MovementSide, Trail
from recoup.apps.rows import insert_values
from recoup.core import chain

TRAIL = (
    "case_id", "account_id", "claim_id", "rule", "currency", "account_ident", "institution_name",
    "inn", "held", "lying", "moved", "spent", "returned", "unknown", "doubted",
)  # fmt: skip
FLOW = (
    "case_id", "claim_id", "movement_id", "rule", "payer_id", "payee_id", "payer_ident",
    "payer_institution", "payee_ident", "payee_institution", "sink", "place", "state", "carried",
    "currency", "credited", "credit_currency", "booked_at", "told_by", "told_at",
    "ticket_reference",
)  # fmt: skip
TOTAL = (
    "case_id", "rule", "currency", "lost", "held", "lying", "gone", "returned", "unknown",
    "exchanged_out", "exchanged_in",
)  # fmt: skip
Row = tuple[object, ...]


class Named(NamedTuple):
    """What people call an account: its number and its institution."""

    ident: str = ""
    institution: str = ""


class Telling(NamedTuple):
    """Who told of a movement, when, under which ticket."""

    booked_at: datetime | None = None
    told_by: str = ""
    told_at: datetime | None = None
    ticket_reference: str = ""


def store(concluded: chain.Conclusions, known: chain.Facts) -> None:
    """Bring trail, flows and totals of every case in the plan to what was concluded."""
    cases = {claim.id: UUID(claim.case) for claim in known.claims}
    names = _names(concluded)
    case_ids = set(cases.values())
    _replace(Trail, TRAIL, (_trail(row, cases, names) for row in concluded.trail), case_ids)
    _replace(Flow, FLOW, _flows(concluded, cases, names), case_ids)
    _replace(CaseTotal, TOTAL, (_total(total) for total in concluded.totals), case_ids)


def _replace(
    model: type[models.Model], columns: Sequence[str], fresh: Iterable[Row], case_ids: set[UUID]
) -> None:
    """Delete what is concluded no longer, add what is new, leave what stays."""
    rows = model._default_manager.filter(case__id__any=case_ids).values_list("id", *columns)
    stale: dict[Row, list[object]] = {}
    for row_id, *row in rows:
        stale.setdefault(tuple(row), []).append(row_id)
    new = []
    for row in fresh:
        if stale.get(row):
            stale[row].pop()
        else:
            new.append(row)
    if gone := [row_id for ids in stale.values() for row_id in ids]:
        model._default_manager.filter(id__any=gone).delete()
    insert_values(model, columns, new)


def _names(concluded: chain.Conclusions) -> dict[str | None, Named]:
    ids = {row.account for row in concluded.trail}
    ids |= {end for flow in concluded.flows for end in (flow.payer, flow.payee) if end}
    rows = Account.objects.filter(id__any=ids).values_list("id", "ident", "institution__name")
    return {str(account): Named(ident, name) for account, ident, name in rows}


def _trail(row: chain.TrailRow, cases: dict[str, UUID], names: dict[str | None, Named]) -> Row:
    return (
        cases[row.claim], UUID(row.account), UUID(row.claim), row.rule, row.currency,
        *names[row.account], row.inn, row.held, row.lying, row.moved, row.spent, row.returned,
        row.unknown, row.doubted,
    )  # fmt: skip


def _flows(
    concluded: chain.Conclusions, cases: dict[str, UUID], names: dict[str | None, Named]
) -> Iterator[Row]:
    """Each band a fact: who told it, when, under which ticket."""
    movements = {flow.movement for flow in concluded.flows if flow.movement}
    told = _tellings(movements)
    places = dict(
        Destination.objects.filter(movement__id__any=movements, answer__replaced_by=None)
        .exclude(place="")
        .values_list("movement_id", "place")
    )
    for flow in concluded.flows:
        movement = UUID(flow.movement) if flow.movement else None
        yield (
            cases[flow.claim], UUID(flow.claim), movement, concluded.rule,
            UUID(flow.payer) if flow.payer else None, UUID(flow.payee) if flow.payee else None,
            *names.get(flow.payer, Named()), *names.get(flow.payee, Named()), flow.sink or "",
            places.get(movement, "") if movement else "", flow.state, flow.carried, flow.currency,
            flow.credited, flow.credit_currency or "",
            *(told.get(movement, Telling()) if movement else Telling()),
        )  # fmt: skip


def _tellings(movements: set[str]) -> dict[UUID, Telling]:
    """For each movement who tells of it: the payer's bank, else the payee's."""
    rows = MovementSide.objects.filter(movement__id__any=movements, answer__replaced_by=None)
    told = rows.order_by("-is_credit", "answer__received_at", "id").values_list(
        "movement_id", "booked_at", "answer__ticket__account__institution__name",
        "answer__received_at", "answer__ticket__reference",
    )  # fmt: skip
    return {movement: Telling(at, who, when, ticket) for movement, at, who, when, ticket in told}


def _total(total: chain.Total) -> Row:
    return (
        UUID(total.case), total.rule, total.currency, total.lost, total.held, total.lying,
        total.spent, total.returned, total.unknown, total.exchanged_out, total.exchanged_in,
    )  # fmt: skip
