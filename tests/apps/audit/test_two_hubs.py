"""Our log with another hub as its witness: what it is sent, what counts, and the two together.

At the end over the network: a served hub with its cosigner, each a process, and our own log.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from recoup.apps import outgoing
from recoup.apps.audit import foreign_queries, queries
from recoup.apps.audit import operations as audit
from recoup.apps.audit.models import AuditWitnessed
from recoup.apps.audit.witness_operations import tell_witnesses
from recoup.apps.audit.witnesses import HasLater, Hub, Since, WitnessSilent, read
from recoup.cli import log as log_command
from recoup.cli.log_cosigner import Cosigner, open_cosigner
from recoup.core.checkpoints import COSIGNATURE, verifier_key
from recoup.standards import tlog_witness
from recoup.standards.tlog_witness import STATUS, NotTaken, Verdict
from recoup_verify.cli import main as verify
from support import live, roles
from support.log import ORIGIN, Log
from support.roles import as_planner
from support.witnessing import FarLog
from support.world import OFFICER, World

LOG = FarLog()
NAME = "near.invalid/witness"
ADDRESS = "https://near.example/witness"
Answer = Callable[[bytes], tuple[int, bytes]]


@pytest.fixture
def cosigner(tmp_path: Path) -> Cosigner:
    logs = tlog_witness.read_log_keys(LOG.verifier_key)
    return open_cosigner(tmp_path / "keys", NAME, logs)


@pytest.fixture
def bodies(cosigner: Cosigner, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What was sent to the cosigner, which answers as the page before it does."""

    def answer(body: bytes) -> tuple[int, bytes]:
        try:
            return 200, cosigner.cosign(body)
        except NotTaken as refusal:
            is_size = refusal.verdict == Verdict.OTHER_SIZE
            told = f"{refusal.held}\n" if is_size else f"{refusal}\n"
            return STATUS[refusal.verdict], told.encode()

    return answering(monkeypatch, answer)


def answering(monkeypatch: pytest.MonkeyPatch, answer: Answer) -> list[bytes]:
    sent: list[bytes] = []

    def exchange(url: str, body: bytes, **_: Any) -> tuple[int, bytes]:
        assert url == f"{ADDRESS}/add-checkpoint"
        sent.append(body)
        return answer(body)

    monkeypatch.setattr(outgoing, "exchange", exchange)
    return sent


def witness(key: str) -> Hub:
    (found,) = read(f"near=hub:{ADDRESS}/#{key}")
    assert isinstance(found, Hub)
    return found


def give(to: Hub, size: int, before: int, log: FarLog = LOG) -> bytes:
    return to.give(log.note(size), size, Since(before, log.proof))


def test_it_gets_the_proof_from_what_it_has(cosigner: Cosigner, bodies: list[bytes]) -> None:
    hub = witness(cosigner.verifier_key)
    for old, new in ((0, 3), (3, 17), (17, 17), (17, 40)):
        line = give(hub, new, old)
        assert tlog_witness.read_cosignature(line, LOG.text(new), hub.key)[0] == line
    assert bodies == [LOG.body(0, 3), LOG.body(3, 17), LOG.body(17, 17), LOG.body(17, 40)]


@pytest.mark.parametrize("before", [0, 9, 30])
def test_it_is_led_on_from_the_size_that_it_tells(
    cosigner: Cosigner, bodies: list[bytes], before: int
) -> None:
    """Our own record may be older, or of an answer that never came back."""
    cosigner.cosign(LOG.body(0, 17))
    assert give(witness(cosigner.verifier_key), 40, before)
    assert bodies[-1] == LOG.body(17, 40) and len(bodies) == 2


def test_a_restored_hub_is_found(cosigner: Cosigner, bodies: list[bytes]) -> None:
    cosigner.cosign(LOG.body(0, 30))
    with pytest.raises(HasLater, match="has a checkpoint of 30 leaves; this log has 17"):
        give(witness(cosigner.verifier_key), 17, 9)


@pytest.mark.parametrize(("size", "status"), [(17, 409), (30, 422)])
def test_a_rewritten_log_is_found(
    cosigner: Cosigner, bodies: list[bytes], size: int, status: int
) -> None:
    cosigner.cosign(LOG.body(0, 17))
    with pytest.raises(HasLater, match=f"answers {status}: this log does not continue"):
        give(witness(cosigner.verifier_key), size, 17, LOG.forked())


OTHER = Ed25519PrivateKey.generate()


def by_another(text: str, seconds: int) -> bytes:
    public = OTHER.public_key().public_bytes_raw()
    signature = OTHER.sign(tlog_witness.cosigned_message(text, seconds))
    return tlog_witness.cosignature_line(NAME, public, seconds, signature)


ANSWERS: dict[str, tuple[int, bytes]] = {
    "nothing": (200, b""),
    "something else": (200, b"<html>"),
    "not UTF-8": (200, b"\xff\xfe"),
    "another's cosignature": (200, by_another(LOG.text(9), 1)),
}


@pytest.mark.parametrize("why", ANSWERS)
def test_without_a_cosignature_by_its_key_nothing_is_witnessed(
    cosigner: Cosigner, monkeypatch: pytest.MonkeyPatch, why: str
) -> None:
    answering(monkeypatch, lambda _: ANSWERS[why])
    with pytest.raises(WitnessSilent, match="no cosignature of near.invalid/witness"):
        give(witness(cosigner.verifier_key), 9, 0)


def test_a_cosignature_of_another_checkpoint_is_none(
    cosigner: Cosigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    line = cosigner.cosign(LOG.body(0, 9))
    answering(monkeypatch, lambda _: (200, line))
    with pytest.raises(WitnessSilent, match="does not fit the checkpoint"):
        give(witness(cosigner.verifier_key), 17, 9)


def test_a_time_that_has_not_come_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    ahead = by_another(LOG.text(9), int(time.time()) + 3600)
    answering(monkeypatch, lambda _: (200, ahead))
    key = verifier_key(NAME, OTHER.public_key().public_bytes_raw(), COSIGNATURE)
    with pytest.raises(WitnessSilent, match="has not come yet"):
        give(witness(key), 9, 0)


def test_who_tells_sizes_for_ever_is_left(
    cosigner: Cosigner, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes = iter(range(1, 99))
    sent = answering(monkeypatch, lambda _: (409, b"%d\n" % next(sizes)))
    with pytest.raises(WitnessSilent):
        give(witness(cosigner.verifier_key), 40, 0)
    assert len(sent) == 2


def test_a_hub_that_is_away_is_told(cosigner: Cosigner, settings: Any) -> None:
    settings.OUTGOING_PRIVATE = ["127.0.0.1"]
    (hub,) = read(f"near=hub:http://127.0.0.1:9/witness#{cosigner.verifier_key}")
    with pytest.raises(WitnessSilent, match="127.0.0.1"):
        hub.give(LOG.note(9), 9)


def test_a_hub_inside_is_not_called(cosigner: Cosigner, settings: Any) -> None:
    settings.OUTGOING_PRIVATE = []
    (hub,) = read(f"near=hub:http://127.0.0.1:9/witness#{cosigner.verifier_key}")
    with pytest.raises(WitnessSilent, match="no public address"):
        hub.give(LOG.note(9), 9)


# Two hubs, over the network


@pytest.fixture
def our_log(open_world: World, tmp_path: Path) -> Log:
    roles.reset()  # what was enrolled when the country was loaded
    return Log(tmp_path)


@pytest.fixture
def other_hub(our_log: Log, tmp_path: Path, settings: Any) -> Iterator[str]:
    """A served hub that witnesses our log, as the settings of ours name it; gives its address."""
    path = tmp_path / "c" / "socket"
    more = {
        "RECOUP_WITNESS_SOCKET": str(path), "RECOUP_WITNESS_NAME": NAME,
        "RECOUP_WITNESS_KEYS": str(tmp_path / "witness"), "RECOUP_WITNESSED_LOGS": our_log.key,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "recoup", "log-cosigner"], env={**os.environ, **more},
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    key = process.stdout.readline().split()[-1]
    try:
        with live.serve(tmp_path, more=more) as server:
            settings.OUTGOING_PRIVATE = ["localhost"]
            settings.WITNESSES = f"near=hub:{server.url}/witness#{key}"
            settings.WITNESSED_LOGS = our_log.key  # to read here what that hub tells
            yield f"{server.url}/witness/add-checkpoint"
    finally:
        process.terminate()
        process.communicate()


def act(world: World, count: int, hours: int = 0) -> None:
    by = world.actor(OFFICER)
    for number in range(count):
        with world.acting(by) as at:
            at -= timedelta(hours=hours)
            audit.record(what="thing:done", about="thing:1", by=by, at=at, number=number)


def tell(world: World) -> list[str]:
    with as_planner():
        return tell_witnesses(queries.witnesses(), at=world.now())


def test_two_hubs(
    open_world: World, our_log: Log, other_hub: str, tmp_path: Path, settings: Any,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    """It cosigns what continues, which frees what was kept back; a fork it refuses and tells."""
    act(open_world, 7, hours=25)
    assert queries.freshness().is_too_old(open_world.now())
    first = our_log.checkpoint(open_world.now())
    assert first is not None and tell(open_world) == []
    with as_planner():
        assert not queries.freshness().is_too_old(open_world.now())
    act(open_world, 30)
    second = our_log.checkpoint(open_world.now())
    assert second is not None and tell(open_world) == []
    with as_planner():
        (standing,) = queries.standings()
        assert (standing.kind, standing.size, standing.trouble) == ("hub", second.size, "")
        receipt = bytes(AuditWitnessed.objects.get(checkpoint=second).receipt)
        assert receipt.startswith(f"— {NAME} ".encode())
        (witnessed,) = foreign_queries.witnessed_logs()
    assert (witnessed.origin, witnessed.size, witnessed.faults) == (ORIGIN, second.size, [])

    with as_planner():
        assert log_command.export(tmp_path / "export") == 0
    witness_key = settings.WITNESSES.partition("#")[2]
    options = ["log", str(tmp_path / "export"), "--key", our_log.key, "--witness", witness_key]
    assert verify(options) == 0
    assert f"cosigned by {NAME}: {second.size} leaves at 20" in capsys.readouterr().out

    fork = FarLog(60, b"fork", ORIGIN, our_log.signer.key)
    statuses = (200, 409, 422)
    for size, status in ((second.size, 409), (60, 422)):
        told = outgoing.exchange(
            other_hub, fork.body(second.size, size), content_type="text/plain", statuses=statuses
        )
        assert told[0] == status
    with as_planner():
        (witnessed,) = foreign_queries.witnessed_logs()
    assert [one.why for one in witnessed.faults] == ["fork", "unproved"]
    assert witnessed.faults[0].kept.encode() == bytes(second.note)
