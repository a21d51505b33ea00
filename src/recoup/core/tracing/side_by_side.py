"""One ledger under several rules: what each says of every account, and the range of the sums.

The answers stand beside each other and are never added. Marks (poison) are shown, but are no sum
of money, so they widen no range.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from recoup.core.tracing import RULES, Ledger
from recoup.core.tracing.canonical import canonical
from recoup.core.tracing.working import Asset, Source, Times, Working, work_out
from recoup.core.tracing.working_facts import (
    ENGINE,
    asset_facts,
    conservation_facts,
    rule_facts,
    text,
)

FORMAT: Final = "recoup-side-by-side/1"
ALL: Final = tuple(RULES)


@dataclass(frozen=True, slots=True)
class Range:
    """What the rules say of one account: rule to units; lowest and highest of those that add up."""

    account: str
    units: Mapping[str, int]
    lowest: int
    highest: int


@dataclass(frozen=True)
class SideBySide:
    """Workings of one ledger, a rule each, in the order in which the rules were asked for."""

    workings: tuple[Working, ...]

    @property
    def adds_up(self) -> bool:
        return all(one.adds_up for one in self.workings)

    def ranges(self) -> tuple[Range, ...]:
        """Return every account with traced money under any rule, the highest sum first."""
        held = {
            one.rule: {place.account: place.units for place in one.held} for one in self.workings
        }
        claims = [one.rule for one in self.workings if one.how.conserves]
        found = (
            _range(account, {rule: units.get(account, 0) for rule, units in held.items()}, claims)
            for account in {account for units in held.values() for account in units}
        )
        return tuple(sorted(found, key=lambda one: (-one.highest, -one.lowest, one.account)))

    def as_bytes(self) -> bytes:
        """Return the comparison as canonical JSON."""
        return canonical(self.as_facts())

    def as_facts(self) -> dict[str, Any]:
        first = self.workings[0]
        return {
            "format": FORMAT,
            "engine": ENGINE,
            "ledger_sha256": first.ledger_sha256,
            "rules": [
                {
                    **rule_facts(one),
                    "inputs_sha256": one.inputs_sha256,
                    "conservation": conservation_facts(one),
                }
                for one in self.workings
            ],
            "accounts": [
                {
                    "account": one.account,
                    "name": first.names.get(one.account, ""),
                    "kind": first.kind(one.account),
                    **asset_facts(first, one.account),
                    "units": [{"rule": rule, "units": text(u)} for rule, u in one.units.items()],
                    "lowest": text(one.lowest),
                    "highest": text(one.highest),
                }
                for one in self.ranges()
            ],
        }


def side_by_side(
    ledger: Ledger,
    *,
    rules: Collection[str] = ALL,
    shortfall: str = "unseen",
    as_of: int | None = None,
    sources: Mapping[str, Source] | None = None,
    names: Mapping[str, str] | None = None,
    terminals: Collection[str] = (),
    asset: Asset | None = None,
    times: Times | None = None,
    told: Collection[str] | None = None,
    assets: Mapping[str, Asset] | None = None,
) -> SideBySide:
    """Work a ledger out under each rule; raises LedgerRefused."""
    return SideBySide(
        tuple(
            work_out(
                ledger, rule=rule, shortfall=shortfall, as_of=as_of, sources=sources, names=names,
                terminals=terminals, asset=asset, times=times, told=told, assets=assets,
            )
            for rule in dict.fromkeys(rules)
        )
    )  # fmt: skip


def _range(account: str, units: Mapping[str, int], claims: list[str]) -> Range:
    sums = [units[rule] for rule in claims] or [0]
    return Range(account, units, min(sums), max(sums))
