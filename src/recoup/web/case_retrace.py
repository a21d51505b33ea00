"""The flow of a case under the rule and as of the moment that a reader chose, with its proof.

Calculated from the facts for this one answer, by one rule, and never stored. Beside every figure
stand rule, source, policies, order and date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext, gettext_lazy, ngettext

from recoup.apps.holds.case_ledger import (
    UNCONFIRMED_AT_MOST,
    AccountName,
    CaseLedger,
    TooManyAccounts,
)
from recoup.apps.holds.models import Flow, Trail
from recoup.apps.holds.wording import moment
from recoup.apps.said import in_words
from recoup.core import chain
from recoup.core.tracing import RULES
from recoup.web.case_rules import Choice
from recoup.web.templatetags.recoup_ui import money_plain

NOBODY = AccountName("", "", "", "")
SHORTFALL = gettext_lazy(
    "money that an account paid out beyond what was seen counts as clean and youngest"
)
ORDER = gettext_lazy("each bank’s own booking time and sequence, a debit before its credit")
ORDER_OF_BATCH = gettext_lazy(
    "each bank’s own booking time, in a batch the largest first; a debit before its credit"
)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a sum: what it is, and the units."""

    fate: str
    name: str
    units: int


@dataclass(frozen=True, slots=True)
class Proof:
    """Whether every unit of one currency is accounted for, with the parts that add up to it."""

    currency: str
    lost: int
    parts: tuple[Part, ...]
    is_balanced: bool


def flows(ledger: CaseLedger, again: chain.Retraced) -> list[Flow]:
    """The case's flows as the page draws them; not rows of the database."""
    own = {claim.id for claim in ledger.claims}
    booked = booked_at(ledger)
    found = [
        _flow(ledger, flow, again.rule, booked.get(flow.movement or ""))
        for flow in again.followed.flows
        if flow.claim in own and flow.carried
    ]
    return sorted(
        found, key=lambda flow: (flow.booked_at is not None, flow.booked_at, flow.payer_ident)
    )


def booked_at(ledger: CaseLedger) -> dict[str, datetime]:
    """When each movement was booked: by the payer's bank, else by the payee's."""
    sides = sorted(ledger.facts.sides, key=lambda side: not side.is_credit)
    return {side.movement: moment(side.booked_at) for side in sides}


def _flow(ledger: CaseLedger, flow: chain.Flow, rule: str, at: datetime | None) -> Flow:
    payer = ledger.names.get(flow.payer or "", NOBODY)
    payee = ledger.names.get(flow.payee or "", NOBODY)
    told = ledger.teller(flow.movement)
    return Flow(
        case_id=ledger.case_id, claim_id=UUID(flow.claim), rule=rule,
        movement_id=UUID(flow.movement) if flow.movement else None,
        payer_id=UUID(flow.payer) if flow.payer else None,
        payee_id=UUID(flow.payee) if flow.payee else None,
        payer_ident=payer.ident, payer_institution=payer.institution,
        payee_ident=payee.ident, payee_institution=payee.institution, sink=flow.sink or "",
        place=ledger.places.get(flow.movement or "", ""), state=flow.state, carried=flow.carried,
        currency=flow.currency, credited=flow.credited,
        credit_currency=flow.credit_currency or "", booked_at=at,
        told_by=told.place if told else "", told_at=told.told_at if told else None,
        ticket_reference=told.reference if told else "",
    )  # fmt: skip


def trail(ledger: CaseLedger, again: chain.Retraced) -> list[Trail]:
    """What became of the case's money on each account; not rows of the database."""
    own = {claim.id for claim in ledger.claims}
    return [_row(ledger, row) for row in again.rows if row.claim in own]


def _row(ledger: CaseLedger, row: chain.TrailRow) -> Trail:
    name = ledger.names.get(row.account, NOBODY)
    return Trail(
        case_id=ledger.case_id, account_id=UUID(row.account), claim_id=UUID(row.claim),
        rule=row.rule, currency=row.currency, account_ident=name.ident,
        institution_name=name.institution, inn=row.inn, held=row.held, lying=row.lying,
        moved=row.moved, spent=row.spent, returned=row.returned, unknown=row.unknown,
        doubted=row.doubted,
    )  # fmt: skip


def proofs(ledger: CaseLedger, again: chain.Retraced) -> list[Proof]:
    """The sums of the case under this rule, each currency by itself; none where they are marks."""
    if not RULES[again.rule].conserves:
        return []
    return [
        _proof(total, is_past=again.at is not None)
        for total in again.totals
        if total.case == str(ledger.case_id)
    ]


def _proof(total: chain.Total, *, is_past: bool) -> Proof:
    names = {
        "held": gettext("held"),
        "lying": gettext("in accounts then") if is_past else gettext("there but not held"),
        "gone": gettext("gone"),
        "returned": gettext("returned"),
        "unknown": gettext("on its way or not told") if is_past else gettext("not told yet"),
        "moved": gettext("exchanged into another currency"),
    }
    units = {
        "held": total.held, "lying": total.lying, "gone": total.spent,
        "returned": total.returned, "unknown": total.unknown, "moved": total.exchanged_out,
    }  # fmt: skip
    parts = tuple(Part(fate, names[fate], n) for fate, n in units.items() if n)
    return Proof(total.currency, total.lost + total.exchanged_in, parts, chain.is_balanced(total))


def too_much(problem: TooManyAccounts) -> str:
    """Why a case is not traced while somebody waits, and what its pages leave out."""
    left_out = gettext(
        "So it is shown by the holding rule only; other rules, earlier moments, single bookings, "
        "patterns and files of its trace are left out."
    )
    return f"{in_words(problem.said)} {left_out}"


def left_out(ledger: CaseLedger | None) -> str:
    """The reports that are no part of what was traced; empty where there are none."""
    n = ledger.unconfirmed if ledger else 0
    if n > UNCONFIRMED_AT_MOST:
        text = gettext(
            "More than %(n)s other reports about these accounts, which nobody has confirmed or "
            "adopted, are left out; they change no sum."
        )
        return text % {"n": UNCONFIRMED_AT_MOST}
    if not n:
        return ""
    text = ngettext(
        "%(n)s other report about these accounts, which nobody has confirmed or adopted, is left "
        "out; it changes no sum.",
        "%(n)s other reports about these accounts, which nobody has confirmed or adopted, are "
        "left out; they change no sum.",
        n,
    )
    return text % {"n": n}


def statement(choice: Choice, now: datetime) -> dict[str, Any]:
    """What stands beside every figure: rule, source, policies, order, date."""
    words = choice.words
    return {
        "rule": words,
        "at": choice.at,
        "now": now,
        "shortfall": SHORTFALL,
        "order": ORDER_OF_BATCH if choice.rule == "tiho" else ORDER,
        "is_exact": choice.rule == "prorata_exact",
    }


def steps(choice: Choice, moments: Iterable[datetime]) -> dict[str, Any]:
    """The bookings that one can go to: all of them, the one before and the one after."""
    whole = sorted({at.replace(microsecond=0) for at in moments})
    at = choice.at
    before = [one for one in whole if at is None or one < at]
    after = [one for one in whole if at is not None and one > at]
    return {
        "all": whole,
        "earlier": choice.query(at=before[-1]) if before else None,
        "later": choice.query(at=after[0]) if after else None,
    }


def moments_of(*flowing: Iterable[Flow]) -> Iterator[datetime]:
    for rows in flowing:
        yield from (flow.booked_at for flow in rows if flow.booked_at)


def plain(proof: Proof) -> str:
    """The sum as one line of text: 500.00 = 300.00 held + 200.00 gone."""
    parts = " + ".join(f"{money_plain(p.units, proof.currency)} {p.name}" for p in proof.parts)
    return f"{money_plain(proof.lost, proof.currency)} = {parts or 0}"


def by_account(rows: Iterable[Trail]) -> Mapping[tuple[UUID, str], int]:
    """What is in each account under one rule: held or not."""
    found: dict[tuple[UUID, str], int] = {}
    for row in rows:
        key = (row.account_id, row.currency)
        found[key] = found.get(key, 0) + row.held + row.lying
    return found
