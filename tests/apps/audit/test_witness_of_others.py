"""This hub as a witness of another hub's log, over the address where that submits checkpoints."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from recoup.apps.audit import foreign_queries
from recoup.apps.audit.models import AuditLeaf, ForeignCheckpoint, ForeignRefusal
from recoup.cli import key_process, log_cosigner
from recoup.cli.log_cosigner import Cosigner
from recoup.standards import tlog_witness
from support.roles import as_owner, as_planner
from support.witnessing import ORIGIN, FarLog
from support.world import DUTY_OFFICER, World

LOG = FarLog()
NAME = "near.invalid/witness"
PLACE = "/witness/add-checkpoint"


@pytest.fixture
def cosigner(tmp_path: Path, settings: Any) -> Iterator[Cosigner]:
    """The process that holds the key, as a thread, on a socket as it is in a hub."""
    settings.WITNESSED_LOGS = LOG.verifier_key
    settings.WITNESS_SOCKET = str(tmp_path / "socket")
    logs = tlog_witness.read_log_keys(LOG.verifier_key)
    made = log_cosigner.open_cosigner(tmp_path / "keys", NAME, logs)
    serving(made, tmp_path / "socket")
    return made


def serving(cosigner: Cosigner, path: Path) -> None:
    def answer(client: Any) -> bytes:
        return log_cosigner.answer(cosigner, log_cosigner.read_all(client))

    threading.Thread(
        target=key_process.serve, args=(path,), kwargs={"mode": 0o600, "answer": answer},
        daemon=True,
    ).start()  # fmt: skip
    limit = time.monotonic() + 10
    while not path.exists() and time.monotonic() < limit:
        time.sleep(0.01)


def sent(body: bytes) -> Any:
    client = Client(raise_request_exception=False, enforce_csrf_checks=True)
    return client.post(PLACE, body, content_type="text/plain")


def lines(what: str) -> list[dict[str, Any]]:
    with as_planner():
        bodies = [json.loads(bytes(row.body)) for row in AuditLeaf.objects.order_by("recorded_at")]
    return [body for body in bodies if body["what"] == what]


def faults() -> list[str]:
    with as_planner():
        (found,) = foreign_queries.witnessed_logs()
    return [row.why for row in found.faults]


def test_what_continues_is_cosigned_kept_and_told(world: World, cosigner: Cosigner) -> None:
    key = tlog_witness.read_cosigner_key(cosigner.verifier_key)
    for old, new in ((0, 3), (3, 17), (17, 40)):
        answer = sent(LOG.body(old, new))
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain")
        assert tlog_witness.read_cosignature(answer.content, LOG.text(new), key)
    with as_planner():
        rows = list(ForeignCheckpoint.objects.order_by("size"))
    assert [row.size for row in rows] == [3, 17, 40]
    assert bytes(rows[2].note) == LOG.note(40) and bytes(rows[2].root) == LOG.roots[40]
    told = lines("witness:cosigned")
    assert [line["facts"]["size"] for line in told] == [3, 17, 40]
    assert told[0]["facts"]["log"] == ORIGIN and told[0]["purpose"] == "accountability"
    assert told[0]["facts"]["root"] == LOG.roots[3].hex()


def test_the_same_again_is_cosigned_again_and_told_once(world: World, cosigner: Cosigner) -> None:
    assert [sent(LOG.body(0, 9)).status_code, sent(LOG.body(9, 9)).status_code] == [200, 200]
    assert len(lines("witness:cosigned")) == 1 and faults() == []


def test_another_old_size_is_answered_with_the_one_it_has(world: World, cosigner: Cosigner) -> None:
    first = sent(LOG.body(5, 17))
    assert (first.status_code, first.content) == (409, b"0\n")
    sent(LOG.body(0, 9))
    answer = sent(LOG.body(0, 17))
    assert (answer.status_code, answer.content) == (409, b"9\n")
    assert answer["Content-Type"] == "text/x.tlog.size"
    assert lines("witness:refused") == [] and faults() == []


REFUSED = {
    "no proof": (LOG.body(9, 17, proof=[]), 422, "unproved"),
    "another tree that goes on": (LOG.forked().body(9, 17), 422, "unproved"),
    "another tree of that size": (LOG.forked().body(9, 9), 409, "fork"),
    "another tree, from nothing": (LOG.forked().body(0, 9), 409, "fork"),
    "another tree of an older size": (LOG.forked().body(0, 3), 409, "fork"),
    "an older one that was never here": (LOG.body(0, 5), 409, "went_back"),
}  # fmt: skip


@pytest.mark.parametrize("why", REFUSED)
def test_a_split_view_or_a_rollback_is_refused_and_told(
    world: World, cosigner: Cosigner, why: str
) -> None:
    body, status, fault = REFUSED[why]
    sent(LOG.body(0, 3))
    sent(LOG.body(3, 9))
    for _ in range(3):
        assert sent(body).status_code == status
    assert cosigner.held[ORIGIN] == (9, LOG.roots[9])
    (line,) = lines("witness:refused")
    assert (line["facts"]["why"], line["facts"]["log"]) == (fault, ORIGIN)
    assert faults() == [fault]
    with as_planner():
        assert bytes(ForeignRefusal.objects.get().note) in body  # the proof that it was signed
    shown = page(world)
    assert ORIGIN in shown and "9 lines since" in shown


def page(world: World) -> str:
    client = Client()
    client.cookies["sessionid"] = world.session_of(DUTY_OFFICER)
    return client.get("/log").content.decode()


def test_a_fork_stays_told_and_the_rest_ends_with_the_next_checkpoint(
    world: World, cosigner: Cosigner
) -> None:
    sent(LOG.body(0, 9))
    sent(LOG.body(9, 17, proof=[]))
    sent(LOG.forked().body(9, 9))
    assert faults() == ["fork", "unproved"]
    assert "two different logs" in page(world)
    sent(LOG.body(9, 17))
    assert faults() == ["fork"]
    sent(LOG.forked().body(17, 30))  # the same fault once more, on the same day, with more held
    assert faults() == ["fork", "unproved"]


def test_an_old_one_that_was_cosigned_is_no_fault(world: World, cosigner: Cosigner) -> None:
    """Anybody can send it once more."""
    sent(LOG.body(0, 3))
    sent(LOG.body(3, 9))
    assert sent(LOG.body(0, 3)).status_code == 409
    assert faults() == [] and lines("witness:refused") == []


STRANGE = {
    "nothing": (b"", 400, "malformed"),
    "a form": (b"old=3&note=x", 400, "malformed"),
    "a log that is not known": (FarLog(origin="else.invalid/log").body(0, 9), 404, "unknown"),
    "somebody else's key": (FarLog().body(0, 9), 403, "unsigned"),
}


@pytest.mark.parametrize("why", STRANGE)
def test_what_no_known_log_signed_never_reaches_the_key(
    world: World, settings: Any, why: str
) -> None:
    settings.WITNESSED_LOGS = LOG.verifier_key  # and no process that could answer
    body, status, told = STRANGE[why]
    for _ in range(3):
        answer = sent(body)
        assert answer.status_code == status and answer["Content-Type"].startswith("text/plain")
    (line,) = lines("witness:refused")
    assert line["facts"]["why"] == told
    assert "else.invalid" not in json.dumps(line)  # words of strangers stand nowhere
    with as_planner():
        assert bytes(ForeignRefusal.objects.get().note) == b""


def test_a_huge_body_is_refused_by_its_length(world: World, cosigner: Cosigner) -> None:
    assert sent(b"x" * 16_001).status_code == 413
    assert lines("witness:refused") == []


def test_without_its_cosigner_it_says_so_and_keeps_nothing(
    world: World, settings: Any, tmp_path: Path
) -> None:
    settings.WITNESSED_LOGS = LOG.verifier_key
    settings.WITNESS_SOCKET = str(tmp_path / "nowhere")
    answer = sent(LOG.body(0, 9))
    assert answer.status_code == 503 and answer["Retry-After"]
    with as_planner():
        assert ForeignCheckpoint.objects.count() == 0


def test_a_hub_that_witnesses_nobody_knows_no_log(world: World) -> None:
    assert sent(LOG.body(0, 9)).status_code == 404


def test_two_at_once_never_go_back(world: World, cosigner: Cosigner) -> None:
    """As the specification warns: both proofs are good, one of them comes too late."""
    sent(LOG.body(0, 9))
    assert sent(LOG.body(9, 30)).status_code == 200
    late = sent(LOG.body(9, 17))
    assert (late.status_code, late.content) == (409, b"30\n")
    assert cosigner.held[ORIGIN][0] == 30


@pytest.mark.parametrize("table", ["audit_foreigncheckpoint", "audit_foreignrefusal"])
def test_what_was_told_is_never_changed(world: World, cosigner: Cosigner, table: str) -> None:
    sent(LOG.body(0, 9))
    sent(LOG.forked().body(9, 9))
    for sql in (f"update {table} set size = 1", f"delete from {table}"):
        for role in (as_planner, as_owner):
            with pytest.raises(Exception, match="never changed|permission denied"):
                with role(), transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(sql)
