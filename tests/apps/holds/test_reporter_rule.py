"""A reporter is told sums by the hub's rule for holding, whichever that is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recoup.apps.reports import queries
from recoup.core.reference import hash_secret
from recoup.data import load_pack
from support.bank import Banks, Ledger


@pytest.mark.parametrize("rule", ["fifo", "prorata"])
def test_the_sums_are_those_of_the_rule(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    world = ledger.world
    paid = ledger.pay("victim", "first", 500, minute=10)
    ledger.pay("first", "cash", 100, minute=12)
    filed = world.report(
        payer=ledger.accounts["victim"].ident, payee=ledger.accounts["first"].ident, amount=500,
        paid_at=ledger.at(paid),
    )  # fmt: skip
    Banks(ledger).run()
    # What lies and is held differs by rule; here it is made to, whatever the trace says.
    move = "update holds_trail set held = held - %s, lying = lying + %s where rule = 'prorata' "
    world.run(move + "and held > 7", 7, 7)
    told = world.run("select sum(held) from holds_trail where rule = %s", rule)
    pack = replace(load_pack("RS"), holding_rule=rule)
    monkeypatch.setattr(queries, "load_pack", lambda _: pack)
    assert filed.secret is not None
    with world.acting(world.visitor):
        seen = queries.follow(filed.reference, hash_secret(filed.secret))
    assert seen is not None and [m.held_minor for m in seen.money] == [told[0][0]]
    assert told[0][0] != world.run("select sum(held) from holds_trail where rule <> %s", rule)[0][0]
    world.run(move + "and lying >= 7", -7, -7)
