"""What a tracing rule is: a name, its source in law, and the purse that keeps money by it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recoup.core.tracing.ledger import Ledger, Transfer, in_order
from recoup.core.tracing.result import Result
from recoup.core.tracing.walk import Purse, walk


@dataclass(frozen=True, slots=True)
class Rule:
    """One tracing rule, with what has to be printed beside every figure that it gives.

    takes: what a debit takes from an account. source: the court case or the paper. order: the
    order in which transfers are taken. conserves: whether the traced units add up to the loss;
    where they do not, they are a mark and no sum of money.
    """

    key: str
    name: str
    takes: str
    source: str
    purse: Callable[[], Purse]
    order: Callable[[Ledger, int | None], list[Transfer]] = in_order
    ordering: str = "time, sequence, id"
    conserves: bool = True

    def __call__(self, ledger: Ledger, *, shortfall: str, as_of: int | None) -> Result:
        """Trace a ledger; raises LedgerRefused."""
        return walk(
            self.purse, ledger, rule=self.key, shortfall=shortfall, as_of=as_of, order=self.order
        )
