"""What comes in goes out unchanged or not at all; what was stored says nothing without its key."""

from __future__ import annotations

import hashlib
import io
import json
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from recoup.apps.evidence import keys, queries, sealing, store, upload_operations
from recoup.apps.evidence.models import STATES, CustodyEvent, EvidenceFile, FilePiece
from recoup.apps.evidence.reading import opened
from recoup.apps.evidence.refusals import EvidenceRefused
from recoup.core.custody import MOVES, CustodyState
from support.evidence import MIB, Vault, content_of
from support.roles import as_owner
from support.world import World


def stored(folders: Path) -> list[Path]:
    return sorted(path for path in (folders / "pieces").rglob("*") if path.is_file())


def lines(world: World, file: EvidenceFile) -> list[dict[str, Any]]:
    with as_owner():
        rows = world.run(
            "select body from audit_auditleaf where stream = %s order by stream_seq",
            f"evidence:{file.pk}",
        )
    return [json.loads(bytes(body)) for (body,) in rows]


def refusals(world: World) -> list[str]:
    with as_owner():
        rows = world.run("select body from audit_auditleaf where stream like 'refused:%%'")
    return [json.loads(bytes(body))["facts"]["code"] for (body,) in rows]


SIZES = [1, MIB - 1, MIB, MIB + 1, 4 * MIB, 4 * MIB + 1, 9 * MIB + 7]


@pytest.mark.parametrize("size", SIZES)
def test_what_was_sent_is_read_again_byte_for_byte(vault: Vault, size: int) -> None:
    content = content_of(size)
    file = vault.keep(content)
    assert bytes(file.digest or b"") == hashlib.sha256(content).digest()
    assert vault.read(file.pk) == content


def test_the_path_of_a_file_is_told_line_by_line(vault: Vault, world: World) -> None:
    file = vault.keep(content_of(5 * MIB))
    vault.read(file.pk, why="For the order of the court")
    told = lines(world, file)
    assert [line["what"] for line in told] == [
        "evidence:begun", "evidence:receive", "evidence:read",
    ]  # fmt: skip
    digest = hashlib.sha256(content_of(5 * MIB)).hexdigest()
    assert told[1]["facts"]["digest"] == told[2]["facts"]["digest"] == digest
    assert set(told[1]["committed"]) == {"why", "given_by", "place"}
    assert set(told[2]["committed"]) == {"why"}
    assert "Vera" not in json.dumps(told)


def test_the_storage_and_the_database_hold_neither_bytes_nor_keys(
    vault: Vault, world: World, folders: Path
) -> None:
    canary = b"CANARY-IN-EVIDENCE-9f31"
    file = vault.keep(canary * 100_000)
    key = queries.keyring().unwrap(
        keys.Wrapped(file.kek, bytes(file.wrapped_key or b"")), file_id=file.pk
    )
    kek = (folders / "keys" / "kek-000001.key").read_bytes()
    for path in stored(folders):
        held = path.read_bytes()
        assert canary not in held and key not in held and kek not in held
    with as_owner():
        for table in ("evidencefile", "filepiece", "custodyevent"):
            text = str(world.run(f"select t::text from evidence_{table} t"))
            assert canary.decode() not in text
            assert key.hex() not in text and kek.hex() not in text


def test_an_upload_goes_on_where_it_stopped(vault: Vault) -> None:
    content = content_of(11 * MIB)
    file = vault.begin(len(content))
    parts = vault.pieces(file, content)
    vault.piece(file, 0, parts[0])
    upload_operations._digests.clear()  # another process goes on
    with vault.world.acting(vault.by):
        assert upload_operations.missing_pieces(file) == [1, 2]
    vault.piece(file, 2, parts[2])
    vault.piece(file, 1, parts[1])
    vault.piece(file, 0, parts[0])  # sent again, as one who heard no answer does
    assert bytes(vault.finish(file).digest or b"") == hashlib.sha256(content).digest()
    assert vault.read(file.pk) == content


def test_pieces_that_are_missing_wrong_or_changed_are_refused(vault: Vault, world: World) -> None:
    content = content_of(5 * MIB)
    file = vault.begin(len(content))
    parts = vault.pieces(file, content)
    told = []
    for number, part, given in [
        (0, parts[0][:-1], {}), (2, parts[1], {}), (-1, parts[0], {}),
        (0, parts[0], {"digest": b"\0" * 32}),
    ]:  # fmt: skip
        with pytest.raises(EvidenceRefused) as refused:
            vault.piece(file, number, part, **given)
        told.append(refused.value.code)
    vault.piece(file, 0, parts[0])
    with pytest.raises(EvidenceRefused) as refused:
        vault.piece(file, 0, content_of(len(parts[0]), seed=2))
    told.append(refused.value.code)
    with pytest.raises(EvidenceRefused) as refused:
        vault.finish(file)
    told.append(refused.value.code)
    assert told == [
        "piece_size", "no_such_piece", "no_such_piece", "piece_changed", "piece_differs",
        "pieces_missing",
    ]  # fmt: skip
    assert sorted(refusals(world)) == sorted(told)
    with world.acting(vault.by):
        assert FilePiece.objects.filter(file=file).count() == 1


def test_a_digest_that_was_said_and_differs_is_refused(vault: Vault) -> None:
    with pytest.raises(EvidenceRefused) as refused:
        vault.keep(content_of(MIB), digest=hashlib.sha256(b"other").digest())
    assert refused.value.code == "wrong_digest"


def test_no_digest_is_kept_twice_in_a_case(vault: Vault) -> None:
    first = vault.keep(content_of(MIB))
    with pytest.raises(EvidenceRefused) as refused:
        vault.keep(content_of(MIB), name="again.pdf")
    assert refused.value.code == "known_already"
    assert str(first.number) in str(refused.value)


def test_no_overwrite(vault: Vault, folders: Path) -> None:
    vault.keep(content_of(MIB))
    [path] = stored(folders)
    before = path.read_bytes()
    with pytest.raises(store.AlreadyThere):
        store.put(str(path.relative_to(folders / "pieces")), [b"other"])
    assert path.read_bytes() == before
    assert path.stat().st_mode & 0o777 == 0o400
    assert [p for p in (folders / "pieces").rglob("*.part")] == []


DAMAGES = ["a byte", "cut", "longer", "swapped chunks", "swapped pieces", "gone", "other file"]


@pytest.mark.damages_the_vault
@pytest.mark.parametrize("damage", DAMAGES)
def test_bit_rot_detected(vault: Vault, world: World, folders: Path, damage: str) -> None:
    file = vault.keep(content_of(6 * MIB))
    with world.acting(vault.by):
        first, second = (folders / "pieces" / p.stored_as for p in queries.pieces_of(file.pk))
    spoil(vault, folders, damage, first, second)
    with world.acting(vault.by) as at:
        from recoup.apps.evidence import reading_operations as reading

        _, given = reading.read(file_id=file.pk, why="To see it", by=vault.by, at=at)
        assert given is None
    assert vault.now(file).state == "doubtful"
    assert [e.act for e in vault.events(file)] == ["receive", "alarm"]
    assert lines(world, file)[-1]["what"] == "evidence:alarm"
    with pytest.raises(EvidenceRefused) as refused:
        vault.read(file.pk)
    assert refused.value.code == "not_readable"


def spoil(vault: Vault, folders: Path, damage: str, first: Path, second: Path) -> None:
    record = sealing.NONCE + sealing.CHUNK + sealing.TAG
    one, two = first.read_bytes(), second.read_bytes()
    changed = {
        "a byte": (one[:70_000] + bytes([one[70_000] ^ 1]) + one[70_001:], two),
        "cut": (one, two[:record]),
        "longer": (one, two + two[:record]),
        "swapped chunks": (one[record : 2 * record] + one[:record] + one[2 * record :], two),
        "swapped pieces": (two, one),
    }.get(damage, (one, two))
    if damage == "other file":
        other = vault.keep(content_of(6 * MIB, seed=7))
        with vault.world.acting(vault.by):
            name = queries.pieces_of(other.pk)[0].stored_as
        changed = ((folders / "pieces" / name).read_bytes(), two)
    for path, content in zip((first, second), changed, strict=True):
        path.chmod(0o600)
        path.write_bytes(content)
    if damage == "gone":
        second.unlink()


def test_a_good_check_is_an_event_and_bytes_that_are_back_clear_the_doubt(
    vault: Vault, world: World, folders: Path
) -> None:
    from recoup.apps.evidence import reading_operations as reading

    file = vault.keep(content_of(MIB))
    [path] = stored(folders)
    before = path.read_bytes()
    outcomes = []
    for content in (before, before[:-1] + b"\0", before):
        path.chmod(0o600)
        path.write_bytes(content)
        with world.acting(vault.by) as at:
            outcomes.append(reading.check(file_id=file.pk, by=vault.by, at=at))
    assert outcomes == [True, False, True]
    assert [e.act for e in vault.events(file)] == ["receive", "check", "alarm", "clear"]
    assert vault.now(file).state == "kept"


@pytest.mark.damages_the_vault
def test_another_wrapping_key_opens_nothing(vault: Vault, folders: Path) -> None:
    file = vault.keep(content_of(10))
    (path,) = (folders / "keys").glob("kek-*.key")
    path.chmod(0o600)
    path.write_bytes(b"\1" * 32)
    keys._read.cache_clear()
    with pytest.raises(keys.NoKey):
        vault.read(file.pk)
    path.unlink()
    keys._read.cache_clear()
    with pytest.raises(keys.NoKey):
        vault.read(file.pk)


def test_who_is_not_of_the_case_finds_nothing(vault: Vault, world: World) -> None:
    file = vault.keep(content_of(10))
    stranger = world.actor("iskra.firefly")
    with world.acting(stranger):
        assert not EvidenceFile.objects.exists()
        assert not CustodyEvent.objects.exists()
        assert not FilePiece.objects.exists()
    with pytest.raises(EvidenceRefused) as refused:
        vault.read(file.pk, by=stranger)
    assert refused.value.code == "no_such_file"


FORBIDDEN = [
    "update evidence_evidencefile set digest = decode(repeat('00', 32), 'hex') where id = %s",
    "update evidence_evidencefile set size = 1 where id = %s",
    "update evidence_evidencefile set state = 'sealed' where id = %s",
    "update evidence_evidencefile set state = 'erased', wrapped_key = null where id = %s",
    "update evidence_evidencefile set keep_until = current_date where id = %s",
    "update evidence_evidencefile set wrapped_key = decode('00', 'hex') where id = %s",
    "delete from evidence_evidencefile where id = %s",
    "delete from evidence_custodyevent where file_id = %s",
    "update evidence_custodyevent set why = 'other' where file_id = %s",
    "update evidence_filepiece set stored_as = 'x' where file_id = %s",
    "insert into evidence_custodyevent (id, file_id, seq, act, before, after, at, organisation_id, "
    "role, why, given_by, given_to, place, seal) select gen_random_uuid(), f.id, 2, 'accept', "
    "'kept', 'kept', now(), f.holder_id, 'x', '', '', '', '', '' from evidence_evidencefile f "
    "where f.id = %s",
    "insert into evidence_custodyevent (id, file_id, seq, act, before, after, at, organisation_id, "
    "role, why, given_by, given_to, place, seal) select gen_random_uuid(), f.id, 3, 'seal', "
    "'kept', 'sealed', now(), f.holder_id, 'x', '', '', '', '', '' from evidence_evidencefile f "
    "where f.id = %s",
]


@pytest.mark.parametrize("sql", FORBIDDEN)
def test_the_database_itself_refuses_what_must_never_be(vault: Vault, sql: str) -> None:
    file = vault.keep(content_of(10))
    for role in ("app", "owner"):
        with pytest.raises(DatabaseError), vault.world.acting(vault.by), transaction.atomic():
            with as_owner() if role == "owner" else transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute(sql, [file.pk])
                    assert cursor.rowcount, "row-level security hid the row"
                raise DatabaseError if not cursor.rowcount else AssertionError(sql)


def test_the_legal_moves_of_the_database_are_those_of_the_core(world: World) -> None:
    written = import_module("recoup.apps.evidence.migrations.0002_row_level_security").MOVES
    told = {tuple(move.split()) for move in written.replace("\n", " ").split(";")}
    assert told == {(before, act, after) for (before, act), after in MOVES.items()}
    assert set(STATES) == set(CustodyState)


def test_a_piece_of_another_length_than_its_content_is_refused(vault: Vault) -> None:
    file = vault.begin(MIB)
    with pytest.raises(EvidenceRefused) as refused, vault.world.acting(vault.by) as at:
        upload_operations.add_piece(
            file_id=file.pk, number=0, content=io.BytesIO(b"short"), length=MIB, by=vault.by, at=at
        )
    assert refused.value.code == "piece_cut"


def test_an_upload_that_is_given_up_leaves_no_bytes_and_no_key(
    vault: Vault, folders: Path, django_capture_on_commit_callbacks: Any
) -> None:
    file = vault.begin(2 * MIB)
    vault.piece(file, 0, content_of(2 * MIB))
    assert stored(folders)
    with django_capture_on_commit_callbacks(execute=True), vault.world.acting(vault.by) as at:
        upload_operations.give_up(file_id=file.pk, why="The wrong file", by=vault.by, at=at)
    assert stored(folders) == []
    assert vault.now(file).wrapped_key is None


def test_reading_needs_the_pieces_in_their_order(vault: Vault, world: World) -> None:
    file = vault.keep(content_of(6 * MIB))
    with world.acting(vault.by):
        pieces = queries.pieces_of(file.pk)
        with pytest.raises(sealing.Damaged):
            list(opened(file, pieces[:1]).chunks())
