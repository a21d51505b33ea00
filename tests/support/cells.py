"""Counts the cells of the authorisation and isolation matrices that were really tried."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(slots=True)
class Cells:
    """How many (route, method, role, object) were tried in this process, and for how long."""

    tried: int = 0
    seconds: float = 0.0

    @contextmanager
    def timed(self) -> Iterator[None]:
        began = time.perf_counter()
        try:
            yield
        finally:
            self.seconds += time.perf_counter() - began

    def __str__(self) -> str:
        each = 1000 * self.seconds / max(self.tried, 1)
        return f"{self.tried:,} cells of the matrices in {self.seconds:.0f} s ({each:.0f} ms each)"


CELLS = Cells()
