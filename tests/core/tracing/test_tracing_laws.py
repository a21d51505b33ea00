"""The laws that hold whatever the ledger: nothing is lost, nothing is made, names do not count."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.core.tracing import Account, Ledger, Seed, Transfer, reckon, trace

from . import naive
from .random_ledgers import INSIDE, ledgers

both_rules = pytest.mark.parametrize("rule", ["fifo", "prorata"])
only_fifo = pytest.mark.parametrize("rule", ["fifo"])
only_prorata = pytest.mark.parametrize("rule", ["prorata"])

shortfalls = st.sampled_from(["unseen", "overdraft"])
moments = st.none() | st.integers(0, 5)
law = settings(max_examples=120, deadline=None)


def totals(table):
    return {name: sum(labels.values()) for name, labels in table.items()}


def one_by_one(ledger):
    """Give each transfer a moment of its own, in the order in which they count."""
    ordered = naive.ordered(ledger, None)
    return replace(
        ledger, transfers=tuple(replace(x, t=10 * i, seq=0) for i, x in enumerate(ordered))
    )


@both_rules
@law
@given(ledgers(exchange=False), shortfalls, moments)
def test_l1_conservation(rule, ledger, shortfall, as_of):
    result = trace(ledger, rule=rule, shortfall=shortfall, as_of=as_of)
    found = Counter()
    for labels in [*result.held.values(), *result.dissipated.values()]:
        found.update(labels)
    booked = {x.id for x in naive.ordered(ledger, as_of)}
    lost = {seed: n for seed, n in naive.stolen(ledger).items() if seed in booked and n}
    assert found == lost


@both_rules
@law
@given(ledgers(), shortfalls, moments)
def test_each_payment_can_be_added_up_again_across_currencies(rule, ledger, shortfall, as_of):
    result = trace(ledger, rule=rule, shortfall=shortfall, as_of=as_of)
    assert [x.unaccounted for x in reckon(ledger, result)] == [0] * len(reckon(ledger, result))


@both_rules
@law
@given(ledgers(), shortfalls, moments)
def test_l2_bounds(rule, ledger, shortfall, as_of):
    result = trace(ledger, rule=rule, shortfall=shortfall, as_of=as_of)
    amounts = {x.id: x.amount for x in ledger.transfers}
    held = totals(result.held)
    assert all(0 <= held.get(n, 0) <= max(b, 0) for n, b in result.balances.items())
    assert all(0 < n <= amounts[name] for name, n in totals(result.transfers).items())
    tables = [result.held, result.transfers, result.credited, result.dissipated]
    assert all(n > 0 for t in tables for labels in t.values() for n in labels.values())


@both_rules
@law
@given(ledgers(), shortfalls, moments)
def test_l3_poison_dominates(rule, ledger, shortfall, as_of):
    result = trace(ledger, rule=rule, shortfall=shortfall, as_of=as_of)
    most = naive.poison(ledger, shortfall, as_of)
    for part, table in [("held", result.held), ("transfers", result.transfers)]:
        for name, labels in table.items():
            for seed, units in labels.items():
                assert units <= most[part].get(name, {}).get(seed, 0)


@both_rules
@law
@given(ledgers(), shortfalls, st.randoms(use_true_random=False))
def test_l5_the_order_of_the_file_means_nothing(rule, ledger, shortfall, choose):
    transfers, seeds = list(ledger.transfers), list(ledger.seeds)
    choose.shuffle(transfers)
    choose.shuffle(seeds)
    shuffled = Ledger(ledger.accounts, tuple(transfers), tuple(seeds))
    assert trace(shuffled, rule=rule, shortfall=shortfall) == trace(
        ledger, rule=rule, shortfall=shortfall
    )


@both_rules
@law
@given(ledgers(), shortfalls, st.permutations(INSIDE))
def test_l6_renaming_accounts_renames_the_result(rule, ledger, shortfall, names):
    new = dict(zip(INSIDE, names, strict=True)) | {"V": "V", "W": "W"}
    renamed = Ledger(
        {new[name]: account for name, account in ledger.accounts.items()},
        tuple(replace(x, payer=new[x.payer], payee=new[x.payee]) for x in ledger.transfers),
        ledger.seeds,
    )
    before = trace(ledger, rule=rule, shortfall=shortfall)
    after = trace(renamed, rule=rule, shortfall=shortfall)
    assert after.held == {new[name]: labels for name, labels in before.held.items()}
    assert after.balances == {new[name]: n for name, n in before.balances.items()}
    assert (after.transfers, after.credited) == (before.transfers, before.credited)


@only_fifo
@law
@given(ledgers(batches=False), shortfalls, st.data())
def test_l7_a_transfer_in_two_parts_carries_the_same(rule, ledger, shortfall, data):
    ledger = one_by_one(ledger)
    seeds = naive.stolen(ledger)
    whole = [
        x for x in ledger.transfers if x.id not in seeds and x.credit is None and x.payer != x.payee
    ]
    if not whole:
        return
    old = data.draw(st.sampled_from(whole))
    part = data.draw(st.integers(0, old.amount))
    parts = (
        replace(old, id="part1", amount=part, seq=1),
        replace(old, id="part2", amount=old.amount - part, seq=2),
    )
    split = replace(ledger, transfers=(*(x for x in ledger.transfers if x != old), *parts))
    before = trace(ledger, rule=rule, shortfall=shortfall)
    after = trace(split, rule=rule, shortfall=shortfall)
    assert (after.held, after.dissipated) == (before.held, before.dissipated)
    carried = Counter(after.transfers.get("part1", {})) + Counter(after.transfers.get("part2", {}))
    assert carried == before.transfers.get(old.id, {})


@both_rules
@law
@given(ledgers(), shortfalls, st.integers(0, 5))
def test_l9_as_of_is_the_ledger_cut_after_it(rule, ledger, shortfall, as_of):
    kept = tuple(x for x in ledger.transfers if x.t <= as_of)
    ids = {x.id for x in kept}
    cut = Ledger(ledger.accounts, kept, tuple(s for s in ledger.seeds if s.transfer in ids))
    then = trace(ledger, rule=rule, shortfall=shortfall, as_of=as_of)
    assert replace(then, as_of=None) == trace(cut, rule=rule, shortfall=shortfall)


@only_fifo
@law
@given(ledgers(), shortfalls)
def test_l10_payments_traced_apart_are_the_same(rule, ledger, shortfall):
    together = trace(ledger, rule=rule, shortfall=shortfall)
    held, transfers = {}, {}
    for seed in ledger.seeds:
        alone = trace(replace(ledger, seeds=(seed,)), rule=rule, shortfall=shortfall)
        for name, labels in alone.held.items():
            held.setdefault(name, {}).update(labels)
        for name, labels in alone.transfers.items():
            transfers.setdefault(name, {}).update(labels)
    assert (together.held, together.transfers) == (held, transfers)


@only_prorata
@law
@given(ledgers(exchange=False), st.integers(1, 9))
def test_l11_the_first_labels_merged_trace_to_the_sum_of_their_parts(rule, ledger, first):
    labels = sorted(seed.transfer for seed in ledger.seeds)[:first]
    apart = trace(ledger, rule=rule)
    merged = naive.prorata(ledger, "unseen", None, merged=labels)
    for name in [*INSIDE, "W"]:
        parts = sum(apart.held.get(name, {}).get(label, 0) for label in labels)
        assert merged["held"].get(name, {}).get("\0merged", 0) == parts


@only_fifo
@law
@given(ledgers(exchange=False), shortfalls, st.integers(2, 1_000))
def test_l12_all_amounts_times_k_give_all_answers_times_k(rule, ledger, shortfall, k):
    larger = Ledger(
        {name: replace(a, opening=a.opening * k) for name, a in ledger.accounts.items()},
        tuple(replace(x, amount=x.amount * k) for x in ledger.transfers),
        tuple(replace(s, amount=s.amount and s.amount * k) for s in ledger.seeds),
    )
    before = trace(ledger, rule=rule, shortfall=shortfall)
    after = trace(larger, rule=rule, shortfall=shortfall)
    for part in ("held", "transfers", "dissipated"):
        assert totals(getattr(after, part)) == {
            name: n * k for name, n in totals(getattr(before, part)).items()
        }


@both_rules
@law
@given(ledgers(), shortfalls, st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9))))
def test_l16_transfers_among_untouched_accounts_change_nothing(rule, ledger, shortfall, more):
    apart = tuple(
        Transfer(id=f"n{i}", t=t, payer=f"N{i % 3}", payee=f"N{(i + 1) % 3}", amount=amount)
        for i, (t, amount) in enumerate(more)
    )
    before = trace(ledger, rule=rule, shortfall=shortfall)
    larger = replace(ledger, transfers=(*apart, *ledger.transfers))
    after = trace(larger, rule=rule, shortfall=shortfall)
    assert (after.held, after.transfers) == (before.held, before.transfers)
    assert after.dissipated == before.dissipated
    assert {n: b for n, b in after.balances.items() if n[0] != "N"} == before.balances


@both_rules
def test_amounts_beyond_64_bits_stay_exact(rule):
    huge = 10**30 + 1
    ledger = Ledger(
        {"V": Account(external=True), "A": Account(opening=2)},
        (
            Transfer("s", 1, "V", "A", huge),
            Transfer("x", 2, "A", "B", huge),
        ),
        (Seed("s"),),
    )
    result = trace(ledger, rule=rule)
    assert result.held["A"]["s"] + result.held["B"]["s"] == huge
    assert result.held["B"]["s"] == {"fifo": huge - 2, "prorata": huge * huge // (huge + 2)}[rule]
