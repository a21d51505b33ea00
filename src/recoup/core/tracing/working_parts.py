"""A working over several currencies, one part a currency; sums of two currencies are never added.

Every account has one currency, so an exchange is a step whose payer and payee have different ones.
In a part it stands as what left for another currency or came from one. What an exchange made of a
sum is as the banks told both sides; within a part every unit is added up again from the result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

from recoup.core.tracing import Ledger, Result, Seed
from recoup.core.tracing.result import Amounts
from recoup.core.tracing.working import Asset, Step, Working


@dataclass(frozen=True)
class Part(Working):
    """What a working says in one currency: lost + entered = held + dissipated + left.

    entered: units that came from another currency. left: units that went into another. origins:
    where the former came from.
    """

    entered: int = 0
    left: int = 0
    origins: frozenset[str] = frozenset()

    @property
    def whole(self) -> int:
        """What there was to follow in this currency."""
        return self.shares.lost + self.entered


def is_exchange(working: Working, step: Step) -> bool:
    """Whether the money of a step changed its currency."""
    return working.asset_of(step.transfer.payer) != working.asset_of(step.transfer.payee)


def is_as_told(working: Working, step: Step) -> bool:
    """Whether what an exchange credited lies in what was told: all of it for all, else no more."""
    carried, credited = working.sum(step.carried), working.sum(step.credited)
    transfer = step.transfer
    if carried == transfer.amount:
        return credited == transfer.credited
    return 0 <= credited <= transfer.credited


def parts_of(working: Working) -> tuple[Part, ...]:
    """One part for each currency that the traced money had, that of the loss first."""
    ends = (end for step in working.steps for end in (step.transfer.payer, step.transfer.payee))
    met = {working.asset_of(end) for end in ends} - {working.asset}
    return tuple(
        _part(working, asset) for asset in (working.asset, *sorted(met, key=lambda one: one.code))
    )


def _part(working: Working, asset: Asset) -> Part:
    def inside(account: str) -> bool:
        return working.asset_of(account) == asset

    steps = tuple(_steps(working, inside))
    crossing = [step for step in working.steps if is_exchange(working, step)]
    kept: dict[str, Any] = {one.name: getattr(working, one.name) for one in fields(Working)}
    kept |= {
        "asset": asset,
        "assets": {},
        "ledger": _ledger(working.ledger, inside),
        "result": _result(working, inside),
        "steps": steps,
    }
    came = [step for step in crossing if inside(step.transfer.payee)]
    return Part(
        **kept,
        entered=sum(working.sum(step.credited) for step in came),
        origins=frozenset(step.transfer.payer for step in came),
        left=sum(working.sum(x.carried) for x in crossing if inside(x.transfer.payer)),
    )


def _ledger(ledger: Ledger, inside: Callable[[str], bool]) -> Ledger:
    """The same ledger; of a victim's payment in another currency nothing was lost in this one."""
    payer = {x.id: x.payer for x in ledger.transfers}
    seeds = (
        seed if inside(payer[seed.transfer]) else Seed(seed.transfer, 0) for seed in ledger.seeds
    )
    return replace(ledger, seeds=tuple(seeds))


def _result(working: Working, inside: Callable[[str], bool]) -> Result:
    """What the result says of accounts in the currency, and of the sides of transfers in it."""
    result = working.result
    ends = {x.id: (x.payer, x.payee) for x in working.ledger.transfers}
    return replace(
        result,
        held=_inside(result.held, inside),
        balances={name: units for name, units in result.balances.items() if inside(name)},
        dissipated=_inside(result.dissipated, inside),
        unseen={name: units for name, units in result.unseen.items() if inside(name)},
        transfers=_inside(result.transfers, lambda name: inside(ends[name][0])),
        credited=_inside(result.credited, lambda name: inside(ends[name][1])),
    )


def _inside(table: Mapping[str, Amounts], inside: Callable[[str], bool]) -> dict[str, Amounts]:
    return {name: labels for name, labels in table.items() if inside(name)}


def _steps(working: Working, inside: Callable[[str], bool]) -> Iterator[Step]:
    """The steps that touch the currency; of an exchange the side that is in it."""
    for step in working.steps:
        transfer = step.transfer
        pays, gets = inside(transfer.payer), inside(transfer.payee)
        if pays and gets:
            yield step
        elif pays:
            one_side = replace(transfer, credit=None)
            yield replace(step, transfer=one_side, credited={}, dissipated={})
        elif gets:
            one_side = replace(transfer, amount=transfer.credited, credit=None)
            yield replace(
                step, transfer=one_side, carried=step.credited, balance=None, traced=None, unseen=0
            )
