"""Poison: one traced unit in an account marks all of it, for each victim's payment alone.

A debit of a marked account is marked whole, unseen units too; what comes into it is marked there;
once emptied it is clean. The marks grow, so they show what may have been touched and never add up
to the loss. After Möser, Böhme and Breuker (2014).
"""

from __future__ import annotations

from typing import Final

from recoup.core.tracing.rule import Rule
from recoup.core.tracing.walk import Parts


class Stain:
    """An account's balance and the payments that mark it.

    Its parts may name the same unit once for each payment that marks it.
    """

    __slots__ = ("_balance", "_labels")

    def __init__(self) -> None:
        self._balance = 0
        self._labels: set[str] = set()

    def put(self, parts: Parts, credit: int) -> None:
        self._balance += credit
        self._labels.update(marks(parts))

    def take(self, units: int) -> Parts:
        self._balance -= units
        taken: Parts = [(label, units) for label in self._labels]
        if not self._balance:
            self._labels.clear()
        return taken

    def held(self) -> dict[str, int]:
        return dict.fromkeys(self._labels, self._balance)

    @staticmethod
    def exchange(parts: Parts, amount: int, credit: int) -> Parts:
        """Each payment alone: its units times credit / amount, rounded down."""
        return [
            (label, units * credit // amount)
            for label, units in parts
            if label is not None and amount
        ]

    @staticmethod
    def repay(parts: Parts, units: int, credit: int) -> tuple[Parts, Parts]:
        """If any unit is marked, all of the credit is: what repays and what is left."""
        labels = marks(parts)
        return [(label, units) for label in labels], [(label, credit - units) for label in labels]


def marks(parts: Parts) -> set[str]:
    """Return the payments that mark at least one unit."""
    return {label for label, units in parts if label is not None and units}


RULE: Final = Rule(
    key="poison",
    name="poison",
    takes="marked units only, once a single traced unit is in the account",
    source="Möser, Böhme and Breuker (2014), for bitcoin; a mark, not a claim to the money",
    purse=Stain,
    conserves=False,
)
