"""Planted sabotages: each still fits the code, names a test that is there, and is told apart."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from recoup.cli import environment, faults
from recoup.cli.faults import BadFault, Fault, Outcome, planted, read_all

ROOT = environment.ROOT
ALL = read_all()


def one(**changed: object) -> Fault:
    given = {"number": 1, "name": "x", "title": "x", "threat": "T08", "path": "a.py",
             "old": "limit = 1\n", "new": "limit = 2\n", "test": ("tests/test_a.py",)}  # fmt: skip
    return Fault(**{**given, **changed})  # type: ignore[arg-type]


def test_there_are_some_and_each_has_its_number() -> None:
    assert len(ALL) >= 20
    assert [fault.number for fault in ALL] == list(range(1, len(ALL) + 1))


@pytest.mark.parametrize("fault", ALL, ids=lambda fault: fault.name)
def test_a_sabotage_fits_the_code_and_names_a_test(fault: Fault) -> None:
    text = (ROOT / fault.path).read_text(encoding="utf-8")
    after = planted(fault, text)
    if fault.path.endswith(".py"):
        compile(after, fault.path, "exec")  # one that breaks the module would prove nothing
    assert re.fullmatch(r"T(0[1-9]|1[0-9]|2[0-5])", fault.threat)
    for wanted in fault.test:
        path, *names = wanted.split("::")
        assert (ROOT / path).exists(), wanted
        for name in names:
            assert f"def {name.split('[')[0]}(" in (ROOT / path).read_text(encoding="utf-8"), name


def test_a_line_that_is_gone_or_stands_twice_is_refused() -> None:
    with pytest.raises(BadFault, match="0 times"):
        planted(one(), "limit = 3\n")
    with pytest.raises(BadFault, match="2 times"):
        planted(one(), "limit = 1\nlimit = 1\n")
    with pytest.raises(BadFault, match="changes nothing"):
        planted(one(new="limit = 1\n"), "limit = 1\n")


def test_an_unknown_number_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert faults.main(["--only", "9999", "--list"]) == 2
    assert "no sabotage 9999" in capsys.readouterr().err


def test_they_are_listed_by_threat(capsys: pytest.CaptureFixture[str]) -> None:
    assert faults.main(["--only", "T15", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines and all(" T15 " in line for line in lines)


@pytest.mark.parametrize(
    ("code", "verdict"), [(1, "found"), (0, "missed"), (2, "broken"), (5, "broken")]
)
def test_only_a_test_that_ran_and_failed_has_found_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, verdict: str
) -> None:
    """Neither a module that no longer loads nor a test that is not there counts as found."""
    file = tmp_path / "a.py"
    file.write_text("limit = 1\n")
    seen: list[str] = []

    def ran(copy: Path, *_: object, **__: object) -> tuple[int, str]:
        seen.append(file.read_text())
        return code, ""

    monkeypatch.setattr(faults, "run_tests", ran)
    assert faults.tried(one(), tmp_path, None).verdict == verdict  # type: ignore[arg-type]
    assert seen == ["limit = 2\n"] and file.read_text() == "limit = 1\n"


@pytest.mark.parametrize(("found", "code"), [(9, 0), (8, 1)])
def test_nine_in_ten_have_to_be_found(found: int, code: int) -> None:
    outcomes = [Outcome(one(), "found" if n < found else "missed", 1.0) for n in range(10)]
    assert faults._judged(outcomes) == code
