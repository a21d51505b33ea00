"""The crash drill as it runs in CI: 120 kills, and the two planted faults that it has to find."""

from __future__ import annotations

import pytest

from recoup.cli import drill, environment

pytestmark = pytest.mark.slow


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "VAR", tmp_path)


def test_120_kills_lose_and_double_nothing(capfd):
    arguments = ["crash", "--kills", "120", "--frauds", "200", "--seed", "1", "--no-write"]
    assert drill.main(arguments) == 0, "\n".join(capfd.readouterr())


def finds(fault):
    """Whether a planted fault is found: a kill must meet its moment, so three runs may try."""
    few = ["crash", "--kills", "10", "--frauds", "20", "--fault", fault, "--no-write"]
    return any(drill.main([*few, "--seed", str(seed)]) == 0 for seed in (1, 2, 3))


def test_the_drill_finds_a_ledger_without_its_unique_key():
    assert finds("bank_unique_ticket")


def test_the_drill_finds_an_out_box_written_after_the_commit():
    assert finds("outbox_after_commit")
