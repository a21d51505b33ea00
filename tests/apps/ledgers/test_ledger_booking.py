"""Bookings into a stored ledger, at the end or late, leave it as if it were loaded anew."""

from __future__ import annotations

import threading
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from django.db import connection

from core.tracing.random_ledgers import random_ledger
from recoup.apps.ledgers import models, operations, queries
from recoup.apps.ledgers.load_operations import Asset, load
from recoup.core.tracing import Account, Ledger, LedgerRefused, Seed, Transfer, trace
from recoup.core.tracing.fast import Changed
from support.ledger_desk import Desk, answer_or_refusal, joined, money, prefixed, verified
from support.roles import broken_invariants
from support.world import OFFICER, World


def known(ledger: models.Ledger) -> Any:
    """All that is derived, by the names of transfers and accounts."""
    places = ("ident", "srcpos", "srcend", "dstpos", "owed")
    sums = ("name", "came", "gone", "unseen", "mark", "last_t", "last_seq", "last_ident")
    return (
        sorted(models.Transfer.objects.filter(ledger=ledger).values_list(*places)),
        sorted(
            row for row in models.Account.objects.filter(ledger=ledger).values_list(*sums)
            if row[-1] is not None
        ),
    )  # fmt: skip


@pytest.mark.parametrize("shortfall", ["unseen", "overdraft"])
def test_bookings_in_any_order_equal_a_ledger_loaded_anew(shortfall: str, desk: Desk) -> None:
    choose = Random(3)
    many = [prefixed(random_ledger(choose), f"{n:02}/") for n in range(60)]
    whole = joined(many)
    first = [x for x in whole.transfers if choose.random() < 0.4]
    rest = [x for x in whole.transfers if x not in first]
    choose.shuffle(rest)
    stored = desk.load(replace(whole, transfers=tuple(first)), shortfall)
    late = sum(operations.book(ledger=stored, transfer=x).booked.is_late for x in rest)
    assert late > 100
    assert known(stored) == known(desk.load(whole, shortfall))
    assert verified(stored).is_right, verified(stored)
    for ledger in many:
        alone = answer_or_refusal(lambda: trace(ledger, shortfall=shortfall))  # noqa: B023
        found = answer_or_refusal(lambda: queries.trace(stored, ledger.seeds))  # noqa: B023
        assert money(found) == money(alone), ledger


def test_everything_at_one_instant_and_to_oneself_can_be_booked_late(desk: Desk) -> None:
    choose = Random(9)
    seed = Transfer("0", 0, "V", "A", 30)
    transfers = [
        Transfer(f"{choose.randrange(10**6):06}-{n}", 1, choose.choice("AB"), choose.choice("AB"),
                 choose.choice([0, 0, 1, 5, 9]))
        for n in range(60)
    ]  # fmt: skip
    ledger = Ledger({}, (seed, *transfers), (Seed("0"),))
    stored = desk.load(Ledger({}, (seed,), ()))
    for transfer in transfers:
        operations.book(ledger=stored, transfer=transfer)
    assert known(stored) == known(desk.load(ledger))
    assert queries.trace(stored, ledger.seeds) == trace(ledger)


def test_a_late_booking_moves_what_comes_after_it_in_two_accounts_only(desk: Desk) -> None:
    busy = [Transfer(f"b{n:03}", n, "B", "C", 1) for n in range(300)]
    other = [Transfer(f"o{n:03}", n, "N", "M", 1) for n in range(300)]
    stored = desk.load(Ledger({"B": Account(opening=500)}, (*busy, *other), ()))
    taken = operations.book(ledger=stored, transfer=Transfer("late", 290, "B", "X", 7))
    assert (taken.booked.is_late, taken.booked.moved) == (True, 9)
    assert taken.booked.changed == (Changed("B", 291), Changed("X", 0))
    end = operations.book(ledger=stored, transfer=Transfer("end", 400, "N", "B", 7))
    assert (end.booked.is_late, end.booked.moved) == (False, 0)
    assert verified(stored).is_right


@pytest.mark.parametrize(
    ("transfer", "told"),
    [
        (Transfer("s", 2, "A", "B", 1), "there twice"),
        (Transfer("x", 2, "A", "B", -1), "whole number of minor units"),
        (Transfer("x", 2**63, "A", "B", 1), "beyond what the database's"),
        (Transfer("x", 2, "A", "B", 2**63 - 1, credit=2**63 - 1), "would pass"),
    ],
)
def test_a_refused_booking_changes_nothing(transfer: Transfer, told: str, desk: Desk) -> None:
    transfers = (Transfer("s", 1, "V", "A", 40), Transfer("y", 3, "B", "A", 4))
    stored = desk.load(Ledger({"B": Account(9)}, transfers, ()))
    before = known(stored)
    with pytest.raises(LedgerRefused, match=told):
        operations.book(ledger=stored, transfer=transfer)
    assert known(stored) == before


def test_accounts_of_two_assets_need_the_units_credited(desk: Desk) -> None:
    accounts = {"A": Account(10**9), "B": Account()}
    assets = {"A": Asset("BTC", 8), "B": Asset("USDT", 6)}
    told = {"name": "two assets", "by": desk.by, "at": desk.at, "assets": assets}
    silent = Transfer("x", 1, "A", "B", 5)
    with pytest.raises(LedgerRefused, match="from 'BTC' to 'USDT'"):
        load(ledger=Ledger(accounts, (silent,), ()), **told)
    stored = load(ledger=Ledger(accounts, (replace(silent, credit=7),), ()), **told)
    with pytest.raises(LedgerRefused, match="Give its credit"):
        operations.book(ledger=stored, transfer=Transfer("y", 2, "B", "A", 1))
    operations.book(ledger=stored, transfer=Transfer("y", 2, "B", "A", 1, credit=1))
    rows = models.Account.objects.filter(ledger=stored).values_list("name", "asset", "decimals")
    assert set(rows) == {("A", "BTC", 8), ("B", "USDT", 6)}


def test_only_traces_that_a_booking_concerns_are_told_and_have_another_answer(desk: Desk) -> None:
    choose = Random(4)
    told = kept = 0
    many = [prefixed(random_ledger(choose, odd_seeds=False), f"{n:02}/") for n in range(80)]
    new = [choose.choice(ledger.transfers) for ledger in many]
    whole = joined(many)
    stored = desk.load(replace(whole, transfers=tuple(set(whole.transfers) - set(new))))
    for ledger, transfer in zip(many, new, strict=True):
        cases = [(seed,) for seed in ledger.seeds if seed.transfer != transfer.id]
        before = [(keep(stored, case, desk), queries.trace(stored, case)) for case in cases]
        taken = operations.book(ledger=stored, transfer=transfer)
        assert set(taken.concerned) <= {trace.id for trace, _ in before}
        for case, (trace_kept, answer) in zip(cases, before, strict=True):
            if trace_kept.id in taken.concerned:
                told += 1
                continue
            kept += 1
            assert money(queries.trace(stored, case)) == money(answer), (transfer, ledger)
    assert told > 10 and kept > 40


def keep(stored: models.Ledger, seeds: tuple[Seed, ...], desk: Desk) -> models.Trace:
    return operations.keep_trace(
        ledger=stored, about=seeds[0].transfer, seeds=seeds, by=desk.by, at=desk.at
    )


def test_a_trace_that_is_kept_again_forgets_where_it_no_longer_comes(desk: Desk) -> None:
    ledger = Ledger({}, (Transfer("s", 1, "V", "A", 9), Transfer("x", 5, "A", "B", 9)), ())
    stored = desk.load(ledger)
    first = keep(stored, (Seed("s"),), desk)
    assert operations.book(ledger=stored, transfer=Transfer("y", 3, "A", "C", 9)).concerned == (
        first.id,
    )
    assert keep(stored, (Seed("s"),), desk) == first
    assert operations.book(ledger=stored, transfer=Transfer("z", 6, "B", "D", 1)).concerned == ()
    assert operations.book(ledger=stored, transfer=Transfer("w", 6, "C", "D", 1)).concerned == (
        first.id,
    )


def test_positions_that_were_changed_are_found_and_built_again(desk: Desk) -> None:
    ledger = joined([prefixed(random_ledger(Random(n)), f"{n}/") for n in range(20)])
    stored = desk.load(ledger)
    before, checksum = known(stored), verified(stored).checksum
    row = models.Transfer.objects.filter(ledger=stored, src__external=False).latest("id")
    models.Transfer.objects.filter(id=row.id).update(srcpos=row.srcpos + 1, srcend=row.srcend + 1)
    found = verified(stored)
    assert not found.is_right and f"transfer {row.ident}" in found.wrong
    assert any(told.startswith("checksum of account") for told in found.wrong)
    assert any("positions " in told for told in broken_invariants())
    operations.rebuild(ledger=stored)
    assert known(stored) == before and verified(stored).is_right
    assert verified(stored).checksum == checksum


def test_positions_of_an_older_method_are_not_taken_for_right(desk: Desk) -> None:
    stored = desk.load(Ledger({}, (Transfer("s", 1, "V", "A", 9),), ()))
    stored.method = 0
    assert not verified(stored).is_right


def test_bookings_at_the_same_time_wait_for_each_other_and_for_nothing_else(
    open_world: World,
) -> None:
    """Four writers book in both directions between the same few accounts, some of them new."""
    choose = Random(6)
    actor = open_world.actor(OFFICER)
    with open_world.acting(actor) as at:
        stored = Desk(actor, at).load(
            Ledger({"A": Account(50), "out": Account(external=True)}, (), ())
        )
    names = [*"ABCDE", "out"]
    transfers = [
        Transfer(f"{n:03}", choose.randint(0, 40), *choose.sample(names, 2), choose.randint(0, 9))
        for n in range(120)
    ]
    troubles: list[Exception] = []

    def write(mine: list[Transfer]) -> None:
        try:
            for transfer in mine:
                with open_world.acting(actor):
                    operations.book(ledger=stored, transfer=transfer)
        except Exception as trouble:  # noqa: BLE001
            troubles.append(trouble)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=(transfers[n::4],)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []
    with open_world.acting(actor) as at:
        whole = Ledger({"A": Account(50), "out": Account(external=True)}, tuple(transfers), ())
        assert verified(stored).is_right
        assert known(stored) == known(Desk(actor, at).load(whole))
