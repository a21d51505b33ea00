"""Large ledgers for measuring are what the small ones are, and the replays are right."""

from __future__ import annotations

import pytest

np = pytest.importorskip("numpy")

from recoup.cli import bench_arrays, bench_ledger, bench_rules, bench_scan, bench_worst  # noqa: E402
from recoup.core.tracing import trace  # noqa: E402
from recoup.core.tracing.ledger import in_order  # noqa: E402

SIZE = 4_000


def tables(result, arrays):
    """A result of the engine as rows, accounts and labels by number."""
    label = {f"{row:09}": number for number, row in enumerate(arrays.seeds.tolist())}
    return tuple(
        {
            (int(one), label[name]): units
            for one, labels in table.items()
            for name, units in labels.items()
        }
        for table in (result.transfers, result.held)
    )


@pytest.mark.parametrize("workload", bench_ledger.WORKLOADS)
def test_the_same_seed_gives_the_same_ledger(workload):
    one, other = (bench_arrays.generate(SIZE, seed=3, workload=workload) for _ in range(2))
    different = bench_arrays.generate(SIZE, seed=4, workload=workload)
    for name in bench_arrays.Arrays.__slots__:
        assert np.array_equal(getattr(one, name), getattr(other, name))
    assert not np.array_equal(one.amount, different.amount)


@pytest.mark.parametrize("workload", bench_ledger.WORKLOADS)
def test_a_ledger_is_in_order_and_holds_the_planted_thefts(workload):
    arrays = bench_arrays.generate(SIZE, seed=3, workload=workload)
    ledger = bench_arrays.ledger_of(arrays)
    assert arrays.rows == SIZE
    assert list(ledger.transfers) == in_order(ledger, as_of=None)
    assert len(arrays.seeds) == 20
    first = {theft: row for row, theft in reversed(arrays.planted.tolist())}
    assert sorted(first.values()) == arrays.seeds.tolist()
    assert len(first) == 20 and len(arrays.planted) > 60


def test_who_is_short_is_paid_from_outside_first():
    arrays = bench_arrays.generate(SIZE, seed=3)
    ordinary = bench_ledger.WORKLOADS["base"].accounts(SIZE)
    planted = set(arrays.planted[:, 0].tolist())
    balances = arrays.opening.copy()
    for row, (payer, payee, amount) in enumerate(bench_scan.read(arrays, arrays.rows)):
        if row not in planted and payer < ordinary and row < arrays.rows - 1:
            balances[payer] -= amount
            balances[payee] += amount
        elif payer >= ordinary:
            balances[payee] += amount
        assert balances[payee] >= 0
    payrolls = slice(ordinary + 1, ordinary + 1 + bench_ledger.PAYROLLS)
    assert arrays.external[payrolls].all()
    assert (np.bincount(arrays.payer)[payrolls] > 0).all()


@pytest.mark.parametrize("replay", (bench_scan.lots, bench_scan.lots_where_traced, bench_scan.scan))
@pytest.mark.parametrize("workload", ("base", "fast"))
def test_replays_equal_the_engine_s_plain_walk(replay, workload):
    arrays = bench_arrays.generate(SIZE, seed=5, workload=workload)
    ledger, seeds = bench_arrays.ledger_of(arrays), arrays.seeds.tolist()
    assert replay(arrays, seeds) == tables(trace(ledger), arrays)
    as_of = int(arrays.t[SIZE // 2])
    paid = [row for row in seeds if arrays.t[row] <= as_of]
    assert replay(arrays, paid, as_of) == tables(trace(ledger, as_of=as_of), arrays)


@pytest.mark.parametrize("rule", bench_rules.NAMES)
def test_replays_of_other_rules_equal_the_engine_s_plain_walk(rule):
    arrays = bench_arrays.generate(SIZE, seed=6, workload="fast")
    for row in arrays.seeds.tolist()[:4]:
        alone = bench_arrays.replace(arrays, seeds=np.array([row]))
        right = tables(trace(bench_arrays.ledger_of(alone), rule=rule), alone)
        assert bench_rules.replay(rule, arrays, row) == right


@pytest.mark.parametrize("name", bench_worst.WORST)
def test_ledgers_made_to_hurt_are_traced_as_the_plain_walk_traces_them(name):
    make, _ = bench_worst.WORST[name]
    arrays = make(1_000, 1)
    right = tables(trace(bench_arrays.ledger_of(arrays)), arrays)
    assert len(right[0]) > 20
    assert bench_scan.scan(arrays, arrays.seeds) == right
