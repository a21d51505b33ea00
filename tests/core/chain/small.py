"""Small ledgers for tests that are checked by hand."""

from __future__ import annotations

from recoup.core.chain import ClaimFact, Conclusions, TrailRow

from .simulated import Hub, Paid, World

OUTSIDE = ("cash", "card", "x")


def claim(name: str, amount: int, payee: str, movement: str | None, at: int, case: str = "case"):
    return ClaimFact(name, case, amount, "EUR", f"of {name}", payee, movement, at, True)


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


def row(conclusions: Conclusions, account: str, claim_id: str = "V") -> TrailRow:
    (found,) = [
        r
        for r in conclusions.trail
        if (r.account, r.claim, r.rule) == (account, claim_id, conclusions.rule)
    ]
    return found


def kinds(hub: Hub) -> list[tuple[str, str]]:
    return [(want.account, want.kind) for want in hub.sent]
