"""What the payer's bank is asked: a recall only where the payment's scheme has one."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from recoup.apps.cases.models import CaseEvent
from recoup.apps.holds import operations
from recoup.apps.reports.operations import Filed
from recoup.core.accounts import read_account
from recoup.core.moments import iso_utc
from recoup.demo.cast import ABROAD, CARD
from support.roles import as_owner
from support.world import OFFICER, World, iban

WITHOUT_RECALL = ["confirm_debit", "stop_before_execution"]
WITH_RECALL = ["confirm_debit", "recall", "stop_before_execution"]
UK_ACCOUNT = "GB33BUKB20201555555555"


def asked(world: World, filed: Filed) -> list[str]:
    """The measures that the payer's bank was asked for, in order of their names."""
    case = world.case_of(filed)
    return sorted(t.measure for t in world.tickets(case_id=case.id) if t.measure != "hold")


def not_asked(world: World, filed: Filed) -> list[dict[str, object]]:
    case = world.case_of(filed)
    with as_owner():
        rows = CaseEvent.objects.filter(case_id=case.id, what="recall_not_asked")
        return list(rows.values_list("values", flat=True))


def told(world: World, filed: Filed) -> str:
    """The case's page as an officer reads it."""
    client = Client()
    client.cookies["sessionid"] = world.session_of(OFFICER)
    return client.get(f"/cases/{world.case_of(filed).id}").content.decode()


def test_a_dinar_payment_is_not_recalled_and_the_case_says_why(world: World):
    filed = world.report(payer=iban("plum", 1), payee=iban("quince", 2), amount=50_000)
    world.plan()
    assert asked(world, filed) == WITHOUT_RECALL
    (line,) = not_asked(world, filed)
    assert line["why"] == "not_known"
    assert "No recall was asked: it is not known whether there is one" in told(world, filed)


def test_a_euro_payment_abroad_is_recalled(world: World):
    filed = world.report(payer=iban("plum", 1), payee=ABROAD, amount=50_000, currency="EUR")
    world.plan()
    assert asked(world, filed) == WITH_RECALL
    assert not_asked(world, filed) == []


def test_a_payment_to_a_bank_that_the_directory_does_not_know_is_recalled_too(world: World):
    filed = world.report(payer=iban("plum", 1), payee=UK_ACCOUNT, amount=50_000, currency="GBP")
    world.plan()
    assert asked(world, filed) == WITH_RECALL


def test_when_the_time_of_the_recall_is_over_it_is_not_asked(world: World):
    filed = world.report(
        payer=iban("plum", 1), payee=UK_ACCOUNT, amount=50_000, currency="USD",
        paid_at=world.now() - timedelta(hours=72, seconds=1),
    )  # fmt: skip
    world.plan()
    assert asked(world, filed) == WITHOUT_RECALL
    assert [line["why"] for line in not_asked(world, filed)] == ["too_late"]
    assert "the 72 hours for it are over" in told(world, filed)


def test_inside_one_bank_there_is_nothing_to_recall(world: World):
    filed = world.report(payer=iban("plum", 1), payee=iban("plum", 2), amount=50_000)
    world.plan()
    assert asked(world, filed) == WITHOUT_RECALL
    assert [line["why"] for line in not_asked(world, filed)] == ["none"]


def test_a_payment_to_a_card_is_recalled_under_the_demonstrations_scheme(world: World):
    filed = world.report(payer=iban("quince", 1), payee=CARD, amount=18_500)
    world.plan()
    assert asked(world, filed) == WITH_RECALL


def test_a_foreign_payers_bank_is_asked_nothing(world: World):
    filed = world.report(payer=ABROAD, payee=iban("quince", 2), amount=50_000, currency="EUR")
    world.plan()
    assert asked(world, filed) == [] and not_asked(world, filed) == []


@pytest.mark.parametrize("bank", ["plum", "linden"])
def test_no_measure_goes_to_a_kind_of_institution_that_it_is_not_for(world: World, bank: str):
    """Firefly is a provider of crypto-assets: it can stop and confirm, but has no recall."""
    filed = world.report(payer=iban("firefly", 1), payee=iban(bank, 2), amount=50_000)
    world.plan()
    assert asked(world, filed) == WITHOUT_RECALL


def test_the_foreign_account_is_what_it_says():
    assert read_account(UK_ACCOUNT).country == "GB"


# A report that looks like a loss told twice, and is a second payment


def two_reports(world: World, **more: Any) -> tuple[Filed, Filed]:
    """Two reports that say the same of a euro payment abroad, by two different persons."""
    facts = {"payer": iban("plum", 1), "payee": ABROAD, "amount": 50_000, "currency": "EUR"}
    filed = []
    for _ in range(2):
        filed.append(world.report(**facts, **more))
        world.plan()
    return filed[0], filed[1]


def confirm(world: World, filed: Filed, reference: str) -> None:
    """The payer's bank confirms the debit of one report, under the reference of its booking."""
    case = world.case_of(filed)
    (ticket,) = world.tickets(case_id=case.id, measure="confirm_debit")
    world.answer(
        "plum",
        {
            "ticket": str(ticket.id), "code": "debit_confirmed",
            "payment": {
                "uetr": None, "reference": reference, "booked_at": iso_utc(world.now()),
                "seq": int(reference[-1]), "amount_minor": 50_000, "currency": "EUR",
            },
        },
    )  # fmt: skip
    world.plan()


def adopt(world: World, filed: Filed) -> None:
    case = world.case_of(filed)
    with world.acting(officer := world.actor(OFFICER)) as at:
        operations.adopt(case=case, ground="another payment", by=officer, at=at)
    world.plan()


def test_of_a_possible_double_only_the_debit_is_to_be_confirmed(world: World):
    first, second = two_reports(world)
    assert (asked(world, first), asked(world, second)) == (WITH_RECALL, ["confirm_debit"])
    assert not_asked(world, second) == []


def test_what_an_officer_says_is_no_double_is_stopped_and_recalled_like_any_payment(world: World):
    _, second = two_reports(world)
    adopt(world, second)
    assert asked(world, second) == WITH_RECALL
    rounds = {t.measure: t.round for t in world.tickets(case_id=world.case_of(second).id)}
    assert rounds["confirm_debit"] == 1
    world.run("insert into holds_planwanted (id, case_id, since) "
              "values (gen_random_uuid(), %s, now())", world.case_of(second).id)  # fmt: skip
    world.plan()
    assert asked(world, second) == WITH_RECALL


def test_a_confirmation_that_lapsed_is_asked_for_again(world: World):
    _, second = two_reports(world)
    case = world.case_of(second)
    world.run(
        "update lawful_requests_ticket set state = 'lapsed' "
        "where case_id = %s and measure = 'confirm_debit'", case.id,
    )  # fmt: skip
    adopt(world, second)
    assert asked(world, second) == ["confirm_debit", *WITH_RECALL]


def test_a_second_debit_that_the_bank_confirms_is_recalled_but_not_stopped(world: World):
    """What is booked has been executed: there is nothing left to stop."""
    first, second = two_reports(world)
    confirm(world, first, "PL-1")
    confirm(world, second, "PL-2")
    assert asked(world, second) == ["confirm_debit", "recall"]
    world.plan()
    assert asked(world, second) == ["confirm_debit", "recall"]


def test_a_second_debit_without_a_recall_says_why_in_its_own_case(world: World):
    facts = {"payer": iban("plum", 1), "payee": iban("quince", 2), "amount": 50_000}
    world.report(**facts)
    world.plan()
    second = world.report(**facts)
    world.plan()
    assert not_asked(world, second) == []
    adopt(world, second)
    assert asked(world, second) == WITHOUT_RECALL
    assert [line["why"] for line in not_asked(world, second)] == ["not_known"]


def test_the_same_debit_told_twice_is_asked_for_nothing_more(world: World):
    first, second = two_reports(world)
    confirm(world, first, "PL-1")
    confirm(world, second, "PL-1")
    assert asked(world, second) == ["confirm_debit"]


def test_a_doubted_report_of_the_payers_own_bank_can_be_told_to_be_no_double(world: World):
    """It starts adopted, and yet somebody has to be able to say so."""
    _, second = two_reports(world, by=world.at_bank("plum"))
    assert asked(world, second) == ["confirm_debit"]
    assert "this is a payment of its own" in told(world, second)
    adopt(world, second)
    assert asked(world, second) == WITH_RECALL
    assert "this is a payment of its own" not in told(world, second)
    with pytest.raises(operations.NotPossible):
        adopt(world, second)
