"""Backup and restore on a real server: as of a moment, apart from the keys, never over data."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from recoup.cli import backup, backup_place, environment, postgres
from recoup.cli.backup_place import Backup, CannotBackUp
from recoup.cli.instance import own_environment

# Files: kept once, checked, and keys never among them


def data_folder(folder: Path) -> Path:
    for place, text in {
        "secret_key": "s3cret",
        "authority/signer.key": "-----BEGIN PRIVATE KEY-----",
        "authority/signer.pem": "certificate",
        "vault/a/b.bin": "evidence",
        "vault/a/odd.txt": "x\n-----BEGIN RSA PRIVATE KEY-----\n",
        "log/web.log": "not wanted",
        "pg/mark": "not wanted",
        "demo/ledgers/one.sqlite": "the bank's",
    }.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def test_keys_go_to_a_folder_of_their_own(tmp_path: Path) -> None:
    data = data_folder(tmp_path / "data")
    store, keys = tmp_path / "files", tmp_path / "keys"
    assert backup_place.copy_files(data, store, keys)[:2] == (1, 4)
    assert set(backup_place.index_at(store, None)) == {"vault/a/b.bin"}
    assert set(backup_place.index_at(keys, None)) == {
        "secret_key", "authority/signer.key", "authority/signer.pem", "vault/a/odd.txt",
    }  # fmt: skip
    everything = b"".join(p.read_bytes() for p in store.rglob("*") if p.is_file())
    assert b"PRIVATE" not in everything and b"s3cret" not in everything


def test_a_file_is_copied_once_and_an_older_moment_is_kept(tmp_path: Path) -> None:
    data, store = data_folder(tmp_path / "data"), tmp_path / "files"
    backup_place.copy_files(data, store, None)
    assert backup_place.copy_files(data, store, None)[2] == 0
    between = datetime.now(UTC)
    (data / "vault/late.bin").write_text("late")
    backup_place.copy_files(data, store, None)
    assert set(backup_place.index_at(store, None)) == {"vault/a/b.bin", "vault/late.bin"}
    # Rather too much than too little: a row of that moment may speak of a file copied after it.
    assert set(backup_place.index_at(store, between)) == {"vault/a/b.bin", "vault/late.bin"}


def test_a_changed_file_is_refused_and_not_left_behind(tmp_path: Path) -> None:
    data, store = data_folder(tmp_path / "data"), tmp_path / "files"
    backup_place.copy_files(data, store, None)
    index = backup_place.index_at(store, None)
    (stored,) = (p for p in (store / "objects").rglob("*") if p.is_file())
    stored.write_text("evidencE")
    with pytest.raises(CannotBackUp, match=r"vault/a/b\.bin is damaged"):
        backup_place.put_back(store, index, tmp_path / "new")
    assert not (tmp_path / "new/vault/a/b.bin").exists()
    stored.unlink()
    with pytest.raises(CannotBackUp, match=r"vault/a/b\.bin is missing"):
        backup_place.put_back(store, index, tmp_path / "new")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    folder = tmp_path / "backup"
    Backup(folder).open_for("1")
    Backup(folder).open_for("1")
    with pytest.raises(CannotBackUp, match="backup of another database"):
        Backup(folder).open_for("2")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.txt").touch()
    with pytest.raises(CannotBackUp, match="is not empty"):
        Backup(tmp_path / "other").open_for("1")


@pytest.mark.parametrize("keys", ["backup", "backup/keys", "."])
def test_keys_in_the_same_folder_are_refused(
    tmp_path: Path, keys: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        backup.read_options([str(tmp_path / "backup"), "--keys", str(tmp_path / keys)])
    assert "not apart" in capsys.readouterr().err


def test_an_own_postgresql_needs_a_log_in_that_may_replicate(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in (environment.APP, environment.PLANNER, environment.OWNER):
        monkeypatch.setenv(name, "postgresql://x@db.example/recoup")
    monkeypatch.delenv(backup.OWN, raising=False)
    with pytest.raises(environment.NoDatabase, match="login replication"):
        backup.find_source()


# The whole way, with a server


def recoup(var: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "recoup", *arguments], env=own_environment(var, variables),
        capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip


def test_as_of_a_moment_after_everything_was_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(environment, "LOGS", tmp_path / "log")
    data = data_folder(tmp_path / "data")
    server = postgres.start(data / "pg", share=False)
    source = server.dsn("recoup_super", "postgres")
    to = tmp_path / "backup"
    following = subprocess.Popen(
        [sys.executable, "-m", "recoup", "backup", str(to), "--follow"],
        env=own_environment(data, {backup.OWN: source}), stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        with psycopg.connect(server.dsn_owner, autocommit=True) as connection:
            connection.execute("create table told (n integer)")
            limit = time.monotonic() + 180
            while not (to / "backup.json").exists() or not Backup(to).bases():
                assert following.poll() is None and time.monotonic() < limit
                time.sleep(0.1)
            connection.execute("insert into told values (1)")
            time.sleep(0.3)
            moment = datetime.now(UTC)
            time.sleep(0.3)
            connection.execute("insert into told values (2)")
        time.sleep(1)
        os.kill(server.pid, signal.SIGKILL)
        following.kill()
    finally:
        following.kill()
        following.wait()
        server.stop()

    def told(name: str) -> list[int]:
        again = postgres.start(tmp_path / name / "pg", share=False)
        try:
            with psycopg.connect(again.dsn_owner) as connection:
                return [row[0] for row in connection.execute("select n from told order by n")]
        finally:
            again.stop()

    keys = ["--keys", f"{to}-keys", "--unchecked"]
    done = recoup(data, "restore", str(to), "--at", moment.isoformat(), *keys,
                  "--into", str(tmp_path / "then"))  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert told("then") == [1]
    assert (tmp_path / "then/secret_key").read_text() == "s3cret"
    assert (tmp_path / "then/vault/a/b.bin").read_text() == "evidence"
    assert json.loads((tmp_path / "then/restored.json").read_text())["asked_for"]

    done = recoup(data, "restore", str(to), "--unchecked", "--into", str(tmp_path / "now"))
    assert done.returncode == 0 and "No keys were restored" in done.stdout, done.stderr
    assert told("now") == [1, 2]
    assert not (tmp_path / "now/secret_key").exists()

    done = recoup(data, "restore", str(to), "--unchecked", "--into", str(tmp_path / "now"))
    assert done.returncode == 1 and "nothing is overwritten" in done.stderr
    done = recoup(data, "restore", str(to), "--at", "2020-01-01T00:00:00Z", "--unchecked",
                  "--into", str(tmp_path / "early"))  # fmt: skip
    assert done.returncode == 1 and "nothing before that" in done.stderr
    later = recoup(data, "restore", str(to), "--at", "2099-01-01T00:00:00Z", "--unchecked",
                   "--into", str(tmp_path / "late"))  # fmt: skip
    assert later.returncode == 0 and "The changes end at" in later.stdout, later.stderr
