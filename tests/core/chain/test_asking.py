"""What is asked of banks, when, and when no longer: one small ledger each, figures by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recoup.core.chain import (
    AccountFact,
    AnsweredLine,
    ClosingGround,
    Destination,
    Facts,
    HoldFact,
    OpenTicket,
    Side,
    Window,
    check,
    plan,
)

from .simulated import Hub, Paid
from .small import after_the_loss, claim, kinds, row, world


def test_a_second_case_leaves_at_once_and_names_the_open_ticket():
    paid = [Paid("p1", 1, "of V", "A", 100), Paid("p2", 2, "of W", "A", 50)]
    claims = [claim("V", 100, "A", "p1", 1), claim("W", 50, "A", "p2", 2, "other")]
    hub = Hub(world(*paid, claims=claims))
    hub.report("V")
    hub.send()
    hub.report("W")
    (want,) = hub.send()
    assert (want.case, want.kind, want.disclosed_by) == ("other", "first", "case")


def test_money_freed_by_one_case_is_asked_for_by_the_other_that_is_short():
    """V's money moved on, W's lies there; V's first block took all that was free."""
    paid = [
        Paid("p1", 1, "of V", "A", 100),
        Paid("p2", 2, "A", "B", 100),
        Paid("p3", 3, "of W", "A", 80),
    ]
    claims = [claim("V", 100, "A", "p1", 1), claim("W", 80, "A", "p3", 3, "other")]
    hub = Hub(world(*paid, claims=claims))
    hub.report("V")
    hub.report("W")
    hub.send()
    hub.answer("case", "A")
    hub.answer("other", "A")
    assert (hub.holds["case", "A"].held, hub.holds["other", "A"].held) == (80, 0)
    hub.run()
    assert (hub.holds["case", "A"].held, hub.holds["other", "A"].held) == (0, 80)


def test_no_such_debit_lifts_everything_downstream_at_once():
    paid = [
        Paid("p1", 1, "of V", "A", 100),
        Paid("p2", 2, "A", "B", 60),
        Paid("p3", 3, "B", "C", 20),
    ]
    hub = Hub(world(*paid, claims=[claim("V", 100, "A", "p1", 1)]))
    hub.report("V")
    for account in ("A", "B"):
        hub.send()
        hub.answer("case", account)
    hub.send()
    assert set(hub.open) == {("case", "C")}
    hub.claims["V"] = replace(hub.claims["V"], ended=True)
    conclusions = hub.plan()
    assert {(w.account, w.kind, w.total) for w in conclusions.wants} == {
        ("A", "set", 0), ("B", "set", 0),
    }  # fmt: skip
    assert [(w.account, w.kind) for w in conclusions.withdrawals] == [("C", "first")]
    hub.run()
    assert not any(hold.held for hold in hub.holds.values())
    assert not hub.plan().trail


def test_a_claim_that_is_not_live_blocks_once_and_asks_for_nothing_else():
    paid = [Paid("p1", 1, "of V", "A", 100), Paid("p2", 2, "A", "B", 60)]
    hub = Hub(world(*paid, claims=[claim("V", 100, "A", "p1", 1)]))
    hub.report("V", live=False)
    hub.run()
    assert kinds(hub) == [("A", "block")]
    assert (row(hub.plan(), "A").held, row(hub.plan(), "A").unknown) == (40, 60)
    hub.report("V")
    hub.run()
    assert kinds(hub)[1:] == [("A", "first"), ("B", "first")]
    assert (row(hub.plan(), "A").held, row(hub.plan(), "B").held) == (40, 60)


def test_a_block_that_held_everything_is_asked_again_once_its_claim_is_live():
    """Else it stayed precautionary and would end after its hour, with the debit confirmed."""
    told = Facts(
        accounts=(AccountFact("A", "EUR"),),
        claims=(claim("V", 50, "A", "p1", 1),),
        windows=(Window("A", 1, 9, 0, 50, True, "a"),),
        sides=(Side("p1", "A", True, 50, "EUR", 1, 1, "a"),),
        holds=(HoldFact("case", "A", 50, 50, state="placed", asked_kind="block", answered_rank=1),),
    )
    (want,) = plan(told).wants
    assert (want.kind, want.total) == ("set", 50)
    (hold,) = told.holds
    assert not plan(replace(told, holds=(replace(hold, asked_kind="set"),))).wants


def test_a_lapsed_block_is_not_renewed_but_a_confirmed_debit_asks_again():
    base = Facts(
        accounts=(AccountFact("A", "EUR"),),
        claims=(replace(claim("V", 100, "A", None, 1), live=False),),
        holds=(HoldFact("case", "A", 100, 0, state="lapsed", asked_kind="block"),),
        grounds=(ClosingGround("case", "A", "lapsed", "block"),),
    )
    assert not plan(base).wants
    (want,) = plan(replace(base, claims=(claim("V", 100, "A", None, 1),))).wants
    assert (want.kind, want.total) == ("first", 100)


def test_a_payment_stopped_before_execution_is_returned_and_asks_for_nothing():
    facts = Facts(
        accounts=(AccountFact("A", "EUR"),),
        claims=(replace(claim("V", 100, "A", None, 1), returned=100),),
    )
    conclusions = plan(facts)
    assert not conclusions.wants
    assert row(conclusions, "of V").returned == 100
    assert not check(conclusions, facts)


def test_abroad_is_the_end_of_the_chain_and_a_task():
    facts = Facts(
        accounts=(AccountFact("X", "EUR", "abroad"),), claims=(claim("V", 100, "X", None, 1),)
    )
    conclusions = plan(facts)
    assert not conclusions.wants
    (task,) = conclusions.border
    assert (task.account, task.amount) == ("X", 100)
    assert row(conclusions, "X").spent == 100


def test_nobody_abroad_is_asked_to_block_what_nobody_has_confirmed_yet():
    """A block went to the foreign bank: at home one would be asked for here."""
    facts = Facts(
        accounts=(AccountFact("X", "EUR", "abroad"),),
        claims=(replace(claim("V", 100, "X", None, 1), live=False),),
    )
    conclusions = plan(facts)
    assert not conclusions.wants and not conclusions.border
    assert row(conclusions, "X").unknown == 100


@pytest.mark.parametrize("ground", ["not_ours", "cannot_lawfully"])
def test_a_lasting_ground_leaves_units_unknown_and_asks_nothing_more(ground: str):
    facts = Facts(
        accounts=(AccountFact("A", "EUR"),),
        claims=(claim("V", 100, "A", None, 1),),
        holds=(HoldFact("case", "A", 50, 0, state="declined"),),
        grounds=(ClosingGround("case", "A", ground, "first"),),
    )
    conclusions = plan(facts)
    assert not conclusions.wants
    assert row(conclusions, "A").unknown == 100
    assert not check(conclusions, facts)


def test_after_a_passing_ground_new_money_is_asked_for():
    facts = Facts(
        accounts=(AccountFact("A", "EUR"),),
        claims=(claim("V", 100, "A", None, 1),),
        holds=(HoldFact("case", "A", 100, 0),),
        grounds=(ClosingGround("case", "A", "undeliverable", "first"),),
    )
    assert not plan(facts).wants
    more = replace(facts, claims=(*facts.claims, claim("W", 10, "A", None, 2)))
    (want,) = plan(more).wants
    assert (want.kind, want.total) == ("first", 110)


def test_what_a_clock_has_let_go_is_not_asked_for_by_itself():
    facts = Facts(
        accounts=(AccountFact("A", "EUR"),),
        claims=(claim("V", 100, "A", None, 1),),
        holds=(HoldFact("case", "A", 0, 0, state="lapsed"),),
        grounds=(ClosingGround("case", "A", "lapsed", "first"),),
    )
    assert not plan(facts).wants
    assert not check(plan(facts), facts)


def test_an_incomplete_window_is_asked_again_and_then_left_to_a_person():
    """100 came in, 60 were told to leave, 30 are there: nobody knows where 10 are."""
    facts = Facts(
        accounts=(AccountFact("A", "EUR"), AccountFact("B", "EUR")),
        claims=(claim("V", 100, "A", "p1", 1),),
        windows=(Window("A", 1, 9, 0, 30, False, "a"),),
        sides=(
            Side("p1", "A", True, 100, "EUR", 1, 1, "a"),
            Side("p2", "A", False, 60, "EUR", 2, 2, "a"),
        ),
        destinations=(Destination("p2", "B", None),),
        holds=(HoldFact("case", "A", 100, 30, state="placed", answered_rank=1),),
    )
    conclusions = plan(facts)
    here = row(conclusions, "A")
    assert (here.held, here.lying, here.unknown, here.moved) == (30, 0, 10, 60)
    wants = {(w.account, w.kind, w.total, w.disclose_from) for w in conclusions.wants}
    assert wants == {("A", "first", 40, 1), ("B", "first", 60, None)}
    assert not check(conclusions, facts)

    again = (*facts.windows, Window("A", 1, 12, 0, 30, False, "b"))
    asked_twice = replace(
        facts,
        windows=again,
        holds=(HoldFact("case", "A", 40, 30, state="placed", answered_rank=2),),
    )
    conclusions = plan(asked_twice)
    assert {w.account for w in conclusions.wants} == {"B"}
    assert "incomplete_window" in {task.kind for task in conclusions.tasks}
    assert not check(conclusions, asked_twice)


def test_a_bank_that_does_not_find_the_credit_is_not_asked_for_ever():
    facts = Facts(
        accounts=(AccountFact("A", "EUR"),),
        claims=(claim("V", 100, "A", None, 1),),
        holds=(HoldFact("case", "A", 100, 20, state="placed", answered_rank=1),),
        answered_lines=(AnsweredLine("case", "A", "first", "V", None),),
    )
    conclusions = plan(facts)
    assert not conclusions.wants
    assert (row(conclusions, "A").held, row(conclusions, "A").unknown) == (20, 80)
    assert [task.kind for task in conclusions.tasks] == ["not_disclosed"]
    assert not check(conclusions, facts)


def test_an_open_ticket_makes_its_own_case_wait():
    facts = Facts(
        accounts=(AccountFact("A", "EUR"),),
        claims=(claim("V", 100, "A", None, 1), claim("W", 70, "A", None, 2)),
        open_tickets=(OpenTicket("case", "A", "first"),),
    )
    assert not plan(facts).wants


def test_two_claims_on_one_payment_ask_for_it_once():
    facts = Facts(
        accounts=(AccountFact("A", "EUR"),),
        claims=(claim("V", 100, "A", "p1", 1), claim("W", 100, "A", "p1", 1)),
    )
    conclusions = plan(facts)
    (want,) = conclusions.wants
    assert want.total == 100
    assert [task.kind for task in conclusions.tasks] == ["two_claims_one_payment"]
    assert [broken.invariant for broken in check(conclusions, facts)] == ["T9"]


def test_a_bank_that_keeps_more_than_it_was_asked_is_a_task():
    facts = Facts(
        accounts=(AccountFact("A", "EUR"),),
        windows=(Window("A", 1, 9, 0, 0, True, "a"),),
        holds=(HoldFact("case", "A", 0, 25, state="placed", asked_kind="set", answered_rank=2),),
    )
    conclusions = plan(facts)
    assert not conclusions.wants
    assert [(task.kind, task.amount) for task in conclusions.tasks] == [("excess_held", 25)]
    assert not check(conclusions, facts)


def test_an_officer_asks_what_was_booked_since() -> None:
    """Money lies there unheld: what is known is not asked again, and no more held than allowed."""
    hub = after_the_loss(Paid("p2", 2, "A", "B", 60))
    facts = hub.facts()
    asked = replace(
        facts,
        asked_on=frozenset({("case", "B")}),
        holds=tuple(
            replace(hold, held=10, limit=10, asked=10) if hold.account == "B" else hold
            for hold in facts.holds
        ),
    )
    assert not [want for want in plan(replace(asked, asked_on=frozenset())).wants]
    [want] = plan(asked).wants
    assert (want.account, want.kind, want.total) == ("B", "forward", 10)
    assert [(line.movement, line.amount) for line in want.lines] == [("p2", 60)]
    [stretch] = [window for window in facts.windows if window.account == "B"]
    assert want.disclose_from == stretch.to_at > stretch.from_at
    waiting = replace(asked, open_tickets=(OpenTicket("case", "B", "set"),))
    assert plan(waiting).wants == (), "a ticket that is open there is waited for"
    broken = tuple(replace(w, complete=w.account != "B") for w in facts.windows)
    [whole] = [w for w in plan(replace(asked, windows=broken)).wants if w.account == "B"]
    assert (whole.kind, whole.disclose_from) == ("first", stretch.from_at), "it did not add up"
