"""An index made of columns gives the same answers as one made of the ledger they are of."""

from __future__ import annotations

from random import Random

import pytest

from recoup.core.tracing import LedgerRefused, Seed
from recoup.core.tracing.fast import TouchedIndex
from recoup.core.tracing.fast.touched import RULES

from ..random_ledgers import random_ledger
from .forms import both_forms
from .test_fast_equality import answer_or_refusal

every_rule = pytest.mark.parametrize("rule", RULES)


def columns_of(ledger):
    """A ledger as columns, its rows in the order in which they happen to stand."""
    rows = ledger.transfers
    names = list(dict.fromkeys([*ledger.accounts, *(e for x in rows for e in (x.payer, x.payee))]))
    batches = {name: n for n, name in enumerate(dict.fromkeys(x.batch for x in rows))}
    return {
        "payer": [names.index(x.payer) for x in rows],
        "payee": [names.index(x.payee) for x in rows],
        "t": [x.t for x in rows],
        "seq": [x.seq for x in rows],
        "amount": [x.amount for x in rows],
        "credit": [x.credited for x in rows],
        "batch": [-1 if x.batch is None else batches[x.batch] for x in rows],
        "opening": [ledger.accounts[name].opening for name in names],
        "external": [ledger.accounts[name].external for name in names],
        "names": names,
        "ids": [x.id for x in rows],
    }


@both_forms
@every_rule
def test_columns_in_any_order_have_the_ledgers_answer_and_pieces(rule, form):
    choose = Random(17)
    answered = 0
    for _ in range(1_000):
        ledger = random_ledger(choose)
        shortfall = choose.choice(["unseen", "overdraft"])
        of_ledger = TouchedIndex.from_ledger(ledger, shortfall=shortfall, form=form)
        index = TouchedIndex.from_arrays(**columns_of(ledger), shortfall=shortfall, form=form)
        expected = answer_or_refusal(lambda: of_ledger.trace(rule=rule))  # noqa: B023
        assert answer_or_refusal(lambda: index.trace(ledger.seeds, rule=rule)) == expected  # noqa: B023
        if isinstance(expected, tuple) or not ledger.seeds:
            continue
        answered += 1
        row_of = {x.id: row for row, x in enumerate(ledger.transfers)}
        rows = [row_of[seed.transfer] for seed in ledger.seeds]
        units = [
            ledger.transfers[row].amount if seed.amount is None else seed.amount
            for row, seed in zip(rows, ledger.seeds, strict=True)
        ]
        pieces = index.pieces(rows, rule=rule, units=units)
        carried = {}
        for row, label, there in zip(pieces.row, pieces.label, pieces.units, strict=True):
            name, of = ledger.transfers[row].id, ledger.seeds[label].transfer
            carried.setdefault(name, {})[of] = there
        assert carried == expected.transfers
        held = {}
        rests = zip(pieces.rest_account, pieces.rest_label, pieces.rest_units, strict=True)
        for account, label, there in rests:
            table = held.setdefault(index.accounts[account], {})
            of = ledger.seeds[label].transfer
            table[of] = table.get(of, 0) + there
        assert held == expected.held
    assert answered > 300


SMALL = {
    "payer": [0, 1, 1],
    "payee": [1, 2, 2],
    "t": [1, 2, 3],
    "amount": [50, 20, 40],
    "opening": [0, 10, 0],
    "external": [True, False, False],
}


@both_forms
def test_without_names_and_ids_numbers_serve(form):
    index = TouchedIndex.from_arrays(**SMALL, form=form)
    result = index.trace((Seed("0"),), rule="libr")
    assert result.held == {"2": {"0": 50}}
    assert result.transfers == {"0": {"0": 50}, "1": {"0": 10}, "2": {"0": 40}}
    assert result.balances == {"1": 0, "2": 60}
    for unknown in ("3", "00", "x"):
        with pytest.raises(LedgerRefused, match="not among the transfers"):
            index.trace((Seed(unknown),), rule="libr")
    with pytest.raises(LedgerRefused, match="There is no row 3"):
        index.pieces([3], rule="libr")


@both_forms
@pytest.mark.parametrize(
    ("column", "values", "told"),
    [
        ("amount", [50, -20, 40], "holds -20"),
        ("amount", [50, 20], "has 2 entries, not 3"),
        ("amount", [50, 20, 1.5], "does not hold whole numbers"),
        ("payee", [1, 2, 3], "holds 3. It must be the number of an account, 0 to 2"),
        ("opening", [0, -1, 0], "holds -1"),
        ("ids", ["a", "b", "a"], "'a' is there twice"),
        ("names", ["A"], "has 1 entries, not 3"),
    ],
)
def test_columns_that_contradict_themselves_are_refused(form, column, values, told):
    with pytest.raises(LedgerRefused, match=told):
        TouchedIndex.from_arrays(**{**SMALL, column: values}, form=form)


@both_forms
def test_columns_beyond_64_bits_are_exact_or_refused(form):
    large = {**SMALL, "amount": [2**70, 20, 40]}
    if form == "compiled":
        with pytest.raises(LedgerRefused, match="Use the form 'plain'"):
            TouchedIndex.from_arrays(**large, form=form)
        return
    index = TouchedIndex.from_arrays(**large, form=form)
    assert index.trace((Seed("0"),), rule="libr").held == {"1": {"0": 2**70 - 50}, "2": {"0": 50}}


@both_forms
def test_the_columns_take_what_is_said_of_them(form):
    choose = Random(1)
    rows, accounts = 10_000, 500
    index = TouchedIndex.from_arrays(
        payer=[choose.randrange(accounts) for _ in range(rows)],
        payee=[choose.randrange(accounts) for _ in range(rows)],
        t=list(range(rows)),
        amount=[5] * rows,
        opening=[0] * accounts,
        external=[False] * accounts,
        form=form,
    )
    for rule in RULES:
        index.prepare(rule)
    assert index.bytes_per_transfer <= 48
