"""Compiling loops, once for all runs where that can be kept; imported only where Numba is."""

from __future__ import annotations

from typing import Any

import numba


def compiled(function: Any) -> Any:
    """Compile at the first call; keep the outcome beside the module where that may be written.

    Where it may not, Numba keeps it in the user's own cache; where there is none, in memory.
    """
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return numba.njit(nogil=True)(function)


def quick(function: Any) -> Any:
    """As ``compiled``, for calls so short that letting other threads run would cost more."""
    try:
        return numba.njit(cache=True)(function)
    except RuntimeError:
        return numba.njit()(function)


def inlined(function: Any) -> Any:
    """A part of a loop that is written apart for its readers only."""
    return numba.njit(inline="always")(function)
