"""What T5 and T8 do not judge is lawful, and what lies right beside it is seen."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest

from recoup.apps.holds import invariants
from support.roles import as_planner
from support.world import World, iban

pytestmark = [pytest.mark.breaks_invariants, pytest.mark.usefixtures("lived_in")]

FIRST = iban("quince", 20001)
# On this account 130 is held, which is the bank's last balance.
TOO_LOW = "update holds_ledgerwindow set closing_minor = 10000 where account_id = %s"


def broken(name: str) -> bool:
    with as_planner():
        return any(f.invariant.name == name and f.offending for f in invariants.check_all())


@pytest.fixture
def account(world: World) -> UUID:
    """The first account of the hub that was used: a complete window, and money held."""
    [(found,)] = world.run("select id from cases_account where ident = %s", FIRST)
    [(held,)] = world.run(
        "select sum(held + lying) from holds_trail where account_id = %s and rule = 'fifo'", found
    )
    assert held == 130_00 and not broken("T5") and not broken("T8")
    return UUID(str(found))


@pytest.fixture
def case(world: World, account: UUID) -> UUID:
    """The one case whose money went through the account."""
    [(found,)] = world.run(
        "select distinct case_id from holds_trail where account_id = %s and inn > 0", account
    )
    return UUID(str(found))


def other_case(world: World, case: UUID) -> UUID:
    [(found,)] = world.run("select id from cases_case where id <> %s", case)
    return UUID(str(found))


def task(world: World, about: UUID, kind: str) -> None:
    world.run(
        "insert into cases_task (id, owner_id, issuer_id, kind, about, level, values, opened_at, "
        "due_at) select gen_random_uuid(), id, id, %s, %s, 7, '{}', now(), now() "
        "from members_organisation where kind = 'police'",
        kind, about,
    )  # fmt: skip


def act_waits(world: World, case: UUID) -> None:
    world.run("insert into holds_planwanted values (gen_random_uuid(), now(), %s)", case)


def answer_waits(world: World, account: UUID, *, of_others: bool = False) -> None:
    """Answers of the account, or of all others, stand on the planner's work list again."""
    world.run(
        "insert into lawful_requests_unplannedanswer (answer_id, since, issuer_id, addressee_id) "
        "select a.id, now(), a.issuer_id, a.addressee_id from lawful_requests_answer a "
        "join lawful_requests_ticket t on t.id = a.ticket_id where (t.account_id = %s) <> %s",
        account, of_others,
    )  # fmt: skip


def flow(world: World, account: UUID, units: int, *, state: str) -> None:
    world.run(
        "insert into holds_flow (rule, payer_ident, payer_institution, payee_ident, "
        "payee_institution, sink, place, state, carried, currency, credited, credit_currency, "
        "told_by, ticket_reference, case_id, claim_id, payee_id) "
        "select 'fifo', '', '', '', '', '', '', %s, %s, 'RSD', %s, 'RSD', '', '', "
        "case_id, claim_id, account_id from holds_trail where account_id = %s and inn > 0 limit 1",
        state, units, units, account,
    )  # fmt: skip


# T5: what is there fits into the closing balance


def test_more_than_the_balance_is_seen(world: World, account: UUID) -> None:
    world.run(TOO_LOW, account)
    assert broken("T5")


@pytest.mark.parametrize(("lies_there", "is_seen"), [(0, False), (1, True)])
def test_an_overdrawn_account_may_have_nothing_traced(
    world: World, account: UUID, lies_there: int, is_seen: bool
) -> None:
    """A bank that let its customer overdraw tells so; nothing traced lies there, and that fits."""
    world.run("update holds_ledgerwindow set closing_minor = -1 where account_id = %s", account)
    world.run(
        "update holds_trail set held = %s, lying = 0, moved = 0, returned = 0, unknown = 0, "
        "spent = inn - %s where account_id = %s", lies_there, lies_there, account,
    )  # fmt: skip
    assert broken("T5") is is_seen


@pytest.mark.parametrize("kind", ["books_differ", "not_disclosed", "excess_held", "hold_ends"])
def test_no_task_makes_it_lawful(world: World, account: UUID, kind: str) -> None:
    """What does not add up is taken from what lies there: no more than the balance is ever left."""
    world.run(TOO_LOW, account)
    task(world, account, kind)
    assert broken("T5")


def test_an_act_of_a_person_that_waits_makes_it_no_more_lawful(
    world: World, account: UUID, case: UUID
) -> None:
    world.run(TOO_LOW, account)
    act_waits(world, case)
    assert broken("T5")


def test_an_answer_of_another_account_that_waits_makes_it_no_more_lawful(
    world: World, account: UUID
) -> None:
    world.run(TOO_LOW, account)
    answer_waits(world, account, of_others=True)
    assert broken("T5")


def test_a_window_that_no_plan_has_seen_is_not_judged(world: World, account: UUID) -> None:
    world.run(TOO_LOW, account)
    answer_waits(world, account)
    assert not broken("T5")


def test_a_victims_own_account_is_judged_too(world: World, account: UUID) -> None:
    world.run("update holds_allegedpayment set payer_id = %s", account)
    assert not broken("T5")
    world.run(TOO_LOW, account)
    assert broken("T5")


@pytest.mark.parametrize("state", ["pending", "ruling"])
def test_money_on_its_way_excuses_its_own_sum_and_no_more(
    world: World, account: UUID, state: str
) -> None:
    """30 are missing in the balance: 29 on their way do not explain them, 30 do."""
    world.run(TOO_LOW, account)
    flow(world, account, 29_00, state=state)
    assert broken("T5")
    flow(world, account, 1_00, state=state)
    assert not broken("T5")


def test_money_that_has_arrived_excuses_nothing(world: World, account: UUID) -> None:
    world.run(TOO_LOW, account)
    flow(world, account, 100_00, state="arrived")
    assert broken("T5")


# T8: windows leave no gap, and tell the same where they overlap


def window(world: World, account: UUID, begins: str, ends: str, balance: int) -> None:
    """One more window of the account, which adds up by itself and tells of no booking."""
    world.run(
        "insert into holds_ledgerwindow (from_at, to_at, opening_minor, closing_minor, "
        "is_complete, account_id, addressee_id, answer_id, issuer_id) "
        f"select w.{begins}, w.{ends}, %s, %s, true, w.account_id, w.addressee_id, a.id, "
        "w.issuer_id from holds_ledgerwindow w, lawful_requests_answer a where w.account_id = %s "
        "and a.id not in (select answer_id from holds_ledgerwindow) limit 1",
        balance, balance, account,
    )  # fmt: skip


def gap(world: World, account: UUID) -> None:
    """An hour after the last balance another one, and nobody says how it came about."""
    window(world, account, "to_at + interval '1 hour'", "to_at + interval '2 hours'", 777_00)


def overlap(world: World, account: UUID) -> None:
    """All of the known time told again, without its bookings."""
    window(world, account, "from_at - interval '1 hour'", "to_at + interval '1 hour'", 777_00)


FAULTS = pytest.mark.parametrize("fault", [gap, overlap])


@FAULTS
def test_a_gap_and_a_contradiction_are_seen(world: World, account: UUID, fault) -> None:
    fault(world, account)
    assert broken("T8")


def test_an_hour_in_which_nothing_happened_is_no_gap(world: World, account: UUID) -> None:
    [(closing,)] = world.run(
        "select closing_minor from holds_ledgerwindow where account_id = %s", account
    )
    window(world, account, "to_at + interval '1 hour'", "to_at + interval '2 hours'", closing)
    assert not broken("T8")


@FAULTS
@pytest.mark.parametrize("kind", ["hold_ends", "not_disclosed", "excess_held", "victim_is_payee"])
def test_a_task_about_something_else_does_not_cover_it(
    world: World, account: UUID, fault, kind: str
) -> None:
    fault(world, account)
    task(world, account, kind)
    assert broken("T8")


@FAULTS
@pytest.mark.parametrize("kind", ["books_differ", "incomplete_window", "unidentified_credit"])
def test_a_person_who_has_just_this_to_clear_up_does(
    world: World, account: UUID, fault, kind: str
) -> None:
    fault(world, account)
    task(world, uuid4(), kind)
    assert broken("T8")
    task(world, account, kind)
    assert not broken("T8")
    world.run("update cases_task set done_at = now() where about = %s", account)
    assert broken("T8")


@FAULTS
def test_an_act_that_waits_does_not_cover_it(
    world: World, account: UUID, case: UUID, fault
) -> None:
    fault(world, account)
    act_waits(world, case)
    assert broken("T8")


@FAULTS
def test_an_answer_that_no_plan_has_seen_is_not_judged(world: World, account: UUID, fault) -> None:
    fault(world, account)
    answer_waits(world, account)
    assert not broken("T8")


def open_ticket(world: World, account: UUID, case: UUID, kind: str) -> None:
    """One of the account's tickets waits for its answer again."""
    world.run(
        "update lawful_requests_ticket set state = 'sent', kind = %s, case_id = %s where id = "
        "(select id from lawful_requests_ticket where account_id = %s and measure = 'hold' "
        "order by round desc limit 1)", kind, case, account,
    )  # fmt: skip


@FAULTS
@pytest.mark.parametrize("kind", ["first", "forward", "back"])
def test_a_bank_that_is_asked_for_its_bookings_may_still_tell(
    world: World, account: UUID, case: UUID, fault, kind: str
) -> None:
    fault(world, account)
    open_ticket(world, account, other_case(world, case), kind)
    assert not broken("T8")


@FAULTS
@pytest.mark.parametrize("kind", ["set", "block"])
def test_another_cases_ticket_that_asks_for_no_bookings_does_not_cover_it(
    world: World, account: UUID, case: UUID, fault, kind: str
) -> None:
    """The case whose money went through could have asked, and did not."""
    fault(world, account)
    open_ticket(world, account, other_case(world, case), kind)
    assert broken("T8")


@FAULTS
def test_a_case_asks_after_its_one_open_ticket_is_answered(
    world: World, account: UUID, case: UUID, fault
) -> None:
    fault(world, account)
    open_ticket(world, account, case, "set")
    assert not broken("T8")
