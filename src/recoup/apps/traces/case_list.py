"""The answers of a file of cases (``tracing-cases/1``), for people and for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from recoup.apps.traces.picture import printable
from recoup.core.tracing import RULES
from recoup.core.tracing.cases import Case, as_expect, traced

_PARTS = {
    "held": "held now",
    "transfers": "carried by transfer",
    "dissipated": "lost to an overdraft",
    "unseen": "unseen",
    "balances": "balance",
}


def answers(cases: tuple[Case, ...]) -> dict[str, dict[str, Any]]:
    """Trace each case by its own rule; raises CaseRefused, so that all are answered or none."""
    return {case.id: as_expect(traced(case)) for case in cases}


def as_json(found: dict[str, dict[str, Any]]) -> str:
    """Return one object, case id to its answer; in ASCII, so that any terminal can write it."""
    return json.dumps(found, ensure_ascii=True, indent=1)


def as_text(cases: tuple[Case, ...], found: dict[str, dict[str, Any]]) -> str:
    return "\n".join(line for case in cases for line in _one(case, found[case.id]))


def _one(case: Case, answer: dict[str, Any]) -> Iterator[str]:
    rule = RULES[case.rule]
    yield f"{printable(case.id)}  {printable(case.title)}".rstrip()
    yield f"  Rule: {rule.name} ({rule.key}): a debit takes {rule.takes}."
    yield f"  Source: {rule.source}."
    until = "all transfers" if case.as_of is None else f"transfers up to {case.as_of}"
    yield f"  Shortfall: {case.shortfall}. Order: {rule.ordering}. As of: {until}."
    for part, words in _PARTS.items():
        for name, units in answer[part].items():
            said = ", ".join(f"{k} {n}" for k, n in units.items()) if part in _LABELLED else units
            yield f"    {words:<22}{printable(name)}: {printable(str(said))}"
    yield ""


_LABELLED = ("held", "transfers", "dissipated")
