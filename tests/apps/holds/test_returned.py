"""What came back: one sum a ticket, in any order; and a recall of money that had moved on."""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from random import Random
from typing import Any
from uuid import UUID

import pytest

from recoup.apps.cases.models import Task
from recoup.apps.reports.operations import Filed
from recoup.demo.cast import CARD
from support.bank import Banks, Kept, Ledger
from support.case_pages import page_of, signed_in, text_of
from support.chain import held_at, report, totals
from support.roles import as_owner
from support.world import OFFICER, World, iban

NOTHING = {"code": "nothing_left"}
Told = tuple[str, str, dict[str, Any]]


def returned(world: World) -> tuple[int, int]:
    [row] = world.run("select returned_minor, returned_doubt_minor from holds_claim")
    return row[0], row[1]


def tasks(world: World, kind: str = "returned_differs") -> list[Task]:
    with as_owner():
        return list(Task.objects.filter(kind=kind, done_at=None))


# One payment, a stop and a recall


@pytest.fixture
def paid(world: World) -> Filed:
    """500 to a card, which has a recall; the payer's bank is asked for all three."""
    filed = world.report(payer=iban("quince", 1), payee=CARD, amount=500)
    world.plan()
    return filed


def stopped(units: int, **more: Any) -> Told:
    return "stop_before_execution", "stopped_before_execution", {"held_minor": units} | more


def recalled(units: int, **more: Any) -> Told:
    return "recall", "recalled", {"held_minor": units} | more


def tell(world: World, answers: list[Told], *, plan: Callable[[], bool] = lambda: True) -> None:
    asked = {t.measure: t for t in world.tickets() if t.measure != "hold"}
    for measure, code, body in answers:
        world.answer("quince", {"ticket": str(asked[measure].id), "code": code} | body)
        if plan():
            world.plan()
    world.plan()


@pytest.mark.parametrize("order", permutations([stopped(200), recalled(300)]))
def test_a_part_that_was_stopped_and_one_that_was_recalled_add_up(
    world: World, paid: Filed, order: tuple[Told, ...]
) -> None:
    """The second one's sum took the place of the first one's."""
    tell(world, list(order))
    assert returned(world) == (500, 0)
    assert totals(world, paid) == {"RSD": (500, 0, 0, 0, 500, 0)}
    assert tasks(world) == []


def test_what_is_left_of_it_is_still_followed(world: World, paid: Filed) -> None:
    tell(world, [stopped(100), recalled(150)])
    assert totals(world, paid) == {"RSD": (500, 0, 0, 0, 250, 250)}


def test_a_stop_that_came_too_late_takes_nothing_from_the_recall(world: World, paid: Filed) -> None:
    tell(world, [recalled(500), ("stop_before_execution", "nothing_left", {})])
    assert returned(world) == (500, 0)


def test_a_final_answer_that_nothing_came_back_ends_what_was_told_before_it(
    world: World, paid: Filed
) -> None:
    tell(world, [recalled(200, stage="interim")])
    assert returned(world) == (200, 0)
    tell(world, [("recall", "nothing_left", {})])
    assert returned(world) == (0, 0)
    assert totals(world, paid) == {"RSD": (500, 0, 0, 0, 0, 500)}


@pytest.mark.parametrize("order", permutations([stopped(300), recalled(400)]))
def test_more_than_the_payment_is_a_range_and_a_task(
    world: World, paid: Filed, order: tuple[Told, ...]
) -> None:
    tell(world, list(order))
    assert returned(world) == (400, 200)
    assert totals(world, paid) == {"RSD": (500, 0, 0, 0, 400, 100)}
    [task] = tasks(world)
    assert (task.values["amount_minor"], task.owner_id) == (200, world.case_of(paid).owner_id)
    page = page_of(world, OFFICER, world.case_of(paid))
    [sums] = page["sums_list"]
    assert (sums["returned"], sums["out_by"]) == (400, 200)
    payers = next(r for r in page["trace"]["rows"] if "Quince" in r["institution_name"])
    back = payers["figures"][5]
    assert (back.amount, back.low, back.high) == (400, 200, 600)
    assert "what came back is told in contradiction" in payers["doubt"]
    shown = text_of(OFFICER, f"/cases/{world.case_of(paid).id}")
    assert "Answers about money that came back contradict each other" in shown


def test_a_correction_that_fits_ends_the_doubt(world: World, paid: Filed) -> None:
    tell(world, [stopped(300), recalled(400, answer=str(UUID(int=7)))])
    tell(
        world,
        [recalled(200, stage="correction", replaces=str(UUID(int=7)), answer=str(UUID(int=8)))],
    )
    assert returned(world) == (500, 0)
    [sums] = page_of(world, OFFICER, world.case_of(paid))["sums_list"]
    assert "out_by" not in sums and sums["returned"] == 500


@pytest.mark.parametrize("seed", range(12))
def test_the_end_is_the_same_in_whatever_order_it_was_told(
    world: World, paid: Filed, seed: int
) -> None:
    """Interim answers, final ones and corrections of both tickets, planned now and then."""
    random = Random(seed)
    streams = {measure: _stream(measure, random) for measure in ("stop_before_execution", "recall")}
    ends = [0 if stream[-1][1] == "nothing_left" else stream[-1][2]["held_minor"]
            for stream in streams.values()]  # fmt: skip
    other = [("confirm_debit", "no_such_debit", {})]
    waiting = [*map(list, streams.values()), other]
    answers = []
    while any(waiting):
        answers.append(random.choice([stream for stream in waiting if stream]).pop(0))
    tell(world, answers, plan=lambda: random.random() < 0.5)
    total, most = sum(ends), max(ends)
    expected = (total, 0) if total <= 500 else (most, max(total - 500, 500 - most))
    assert returned(world) == expected
    found = totals(world, paid)
    assert found["RSD"][4] == expected[0] and sum(found["RSD"][1:]) == 500


def _stream(measure: str, random: Random) -> list[Told]:
    """What a bank tells of one ticket, one after the other."""
    code = "recalled" if measure == "recall" else "stopped_before_execution"
    ids = [str(UUID(int=random.getrandbits(128), version=4)) for _ in range(4)]

    def told(number: int, **more: Any) -> Told:
        units = random.choice([0, 100, 200, 300, 400, 500])
        said = {"answer": ids[number], "held_minor": units} | more
        return measure, code if units else "nothing_left", said

    stream = [told(0, stage="interim")] if random.random() < 0.5 else []
    stream.append(told(1))
    if stream[0][1] == "nothing_left" and len(stream) > 1:
        stream.pop(0)
    for number in range(2, 2 + random.choice([0, 1, 2])):
        stream.append(told(number, stage="correction", replaces=ids[number - 1]))
    return stream


# A recall of money that had moved on


@pytest.fixture
def ledger(open_world: World) -> Ledger:
    ledger = Ledger(open_world)
    ledger.account("victim", "quince", 20009, 9_000)
    ledger.accounts["card"] = Kept("sparrow", CARD)
    ledger.account("third", "linden", 40001, 0)
    return ledger


def moved_on(
    ledger: Ledger, moved: int, *, back: int, is_first: bool = False
) -> tuple[Filed, Banks]:
    """500 came to the card, some moved on; the payer's bank says how much came back by recall.

    is_first: it says so before the payee's bank has told anything.
    """
    paid = ledger.pay("victim", "card", 500, minute=10)
    ledger.pay("card", "third", moved, minute=12)
    filed = report(ledger, paid, by=ledger.world.at_bank("quince"))
    waits = ["hold"] if is_first else ["recall"]

    def change(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any] | None:
        if ticket["measure"] in waits:
            return None
        if ticket["measure"] == "recall":
            return body | {"code": "recalled", "held_minor": back}
        return body

    banks = Banks(ledger, change=change)
    banks.run()
    waits.clear()
    banks.run()
    return filed, banks


def test_recalled_in_full_though_it_had_moved_on_balances_and_is_in_doubt(ledger: Ledger) -> None:
    """Nothing is let go at the third bank for a word that the second bank's stands against."""
    world = ledger.world
    filed, _ = moved_on(ledger, 500, back=500)
    assert totals(world, filed) == {"RSD": (500, 500, 0, 0, 0, 0)}
    assert held_at(world) == {"linden": 500}
    [task] = tasks(world)
    assert task.values["amount_minor"] == 500
    page = page_of(world, OFFICER, world.case_of(filed))
    [sums] = page["sums_list"]
    assert sums["out_by"] == 500
    payers = next(r for r in page["trace"]["rows"] if "Quince" in r["institution_name"])
    assert (payers["figures"][5].low, payers["figures"][5].high) == (0, 500)
    shown = text_of(OFFICER, f"/cases/{world.case_of(filed).id}")
    assert "incomplete: out by" in shown and "told in contradiction" in shown


def test_only_the_part_that_cannot_both_be_is_in_doubt(ledger: Ledger) -> None:
    world = ledger.world
    filed, _ = moved_on(ledger, 300, back=350)
    assert totals(world, filed) == {"RSD": (500, 300, 0, 0, 200, 0)}
    [task] = tasks(world)
    assert task.values["amount_minor"] == 150


def test_a_recall_of_what_still_lay_there_is_no_doubt(ledger: Ledger) -> None:
    world = ledger.world
    filed, _ = moved_on(ledger, 300, back=200)
    assert totals(world, filed) == {"RSD": (500, 300, 0, 0, 200, 0)}
    assert tasks(world) == []
    [sums] = page_of(world, OFFICER, world.case_of(filed))["sums_list"]
    assert "out_by" not in sums


def test_what_came_back_before_the_payees_bank_told_anything_ends_the_question(
    ledger: Ledger,
) -> None:
    """No bookings of an account are asked for when no money is missing any more."""
    world = ledger.world
    filed, _ = moved_on(ledger, 500, back=500, is_first=True)
    assert totals(world, filed) == {"RSD": (500, 0, 0, 0, 500, 0)}
    assert {t.state for t in world.tickets(measure="hold")} == {"withdrawn"}
    assert tasks(world) == []


def test_when_a_bank_corrects_itself_the_doubt_ends(ledger: Ledger) -> None:
    world = ledger.world
    filed, banks = moved_on(ledger, 500, back=500)
    [ticket] = world.tickets(measure="recall")
    world.answer(
        "quince",
        {
            "ticket": str(ticket.id), "code": "nothing_left", "stage": "correction",
            "replaces": banks.bodies[str(ticket.id)]["answer"],
        },
    )  # fmt: skip
    banks.run()
    assert totals(world, filed) == {"RSD": (500, 500, 0, 0, 0, 0)}
    [sums] = page_of(world, OFFICER, world.case_of(filed))["sums_list"]
    assert "out_by" not in sums


def test_the_doubt_that_is_shown_is_that_of_the_rule_that_is_shown(ledger: Ledger) -> None:
    """First in, first out: 600 of others' went on, and the recall fits. Last in: it cannot be."""
    ledger.accounts["card"] = Kept("sparrow", CARD, 600)
    filed, _ = moved_on(ledger, 500, back=500)
    case = ledger.world.case_of(filed)

    def doubtful(rule: str) -> bool:
        shown = signed_in(OFFICER).get(f"/cases/{case.id}/flow?rule={rule}").context["flows"]
        return any(row["is_doubtful"] for flow in shown for row in flow["rows"])

    assert [doubtful(rule) for rule in ("fifo", "lifo", "prorata_exact")] == [False, True, True]
