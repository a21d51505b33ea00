"""The true ledger from which the banks of the case's tests answer."""

from __future__ import annotations

import pytest

from support.bank import Ledger
from support.world import World


@pytest.fixture
def ledger(open_world: World) -> Ledger:
    """A victim at one bank and three accounts that money passes through, each at another bank."""
    ledger = Ledger(open_world)
    ledger.account("victim", "plum", 10001, 900_000)
    ledger.account("first", "quince", 20001, 3_000)
    ledger.account("second", "walnut", 30001, 1_000)
    ledger.account("third", "linden", 40001, 0)
    return ledger
