"""What a reader waits for grows with the size of a case, not with its square."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID, uuid4

from recoup.apps.cases.models import Case
from recoup.apps.holds.case_ledger import CaseLedger
from recoup.apps.holds.models import Flow, Trail
from recoup.core import chain
from recoup.core.chain.books import keep_books
from recoup.web import case_expanded, case_frontier

NOON = datetime(2026, 3, 31, 12, tzinfo=UTC)
HUB, CLAIM = uuid4(), uuid4()


class Counted(list[Any]):
    """A list that knows how often it was gone through."""

    times = 0

    def __iter__(self) -> Iterator[Any]:
        self.times += 1
        return super().__iter__()


def flow(payee: UUID | None, state: str = "arrived") -> Flow:
    return Flow(
        claim_id=CLAIM, movement_id=uuid4(), payer_id=HUB, payee_id=payee, carried=7, credited=6,
        currency="EUR", booked_at=NOON, state=state, payer_ident="HUB", payee_ident="P",
    )  # fmt: skip


def row(account: UUID, unknown: int) -> Trail:
    return Trail(
        account_id=account, claim_id=CLAIM, currency="EUR", inn=6, held=0, lying=0, moved=0,
        spent=0, returned=0, unknown=unknown, account_ident="A", institution_name="Bank",
    )  # fmt: skip


def test_the_bookings_of_an_account_go_through_the_flows_once() -> None:
    flows = Counted(flow(uuid4()) for _ in range(50))
    sides = tuple(
        chain.Side(str(f.movement_id), str(HUB), False, 10, "EUR", n, n, "a")
        for n, f in enumerate(list.__iter__(flows))
    )
    facts = chain.Facts(accounts=(chain.AccountFact(str(HUB), "EUR"),), claims=(), sides=sides)
    ledger = CaseLedger(uuid4(), facts, {}, {})
    again = cast(chain.Retraced, SimpleNamespace(books=keep_books(facts), at=None, rule="fifo"))
    chip = case_expanded.Chip(str(HUB), "HUB", "Bank", is_open=True, query="")
    [panel] = case_expanded.opened([chip], ledger, again, flows, [row(HUB, 0)])
    assert [booking.carried for booking in panel.bookings] == [7] * 50
    assert flows.times == 1


def test_the_work_list_goes_through_the_flows_a_fixed_number_of_times() -> None:
    payees = [uuid4() for _ in range(50)]
    flows = Counted([*(flow(payee) for payee in payees), flow(None, "untold")])
    trail = [row(HUB, 7), *(row(payee, 6) for payee in payees)]
    case = Case(id=uuid4(), state="open")
    edges = case_frontier.frontier(case, trail, flows, [], [], [], is_as_held=True)
    assert [(e.kind, e.units, e.since) for e in edges][:2] == [
        ("left", 7, NOON), ("arrived", 6, NOON),
    ]  # fmt: skip
    assert len(edges) == 51 and flows.times < 5
