"""`recoup bench tracing` without NumPy compares every answer, on a ledger made again."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from recoup.cli import bench_ledger, bench_tracing_plain, measured
from recoup.core.tracing import trace
from recoup.core.tracing.fast import Index
from recoup.core.tracing.ledger import in_order


@pytest.mark.parametrize("workload", bench_ledger.WORKLOADS)
def test_the_same_seed_gives_the_same_ledger_in_order_with_thefts_in_it(workload):
    ledger = bench_ledger.generate(3_000, seed=7, workload=workload)
    assert ledger == bench_ledger.generate(3_000, seed=7, workload=workload)
    assert ledger != bench_ledger.generate(3_000, seed=8, workload=workload)
    assert list(ledger.transfers) == in_order(ledger, as_of=None)
    assert len(ledger.transfers) == 3_000
    assert len(ledger.seeds) == 20
    assert len(trace(ledger).transfers) > 60


def options():
    return Namespace(sizes=[400], seed=1, workloads=["base"])


@pytest.fixture(autouse=True)
def only_the_plain_form(monkeypatch):
    monkeypatch.setattr(bench_tracing_plain, "is_installed", lambda: False)


def test_all_answers_are_compared_and_equal():
    result = bench_tracing_plain.tracing(options(), Path())
    assert measured.is_met(result.lines)
    differing = next(line for line in result.lines if line.what == "answers that differ")
    assert differing.measured.startswith("0 of ")
    assert int(differing.measured.split()[-1]) > 100


def test_an_answer_that_differs_is_a_missed_figure(monkeypatch):
    answer = Index.trace

    def one_unit_off(self, seeds=None, *, as_of=None):
        result = answer(self, seeds, as_of=as_of)
        for labels in result.held.values():
            for label in labels:
                labels[label] += 1
                return result
        return result

    monkeypatch.setattr(Index, "trace", one_unit_off)
    assert not measured.is_met(bench_tracing_plain.tracing(options(), Path()).lines)
