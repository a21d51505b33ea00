"""`./recoup bench patterns` compares every answer; one that differs is a figure that was missed."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import pytest

from recoup.cli import bench_patterns, measured
from recoup.core.compiled import is_installed

OPTIONS = Namespace(size=600.0, seed=1)


def measured_lines():
    if not is_installed():
        pytest.skip("the extra `fast` is not installed")
    return bench_patterns.patterns_and_links(OPTIONS, Path()).lines


def differing(lines):
    return next(line for line in lines if line.what == "answers that differ")


def test_all_answers_are_compared_and_equal_and_every_planted_example_is_shown():
    lines = measured_lines()
    assert measured.is_met(lines)
    wrong, compared = map(int, differing(lines).measured.split(" of "))
    assert wrong == 0 and compared >= 6
    assert sum("planted examples shown" in line.what for line in lines) == 6


def test_an_answer_that_differs_is_a_missed_figure(monkeypatch):
    if not is_installed():
        pytest.skip("the extra `fast` is not installed")
    from recoup.core.linking.fast.groups import Groups

    honest = Groups._unite

    def forgetful(self, members):
        found = honest(self, members)
        self.group[-1] = len(self.group) - 1
        self.group[-2] = 0
        return found

    monkeypatch.setattr(Groups, "_unite", forgetful)
    lines = measured_lines()
    assert not differing(lines).is_met and not measured.is_met(lines)


def test_a_pattern_that_is_missed_is_a_missed_figure(monkeypatch):
    if not is_installed():
        pytest.skip("the extra `fast` is not installed")
    from recoup.core.patterns.fast import finding

    monkeypatch.setattr(finding.Looker, "chain_findings", lambda self: iter(()))
    lines = measured_lines()
    missed = {line.what for line in lines if line.is_met is False}
    assert missed == {"answers that differ", "peel_chain: planted examples shown"}


def test_without_the_arrays_there_is_nothing_to_measure(monkeypatch):
    monkeypatch.setattr(bench_patterns, "is_installed", lambda: False)
    with pytest.raises(bench_patterns.NotInstalled, match="extra `fast`"):
        bench_patterns.patterns_and_links(OPTIONS, Path())
