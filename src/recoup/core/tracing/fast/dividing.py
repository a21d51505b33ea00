"""Shares of whole units in 64 bits, compiled; needs Numba. The product may take 126 bits.

Changed outcomes need the walks that use them compiled anew: see ``touched_kernels``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from recoup.core.tracing.fast.compiling import compiled

# A product estimated below the first fits; up to the second an estimate is at most one off.
_PRODUCT, _NEAR, _ROOM = 9.2e18, 2.0**50, 1 << 61


@compiled
def share(units: Any, part: Any, whole: Any) -> Any:
    """floor(units * part / whole) for units up to whole, though the product may pass 64 bits."""
    if part == whole:
        return units
    product = float(units) * float(part)
    if product < _PRODUCT:
        return units * part // whole
    estimate = product / float(whole)
    if estimate < _NEAR and whole < _ROOM:
        quotient = np.int64(estimate)
        rest = units * part - quotient * whole  # right modulo 2**64, and known to be small
        while rest < 0:
            quotient, rest = quotient - 1, rest + whole
        while rest >= whole:
            quotient, rest = quotient + 1, rest - whole
        return quotient
    return _long_share(units, part, whole)


@compiled
def _long_share(units: Any, part: Any, whole: Any) -> Any:
    """The same by long division, bit by bit."""
    times, beyond, divisor = part // whole, np.uint64(part % whole), np.uint64(whole)
    quotient, rest, one = np.uint64(0), np.uint64(0), np.uint64(1)
    for bit in range(62, -1, -1):
        quotient, rest = quotient << one, rest << one
        if rest >= divisor:
            quotient, rest = quotient + one, rest - divisor
        if (units >> bit) & 1:
            rest += beyond
            if rest >= divisor:
                quotient, rest = quotient + one, rest - divisor
    return units * times + np.int64(quotient)
