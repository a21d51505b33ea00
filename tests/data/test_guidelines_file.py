"""The file of the controls: complete, sourced, and refused with its place where it is not."""

from __future__ import annotations

import copy
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from recoup.apps.guidelines.measures import NAMES
from recoup.core.guidelines import Side
from recoup.data import read_toml
from recoup.data.guidelines import FILE, GuidelinesRefused, load_guidelines, read_guidelines

KNOWLEDGE = Path(__file__).resolve().parents[3] / "shared/knowledge/guidelines.yaml"


def test_there_are_53_controls_and_nothing_is_said_to_be_confirmed() -> None:
    controls = load_guidelines().controls
    assert Counter(c.side for c in controls) == {
        Side.COMMON: 7, Side.LAW_ENFORCEMENT: 26, Side.PROVIDER: 20,
    }  # fmt: skip
    assert not any(c.origin.is_confirmed for c in controls)
    assert [c.paragraph for c in controls] == sorted(c.paragraph for c in controls)


def test_at_least_twelve_are_counted_and_each_measure_has_its_query() -> None:
    measured = [c.measured.measure for c in load_guidelines().controls if c.measured]
    assert len(set(measured)) >= 12
    assert set(measured) == NAMES


def test_our_words_are_our_own() -> None:
    if not KNOWLEDGE.exists():
        pytest.skip("The shared knowledge is not here.")
    text = KNOWLEDGE.read_text(encoding="utf-8")
    controls = load_guidelines().controls
    assert [c.control for c in controls if f"id: {c.control}," not in text] == []
    assert [c.control for c in controls if f'"{c.text}"' in text] == []
    assert [c.control for c in controls if f"para: {c.paragraph}," not in text] == []


@pytest.fixture
def document() -> dict[str, Any]:
    return copy.deepcopy(read_toml(FILE))


def change(document: dict[str, Any], path: str, value: object) -> None:
    *names, last = path.split(".")
    place: Any = document
    for name in names:
        place = place[int(name)] if name.isdigit() else place[name]
    last = int(last) if last.isdigit() else last  # type: ignore[assignment]
    if value is None:
        del place[last]
    else:
        place[last] = value


@pytest.mark.parametrize(
    ("path", "value", "where"),
    [
        ("control.0.side", "bank", "control C-01.side"),
        ("control.0.id", "P-01", "control P-01.id"),
        ("control.0.id", "C-x", "control C-x.id"),
        ("control.1.id", "C-01", "control C-01"),
        ("control.0.paragraph", "9", "control C-01.paragraph"),
        ("control.0.paragraph", True, "control C-01.paragraph"),
        ("control.0.text", " ", "control C-01.text"),
        ("control.0.proof", None, "control C-01.proof"),
        ("control.0.source", "somebody said so", "control C-01.source"),
        ("control.0.confidence", "certain", "control C-01.confidence"),
        ("control.0.confirmed_by", True, "control C-01.confirmed_by"),
        ("control.0.measure", "magic", "control C-01.measure"),
        ("control.0.colour", "red", "control C-01.colour"),
        ("control.0", "text", "control 1"),
        ("control", [], "control"),
        ("measure.backlog.target", 101, "measure.backlog.target"),
        ("measure.backlog.target", 0, "measure.backlog.target"),
        ("measure.backlog.enough", 0, "measure.backlog.enough"),
        ("measure.backlog.of", None, "measure.backlog.of"),
        ("measure.backlog.source", None, "measure.backlog.source"),
        ("measure.spare", {"counts": "a", "of": "b", "target": 1, "enough": 1,
                           "source": "proposal of this project"}, "measure.spare"),
        ("measure", None, "measure"),
        ("counting.days", -1, "counting.days"),
        ("counting.office_until", 8, "counting.office_until"),
        ("counting.days_off", [0], "counting.days_off"),
        ("counting.source", "a hunch", "counting.source"),
        ("counting", None, "counting"),
        ("title", None, "title"),
        ("source", "none", "source"),
        ("to_check", "", "to_check"),
    ],
)  # fmt: skip
def test_a_wrong_file_is_refused_with_its_place(
    document: dict[str, Any], path: str, value: object, where: str
) -> None:
    change(document, path, value)
    with pytest.raises(GuidelinesRefused) as refused:
        read_guidelines(document)
    assert refused.value.where in (f"{FILE}: {where}", f"{FILE}.{where}")
    assert str(refused.value).startswith(FILE)
