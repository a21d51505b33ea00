"""What came in one moment counts by its stage: interim, final, correction; never by chance.

The tests run inside one transaction, where every answer has the same time, as those of one call.
"""

from __future__ import annotations

from random import Random
from typing import Any
from uuid import UUID, uuid4

import pytest

from recoup.apps.holds import facts
from recoup.apps.holds.answer_operations import record_answers
from recoup.apps.holds.api import AnswerIn, read_answer
from recoup.apps.holds.models import Claim
from recoup.apps.lawful_requests import queries
from recoup.core import chain
from recoup.core.answer import STAGES
from support.bank import Banks, Ledger
from support.chain import report
from support.roles import as_planner
from support.world import World

TABLES = ("holds_movementside", "holds_destination", "holds_ledgerwindow", "lawful_requests_answer")


@pytest.fixture
def ledger(world: World) -> Ledger:
    """500 come in and go on to the second account."""
    ledger = Ledger(world)
    ledger.account("victim", "plum", 10001, 9000)
    ledger.account("first", "quince", 20001, 30)
    ledger.account("second", "walnut", 30001, 10)
    report(ledger, ledger.pay("victim", "first", 500, minute=10), by=world.at_bank("plum"))
    ledger.pay("first", "second", 500, minute=12)
    world.plan()
    return ledger


def in_hurry(body: dict[str, Any]) -> dict[str, Any]:
    """The same answer as the bank saw it first: 480 in cash, 20 still there."""
    window = dict(body["window"])
    (debit,) = window["debits"]
    wrong = debit | {"amount_minor": 480, "to": {"kind": "cash", "place": "ATM"}}
    window |= {"debits": [wrong], "closing_minor": window["closing_minor"] + 20}
    return body | {"stage": "interim", "answer": str(uuid4()), "code": "cashed_out",
                   "window": window}  # fmt: skip


def told(ledger: Ledger, *, corrected: bool) -> UUID:
    """One call with an interim and a final answer, and the correction of the final one."""
    world = ledger.world
    ticket = world.ticket("quince", "hold")
    body = Banks(ledger).body(ticket) | {"answer": str(uuid4()), "stage": "final"}
    sent = [in_hurry(body), body]
    if corrected:
        last = {"answer": str(uuid4()), "stage": "correction", "replaces": body["answer"]}
        sent = [in_hurry(body), in_hurry(body) | {"stage": "final", "answer": body["answer"]},
                body | last]  # fmt: skip
    with world.acting(bank := world.at_bank("quince")) as at:
        record_answers([read_answer(AnswerIn(**one)) for one in sent], by=bank, at=at)
    return UUID(ticket["ticket"])


def shuffled(world: World, seed: int) -> None:
    """The rows in another order on the disk, which is the one that an even sort leaves them in."""
    random = Random(seed)
    for table in TABLES:
        rows = [row for (row,) in world.run(f"select id from {table} order by id")]  # noqa: S608
        random.shuffle(rows)
        for row in rows:
            world.run(f"update {table} set issuer_id = issuer_id where id = %s", row)  # noqa: S608


def loaded() -> chain.Facts:
    with as_planner():
        accounts = list(Claim.objects.values_list("payment__payer_id", "payment__payee_id"))
        return facts.load([account for pair in accounts for account in pair if account])


@pytest.mark.parametrize("corrected", [False, True])
@pytest.mark.parametrize("seed", range(8))
def test_facts_of_one_moment_count_by_their_stage(
    ledger: Ledger, seed: int, corrected: bool
) -> None:
    ticket = told(ledger, corrected=corrected)
    shuffled(ledger.world, seed)
    known = loaded()
    assert [side.amount for side in known.sides if not side.is_credit] == [500]
    ((sink, account),) = {(told.sink, bool(told.account)) for told in known.destinations}
    assert (sink, account) == (None, True)
    assert [window.closing for window in known.windows][-1] == 30
    with ledger.world.acting(ledger.world.at_bank("quince")):
        stages = [one.stage for one in queries.answers_to([ticket])]
        assert stages == sorted(stages, key=STAGES.index) and stages[-1] != "interim"
        assert queries.last_answers([ticket])[ticket].stage == stages[-1]


@pytest.mark.parametrize("seed", range(4))
def test_the_end_is_the_same_whatever_the_order_of_rows(ledger: Ledger, seed: int) -> None:
    told(ledger, corrected=False)
    shuffled(ledger.world, seed)
    ledger.world.plan()
    Banks(ledger).run(seed=seed)
    held = ledger.world.run("select held, moved, spent from holds_trail where rule = 'fifo' "
                            "order by moved, held")  # fmt: skip
    assert held == [(470, 0, 0), (30, 470, 0)], "the account had 30 of its own"


def test_the_stages_come_in_the_order_by_which_rows_are_sorted() -> None:
    assert sorted(STAGES, reverse=True) == list(STAGES)
