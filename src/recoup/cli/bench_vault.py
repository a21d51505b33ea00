"""`./recoup bench vault`: a file of one GiB into the vault and out: processor time and memory.

Needs no database: it measures what is done to each byte, by the code that does it in the hub: two
digests and encryption in, decryption and digest out, to a storage on this disk.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Final
from uuid import UUID

from recoup.cli.bench_figures import at_most
from recoup.cli.bench_result import Result
from recoup.cli.measured import Line

GIB: Final = 1024**3
MIB: Final = 1024**2
FILE: Final = UUID(int=7)
MOST_SECONDS: Final = 5.0
MOST_MEMORY: Final = 64.0
ROUNDS: Final = 3


def vault(options: argparse.Namespace, folder: Path) -> Result:
    """Measure each pass in a process of its own, so that its memory is its own."""
    found = [_measured(folder) for _ in range(ROUNDS)]
    sums: dict[str, list[float]] = {}
    for one in found:
        for name, value in one.items():
            sums.setdefault(name, []).append(value)
    middle = {name: sorted(values)[len(values) // 2] for name, values in sums.items()}
    lines = [
        at_most("1 GiB into the vault, processor time", MOST_SECONDS, middle["in"], _seconds,
                f" ({_seconds(middle['in_wall'])} by the clock, with the disk)"),
        at_most("1 GiB checked or read, processor time", MOST_SECONDS, middle["out"], _seconds,
                f" ({_seconds(middle['out_wall'])} by the clock)"),
        at_most("memory that a GiB adds, over a file of 8 MiB", MOST_MEMORY,
                max(sums["memory"]), _mib),
        Line("what came out", "the bytes that went in", "the same digest", True),
    ]  # fmt: skip
    told = (
        "A file of 1 GiB into the evidence vault and out again, as the hub does it: digest of each "
        "piece and of the whole, AES-256-GCM for each MiB, written and synced to this disk; then "
        f"read, decrypted and digested. Median of {ROUNDS} rounds, each in a process of its own."
    )
    return Result("The evidence vault", told, lines, packages=("cryptography",))


def _seconds(value: float) -> str:
    return f"{value:.2f} s"


def _mib(value: float) -> str:
    return f"{value:.1f} MiB"


def _measured(folder: Path) -> dict[str, float]:
    place = tempfile.mkdtemp(prefix="vault-", dir=folder if folder.is_dir() else None)
    try:
        run = subprocess.run(
            [sys.executable, "-m", "recoup.cli.bench_vault", place], check=True,
            capture_output=True, text=True, env=os.environ | {"PYTHONPATH": _source()},
        )  # fmt: skip
    finally:
        shutil.rmtree(place)
    told: dict[str, float] = json.loads(run.stdout)
    return told


def _source() -> str:
    return str(Path(__file__).resolve().parents[2])


# In the process that is measured


def main(place: Path) -> dict[str, float]:
    """Both passes over a small file, to load what has to be loaded, then over a GiB."""
    import django
    from django.conf import settings

    location = {"location": str(place)}
    backend = "recoup.apps.evidence.store.VaultFiles"
    settings.configure(STORAGES={"vault": {"BACKEND": backend, "OPTIONS": location}})
    django.setup()
    _both(8 * MIB, place / "small")
    before = _memory()
    told = _both(GIB, place / "large")
    return told | {"memory": _memory() - before}


def _both(size: int, place: Path) -> dict[str, float]:
    from recoup.apps.evidence import sealing, store

    names: list[str] = []
    key, digest = sealing.new_key(), hashlib.sha256()
    piece, of = 4 * MIB, sealing.chunks_of(size)

    def into() -> None:
        for first in range(0, of, piece // MIB):
            whole = hashlib.sha256()
            sealed = sealing.seal(
                _counted(min(piece // MIB, of - first), first, digest, whole), key=key,
                file_id=FILE, first=first, of=of,
            )  # fmt: skip
            names.append(store.name_for(FILE, len(names)))
            store.put(names[-1], sealed)

    def out() -> None:
        found = hashlib.sha256()
        for number, name in enumerate(names):
            with store.opened(name) as stored:
                at = number * piece // MIB
                for chunk in sealing.unseal(
                    stored, key=key, file_id=FILE, first=at, of=of, size=piece
                ):
                    found.update(chunk)
        if found.digest() != digest.digest():
            raise SystemExit("What came out is not what went in.")

    told = _timed(into, "in") | _timed(out, "out")
    store.remove(names)
    return told


def _counted(count: int, first: int, *digests: Any) -> Iterator[bytes]:
    for index in range(first, first + count):
        chunk = index.to_bytes(8) * (MIB // 8)
        for digest in digests:
            digest.update(chunk)
        yield chunk


def _timed(act: Callable[[], None], name: str) -> dict[str, float]:
    wall, used = perf_counter(), process_time()
    act()
    return {name: process_time() - used, f"{name}_wall": perf_counter() - wall}


def _memory() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
