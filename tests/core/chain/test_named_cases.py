"""Situations in which a trail goes wrong: one small ledger each, figures by hand."""

from __future__ import annotations

from dataclasses import replace

from recoup.core.chain import (
    AccountFact,
    Destination,
    Facts,
    Side,
    Window,
    check,
    plan,
)

from .simulated import Hub, Paid, World
from .small import LOST, VICTIM, after_the_loss, claim, kinds, row, run, told, world


def test_a_cycle_ends_where_the_money_lies():
    hub = after_the_loss(
        Paid("p2", 2, "A", "B", 100),
        Paid("p3", 3, "B", "C", 100),
        Paid("p4", 4, "C", "A", 100),
    )
    assert row(hub.plan(), "A").inn == 200
    assert row(hub.plan(), "A").held == 100
    assert row(hub.plan(), "B").held == row(hub.plan(), "C").held == 0
    assert kinds(hub).count(("A", "first")) == 1


def test_one_transfer_reported_by_two_banks_counts_once():
    debit = Side("p2", "A", False, 100, "EUR", 2, 2, "answer 1")
    credit = Side("p2", "B", True, 100, "EUR", 3, 1, "answer 2")
    facts = Facts(
        accounts=(AccountFact("A", "EUR"), AccountFact("B", "EUR")),
        claims=(claim("V", 100, "A", "p1", 1),),
        windows=(
            Window("A", 1, 9, 0, 0, True, "answer 1"),
            Window("B", 3, 9, 0, 100, True, "answer 2"),
        ),
        sides=(Side("p1", "A", True, 100, "EUR", 1, 1, "answer 1"), debit, credit),
        destinations=(Destination("p2", "B", None),),
    )
    conclusions = plan(facts)
    assert row(conclusions, "A").moved == 100
    assert (row(conclusions, "B").inn, row(conclusions, "B").lying) == (100, 100)
    assert not check(conclusions, facts)


def test_a_credit_counts_at_the_later_of_its_two_times():
    """B's clock is ahead of A's: B books the credit at 3, A the debit at 5, B's cash-out is at 4.

    At 4 nobody can have B's credit, so the cash was B's own 100 and the victim's lie there.
    """
    facts = told(
        Side("p2", "A", False, 100, "EUR", 5, 2, "a"),
        Side("p2", "B", True, 100, "EUR", 3, 1, "b"),
        Side("p3", "B", False, 100, "EUR", 4, 2, "b"),
        windows=(Window("A", 1, 9, 0, 0, True, "a"), Window("B", 0, 9, 100, 100, True, "b")),
        destinations=(Destination("p2", "B", None), Destination("p3", None, "cash")),
    )
    assert row(plan(facts, rule="fifo"), "B").lying == 100


def test_sequences_of_two_banks_are_not_compared():
    """Everything is booked in one moment; B's sequence numbers are lower than A's."""
    facts = Facts(
        accounts=(AccountFact("A", "EUR"), AccountFact("B", "EUR")),
        claims=(claim("V", 100, "A", "p1", 1),),
        windows=(Window("A", 1, 9, 0, 0, True, "a"), Window("B", 1, 9, 0, 0, True, "b")),
        sides=(
            Side("p1", "A", True, 100, "EUR", 1, 71, "a"),
            Side("p2", "A", False, 100, "EUR", 1, 72, "a"),
            Side("p2", "B", True, 100, "EUR", 1, 1, "b"),
            Side("p3", "B", False, 100, "EUR", 1, 2, "b"),
        ),
        destinations=(Destination("p2", "B", None), Destination("p3", None, "cash")),
    )
    assert row(plan(facts), "B").spent == 100


def test_a_transfer_inside_one_bank_is_two_accounts_like_any_other():
    hub = after_the_loss(Paid("p2", 1, "A", "B", 60))
    assert (row(hub.plan(), "A").held, row(hub.plan(), "B").held) == (40, 60)


def test_a_transfer_to_oneself_loses_nothing():
    hub = after_the_loss(Paid("p2", 2, "A", "A", 100))
    assert (row(hub.plan(), "A").inn, row(hub.plan(), "A").held) == (200, 100)


def test_money_that_goes_back_to_its_victim_is_returned():
    hub = after_the_loss(Paid("p2", 2, "A", "of V", 30))
    conclusions = hub.plan()
    assert row(conclusions, "of V").returned == 30
    assert row(conclusions, "A").held == 70
    (total,) = [t for t in conclusions.totals if t.rule == "fifo"]
    assert (total.lost, total.held, total.returned) == (100, 70, 30)


def test_another_victims_money_on_a_victims_account_waits_for_a_ruling():
    paid = [
        LOST,
        Paid("p2", 2, "of W", "B", 50),
        Paid("p3", 3, "A", "of W", 40),
    ]
    claims = [VICTIM, claim("W", 50, "B", "p2", 2, "other")]
    facts = replace(run(world(*paid, claims=claims)).facts(), holds=())
    conclusions = plan(facts)
    assert row(conclusions, "of W").unknown == 40
    assert ("of W", "block", 40) in {(w.account, w.kind, w.total) for w in conclusions.wants}
    assert "of W" not in {w.account for w in plan(replace(facts, block_in_ruling=False)).wants}
    (task,) = conclusions.tasks
    assert (task.kind, task.case, task.account, task.amount) == (
        "victim_is_payee", "case", "of W", 40,
    )  # fmt: skip
    ruled = plan(replace(facts, ruled_payees=frozenset({"of W"})))
    assert ("of W", "first", 40) in {(w.account, w.kind, w.total) for w in ruled.wants}


def test_a_payment_straight_to_another_victim_waits_for_a_ruling():
    facts = Facts(
        accounts=(AccountFact("of W", "EUR"), AccountFact("B", "EUR")),
        claims=(claim("V", 100, "of W", None, 1), claim("W", 50, "B", None, 2, "other")),
    )
    conclusions = plan(facts)
    asked = {(want.account, want.kind, want.total) for want in conclusions.wants}
    assert asked == {("of W", "block", 100), ("B", "first", 50)}
    assert [task.kind for task in conclusions.tasks] == ["victim_is_payee"]


def test_a_flow_names_the_sink_or_the_account_it_went_to():
    hub = after_the_loss(Paid("p2", 2, "A", "cash", 30), Paid("p3", 3, "A", "B", 20))
    assert [(f.movement, f.payee, f.sink, f.carried, f.state) for f in hub.plan().flows] == [
        ("p1", "A", None, 100, "arrived"),
        ("p2", None, "cash", 30, "gone"),
        ("p3", "B", None, 20, "arrived"),
    ]


def test_a_payment_made_with_another_victims_money_is_a_ruling():
    """W paid out of V's money, from an account that is known to hold it."""
    facts = Facts(
        accounts=(AccountFact("A", "EUR"), AccountFact("B", "EUR")),
        claims=(
            claim("V", 100, "A", "p1", 1),
            replace(claim("W", 60, "B", "p2", 2, "other"), payer="A"),
        ),
        windows=(Window("A", 1, 9, 0, 40, True, "a"),),
        sides=(
            Side("p1", "A", True, 100, "EUR", 1, 1, "a"),
            Side("p2", "A", False, 60, "EUR", 2, 2, "a"),
        ),
        ruled_payees=frozenset({"A"}),
    )
    conclusions = plan(facts)
    assert row(conclusions, "A").unknown == 60
    assert row(conclusions, "B", "W").unknown == 60
    assert "seed_from_traced" in {task.kind for task in conclusions.tasks}
    assert not check(conclusions, facts)


def test_a_second_claim_inside_a_window_asks_for_nothing_but_a_new_total():
    paid = [
        LOST,
        Paid("p2", 2, "of W", "A", 50),
        Paid("p3", 3, "A", "cash", 100),
    ]
    claims = [VICTIM, claim("W", 50, "A", "p2", 2)]
    hub = run(world(*paid, claims=claims), "V")
    assert hub.holds["case", "A"].held == 0
    hub.report("W")
    hub.claims["W"] = replace(hub.claims["W"], movement="p2")
    (want,) = hub.send()
    assert (want.kind, want.total) == ("set", 50)


def test_a_second_claim_whose_credit_nobody_named_asks_the_bank_to_name_it():
    paid = [LOST, Paid("p2", 2, "of W", "A", 50)]
    claims = [VICTIM, claim("W", 50, "A", "p2", 2)]
    hub = run(world(*paid, claims=claims), "V")
    hub.report("W")
    (want,) = hub.send()
    assert (want.kind, want.total) == ("back", 150)
    hub.run()
    assert row(hub.plan(), "A", "W").held == 50


def test_an_older_claim_found_late_extends_the_window_backwards():
    paid = [
        Paid("p1", 1, "of W", "A", 50),
        Paid("p2", 2, "of V", "A", 100),
        Paid("p3", 3, "A", "cash", 60),
    ]
    claims = [claim("V", 100, "A", "p2", 2), claim("W", 50, "A", "p1", 1)]
    hub = run(world(*paid, claims=claims), "V")
    assert row(hub.plan(), "A").spent == 10
    hub.report("W")
    hub.run()
    assert kinds(hub)[1] == ("A", "back")
    assert (row(hub.plan(), "A").spent, row(hub.plan(), "A", "W").spent) == (10, 50)


def test_two_victims_of_two_cases_on_one_account_each_have_a_hold():
    paid = [
        LOST,
        Paid("p2", 2, "of W", "A", 50),
        Paid("p3", 3, "A", "cash", 30),
    ]
    claims = [VICTIM, claim("W", 50, "A", "p2", 2, "other")]
    hub = run(world(*paid, claims=claims))
    assert hub.holds["case", "A"].held == 70
    assert hub.holds["other", "A"].held == 50


def test_a_late_correction_moves_the_trail_and_asks_anew():
    hub = after_the_loss(Paid("p2", 2, "A", "B", 60))
    assert (row(hub.plan(), "A").held, row(hub.plan(), "B").held) == (40, 60)
    # The bank of A corrects: 70 left, not 60, and the bank of B had told 60.
    hub.sides["p2", False] = replace(hub.sides["p2", False], amount=70)
    hub.windows = [replace(w, closing=30) if w.account == "A" else w for w in hub.windows]
    conclusions = hub.plan()
    assert row(conclusions, "A").moved == 60
    assert row(conclusions, "A").spent == 10
    (want,) = conclusions.wants
    assert (want.account, want.kind, want.total) == ("A", "set", 30)


def test_a_corrected_destination_asks_the_right_bank_and_lifts_the_wrong_hold():
    hub = after_the_loss(
        Paid("p2", 2, "A", "B", 60),
        Paid("p3", 3, "x", "C", 9),
    )
    del hub.sides["p2", True]
    hub.windows = [w for w in hub.windows if w.account != "B"]
    hub.destinations["p2"] = Destination("p2", "C", None)
    wants = {(w.account, w.kind, w.total) for w in hub.plan().wants}
    assert wants == {("B", "set", 0), ("C", "first", 60)}


def test_units_cross_an_exchange_by_the_floor_and_balance_in_each_currency():
    paid = [
        LOST,
        Paid("p2", 2, "A", "B", 100, credit=107),
        Paid("p3", 3, "B", "cash", 7),
    ]
    accounts = {"A": ("EUR", 0), "B": ("USD", 0)}
    hub = Hub(World(accounts, paid, {"V": claim("V", 33, "A", "p1", 1)}))
    hub.report("V")
    hub.run()
    conclusions = hub.plan()
    assert (row(conclusions, "B").inn, row(conclusions, "B").currency) == (35, "USD")
    assert (row(conclusions, "B").spent, row(conclusions, "B").held) == (7, 28)
    euro, dollar = [t for t in conclusions.totals if t.rule == "fifo"]
    assert (euro.lost, euro.exchanged_out, euro.held) == (33, 33, 0)
    assert (dollar.exchanged_in, dollar.held, dollar.spent) == (35, 28, 7)


def test_before_the_credit_is_told_units_stay_in_the_payers_currency():
    paid = [LOST, Paid("p2", 2, "A", "B", 100, credit=107)]
    accounts = {"A": ("EUR", 0), "B": ("USD", 0)}
    hub = Hub(World(accounts, paid, {"V": claim("V", 33, "A", "p1", 1)}))
    hub.tell_exchange = False
    hub.report("V")
    hub.send()
    hub.answer("case", "A")
    waiting = row(hub.plan(), "B")
    assert (waiting.unknown, waiting.currency) == (33, "EUR")
    wants = {(w.account, w.kind, w.total, w.currency) for w in hub.plan().wants}
    assert ("B", "first", 33, "EUR") in wants


def test_a_fee_on_the_way_is_spent_by_the_payer():
    facts = told(
        Side("p2", "A", False, 100, "EUR", 2, 2, "a"),
        Side("p2", "B", True, 97, "EUR", 3, 1, "b"),
        windows=(Window("A", 1, 9, 0, 0, True, "a"), Window("B", 1, 9, 0, 97, True, "b")),
        destinations=(Destination("p2", "B", None),),
    )
    conclusions = plan(facts)
    assert (row(conclusions, "A").moved, row(conclusions, "A").spent) == (97, 3)
    assert row(conclusions, "B").lying == 97
    assert not check(conclusions, facts)


def test_the_order_of_facts_means_nothing():
    paid = [
        LOST,
        Paid("p2", 2, "of W", "A", 50),
        Paid("p3", 3, "A", "B", 120),
    ]
    claims = [VICTIM, claim("W", 50, "A", "p2", 2, "other")]
    facts = run(world(*paid, claims=claims)).facts()
    turned = replace(
        facts,
        accounts=facts.accounts[::-1],
        claims=facts.claims[::-1],
        windows=facts.windows[::-1],
        sides=facts.sides[::-1],
        destinations=facts.destinations[::-1],
        holds=facts.holds[::-1],
        answered_lines=facts.answered_lines[::-1],
    )
    assert plan(turned) == plan(facts)
