"""The table of ASVS 5.0 names tests and modules that exist; its figures are those of the docs."""

from __future__ import annotations

import ast
import csv
import re
from collections import Counter
from functools import cache

import pytest

from recoup.cli.environment import ROOT

TABLE = ROOT / "docs" / "asvs.csv"
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
# Of the standard, version 5.0.0: requirements by level, and how many each chapter has.
BY_LEVEL = {"1": 70, "2": 183, "3": 92}
CHAPTERS = {1: 30, 2: 13, 3: 31, 4: 16, 5: 13, 6: 47, 7: 19, 8: 13, 9: 7, 10: 36, 11: 24, 12: 12,
            13: 21, 14: 13, 15: 21, 16: 17, 17: 12}  # fmt: skip
LEAST = {"1": 0.98, "2": 0.90}


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def functions_of(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def test_every_requirement_is_there_once_and_in_order() -> None:
    ids = [tuple(int(part) for part in row["id"].split(".")) for row in rows()]
    assert ids == sorted(set(ids)) and all(len(one) == 3 for one in ids)
    assert Counter(row["level"] for row in rows()) == BY_LEVEL
    assert Counter(one[0] for one in ids) == CHAPTERS
    sections = {one[:2]: 0 for one in ids}
    for one in ids:
        sections[one[:2]] += 1
        assert one[2] == sections[one[:2]], f"before {one} one is missing"


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["id"])
def test_a_row_says_what_it_has_to(row: dict[str, str]) -> None:
    if row["applies"] != "yes":
        assert row["applies"].startswith("no: ") and not (row["met"] or row["where"] or row["test"])
        return
    assert row["met"] in ("yes", "no") and row["how"]
    if row["met"] == "no":
        assert not row["test"], "what is not met is shown by no test"
        return
    for place in row["where"].split():
        assert (ROOT / place).exists(), place
    if row["test"]:
        path, _, name = row["test"].partition("::")
        assert (ROOT / path).exists() and name in functions_of(path), row["test"]
    elif row["how"].startswith("Docs: "):
        assert row["where"], "a document that is not named"


@pytest.mark.parametrize("level", ["1", "2", "3"])
def test_the_figures_are_those_of_the_page(level: str) -> None:
    of = [row for row in rows() if row["level"] == level]
    apply = [row for row in of if row["applies"] == "yes"]
    met = [row for row in apply if row["met"] == "yes"]
    line = (
        f"| L{level} | {len(apply)} of {len(of)} | {len(met)} | {100 * len(met) // len(apply)} % |"
    )
    assert line in PAGE
    assert len(met) / len(apply) >= LEAST.get(level, 0)


def test_what_is_not_met_stands_on_the_page() -> None:
    missed = {f"{row['id']}" for row in rows() if row["met"] == "no" and row["level"] in "12"}
    assert set(re.findall(r"^- \*\*(\d+\.\d+\.\d+)\*\* \(L[12]\)", PAGE, re.MULTILINE)) == missed


def test_most_of_what_is_met_is_shown_by_a_test() -> None:
    met = [row for row in rows() if row["met"] == "yes"]
    assert sum(bool(row["test"]) for row in met) >= 0.8 * len(met)
