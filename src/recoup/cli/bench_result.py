"""What a measurement gives back, and how the processor time and memory of parts are read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from recoup.cli.measured import Line

TICKS: Final = os.sysconf("SC_CLK_TCK")
PARTS: Final = ("web", "worker", "postgres")


@dataclass(frozen=True, slots=True)
class Table:
    """Figures of which none was asked for: a title, a head and rows of as many cells."""

    title: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(slots=True)
class Result:
    """A table with its title and words.

    options: as they would be typed again. notes: what the reader must know besides the figures.
    tables: more figures. images: pictures as SVG by the name of their file, with what they show.
    differs: whether an answer was wrong, which is worse than a figure that was missed.
    packages: those whose versions are told; the hub's if none are named.
    """

    title: str
    told: str
    lines: list[Line]
    options: str = ""
    notes: list[str] = field(default_factory=list)
    postgres: str = ""
    tables: list[Table] = field(default_factory=list)
    images: dict[str, tuple[str, str]] = field(default_factory=dict)
    differs: bool = False
    packages: Sequence[str] = ()


def cpu_seconds(processes: Mapping[str, int]) -> dict[str, float]:
    """Processor time of each part so far, with all its processes, ended ones included."""
    return {
        part: sum(_cpu_seconds(pid) for pid in _with_children(processes[part]))
        for part in PARTS
        if part in processes
    }


def memory_mib(pid: int) -> float:
    """Resident memory of a part with all its processes; what they share counts for each."""
    return sum(_memory_kib(process) for process in _with_children(pid)) / 1024


def milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:,.0f} ms"


def percentile_line(what: str, asked: str, values: Mapping[str, float], limit: float | None
                    ) -> Line:  # fmt: skip
    """A line with median, p95, p99 and largest; judged by p99 where a limit is given."""
    if not values.get("count"):
        return Line(what, asked, "nothing was measured", False if limit is not None else None)
    shown = " / ".join(milliseconds(values[name]) for name in ("p50", "p95", "p99", "max"))
    return Line(what, asked, shown, None if limit is None else values["p99"] <= limit)


def _with_children(pid: int) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    waiting = [pid]
    while waiting:
        found = waiting.pop()
        yield found
        waiting += children.get(found, [])


def _stat(pid: int) -> Sequence[str]:
    try:
        text = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except OSError:
        return ()
    return text.rpartition(")")[2].split()


def _cpu_seconds(pid: int) -> float:
    fields = _stat(pid)
    return sum(int(ticks) for ticks in fields[11:15]) / TICKS if fields else 0.0


def _memory_kib(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    line = next((line for line in text.splitlines() if line.startswith("VmRSS:")), "VmRSS: 0")
    return int(line.split()[1])
