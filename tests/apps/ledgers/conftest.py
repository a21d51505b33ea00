"""Somebody who stores ledgers and asks of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.ledger_desk import Desk
from support.world import OFFICER, World


@pytest.fixture
def desk(world: World) -> Iterator[Desk]:
    with world.acting(world.actor(OFFICER)) as at:
        yield Desk(world.actor(OFFICER), at)
