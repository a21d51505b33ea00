"""The verifier on made logs: every changed bit is found, and no good log raises an alarm."""

from __future__ import annotations

import base64
import hashlib
import random
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recoup.core.checkpoints import COSIGNATURE, verifier_key
from recoup.standards import tlog_witness
from recoup_verify.findings import CannotCheck
from recoup_verify.lines import Checked
from recoup_verify.note import NotANote
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


# Witnesses that cosigned

WITNESS = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a witness of tests").digest())
NAME = "near.invalid/witness"
NEAR = verifier_key(NAME, WITNESS.public_key().public_bytes_raw(), COSIGNATURE)
AT = 1_790_000_000


def cosigned(note: bytes, *, text: bytes | None = None, at: int = AT) -> bytes:
    """A note with the line that the witness adds; text: what it signed, if something else."""
    said = (note.split(b"\n\n")[0] + b"\n" if text is None else text).decode()
    signature = WITNESS.sign(tlog_witness.cosigned_message(said, AT))
    public = WITNESS.public_key().public_bytes_raw()
    return note + tlog_witness.cosignature_line(NAME, public, at, signature)


def test_the_largest_that_a_witness_cosigned_is_said(log: MadeLog) -> None:
    kept = log.kept.replace(*(base64.b64encode(note) for note in (
        log.notes[20], cosigned(log.notes[20]))))  # fmt: skip
    checked = log.check(kept=kept, witnesses=[NEAR])
    assert (checked.findings, checked.cosigned) == ([], {NAME: (20, AT)})
    checked = log.check(kept=kept, newest=cosigned(log.newest), witnesses=[NEAR])
    assert (checked.findings, checked.cosigned) == ([], {NAME: (40, AT)})


def test_a_witness_that_cosigned_nothing_is_missed(log: MadeLog) -> None:
    (found,) = log.check(witnesses=[NEAR]).findings
    assert (found.rule, found.said) == ("cosignature", f"{NAME} cosigned no checkpoint of this log")


@pytest.mark.parametrize("forged", [{"text": b"another log\n1\nAAAA\n"}, {"at": AT + 1}])
def test_a_cosignature_of_anything_else_is_found(log: MadeLog, forged: dict[str, Any]) -> None:
    newest = cosigned(log.newest, **forged)
    assert log.check(newest=newest).findings == []  # nobody asked about the witness
    assert {found.rule for found in log.check(newest=newest, witnesses=[NEAR]).findings} == {
        "cosignature"
    }


def test_every_flipped_bit_of_a_cosignature_is_found(log: MadeLog) -> None:
    newest = cosigned(log.newest)
    line = len(newest) - len(log.newest)
    for bit in range((len(newest) - line) * 8, len(newest) * 8):
        changed = bytearray(newest)
        changed[bit // 8] ^= 1 << bit % 8
        assert is_found(lambda: log.check(newest=bytes(changed), witnesses=[NEAR])), bit  # noqa: B023


def test_a_log_s_key_is_no_witness_s(log: MadeLog) -> None:
    with pytest.raises(NotANote, match="of the kind 4"):
        log.check(witnesses=[log.verifier_key])
