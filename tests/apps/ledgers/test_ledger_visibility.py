"""A stored ledger is its organisation's: another sees nothing of it and changes nothing."""

from __future__ import annotations

import pytest
from django.db import transaction
from django.db.utils import IntegrityError, ProgrammingError

from recoup.apps.ledgers import models, operations, queries
from recoup.core.tracing import Ledger, LedgerRefused, Seed, Transfer
from support.ledger_desk import Desk, verified
from support.world import OFFICER, World

LEDGER = Ledger({}, (Transfer("s", 1, "V", "A", 40), Transfer("x", 2, "A", "B", 30)), ())
TABLES = [models.Ledger, models.Account, models.Transfer, models.Trace, models.Reach]


@pytest.fixture
def stored(world: World) -> models.Ledger:
    with world.acting(world.actor(OFFICER)) as at:
        desk = Desk(world.actor(OFFICER), at)
        ledger = desk.load(LEDGER)
        operations.keep_trace(ledger=ledger, about="a", seeds=(Seed("s"),), by=desk.by, at=at)
        assert all(table.objects.exists() for table in TABLES)
        assert list(queries.visible_to(desk.by)) == [ledger]
    return ledger


def test_another_organisation_sees_no_row_and_gets_no_answer(
    world: World, stored: models.Ledger
) -> None:
    other = world.at_bank("heron")
    with world.acting(other):
        assert not any(table.objects.exists() for table in TABLES)
        assert not queries.visible_to(other).exists()
        for way in queries.WAYS:
            with pytest.raises(LedgerRefused, match="is not among the transfers"):
                queries.trace(stored, (Seed("s"),), way=way)
        found = queries.trace(stored, ())
        assert (dict(found.balances), dict(found.unseen)) == ({}, {})


def test_another_organisation_books_nothing_into_it(world: World, stored: models.Ledger) -> None:
    with world.acting(world.at_bank("heron")), transaction.atomic():
        with pytest.raises(ProgrammingError, match="row-level security"), transaction.atomic():
            operations.book(ledger=stored, transfer=Transfer("y", 3, "A", "B", 1))
        stored.organisation_id = world.organisation("heron").id
        with pytest.raises(models.Ledger.DoesNotExist), transaction.atomic():
            operations.book(ledger=stored, transfer=Transfer("y", 3, "A", "B", 1))
        with pytest.raises(IntegrityError, match="account_of_ledger"), transaction.atomic():
            operations.book(ledger=stored, transfer=Transfer("y", 3, "new", "newer", 1))
    with world.acting(world.actor(OFFICER)):
        assert verified(stored).is_right and stored.transfers.count() == 2


@pytest.mark.parametrize("column", ["amount", "t", "ident", "ledger_id", "organisation_id"])
def test_the_record_itself_cannot_be_rewritten(
    world: World, stored: models.Ledger, column: str
) -> None:
    with world.acting(world.actor(OFFICER)), transaction.atomic():
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            row = models.Transfer.objects.filter(ledger=stored)
            row.update(**{column: row.values_list(column, flat=True)[0]})
