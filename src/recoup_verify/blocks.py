"""A long log in blocks, which several processes check at the same time.

A block is as many leaves as make one complete subtree. Another process reads its lines by the very
rules of `lines`, and says of a block with nothing wrong only how it fits in: its subtree's root,
where its streams begin and end, the subtrees before each checkpoint within it. Whether it does fit
is compared here. From the first block on that is not good, or does not fit, every line is read one
after the other, as in a short log: what is told of it, and of which position, is always the same.
"""

from __future__ import annotations

import os
import signal
import sys
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from itertools import chain, takewhile
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import BinaryIO, Final

from recoup_verify.lines import FIRST, ONCE, Due, Log
from recoup_verify.tree import root_over

SIZE: Final = 1 << 11  # leaves
MOST_BYTES: Final = 16 << 20  # of a block; from one with more on, no more is read in blocks
AHEAD: Final = 3  # blocks in hand for each process
MOST_PROCESSES: Final = 16
# Before it, whoever waits for a process that died while it was sent something waits for ever.
SAFE: Final = (3, 11, 5)


@dataclass(frozen=True, slots=True)
class Part:
    """How a good block fits in.

    beyond: what the order keeps beside its last leaf of subtrees larger than the block.
    stacks: the block's own subtrees before each asked number of leaves. streams: their names, and
    in the same order the number and hash that each must have before the block (numbers, hashes)
    and has after it. Lists, since a process sends them in a third of the time of what holds them.
    """

    root: bytes
    beyond: str
    stacks: dict[int, list[bytes]]
    streams: list[bytes]
    numbers_before: list[int]
    hashes_before: list[bytes]
    numbers_after: list[int]
    hashes_after: list[bytes]


class NotGood(Exception):
    """Something in a block is wrong; what it is, is told when its lines are read in order."""


class _Block(Log):
    """The leaves of one block, read without those before it."""

    def __init__(self, before: int) -> None:
        super().__init__(None, before)
        self.begun: dict[bytes, tuple[int, bytes]] = {}  # the head that each stream must have
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
            self.begun[stream] = self.heads[stream] = int(number) - 1, before
        super().chain(stream, number, before, digest, place)


def read(lines: bytes, before: int, asked: Sequence[int]) -> Part | None:
    """Check the lines of a block; None if one is wrong. asked: sizes of the log, within it."""
    block, stacks = _Block(before), dict[int, list[bytes]]()
    wanted = frozenset(asked)
    try:
        for line in BytesIO(lines):
            block.line(line)
            if before + block.size in wanted:
                stacks[before + block.size] = list(block.roots)
    except (NotGood, ValueError):
        return None
    if block.size != SIZE:
        return None
    before_it, after_it = block.begun.values(), block.heads.values()
    return Part(
        block.roots[0], block.beyond, stacks, list(block.begun),
        [number for number, _ in before_it], [digest for _, digest in before_it],
        [number for number, _ in after_it], [digest for _, digest in after_it],
    )  # fmt: skip


def take_in(log: Log, stream: BinaryIO, due: list[Due], processes: int) -> Iterator[bytes]:
    """Take in block after block while they are good and fit; gives all lines that are left.

    Where there can be no other processes, those are all lines.
    """
    processes = min(processes, MOST_PROCESSES)
    if (pool := _pool(processes)) is None:
        return stream
    waiting: deque[tuple[bytes, Future[Part | None]]] = deque()
    sizes, before = [one.checkpoint.size for one in reversed(due)], log.size
    with pool:
        for lines in _cut(stream):
            if len(lines) > MOST_BYTES:
                waiting.append((lines, _nothing()))
                break
            asked = sizes[bisect_right(sizes, before) : bisect_right(sizes, before + SIZE)]
            waiting.append((lines, _asked(pool, lines, before, asked)))
            before += SIZE
            if len(waiting) >= AHEAD * processes and not _take_first(log, due, waiting):
                break
        while waiting and _take_first(log, due, waiting):
            pass
        pool.shutdown(cancel_futures=True)
    return chain(chain.from_iterable(BytesIO(lines) for lines, _ in waiting), stream)


def _pool(processes: int) -> Executor | None:
    """Other processes, begun anew and not forked, since who calls may have threads."""
    if sys.version_info < SAFE:
        return None
    try:
        return ProcessPoolExecutor(processes, get_context("spawn"), initializer=_serve_parent)
    except (OSError, NotImplementedError):  # a machine without semaphores, or full
        return None


def _asked(pool: Executor, lines: bytes, before: int, sizes: Sequence[int]) -> Future[Part | None]:
    """What another process will say of a block; nothing where there is none any more."""
    try:
        return pool.submit(read, lines, before, sizes)
    except (BrokenExecutor, OSError, RuntimeError):
        return _nothing()


def _nothing() -> Future[Part | None]:
    done: Future[Part | None] = Future()
    done.set_result(None)
    return done


def _serve_parent() -> None:
    """Ctrl-C ends who asked, and whatever ends who asked ends us."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    if parent := parent_process():
        parent.join()
        os._exit(1)


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
    except (BrokenExecutor, OSError, MemoryError):
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
    log.heads.update(zip(part.streams, zip(part.numbers_after, part.hashes_after, strict=True),
                         strict=True))  # fmt: skip
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
    none, head_of = (0, FIRST), log.heads.get
    must_be = zip(part.numbers_before, part.hashes_before, strict=True)
    return [head_of(stream, none) for stream in part.streams] == list(must_be)
