"""First in, first out without simulation: what each transfer carried is looked up, not replayed.

Number the units of an account in the order they came. A credit owns the positions from
``dstpos`` on, a debit takes the positions up to its ``end``, and inside a transfer the order is
kept; so a traced interval of positions meets the debits that took it (binary search) and is
moved to the next account by one addition. Positions do not depend on what is traced: they are
built once and serve every question, at a cost that depends on the answer alone.

``Index`` is the way in. The plain walk in ``core/tracing/fifo.py`` stays the yardstick.
"""

from __future__ import annotations

from recoup.core.tracing.fast.index import Index
from recoup.core.tracing.fast.late import Booked, BookedRows, Changed
from recoup.core.tracing.fast.pieces import Pieces
from recoup.core.tracing.fast.touched import TouchedIndex

__all__ = ["Booked", "BookedRows", "Changed", "Index", "Pieces", "TouchedIndex"]
