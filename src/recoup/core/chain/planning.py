"""The planner: all facts in, all conclusions out, the same whatever order the facts came in."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from recoup.core.chain.books import Books, keep_books
from recoup.core.chain.conclusions import BorderTask, Conclusions, Total, TrailRow
from recoup.core.chain.facts import Facts
from recoup.core.chain.follow import Followed, follow
from recoup.core.chain.returns import settle_returns
from recoup.core.chain.trail import add_up, lay_trail
from recoup.core.chain.wants import open_desks, plan_desk

RULE = "fifo"
BESIDE = ("prorata",)


def plan(facts: Facts, *, rule: str = RULE, beside: Iterable[str] = BESIDE) -> Conclusions:
    """Return everything that follows from the facts.

    rule: the one that holds are asked by. beside: rules whose trail and totals are added for
    the court; nothing is asked by them, and no figure mixes two rules.
    """
    facts, returns = settle_returns(facts, rule=rule)
    books = keep_books(facts)
    followed = follow(books, rule)
    rows, shares = lay_trail(facts, books, followed)
    planned = [
        plan_desk(desk)
        for desk in open_desks(facts, books, followed, shares)
        if desk.open is not None or not books.is_abroad(desk.account)  # nobody is asked abroad
    ]
    tasks = [*returns, *followed.tasks, *(task for _, _, found in planned for task in found)]
    trail, totals = [*rows.values()], add_up(books, followed, rows)
    for other in beside:
        if other != rule:
            more, sums = _beside(facts, books, other)
            trail += more
            totals += sums
    return Conclusions(
        rule=rule,
        trail=tuple(sorted(trail, key=lambda r: (r.rule, r.claim, r.account, r.currency))),
        flows=tuple(
            sorted(
                followed.flows,
                key=lambda f: (f.claim, f.movement or "", f.state, f.sink or ""),
            )
        ),
        wants=tuple(want for want, _, _ in planned if want),
        withdrawals=tuple(withdrawal for _, withdrawal, _ in planned if withdrawal),
        border=_border(books, followed),
        tasks=tuple(
            sorted(
                tasks,
                key=lambda t: (t.case, t.account, t.kind, t.claim or "", t.amount),
            )
        ),
        totals=tuple(totals),
    )


def _beside(facts: Facts, books: Books, rule: str) -> tuple[list[TrailRow], list[Total]]:
    followed = follow(books, rule)
    rows, _ = lay_trail(facts, books, followed)
    return list(rows.values()), add_up(books, followed, rows)


def _border(books: Books, followed: Followed) -> tuple[BorderTask, ...]:
    tasks = [
        BorderTask(books.claims[claim].case, account, claim, units, currency)
        for (account, claim, currency), units in followed.border.items()
    ]
    return tuple(sorted(tasks, key=lambda t: (t.case, t.account or "", t.claim, t.currency)))


def carried_debits(facts: Facts, *, rule: str = RULE) -> dict[str, int]:
    """Return the traced units of every known debit that carries any, by movement.

    Destinations of other debits are none of the hub's business and are dropped.
    """
    carried: dict[str, int] = {}
    settled, _ = settle_returns(facts, rule=rule)
    for flow in follow(keep_books(settled), rule).flows:
        if flow.movement is not None:
            carried[flow.movement] = carried.get(flow.movement, 0) + flow.carried
    return carried


def closure(
    accounts: Iterable[str], neighbours: Callable[[frozenset[str]], Iterable[str]]
) -> frozenset[str]:
    """Return all accounts whose facts have to be loaded together with the given ones.

    neighbours: given accounts, returns those next to them: payers and payees of movements
    that touch them, and payers and payees of claims on them. It is called once a layer.
    """
    found: set[str] = set()
    layer = frozenset(accounts)
    while layer:
        found |= layer
        layer = frozenset(neighbours(layer)) - found
    return frozenset(found)
