"""Answers through positions equal the plain walk's, field by field, in both forms."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from recoup.core.tracing import Account, Ledger, LedgerRefused, Seed, Transfer, trace
from recoup.core.tracing.cases import as_expect
from recoup.core.tracing.fast import Index

from ..random_ledgers import random_ledger
from ..test_tracing_cases import cases_of_these_rules
from .forms import both_forms


def fifo_cases():
    return [
        case for case in cases_of_these_rules() if not hasattr(case, "rule") or case.rule == "fifo"
    ]


def answer_or_refusal(ask):
    try:
        return ask()
    except LedgerRefused as refusal:
        return refusal.problem, refusal.value


@both_forms
@pytest.mark.parametrize("case", fifo_cases(), ids=lambda case: case and case.id)
def test_a_shared_case_has_the_answer_worked_out_by_hand(case, form):
    index = Index.of(case.ledger, shortfall=case.shortfall, form=form)
    assert as_expect(index.trace(as_of=case.as_of)) == case.expect


@both_forms
def test_ten_thousand_random_ledgers_have_the_plain_walks_answer_or_refusal(form):
    choose = Random(20261122)
    refused = overdrawn = exchanged = 0
    for _ in range(10_000):
        ledger = random_ledger(choose)
        shortfall = choose.choice(["unseen", "unseen", "overdraft"])
        index = Index.of(ledger, shortfall=shortfall, form=form)
        for as_of in (None, choose.randint(-1, 5)):
            expected = answer_or_refusal(
                lambda ledger=ledger, as_of=as_of, shortfall=shortfall: trace(
                    ledger, shortfall=shortfall, as_of=as_of
                )
            )
            found = answer_or_refusal(lambda index=index, as_of=as_of: index.trace(as_of=as_of))
            assert found == expected, (shortfall, as_of, ledger)
            refused += isinstance(found, tuple)
        if not isinstance(found, tuple):
            overdrawn += bool(found.dissipated)
            exchanged += found.credited != found.transfers
    assert refused > 100 and overdrawn > 100 and exchanged > 100


@both_forms
def test_seeds_can_be_chosen_when_asking(form):
    choose = Random(5)
    for _ in range(500):
        ledger = random_ledger(choose)
        some = tuple(seed for seed in ledger.seeds if choose.random() < 0.5)
        index = Index.of(ledger, form=form)
        expected = answer_or_refusal(lambda: trace(replace(ledger, seeds=some)))  # noqa: B023
        assert answer_or_refusal(lambda: index.trace(some)) == expected  # noqa: B023


@both_forms
@pytest.mark.parametrize(
    "seeds", [(Seed("none"),), (Seed("s", 41),), (Seed("s"), Seed("s")), (Seed("s", -1),)]
)
def test_seeds_that_contradict_the_ledger_are_refused_as_by_the_plain_walk(form, seeds):
    ledger = Ledger({}, (Transfer("s", 1, "V", "A", 40), Transfer("x", 2, "A", "B", 30)), ())
    expected = answer_or_refusal(lambda: trace(replace(ledger, seeds=seeds)))
    assert isinstance(expected, tuple)
    for as_of in (None, 0):
        index = Index.of(ledger, form=form)
        assert answer_or_refusal(lambda: index.trace(seeds, as_of=as_of)) == expected  # noqa: B023


@both_forms
def test_an_empty_ledger_and_an_account_without_transfers_have_an_answer(form):
    ledger = Ledger({"A": Account(opening=7)}, (), ())
    assert Index.of(ledger, form=form).trace() == trace(ledger)
    assert Index.of(Ledger({}, (), ()), form=form).trace() == trace(Ledger({}, (), ()))


def huge(units):
    transfers = (
        Transfer("s", 1, "V", "A", units),
        Transfer("x", 2, "A", "B", units - 3, credit=units // 7),
        Transfer("y", 3, "B", "C", units // 11),
    )
    return Ledger({"V": Account(external=True), "A": Account(opening=2)}, transfers, (Seed("s"),))


def test_sums_beyond_64_bits_are_exact_in_the_plain_form():
    ledger = huge(10**30 + 1)
    assert Index.of(ledger, form="plain").trace() == trace(ledger)
    assert Index.of(ledger).form == "plain"


@both_forms
def test_products_beyond_64_bits_are_exact_in_both_forms(form):
    choose = Random(11)
    for _ in range(300):
        ledger = huge(choose.randint(10**9, 10**18))
        assert Index.of(ledger, form=form).trace() == trace(ledger)


@both_forms
@pytest.mark.parametrize(
    "ledger", [huge(2**62), replace(huge(50), transfers=(Transfer("s", 2**63, "V", "A", 5),))]
)
def test_what_64_bits_cannot_hold_is_refused_with_the_reason_and_never_wraps(form, ledger):
    if form == "plain":
        assert Index.of(ledger, form=form).trace() == trace(ledger)
        return
    with pytest.raises(LedgerRefused, match="Use the form 'plain'"):
        Index.of(ledger, form=form)


@pytest.mark.parametrize("wrong", [{"form": "quick"}, {"shortfall": "ignore"}])
def test_an_unknown_form_or_policy_is_refused_and_the_known_ones_are_named(wrong):
    with pytest.raises(LedgerRefused, match=r"Use one of: (plain|unseen), "):
        Index.of(huge(5), **wrong)


def test_without_its_packages_the_compiled_form_is_refused_and_told_what_to_install(monkeypatch):
    monkeypatch.setattr("recoup.core.tracing.fast.making.find_spec", lambda name: None)
    assert Index.of(huge(5)).form == "plain"
    with pytest.raises(LedgerRefused, match="Install the extra 'fast'"):
        Index.of(huge(5), form="compiled")


@both_forms
def test_touching_intervals_go_on_as_one(form):
    """A hundred payments of one unit, then twenty accounts that pass on all of it."""
    peel = [Transfer(f"p{n:03}", 2, "A", "C0", 1) for n in range(100)]
    on = [Transfer(f"q{n:03}", 3 + n, f"C{n}", f"C{n + 1}", 100) for n in range(20)]
    ledger = Ledger({}, (Transfer("s", 1, "V", "A", 100), *peel, *on), (Seed("s"),))
    index = Index.of(ledger, form=form)
    assert index.trace() == trace(ledger)
    steps, rests = index.form_of_columns.follow(index.columns, [(0, 100, 100)], None)
    assert (len(steps), len(rests)) == (1 + 100 + 20, 1)


@both_forms
def test_a_transfer_takes_forty_bytes_at_most(form):
    choose = Random(1)
    names = [f"N{n}" for n in range(500)]
    transfers = tuple(
        Transfer(str(n), n, choose.choice(names), choose.choice(names), 5) for n in range(10_000)
    )
    index = Index.of(Ledger({}, transfers, ()), form=form)
    assert index.bytes_per_transfer <= 40


@both_forms
def test_an_answer_never_shows_balances_of_a_later_state(form):
    ledger = huge(50)
    index = Index.of(ledger, form=form)
    looked, not_looked = index.trace(), index.trace()
    assert looked.balances == trace(ledger).balances
    index.book(Transfer("z", 4, "C", "D", 1))
    assert looked.balances == trace(ledger).balances
    with pytest.raises(RuntimeError, match="Trace again"):
        dict(not_looked.balances)
