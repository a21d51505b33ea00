"""The order of transfers that bear the same moment.

Within one moment money arrives before it is passed on: a transfer waits for all others of that
moment that pay its payer. Transfers that wait for nothing go by block and id; where all wait for
each other in a ring, the first by block and id breaks it. The row number never counts.
"""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from recoup.standards.flow_csv import FlowRow


def arrivals_first(rows: Iterable[FlowRow]) -> tuple[FlowRow, ...]:
    """Return the rows in the order in which they are traced, each with its ``seq``."""
    by_moment = groupby(sorted(rows, key=lambda row: row.at), key=lambda row: row.at)
    return tuple(
        replace(row, seq=seq)
        for _, alike in by_moment
        for seq, row in enumerate(_one_moment(sorted(alike, key=lambda x: (x.block, x.id))))
    )


def _one_moment(rows: list[FlowRow]) -> Iterator[FlowRow]:
    """Give the rows of one moment, which come sorted by block and id, in their order."""
    arriving = Counter(row.payee for row in rows if row.payee != row.payer)
    waiting: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        waiting[row.payer].append(place)
    ready = [place for place, row in enumerate(rows) if not arriving[row.payer]]
    done = [False] * len(rows)
    first_left = 0
    for _ in rows:
        while ready and done[ready[0]]:
            heapq.heappop(ready)
        while done[first_left]:
            first_left += 1
        place = heapq.heappop(ready) if ready else first_left
        done[place] = True
        row = rows[place]
        if row.payee != row.payer:
            arriving[row.payee] -= 1
            if not arriving[row.payee]:
                for other in waiting[row.payee]:
                    heapq.heappush(ready, other)
        yield row
