"""Answers from PostgreSQL equal the walk's, field by field, in both ways of asking."""

from __future__ import annotations

from dataclasses import replace
from random import Random
from typing import Any

import pytest

from core.tracing.random_ledgers import random_ledger
from core.tracing.test_tracing_cases import cases_of_these_rules
from recoup.apps.ledgers import load_operations, models, operations, queries
from recoup.core.tracing import Account, Ledger, LedgerRefused, Seed, Transfer, trace
from recoup.core.tracing.cases import as_expect
from recoup.core.tracing.fast import Index
from support.ledger_desk import Desk, answer_or_refusal, joined, money, prefixed, verified

ways = pytest.mark.parametrize("way", queries.WAYS)


def fifo_cases() -> list[Any]:
    return [x for x in cases_of_these_rules() if not hasattr(x, "rule") or x.rule == "fifo"]


@ways
@pytest.mark.parametrize("case", fifo_cases(), ids=lambda case: case and case.id)
def test_a_shared_case_has_the_answer_worked_out_by_hand(case: Any, way: str, desk: Desk) -> None:
    stored = desk.load(case.ledger, case.shortfall)
    found = queries.trace(stored, case.ledger.seeds, as_of=case.as_of, way=way)
    assert as_expect(found) == case.expect


@pytest.mark.parametrize("shortfall", ["unseen", "overdraft"])
def test_a_thousand_random_ledgers_have_the_walks_answer_or_refusal(
    shortfall: str, desk: Desk
) -> None:
    choose = Random(20261122)
    many = [prefixed(random_ledger(choose), f"{n:03}/") for n in range(600)]
    whole = joined(many)
    stored = desk.load(whole, shortfall)
    refused = 0
    for number, ledger in enumerate(many):
        as_of = choose.choice([None, choose.randint(-1, 5)])
        alone = answer_or_refusal(lambda: trace(ledger, shortfall=shortfall, as_of=as_of))  # noqa: B023
        way = queries.WAYS[number % 2]
        found = answer_or_refusal(
            lambda: queries.trace(stored, ledger.seeds, as_of=as_of, way=way)  # noqa: B023
        )
        assert money(found) == money(alone), (as_of, way, ledger)
        refused += isinstance(found, tuple)
    assert refused > 10
    for as_of in (None, 2):
        expected = trace(whole, shortfall=shortfall, as_of=as_of)
        found = queries.trace(stored, (), as_of=as_of)
        assert (found.balances, found.unseen) == (expected.balances, expected.unseen)


@ways
def test_a_whole_result_equals_the_walks_and_the_index_in_memory(way: str, desk: Desk) -> None:
    choose = Random(7)
    for _ in range(25):
        ledger = random_ledger(choose, odd_seeds=False)
        shortfall = choose.choice(["unseen", "overdraft"])
        stored = desk.load(ledger, shortfall)
        for as_of in (None, choose.randint(-1, 5)):
            found = queries.trace(stored, ledger.seeds, as_of=as_of, way=way)
            assert found == trace(ledger, shortfall=shortfall, as_of=as_of), ledger
            assert found == Index.of(ledger, shortfall=shortfall).trace(as_of=as_of)


@ways
@pytest.mark.parametrize(
    "seeds",
    [
        (Seed("none"),),
        (Seed("s", 41),),
        (Seed("s"), Seed("s")),
        (Seed("s", -1),),
        (Seed("s", 2**70),),
    ],
)
def test_seeds_that_contradict_the_ledger_are_refused_as_by_the_walk(
    way: str, seeds: tuple[Seed, ...], desk: Desk
) -> None:
    ledger = Ledger({}, (Transfer("s", 1, "V", "A", 40), Transfer("x", 2, "A", "B", 30)), ())
    expected = answer_or_refusal(lambda: trace(replace(ledger, seeds=seeds)))
    assert isinstance(expected, tuple)
    stored = desk.load(ledger)
    for as_of in (None, 0):
        ask = lambda as_of=as_of: queries.trace(stored, seeds, as_of=as_of, way=way)  # noqa: E731
        assert answer_or_refusal(ask) == expected


def test_a_ledger_stored_in_several_statements_is_right(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_operations, "AT_ONCE", 7)
    choose = Random(11)
    for shortfall in ("unseen", "overdraft"):
        whole = joined([prefixed(random_ledger(choose), f"{n}/") for n in range(12)])
        stored = desk.load(whole, shortfall)
        assert stored.transfers.count() == len(whole.transfers) > 7
        assert verified(stored).is_right
        again = verified(stored).checksum
        operations.rebuild(ledger=stored)
        assert verified(stored).checksum == again


def test_products_beyond_64_bits_are_exact(desk: Desk) -> None:
    choose = Random(11)
    for units in (10**18, choose.randint(10**17, 10**18), 10**9 + 7):
        transfers = (
            Transfer("s", 1, "V", "A", units),
            Transfer("x", 2, "A", "B", units - 3, credit=units // 7),
            Transfer("y", 3, "B", "C", units // 11),
        )
        accounts = {"V": Account(external=True), "A": Account(opening=2)}
        ledger = Ledger(accounts, transfers, (Seed("s"),))
        assert queries.trace(desk.load(ledger), ledger.seeds) == trace(ledger)


@pytest.mark.parametrize(
    ("ledger", "told"),
    [
        (Ledger({}, (Transfer("s", 1, "V", "A", 2**62),), ()), "more than the database's columns"),
        (Ledger({"A": Account(2**63)}, (), ()), "more than the database's columns"),
        (Ledger({}, (Transfer("s", 2**63, "V", "A", 5),), ()), "beyond what the database's"),
        (Ledger({}, (Transfer("s", 1, "V", "A\0", 5),), ()), "NUL character"),
        (Ledger({}, (Transfer("s" * 601, 1, "V", "A", 5),), ()), "more than 600 characters"),
        (Ledger({}, (Transfer("s", 1, "V", "A", 5),) * 2, ()), "there twice"),
    ],
)
def test_what_the_columns_cannot_hold_is_refused_with_the_reason_and_nothing_is_stored(
    ledger: Ledger, told: str, desk: Desk
) -> None:
    with pytest.raises(LedgerRefused, match=told):
        desk.load(ledger)
    assert not models.Ledger.objects.exists()


def test_names_and_ids_with_signs_of_all_kinds_come_back(desk: Desk) -> None:
    odd = ["a\tb", "c\nd\r", "\\N", "е\N{COMBINING ACUTE ACCENT}", "", "'; drop", "%s"]
    transfers = tuple(
        Transfer(f"{name}!", n, name, odd[n - 1], 5 + n) for n, name in enumerate(odd)
    )
    ledger = Ledger({}, transfers, (Seed("a\tb!"),))
    assert queries.trace(desk.load(ledger), ledger.seeds) == trace(ledger)


@ways
def test_a_busy_account_is_read_only_where_the_money_lies(way: str, desk: Desk) -> None:
    """A hundred payments of one unit, then twenty accounts that pass on all of it."""
    peel = [Transfer(f"p{n:03}", 2, "A", "C0", 1) for n in range(100)]
    on = [Transfer(f"q{n:03}", 3 + n, f"C{n}", f"C{n + 1}", 100) for n in range(20)]
    later = [Transfer(f"r{n:03}", 99, "A", "C0", 1) for n in range(200)]
    ledger = Ledger({}, (Transfer("s", 1, "V", "A", 100), *peel, *on, *later), (Seed("s"),))
    stored = desk.load(ledger)
    assert queries.trace(stored, ledger.seeds, way=way) == trace(ledger)
    pieces = queries.look_up(stored, ledger.seeds, way=way).pieces
    # Hop by hop, what touches goes on as one; one statement cannot join what it has cut.
    assert pieces == (1 + 100 + 20 if way == "by hops" else 1 + 100 + 100 * 20)


def test_one_statement_that_would_give_too_many_pieces_is_asked_hop_by_hop(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queries, "MOST_PIECES", 50)
    peel = [Transfer(f"p{n:03}", 2, "A", "B", 1) for n in range(100)]
    ledger = Ledger({}, (Transfer("s", 1, "V", "A", 100), *peel), (Seed("s"),))
    assert queries.trace(desk.load(ledger), ledger.seeds) == trace(ledger)


def test_an_unknown_way_or_policy_is_refused_and_the_known_ones_are_named(desk: Desk) -> None:
    ledger = Ledger({}, (Transfer("s", 1, "V", "A", 100),), ())
    with pytest.raises(LedgerRefused, match="Use one of: recursive, by hops"):
        queries.trace(desk.load(ledger), (), way="quick")
    with pytest.raises(LedgerRefused, match="Use one of: unseen, overdraft"):
        desk.load(ledger, "ignore")
