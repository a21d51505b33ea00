"""The trail as the case page shows it: account by account, under the rule for holding.

A figure is certain, a range, or not known, and says which: a zero is only shown where it is one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext, gettext_lazy

from recoup.apps.holds.models import Trail
from recoup.core.accounts import AccountIdentifier, scheme_of_key
from recoup.web.case_doubts import Doubt
from recoup.web.figures import Figure, figure
from recoup.web.templatetags.recoup_ui import money_plain

RULE = "fifo"
RULE_NAME = gettext_lazy("first in, first out")
RULE_TEXT = gettext_lazy(
    "Rule for holding: FIFO (Clayton’s case, 1816): the money that came first leaves first. Order: "
    "each bank’s own booking time and sequence. Unseen money counts as the youngest and as clean."
)
BESIDE = "prorata"
SURE = Doubt(0)
Place = tuple[UUID, UUID, str]


@dataclass(frozen=True, slots=True)
class Beside:
    """What is still on an account by the other rule. still: None where nothing of it is known.

    unknown: units of which nobody knows whether they are there. reason: why not, in words.
    """

    still: Figure | None
    unknown: int | None = 0
    reason: str = ""


def guess_shown(ident: str) -> str:
    """An account for people where only its key is at hand."""
    scheme = scheme_of_key(ident)
    return ident if scheme == "cash_reference" else AccountIdentifier(scheme, ident).shown


def trace(trail: Sequence[Trail], doubts: Mapping[tuple[UUID, str], Doubt]) -> dict[str, Any]:
    """The table's rows; ``doubts`` by account and currency."""
    held_by = {_place(row): row for row in trail if row.rule == RULE}
    others = {_place(row): row for row in trail if row.rule == BESIDE}
    rows = []
    for place in dict.fromkeys([*held_by, *others]):
        doubt = doubts.get((place[0], place[2]), SURE)
        row = _row(held_by.get(place) or others[place], doubt, is_traced=place in held_by)
        rows.append(row | {"beside": _beside(place, held_by.get(place), others, doubt)})
    return {
        "rule_name": RULE_NAME, "rule_text": RULE_TEXT, "rows": rows,
        "is_incomplete": bool(doubts),
    }  # fmt: skip


def _place(row: Trail) -> Place:
    return row.account_id, row.claim_id, row.currency


def _row(row: Trail, doubt: Doubt, *, is_traced: bool) -> dict[str, Any]:
    """is_traced: money of the case came here by the rule for holding, not by the other one only."""
    return {
        "account_shown": guess_shown(row.account_ident),
        "institution_name": row.institution_name,
        "currency": row.currency,
        "figures": _figures(row, doubt) if is_traced else [Figure(0, 0, 0)] * 7,
        "doubt": _said(doubt, row),
    }


def _figures(row: Trail, doubt: Doubt) -> list[Figure]:
    """What is held is what the bank says that it holds: the rest is what is traced."""
    inflow = None if doubt.inflow is None else doubt.inflow + row.doubted
    most = row.inn + (inflow or 0)
    parts = (row.lying, row.moved, row.spent, row.returned, row.unknown)
    return [
        figure(row.inn, inflow, most=most),
        figure(row.held, 0, most=row.held),
        *(figure(part, doubt.units, most=most) for part in parts),
    ]


def _beside(
    place: Place, traced: Trail | None, others: Mapping[Place, Trail], doubt: Doubt
) -> Beside:
    row = others.get(place)
    if row is None:
        # By this rule too the money may have come here, through payments nobody told of.
        if any(r.unknown for (_, claim, _), r in others.items() if claim == place[1]):
            return Beside(None, None, gettext("the way here is not told yet"))
        return Beside(Figure(0, 0, 0))
    still = row.held + row.lying
    most = row.inn + (doubt.inflow or 0)
    reason = _why_unknown(row, traced, doubt) if row.unknown else ""
    known = still or row.inn > row.unknown
    return Beside(figure(still, doubt.units, most=most) if known else None, row.unknown, reason)


def _why_unknown(row: Trail, traced: Trail | None, doubt: Doubt) -> str:
    if doubt.is_own:
        return gettext("the disclosure does not add up")
    if traced is not None and traced.unknown >= row.unknown:
        return gettext("the bank has not told yet")
    if traced is None and row.unknown == row.inn:
        return gettext("this bank was not asked: nothing came here by the first rule")
    # Where a debit went is dropped unless it carries money by the rule for holding (ADR 0008).
    return gettext("it left with payments of which only the first rule’s were asked")


def _said(doubt: Doubt, row: Trail) -> str:
    """Why the figures are ranges, in a few words; empty where they are certain."""
    if doubt == SURE:
        return ""
    if row.doubted:
        return gettext("what came back is told in contradiction: %(amount)s or more") % {
            "amount": money_plain(row.doubted, row.currency)
        }
    if not doubt.is_own:
        return gettext("rests on an incomplete disclosure before it")
    if doubt.units is None:
        return gettext("incomplete: by how much is not known")
    return gettext("incomplete: out by %(amount)s or more") % {
        "amount": money_plain(doubt.units, row.currency)
    }
