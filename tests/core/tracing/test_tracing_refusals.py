"""A ledger that has no right answer is refused, with the value that is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recoup.core.tracing import RULES, Account, Ledger, LedgerRefused, Seed, Transfer, trace

PAID = Transfer("s1", 1, "V", "A", 40)
ON = Transfer("t2", 2, "A", "B", 30)
GOOD = Ledger({"V": Account(external=True)}, (PAID, ON), (Seed("s1"),))


def test_the_good_ledger_is_traced_first_in_first_out_unless_told_otherwise():
    result = trace(GOOD)
    assert (result.rule, result.shortfall) == ("fifo", "unseen")
    assert result.held == {"A": {"s1": 10}, "B": {"s1": 30}}


@pytest.mark.parametrize(
    ("ledger", "value"),
    [
        (replace(GOOD, transfers=(PAID, ON, replace(ON, t=3))), "t2"),
        (replace(GOOD, seeds=(Seed("s9"),)), "s9"),
        (replace(GOOD, seeds=(Seed("s1"), Seed("s1", 4))), "s1"),
        (replace(GOOD, seeds=(Seed("s1", 41),)), "s1"),
        (replace(GOOD, seeds=(Seed("s1", -1),)), "s1"),
        (replace(GOOD, seeds=(Seed("s1"), Seed("t2"))), "t2"),
        (replace(GOOD, transfers=(PAID, replace(ON, amount=-1))), "t2"),
        (replace(GOOD, transfers=(PAID, replace(ON, amount=1.5))), "t2"),
        (replace(GOOD, transfers=(PAID, replace(ON, amount=True))), "t2"),
        (replace(GOOD, transfers=(PAID, replace(ON, credit=-1))), "t2"),
        (replace(GOOD, transfers=(PAID, replace(ON, t="2026"))), "t2"),
        (replace(GOOD, accounts={"A": Account(opening=-5)}), "A"),
    ],
)
@pytest.mark.parametrize("rule", RULES)
def test_a_ledger_that_contradicts_itself_is_refused_with_the_value(ledger, value, rule):
    with pytest.raises(LedgerRefused) as refusal:
        trace(ledger, rule=rule)
    assert refusal.value.value == value
    assert repr(value) in str(refusal.value)


@pytest.mark.parametrize("wrong", [{"rule": "guess"}, {"shortfall": "ignore"}])
def test_an_unknown_rule_or_policy_is_refused_and_the_known_ones_are_named(wrong):
    with pytest.raises(LedgerRefused, match=r"Use one of: (fifo|unseen), "):
        trace(GOOD, **wrong)


def test_the_refusal_of_a_payment_out_of_traced_money_says_how_much_is_there():
    with pytest.raises(LedgerRefused, match=r"'A', which then holds 40 units traced from s1"):
        trace(replace(GOOD, seeds=(Seed("s1"), Seed("t2"))))


def test_what_came_back_to_the_victim_does_not_stop_the_next_payment():
    again = (PAID, replace(ON, payee="V"), Transfer("s3", 3, "V", "A", 7))
    result = trace(Ledger(GOOD.accounts, again, (Seed("s1"), Seed("s3"))))
    assert result.held == {"V": {"s1": 30}, "A": {"s1": 10, "s3": 7}}
