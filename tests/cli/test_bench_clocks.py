"""The measurement of many clocks: what it calls right, and what it does not."""

from __future__ import annotations

import pytest

from recoup.cli import bench_clocks
from recoup.cli.bench_clocks import CLOCKS, exactly


@pytest.mark.parametrize(
    ("count", "shown", "is_met"),
    [(CLOCKS, "10,000", True), (CLOCKS - 1, "9,999", False), (-1, "one has two", False)],
)
def test_each_clock_fires_once_or_the_measurement_says_so(
    count: int, shown: str, is_met: bool
) -> None:
    line = exactly("tasks", count)
    assert (line.measured, line.is_met) == (shown, is_met)


def test_a_clock_that_never_fires_ends_the_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bench_clocks, "PATIENCE", 0.3)
    monkeypatch.setattr(bench_clocks, "one", lambda *_: (1,))
    monkeypatch.setattr(bench_clocks, "LIMIT_SECONDS", 0.1)
    took = bench_clocks.wait_for(None, "lapse", bench_clocks.time.monotonic())  # type: ignore[arg-type]
    assert took >= 0.3
