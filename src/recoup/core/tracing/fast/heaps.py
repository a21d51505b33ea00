"""Heaps in tables, compiled; needs Numba.

Changed outcomes need the walks that use them compiled anew: see ``touched_kernels``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recoup.core.tracing.fast.compiling import compiled, inlined


@inlined
def push(heap: Any, at: int, key: int) -> None:
    """Put a key into a heap of so many."""
    while at > 0 and key < heap[(at - 1) >> 1]:
        heap[at] = heap[(at - 1) >> 1]
        at = (at - 1) >> 1
    heap[at] = key


@inlined
def pop(heap: Any, last: int) -> None:
    """Take the first key out of a heap that then has so many."""
    at, below, key = np.int64(0), np.int64(1), heap[last]
    while below < last:
        below += below + 1 < last and heap[below + 1] < heap[below]
        if key <= heap[below]:
            break
        heap[at] = heap[below]
        at, below = below, 2 * below + 1
    heap[at] = key


@compiled
def _is_before(heap: Any, one: int, other: int) -> bool:
    for column in range(3):
        if heap[one, column] != heap[other, column]:
            return bool(heap[one, column] < heap[other, column])
    return False


@compiled
def rise(heap: Any, at: Any) -> None:
    """Move a line that was put behind a heap of so many to where it belongs."""
    while at > 0 and _is_before(heap, at, (at - 1) >> 1):
        above = (at - 1) >> 1
        for column in range(heap.shape[1]):
            heap[at, column], heap[above, column] = heap[above, column], heap[at, column]
        at = above


@compiled
def drop_first(heap: Any, last: Any) -> None:
    """Take the first line out of a heap that then has so many.

    The gap goes down until the last line, which stays where it is so long, fits into it.
    """
    at = np.int64(0)
    while at < last:
        child = 2 * at + 1
        if child + 1 < last and _is_before(heap, child + 1, child):
            child += 1
        if child >= last or not _is_before(heap, child, last):
            child = last
        for column in range(heap.shape[1]):
            heap[at, column] = heap[child, column]
        at = child
