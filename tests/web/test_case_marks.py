"""Marks of several reports of one case overlap: no page adds them up."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

import pytest

from recoup.apps.holds.case_ledger import CaseLedger
from recoup.apps.holds.models import Flow
from recoup.core import chain
from recoup.core.chain.books import keep_books
from recoup.web import case_expanded, case_folding, case_side_by_side

CLAIMS = (uuid4(), uuid4())
HERE, MOVEMENT = uuid4(), uuid4()
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def flow(claim: UUID) -> Flow:
    return Flow(
        claim_id=claim, movement_id=MOVEMENT, payer_id=HERE, payee_id=uuid4(), carried=10,
        currency="EUR", booked_at=NOON, state="arrived", payer_ident="A", payee_ident="B",
    )  # fmt: skip


def ledger() -> CaseLedger:
    case = uuid4()
    side = chain.Side(str(MOVEMENT), str(HERE), False, 10, "EUR", 1, 1, "a")
    claims = tuple(
        chain.ClaimFact(str(c), str(case), 10, "EUR", None, str(HERE), None, 1, live=True)
        for c in CLAIMS
    )
    accounts = (chain.AccountFact(str(HERE), "EUR"),)
    return CaseLedger(case, chain.Facts(accounts, claims, sides=(side,)), {}, {})


def traced(rule: str, facts: chain.Facts) -> chain.Retraced:
    rows = [chain.TrailRow(str(HERE), str(c), "EUR", rule, 10, lying=10) for c in CLAIMS]
    told = SimpleNamespace(books=keep_books(facts), at=None, rule=rule, rows=rows)
    return cast(chain.Retraced, told)


@pytest.mark.parametrize(("rule", "units"), [("poison", 10), ("fifo", 20)])
def test_a_booking_is_not_marked_with_more_than_it_is(rule: str, units: int) -> None:
    """Two merged reports that mark one booking of 10 stood there as 20."""
    known = ledger()
    chip = case_expanded.Chip(str(HERE), "A", "Bank", is_open=True, query="")
    flows = [flow(claim) for claim in CLAIMS]
    [panel] = case_expanded.opened([chip], known, traced(rule, known.facts), flows, [])
    assert [booking.carried for booking in panel.bookings] == [units]


@pytest.mark.parametrize(("rule", "units"), [("poison", 10), ("fifo", 20)])
def test_side_by_side_the_largest_mark_stands_for_all(rule: str, units: int) -> None:
    known = ledger()
    sums = case_side_by_side._sums(known, traced(rule, known.facts), {str(HERE)}, "EUR")
    assert sums == {("there", str(HERE)): units}


@pytest.mark.parametrize(("is_mark", "units"), [(True, 7), (False, 7 * 40)])
def test_folded_marks_are_not_added(is_mark: bool, units: int) -> None:
    names = [f"A{n:02}" for n in range(60)]
    nodes = [{"id": name, "label": name, "kind": "account"} for name in ["hub", *names]]
    values = [100] * 20 + [7] * 40
    links: list[dict[str, Any]] = [
        {"key": name, "source": "hub", "target": name, "value": value, "fate": "moved", "tip": ""}
        for name, value in zip(names, values, strict=True)
    ]
    rows = [
        {"key": link["key"], "from_label": "hub", "to_label": link["target"], "fate": "moved",
         "amount_minor": link["value"], "is_doubtful": False}
        for link in links
    ]  # fmt: skip
    picture = {"data": {"nodes": nodes, "links": links}, "rows": rows}
    shown = case_folding.folded(picture, set(names[:20]), is_mark=is_mark)
    [folded] = [row for row in shown["rows"] if row.get("is_folded")]
    assert folded["amount_minor"] == units and folded["bookings"] == 40
