"""What look-ups find, by numbers: the pieces of victims' payments, and where they rest."""

from __future__ import annotations

from typing import NamedTuple

from recoup.core.tracing.fast.columns import Column


class Pieces(NamedTuple):
    """Rows of whole numbers: two-dimensional arrays; in the plain form lists of tuples.

    steps: row, label, units of the debit, units of the credit, of these lost to an overdraft, the
    position in the payee's account up to which they came (0 in an external one), payee.
    rests: account, label, units. A label is the place of its seed among those asked for.
    """

    steps: Column
    rests: Column
