"""Small ledgers for tests that are checked by hand."""

from __future__ import annotations

from typing import Any

from recoup.core.chain import AccountFact, ClaimFact, Conclusions, Facts, Side, TrailRow

from .simulated import Hub, Paid, World

OUTSIDE = ("cash", "card", "x")
# How nearly every story begins: V lost 100 to account A.
LOST = Paid("p1", 1, "of V", "A", 100)


def claim(name: str, amount: int, payee: str, movement: str | None, at: int, case: str = "case"):
    return ClaimFact(name, case, amount, "EUR", f"of {name}", payee, movement, at, True)


VICTIM = claim("V", 100, "A", "p1", 1)


def world(*paid: Paid, claims: list[ClaimFact], **openings: int) -> World:
    names = {p.payer for p in paid} | {p.to for p in paid}
    accounts = {n: ("EUR", openings.get(n, 0)) for n in sorted(names) if n not in OUTSIDE}
    return World(accounts, list(paid), {c.id: c for c in claims})


def run(world: World, *claims: str) -> Hub:
    hub = Hub(world)
    for name in claims or sorted(world.claims):
        hub.report(name)
    hub.run()
    return hub


def after_the_loss(*paid: Paid) -> Hub:
    """A hub that has followed V's 100 through what happened next, to its end."""
    return run(world(LOST, *paid, claims=[VICTIM]))


def told(*sides: Side, claims: tuple[ClaimFact, ...] = (VICTIM,), **facts: Any) -> Facts:
    """What banks told of accounts A and B after V's 100 had come to A."""
    came = Side("p1", "A", True, 100, "EUR", 1, 1, "a")
    accounts = (AccountFact("A", "EUR"), AccountFact("B", "EUR"))
    return Facts(accounts=accounts, claims=claims, sides=(came, *sides), **facts)


def row(conclusions: Conclusions, account: str, claim_id: str = "V") -> TrailRow:
    (found,) = [
        r
        for r in conclusions.trail
        if (r.account, r.claim, r.rule) == (account, claim_id, conclusions.rule)
    ]
    return found


def kinds(hub: Hub) -> list[tuple[str, str]]:
    return [(want.account, want.kind) for want in hub.sent]
