"""The outside verifier from its command line: what it is told, and with which code it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from recoup_verify.cli import main


def test_without_a_check_it_says_which_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert "log" in capsys.readouterr().out


def test_an_unknown_check_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lag"]) == 2
    assert "there is no check 'lag'" in capsys.readouterr().err


def test_what_is_not_there_cannot_be_checked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["log", str(tmp_path), "--key", "nobody"]) == 2
    assert "--key" in capsys.readouterr().err


def test_it_needs_neither_django_nor_the_hub(tmp_path: Path) -> None:
    code = (
        "import sys, recoup_verify.log, recoup_verify.cli\n"
        "print([m for m in sys.modules if m.split('.')[0] in ('django', 'recoup', 'psycopg')])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
