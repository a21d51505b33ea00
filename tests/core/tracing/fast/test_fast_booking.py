"""Bookings, at the end or late, leave the index as if it were built again."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest

from recoup.core.tracing import Account, Ledger, LedgerRefused, Seed, Transfer, trace
from recoup.core.tracing.fast import Changed, Index

from ..random_ledgers import random_ledger
from .forms import both_forms
from .test_fast_equality import answer_or_refusal


def known(index):
    """All positions by the names of transfers, whatever the rows are numbered."""
    c = index.columns
    debits = {}
    for account in range(len(index.accounts)):
        at = int(c.out_at[account])
        for place in range(at, at + int(c.out_n[account])):
            start = c.start_of(place, account)
            debits[index.ids[c.out_row[place]]] = (start, int(c.out_end[place]))
    credits = {name: int(c.dstpos[row]) for row, name in enumerate(index.ids)}
    owed = {name: int(c.owed[row]) for row, name in enumerate(index.ids) if len(c.owed)}
    came = {name: int(c.came[account]) for account, name in enumerate(index.accounts)}
    gone = {name: int(c.gone[account]) for account, name in enumerate(index.accounts)}
    return debits, credits, owed, came, gone


def rebuilt(ledger, transfers, shortfall, form):
    names = {end for x in transfers for end in (x.payer, x.payee)}
    accounts = {n: a for n, a in ledger.accounts.items() if n in names or n in "ABCDVW"}
    return Index.of(Ledger(accounts, tuple(transfers), ()), shortfall=shortfall, form=form)


@both_forms
def test_bookings_in_any_order_equal_an_index_built_again(form):
    choose = Random(3)
    late = 0
    for _ in range(1_500):
        ledger = random_ledger(choose)
        shortfall = choose.choice(["unseen", "overdraft"])
        transfers = list(ledger.transfers)
        first = choose.randint(0, len(transfers))
        start = Ledger(ledger.accounts, tuple(transfers[:first]), ())
        index = Index.of(start, shortfall=shortfall, form=form)
        for number in range(first, len(transfers)):
            late += index.book(transfers[number]).is_late
        assert known(index) == known(rebuilt(ledger, transfers, shortfall, form)), ledger
        for as_of in (None, 2):
            expected = answer_or_refusal(lambda: trace(ledger, shortfall=shortfall, as_of=as_of))  # noqa: B023
            found = answer_or_refusal(lambda: index.trace(ledger.seeds, as_of=as_of))  # noqa: B023
            assert found == expected, ledger
    assert late > 1_000


@both_forms
def test_only_cases_that_a_booking_concerns_have_another_answer(form):
    choose = Random(4)
    told = kept = 0
    for _ in range(2_000):
        ledger = random_ledger(choose, odd_seeds=False)
        shortfall = choose.choice(["unseen", "overdraft"])
        transfers = list(ledger.transfers)
        new = transfers.pop(choose.randrange(len(transfers)))
        without = Ledger(ledger.accounts, tuple(transfers), ())
        index = Index.of(without, shortfall=shortfall, form=form)
        cases = [(seed,) for seed in ledger.seeds if seed.transfer != new.id]
        before = [(index.trace(case), index.reach(case)) for case in cases]
        booked = index.book(new)
        for case, (answer, reach) in zip(cases, before, strict=True):
            now = index.trace(case)
            if booked.concerns(reach):
                told += 1
                continue
            kept += 1
            for table in ("held", "transfers", "credited", "dissipated"):
                assert getattr(now, table) == getattr(answer, table), (new, ledger)
    assert told > 100 and kept > 1_000


@both_forms
def test_a_late_booking_moves_what_comes_after_it_in_two_accounts_only(form):
    busy = [Transfer(f"b{n:03}", n, "B", "C", 1) for n in range(100)]
    other = [Transfer(f"o{n:03}", n, "N", "M", 1) for n in range(100)]
    ledger = Ledger({"B": Account(opening=50)}, (*busy, *other), ())
    index = Index.of(ledger, form=form)
    booked = index.book(Transfer("late", 90, "B", "X", 7))
    assert (booked.is_late, booked.moved) == (True, 9)
    assert booked.changed == (Changed("B", 91), Changed("X", 0))
    assert index.book(Transfer("end", 200, "N", "B", 7)).moved == 0


@both_forms
def test_a_refused_booking_changes_nothing(form):
    ledger = Ledger({}, (Transfer("s", 1, "V", "A", 40),), (Seed("s"),))
    index = Index.of(ledger, form=form)
    before = known(index)
    for wrong in (Transfer("s", 2, "A", "B", 1), Transfer("x", 2, "A", "B", -1)):
        with pytest.raises(LedgerRefused):
            index.book(wrong)
    assert known(index) == before
    assert index.trace() == trace(ledger)


@both_forms
def test_a_booking_beyond_64_bits_is_exact_or_refused(form):
    ledger = Ledger({}, (Transfer("s", 1, "V", "A", 40),), (Seed("s"),))
    large = Transfer("x", 2**70, "A", "B", 2**65, credit=2**64)
    index = Index.of(ledger, form=form)
    if form == "compiled":
        with pytest.raises(LedgerRefused, match="Use the form 'plain'"):
            index.book(large)
        assert index.trace() == trace(ledger)
        return
    index.book(large)
    index.book(Transfer("y", 3, "A", "C", 7))
    both = (*ledger.transfers, large, Transfer("y", 3, "A", "C", 7))
    assert index.trace() == trace(replace(ledger, transfers=both))


@both_forms
def test_everything_at_one_instant_and_to_oneself_can_be_booked_late(form):
    choose = Random(9)
    names = ["A", "B"]
    transfers = [
        Transfer(
            f"{choose.randrange(10**6):06}-{n}",
            1,
            choose.choice(names),
            choose.choice(names),
            choose.randint(0, 9),
        )  # fmt: skip
        for n in range(120)
    ]
    seed = Transfer("0", 0, "V", "A", 30)
    ledger = Ledger({}, (seed, *transfers), (Seed("0"),))
    index = Index.of(Ledger({}, (seed,), ledger.seeds), form=form)
    for transfer in transfers:
        index.book(transfer)
    assert index.trace() == trace(ledger)
