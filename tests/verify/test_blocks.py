"""A log that is read in blocks is told the same of as one that is read line by line."""

from __future__ import annotations

import functools
import os
import random
import subprocess
import sys
from concurrent.futures import BrokenExecutor, Executor, Future
from pathlib import Path
from typing import Any

import pytest

from recoup_verify import blocks
from recoup_verify import log as log_check
from recoup_verify.findings import CannotCheck
from recoup_verify.lines import Checked
from support.made_log import KEY, MadeLog, dying, made

HEAD = b"recoup-log 1\n"


class Here(Executor):
    """Does the work of other processes at once, and counts the blocks that were good."""

    def __init__(self) -> None:
        self.good = 0

    def submit(self, act: Any, /, *values: Any, **named: Any) -> Future[Any]:
        done: Future[Any] = Future()
        done.set_result(act(*values, **named))
        self.good += done.result() is not None
        return done


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> Here:
    """Blocks of four leaves, read in this process."""
    pool = Here()
    monkeypatch.setattr(blocks, "SIZE", 4)
    monkeypatch.setattr(blocks, "_pool", lambda _: pool)
    return pool


def both(log: MadeLog, raw: bytes | None = None, **more: Any) -> Checked | str:
    """What is told of a log, the same by both ways."""
    told: list[Checked | str] = []
    for processes in (1, 2):
        try:
            told.append(log.check(raw, processes=processes, **more))
        except CannotCheck as problem:
            told.append(str(problem))
    assert told[0] == told[1]
    return told[1]


@pytest.mark.parametrize("size", [*range(14), 31, 32, 33, 64])
def test_good_logs_of_any_length(here: Here, size: int) -> None:
    """With a checkpoint before, in, between and after blocks; two of one length among them."""
    for seed in range(10):
        signed_at = tuple(random.Random(seed).sample(range(size + 1), min(size, seed)))
        log = made(size, seed, signed_at=signed_at)
        held = log.notes[min(log.notes)]
        checked, here.good = both(log, held=held), 0
        assert isinstance(checked, Checked)
        assert (checked.findings, checked.size) == ([], size)
        assert checked.root == log.tree.root()
        log.check(held=held, processes=2)
        assert here.good == size // 4  # nothing of it was read line by line


def test_whatever_is_changed_is_told_with_the_same_words(here: Here) -> None:
    log, random_ = made(40, 1, signed_at=(9, 20, 33)), random.Random(2)
    held, good = log.notes[33], log.log
    for _ in range(1_500):
        changed = bytearray(good)
        for _ in range(random_.choice((1, 1, 1, 3))):
            bit = random_.randrange(len(HEAD) * 8, len(good) * 8)
            changed[bit // 8] ^= 1 << bit % 8
        told = both(log, bytes(changed), held=held)
        assert isinstance(told, str) or told.findings


def test_lines_that_were_moved_left_out_or_doubled(here: Here) -> None:
    log, random_ = made(24, 3, signed_at=(10,)), random.Random(4)
    for _ in range(500):
        lines, place = list(log.lines), random_.randrange(24)
        taken = lines.pop(place)
        how = random_.randrange(4)
        if how:  # else it is left out
            lines.insert(random_.randrange(24), taken)
        if how == 2:
            lines.insert(place, taken)
        if how == 3:
            lines = lines[: random_.randrange(24)]
        told = both(log, HEAD + b"".join(lines), held=log.notes[10])
        assert isinstance(told, Checked)
        assert bool(told.findings) == (lines != log.lines)


@pytest.mark.parametrize("number", [0, 3, 5])
def test_a_stream_that_another_block_does_not_continue(here: Here, number: int) -> None:
    """Signed and hashed as if nothing were wrong: whoever has the key left a leaf out."""
    log, random_ = MadeLog(KEY), random.Random(11)
    for stream in ("a", "b") * 6:
        log.add(random_, stream)
        if len(log.lines) == 8:
            log.heads["a"] = number, log.heads["a"][1]
    log.sign()
    told = both(log)
    assert isinstance(told, Checked)
    assert [(found.rule, found.position) for found in told.findings[:1]] == [("stream", 9)]


@pytest.mark.parametrize("of", ["kept", "newest", "held"])
def test_checkpoints_of_another_log(here: Here, of: str) -> None:
    log, other = made(24, 5, signed_at=(6, 16)), made(24, 6, signed_at=(6, 16))
    told = both(log, **{of: other.notes[16] if of == "held" else getattr(other, of)})
    assert isinstance(told, Checked) and told.findings


def test_a_block_that_is_too_large_is_read_line_by_line(
    here: Here, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "MOST_BYTES", 900)
    assert both(made(24, 7)).findings == []  # type: ignore[union-attr]
    assert here.good == 0


def test_other_processes_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    log = made(5_000, 8, signed_at=(1_000, 2_048, 3_000))
    assert log.check(processes=2) == log.check()
    assert log.check(processes=2).findings == []
    changed = list(log.lines)
    changed[3_500] = changed[3_500].replace(b'"role":"officer"', b'"role":"officeR"')
    told = both(log, HEAD + b"".join(changed))
    assert isinstance(told, Checked) and told.first_position == 3_501


@pytest.mark.parametrize("when", ["while it reads", "before it is asked"])
def test_a_process_that_dies_costs_time_and_nothing_else(
    here: Here, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    def dead(*_: Any) -> Future[Any]:
        if when != "while it reads":
            raise BrokenExecutor("gone")
        gone: Future[Any] = Future()
        gone.set_exception(BrokenExecutor("gone"))
        return gone

    monkeypatch.setattr(here, "submit", dead)
    assert both(made(24, 9)).findings == []  # type: ignore[union-attr]


def test_a_process_that_really_dies_is_no_reason_to_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    log = made(5_000, 12)
    monkeypatch.setattr(blocks, "read", dying)
    assert log.check(processes=2) == log.check()


@pytest.mark.parametrize("problem", [OSError, NotImplementedError])
def test_where_there_can_be_no_processes_one_reads(
    monkeypatch: pytest.MonkeyPatch, problem: type[Exception]
) -> None:
    def none(*_: Any, **__: Any) -> None:
        raise problem

    monkeypatch.setattr(blocks, "ProcessPoolExecutor", none)
    assert both(made(24, 13)).findings == []  # type: ignore[union-attr]


AT_WORK = """
import sys, time
from recoup_verify import blocks
if __name__ == "__main__":
    pool = blocks._pool(2)
    work = [pool.submit(time.sleep, 600) for _ in range(2)]
    while len(pool._processes) < 2 or not all(one.running() for one in work):
        time.sleep(0.01)
    print(*pool._processes, flush=True)
    time.sleep(600)
"""


def test_who_reads_ends_with_who_asked(tmp_path: Path) -> None:
    """Killed, the parent can tell nobody; its children would keep its output open for ever."""
    script = tmp_path / "at_work.py"
    script.write_text(AT_WORK)
    source = str(Path(blocks.__file__).parents[1])
    parent = subprocess.Popen(
        [sys.executable, str(script)], env={**os.environ, "PYTHONPATH": source},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert parent.stdout is not None
    children = [int(one) for one in parent.stdout.readline().split()]
    assert len(children) == 2
    parent.kill()
    assert parent.stdout.read() == ""  # ends when nobody has it open any more
    parent.wait()


@pytest.mark.parametrize(("depth", "is_told"), [(61, False), (62, True), (300, True)])
def test_how_deep_a_body_may_be_is_the_same_everywhere(
    here: Here, depth: int, is_told: bool
) -> None:
    """Python's own limit would depend on who calls."""
    log, said = MadeLog(KEY), functools.reduce(lambda one, _: [one], range(depth), [])  # type: ignore[var-annotated]
    log.add(random.Random(14), said=said)
    log.sign()
    told = both(log)
    assert isinstance(told, Checked)
    assert [found.rule for found in told.findings[:1]] == ["canonical"] * is_told


def test_only_a_long_log_is_read_by_several(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    log = made(24, 10)
    for name, raw in (("log", log.log), ("checkpoint", log.newest), ("checkpoints", log.kept)):
        (tmp_path / name).write_bytes(raw)
    asked: list[int] = []

    def pool(processes: int) -> Here:
        asked.append(processes)
        return Here()

    monkeypatch.setattr(blocks, "_pool", pool)
    told = ["log", str(tmp_path), "--key", log.verifier_key, "--processes", "2"]
    assert log_check.main(told[1:]) == 0
    assert asked == []
    monkeypatch.setattr(log_check, "LARGE", 1)
    assert log_check.main(told[1:]) == 0
    assert asked == [2]
