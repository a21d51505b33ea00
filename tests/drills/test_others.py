"""The drills other than crash as they run in CI, each without a fault and with each planted one."""

from __future__ import annotations

import importlib
import os
import subprocess

import pytest

from recoup.cli import drill, drill_upgrade, environment

pytestmark = pytest.mark.slow
FAULTS = [
    (name, fault)
    for name, module in drill.OTHERS.items()
    for fault in importlib.import_module(module).DRILL.faults
]
# Small enough for CI, and as large as was asked: 200 MB to be restored.
ARGUMENTS = {"restore": ["--megabytes", "200"]}
SMALL = {"restore": ["--megabytes", "10", "--reports", "6"], "upgrade": ["--reports", "3"]}


@pytest.fixture(autouse=True)
def _own_folder(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "VAR", tmp_path)


def run(name, *arguments, capfd):
    if name == "disk" and os.environ.get("RECOUP_DRILL_DISK") != "1":
        pytest.skip("RECOUP_DRILL_DISK is not 1: it mounts a file system, and is NOT drilled here")
    if name == "upgrade" and not has_first_release():
        pytest.skip("this checkout has no history as far back as the first release")
    code = drill.main([name, "--seed", "1", "--no-write", *arguments])
    assert code == 0, "\n".join(capfd.readouterr())


def has_first_release():
    done = subprocess.run(
        ["git", "-C", str(environment.ROOT), "cat-file", "-e", drill_upgrade.OLD],
        capture_output=True, check=False,
    )  # fmt: skip
    return done.returncode == 0


@pytest.mark.parametrize("name", drill.OTHERS)
def test_nothing_is_wrong(name, capfd):
    run(name, *ARGUMENTS.get(name, []), capfd=capfd)


@pytest.mark.parametrize(("name", "fault"), FAULTS)
def test_the_planted_fault_is_found(name, fault, capfd):
    run(name, "--fault", fault, *SMALL.get(name, []), capfd=capfd)
