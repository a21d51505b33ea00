"""The laws that hold whatever the ledger: nothing is lost, nothing is made, names do not count."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import Phase, assume, given, settings
from hypothesis import strategies as st

from recoup.core.tracing import RULES, Account, Ledger, Seed, Transfer, reckon, trace
from recoup.core.tracing.walk import Books

from . import naive
from .random_ledgers import INSIDE, RANDOM_LEDGERS, ledgers

CONSERVING = [key for key, rule in RULES.items() if rule.conserves]
BY_TOTALS = ("libr", "tiho")

shortfalls = st.sampled_from(["unseen", "overdraft"])
moments = st.none() | st.integers(0, 5)
law = settings(max_examples=40, deadline=None)
if RANDOM_LEDGERS < 10_000:  # a mutant that lives must live again, and how it dies is not asked
    law = settings(
        max_examples=max(1, 40 * RANDOM_LEDGERS // 10_000),
        deadline=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
    )


def under(*rules):
    return pytest.mark.parametrize("rule", rules)


def totals(table):
    return {name: sum(labels.values()) for name, labels in table.items()}


def summed(result, rule):
    """What became of the money: by label, or for the rules of totals by total."""
    found = result.held, result.dissipated
    return tuple(map(totals, found)) if rule in BY_TOTALS else found


def one_by_one(ledger):
    """Give each transfer a moment of its own, in the order in which they count."""
    ordered = naive.ordered(ledger, None)
    return replace(
        ledger, transfers=tuple(replace(x, t=10 * i, seq=0) for i, x in enumerate(ordered))
    )


def is_short_for(ledger, shortfall, transfer):
    """Whether its payer has less than the transfer takes, when its turn comes."""
    ordered = naive.ordered(ledger, None)
    earlier = replace(ledger, transfers=tuple(ordered[: ordered.index(transfer)]), seeds=())
    balances = trace(earlier, shortfall=shortfall).balances
    there = balances.get(transfer.payer, 0)
    return transfer.payer in INSIDE and there < transfer.amount


@under(*CONSERVING)
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


@under(*CONSERVING)
@law
@given(ledgers(), shortfalls, moments)
def test_each_payment_can_be_added_up_again_across_currencies(rule, ledger, shortfall, as_of):
    result = trace(ledger, rule=rule, shortfall=shortfall, as_of=as_of)
    assert [x.unaccounted for x in reckon(ledger, result)] == [0] * len(reckon(ledger, result))


@under(*CONSERVING)
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


@under(*RULES)
@law
@given(st.data(), shortfalls, moments)
def test_l3_poison_dominates(rule, data, shortfall, as_of):
    """Without exchange for exact fractions: poison is rounded down to nothing, they are not."""
    ledger = data.draw(ledgers(exchange=rule != "prorata_exact"))
    result = trace(ledger, rule=rule, shortfall=shortfall, as_of=as_of)
    most = trace(ledger, rule="poison", shortfall=shortfall, as_of=as_of)
    for part in ("held", "transfers"):
        for name, labels in getattr(result, part).items():
            for seed, units in labels.items():
                assert units <= getattr(most, part).get(name, {}).get(seed, 0)


@under(*CONSERVING)
@law
@given(ledgers(exchange=False), shortfalls, moments)
def test_l4_first_hop_bounds(rule, ledger, shortfall, as_of):
    """Nobody but outsiders pays into A, so that no traced money comes back to it."""
    kept = tuple(x for x in ledger.transfers if x.payee != "A" or x.payer == "V")
    seeds = tuple(s for s in ledger.seeds if s.transfer in {x.id for x in kept if x.payee == "A"})
    ledger = replace(ledger, transfers=kept, seeds=seeds)

    def still_there(rule):
        held = trace(ledger, rule=rule, shortfall=shortfall, as_of=as_of).held
        return sum(held.get("A", {}).values())

    ledger = without_batches(ledger)
    assert still_there("tiho") <= still_there(rule) <= still_there("libr")


def without_batches(ledger):
    return replace(ledger, transfers=tuple(replace(x, batch=None) for x in ledger.transfers))


@under(*RULES)
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


@under(*RULES)
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


@under("fifo", "lifo", "libr", "tiho", "prorata_exact", "poison")
@law
@given(ledgers(batches=False), shortfalls, st.data())
def test_l7_a_transfer_in_two_parts_carries_the_same(rule, ledger, shortfall, data):
    """Last in first out and poison: only where the payer is not short.

    Exact fractions: only where nothing repays an overdraft, which is for whole units.
    """
    shortfall = "unseen" if rule == "prorata_exact" else shortfall
    ledger = one_by_one(ledger)
    seeds = naive.stolen(ledger)
    whole = [
        x for x in ledger.transfers if x.id not in seeds and x.credit is None and x.payer != x.payee
    ]
    assume(whole)
    old = data.draw(st.sampled_from(whole))
    assume(rule not in ("lifo", "poison") or not is_short_for(ledger, shortfall, old))
    part = data.draw(st.integers(0, old.amount))
    parts = (
        replace(old, id="part1", amount=part, seq=1),
        replace(old, id="part2", amount=old.amount - part, seq=2),
    )
    split = replace(ledger, transfers=(*(x for x in ledger.transfers if x != old), *parts))
    before = trace(ledger, rule=rule, shortfall=shortfall)
    after = trace(split, rule=rule, shortfall=shortfall)
    assert summed(after, rule) == summed(before, rule)
    carried = Counter(after.transfers.get("part1", {})) + Counter(after.transfers.get("part2", {}))
    if rule in BY_TOTALS:
        assert carried.total() == sum(before.transfers.get(old.id, {}).values())
    else:
        assert carried == before.transfers.get(old.id, {})


@under(*RULES)
@law
@given(ledgers(), shortfalls, st.lists(st.integers(0, 14)))
def test_l8_transfers_that_follow_later_are_carried_out_on_the_same_books(
    rule, ledger, shortfall, cuts
):
    books = Books(RULES[rule].purse, ledger, may_overdraw=shortfall == "overdraft")
    how = {"rule": rule, "shortfall": shortfall, "as_of": None}
    ordered = RULES[rule].order(ledger, None)
    for first, after in zip([0, *sorted(cuts)], [*sorted(cuts), len(ordered)], strict=True):
        for transfer in ordered[first:after]:
            books.carry_out(transfer)
        books.result(**how)
    assert books.result(**how) == trace(ledger, rule=rule, shortfall=shortfall)


@under(*RULES)
@law
@given(ledgers(), shortfalls, st.integers(0, 5))
def test_l9_as_of_is_the_ledger_cut_after_it(rule, ledger, shortfall, as_of):
    kept = tuple(x for x in ledger.transfers if x.t <= as_of)
    ids = {x.id for x in kept}
    cut = Ledger(ledger.accounts, kept, tuple(s for s in ledger.seeds if s.transfer in ids))
    then = trace(ledger, rule=rule, shortfall=shortfall, as_of=as_of)
    assert replace(then, as_of=None) == trace(cut, rule=rule, shortfall=shortfall)


@under("fifo", "lifo", "poison", "prorata_exact")
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


@under("prorata", "libr", "tiho")
@law
@given(ledgers(exchange=False), st.integers(1, 9))
def test_l11_the_first_labels_merged_trace_to_the_sum_of_their_parts(rule, ledger, first):
    labels = sorted(seed.transfer for seed in ledger.seeds)
    labels = labels[:first] if rule == "prorata" else labels
    apart = trace(ledger, rule=rule)
    merged = getattr(naive, rule)(ledger, "unseen", None, merged=labels)
    for part in ("held", "transfers"):
        names = {*getattr(apart, part), *merged[part]}
        for name in names - set(labels):
            parts = sum(getattr(apart, part).get(name, {}).get(label, 0) for label in labels)
            assert merged[part].get(name, {}).get("\0merged", 0) == parts


@under("fifo", "lifo", "libr", "tiho", "prorata_exact", "poison")
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


@under("prorata")
@law
@given(ledgers(exchange=False), moments)
def test_l13_rounding_stays_below_one_unit_a_traced_debit(rule, ledger, as_of):
    rounded = trace(ledger, rule=rule, as_of=as_of)
    exact = trace(ledger, rule="prorata_exact", as_of=as_of)
    seeds = naive.stolen(ledger)
    debits = sum(1 for name in exact.transfers if name not in seeds)
    for name in INSIDE:
        there = sum(rounded.held.get(name, {}).values())
        assert abs(there - sum(exact.held.get(name, {}).values())) <= debits


@under("prorata_exact")
@law
@given(ledgers(), shortfalls, st.data())
def test_l14_two_debits_in_a_row_swap(rule, ledger, shortfall, data):
    ledger = one_by_one(without_batches(ledger))
    payer = data.draw(st.sampled_from(INSIDE))
    others = st.sampled_from([name for name in [*INSIDE, "W"] if name != payer])
    amounts = st.integers(0, 12)
    place = 10 * data.draw(st.integers(0, 14))
    two = [
        Transfer("p", place + 1, payer, data.draw(others), data.draw(amounts)),
        Transfer("q", place + 2, payer, data.draw(others), data.draw(amounts)),
    ]
    straight = replace(ledger, transfers=(*ledger.transfers, *two))
    assume(not any(is_short_for(straight, shortfall, x) for x in two))
    swapped = (replace(two[0], t=place + 2), replace(two[1], t=place + 1))
    swapped = replace(ledger, transfers=(*ledger.transfers, *swapped))
    before = trace(straight, rule=rule, shortfall=shortfall).transfers
    after = trace(swapped, rule=rule, shortfall=shortfall).transfers
    assert [before.get(x.id) for x in two] == [after.get(x.id) for x in two]


@under("fifo", "lifo")
def test_l14_where_the_order_counts_the_rule_names_it(rule):
    def carried_by_p(t):
        transfers = (
            Transfer("s", 1, "V", "A", 5),
            Transfer("p", t, "A", "B", 5),
            Transfer("q", 3, "A", "C", 5),
        )
        accounts = {"V": Account(external=True), "A": Account(opening=5)}
        result = trace(Ledger(accounts, transfers, (Seed("s"),)), rule=rule)
        return result.transfers.get("p", {})

    assert carried_by_p(2) != carried_by_p(4)
    assert "sequence" in RULES[rule].ordering


@under("fifo", "lifo")
@law
@given(ledgers(exchange=False), shortfalls)
def test_l15_there_and_back(rule, ledger, shortfall):
    """Forward each unit of a payment ends in one place; back, each unit held is one of them.

    Where a unit ends is what the payment with that unit adds to the payment without it.
    """
    ends = naive.ends_of_units(ledger, shortfall, oldest=-(rule == "lifo"))
    how = {"rule": rule, "shortfall": shortfall}
    for seed, units in naive.stolen(ledger).items():
        parts = [
            trace(replace(ledger, seeds=(Seed(seed, amount),)), **how)
            for amount in range(units + 1)
        ]
        for unit, (less, more) in enumerate(pairwise(parts)):
            assert places(more) - places(less) == Counter([ends[seed, unit]])
            assert places(less) - places(more) == Counter()
    assert places(trace(ledger, **how)) == Counter(ends.values())


def places(result):
    """Count the traced units in each place: held or dissipated, and the account."""
    return Counter(
        {("held", name): units for name, units in totals(result.held).items()}
        | {("dissipated", name): units for name, units in totals(result.dissipated).items()}
    )


@under(*RULES)
@law
@given(ledgers(), shortfalls, st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9))))
def test_l16_transfers_among_untouched_accounts_change_nothing(rule, ledger, shortfall, more):
    apart = tuple(
        Transfer(id=f"n{i}", t=t, payer=f"N{i % 3}", payee=f"N{(i + 1) % 3}", amount=amount)
        for i, (t, amount) in enumerate(more)
    )
    ledger = without_batches(ledger)
    before = trace(ledger, rule=rule, shortfall=shortfall)
    larger = replace(ledger, transfers=(*apart, *ledger.transfers))
    after = trace(larger, rule=rule, shortfall=shortfall)
    assert (after.held, after.transfers) == (before.held, before.transfers)
    assert after.dissipated == before.dissipated
    assert {n: b for n, b in after.balances.items() if n[0] != "N"} == before.balances


@under(*RULES)
@law
@given(ledgers(), shortfalls, st.data())
def test_l17_a_late_booking_is_as_if_it_had_been_there_from_the_start(
    rule, ledger, shortfall, data
):
    late = data.draw(st.sampled_from(ledger.transfers))
    early = tuple(x for x in ledger.transfers if x != late)
    known = tuple(s for s in ledger.seeds if s.transfer != late.id)
    trace(replace(ledger, transfers=early, seeds=known), rule=rule, shortfall=shortfall)
    now = replace(
        ledger,
        transfers=(*early, late),
        seeds=(*known, *(s for s in ledger.seeds if s not in known)),
    )
    assert trace(now, rule=rule, shortfall=shortfall) == trace(
        ledger, rule=rule, shortfall=shortfall
    )


@under(*RULES)
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
    held = trace(ledger, rule=rule).held
    moved = {
        "fifo": huge - 2,
        "lifo": huge,
        "prorata": huge * huge // (huge + 2),
        "prorata_exact": huge * naive.Fraction(huge, huge + 2),
        "poison": huge,
        "libr": huge - 2,
        "tiho": huge,
    }
    assert held["B"]["s"] == moved[rule]
    left = 2 if rule == "poison" else huge - moved[rule]
    assert held.get("A", {}).get("s", 0) == left
