"""A chain of holds through the database: the situations in which such chains go wrong, by name.

Every bank answers from one true ledger, and what the hub concludes is compared with it. A total
reads (lost, held, there but not held, gone, returned, unknown). After each test the invariants are
asked.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from recoup.apps.cases.models import Case
from recoup.apps.holds import operations
from recoup.apps.reports.operations import Filed
from recoup.data import load_pack
from support.bank import Banks, Ledger
from support.chain import held_at, kinds, report, totals
from support.world import OFFICER, World

# The plain case


def test_money_is_held_at_the_third_bank(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    ledger.pay("first", "cash", 100, minute=12)
    ledger.pay("first", "second", 400, minute=14)
    ledger.pay("second", "third", 300, minute=16)
    filed = report(ledger, paid)
    Banks(ledger).run()
    assert totals(ledger.world, filed) == {"RSD": (500, 430, 0, 70, 0, 0)}
    assert held_at(ledger.world) == {"quince": 30, "walnut": 110, "linden": 290}


def test_planning_again_writes_only_what_changed(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    ledger.pay("first", "second", 400, minute=14)
    report(ledger, paid)
    Banks(ledger).run()
    rows = {
        table: ledger.world.run(f"select id from {table} order by id")  # noqa: S608
        for table in ("holds_trail", "holds_flow", "holds_casetotal")
    }
    assert all(rows.values())
    ledger.world.run(
        "insert into holds_planwanted (id, case_id, since)"
        " select gen_random_uuid(), id, now() from cases_case"
    )
    ledger.world.plan()
    for table, ids in rows.items():
        assert ledger.world.run(f"select id from {table} order by id") == ids  # noqa: S608


# Situations in which a chain goes wrong


def test_a_cycle(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    ledger.pay("first", "second", 500, minute=12)
    ledger.pay("second", "first", 450, minute=14)
    ledger.pay("first", "third", 200, minute=16)
    filed = report(ledger, paid)
    banks = Banks(ledger)
    banks.run()
    lost, held, lying, gone, returned, unknown = totals(ledger.world, filed)["RSD"]
    assert (lost, lying, gone, returned, unknown) == (500, 0, 0, 0, 0)
    assert held == 500
    assert kinds(banks, "quince").count("first") == 1


def test_one_transfer_reported_by_two_banks(ledger: Ledger) -> None:
    """The payer's bank tells the debit, the payee's bank the credit: it is one movement."""
    paid = ledger.pay("victim", "first", 500, minute=10)
    ledger.pay("first", "second", 500, minute=12)
    filed = report(ledger, paid)
    Banks(ledger).run()
    sides = ledger.world.run(
        "select movement_id, count(distinct is_credit) from holds_movementside group by 1"
    )
    assert [count for _, count in sides] == [2, 2]
    assert totals(ledger.world, filed) == {"RSD": (500, 480 + 20, 0, 0, 0, 0)}


def test_one_transfer_reported_by_two_banks_without_a_common_reference(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10, uetr=False)
    ledger.pay("first", "second", 500, minute=12, uetr=False)
    filed = report(ledger, paid)
    Banks(ledger).run()
    told = ledger.world.run(
        "select coalesce(m.same_as_id, m.id), count(distinct s.is_credit) "
        "from holds_movement m join holds_movementside s on s.movement_id = m.id group by 1"
    )
    assert sorted(count for _, count in told) == [2, 2]
    assert totals(ledger.world, filed) == {"RSD": (500, 500, 0, 0, 0, 0)}


def test_two_equal_payments_on_one_day_stay_two(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10, uetr=False)
    ledger.pay("first", "second", 200, minute=12, uetr=False)
    ledger.pay("first", "second", 200, minute=13, uetr=False)
    filed = report(ledger, paid)
    Banks(ledger).run()
    assert totals(ledger.world, filed) == {"RSD": (500, 500, 0, 0, 0, 0)}
    assert held_at(ledger.world) == {"quince": 130, "walnut": 370}


def test_a_transfer_inside_one_bank(ledger: Ledger) -> None:
    ledger.account("neighbour", "quince", 20002, 5)
    paid = ledger.pay("victim", "first", 500, minute=10)
    ledger.pay("first", "neighbour", 400, minute=12)
    filed = report(ledger, paid)
    Banks(ledger).run()
    assert totals(ledger.world, filed) == {"RSD": (500, 500, 0, 0, 0, 0)}
    assert held_at(ledger.world) == {"quince": 500}


def test_return_to_sender(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    ledger.pay("first", "victim", 330, minute=12)
    filed = report(ledger, paid)
    banks = Banks(ledger)
    banks.run()
    assert totals(ledger.world, filed) == {"RSD": (500, 200, 0, 0, 300, 0)}
    assert "plum" not in held_at(ledger.world)


def test_a_second_claim_on_an_account_already_answered(ledger: Ledger) -> None:
    """It lies inside the window that is known: nothing is disclosed twice, only the sum changes."""
    ledger.account("victim two", "walnut", 30002, 1000)
    paid = ledger.pay("victim", "first", 500, minute=10)
    later = ledger.pay("victim two", "first", 200, minute=12)
    first = report(ledger, paid)
    banks = Banks(ledger)
    banks.run()
    assert held_at(ledger.world) == {"quince": 500}
    second = report(ledger, later)
    banks.run()
    assert totals(ledger.world, first) == {"RSD": (500, 500, 0, 0, 0, 0)}
    assert totals(ledger.world, second) == {"RSD": (200, 200, 0, 0, 0, 0)}
    assert held_at(ledger.world) == {"quince": 700}


def test_two_victims_on_one_account(ledger: Ledger) -> None:
    ledger.account("victim two", "walnut", 30002, 1000)
    one = ledger.pay("victim", "first", 500, minute=10)
    two = ledger.pay("victim two", "first", 200, minute=12)
    ledger.pay("first", "cash", 130, minute=14)
    cases = [report(ledger, one), report(ledger, two)]
    Banks(ledger).run()
    assert totals(ledger.world, cases[0]) == {"RSD": (500, 400, 0, 100, 0, 0)}
    assert totals(ledger.world, cases[1]) == {"RSD": (200, 200, 0, 0, 0, 0)}
    assert held_at(ledger.world) == {"quince": 600}
    blocks = ledger.world.run("select count(*) from holds_block where closed_at is null")
    assert blocks == [(1,)]


def test_ten_thousand_outgoing_lines(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 10_500, minute=10)
    for line in range(10_000):
        ledger.pay("first", "second" if line % 50 == 49 else "cash", 1, minute=11 + line / 1000)
    filed = report(ledger, paid, by=ledger.world.at_bank("plum"))
    Banks(ledger).run()
    # The 30 units that were there before leave first, as cash; 200 units reach the second bank.
    assert totals(ledger.world, filed) == {"RSD": (10_500, 730, 0, 9_770, 0, 0)}
    assert held_at(ledger.world) == {"quince": 530, "walnut": 200}


def test_a_late_correction(ledger: Ledger) -> None:
    """The bank forgot a cash withdrawal; the trail follows its correction."""
    paid = ledger.pay("victim", "first", 500, minute=10)
    cash = ledger.pay("first", "cash", 130, minute=12)
    filed = report(ledger, paid)
    whole: dict[str, Any] = {}

    def forget(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if not body.get("window") or whole:
            return body
        whole.update(body)
        debits = [d for d in body["window"]["debits"] if cash.ref not in d["reference"]]
        window = body["window"] | {
            "debits": debits, "closing_minor": body["window"]["closing_minor"] + cash.amount,
        }  # fmt: skip
        return body | {"code": "held", "held_minor": 500, "window": window}

    banks = Banks(ledger, change=forget)
    banks.run()
    assert totals(ledger.world, filed) == {"RSD": (500, 500, 0, 0, 0, 0)}
    ledger.world.answer(
        "quince",
        whole | {
            "answer": "0f8f1f5e-6f58-4f0e-8b39-0f6d7c8f9a01", "stage": "correction",
            "replaces": whole["answer"], "code": "cashed_out", "held_minor": 400,
        },
    )  # fmt: skip
    banks.run()
    assert totals(ledger.world, filed) == {"RSD": (500, 400, 0, 100, 0, 0)}
    assert held_at(ledger.world) == {"quince": 400}


def test_a_foreign_currency_hop(ledger: Ledger) -> None:
    ledger.account("euro", "walnut", 30009, 1, currency="EUR")
    paid = ledger.pay("victim", "first", 11_700, minute=10)
    ledger.pay("first", "euro", 11_730, minute=12, credited=100)
    ledger.pay("euro", "cash", 41, minute=14)
    filed = report(ledger, paid)
    Banks(ledger).run()
    # The one clean euro leaves first, then forty of the hundred that were bought.
    assert totals(ledger.world, filed) == {
        "RSD": (11_700, 0, 0, 0, 0, 0),
        "EUR": (0, 60, 0, 40, 0, 0),
    }


# Nobody can block an account by filling in a form


def test_an_unconfirmed_report_only_blocks_and_asks_nothing_else(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    report(ledger, paid)
    ledger.world.plan()
    ticket = ledger.world.ticket("quince", "hold")
    assert (ticket["kind"], ticket["is_precautionary"]) == ("block", True)
    assert ticket["disclose"]["asked"] is False
    assert ticket["amount_minor"] == 500


def test_no_such_debit_lifts_everything_downstream_at_once(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    ledger.pay("first", "second", 400, minute=12)
    filed = report(ledger, paid)
    silent = Banks(ledger, change=lambda t, b: None if t["measure"] == "confirm_debit" else b)
    silent.run()
    case = ledger.world.case_of(filed)
    adopt(ledger.world, case)
    silent.run()
    assert held_at(ledger.world) == {"quince": 130, "walnut": 370}
    asked = ledger.world.ticket("plum", "confirm_debit")
    ledger.world.answer("plum", {"ticket": asked["ticket"], "code": "no_such_debit"})
    silent.run()
    assert held_at(ledger.world) == {}
    assert {t.state for t in ledger.world.tickets(measure="hold")} == {"closed"}


def test_a_precautionary_hold_lapses_after_an_hour(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    report(ledger, paid)
    banks = Banks(ledger, change=lambda t, b: None if t["measure"] == "confirm_debit" else b)
    banks.run()
    assert held_at(ledger.world) == {"quince": 500}
    sent, until = ledger.world.run(
        "select t.sent_at, h.until from holds_hold h "
        "join lawful_requests_ticket t on t.request = h.id"
    )[0]
    assert until - sent == timedelta(minutes=60)
    ledger.world.run("update holds_hold set until = now() - interval '1 second'")
    ledger.world.sweep()
    assert held_at(ledger.world) == {}
    assert ledger.world.run("select state from holds_hold") == [("lapsed",)]
    ledger.world.sweep()
    assert held_at(ledger.world) == {}


def test_a_confirmed_debit_turns_the_block_into_a_first_disclosure(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    report(ledger, paid)
    banks = Banks(ledger)
    banks.run()
    assert kinds(banks, "quince") == ["block", "first"] or kinds(banks, "quince") == ["first"]
    hold = ledger.world.run(
        "select is_precautionary, state, held_minor, asked_kind from holds_hold"
    )
    assert hold == [(False, "placed", 500, "first")]


def adopt(world: World, case: Case) -> None:
    with world.acting(officer := world.actor(OFFICER)) as at:
        operations.adopt(case=Case.objects.get(pk=case.pk), ground="heard", by=officer, at=at)
    world.plan()


def test_an_officer_adopts_the_report(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    filed = report(ledger, paid)
    silent = Banks(ledger, change=lambda t, b: None if t["measure"] == "confirm_debit" else b)
    silent.run()
    assert kinds(silent, "quince") == ["block"]
    adopt(ledger.world, ledger.world.case_of(filed))
    silent.run()
    assert kinds(silent, "quince") == ["block", "first"]
    assert totals(ledger.world, filed) == {"RSD": (500, 500, 0, 0, 0, 0)}
    with pytest.raises(operations.NotPossible):
        adopt(ledger.world, ledger.world.case_of(filed))


def test_a_report_by_the_bank_of_the_victim_starts_adopted(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    report(ledger, paid, by=ledger.world.at_bank("plum"))
    ledger.world.plan()
    assert ledger.world.ticket("quince", "hold")["kind"] == "first"


def test_false_reports_meet_a_cap_and_a_person(ledger: Ledger) -> None:
    """So many blocks on one account an hour by unknown people; the next waits for an officer."""
    most = load_pack("RS").caps.precautionary_per_account_hour
    payer = ledger.accounts["victim"].ident
    payee = ledger.accounts["first"].ident
    for number in range(most + 1):
        sender = bytes([number + 1])
        ledger.world.report(payer=payer, payee=payee, amount=1000 + number, sender=sender)
        ledger.world.plan()
    asked = [t for t in ledger.world.tickets(measure="hold") if t.kind == "block"]
    assert len(asked) == most
    tasks = ledger.world.run("select kind, owner_id from cases_task where kind = 'over_cap'")
    assert tasks == [("over_cap", ledger.world.organisation("police").id)]


def test_stopped_before_execution(ledger: Ledger) -> None:
    """The order had not left: the victim has the money, and the payee's bank lets go."""
    filed = ledger.world.report(
        payer=ledger.accounts["victim"].ident, payee=ledger.accounts["first"].ident, amount=500,
    )  # fmt: skip

    def stop(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        if ticket["measure"] != "stop_before_execution":
            return body
        return body | {"code": "stopped_before_execution", "held_minor": 500}

    Banks(ledger, change=stop).run()
    assert totals(ledger.world, filed) == {"RSD": (500, 0, 0, 0, 500, 0)}
    assert held_at(ledger.world) == {}


@pytest.mark.parametrize("victim_first", [True, False])
def test_the_same_loss_reported_by_victim_and_bank(ledger: Ledger, victim_first: bool) -> None:
    """It is held once, counted once, and shown as a possible duplicate."""
    paid = ledger.pay("victim", "first", 500, minute=10)
    bank = ledger.world.at_bank("plum")
    banks = Banks(ledger)
    one = report(ledger, paid, by=None if victim_first else bank)
    banks.run()
    two = report(ledger, paid, by=bank if victim_first else None)
    banks.run()
    assert held_at(ledger.world) == {"quince": 500}
    states = ledger.world.run("select state from holds_claim order by state")
    assert states == [("confirmed",), ("double",)]
    assert totals(ledger.world, one)["RSD"][0] + totals(ledger.world, two)["RSD"][0] in (500, 1000)


# Order, delay and repetition do not matter

# What is held on an account is shared out among its claims in the order of their random ids: so
# what is there is compared claim by claim, and what is held account by account.
TRAIL = """
select c.amount_minor, a.ident, t.rule, t.inn, t.held + t.lying, t.moved, t.spent, t.returned,
  t.unknown
from holds_trail t join holds_claim c on c.id = t.claim_id
join cases_account a on a.id = t.account_id
where t.rule = 'fifo'
order by 1, 2, 3
"""


def network(ledger: Ledger) -> list[Filed]:
    """Two victims, a loop, a fork, a second path into one account, and cash."""
    ledger.account("victim two", "walnut", 30002, 1000)
    ledger.account("fourth", "sparrow", 50001, 0)
    one = ledger.pay("victim", "first", 600, minute=5)
    two = ledger.pay("victim two", "first", 300, minute=6)
    ledger.pay("first", "second", 800, minute=8)
    ledger.pay("first", "cash", 50, minute=9)
    ledger.pay("second", "third", 500, minute=11)
    ledger.pay("second", "fourth", 200, minute=12)
    ledger.pay("third", "fourth", 400, minute=14)
    ledger.pay("fourth", "first", 100, minute=16)
    ledger.pay("fourth", "cash", 150, minute=18)
    return [report(ledger, one), report(ledger, two)]


def end_state(ledger: Ledger) -> tuple[Any, ...]:
    return (ledger.world.run(TRAIL), held_at(ledger.world))


def test_any_order_of_answers_ends_in_the_same_state(ledger: Ledger) -> None:
    from support import roles

    ends = []
    for seed in (None, 1, 2, 3):
        roles.reset()
        world_ledger = Ledger(ledger.world, dict(ledger.accounts), [], ledger.start)
        network(world_ledger)
        Banks(world_ledger).run(seed=seed)
        ends.append(end_state(world_ledger))
        assert not roles.broken_invariants()
    for end in ends[1:]:
        assert end == ends[0]
    assert sum(ends[0][1].values()) > 0


def test_an_answer_sent_three_times_is_one_answer(ledger: Ledger) -> None:
    paid = ledger.pay("victim", "first", 500, minute=10)
    report(ledger, paid, by=ledger.world.at_bank("plum"))
    banks = Banks(ledger)
    ledger.world.plan()
    ticket = ledger.world.ticket("quince", "hold")
    body = banks.body(ticket)
    receipts = [ledger.world.answer("quince", body) for _ in range(3)]
    assert len({(r.answer, r.sha256, r.received_at) for r in receipts}) == 1
    assert [r.is_repeat for r in receipts] == [False, True, True]
    assert ledger.world.run("select count(*) from holds_ledgerwindow") == [(1,)]
