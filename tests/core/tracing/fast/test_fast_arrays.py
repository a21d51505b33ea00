"""An index from columns answers as one from a ledger, and takes batches as if built again."""

from __future__ import annotations

import pickle
from array import array
from random import Random
from threading import Thread

import pytest

from recoup.core.tracing import LedgerRefused, Seed, Transfer, trace
from recoup.core.tracing.fast import Index

from ..random_ledgers import random_ledger
from .array_ledgers import as_tuples, columns_of, of_columns, positions
from .forms import both_forms
from .test_fast_equality import answer_or_refusal

BARE = {"names": None, "ids": None}


def small(**changed):
    given = {
        "payer": [0, 1, 2], "payee": [1, 2, 3], "t": [1, 2, 3], "amount": [40, 30, 20],
        "opening": [0, 0, 5, 0], "external": [True, False, False, False],
    }  # fmt: skip
    return given | changed


@both_forms
@pytest.mark.parametrize("is_shuffled", [False, True])
def test_columns_have_the_answer_of_the_ledger_and_of_the_walk(form, is_shuffled):
    choose = Random(41)
    for _ in range(2_000):
        ledger = random_ledger(choose)
        shortfall = choose.choice(["unseen", "overdraft"])
        columns = columns_of(ledger, shuffled=choose if is_shuffled else None)
        index = Index.from_arrays(**columns, shortfall=shortfall, form=form)
        for as_of in (None, choose.randint(-1, 5)):
            expected = answer_or_refusal(lambda: trace(ledger, shortfall=shortfall, as_of=as_of))  # noqa: B023
            found = answer_or_refusal(lambda: index.trace(ledger.seeds, as_of=as_of))  # noqa: B023
            assert found == expected, ledger


@both_forms
def test_pieces_are_the_look_ups_of_seeds_one_by_one_and_together(form):
    choose = Random(42)
    for _ in range(1_000):
        ledger = random_ledger(choose, odd_seeds=False)
        columns = columns_of(ledger, shuffled=choose if choose.random() < 0.5 else None)
        index = Index.from_arrays(**columns, form=form)
        as_of = choose.choice([None, choose.randint(-1, 6)])
        rows = [columns["ids"].index(seed.transfer) for seed in ledger.seeds]
        amounts = [columns["amount"][row] for row in rows]
        units = [
            amount if seed.amount is None else seed.amount
            for seed, amount in zip(ledger.seeds, amounts, strict=True)
        ]
        together = as_tuples(index.pieces(rows, units=units, as_of=as_of))
        steps, rests = [], []
        for label, (row, part) in enumerate(zip(rows, units, strict=True)):
            one = as_tuples(index.pieces(row, units=part, as_of=as_of))
            assert part < amounts[label] or as_tuples(index.pieces(row, as_of=as_of)) == one
            steps += [(x[0], label, *x[2:]) for x in one[0]]
            rests += [(x[0], label, x[2]) for x in one[1]]
        assert together == (sorted(steps), sorted(rests)), ledger


def test_both_forms_find_the_same_pieces_in_the_same_order():
    pytest.importorskip("numba")
    choose = Random(43)
    for _ in range(500):
        columns = columns_of(random_ledger(choose))
        plain = Index.from_arrays(**columns, form="plain")
        quick = Index.from_arrays(**columns)
        for row in range(len(columns["t"])):
            expected, found = plain.pieces(row), quick.pieces(row)
            assert list(map(tuple, found.steps.tolist())) == expected.steps
            assert list(map(tuple, found.rests.tolist())) == expected.rests
        every = list(range(len(columns["t"])))
        assert as_tuples(quick.pieces(every)) == as_tuples(plain.pieces(every))


@both_forms
def test_batches_in_any_order_leave_the_index_as_if_it_were_built_again(form):
    choose = Random(44)
    late = 0
    for _ in range(1_500):
        columns = columns_of(random_ledger(choose), shuffled=choose) | BARE | {"seq": None}
        shortfall, count = choose.choice(["unseen", "overdraft"]), len(columns["t"])
        done = choose.randint(0, count)
        index = of_columns(columns, 0, done, shortfall=shortfall, form=form)
        while done < count:
            upto = choose.randint(done + 1, count)
            batch = {
                name: columns[name][done:upto]
                for name in ("payer", "payee", "t", "amount", "credit")
            }
            booked = index.append_rows(**batch)
            assert list(booked.rows) == list(range(done, upto))
            late, done = late + booked.late, upto
        again = of_columns(columns, shortfall=shortfall, form=form)
        assert positions(index) == positions(again)
        rows = list(range(count))
        assert as_tuples(index.pieces(rows)) == as_tuples(again.pieces(rows))
        for row in rows:
            assert as_tuples(index.pieces(row)) == as_tuples(again.pieces(row))
        assert index.trace().balances == again.trace().balances
        assert index.trace().unseen == again.trace().unseen
    assert late > 1_000


@both_forms
def test_batches_with_ids_of_a_ledger_are_ordered_by_them(form):
    choose = Random(45)
    late = 0
    for _ in range(600):
        ledger = random_ledger(choose)
        columns = columns_of(ledger)
        at_once = [row for row, seq in enumerate(columns["seq"]) if not seq]
        before = [x for x in ledger.transfers if x.seq]
        choose.shuffle(at_once)
        index = Index.of(type(ledger)(ledger.accounts, tuple(before), ()), form=form)
        number = {name: place for place, name in enumerate(index.accounts)}
        new = {columns["names"][columns[end][row]] for row in at_once for end in ("payer", "payee")}
        unknown = [name for name in new if name not in number]
        places = index.add_accounts([0] * len(unknown), [0] * len(unknown), names=unknown)
        number |= dict(zip(unknown, places, strict=True))
        half = len(at_once) // 2
        for rows in (at_once[:half], at_once[half:]):
            booked = index.append_rows(
                payer=[number[columns["names"][columns["payer"][row]]] for row in rows],
                payee=[number[columns["names"][columns["payee"][row]]] for row in rows],
                t=[columns["t"][row] for row in rows],
                amount=[columns["amount"][row] for row in rows],
                credit=[columns["credit"][row] for row in rows],
                ids=[columns["ids"][row] for row in rows],
            )
            late += booked.late
        expected = answer_or_refusal(lambda: trace(ledger))  # noqa: B023
        assert answer_or_refusal(lambda: index.trace(ledger.seeds)) == expected, ledger  # noqa: B023
    assert late > 100


@both_forms
def test_a_batch_concerns_exactly_what_its_bookings_concern_and_nothing_else_changes(form):
    choose = Random(46)
    told = kept = 0
    for _ in range(1_500):
        columns = columns_of(random_ledger(choose)) | BARE | {"seq": None}
        count = len(columns["t"])
        done = choose.randint(1, count - 1)
        shortfall = choose.choice(["unseen", "overdraft"])
        index = of_columns(columns, 0, done, shortfall=shortfall, form=form)
        rows = list(range(done))
        together = index.pieces(rows)
        before = {row: as_tuples(index.pieces(row)) for row in rows}
        reach = {row: index.reach((Seed(str(row)),)) for row in rows}
        batch = {name: columns[name][done:] for name in ("payer", "payee", "t", "amount", "credit")}
        batch["t"] = [choose.randint(0, 6) for _ in batch["t"]]
        booked = index.append_rows(**batch)
        concerned = booked.concerned(together)
        assert concerned == [row for row in rows if booked.concerns(reach[row])]
        told += len(concerned)
        for row in set(rows) - set(concerned):
            kept += 1
            assert as_tuples(index.pieces(row)) == before[row], columns
    assert told > 100 and kept > 1_000


@both_forms
def test_one_can_book_transfers_with_names_into_columns(form):
    index = Index.from_arrays(**small(), form=form)
    assert list(index.accounts) == ["0", "1", "2", "3"] and index.ids[2] == "2"
    index.book(Transfer("late", 2, "1", "new", 5))
    index.book(Transfer("x", 9, "new", "0", 2))
    assert index.ids[3] == "late" and index.accounts[4] == "new"
    answer = index.trace((Seed("0"),))
    assert answer.held == {"3": {"0": 15}, "2": {"0": 15}, "1": {"0": 5}, "new": {"0": 3},
                           "0": {"0": 2}}  # fmt: skip
    with pytest.raises(LedgerRefused, match="'x' is there twice"):
        index.append_rows(payer=[0], payee=[1], t=[10], amount=[1], ids=["x"])
    with pytest.raises(LedgerRefused, match="'2' is there twice"):
        index.book(Transfer("2", 9, "0", "1", 1))
    assert index.append_rows(payer=[4], payee=[1], t=[10], amount=[1]).first == 5
    assert index.ids[5] == "5"


@pytest.mark.parametrize("wrong, told", [
    ({"amount": [40, -1, 20]}, r"amount of row 1 is -1\b.*zero or more"),
    ({"credit": [40, 30, -2]}, r"credit of row 2 is -2\b"),
    ({"amount": [40, 30.5, 20]}, r"amount of row [01] is (40|30\.5).*whole number"),
    ({"amount": [40, float("nan"), 20]}, r"amount of row [01] is (40\.0|nan).*whole number"),
    ({"amount": [40, None, 20]}, r"amount of row 1 is None"),
    ({"amount": ["40", "30", "20"]}, r"amount of row 0 is '40'"),
    ({"t": [1, 2]}, r"2 numbers of the time and 3 of the amount"),
    ({"payer": [0, 1, 4]}, r"payer of row 2 is the account 4.*4 accounts are known"),
    ({"payee": [-1, 1, 2]}, r"payee of row 0 is the account -1"),
    ({"opening": [0, -3, 0, 0]}, r"opening of account 1 is -3"),
    ({"external": [0, 2, 0, 0]}, r"'external' of account 1 is 2"),
    ({"external": [False]}, r"1 numbers of the flag 'external' and 4 of the opening"),
    ({"names": ["A", "B"]}, r"2 numbers of the names and 4 of the opening"),
    ({"ids": ["A", "B"]}, r"2 numbers of the ids and 3 of the amount"),
    ({"shortfall": "ignore"}, "Use one of: unseen"),
])  # fmt: skip
@both_forms
def test_what_is_wrong_in_columns_is_named_with_row_and_value(form, wrong, told):
    with pytest.raises(LedgerRefused, match=told):
        Index.from_arrays(**small(**wrong), form=form)


@both_forms
@pytest.mark.parametrize("column", ["amount", "payer", "t", "credit", "seq"])
@pytest.mark.parametrize("kind", ["f8", "b1", "M8[s]", "c16", "S4"])
def test_arrays_of_another_kind_are_refused(form, column, kind):
    np = pytest.importorskip("numpy")
    values = np.array([1, 2, 3]).astype("i8").astype(kind)
    with pytest.raises(LedgerRefused, match=r"whole number"):
        Index.from_arrays(**small(**{column: values}), form=form)


@pytest.mark.parametrize("wrong", [
    {"amount": [2**62, 2**61, 1]},
    {"amount": [2**63, 1, 1]},
    {"amount": [2**70, 1, 1]},
    {"opening": [2**63 - 1, 1, 0, 0]},
    {"t": [-(2**63), 1, 2]},
    {"credit": [2**64 - 1, 1, 1]},
])  # fmt: skip
def test_what_64_bits_cannot_hold_is_refused_in_columns_and_exact_in_the_plain_form(wrong):
    pytest.importorskip("numba")
    with pytest.raises(LedgerRefused, match="Use the form 'plain'"):
        Index.from_arrays(**small(**wrong))
    plain = Index.from_arrays(**small(**wrong), form="plain")
    first = plain.pieces(0).steps[0]
    assert first[2] == wrong.get("amount", [40])[0]


def test_sums_that_just_fit_are_taken_and_unsigned_and_read_only_columns_too():
    np = pytest.importorskip("numpy")
    pytest.importorskip("numba")
    rows = 3_000
    amount = np.full(rows, (2**63 - 1) // rows // 2, np.uint64)
    amount.setflags(write=False)
    ends = np.zeros(rows, np.uint8)
    given = {"payer": ends, "payee": ends + 1, "t": range(rows), "opening": [0, 0]}
    index = Index.from_arrays(**given, amount=amount, external=np.array([False, False]))
    assert int(index.columns.gone[0]) == int(amount[0]) * rows
    with pytest.raises(LedgerRefused, match="add up to"):
        index.append_rows(payer=[0], payee=[1], t=[rows], amount=[2**61])


@both_forms
def test_arrays_of_the_standard_library_and_empty_columns_are_taken(form):
    given = {name: array("q", values) for name, values in small(external=[1, 0, 0, 0]).items()}
    assert as_tuples(Index.from_arrays(**given, form=form).pieces(0))[1] == [
        (1, 0, 10), (2, 0, 15), (3, 0, 15),
    ]  # fmt: skip
    none = {name: [] for name in small()}
    index = Index.from_arrays(**none, form=form)
    assert as_tuples(index.pieces([])) == ([], [])
    assert index.append_rows(payer=[], payee=[], t=[], amount=[]).count == 0
    assert dict(index.trace().balances) == {}


@both_forms
@pytest.mark.parametrize("rows, units, told", [
    (3, None, "no row 3"), (-1, None, "no row -1"), ([0, 9], None, "no row 9"),
    (0, 41, "41, more than the 40"), (0, -1, "-1"), ([0, 1], [1], "1 numbers of the units"),
    (1.0, None, "whole number"), (["1"], None, "whole number"),
])  # fmt: skip
def test_rows_that_cannot_be_followed_are_refused(form, rows, units, told):
    index = Index.from_arrays(**small(), form=form)
    with pytest.raises(LedgerRefused, match=told):
        index.pieces(rows, units=units)


@both_forms
def test_a_refused_batch_changes_nothing(form):
    index = Index.from_arrays(**small(), form=form)
    before = positions(index), len(index.ids)
    good = {"payer": [0, 1], "payee": [1, 2], "t": [1, 9], "amount": [1, 1]}
    for wrong in ({"amount": [1, -1]}, {"payee": [1, 4]}, {"t": [1]}, {"ids": ["a", "a"]},
                  {"t": [1, float("nan")]}, {"credit": [1, None]}):  # fmt: skip
        with pytest.raises(LedgerRefused):
            index.append_rows(**good | wrong)
    assert (positions(index), len(index.ids)) == before
    assert index.append_rows(**good).late == 1


@both_forms
@pytest.mark.parametrize("shift", [0, 2**40, -(2**40), 2**63 - 4])
def test_times_of_any_width_are_compared_with_a_date(form, shift):
    given = small(t=[1 + shift, 2 + shift, 3 + shift], amount=[40, 40, 40], opening=[0] * 4)
    index = Index.from_arrays(**given, form=form)
    for passed in range(4):
        steps, rests = as_tuples(index.pieces(0, as_of=shift + passed))
        assert [x[0] for x in steps] == list(range(passed))
        assert rests == [(passed, 0, 40)] * (passed > 0)
        assert as_tuples(index.pieces([0], as_of=shift + passed)) == (steps, rests)
    assert as_tuples(index.pieces(0, as_of=2**70))[1] == [(3, 0, 40)]
    assert as_tuples(index.pieces(0, as_of=-(2**70))) == ([], [])


def test_names_that_are_there_twice_are_refused_when_they_are_needed():
    index = Index.from_arrays(**small(ids=["a", "b", "a"]), form="plain")
    assert len(index.pieces(0).steps) == 3
    with pytest.raises(LedgerRefused, match="'a' is there twice"):
        index.trace((Seed("b"),))


@both_forms
def test_a_copy_looks_into_its_own_columns(form):
    index = Index.from_arrays(**small(), form=form)
    before = as_tuples(index.pieces(0))
    copy = pickle.loads(pickle.dumps(index))  # noqa: S301
    copy.append_rows(payer=[1], payee=[3], t=[1], amount=[40])
    copy.columns.payee[0] = 3
    assert as_tuples(copy.pieces(0)) != before
    assert as_tuples(index.pieces(0)) == before


@both_forms
def test_threads_ask_while_others_book(form):
    choose = Random(47)
    accounts, n = 40, 4_000
    ends = [choose.randrange(accounts) for _ in range(2 * n)]
    index = Index.from_arrays(
        payer=ends[:n], payee=ends[n:], t=range(n), amount=[choose.randrange(9) for _ in range(n)],
        opening=[0] * accounts, external=[0] * accounts, form=form,
    )  # fmt: skip
    rows, failures = list(range(0, n, 200)), []

    def ask():
        try:
            for _ in range(60):
                index.pieces(rows[:3])
                assert len(index.pieces(rows[0]).steps)
                index.trace((Seed(str(rows[1])),))
        except BaseException as failure:  # noqa: BLE001
            failures.append(failure)

    threads = [Thread(target=ask) for _ in range(3)]
    for thread in threads:
        thread.start()
    for turn in range(60):
        index.append_rows(payer=ends[:50], payee=ends[50:100], t=[n + turn] * 50, amount=[3] * 50)
        index.append_rows(payer=ends[:5], payee=ends[5:10], t=[turn] * 5, amount=[1] * 5)
    for thread in threads:
        thread.join()
    assert failures == []
