"""Loops over arrays, compiled where the optional extra ``fast`` (NumPy, Numba) is installed.

Modules that use ``loop`` are imported only where ``is_installed()``; the plain forms of the same
questions need nothing and give the same answers.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any


def is_installed() -> bool:
    """Whether arrays and compiled loops can be had."""
    return find_spec("numpy") is not None and find_spec("numba") is not None


def loop(function: Callable[..., Any]) -> Any:
    """Compile at the first call; keep the outcome beside the module where that may be written."""
    import numba

    try:
        return numba.njit(cache=True, nogil=True)(function)
    except RuntimeError:
        return numba.njit(nogil=True)(function)
