"""Answers by balances equal the plain walk's, field by field, under every rule, in both forms."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.core.tracing import Account, Ledger, LedgerRefused, Seed, Transfer, trace
from recoup.core.tracing.cases import as_expect
from recoup.core.tracing.fast import TouchedIndex
from recoup.core.tracing.fast.touched import RULES

from ..random_ledgers import ledgers, random_ledger
from ..test_tracing_cases import cases_of_these_rules
from .forms import FORMS, both_forms
from .test_fast_equality import answer_or_refusal, huge

every_rule = pytest.mark.parametrize("rule", RULES)


def cases_by_balances():
    return [case for case in cases_of_these_rules() if getattr(case, "rule", "") != "fifo"]


@both_forms
@pytest.mark.parametrize("case", cases_by_balances(), ids=lambda case: case and case.id)
def test_a_shared_case_has_the_answer_worked_out_by_hand(case, form):
    index = TouchedIndex.from_ledger(case.ledger, shortfall=case.shortfall, form=form)
    assert as_expect(index.trace(rule=case.rule, as_of=case.as_of)) == case.expect


@both_forms
@every_rule
def test_ten_thousand_random_ledgers_have_the_plain_walks_answer_or_refusal(rule, form):
    choose = Random(20261122)
    refused = overdrawn = exchanged = 0
    for _ in range(10_000):
        ledger = random_ledger(choose)
        shortfall = choose.choice(["unseen", "unseen", "overdraft"])
        index = TouchedIndex.from_ledger(ledger, shortfall=shortfall, form=form)
        for as_of in (None, choose.randint(-1, 5)):
            how = {"rule": rule, "as_of": as_of}
            expected = answer_or_refusal(lambda: trace(ledger, shortfall=shortfall, **how))  # noqa: B023
            found = answer_or_refusal(lambda: index.trace(**how))  # noqa: B023
            assert found == expected, (shortfall, as_of, ledger)
            refused += isinstance(found, tuple)
        if not isinstance(found, tuple):
            overdrawn += bool(found.dissipated)
            exchanged += found.credited != found.transfers
    assert refused > 100 and overdrawn > 40 and exchanged > 100


def busy_ledger(choose, rows):
    """Few accounts with many debits each, so that blocks of debits are passed over."""
    names = ["A", "B", "C", "D", "E"]
    transfers = [
        Transfer(
            id=f"{n:05}",
            t=choose.randint(0, rows // 3),
            payer=choose.choice([*names, "V"]),
            payee=choose.choice([*names, *names, "W"]),
            amount=choose.choice([0, 1, choose.randint(0, 40), choose.randint(0, 4_000)]),
            credit=choose.choice([None] * 40 + [choose.randint(0, 90)]),
            batch=choose.choice([None, None, "x"]),
        )
        for n in range(rows)
    ]
    seeds = [Seed(x.id) for x in transfers if x.payer == "V" and choose.random() < 0.05]
    accounts = {name: Account(opening=choose.choice([0, 10**5])) for name in names}
    accounts |= {name: Account(external=True) for name in "VW"}
    return Ledger(accounts, tuple(transfers), tuple(seeds))


@both_forms
@every_rule
def test_busy_accounts_have_the_plain_walks_answer(rule, form):
    choose = Random(7)
    rounds, rows = (8, 120) if rule == "prorata_exact" else (12, 2_500)
    for _ in range(rounds):
        ledger = busy_ledger(choose, rows)
        shortfall = choose.choice(["unseen", "overdraft"])
        index = TouchedIndex.from_ledger(ledger, shortfall=shortfall, form=form)
        for as_of in (None, choose.randint(0, rows // 3)):
            expected = trace(ledger, rule=rule, shortfall=shortfall, as_of=as_of)
            assert index.trace(rule=rule, as_of=as_of) == expected


@both_forms
@every_rule
@settings(max_examples=60, deadline=None)
@given(ledgers(), st.sampled_from(["unseen", "overdraft"]), st.none() | st.integers(0, 5))
def test_any_ledger_has_the_plain_walks_answer(rule, form, ledger, shortfall, as_of):
    index = TouchedIndex.from_ledger(ledger, shortfall=shortfall, form=form)
    expected = trace(ledger, rule=rule, shortfall=shortfall, as_of=as_of)
    assert index.trace(rule=rule, as_of=as_of) == expected


@both_forms
@every_rule
def test_seeds_can_be_chosen_when_asking(rule, form):
    choose = Random(5)
    for _ in range(300):
        ledger = random_ledger(choose)
        some = tuple(seed for seed in ledger.seeds if choose.random() < 0.5)
        index = TouchedIndex.from_ledger(ledger, form=form)
        expected = answer_or_refusal(lambda: trace(replace(ledger, seeds=some), rule=rule))  # noqa: B023
        assert answer_or_refusal(lambda: index.trace(some, rule=rule)) == expected  # noqa: B023


@both_forms
@every_rule
@pytest.mark.parametrize(
    "seeds", [(Seed("none"),), (Seed("s", 41),), (Seed("s"), Seed("s")), (Seed("s", -1),)]
)
def test_seeds_that_contradict_the_ledger_are_refused_as_by_the_plain_walk(rule, form, seeds):
    ledger = Ledger({}, (Transfer("s", 1, "V", "A", 40), Transfer("x", 2, "A", "B", 30)), ())
    expected = answer_or_refusal(lambda: trace(replace(ledger, seeds=seeds), rule=rule))
    assert isinstance(expected, tuple)
    index = TouchedIndex.from_ledger(ledger, form=form)
    assert answer_or_refusal(lambda: index.trace(seeds, rule=rule)) == expected


@both_forms
@every_rule
def test_an_empty_ledger_and_an_account_without_transfers_have_an_answer(rule, form):
    for ledger in (Ledger({"A": Account(opening=7)}, (), ()), Ledger({}, (), ())):
        assert TouchedIndex.from_ledger(ledger, form=form).trace(rule=rule) == trace(
            ledger, rule=rule
        )


@every_rule
def test_sums_beyond_64_bits_are_exact_in_the_plain_form(rule):
    ledger = huge(10**30 + 1)
    assert TouchedIndex.from_ledger(ledger, form="plain").trace(rule=rule) == trace(
        ledger, rule=rule
    )
    assert TouchedIndex.from_ledger(ledger).form == "plain"


@both_forms
def test_what_64_bits_cannot_hold_is_refused_with_the_reason_and_never_wraps(form):
    for ledger in (huge(2**62), replace(huge(5), transfers=(Transfer("s", 2**63, "V", "A", 5),))):
        if form == "plain":
            index = TouchedIndex.from_ledger(ledger, form=form)
            assert index.trace((), rule="libr") == trace(replace(ledger, seeds=()), rule="libr")
            continue
        with pytest.raises(LedgerRefused, match="Use the form 'plain'"):
            TouchedIndex.from_ledger(ledger, form=form)


def large_pool(choose):
    """Shares whose product passes 64 bits, with two victims and an exchange."""
    size = choose.choice([10**10, 10**14, 2**58])
    one, two, three = (choose.randint(1, size) for _ in range(3))
    transfers = (
        Transfer("s", 1, "V", "A", one),
        Transfer("r", 2, "V", "A", two),
        Transfer("x", 3, "A", "B", choose.randint(1, one + two + three)),
        Transfer("y", 4, "A", "C", 7, credit=choose.randint(1, size)),
        Transfer("z", 5, "B", "C", choose.randint(1, size)),
    )
    accounts = {"V": Account(external=True), "A": Account(opening=three)}
    return Ledger(accounts, transfers, (Seed("s"), Seed("r", two // 3)))


@both_forms
@every_rule
def test_products_beyond_64_bits_are_exact_in_both_forms(rule, form):
    choose = Random(11)
    for _ in range(300):
        ledger = large_pool(choose)
        index = TouchedIndex.from_ledger(ledger, form=form)
        assert index.trace(rule=rule) == trace(ledger, rule=rule), ledger


@pytest.mark.parametrize("form", FORMS[1:])
def test_a_share_is_exact_whatever_the_product(form):
    from recoup.core.tracing.fast.touched_kernels import share

    choose = Random(12)
    for _ in range(20_000):
        whole = choose.randint(1, 2 ** choose.randint(1, 63) - 1)
        units, part = choose.randint(0, whole), choose.randint(0, whole)
        if choose.random() < 0.2:
            part = choose.randint(0, (2**63 - 1) // max(units // whole + 1, 1))
        if choose.random() < 0.3:
            units = part * units // max(part, 1)
        if units * part // whole < 2**63:
            assert share(units, part, whole) == units * part // whole, (units, part, whole)


@pytest.mark.parametrize("wrong", [{"form": "quick"}, {"shortfall": "ignore"}])
def test_an_unknown_form_or_policy_is_refused_and_the_known_ones_are_named(wrong):
    with pytest.raises(LedgerRefused, match=r"Use one of: (plain|unseen), "):
        TouchedIndex.from_ledger(huge(5), **wrong)


@pytest.mark.parametrize(("rule", "told"), [("guess", "Use one of: libr"), ("fifo", "`Index`")])
def test_a_rule_that_is_not_here_is_refused(rule, told):
    with pytest.raises(LedgerRefused, match=told):
        TouchedIndex.from_ledger(huge(5), form="plain").trace(rule=rule)


def test_without_its_packages_the_compiled_form_is_refused_and_told_what_to_install(monkeypatch):
    monkeypatch.setattr("recoup.core.tracing.fast.reading.is_installed", lambda: False)
    assert TouchedIndex.from_ledger(huge(5)).form == "plain"
    with pytest.raises(LedgerRefused, match="Install the extra 'fast'"):
        TouchedIndex.from_ledger(huge(5), form="compiled")


@both_forms
@every_rule
def test_an_answer_of_more_moves_than_allowed_is_refused_and_never_cut(rule, form):
    on = [Transfer(f"t{n:03}", n, f"A{n}", f"A{n + 1}", 50) for n in range(60)]
    ledger = Ledger({}, (Transfer("s", -1, "V", "A0", 50), *on), (Seed("s"),))
    index = TouchedIndex.from_ledger(ledger, form=form)
    assert index.trace(rule=rule, most=100) == trace(ledger, rule=rule)
    with pytest.raises(LedgerRefused, match="more than 30 moves"):
        index.trace(rule=rule, most=30)


def test_blocks_of_debits_are_passed_over():
    """Ten thousand debits that carry nothing cost some dozens of looks, not ten thousand."""
    looks = 0

    class Counted(list):
        def __getitem__(self, at):
            nonlocal looks
            looks += 1
            return super().__getitem__(at)

    small = [Transfer(f"t{n:05}", n, "A", "B", 1) for n in range(10_000)]
    last = Transfer("z", 10_001, "A", "C", 10**9)
    seed = Transfer("s", -1, "V", "A", 1_000)
    clean = Transfer("sc", -1, "V", "A", 20_000)
    ledger = Ledger({"A": Account(opening=10**9)}, (seed, clean, *small, last), (Seed("s"),))
    for rule in ("libr", "prorata", "lifo"):
        index = TouchedIndex.from_ledger(ledger, form="plain")
        index.prepare(rule)
        index.bookings.before = Counted(index.bookings.before)
        looks = 0
        result = index.trace(rule=rule)
        assert looks < 300, (rule, looks)
        assert result == trace(ledger, rule=rule)


@both_forms
def test_transfers_to_oneself_make_one_step_each_last_in_first_out(form):
    """Each turns the top of the pile around and may cut a piece in two; a step stays one."""
    choose = Random(2)
    turns = [Transfer(f"t{n:03}", 1, "A", "A", choose.randint(1, 2_000)) for n in range(300)]
    ledger = Ledger({"A": Account(opening=1_000)}, (Transfer("s", 0, "V", "A", 1_000), *turns),
                    (Seed("s"),))  # fmt: skip
    index = TouchedIndex.from_ledger(ledger, form=form)
    assert index.trace(rule="lifo") == trace(ledger, rule="lifo")
    assert len(index.pieces([0], rule="lifo").row) == len(trace(ledger, rule="lifo").transfers)
