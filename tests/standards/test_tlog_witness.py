"""What a log submits to a witness and what the witness gives: read to the letter, or refused."""

from __future__ import annotations

import base64

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from recoup.core.checkpoints import COSIGNATURE, verifier_key
from recoup.standards import tlog_witness
from recoup.standards.tlog_witness import BadKey, NotCosigned, NotTaken, Verdict
from support.witnessing import FarLog

LOG = FarLog()
KEYS = tlog_witness.read_log_keys(LOG.verifier_key)
# From tlog-cosignature: the specification's own example.
SPECIMEN = (
    "old 20852014\nPlRNCrwHpqhGrupue0L7gxbjbMiKA9temvuZZDDpkaw=\n"
    "jrJZDmY8Y7SyJE0MWLpLozkIVMSMZcD5kvuKxPC3swk=\n\nexample.com/behind-the-sofa\n20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/"
    "Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— example.com/behind-the-sofa opLqBQsREYCgu6xQkYQwJr9fo45a62DN9EdmHXnZdXNqlcVGlCum2Wks+49/"
    "V6267UEjw6QUXTS5Rovnzv++qbSzm9Q=\n"
)  # fmt: skip


def judged(body: bytes, size: int = 0) -> Verdict:
    """What a witness that holds so many leaves of the log says."""
    try:
        given = tlog_witness.read_submission(body)
        tlog_witness.check_signed(given, KEYS)
        tlog_witness.check_continues(given, size, LOG.roots[size])
    except NotTaken as refusal:
        return refusal.verdict
    return Verdict.COSIGNED


def test_the_specification_s_example_is_read() -> None:
    found = tlog_witness.read_submission(SPECIMEN.encode())
    assert (found.old, len(found.proof), found.checkpoint.size) == (20852014, 2, 20852163)
    assert found.checkpoint.origin == "example.com/behind-the-sofa"
    assert [name for name, _ in found.note.signatures] == [found.checkpoint.origin] * 2
    with pytest.raises(NotTaken) as refused:
        tlog_witness.check_signed(found, KEYS)
    assert refused.value.verdict == Verdict.UNKNOWN


@pytest.mark.parametrize(("old", "new"), [(0, 1), (0, 40), (1, 2), (3, 17), (16, 32), (40, 40)])
def test_what_continues_is_taken(old: int, new: int) -> None:
    assert judged(LOG.body(old, new), old) == Verdict.COSIGNED


REFUSED = {
    "a proof of something else": (LOG.body(3, 17, proof=LOG.proof(4, 17)), 3, Verdict.UNPROVED),
    "no proof": (LOG.body(3, 17, proof=[]), 3, Verdict.UNPROVED),
    "a proof too much": (LOG.body(0, 17, proof=[b"x" * 32]), 0, Verdict.UNPROVED),
    "another old size": (LOG.body(3, 17), 5, Verdict.OTHER_SIZE),
    "nothing held yet": (LOG.body(3, 17), 0, Verdict.OTHER_SIZE),
    "going back": (LOG.body(3, 17), 30, Verdict.OTHER_SIZE),
    "another tree, as large": (LOG.forked().body(17, 17), 17, Verdict.FORK),
    "another tree, with another old size": (LOG.forked().body(0, 17), 17, Verdict.OTHER_SIZE),
    "another tree, larger": (LOG.forked().body(17, 30), 17, Verdict.UNPROVED),
    "another log": (FarLog(origin="else.invalid/log").body(0, 9), 0, Verdict.UNKNOWN),
    "another's key": (FarLog().body(0, 9), 0, Verdict.UNSIGNED),
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
def test_what_does_not_continue_or_is_not_the_log_s_is_refused(why: str) -> None:
    body, held, verdict = REFUSED[why]
    assert judged(body, held) == verdict


GOOD = LOG.body(3, 17)
HEAD, _, NOTE = GOOD.partition(b"\n\n")
MALFORMED = [
    b"", b"\n", b"old 3", b"old 3\n\n", GOOD[:-1], GOOD + b"\n", GOOD + b"more", GOOD[1:],
    GOOD.replace(b"old 3", b"old 03"), GOOD.replace(b"old 3", b"old -3"),
    GOOD.replace(b"old 3", b"old  3"), GOOD.replace(b"old 3", b"old 18"),
    GOOD.replace(b"old 3", b"old " + b"9" * 19), GOOD.replace(b"old 3", "old ٣".encode()),
    GOOD.replace(b"\n", b"\r\n"), GOOD.replace(b"\n17\n", b"\n017\n"),
    GOOD.replace(b"=\n", b"\n", 1), GOOD.replace("—".encode(), b"-"), b"\xff" + GOOD,
    GOOD.replace(b"old 3", b"old 3\x00"), HEAD + b"\n" + b"x" * 44 + b"\n\n" + NOTE,
    HEAD + b"\n" + base64.b64encode(b"x" * 31) + b"\n\n" + NOTE,
    b"old 3\n" + (base64.b64encode(b"x" * 32) + b"\n") * 64 + b"\n" + NOTE,
    HEAD + b"\n\n" + NOTE.replace(b"far.invalid/log\n", b"far invalid\n", 1),
    HEAD + b"\n\n" + NOTE.replace(b"far.invalid/log\n", b"\n", 1),
    HEAD + b"\n\n" + NOTE + NOTE.split(b"\n\n")[1] * 16,
    GOOD + b"x" * 16_000,
]  # fmt: skip


@pytest.mark.parametrize("body", MALFORMED)
def test_what_is_not_written_so_is_malformed(body: bytes) -> None:
    assert judged(body, 3) == Verdict.MALFORMED


@given(st.binary(max_size=200), st.integers(0, len(GOOD)))
def test_no_bytes_break_the_reader(noise: bytes, at: int) -> None:
    for body in (noise, GOOD[:at] + noise + GOOD[at:]):
        assert judged(body, 3) in set(Verdict)


@given(st.integers(0, 8 * len(NOTE) - 1))
def test_no_changed_bit_of_the_note_is_cosigned(bit: int) -> None:
    raw = bytearray(NOTE)
    raw[bit // 8] ^= 1 << bit % 8
    assert judged(HEAD + b"\n\n" + bytes(raw), 3) != Verdict.COSIGNED


def test_lines_of_other_keys_are_left_alone() -> None:
    stranger = "— else.invalid/w " + base64.b64encode(b"1234" + b"x" * 64).decode() + "\n"
    assert judged(GOOD + stranger.encode(), 3) == Verdict.COSIGNED
    assert judged(HEAD + b"\n\n" + NOTE.replace("— ".encode(), (stranger + "— ").encode()), 3) == (
        Verdict.COSIGNED
    )


# Keys and cosignatures

WITNESS = Ed25519PrivateKey.generate()
PUBLIC = WITNESS.public_key().public_bytes_raw()
NAME = "near.invalid/witness"
KEY = tlog_witness.read_cosigner_key(verifier_key(NAME, PUBLIC, COSIGNATURE))


def cosigned(text: str, seconds: int = 1_790_000_000) -> bytes:
    signature = WITNESS.sign(tlog_witness.cosigned_message(text, seconds))
    return tlog_witness.cosignature_line(NAME, PUBLIC, seconds, signature)


def test_a_cosignature_is_found_among_others() -> None:
    line = cosigned(LOG.text(9))
    found = tlog_witness.read_cosignature(b"\xe2\x80\x94 else AAAAAAAA\n" + line, LOG.text(9), KEY)
    assert found == (line, 1_790_000_000)


def test_a_cosignature_is_over_header_time_and_text() -> None:
    """As tlog-cosignature writes it out."""
    assert tlog_witness.cosigned_message("a\n1\nb\n", 7) == b"cosignature/v1\ntime 7\na\n1\nb\n"


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"\n", b"\xff", b"nothing", cosigned(LOG.text(10)), LOG.note(9),
        cosigned(LOG.text(9))[:-20] + b"\n",
        tlog_witness.cosignature_line(NAME, PUBLIC, 8, WITNESS.sign(
            tlog_witness.cosigned_message(LOG.text(9), 7))),
        tlog_witness.cosignature_line(NAME, PUBLIC, 7, WITNESS.sign(LOG.text(9).encode())),
        tlog_witness.cosignature_line("else.invalid/witness", PUBLIC, 7, WITNESS.sign(
            tlog_witness.cosigned_message(LOG.text(9), 7))),
        tlog_witness.cosignature_line(NAME, PUBLIC, 7, FarLog().key.sign(
            tlog_witness.cosigned_message(LOG.text(9), 7))),
    ],
)  # fmt: skip
def test_what_is_no_cosignature_of_that_witness_is_refused(answer: bytes) -> None:
    with pytest.raises(NotCosigned):
        tlog_witness.read_cosignature(answer, LOG.text(9), KEY)


@pytest.mark.parametrize(
    "text",
    ["", "x", "a+b+c", LOG.verifier_key, LOG.verifier_key[:-4], f"x{verifier_key(NAME, PUBLIC)}",
     verifier_key(NAME, PUBLIC, COSIGNATURE).replace("+", "+0", 1)],
    ids=["nothing", "a word", "no id", "a log's", "cut", "another name", "another id"],
)  # fmt: skip
def test_what_is_no_key_of_a_witness_is_refused(text: str) -> None:
    with pytest.raises(BadKey):
        tlog_witness.read_cosigner_key(text)


def test_a_log_may_have_two_keys_while_it_changes_them() -> None:
    other = FarLog()
    found = tlog_witness.read_log_keys(f"{LOG.verifier_key}\n {other.verifier_key}")
    assert {name: len(keys) for name, keys in found.items()} == {LOG.origin: 2}
