"""`./recoup bench csv`: a file of a million transfers, imported and traced from the shell.

The command runs as a process of its own, as a person would call it; time and memory are what the
system says of that process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Final

from recoup.cli import environment
from recoup.cli.bench_result import Result
from recoup.cli.measured import Line

FEWEST: Final = 1_000_000
ROUNDS: Final = 3
PAYMENTS: Final = 10
SECONDS: Final = 8.0
MIB: Final = 1024.0
BEGINS: Final = 1_735_689_600
TOLD: Final = """\
A CSV of transfers between accounts, with ten victims' payments, from the first byte to the printed
answer: `./recoup trace FILE --format transfers`, in a process of its own, without NumPy. Every row
is checked. The seconds are the median of three runs, the memory is the largest."""


def csv(options: argparse.Namespace, folder: Path) -> Result:
    """Write the file, trace it three times, and hold time and memory against what was asked."""
    rows = max(int(options.size), FEWEST)
    folder.mkdir(parents=True, exist_ok=True)
    file, losses = folder / "transfers.csv", folder / "losses.txt"
    write(file, losses, rows, seed=options.seed)
    runs = [run(file, losses) for _ in range(ROUNDS)]
    seconds = median(one[0] for one in runs)
    mib = max(one[2] for one in runs)
    answers = {one[3] for one in runs}
    size = file.stat().st_size / 1e6
    asked = rows == FEWEST
    return Result(
        title="A large CSV from the shell",
        told=TOLD,
        lines=[
            Line(f"{rows:,} rows ({size:.0f} MB), imported and traced", "≤ 8 s" if asked else "",
                 f"{seconds:.1f} s", seconds <= SECONDS if asked else None),
            Line("of this, processor time", "", f"{median(one[1] for one in runs):.1f} s"),
            Line("largest memory", "≤ 1 GiB" if asked else "", f"{mib:.0f} MiB",
                 mib <= MIB if asked else None),
            Line("every unit accounted for, and each run the same", "yes",
                 "yes" if answers == {0} else "no", answers == {0}),
        ],
        options=f" --size {rows:g}",
    )  # fmt: skip


def write(file: Path, losses: Path, rows: int, *, seed: int) -> None:
    """A ledger with a tenth as many accounts as transfers; the first payments are the losses."""
    choose = Random(seed)  # noqa: S311
    accounts = [f"RS35{choose.randrange(10**18):018}" for _ in range(rows // 10)]
    at = BEGINS
    with file.open("w", encoding="utf-8") as out:
        out.write("id,time,payer,payee,amount,currency\n")
        for n in range(rows):
            at += choose.randrange(60)
            payer = f"V-{n}" if n < PAYMENTS else choose.choice(accounts)
            out.write(
                f"T-{n:08},{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S},{payer},"
                f"{choose.choice(accounts)},{choose.randrange(1, 10**7) / 100:.2f},RSD\n"
            )
    losses.write_text("".join(f"T-{n:08}\n" for n in range(PAYMENTS)))


def run(file: Path, losses: Path) -> tuple[float, float, float, int]:
    """Trace in a process of its own: seconds, processor seconds, MiB, and units not accounted."""
    answer = file.with_suffix(".json")
    command = [sys.executable, "-m", "recoup", "trace", str(file), "--format", "transfers",
               "--losses", str(losses), "--json"]  # fmt: skip
    paths = [str(environment.ROOT / "src"), os.environ.get("PYTHONPATH", "")]
    surroundings = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}
    started = perf_counter()
    with answer.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, env=surroundings)
        _pid, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = perf_counter() - started
    if process.returncode:
        return seconds, 0.0, 0.0, -1
    unaccounted = json.loads(answer.read_bytes())["totals"]["unaccounted"]
    scale = 1024 if sys.platform != "darwin" else 1024 * 1024
    return seconds, used.ru_utime + used.ru_stime, used.ru_maxrss / scale, unaccounted
