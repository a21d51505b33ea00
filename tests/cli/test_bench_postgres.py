"""`./recoup bench ledger-postgres` compares every answer, and tells what was missed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from recoup.apps.ledgers import queries
from recoup.cli import bench_postgres, bench_postgres_run, environment, measured
from support import live
from support.world import World


@pytest.fixture
def found(open_world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    owner = live.in_test_database(os.environ[environment.OWNER])
    monkeypatch.setenv(environment.OWNER, owner)
    monkeypatch.setenv("RECOUP_VAR", str(tmp_path))
    monkeypatch.setattr(bench_postgres_run, "BOOKINGS", 10)

    def run() -> dict[str, Any]:
        out = tmp_path / "found.json"
        assert bench_postgres_run.main(["600", "base", "1", str(out)]) == 0
        facts: dict[str, Any] = json.loads(out.read_text())
        return facts

    return run


def verdicts(facts: dict[str, Any]) -> dict[str, str]:
    return {line.what: line.verdict for line in bench_postgres.lines(facts)}


def test_all_answers_are_compared_and_equal(found: Any) -> None:
    facts = found()
    assert facts["compared"] > 60 and not facts["differing"] and facts["right"]
    assert verdicts(facts)["answers that differ"] == "met"
    assert {"recursive", "by hops", "busy", "dated", "copy", "append", "late"} <= set(
        facts["times"]
    )
    facts |= {"differing": 1, "right": False}
    facts["seconds"]["load"], facts["times"]["recursive"] = 601, [0.006]
    assert [what for what, verdict in verdicts(facts).items() if verdict == "MISSED"] == [
        "answers that differ",
        "positions are those of the record",
        "load, with positions",
        "one recursive statement: median / p95 / largest",
    ]
    assert not measured.is_met(bench_postgres.lines(facts))
    assert list(bench_postgres.notes(facts))


def test_an_answer_that_differs_is_counted(found: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    held = queries._held

    def one_more(*known: Any) -> Any:
        return {
            account: {label: units + 1 for label, units in labels.items()}
            for account, labels in held(*known).items()
        }

    monkeypatch.setattr(queries, "_held", one_more)
    assert found()["differing"] > 60
