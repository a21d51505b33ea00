"""Random ledgers, answered in random orders: the end is one, and it is the true trace.

``RECOUP_LEDGERS`` says how many ledgers are tried for each kind of run.
"""

from __future__ import annotations

import os
from random import Random

import pytest

from recoup.core.chain import Conclusions

from .simulated import Hub, World, random_world

LEDGERS = int(os.environ.get("RECOUP_LEDGERS", "60"))
ORDERS = 3
BLOCKS = 4


def run_in_some_order(world: World, rng: Random, rule: str) -> Conclusions:
    """Report, send and answer in a random order, banks seeing more and more of the day."""
    last = max((paid.t for paid in world.paid), default=0)
    hub = Hub(world, rule=rule, now=rng.choice([world.end, rng.randint(0, last)]))
    hub.careless = rng if rng.random() < 0.3 else None
    hub.tell_exchange, hub.tell_all = rng.random() < 0.5, rng.random() < 0.5
    left = sorted(world.claims)
    rng.shuffle(left)
    asleep: list[str] = []
    while left or asleep or hub.open:
        act = rng.random()
        if left and act < 0.3 and world.claims[left[-1]].at <= hub.now:
            claim = left.pop()
            live = rng.random() < 0.6
            hub.report(claim, live=live)
            asleep += [] if live else [claim]
        elif asleep and act < 0.4:
            claim = asleep.pop()
            hub.report(claim)
        elif hub.open and act < 0.9:
            hub.answer(*rng.choice(sorted(hub.open)))
        else:
            hub.now = min(hub.now + rng.randint(0, 20), world.end)
        if rng.random() < 0.7:
            hub.send()
    hub.careless = None
    hub.run(rng)
    hub.now = world.end
    while any(hub.volunteer(account) for account in sorted(world.accounts)):
        hub.run(rng)
    return hub.plan()


def where_units_are(conclusions: Conclusions, rule: str) -> dict[tuple[str, str], int]:
    """Return what lies on each account of each claim."""
    found: dict[tuple[str, str], int] = {}
    for row in conclusions.trail:
        if row.rule == rule and row.held + row.lying and row.account[0] != "V":
            key = (row.account, row.claim)
            found[key] = found.get(key, 0) + row.held + row.lying
    return found


def gone(conclusions: Conclusions, rule: str) -> dict[tuple[str, str], int]:
    """Return what left for good, by claim: spent, returned, or waiting for a ruling."""
    found: dict[tuple[str, str], int] = {}
    for row in conclusions.trail:
        if row.rule == rule:
            in_ruling = row.held if row.account[0] == "V" else 0
            parts = {"spent": row.spent, "returned": row.returned}
            for part, units in (parts | {"unknown": row.unknown + in_ruling}).items():
                if units:
                    found[row.claim, part] = found.get((row.claim, part), 0) + units
    return found


def true_ends(world: World, rule: str) -> tuple[dict, dict]:
    result = world.traced(rule, sorted(world.claims))
    lying: dict[tuple[str, str], int] = {}
    left: dict[tuple[str, str], int] = {}
    for account, labels in result.held.items():
        for claim, units in labels.items():
            if account[0] == "M":
                lying[account, claim] = units
                continue
            part = "spent"
            if account.startswith("V"):
                part = "returned" if world.claims[claim].payer == account else "unknown"
            left[claim, part] = left.get((claim, part), 0) + units
    return lying, left


@pytest.mark.parametrize("exchange", [False, True], ids=["one currency", "with exchanges"])
@pytest.mark.parametrize("rule", ["fifo", "prorata"])
@pytest.mark.parametrize("block", range(BLOCKS))
def test_the_end_is_the_true_trace_whatever_the_order(
    rule: str, exchange: bool, block: int
) -> None:
    for seed in range(block, LEDGERS, BLOCKS):
        world = random_world(Random(f"{seed} {rule} {exchange}"), exchange=exchange)
        lying, left = true_ends(world, rule)
        for order in range(ORDERS):
            conclusions = run_in_some_order(world, Random(f"{seed} {order}"), rule)
            assert where_units_are(conclusions, rule) == lying, (seed, order)
            assert gone(conclusions, rule) == left, (seed, order)
