"""The worst ledgers: work is counted (steps, moved bookings, places), not seconds."""

from __future__ import annotations

import pytest

from recoup.core.tracing import Account, Ledger, Seed, Transfer, trace
from recoup.core.tracing.fast import Index

from .array_ledgers import as_tuples, positions
from .forms import both_forms


def chain(layers, *, form, opening=0):
    """Each of many accounts passes on all it got but one unit."""
    units = 10 * layers
    return Index.from_arrays(
        payer=list(range(layers)), payee=list(range(1, layers + 1)), t=list(range(layers)),
        amount=[units - layer for layer in range(layers)],
        opening=[opening] * (layers + 1), external=[1] + [0] * layers, form=form,
    )  # fmt: skip


@both_forms
@pytest.mark.parametrize("layers", [1_000, 2_000])
def test_peeling_one_unit_a_layer_takes_a_step_a_layer(form, layers):
    steps, rests = chain(layers, form=form).pieces(0)
    assert (len(steps), len(rests)) == (layers, layers)
    assert {units for _, _, units in as_tuples((steps, rests))[1][:-1]} == {1}


@both_forms
def test_units_that_part_and_meet_again_at_each_layer_do_not_multiply(form):
    """Fifty payments of one unit to the next account, which pays fifty on: thirty layers."""
    layers, parts = 30, 50
    count = layers * parts
    index = Index.from_arrays(
        payer=[0, *(1 + n // parts for n in range(count))],
        payee=[1, *(2 + n // parts for n in range(count))],
        t=[0] + [1] * count,
        amount=[parts] + [1] * count,
        opening=[0] * (layers + 2), external=[1] + [0] * (layers + 1), form=form,
    )  # fmt: skip
    steps, rests = index.pieces(0)
    # The fifty arrivals at the last account rest as they came; all before are a step a payment.
    assert (len(steps), len(rests)) == (1 + count, parts)


@both_forms
@pytest.mark.parametrize("count", [500, 1_000])
def test_everything_at_one_instant_and_to_oneself_takes_a_step_a_transfer(form, count):
    transfers = [Transfer(f"{n:05}", 0, "A", "A", 3 + n % 2) for n in range(count)]
    ledger = Ledger(
        {"V": Account(external=True)}, (Transfer("", 0, "V", "A", 3), *transfers), (Seed(""),)
    )
    index = Index.of(ledger, form=form)
    assert index.trace() == trace(ledger)
    assert len(index.look_up()[0]) < 3 * count


@both_forms
def test_an_account_with_all_credits_and_debits_costs_what_is_found(form):
    count = 20_000
    index = Index.from_arrays(
        payer=[n % 2 for n in range(count)], payee=[1 - n % 2 for n in range(count)],
        t=[0] * count, amount=[1] * count, opening=[5, 0], external=[0, 0], form=form,
    )  # fmt: skip
    steps, _ = index.pieces(count - 1)
    assert len(steps) == 1
    steps, _ = index.pieces(count // 2)
    assert len(steps) <= count


@both_forms
def test_appending_to_one_account_moves_each_place_a_few_times_only(form, monkeypatch):
    index = Index.from_arrays(
        payer=[0], payee=[1], t=[0], amount=[1], opening=[0, 0], external=[0, 0], form=form
    )
    packed = []
    pack = type(index.form_of_columns).pack
    monkeypatch.setattr(
        type(index.form_of_columns), "pack", lambda *a: packed.append(pack(*a)) or packed[-1]
    )
    total, batch = 6_000, 60
    for turn in range(total // batch):
        index.append_rows(
            payer=[0] * batch, payee=[1] * batch, t=[turn] * batch, amount=[1] * batch
        )
    c = index.columns
    assert c.out_used <= 3 * c.rows + 64 and c.in_used <= 3 * c.rows + 64
    assert len(c.out_row) <= 5 * c.rows and len(c.payer) <= 1.2 * c.rows
    assert sum(packed) <= 8 * total
    assert int(c.gone[0]) == int(c.came[1]) == total + 1


@both_forms
def test_segments_that_grow_by_turns_are_packed_and_answers_stay(form):
    accounts, rounds = 60, 40
    given = {
        "opening": [9] * accounts, "external": [0] * accounts,
        "payer": list(range(accounts)), "payee": [*range(1, accounts), 0],
        "t": [0] * accounts, "amount": [2] * accounts,
    }  # fmt: skip
    index = Index.from_arrays(**given, form=form)
    packed = []
    form_of = index.form_of_columns
    for turn in range(1, rounds):
        rows = accounts - turn
        used = index.columns.out_used
        index.append_rows(
            payer=given["payer"][:rows], payee=given["payee"][:rows], t=[turn] * rows,
            amount=[1] * rows,
        )  # fmt: skip
        for name in ("payer", "payee"):
            given[name] = given[name] + given[name][:rows]
        given["t"] = given["t"] + [turn] * rows
        given["amount"] = given["amount"] + [1] * rows
        packed.append(index.columns.out_used < used)
    assert any(packed) and form_of.name == form
    c = index.columns
    assert c.out_used <= 3 * c.rows + 64 and c.in_used <= 3 * c.rows + 64
    again = Index.from_arrays(**given, form=form)
    assert positions(index) == positions(again)
    rows = list(range(c.rows))
    assert as_tuples(index.pieces(rows)) == as_tuples(again.pieces(rows))


@both_forms
def test_many_late_rows_in_one_batch_set_each_account_again_once(form):
    """One by one a thousand late rows would move a million bookings."""
    count, late = 1_000, 1_000
    index = Index.from_arrays(
        payer=[0] * count, payee=[1] * count, t=list(range(count)), amount=[2] * count,
        opening=[7, 0], external=[0, 0], form=form,
    )  # fmt: skip
    booked = index.append_rows(payer=[0] * late, payee=[1] * late, t=[1] * late, amount=[1] * late)
    assert booked.late == late
    assert booked.moved == 2 * (count - 2)


@both_forms
@pytest.mark.parametrize("late", [10, 90])
def test_a_late_row_moves_what_comes_after_it_in_its_two_accounts_only(form, late):
    count = 100
    index = Index.from_arrays(
        payer=[0] * count + [2] * count, payee=[1] * count + [3] * count,
        t=[*range(count), *range(count)], amount=[1] * (2 * count),
        opening=[0] * 5, external=[0] * 5, form=form,
    )  # fmt: skip
    booked = index.append_rows(payer=[0], payee=[4], t=[late], amount=[3])
    assert (booked.late, booked.moved) == (1, count - 1 - late)
    assert [(one.account, one.start) for one in booked.changed] == [("0", late + 1), ("4", 0)]


@both_forms
def test_forty_bytes_a_transfer_at_most_for_columns(form):
    count = 20_000
    index = Index.from_arrays(
        payer=[n % 1_000 for n in range(count)], payee=[n * 7 % 1_000 for n in range(count)],
        t=list(range(count)), amount=[5] * count, opening=[0] * 1_000, external=[0] * 1_000,
        form=form,
    )  # fmt: skip
    assert index.nbytes / count == index.bytes_per_transfer <= 40
