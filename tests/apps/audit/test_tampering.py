"""L1 to L11: what a database superuser may try, and that an outsider finds it.

The verifier holds yesterday's checkpoint and the public key, and has the export of the day after.
L10 (a business row without a leaf) is found within the hub: ``test_row_leaves.py``.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.db import connection, transaction

from recoup.apps.audit import operations as audit
from recoup.apps.audit.models import AuditCheckpoint
from recoup.core import merkle
from recoup.core.checkpoints import NotSigned
from recoup_verify.lines import Checked
from recoup_verify.log import check_export
from recoup_verify.note import read_key
from support import roles
from support.log import Log
from support.roles import as_owner, as_planner
from support.world import OFFICER, World

pytestmark = pytest.mark.breaks_invariants
TABLES = ("audit_auditleaf", "audit_auditsequence", "audit_auditcheckpoint", "audit_auditunplaced")


@pytest.fixture
def log(open_world: World, tmp_path: Path) -> Log:
    """Forty leaves in four streams; yesterday's checkpoint has thirty."""
    roles.reset()
    made = Log(tmp_path)
    act(open_world, 30)
    note = made.checkpoint(open_world.now())
    assert note is not None and note.size == 30
    (tmp_path / "yesterday").write_bytes(bytes(note.note))
    act(open_world, 10)
    made.checkpoint(open_world.now())
    return made


def act(world: World, count: int) -> None:
    by = world.actor(OFFICER)
    for number in range(count):
        with world.acting(by) as at:
            audit.record(what="thing:done", about=f"thing:{number % 4}", by=by, at=at, n=number)


def tamper(*statements: str) -> list[tuple[Any, ...]]:
    """Run statements as whoever is bound by neither triggers nor policies."""
    off = [f"alter table {t} disable trigger user, disable row level security" for t in TABLES]
    on = [f"alter table {t} enable trigger user, enable row level security" for t in TABLES]
    with as_owner(), transaction.atomic(), connection.cursor() as cursor:
        rows: list[tuple[Any, ...]] = []
        for statement in (*off, *statements, *on):
            cursor.execute(statement)
            rows = cursor.fetchall() if statement.startswith("select") else rows
        return rows


def checked(log: Log, *, files: Path | None = None, key: str = "") -> Checked:
    folder = log.folder / "export"
    shutil.rmtree(folder, ignore_errors=True)
    held = [("yesterday", (log.folder / "yesterday").read_bytes())]
    return check_export(log.export(), key=read_key(key or log.key), held=held, files=files)


AT = "(select leaf_id from audit_auditsequence where seq = {})"


def body_set(place: int, old: str, new: str) -> str:
    return (
        "update audit_auditleaf set body = convert_to(replace(convert_from(body, 'utf8'), "
        f"'{old}', '{new}'), 'utf8') where id = {AT.format(place)}"
    )


def test_untouched_it_is_all_well(log: Log) -> None:
    found = checked(log)
    assert (found.findings, found.size) == ([], 40)


def change_a_byte() -> int:
    tamper(body_set(17, '"n":16', '"n":18'))
    return 17


def change_the_time_beside_the_body() -> int:
    tamper(
        "update audit_auditleaf set recorded_at = recorded_at - interval '1 second' "
        f"where id = {AT.format(5)}"
    )
    return 5


def change_the_actor_beside_the_body() -> int:
    tamper(f"update audit_auditleaf set organisation_id = 999 where id = {AT.format(23)}")
    return 23


def change_the_actor_in_the_body() -> int:
    tamper(
        body_set(9, "officer", "judge"),
        "update audit_auditleaf set leaf_hash = sha256('\\x00'::bytea || body) "
        f"where id = {AT.format(9)}",
    )
    return 9


def delete_a_leaf() -> int:
    tamper(f"delete from audit_auditleaf where id = {AT.format(12)}")
    return 12


def delete_a_leaf_with_its_place() -> int:
    tamper(
        f"delete from audit_auditleaf where id = {AT.format(12)}",
        "delete from audit_auditsequence where seq = 12",
    )
    return 12


def delete_the_tail() -> int:
    tamper(
        "delete from audit_auditleaf where id in "
        "(select leaf_id from audit_auditsequence where seq > 26)",
        "delete from audit_auditsequence where seq > 26",
        "delete from audit_auditcheckpoint where size > 30",
    )
    return 27


def insert_between() -> int:
    """A leaf in the middle: all places behind it move on by one."""
    tamper(
        "update audit_auditsequence set seq = seq + 1000 where seq >= 8",
        "insert into audit_auditleaf select '00000000-0000-4000-8000-000000000001', "
        "organisation_id, 'thing:9', 1, prev_stream_hash, body, leaf_hash, recorded_at "
        f"from audit_auditleaf where id = {AT.format(1)}",
        "insert into audit_auditsequence select 8, '00000000-0000-4000-8000-000000000001', hashes "
        "from audit_auditsequence where seq = 1008",
        "update audit_auditsequence set seq = seq - 999 where seq > 1000",
    )
    return 8


def swap_two() -> int:
    tamper(
        "update audit_auditsequence set leaf_id = gen_random_uuid() where false",
        "create temporary table swapped as select seq, leaf_id from audit_auditsequence "
        "where seq in (11, 14)",
        "update audit_auditsequence set leaf_id = gen_random_uuid() where seq in (11, 14)",
        "update audit_auditsequence q set leaf_id = s.leaf_id from swapped s "
        "where q.seq = 25 - s.seq",
        "drop table swapped",
    )
    return 11


@pytest.mark.parametrize(
    "by",
    [
        pytest.param(change_a_byte, id="L1"),
        pytest.param(change_the_time_beside_the_body, id="L2-time"),
        pytest.param(change_the_actor_beside_the_body, id="L2-organisation"),
        pytest.param(change_the_actor_in_the_body, id="L2-actor"),
        pytest.param(delete_a_leaf, id="L3"),
        pytest.param(delete_a_leaf_with_its_place, id="L3-place"),
        pytest.param(delete_the_tail, id="L4"),
        pytest.param(insert_between, id="L5"),
        pytest.param(swap_two, id="L6"),
    ],
)
def test_it_is_found_and_its_position_named(log: Log, by: Callable[[], int]) -> None:
    place = by()
    found = checked(log)
    assert found.findings
    assert found.first_position == place, found.findings


def rewrite(log: Log, *, change: int) -> merkle.Growing:
    """Rewrite every leaf with new hashes, chains and tree, as a careful forger would."""
    rows = tamper(
        "select s.seq, l.id, l.stream, l.body from audit_auditsequence s "
        "join audit_auditleaf l on l.id = s.leaf_id order by s.seq"
    )
    heads: dict[str, bytes] = {}
    tree, statements = merkle.Growing(), []
    for seq, leaf_id, stream, body in rows:
        told = json.loads(bytes(body))
        told["prev"] = heads.get(stream, b"\0" * 32).hex()
        if seq == change:
            told["facts"]["n"] = 777
        raw = json.dumps(told, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        leaf = merkle.leaf_hash(raw)
        hashes = tree.add(leaf)
        statements += [
            f"update audit_auditleaf set body = '\\x{raw.hex()}', leaf_hash = '\\x{leaf.hex()}', "
            f"prev_stream_hash = '\\x{told['prev']}' where id = '{leaf_id}'",
            f"update audit_auditsequence set hashes = '\\x{hashes.hex()}' where seq = {seq}",
        ]
        heads[stream] = leaf
    tamper(*statements)
    return tree


def test_l7_a_whole_rewritten_log_is_found(log: Log) -> None:
    """Every hash is right again; the root that somebody else kept is not."""
    rewrite(log, change=17)
    found = checked(log)
    assert {one.rule for one in found.findings} == {"root"}
    assert found.first_position == 1


def test_l7_the_signer_does_not_sign_a_rewritten_log(log: Log, open_world: World) -> None:
    rewrite(log, change=17)
    act(open_world, 1)
    log.order.tree = merkle.Growing()
    with pytest.raises(NotSigned, match="does not continue"):
        log.checkpoint(open_world.now())


def test_l8_a_restored_copy_that_goes_on_is_found(log: Log, open_world: World) -> None:
    tamper(
        "delete from audit_auditleaf where id in "
        "(select leaf_id from audit_auditsequence where seq > 20)",
        "delete from audit_auditsequence where seq > 20",
        "delete from audit_auditcheckpoint",
    )
    act(open_world, 30)
    log.order.tree = merkle.Growing()
    log.place()
    with pytest.raises(NotSigned, match="does not continue"), as_planner():
        log.checkpoint(open_world.now())
    # A forger who has the key all the same, and signs the fork:
    log.signer.size = 0
    log.signer.root = merkle.EMPTY
    log.checkpoint(open_world.now())
    found = checked(log)
    assert [one.rule for one in found.findings] == ["root"]
    assert "yesterday" in found.findings[0].said


def test_l9_another_key_over_everything_is_found(log: Log, open_world: World) -> None:
    right = log.key
    shutil.rmtree(log.folder / "signer")
    tamper("delete from audit_auditcheckpoint")
    other = Log(log.folder)
    other.checkpoint(open_world.now())
    assert other.key != right
    found = checked(other, key=right)
    assert {one.rule for one in found.findings} == {"signature"}


def test_l11_a_changed_file_is_found(open_world: World, tmp_path: Path) -> None:
    roles.reset()
    log, content = Log(tmp_path), b"an order, as it was sent"
    by = open_world.actor(OFFICER)
    with open_world.acting(by) as at:
        audit.record(
            what="file:added", about="request:1", by=by, at=at, file="f1",
            sha256=hashlib.sha256(content).hexdigest(),
        )  # fmt: skip
    note = log.checkpoint(open_world.now())
    assert note is not None
    (tmp_path / "yesterday").write_bytes(bytes(note.note))
    files = tmp_path / "files"
    files.mkdir()
    (files / "f1").write_bytes(content)
    assert checked(log, files=files).findings == []
    (files / "f1").write_bytes(content.replace(b"sent", b"seen"))
    (found,) = checked(log, files=files).findings
    assert (found.rule, found.position) == ("file", 1)
    (files / "f1").unlink()
    assert "missing" in checked(log, files=files).findings[0].said


def test_checkpoints_that_vanish_or_are_bent_are_found(log: Log) -> None:
    other = "65 + (get_byte(note, 30) = 65)::int"  # A, or B where it is A
    tamper(f"update audit_auditcheckpoint set note = set_byte(note, 30, {other}) where size = 40")
    assert {one.rule for one in checked(log).findings} == {"signature"}
    assert AuditCheckpoint is not None
