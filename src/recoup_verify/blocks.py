"""A long log in blocks, which several processes check at the same time.

A block is as many leaves as make one complete subtree. Another process reads its lines by the very
rules of `lines`, and says of a block with nothing wrong only how it fits in: its subtree's root,
where its streams begin and end, the subtrees before each checkpoint within it. Whether it does fit
is compared here. From the first block on that is not good, or does not fit, every line is read one
after the other, as in a short log: what is told of it, and of which position, is always the same.
"""

from __future__ import annotations

import signal
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import chain, takewhile
from multiprocessing import get_context
from typing import BinaryIO, Final

from recoup_verify.lines import FIRST, ONCE, Due, Log
from recoup_verify.tree import root_over

SIZE: Final = 1 << 11  # leaves
MOST_BYTES: Final = 16 << 20  # of a block; one with more is not read in blocks
AHEAD: Final = 3  # blocks in hand for each process


@dataclass(frozen=True, slots=True)
class Part:
    """How a good block fits in.

    beyond: what the order keeps beside its last leaf of subtrees larger than the block.
    stacks: the block's own subtrees before each asked number of leaves. begun: number and hash
    before it of the first leaf of each stream. heads: number and hash of the last.
    """

    root: bytes
    beyond: str
    stacks: dict[int, list[bytes]]
    begun: dict[bytes, tuple[int, bytes]]
    heads: dict[bytes, tuple[int, bytes]]


class NotGood(Exception):
    """Something in a block is wrong; what it is, is told when its lines are read in order."""


class _Block(Log):
    """The leaves of one block, read without those before it."""

    def __init__(self, before: int) -> None:
        super().__init__(None, before)
        self.begun: dict[bytes, tuple[int, bytes]] = {}
        self.beyond = ""

    def tell(self, rule: str, said: str, position: int | None = None, where: str = "") -> None:
        raise NotGood(said)

    def differs(self, nodes: bytes, leaf: bytes, made: str, place: int) -> None:
        kept = nodes.decode("ascii", "replace")
        if self.size != SIZE or not kept.startswith(made):
            raise NotGood
        self.beyond = kept[len(made) :]

    def chain(self, stream: bytes, number: bytes, before: bytes, digest: bytes, place: int) -> None:
        if stream not in self.heads and not stream.startswith(ONCE):
            self.begun[stream] = int(number), before
            self.heads[stream] = int(number) - 1, before
        super().chain(stream, number, before, digest, place)


def read(lines: bytes, before: int, asked: Sequence[int]) -> Part | None:
    """Check the lines of a block; None if one is wrong. asked: sizes of the log, within it."""
    block, stacks = _Block(before), dict[int, list[bytes]]()
    try:
        for line in BytesIO(lines):
            block.line(line)
            if before + block.size in asked:
                stacks[before + block.size] = list(block.roots)
    except (NotGood, ValueError):
        return None
    if block.size != SIZE:
        return None
    return Part(block.roots[0], block.beyond, stacks, block.begun, block.heads)


def take_in(log: Log, stream: BinaryIO, due: list[Due], processes: int) -> Iterator[bytes]:
    """Take in block after block while they are good and fit; gives all lines that are left."""
    waiting: deque[tuple[bytes, Future[Part | None]]] = deque()
    sizes, before = [one.checkpoint.size for one in reversed(due)], log.size
    with _pool(processes) as pool:
        for lines in _cut(stream):
            asked = sizes[bisect_right(sizes, before) : bisect_right(sizes, before + SIZE)]
            waiting.append((lines, _asked(pool, lines, before, asked)))
            before += SIZE
            if len(waiting) >= AHEAD * processes and not _take_first(log, due, waiting):
                break
        else:
            while waiting and _take_first(log, due, waiting):
                pass
        pool.shutdown(cancel_futures=True)
    return chain(chain.from_iterable(BytesIO(lines) for lines, _ in waiting), stream)


def _pool(processes: int) -> Executor:
    # Begun anew and not forked: who calls may have threads.
    return ProcessPoolExecutor(processes, get_context("spawn"), initializer=_leave_to_parent)


def _asked(pool: Executor, lines: bytes, before: int, sizes: Sequence[int]) -> Future[Part | None]:
    """What another process will say of a block; nothing where there is none any more."""
    try:
        return pool.submit(read, lines, before, sizes)
    except (BrokenExecutor, OSError):
        nothing: Future[Part | None] = Future()
        nothing.set_result(None)
        return nothing


def _leave_to_parent() -> None:
    """Ctrl-C ends who asked, which ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _cut(stream: BinaryIO) -> Iterator[bytes]:
    lines: list[bytes] = []
    size = 0
    for line in stream:
        lines.append(line)
        size += len(line)
        if len(lines) == SIZE or size > MOST_BYTES:
            yield b"".join(lines)
            lines, size = [], 0
    if lines:
        yield b"".join(lines)


def _take_first(
    log: Log, due: list[Due], waiting: deque[tuple[bytes, Future[Part | None]]]
) -> bool:
    """Take in the first block that waits; if it does not fit, it goes on waiting."""
    try:
        part = waiting[0][1].result()
    except (BrokenExecutor, OSError):
        return False
    if part is None or not _fits(log, due, part):
        return False
    waiting.popleft()
    return True


def _fits(log: Log, due: list[Due], part: Part) -> bool:
    """Take in a block if it goes on where the log is and has the roots of its checkpoints."""
    roots, made = _joined(log, part.root)
    end = log.size + SIZE
    due_here = takewhile(lambda one: one.size <= end, (one.checkpoint for one in reversed(due)))
    within = list(due_here)
    if (
        made != part.beyond
        or not _goes_on(log, part)
        or any(one.root != root_over(log.roots + part.stacks[one.size]) for one in within)
    ):
        return False
    log.roots, log.size = roots, end
    log.heads.update(part.heads)
    if within:
        del due[-len(within) :]
        log.well_until = within[-1].size
    return True


def _joined(log: Log, root: bytes) -> tuple[list[bytes], str]:
    """The subtrees with one more of a block's size, and the hashes of those that it completes."""
    roots, made, count = list(log.roots), "", log.size // SIZE
    while count & 1:
        root = sha256(b"\x01" + roots.pop() + root).digest()
        made += root.hex()
        count >>= 1
    return [*roots, root], made


def _goes_on(log: Log, part: Part) -> bool:
    return all(
        log.heads.get(stream, (0, FIRST)) == (number - 1, before)
        for stream, (number, before) in part.begun.items()
    )
