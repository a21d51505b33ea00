"""Every leaf gets one place in one order; the tree over it is signed and is checked outside."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.db import connection, transaction

from recoup.apps.audit import operations as audit
from recoup.apps.audit import sequence_operations
from recoup.apps.audit.models import AuditLeaf, AuditSequence, AuditUnplaced
from recoup.core import merkle
from recoup.core.checkpoints import NotSigned
from recoup_verify.cli import main as verify
from support import roles
from support.log import Log
from support.roles import as_planner
from support.world import OFFICER, World


@pytest.fixture
def log(open_world: World, tmp_path: Path) -> Log:
    roles.reset()  # what was enrolled when the country was loaded
    return Log(tmp_path)


def act(world: World, count: int = 1, stream: str = "thing:1") -> None:
    by = world.actor(OFFICER)
    for number in range(count):
        with world.acting(by) as at:
            audit.record(what="thing:done", about=stream, by=by, at=at, number=number)


def places() -> list[int]:
    with as_planner():
        return list(AuditSequence.objects.order_by("seq").values_list("seq", flat=True))


def test_leaves_get_places_from_one_on_without_a_gap(open_world: World, log: Log) -> None:
    act(open_world, 3)
    assert log.place() == 3
    act(open_world, 2, "thing:2")
    assert log.place() == 2
    assert places() == [1, 2, 3, 4, 5]
    assert log.place() == 0


def test_what_was_undone_leaves_no_gap(open_world: World, log: Log) -> None:
    act(open_world)
    by = open_world.actor(OFFICER)
    with pytest.raises(ZeroDivisionError), open_world.acting(by) as at:
        audit.record(what="thing:done", about="thing:3", by=by, at=at)
        raise ZeroDivisionError
    act(open_world)
    log.place()
    assert places() == [1, 2]


def test_every_leaf_has_its_place_and_none_waits(open_world: World, log: Log) -> None:
    act(open_world, 4)
    log.place()
    with as_planner():
        assert AuditUnplaced.objects.count() == 0
        assert AuditLeaf.objects.count() == AuditSequence.objects.count() == 4


@pytest.mark.breaks_invariants
def test_a_leaf_is_placed_whoever_writes_it(open_world: World, log: Log) -> None:
    """Also by a statement that knows nothing of places: the trigger sees to it."""
    act(open_world)
    open_world.run(
        "alter table audit_auditleaf disable row level security; "
        "insert into audit_auditleaf select gen_random_uuid(), organisation_id, 'x:1', 1, "
        "prev_stream_hash, body, leaf_hash, recorded_at from audit_auditleaf; "
        "alter table audit_auditleaf enable row level security"
    )
    assert log.place() == 2


def test_the_tree_is_taken_up_by_another_process(open_world: World, log: Log) -> None:
    act(open_world, 5)
    log.place()
    log.order = sequence_operations.Order()
    act(open_world, 6)
    log.place()
    with as_planner():
        leaves = [
            bytes(row) for row in AuditSequence.objects.order_by("seq").values_list(
                "leaf__leaf_hash", flat=True)
        ]  # fmt: skip
        kept = sequence_operations.tree_of(11)
    again = merkle.Growing()
    for leaf in leaves:
        again.add(leaf)
    assert kept.root() == again.root()


def test_a_place_once_given_cannot_be_taken_back(open_world: World, log: Log) -> None:
    act(open_world)
    log.place()
    for sql in ("update audit_auditsequence set seq = 9", "delete from audit_auditsequence"):
        with pytest.raises(Exception, match="never changed|permission denied"):
            with as_planner(), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(sql)


def test_the_pages_can_place_nothing(open_world: World) -> None:
    act(open_world)
    with pytest.raises(Exception, match="permission denied"):
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("insert into audit_auditsequence values (1, gen_random_uuid(), '')")


def test_a_signed_checkpoint_is_checked_outside(
    open_world: World, log: Log, capsys: pytest.CaptureFixture[str]
) -> None:
    act(open_world, 7)
    first = log.checkpoint(open_world.now())
    assert first is not None and first.size == 7
    kept = log.folder / "mine.note"
    kept.write_bytes(bytes(first.note))
    act(open_world, 300)
    log.checkpoint(open_world.now())
    arguments = ["log", str(log.export()), "--key", log.key, "--checkpoint", str(kept)]
    assert verify(arguments) == 0, capsys.readouterr().out
    assert "all well: 307 leaves" in capsys.readouterr().out


def test_without_anything_new_there_is_no_new_checkpoint(open_world: World, log: Log) -> None:
    act(open_world)
    assert log.checkpoint(open_world.now()) is not None
    assert log.checkpoint(open_world.now()) is None


def test_the_signer_refuses_a_log_that_is_shorter_or_other(open_world: World, log: Log) -> None:
    act(open_world, 9)
    log.checkpoint(open_world.now())
    signer = log.signer
    for size, root in ((8, b"\1" * 32), (9, b"\1" * 32), (10, b"\1" * 32)):
        with pytest.raises(NotSigned, match="does not continue|differ"):
            log.sign(sequence_operations_wanted(size, root))
    assert signer.size == 9


def sequence_operations_wanted(size: int, root: bytes):  # type: ignore[no-untyped-def]
    from recoup.core.checkpoints import Wanted

    return Wanted(size, root, [b"\2" * 32])
