"""The process that holds this hub's key as a witness: what it cosigns, and what it never does."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from recoup.cli import log, log_cosigner, up
from recoup.cli.key_process import CannotSign
from recoup.cli.log_cosigner import Cosigner, open_cosigner
from recoup.standards import tlog_witness
from recoup.standards.tlog_witness import NotTaken, Verdict
from support.witnessing import ORIGIN, FarLog

LOG = FarLog()
NAME = "near.invalid/witness"
AT = 1_790_000_000


def opened(folder: Path, log: FarLog = LOG) -> Cosigner:
    logs = tlog_witness.read_log_keys(log.verifier_key)
    found = open_cosigner(folder / "keys", NAME, logs)
    found.clock = lambda: AT + 0.9
    return found


def refused(cosigner: Cosigner, body: bytes) -> NotTaken:
    with pytest.raises(NotTaken) as caught:
        cosigner.cosign(body)
    return caught.value


def test_it_cosigns_what_continues_and_remembers_it(tmp_path: Path) -> None:
    cosigner = opened(tmp_path)
    key = tlog_witness.read_cosigner_key(cosigner.verifier_key)
    for old, new in ((0, 3), (3, 17), (17, 17), (17, 40)):
        line = cosigner.cosign(LOG.body(old, new))
        assert tlog_witness.read_cosignature(line, LOG.text(new), key) == (line, AT)
    again = opened(tmp_path)
    assert again.held == {ORIGIN: (40, LOG.roots[40])}
    assert again.public == cosigner.public


@pytest.mark.parametrize(
    ("body", "verdict"),
    [
        (LOG.body(0, 9), Verdict.OTHER_SIZE),
        (LOG.body(9, 17), Verdict.OTHER_SIZE),
        (LOG.body(17, 30, proof=LOG.proof(16, 30)), Verdict.UNPROVED),
        (LOG.forked().body(17, 30), Verdict.UNPROVED),
        (LOG.forked().body(17, 17), Verdict.FORK),
        (FarLog().body(17, 30), Verdict.UNSIGNED),
        (FarLog(origin="else.invalid/log").body(0, 9), Verdict.UNKNOWN),
        (b"nothing", Verdict.MALFORMED),
        (b"x" * 100_000, Verdict.MALFORMED),
    ],
)
def test_it_refuses_and_holds_what_it_held(tmp_path: Path, body: bytes, verdict: Verdict) -> None:
    cosigner = opened(tmp_path)
    cosigner.cosign(LOG.body(0, 17))
    assert refused(cosigner, body).verdict == verdict
    assert cosigner.held == opened(tmp_path).held == {ORIGIN: (17, LOG.roots[17])}


def test_each_log_is_held_for_itself(tmp_path: Path) -> None:
    other = FarLog(origin="else.invalid/log")
    logs = tlog_witness.read_log_keys(f"{LOG.verifier_key} {other.verifier_key}")
    cosigner = open_cosigner(tmp_path / "keys", NAME, logs)
    cosigner.cosign(LOG.body(0, 9))
    cosigner.cosign(other.body(0, 30))
    assert {name: size for name, (size, _) in cosigner.held.items()} == {
        LOG.origin: 9, other.origin: 30,
    }  # fmt: skip


def test_its_key_is_its_own_alone(tmp_path: Path) -> None:
    opened(tmp_path)
    key = tmp_path / "keys" / "witness.key"
    assert key.stat().st_mode & 0o777 == 0o400
    assert key.parent.stat().st_mode & 0o777 == 0o700
    key.chmod(0o440)
    with pytest.raises(CannotSign, match="Others may read"):
        opened(tmp_path)


@pytest.mark.parametrize(("file", "said"), [("held", "nobody knows"), ("witness.key", "bring it")])
def test_without_its_memory_or_key_it_does_not_start(tmp_path: Path, file: str, said: str) -> None:
    opened(tmp_path)
    (tmp_path / "keys" / file).unlink()
    with pytest.raises(CannotSign, match=said):
        opened(tmp_path)


def test_a_memory_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    opened(tmp_path)
    (tmp_path / "keys" / "held").write_text("17\n")
    with pytest.raises(CannotSign, match="must hold"):
        opened(tmp_path)


def test_its_public_key_is_printed_for_those_whom_it_witnesses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RECOUP_WITNESS_KEYS", str(tmp_path / "keys"))
    monkeypatch.setenv("RECOUP_WITNESS_NAME", NAME)
    assert log.main(["witness-key"]) == 2
    assert "cannot be read" in capsys.readouterr().err
    cosigner = opened(tmp_path)
    assert log.main(["witness-key"]) == 0
    assert capsys.readouterr().out == f"{cosigner.verifier_key}\n"


def test_a_hub_that_shall_witness_what_is_no_log_does_not_start(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("RECOUP_WITNESSED_LOGS", "far.invalid/log+x+y")
    with pytest.raises(up.CannotStart, match="RECOUP_WITNESSED_LOGS: 'far"):
        up.check_witnessed_logs()


# As a process


@pytest.fixture
def path(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "s" / "socket"
    environment = {
        **os.environ, "RECOUP_WITNESS_SOCKET": str(path), "RECOUP_WITNESS_NAME": NAME,
        "RECOUP_WITNESS_KEYS": str(tmp_path / "keys"), "RECOUP_WITNESSED_LOGS": LOG.verifier_key,
    }  # fmt: skip
    started = subprocess.Popen(
        [sys.executable, "-m", "recoup", "log-cosigner"], env=environment, stdout=subprocess.PIPE
    )
    limit = time.monotonic() + 60
    while not path.exists() and time.monotonic() < limit:
        time.sleep(0.05)
    try:
        yield path
    finally:
        started.terminate()
        started.communicate()


def asked(path: Path, body: bytes) -> bytes:
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(20)
        client.connect(str(path))
        client.sendall(body)
        client.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: client.recv(65_536), b""))


def test_over_the_socket_it_cosigns_and_refuses(path: Path) -> None:
    time.sleep(0.2)
    first, _, line = asked(path, LOG.body(0, 17)).partition(b"\n")
    assert first == b"cosigned 0" and line.startswith("— near.invalid/witness ".encode())
    assert asked(path, LOG.body(3, 30)).startswith(b"other_size 17\n")
    assert asked(path, b"").startswith(b"malformed 0\n")
    assert path.stat().st_mode & 0o777 == 0o660


def test_what_is_no_key_of_a_log_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RECOUP_WITNESSED_LOGS", "nothing")
    assert log_cosigner.main([]) == 1
    assert "is no verifier key" in capsys.readouterr().err
    assert log_cosigner.main(["--help"]) == 2
