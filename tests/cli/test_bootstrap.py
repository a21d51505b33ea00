"""The first command on a clean checkout: `./recoup` makes its own environment."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pytest

from recoup.cli import bench

SCRIPT = Path(__file__).resolve().parents[2] / "recoup"
STUB = "import sys; print('stub', *sys.argv[1:])"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout that asks for no packages, so that installing needs no network."""
    package = tmp_path / "a checkout" / "src" / "recoup"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(STUB)
    root = package.parents[1]
    shutil.copy(SCRIPT, root / "recoup")
    for lock in ("requirements.lock", "requirements-dev.lock", "requirements-bench.lock"):
        (root / lock).write_text("# nothing\n")
    put_uv(root, "exit 0")
    return root


def command(checkout: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(checkout / "recoup"), *arguments]


def environment(checkout: Path) -> dict[str, str]:
    """A machine on which only the checkout's `bin` may hold a uv."""
    kept = {name: value for name, value in os.environ.items() if name not in ("CI", "PYTHONPATH")}
    return {**kept, "PATH": f"{checkout / 'bin'}:/usr/bin:/bin"}


def run(checkout: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(checkout, *arguments), env=environment(checkout), capture_output=True, text=True
    )


def put_uv(checkout: Path, install: str) -> None:
    """An installer that is quicker than pip; `install` is what its shell does."""
    program = checkout / "bin" / "uv"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exit 0\n{install}\n')
    program.chmod(0o755)


def script() -> ModuleType:
    loader = importlib.machinery.SourceFileLoader("bootstrap", str(SCRIPT))
    spec = importlib.util.spec_from_loader("bootstrap", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def test_the_first_start_installs_and_the_second_does_not(checkout):
    first, second = run(checkout, "trace", "x.csv"), run(checkout, "trace", "x.csv")

    assert first.stdout == second.stdout == "stub trace x.csv\n"
    assert "0 packages with uv" in first.stderr
    assert second.stderr == ""


def test_what_was_compiled_is_kept_even_where_a_container_says_otherwise(checkout):
    """Else each process of a hub compiles 1,200 modules: a start takes 24 s and not 12."""
    (checkout / "src" / "recoup" / "__main__.py").write_text("import recoup.other\n")
    (checkout / "src" / "recoup" / "other.py").touch()
    unkept = {**environment(checkout), "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPYCACHEPREFIX": ""}
    subprocess.run(command(checkout, "up"), env=unkept, check=True)
    assert list((checkout / "src" / "recoup" / "__pycache__").glob("other.*.pyc"))


def test_without_uv_pip_installs(checkout):
    (checkout / "bin" / "uv").unlink()
    assert "0 packages with pip" in run(checkout).stderr


def test_where_uv_fails_pip_installs(checkout):
    put_uv(checkout, "echo no way to the index; exit 2")
    done = run(checkout)
    assert "no way to the index" in done.stderr
    assert "0 packages with pip" in done.stderr
    assert done.stdout == "stub\n"


def test_an_installation_cut_off_in_the_middle_is_made_afresh(checkout):
    run(checkout, "up")
    (checkout / ".venv" / ".unfinished").touch()
    half = checkout / ".venv" / "half-a-package"
    half.touch()

    again = run(checkout, "up")

    assert again.stdout == "stub up\n"
    assert "cut off" in again.stderr
    assert not half.exists()


def test_a_venv_without_a_python_is_made_afresh(checkout):
    (checkout / ".venv" / "bin").mkdir(parents=True)
    assert run(checkout).stdout == "stub\n"


def test_a_changed_lock_is_installed_again(checkout):
    run(checkout)
    (checkout / "requirements.lock").write_text("# still nothing\n")
    assert "0 packages" in run(checkout).stderr


def test_test_and_check_use_the_lock_for_developers(checkout):
    run(checkout, "check")
    assert (checkout / ".venv" / ".requirements-dev.lock.stamp").exists()
    assert run(checkout, "up").stderr == ""  # which holds all of the other one


@pytest.mark.parametrize("arguments", (("tracing", "--sizes", "1e5"), ("all",), ("tracing",)))
def test_what_is_measured_against_other_programs_has_an_environment_of_its_own(checkout, arguments):
    first, second = run(checkout, "bench", *arguments), run(checkout, "bench", *arguments)

    assert first.stdout == second.stdout == f"stub bench {' '.join(arguments)}\n"
    assert "packages with uv" in first.stderr
    assert second.stderr == ""
    assert (checkout / ".venv-bench" / ".requirements-bench.lock.stamp").exists()
    assert not (checkout / ".venv").exists()


@pytest.mark.parametrize("arguments", (("lists",), ("--seed", "2", "fan-out"), ("tracing", "-h")))
def test_the_hub_s_own_measurements_and_help_need_no_more_than_the_hub(checkout, arguments):
    run(checkout, "bench", *arguments)
    assert (checkout / ".venv" / ".requirements.lock.stamp").exists()
    assert not (checkout / ".venv-bench").exists()


def test_every_measurement_of_the_hub_is_known_to_the_launcher():
    assert set(script().HUB_BENCHES) < set(bench.BENCHES)


def test_in_ci_the_developers_environment_measures_too(checkout):
    done = subprocess.run(
        command(checkout, "bench", "tracing"),
        env={**environment(checkout), "CI": "true"},
        capture_output=True,
        text=True,
    )
    assert done.stdout == "stub bench tracing\n", done.stderr
    assert not (checkout / ".venv-bench").exists()


def test_a_cut_off_installation_of_one_environment_leaves_the_other(checkout):
    run(checkout, "up")
    run(checkout, "bench", "tracing")
    (checkout / ".venv-bench" / ".unfinished").touch()
    assert run(checkout, "up").stderr == ""
    assert "cut off" in run(checkout, "bench", "tracing").stderr


def test_two_starts_at_once_install_once(checkout):
    starts = [
        subprocess.Popen(
            command(checkout, "up"),
            env=environment(checkout),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(2)
    ]
    results = [start.communicate(timeout=60) for start in starts]

    assert [output for output, _ in results] == ["stub up\n"] * 2
    assert sum("packages with" in errors for _, errors in results) == 1


def test_help_needs_no_environment(checkout):
    assert run(checkout, "help").stdout == "stub help\n"
    assert not (checkout / ".venv").exists()


def test_a_folder_that_cannot_be_written_is_named(checkout):
    (checkout / "var").touch()  # a file where the folder should be: no user can write there
    refused = run(checkout)
    assert refused.returncode == 1
    assert "cannot write" in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_missing_lock_is_named(checkout):
    (checkout / "requirements.lock").unlink()
    assert "requirements.lock is missing" in run(checkout).stderr


def test_a_python_without_pip_is_told_how_to_get_it(monkeypatch):
    bootstrap = script()
    monkeypatch.setattr(bootstrap, "runs", lambda *command: False)
    with pytest.raises(bootstrap.CannotStart, match="apt-get install python3-pip"):
        bootstrap.pip(bootstrap.HUB.python)


def test_a_python_whose_pip_is_missing_makes_one_in_the_environment(checkout, tmp_path):
    bare = tmp_path / "bare"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(bare)], check=True)
    started = [str(bare / "bin" / "python"), str(checkout / "recoup"), "up"]
    done = subprocess.run(started, env=environment(checkout), capture_output=True, text=True)
    assert done.stdout == "stub up\n", done.stderr


def test_a_start_killed_while_installing_leaves_a_checkout_that_starts(checkout):
    installs = checkout / "installs"
    put_uv(checkout, f"touch '{installs}'; exec sleep 60")
    killed = subprocess.Popen(command(checkout), env=environment(checkout))
    limit = time.monotonic() + 30
    while not installs.exists() and time.monotonic() < limit:
        time.sleep(0.01)
    assert (checkout / ".venv" / ".unfinished").exists()
    killed.kill()
    killed.wait()
    put_uv(checkout, "exit 0")

    again = run(checkout)

    assert again.stdout == "stub\n"
    assert "cut off" in again.stderr
