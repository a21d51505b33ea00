"""The vault as a whole: a new wrapping key touches no byte; what is wrong or nobody's is found."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recoup.apps.evidence import keys, store
from recoup.apps.evidence import vault_operations as whole
from recoup.apps.evidence.models import EvidenceFile
from support.evidence import MIB, Vault, content_of
from support.roles import as_planner


def test_rotation_wraps_every_key_anew_and_touches_no_stored_byte(
    vault: Vault, folders: Path
) -> None:
    first, second = vault.keep(content_of(5 * MIB)), vault.keep(content_of(10, seed=2))
    before = {p: p.read_bytes() for p in (folders / "pieces").rglob("*-*")}
    old = vault.now(first)
    with as_planner():
        assert whole.rotate() == (2, 2)
    assert {p: p.read_bytes() for p in (folders / "pieces").rglob("*-*")} == before
    assert vault.now(first).kek == vault.now(second).kek == 2
    assert bytes(vault.now(first).wrapped_key or b"") != bytes(old.wrapped_key or b"")
    assert vault.read(first.pk) == content_of(5 * MIB)


def test_with_the_old_key_destroyed_a_copy_of_the_database_opens_nothing(
    vault: Vault, folders: Path
) -> None:
    file = vault.keep(content_of(10))
    stolen = keys.Wrapped(file.kek, bytes(file.wrapped_key or b""))
    with as_planner():
        whole.rotate(destroy_old=True)
    assert [p.name for p in (folders / "keys").glob("*.key")] == ["kek-000002.key"]
    with pytest.raises(keys.NoKey):
        keys.Keyring(folders / "keys").unwrap(stolen, file_id=file.pk)
    assert vault.read(file.pk) == content_of(10)


def test_a_wrapped_key_fits_its_own_file_only(vault: Vault, folders: Path) -> None:
    first, second = vault.keep(content_of(10)), vault.keep(content_of(10, seed=2))
    moved = keys.Wrapped(first.kek, bytes(first.wrapped_key or b""))
    with pytest.raises(keys.NoKey):
        keys.Keyring(folders / "keys").unwrap(moved, file_id=second.pk)


@pytest.mark.damages_the_vault
def test_what_is_damaged_missing_or_nobody_s_is_named(vault: Vault, folders: Path) -> None:
    good, damaged, gone = (vault.keep(content_of(100, seed=n)) for n in (1, 2, 3))
    with vault.world.acting(vault.by):
        names = {f.pk: f.pieces.get().stored_as for f in EvidenceFile.objects.all()}
    path = folders / "pieces" / names[damaged.pk]
    path.chmod(0o600)
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    (folders / "pieces" / names[gone.pk]).unlink()
    for name, age in (("ab/old", 2 * 86_400), ("ab/new", 60)):
        store.put(name, [b"x"])
        orphan = folders / "pieces" / name
        stamp = orphan.stat().st_mtime - age
        orphan.chmod(0o600)
        os.utime(orphan, (stamp, stamp))
    with as_planner():
        found = list(whole.check())
        assert found.count(None) == 1 and good.state == "kept"
        assert {one.where for one in found if one} == {
            f"file {damaged.pk}", f"file {gone.pk}", "ab/old",
        }  # fmt: skip
        assert whole.sweep() == ["ab/old"]
        assert (folders / "pieces" / "ab" / "new").exists()
