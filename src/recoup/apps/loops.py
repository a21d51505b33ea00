"""Runs what brings an event loop of its own, also where one runs in this thread already."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

Made = TypeVar("Made")


def apart_from_loop(make: Callable[[], Made]) -> Made:
    """What ``make`` returns or raises; in a thread of its own where a loop runs in this one."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return make()
    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(make).result()
