"""The order of bookings that several banks told."""

from __future__ import annotations

from recoup.core.chain import AccountFact, ClaimFact, Destination, Facts, Side, Window, check, plan
from recoup.core.chain.order import Step, in_order


def step(movement: str, account: str, seq: int, *, credit: bool, at: int = 1) -> Step:
    return Step(at, at, seq, Side(movement, account, credit, 10, "EUR", at, seq, "answer"))


def names(steps: list[Step]) -> list[str]:
    return [f"{s.side.account}{'+' if s.side.is_credit else '-'}" for s in in_order(steps)]


def test_moments_come_first():
    steps = [step("p2", "B", 1, credit=False, at=2), step("p1", "A", 9, credit=False, at=1)]
    assert names(steps) == ["A-", "B-"]


def test_in_one_moment_a_debit_comes_before_its_credit_whatever_the_sequences():
    steps = [step("p1", "B", 1, credit=True), step("p1", "A", 7, credit=False)]
    assert names(steps) == ["A-", "B+"]


def test_in_one_moment_an_account_keeps_its_own_sequence():
    steps = [
        step("p3", "B", 2, credit=False),
        step("p2", "B", 1, credit=True),
        step("p2", "A", 7, credit=False),
        step("p1", "A", 6, credit=True),
    ]
    assert names(steps) == ["A+", "A-", "B+", "B-"]


def test_demands_that_contradict_each_other_still_give_one_order():
    """Each account says that its credit came before its debit, of the same two payments."""
    steps = [
        step("p2", "A", 1, credit=True),
        step("p1", "A", 2, credit=False),
        step("p1", "B", 1, credit=True),
        step("p2", "B", 2, credit=False),
    ]
    assert names(steps) == names(steps[::-1]) == ["B+", "B-", "A+", "A-"]


def test_money_between_contradicting_books_is_unknown_and_a_task():
    """B's books need the 100 before A sends them: they cannot both be right."""
    facts = Facts(
        accounts=(AccountFact("A", "EUR"), AccountFact("B", "EUR")),
        claims=(ClaimFact("V", "case", 100, "EUR", "of V", "A", "in", 0, True),),
        windows=(Window("A", 0, 9, 0, 100, True, "a"), Window("B", 1, 9, 0, 0, True, "b")),
        sides=(
            Side("in", "A", True, 100, "EUR", 0, 1, "a"),
            Side("p2", "A", True, 100, "EUR", 1, 2, "a"),
            Side("p1", "A", False, 100, "EUR", 1, 3, "a"),
            Side("p1", "B", True, 100, "EUR", 1, 1, "b"),
            Side("p2", "B", False, 100, "EUR", 1, 2, "b"),
        ),
        destinations=(Destination("p1", "B", None), Destination("p2", "A", None)),
    )
    conclusions = plan(facts)
    assert not check(conclusions, facts)
    assert sum(row.unknown for row in conclusions.trail if row.rule == "fifo") == 100
    assert "books_differ" in {task.kind for task in conclusions.tasks}
