"""`./recoup ledger`: store, list, ask, verify, build again; what cannot be taken is refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from recoup.apps.ledgers import models
from recoup.cli import bench_ledger, ledger
from recoup.core.tracing import Ledger, Seed, trace
from recoup.core.tracing.cases import as_expect
from recoup.standards import flow_csv
from support.world import OFFICER, World


@pytest.fixture(autouse=True)
def on_the_test_database(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger.environment, "prepare_django", lambda: None)
    monkeypatch.setattr(ledger, "_clean_up", lambda: None)


def stored(world: World) -> models.Ledger:
    with world.acting(world.actor(OFFICER)):
        return models.Ledger.objects.latest("id")


def test_an_invented_ledger_is_stored_asked_and_verified(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ledger.main(["load", "--generate", "600", "--seed", "3"]) == 0
    told, row = capsys.readouterr().out, stored(world)
    made = bench_ledger.generate(600, seed=3)
    payment = made.seeds[0].transfer
    assert f"Stored as ledger {row.id}; checksum" in told and payment in told
    assert ledger.main(["list"]) == 0
    assert "600 invented transfers" in capsys.readouterr().out
    alone = Ledger(made.accounts, made.transfers, (Seed(payment, 7),))
    for rule in ("fifo", "prorata"):
        assert ledger.main(["trace", str(row.id), f"{payment}=7", "--rule", rule]) == 0
        found, right = json.loads(capsys.readouterr().out), as_expect(trace(alone, rule=rule))
        assert (found["held"], found["transfers"]) == (right["held"], right["transfers"])
    assert ledger.main(["verify", str(row.id)]) == 0


def test_wrong_positions_end_with_code_3_and_are_built_again(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.main(["load", "--generate", "300"])
    row = stored(world)
    with world.acting(world.actor(OFFICER)):
        models.Account.objects.filter(ledger=row, external=False).update(gone=5)
    assert ledger.main(["verify", str(row.id)]) == 3
    assert f"./recoup ledger rebuild {row.id}" in capsys.readouterr().out
    assert ledger.main(["rebuild", str(row.id)]) == 0
    assert ledger.main(["verify", str(row.id)]) == 0


def test_a_file_of_cases_is_stored_under_its_own_policy(tmp_path: Path, world: World) -> None:
    transfers = [{"id": "s", "t": 1, "from": "V", "to": "A", "amount": 5}]
    case = {"id": "one", "rule": "fifo", "transfers": transfers, "seeds": [],
            "policy": {"shortfall": "overdraft"}}  # fmt: skip
    two = {"format": "tracing-cases/1", "cases": [case, case | {"id": "two"}]}
    file = tmp_path / "cases.json"
    file.write_text(json.dumps(two))
    assert ledger.main(["load", str(file), "--format", "cases"]) == 2
    assert ledger.main(["load", str(file), "--format", "cases", "--case", "two"]) == 0
    assert (stored(world).shortfall, stored(world).name) == ("overdraft", "cases.json")


def flow(rows: int) -> bytes:
    lines = [
        f"2025-01-01 10:00:{n:02},{n},0x{n:064x},0x{1:040x},,0x{n + 2:040x},,5.00"
        for n in range(rows)
    ]
    return "\n".join([",".join(flow_csv.COLUMNS), *lines, ""]).encode()


def test_a_flow_longer_than_a_page_takes_is_loaded_by_the_command(
    tmp_path: Path,
    world: World,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    short = replace(flow_csv.FORMAT, max_rows=3)
    with pytest.raises(flow_csv.NotReadable, match="more than 3 rows"):
        flow_csv.read(flow(5), form=short)
    assert flow_csv.LONG.max_rows >= 10 * flow_csv.FORMAT.max_rows
    assert flow_csv.LONG.max_bytes >= 10 * flow_csv.FORMAT.max_bytes
    file = tmp_path / "flow.csv"
    file.write_bytes(flow(5))
    (tmp_path / "source addresses.csv").write_text(f"0x{1:040x}\n")
    monkeypatch.setattr(flow_csv, "LONG", replace(flow_csv.LONG, max_rows=4))
    assert ledger.main(["load", str(file)]) == 2
    assert "more than 4 rows" in capsys.readouterr().err
    monkeypatch.setattr(flow_csv, "LONG", replace(flow_csv.LONG, max_rows=5))
    assert ledger.main(["load", str(file)]) == 0
    with world.acting(world.actor(OFFICER)):
        assert models.Transfer.objects.filter(ledger=stored(world)).count() == 5


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["load"], "Give either a FILE or --generate N."),
        (["load", "/nowhere.csv"], "Cannot read /nowhere.csv"),
        (["load", "--generate", "300", "--organisation", "nobody"], "no organisation 'nobody'"),
        (["verify", "999999"], "police has no stored ledger 999999"),
        (["trace", "999999", "x"], "police has no stored ledger 999999"),
    ],
)
def test_what_cannot_be_done_is_told_with_the_reason(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ledger.main(arguments) == 2
    assert told in capsys.readouterr().err
