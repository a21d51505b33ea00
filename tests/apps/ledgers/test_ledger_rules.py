"""Every rule gives the walk's answer on a ledger that was read back from PostgreSQL."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from core.tracing.random_ledgers import random_ledger
from core.tracing.test_tracing_cases import cases_of_these_rules
from recoup.apps.ledgers import in_memory
from recoup.core.tracing import RULES, Ledger, LedgerRefused, Seed, Transfer, trace
from recoup.core.tracing.cases import as_expect
from support.ledger_desk import Desk, answer_or_refusal, joined, money, prefixed

readings = pytest.mark.parametrize("small", [in_memory.SMALL, 0], ids=["whole", "touched"])


@readings
@pytest.mark.parametrize("case", cases_of_these_rules(), ids=lambda case: case and case.id)
def test_a_shared_case_has_the_answer_worked_out_by_hand(
    case: Any, small: int, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_memory, "SMALL", small)
    stored = desk.load(case.ledger, case.shortfall)
    found = in_memory.trace_by(case.rule, stored, case.ledger.seeds, as_of=case.as_of)
    assert as_expect(found) == case.expect


@pytest.mark.parametrize("shortfall", ["unseen", "overdraft"])
def test_random_ledgers_have_the_walks_answer_or_refusal_under_every_rule(
    shortfall: str, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Side by side in one stored ledger, of which the touched accounts only are read."""
    monkeypatch.setattr(in_memory, "SMALL", 0)
    choose = Random(8)
    many = [prefixed(random_ledger(choose), f"{n:03}/") for n in range(80)]
    stored = desk.load(joined(many), shortfall)
    refused = 0
    for ledger in many:
        as_of = choose.choice([None, choose.randint(-1, 5)])
        for rule in RULES:
            alone = answer_or_refusal(
                lambda: trace(ledger, rule=rule, shortfall=shortfall, as_of=as_of)  # noqa: B023
            )
            found = answer_or_refusal(
                lambda: in_memory.trace_by(rule, stored, ledger.seeds, as_of=as_of)  # noqa: B023
            )
            assert money(found) == money(alone), (rule, as_of, ledger)
            refused += isinstance(found, tuple)
    assert refused


@readings
def test_a_whole_result_equals_the_walks_under_every_rule(
    small: int, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_memory, "SMALL", small)
    choose = Random(5)
    for _ in range(5):
        ledger = random_ledger(choose, odd_seeds=False)
        shortfall = choose.choice(["unseen", "overdraft"])
        stored = desk.load(ledger, shortfall)
        for rule in RULES:
            expected = trace(ledger, rule=rule, shortfall=shortfall, as_of=3)
            assert in_memory.trace_by(rule, stored, ledger.seeds, as_of=3) == expected


def test_where_money_touches_too_much_the_whole_ledger_is_read(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(in_memory, "SMALL", 0)
    monkeypatch.setattr(in_memory, "MOST", 1)
    ledger = Ledger(
        {}, (Transfer("s", 1, "V", "A", 4), Transfer("x", 2, "A", "B", 3)), (Seed("s"),)
    )
    assert in_memory.trace_by("poison", desk.load(ledger), ledger.seeds) == trace(
        ledger, rule="poison"
    )


def test_an_unknown_rule_is_refused_and_the_known_ones_are_named(desk: Desk) -> None:
    stored = desk.load(Ledger({}, (Transfer("s", 1, "V", "A", 4),), ()))
    with pytest.raises(LedgerRefused, match="Use one of: fifo, lifo"):
        in_memory.trace_by("guess", stored, ())
