"""What the payer's bank is asked: a recall only where the payment's scheme has one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from recoup.apps.cases.models import CaseEvent
from recoup.apps.reports.operations import Filed
from recoup.core.accounts import read_account
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
