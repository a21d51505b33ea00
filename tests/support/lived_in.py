"""A hub that has been used: reports, answers, holds, tasks, an imported ledger."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.test import Client

from recoup.apps.cases.models import Case
from recoup.apps.guidelines import operations as guidelines
from recoup.apps.ledgers import load_operations as ledgers
from recoup.apps.ledgers.operations import keep_trace
from recoup.apps.reports import operations as reports
from recoup.apps.reports.operations import Filed
from recoup.apps.traces.models import ImportedLedger, LaterTransfers, LedgerTransfer
from recoup.core import tracing
from recoup.core.guidelines import Level, NewDeclaration
from recoup.data.guidelines import load_guidelines
from support.bank import Banks, Ledger
from support.evidence import Vault
from support.world import OFFICER, World

CANARY = "CANARY-7Q4M"


def live_in(world: World) -> Filed:
    """One fraud followed over two banks, with a bit of everything; returns its report."""
    ledger = Ledger(world)
    ledger.account("victim", "plum", 10001, 900_00)
    ledger.account("first", "quince", 20001, 30_00)
    ledger.account("second", "linden", 40001, 0)
    paid = ledger.pay("victim", "first", 500_00, minute=10)
    ledger.pay("first", "cash", 100_00, minute=12)
    ledger.pay("first", "second", 300_00, minute=14)
    filed = world.report(
        payer=ledger.accounts["victim"].ident, payee=ledger.accounts["first"].ident,
        amount=500_00, paid_at=ledger.at(paid), reference=CANARY,
    )  # fmt: skip
    again = world.report(
        payer=ledger.accounts["victim"].ident, payee=ledger.accounts["first"].ident, amount=77_00
    )
    with world.acting(world.visitor) as at:
        reports.add_story(
            report_id=filed.id, name="Invented", phone="+381600000000", email="a@b.invalid",
            story="A story", by=world.visitor, at=at,
        )  # fmt: skip
    Banks(ledger, change=silent_at_the_second).run()
    acknowledge_by_api(world)
    import_ledger(world, world.case_of(filed))
    declare(world)
    Vault(world, world.case_of(filed)).keep(b"An invented statement")
    assert world.case_of(again).pk != world.case_of(filed).pk
    return filed


def silent_at_the_second(ticket: dict[str, Any], body: dict[str, Any]) -> dict[str, Any] | None:
    """The bank without a system has not answered its last ticket yet."""
    return None if body.get("block_reference") == "B-second" else body


def acknowledge_by_api(world: World) -> None:
    Client().post(
        "/api/v1/acknowledgements", {"tickets": [str(uuid4())]}, "application/json",
        headers=world.bearer("quince"),
    )  # fmt: skip


def import_ledger(world: World, case: Case) -> None:
    """A ledger with one row, imported by the officer's organisation; and one with positions."""
    with world.acting(officer := world.actor(OFFICER)) as at:
        stored = ledgers.load(
            name=CANARY, ledger=tracing.Ledger({}, (tracing.Transfer("x", 1, "a", "b", 1),), ()),
            by=officer, at=at,
        )  # fmt: skip
        keep_trace(ledger=stored, about="x", seeds=(tracing.Seed("x"),), by=officer, at=at)
        ledger = ImportedLedger.objects.create(
            case_id=case.pk, organisation_id=officer.organisation_id, name=f"{CANARY}.csv",
            profile="flow", sha256=b"0" * 32, rows=1, imported_at=at, person_id=officer.person_id,
        )  # fmt: skip
        later = LaterTransfers.objects.create(
            ledger=ledger, name=f"{CANARY}2.csv", sha256=b"1" * 32, rows=1, known=0, late=0,
            is_traced_again=False, added_at=at,
        )  # fmt: skip
        LedgerTransfer.objects.create(
            ledger=ledger,
            later=later,
            line=2,
            ident="x",
            moved_at=at,
            payer="a",
            payee="b",
            units=1,
            block=1,
            tx_hash="c",
            value="0.000001",
        )


def declare(world: World) -> None:
    """The officer's organisation says how far it is with one of the guidelines' controls."""
    control = load_guidelines().control("L-02")
    assert control is not None
    with world.acting(officer := world.actor(OFFICER)) as at:
        guidelines.declare(
            control=control, new=NewDeclaration(Level.INFORMAL, CANARY), by=officer, at=at
        )
