"""The verifier on made logs: every changed bit is found, and no good log raises an alarm."""

from __future__ import annotations

import random

import pytest

from recoup_verify.findings import CannotCheck
from recoup_verify.log import Checked
from support.made_log import MadeLog, made

FLIPS = 10_000
GOOD_LOGS = 10_000


def is_found(check: object) -> bool:
    try:
        checked = check()  # type: ignore[operator]
    except CannotCheck:
        return True
    assert isinstance(checked, Checked)
    return bool(checked.findings)


def flipped(raw: bytes, random_: random.Random) -> bytes:
    changed = bytearray(raw)
    bit = random_.randrange(len(raw) * 8)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_ten_thousand_flipped_bits_are_all_found() -> None:
    """Anywhere in the log, as a verifier sees it who holds only yesterday's checkpoint."""
    log = made(16, 1, signed_at=(9,))
    held, random_ = log.notes[9], random.Random(2)
    good = log.log
    unseen = [
        number for number in range(FLIPS)
        if not is_found(lambda: log.check(flipped(good, random_), held=held))
    ]  # fmt: skip
    assert unseen == []


def test_a_flipped_bit_in_any_checkpoint_is_found() -> None:
    log, random_ = made(16, 3, signed_at=(7, 12)), random.Random(4)
    kept, newest = log.kept, log.newest
    for _ in range(500):
        assert is_found(lambda: log.check(kept=flipped(kept, random_)))
        assert is_found(lambda: log.check(newest=flipped(newest, random_)))
        assert is_found(lambda: log.check(held=flipped(log.notes[7], random_)))


def test_ten_thousand_good_logs_raise_no_alarm() -> None:
    random_ = random.Random(5)
    for seed in range(GOOD_LOGS):
        size = random_.randrange(10)
        log = made(size, seed, signed_at=(random_.randrange(size + 1),))
        checked = log.check(held=log.notes[min(log.notes)])
        assert checked.findings == [], (seed, size, checked.findings)
        assert (checked.size, checked.root) == (size, log.tree.root())


def test_the_position_of_a_changed_body_is_named() -> None:
    log = made(40, 6, signed_at=(20,))
    for place in (1, 17, 40):
        lines = list(log.lines)
        lines[place - 1] = lines[place - 1].replace(b'"role":"officer"', b'"role":"officeR"')
        checked = log.check(b"recoup-log 1\n" + b"".join(lines), held=log.notes[20])
        assert checked.first_position == place


@pytest.fixture(scope="module")
def log() -> MadeLog:
    return made(40, 7, signed_at=(20, 30))


def test_a_log_that_was_cut_names_the_first_place_that_is_missing(log: MadeLog) -> None:
    checked = log.check(b"recoup-log 1\n" + b"".join(log.lines[:25]), held=log.notes[30])
    assert (checked.first_position, checked.findings[0].rule) == (26, "cut")


def test_another_key_is_found(log: MadeLog) -> None:
    other = made(40, 7)
    assert other.check(held=other.notes[40]).findings == []
    signed_by_other = log.newest.replace(b"made.invalid/log", b"else.invalid/log")
    (found,) = log.check(newest=signed_by_other).findings
    assert found.rule == "signature"


def test_a_leaf_without_a_place_is_told(log: MadeLog) -> None:
    line = b"0\t-\t" + log.lines[3].split(b"\t", 2)[2]
    (found,) = log.check(log.log + line).findings
    assert (found.rule, found.position) == ("no place", 41)


def test_what_is_no_log_is_not_checked(log: MadeLog) -> None:
    with pytest.raises(CannotCheck, match="does not begin"):
        log.check(b"something else\n")
