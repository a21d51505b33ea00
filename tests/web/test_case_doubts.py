"""Which figures of a case are ranges: a disclosure that is out, and everything that rests on it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from recoup.apps.holds.case_queries import WindowTold
from recoup.apps.holds.models import Flow, Trail
from recoup.web.case_doubts import Doubt, doubts_of, in_total, own_doubts
from recoup.web.case_trail import trace
from recoup.web.figures import Figure, figure

AT = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
ONE, TWO, THREE = uuid4(), uuid4(), uuid4()
CLAIM = uuid4()


def window(account: UUID, start: int, end: int, *, out_by: int = 0, **more: Any) -> WindowTold:
    told: dict[str, Any] = {"opening_minor": 0, "closing_minor": 0} | more
    return WindowTold(
        account, AT + timedelta(minutes=start), AT + timedelta(minutes=end),
        is_complete=not out_by, difference_minor=out_by, **told,
    )  # fmt: skip


def row(account: UUID, *, rule: str = "fifo", currency: str = "RSD", **parts: int) -> Trail:
    known = dict.fromkeys(("held", "lying", "moved", "spent", "returned", "unknown"), 0) | parts
    return Trail(
        account_id=account, claim_id=CLAIM, rule=rule, currency=currency, account_ident="RS1",
        institution_name="A bank", inn=sum(known.values()), **known,
    )  # fmt: skip


def flow(payer: UUID, payee: UUID, **more: Any) -> Flow:
    return Flow(payer_id=payer, payee_id=payee, currency="RSD", **more)


def test_a_figure_is_neither_below_zero_nor_above_what_there_is() -> None:
    assert figure(500, 600, most=800) == Figure(500, 0, 800)
    assert figure(500, 0, most=800) == Figure(500, 500, 500)
    assert figure(0, None, most=800) == Figure(0, 0, 800)


def test_a_window_that_adds_up_leaves_no_doubt() -> None:
    assert own_doubts([window(ONE, 0, 10)]) == {}


def test_the_last_word_of_a_bank_says_by_how_much_it_is_out() -> None:
    told = [window(ONE, 0, 10, out_by=600), window(ONE, 0, 10, out_by=-200)]
    assert own_doubts(told) == {ONE: 200}


def test_a_complete_disclosure_of_the_same_time_ends_the_doubt() -> None:
    assert own_doubts([window(ONE, 2, 8, out_by=600), window(ONE, 0, 10)]) == {}
    assert own_doubts([window(ONE, 0, 12, out_by=600), window(ONE, 0, 10)]) == {ONE: 600}


def test_a_gap_between_two_windows_is_a_doubt_unless_the_balance_is_the_same() -> None:
    later = window(ONE, 20, 30, opening_minor=700)
    assert own_doubts([window(ONE, 0, 10, closing_minor=400), later]) == {ONE: 300}
    assert own_doubts([window(ONE, 0, 10, closing_minor=700), later]) == {}


def test_what_rests_on_an_incomplete_disclosure_is_in_doubt_too() -> None:
    trail = [row(ONE, moved=500), row(TWO, held=400), row(THREE, lying=100)]
    doubts = doubts_of({ONE: 60}, trail, [flow(ONE, TWO), flow(TWO, THREE), flow(TWO, ONE)])
    assert doubts[ONE, "RSD"] == Doubt(60, 0, is_own=True)
    assert doubts[TWO, "RSD"] == doubts[THREE, "RSD"] == Doubt(60, 60)
    assert in_total(doubts) == {"RSD": 60}


def test_two_incomplete_disclosures_are_counted_once_each() -> None:
    trail = [row(ONE, moved=500), row(TWO, held=400)]
    doubts = doubts_of({ONE: 60, TWO: 5}, trail, [flow(ONE, TWO)])
    assert doubts[TWO, "RSD"] == Doubt(65, 60, is_own=True)
    assert in_total(doubts) == {"RSD": 65}


def test_in_another_currency_nobody_can_say_by_how_much() -> None:
    trail = [row(ONE, moved=500), row(TWO, currency="EUR", held=4)]
    doubts = doubts_of({ONE: 60}, trail, [flow(ONE, TWO, credit_currency="EUR")])
    assert doubts[TWO, "EUR"] == Doubt(None, None)
    assert in_total(doubts) == {"RSD": 60, "EUR": None}


def test_the_trail_shows_ranges_but_for_what_the_bank_says_it_holds() -> None:
    [shown] = trace([row(ONE, held=300, lying=100, moved=600)], {(ONE, "RSD"): Doubt(50, 0, True)})[
        "rows"
    ]
    inn, held, lying, moved, *_ = shown["figures"]
    assert not inn.is_range and not held.is_range
    assert (lying.low, lying.high, moved.low, moved.high) == (50, 150, 550, 650)
    assert "0.50" in shown["doubt"]


# Pro rata beside the rule for holding


def beside(*rows: Trail) -> list[Any]:
    return [shown["beside"] for shown in trace(rows, {})["rows"]]


def test_what_the_bank_has_not_told_is_not_known_and_no_zero() -> None:
    [found] = beside(row(ONE, unknown=500), row(ONE, rule="prorata", unknown=500))
    assert found.still is None and found.unknown == 500
    assert found.reason == "the bank has not told yet"


def test_what_left_untold_by_the_other_rule_is_said_beside_what_is_still_there() -> None:
    [found] = beside(
        row(ONE, held=400, moved=100), row(ONE, rule="prorata", held=300, moved=50, unknown=150)
    )
    assert found.still.amount == 300 and found.unknown == 150
    assert "only the first rule" in found.reason


def test_a_zero_that_is_known_stays_a_zero() -> None:
    [found] = beside(row(ONE, moved=500), row(ONE, rule="prorata", moved=500))
    assert found.still.amount == 0 and not found.still.is_range and found.reason == ""


def test_an_account_that_only_the_other_rule_knows_is_shown_as_not_asked() -> None:
    _, found = beside(
        row(ONE, held=500), row(ONE, rule="prorata", moved=500), row(TWO, rule="prorata", unknown=9)
    )
    assert found.still is None and found.unknown == 9
    assert "was not asked" in found.reason


def test_a_way_that_the_other_rule_lost_makes_the_end_unknown() -> None:
    _, found = beside(
        row(ONE, moved=500), row(TWO, held=500), row(ONE, rule="prorata", held=100, unknown=400)
    )
    assert found.still is None and "not told" in found.reason
