"""Following money through accounts: which units of a victim's payment went where.

One module a rule; ``RULES`` is the table of them. Everything is exact in whole units. The rules
and what they are used for are explained in ``docs/tracing.md``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recoup.core.tracing import fifo, libr, lifo, poison, prorata, prorata_exact, tiho
from recoup.core.tracing.ledger import Account, Ledger, LedgerRefused, Seed, Transfer
from recoup.core.tracing.result import Reckoning, Result, reckon
from recoup.core.tracing.rule import Rule
from recoup.core.tracing.shares import Shares, share_out

__all__ = [
    "RULES",
    "Account",
    "Ledger",
    "LedgerRefused",
    "Reckoning",
    "Result",
    "Rule",
    "Seed",
    "Shares",
    "Transfer",
    "reckon",
    "share_out",
    "trace",
]


_MODULES: Final = (fifo, lifo, prorata, prorata_exact, poison, libr, tiho)
RULES: Final[Mapping[str, Rule]] = {module.RULE.key: module.RULE for module in _MODULES}


def trace(
    ledger: Ledger, *, rule: str = "fifo", shortfall: str = "unseen", as_of: int | None = None
) -> Result:
    """Follow the victims' money through a ledger under one rule; raises LedgerRefused.

    shortfall: what happens when an account pays out more than it is known to have. ``unseen``
    assumes clean money that nobody saw come in; ``overdraft`` lets the balance go below zero.
    as_of: only transfers up to and including this time count; all of them if not given.
    """
    if rule not in RULES:
        raise LedgerRefused(
            f"There is no tracing rule {rule!r}. Use one of: {', '.join(RULES)}.",
            value=rule,
            key="rule",
        )
    return RULES[rule](ledger, shortfall=shortfall, as_of=as_of)
