"""What drills have in common: a seed gives the same schedule, a fault counts by its own words, and
a run is written down with its seed, its date and its figures."""

from __future__ import annotations

import importlib
import re
import sqlite3
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recoup.cli import (
    drill,
    drill_checks,
    drill_clock,
    drill_frauds,
    drill_parts,
    drill_told,
    drill_upgrade,
    environment,
)
from recoup.cli.drill_told import Drill, Fault, Run

ONE = Drill("one", "One (D0)", "What is done.", {"planted": Fault("it is planted", "went wrong")})


def finished(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, problems: list[str], *argv: str
             ) -> tuple[int, str]:  # fmt: skip
    monkeypatch.setattr(drill_told, "DOCUMENT", tmp_path / "drills.md")
    options = ONE.parser().parse_args(argv)
    run = Run(drill_told.command_of(ONE, options, "--size", "3"), problems=problems)
    run.line("things", "≥ 3", 4, True)
    code = drill_told.finish(ONE, run, options)
    document = tmp_path / "drills.md"
    return code, document.read_text() if document.exists() else ""


def test_a_run_is_written_with_seed_date_and_figures(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    code, text = finished(monkeypatch, tmp_path, [], "--seed", "9")
    assert code == 0
    assert "## One (D0)" in text and "./recoup drill one --size 3 --seed 9" in text
    assert "| things | ≥ 3 | 4 | met |" in text and "| problems | none | 0 | met |" in text
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC, seed 9, \d+ cores", text)


def test_a_problem_fails_a_drill(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert finished(monkeypatch, tmp_path, ["one is lost"])[0] == 1


def test_a_fault_is_found_by_its_own_words_only(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    planted = ("--fault", "planted", "--no-write")
    assert finished(monkeypatch, tmp_path, ["it went wrong"], *planted) == (0, "")
    assert finished(monkeypatch, tmp_path, ["another thing"], *planted) == (1, "")
    assert finished(monkeypatch, tmp_path, [], *planted) == (1, "")


def test_every_drill_has_a_module_a_number_and_a_fault() -> None:
    for name, module in drill.OTHERS.items():
        one = importlib.import_module(module).DRILL
        assert one.name == name and one.faults
        assert re.search(r"\(D\d+\)$", one.title)
        assert all(fault.meaning and fault.shows for fault in one.faults.values())


@pytest.mark.parametrize("name", drill_parts.ONLY)
def test_one_part_only_is_killed(name: str) -> None:
    kills = drill_parts.schedule(20, 7, drill=name)
    assert {kill.part for kill in kills} == {drill_parts.ONLY[name]}
    assert kills == drill_parts.schedule(20, 7, drill=name)
    assert kills != drill_parts.schedule(20, 8, drill=name)


def test_the_clock_is_stepped_in_a_seeded_order_over_the_odd_nights() -> None:
    told = [str(step) for step in drill_clock.steps(3)]
    assert told == [str(step) for step in drill_clock.steps(3)]
    assert told[:6] != [str(step) for step in drill_clock.steps(4)][:6]
    assert {"by +1440 minutes", "by -1440 minutes", "by -60 minutes"} <= set(told[:6])
    assert "to 2027-03-28 00:58 UTC" in told and "to 2028-02-28 22:58 UTC" in told


def test_the_first_release_is_in_the_history() -> None:
    done = subprocess.run(
        ["git", "-C", str(environment.ROOT), "cat-file", "-t", drill_upgrade.OLD],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip("this checkout has no history as far back as the first release")
    assert done.stdout.strip() == "commit"


def test_what_banks_executed_is_counted_in_their_books(tmp_path: Path) -> None:
    drill_frauds.write(tmp_path, count=1, seed=1, at=datetime.now(UTC))
    assert drill_checks.executed_count(tmp_path) == 0
    with sqlite3.connect(tmp_path / f"{drill_frauds.codes()[0]}.sqlite") as db:
        columns = [row[1] for row in db.execute("pragma table_info(executed)")]
        values = ["T1" if name == "ticket" else 0 for name in columns]
        db.execute(f"insert into executed values ({', '.join('?' * len(columns))})", values)
    assert drill_checks.executed_count(tmp_path) == 1
