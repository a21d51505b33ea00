"""Throwing bytes at the readers: few here, many by command; what is wrong is found and kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from recoup.cli import environment, fuzz
from recoup.cli.fuzz_targets import TARGETS, Target

FEW = 150


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(environment, "VAR", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_refuses_in_its_own_way_only(name: str) -> None:
    said: list[str] = []
    assert fuzz.fuzz(name, seconds=60, seed=7, say=said.append, most=FEW) == [], said


@pytest.mark.parametrize("name", ["F1", "F1b", "F3", "F5", "F6", "F8", "F12"])
def test_what_it_begins_with_is_good(name: str) -> None:
    """Else only the first line of each reader would be tried."""
    for content in TARGETS[name].seeds():
        TARGETS[name].read(content)


def careless(content: bytes) -> None:
    if len(content) > 3 and content[1:2] == b"9":
        raise KeyError(content)
    if content.startswith(b"no"):
        raise ValueError("refused")


def test_another_exception_is_found_kept_and_found_again(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    target = Target("careless", careless, (ValueError,), lambda: [b"12345", b"no"])
    monkeypatch.setitem(TARGETS, "F99", target)
    found = fuzz.fuzz("F99", seconds=60, seed=1, say=lambda _: None, most=3_000)
    assert found and all(path.is_relative_to(folder) for path in found)
    with pytest.raises(KeyError):
        careless(found[0].read_bytes())
    assert fuzz._replay(target, found[0]) == 1 and "KeyError" in capsys.readouterr().err


def test_a_seed_throws_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    thrown: list[list[bytes]] = []
    for _ in range(2):
        seen: list[bytes] = []
        monkeypatch.setitem(TARGETS, "F99", Target("all", seen.append, (), lambda: [b"a", b"bc"]))
        fuzz.fuzz("F99", seconds=60, seed=3, say=lambda _: None, most=200)
        thrown.append(seen)
    assert thrown[0] == thrown[1] and len(set(thrown[0])) > 50
