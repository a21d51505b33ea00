"""How the walks by balances are compiled; needs Numba.

They are handed plain tuples: what was kept names no class of ours that a later version may move.
"""

from __future__ import annotations

from typing import Any

import numba


def compiled(function: Any) -> Any:
    """Compile at the first call; keep the outcome beside the module where that may be written."""
    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return numba.njit(nogil=True)(function)
