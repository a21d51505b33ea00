"""Figures of measurements: times of calls, how they grow, and lines of asked and measured."""

from __future__ import annotations

import math
import platform
import resource
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import linear_regression, median, quantiles
from time import perf_counter
from typing import Any

from recoup.cli.measured import Line


@dataclass(slots=True)
class Times:
    """Seconds of each call, and how many pieces each found."""

    seconds: list[float] = field(default_factory=list)
    pieces: list[int] = field(default_factory=list)

    def timed(self, ask: Callable[[], Any]) -> Any:
        """Call and keep the time it took."""
        started = perf_counter()
        answer = ask()
        self.seconds.append(perf_counter() - started)
        return answer

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def best(self) -> float:
        return min(self.seconds)

    @property
    def p95(self) -> float:
        return p95(self.seconds)

    @property
    def worst(self) -> float:
        return max(self.seconds)

    @property
    def nanoseconds_a_piece(self) -> float:
        return sum(self.seconds) / max(sum(self.pieces), 1) * 1e9

    @property
    def shown(self) -> str:
        """Median, 95th of a hundred, largest."""
        return " / ".join(short(x) for x in (self.median, self.p95, self.worst))


def p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20, method="inclusive")[-1] if len(values) > 1 else values[0]


def short(seconds: float) -> str:
    """Seconds in the unit that suits them."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:,.{0 if seconds * factor >= 100 else 1}f} {unit}"
    return f"{seconds * 1e9:,.0f} ns"


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """How time grows with size, as the slope through the points on logarithmic scales."""
    sizes, times = zip(*((math.log(size), math.log(time)) for size, time in points), strict=True)
    return linear_regression(sizes, times).slope


def at_most(what: str, limit: float, value: float, show: Callable[[float], str], more: str = ""
            ) -> Line:  # fmt: skip
    """A figure that may be so large; more: what else is told of it."""
    return Line(what, f"{show(limit)} at most", show(value) + more, value <= limit)


def at_least(what: str, limit: float, value: float, show: Callable[[float], str], more: str = ""
             ) -> Line:  # fmt: skip
    return Line(what, f"{show(limit)} at least", show(value) + more, value >= limit)


def times_over(ratio: float) -> str:
    """How many times as long, with two figures at least."""
    return f"{ratio:,.0f} ×" if ratio >= 10 else f"{ratio:.1f} ×"


def two_places(value: float) -> str:
    return f"{value:.2f}"


def versions(packages: Sequence[str]) -> str:
    """Versions of those that are installed."""
    found = []
    for name in packages:
        try:
            found.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            found.append(f"{name} is not installed")
    return ", ".join(found)


def peak_mib() -> float:
    """The most memory this process has ever held."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return float(peak) / (1024 if sys.platform.startswith("linux") else 1024 * 1024)


def machine() -> str:
    """Processor, its largest cache and the memory, as far as the system tells them."""
    found = [*_processor(), *_cache(), *_memory(), f"{platform.system()} {platform.machine()}"]
    return ", ".join(found)


def largest_cache() -> int:
    """Bytes of the largest cache; 32 MiB where the system does not tell."""
    sizes = [0]
    for place in Path("/sys/devices/system/cpu/cpu0/cache").glob("index*/size"):
        text = place.read_text().strip()
        factor = {"K": 1024, "M": 1024**2}.get(text[-1:], 1)
        sizes.append(int(text.rstrip("KM") or 0) * factor)
    return max(sizes) or 32 * 1024**2


def _processor() -> Iterator[str]:
    for line in _lines("/proc/cpuinfo"):
        if line.startswith("model name"):
            yield line.partition(":")[2].strip()
            return


def _cache() -> Iterator[str]:
    if Path("/sys/devices/system/cpu/cpu0/cache").exists():
        yield f"largest cache {largest_cache() / 1024**2:,.0f} MiB"


def _memory() -> Iterator[str]:
    for line in _lines("/proc/meminfo"):
        if line.startswith("MemTotal"):
            yield f"{int(line.split()[1]) / 1024**2:,.0f} GiB of memory"


def _lines(place: str) -> list[str]:
    try:
        return Path(place).read_text().splitlines()
    except OSError:
        return []
