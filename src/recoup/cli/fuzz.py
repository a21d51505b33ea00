"""`./recoup fuzz NAME --seconds N`: throw bytes at one reader of what comes from outside.

Files are made from good ones by small changes; one that leads to a new place in a reader's code
is kept as a seed of further ones. A reader may refuse in its one declared way; any other exception,
two seconds, or a quarter of a gigabyte more is a find: the input is kept, and the seed printed.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import random
import resource
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from recoup.cli import environment, progress
from recoup.cli.fuzz_targets import TARGETS, Target

SLOW_SECONDS: Final = 2.0
MOST_MORE_BYTES: Final = 256 * 1024 * 1024
MOST_KEPT: Final = 2_000
LONGEST: Final = 200_000
LONGEST_TOLD: Final = 2_000
TOKENS: Final = (
    b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r\n", b"\n", b",", b";", b'"', b"'", b"=", b"-", b"+",
    b"0", b"9" * 20, b"1e308", b"NaN", b".", b"<", b">", b"&", b"<!DOCTYPE a [", b"<!ENTITY a 'b'>",
    b"]]>", b"{", b"}", b"[", b"]", b":20:", b":61:", b":62F:", b"PK\x03\x04", b"PK\x05\x06",
    b"%PDF-1.7", b"obj", b"endobj", b"stream", b"\xd1\x80", b"\xe2\x80\xae", b"\xed\xa0\x80",
    b"\xf0\x9f\x8f\xb4", b"2026-02-30", b"9999-12-31T23:59:60Z", b"RS35", b"0x",
)  # fmt: skip


@dataclass(slots=True)
class Run:
    """One target's run: what is thrown next, and where the reader has been."""

    target: Target
    random: random.Random
    pool: list[bytes]
    places: set[tuple[str, ...]] = field(default_factory=set)
    thrown: int = 0
    taken: int = 0

    def next_input(self) -> bytes:
        content = self.random.choice(self.pool)
        for _ in range(self.random.randint(1, 6)):
            content = mutated(content, self.random, self.pool)
        return content[:LONGEST]

    def throw(self, content: bytes) -> str:
        """Give it to the reader; what was found, empty if nothing was."""
        self.thrown += 1
        before, began = _most_memory(), time.process_time()
        try:
            self.target.read(content)
            place: tuple[str, ...] = ("taken", str(len(content).bit_length()))
            self.taken += 1
        except self.target.declared as refusal:
            place = _place(refusal)
        except Exception:  # noqa: BLE001  (this is what is looked for)
            return traceback.format_exc(limit=-6)
        took, more = time.process_time() - began, _most_memory() - before
        if place not in self.places and len(self.pool) < MOST_KEPT:
            self.places.add(place)
            self.pool.append(content)
        if self.thrown == 1:  # the first loads what the reader needs
            return ""
        if took > SLOW_SECONDS:
            return f"It took {took:.1f} seconds; {SLOW_SECONDS:g} are allowed."
        return f"It took {more} bytes more." if more > MOST_MORE_BYTES else ""


def mutated(content: bytes, chance: random.Random, pool: Sequence[bytes]) -> bytes:
    """One small change."""
    at = chance.randrange(len(content) + 1)
    end = min(len(content), at + chance.randint(1, 40))
    way = chance.randrange(7)
    if way == 0 and content:
        place = min(at, len(content) - 1)
        flipped = content[place] ^ (1 << chance.randrange(8))
        return content[:place] + bytes([flipped]) + content[place + 1 :]
    if way == 1:
        return content[:at] + content[end:]
    if way == 2:
        return content[:end] + content[at:end] * chance.choice((1, 2, 50)) + content[end:]
    if way == 3:
        return content[:at] + chance.randbytes(chance.randint(1, 8)) + content[end:]
    if way == 4:
        other = chance.choice(pool)
        return content[:at] + other[chance.randrange(len(other) + 1) :]
    if way == 5:
        return content[:at]
    return content[:at] + chance.choice(TOKENS) + content[at:]


def _place(refusal: BaseException) -> tuple[str, ...]:
    """Where in the code it was refused: the lines that led there."""
    frames = traceback.extract_tb(refusal.__traceback__)
    return tuple(f"{Path(frame.filename).name}:{frame.lineno}" for frame in frames[2:])


def _most_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


# The command


def main(argv: Sequence[str]) -> int:
    """Fuzz one target or all, one after the other; 1 if something was found."""
    parser = argparse.ArgumentParser(prog="./recoup fuzz", description=__doc__)
    parser.add_argument("name", choices=[*TARGETS, "all"], help=_names(), metavar="NAME")
    parser.add_argument("--seconds", type=float, default=60.0, help="for each target (60)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--input", type=Path, help="give this one file to the reader")
    asked = parser.parse_args(argv)
    environment.VAR.mkdir(parents=True, exist_ok=True)
    names = list(TARGETS) if asked.name == "all" else [asked.name]
    _prepare()
    if asked.input:
        return _replay(TARGETS[names[0]], asked.input)
    found = [fuzz(name, seconds=asked.seconds, seed=asked.seed) for name in names]
    return 1 if any(found) else 0


def _prepare() -> None:
    """The settings that some readers look at; no database is needed."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", environment.SETTINGS)
    os.environ.setdefault("RECOUP_SECRET_KEY", "only-for-throwing")


def _names() -> str:
    return "; ".join(f"{name}: {target.about}" for name, target in TARGETS.items()) + "; or all"


def _replay(target: Target, path: Path) -> int:
    problem = Run(target, random.Random(0), [b""]).throw(path.read_bytes())  # noqa: S311
    print(problem or "nothing is found", file=sys.stderr if problem else sys.stdout)
    return 1 if problem else 0


def fuzz(
    name: str, *, seconds: float, seed: int, say: Callable[[str], object] = progress.say,
    most: int = sys.maxsize,
) -> list[Path]:  # fmt: skip
    """Throw for so long, or so many; where what was found lies."""
    target = TARGETS[name]
    run = Run(target, random.Random(seed), [*target.seeds()])  # noqa: S311  (to be repeated)
    kept: dict[str, Path] = {}
    began = time.monotonic()
    for content in [*run.pool]:
        _found(run, name, content, kept, say)
    while time.monotonic() - began < seconds and run.thrown < most:
        _found(run, name, run.next_input(), kept, say)
    say(
        f"  {'✗' if kept else '✓'} {name} {target.about}: {run.thrown:,} inputs, {run.taken:,} "
        f"taken, {len(run.places)} places, {len(kept)} found, seed {seed}"
    )
    return list(kept.values())


def _found(
    run: Run, name: str, content: bytes, kept: dict[str, Path], say: Callable[[str], object]
) -> None:
    """Throw one input, and keep the first of each kind of find."""
    if not (problem := run.throw(content)):
        return
    kind = problem.strip().splitlines()[-1][:60] + str(problem.count("\n"))
    if kind in kept:
        return
    folder = environment.VAR / "fuzz" / name
    folder.mkdir(parents=True, exist_ok=True)
    path = kept[kind] = folder / hashlib.sha256(content).hexdigest()[:16]
    path.write_bytes(content)
    say(f"  found by {name}, kept as {path}:\n{problem[-LONGEST_TOLD:]}")
