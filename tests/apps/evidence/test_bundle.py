"""A court bundle: the same bytes each time, good for an outsider, and every change is found."""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from recoup.apps.evidence import bundle_operations, queries
from recoup.apps.evidence.bundle_operations import Order
from recoup.apps.evidence.refusals import EvidenceRefused
from recoup.apps.lawful_requests.papers.authority import Authority
from recoup.core.custody import CustodyAct
from recoup.web import evidence_seals
from recoup_verify import bundle as verifier
from recoup_verify import signatures, stamps
from support.evidence import MIB, Vault, content_of


@pytest.fixture
def authority(settings: Any, tmp_path: Path) -> Path:
    settings.AUTHORITY = tmp_path / "authority"
    return Path(settings.AUTHORITY)


def take(vault: Vault, **given: Any) -> tuple[Any, bytes]:
    taken = vault.do(
        bundle_operations.take, case=vault.case, why="For the court",
        extras=lambda *told: {"extra.txt": b"something"}, signer=evidence_seals.sign, **given,
    )  # fmt: skip
    return taken, b"".join(taken.chunks())


def stored(folder: Path, content: bytes) -> Path:
    path = folder / "bundle.zip"
    path.write_bytes(content)
    return path


@pytest.fixture
def filled(vault: Vault, authority: Path) -> Vault:
    """Three files: a stamped one that was read and sealed again, a redacted copy, a lent one."""
    first = vault.keep(content_of(5 * MIB + 3), stamp=evidence_seals.stamp)
    vault.keep(
        content_of(1000, seed=2), name="izvod-зацрњен.pdf", original_id=first.pk,
        stamp=evidence_seals.stamp,
    )  # fmt: skip
    third = vault.keep(content_of(2000, seed=3), name="../../etc/passwd")
    vault.read(first.pk, why="To prepare the order")
    act(vault, third.pk, CustodyAct.LEND, why="An expert", given_to="Institute", place="Room 2")
    return vault


def act(vault: Vault, file_id: Any, what: CustodyAct, **said: str) -> None:
    from recoup.apps.evidence import custody_operations

    vault.do(custody_operations.act, file_id=file_id, what=what, said=said)


def test_a_bundle_is_good_for_an_outsider(filled: Vault, authority: Path, tmp_path: Path) -> None:
    taken, content = take(filled)
    assert hashlib.sha256(content).digest() == taken.digest and len(content) == taken.size
    path = stored(tmp_path, content)
    report = verifier.examine(path, roots=[(authority / "root.crt").read_bytes()])
    assert report.findings == ()
    assert any("vouched for" in note for note in report.notes)
    with zipfile.ZipFile(path) as archive:
        told = json.loads(archive.read("data/custody.json"))
        assert [file["redacted_copy_of"] for file in told["files"]] == [None, 1, None]
        assert [len(file["custody"]) for file in told["files"]] == [2, 1, 2]
        assert archive.read("data/files/001-izvod.pdf") == content_of(5 * MIB + 3)
        assert not any(".." in name.split("/") for name in archive.namelist())


def test_the_same_cut_gives_the_same_bytes(filled: Vault) -> None:
    first, content = take(filled)
    _, at_once = take(filled)
    assert at_once == content
    with filled.world.acting(filled.by):
        file = queries.of_case(filled.by, filled.case.pk)[0]
    filled.read(file.pk, why="Once more")
    _, later = take(filled)
    assert later != content
    again, repeated = take(filled, again=first.id)
    assert repeated == content and again.digest == first.digest


def test_another_authority_s_root_does_not_vouch(filled: Vault, tmp_path: Path) -> None:
    other = Authority(tmp_path / "other", may_make=True)
    with filled.world.acting(filled.by) as at:
        other.prepare(at=at)
    path = stored(tmp_path, take(filled)[1])
    found = verifier.check(path, roots=[(tmp_path / "other" / "root.crt").read_bytes()])
    assert {one.code for one in found} == {"bad_signature", "other_stamp"}


def test_a_bundle_with_a_damaged_file_is_not_given(filled: Vault, folders: Path) -> None:
    path = max((folders / "pieces").rglob("*-*"), key=lambda p: p.stat().st_size)
    path.chmod(0o600)
    held = bytearray(path.read_bytes())
    held[5000] ^= 4
    path.write_bytes(held)
    assert (
        filled.do(
            bundle_operations.take, case=filled.case, why="x", extras=lambda *told: {}, signer=None
        )
        is None
    )
    with filled.world.acting(filled.by):
        assert queries.of_case(filled.by, filled.case.pk)[0].state == "doubtful"


def test_a_purpose_is_asked_and_a_stranger_s_bundle_is_not_found(filled: Vault) -> None:
    with pytest.raises(EvidenceRefused) as refused:
        filled.do(bundle_operations.take, case=filled.case, why=" ", extras=dict, signer=None)
    assert refused.value.code == "no_purpose"


# Tampering


def rewritten(content: bytes, change: Any) -> bytes:
    """The bundle with its entries changed and both manifests made to fit, as a forger would."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = {name: archive.read(name) for name in archive.namelist()}
    change(entries)
    payload = {n: c for n, c in entries.items() if n.startswith("data/")}
    entries["manifest-sha256.txt"] = manifest(payload)
    oxum = f"{sum(map(len, payload.values()))}.{len(payload)}"
    info = entries["bag-info.txt"].decode().splitlines()[:-1]
    entries["bag-info.txt"] = ("\n".join([*info, f"Payload-Oxum: {oxum}"]) + "\n").encode()
    tags = ("bag-info.txt", "bagit.txt", "manifest-sha256.txt")
    entries["tagmanifest-sha256.txt"] = manifest({n: entries[n] for n in tags})
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, held in entries.items():
            archive.writestr(name, held)
    return made.getvalue()


def manifest(entries: dict[str, bytes]) -> bytes:
    return "".join(
        f"{hashlib.sha256(c).hexdigest()}  {n}\n" for n, c in sorted(entries.items())
    ).encode()


def other_bytes(entries: dict[str, bytes]) -> None:
    entries["data/files/001-izvod.pdf"] = b"another statement"


def no_event(entries: dict[str, bytes]) -> None:
    told = json.loads(entries["data/custody.json"])
    del told["files"][0]["custody"][-1]
    entries["data/custody.json"] = json.dumps(told).encode()


def other_place(entries: dict[str, bytes]) -> None:
    entries["data/custody.json"] = entries["data/custody.json"].replace(b"Desk 4", b"Desk 5")


def other_time(entries: dict[str, bytes]) -> None:
    told = json.loads(entries["data/custody.json"])
    told["files"][0]["custody"][0]["at"] = "2020-01-01T00:00:00+00:00"
    entries["data/custody.json"] = json.dumps(told).encode()


def no_line(entries: dict[str, bytes]) -> None:
    kept = entries["data/log/leaves.jsonl"].splitlines(keepends=True)
    entries["data/log/leaves.jsonl"] = b"".join(kept[:-2] + kept[-1:])


def other_actor(entries: dict[str, bytes]) -> None:
    log = entries["data/log/leaves.jsonl"]
    entries["data/log/leaves.jsonl"] = log.replace(b'\\"role\\":\\"officer', b'\\"role\\":\\"clerk')


def one_more(entries: dict[str, bytes]) -> None:
    entries["data/files/009-planted.pdf"] = b"planted"


def other_stamp(entries: dict[str, bytes]) -> None:
    entries["data/stamps/001.tst"] = entries["data/stamps/002.tst"]


FORGERIES = [other_bytes, no_event, other_place, other_time, no_line, other_actor, one_more,
             other_stamp]  # fmt: skip


@pytest.mark.parametrize("change", FORGERIES, ids=lambda f: f.__name__)
def test_a_forgery_with_fitting_manifests_is_found_by_its_content_and_by_its_signature(
    filled: Vault, tmp_path: Path, change: Any
) -> None:
    content = rewritten(take(filled)[1], change)
    codes = {one.code for one in verifier.check(stored(tmp_path, content))}
    assert "bad_signature" in codes
    assert codes - {"bad_signature"}


def test_every_flipped_bit_of_what_is_in_it_is_found(filled: Vault, tmp_path: Path) -> None:
    _, content = take(filled)
    assert verifier.check(stored(tmp_path, content)) == []
    chance = random.Random(7)
    missed = []
    for _ in range(150):
        place = chance.randrange(len(content) * 8)
        changed = bytearray(content)
        changed[place // 8] ^= 1 << place % 8
        if not verifier.check(stored(tmp_path, bytes(changed))):
            missed.append(place)
    assert missed == []


def test_a_changed_bit_of_a_stamp_is_found_and_one_of_another_maker_does_not_count(
    filled: Vault, authority: Path, tmp_path: Path
) -> None:
    with filled.world.acting(filled.by):
        stamp = queries.of_case(filled.by, filled.case.pk)[0].stamp
        token, digest = bytes(stamp.token), bytes(stamp.file.digest or b"")
    root = signatures.trusted([(authority / "root.crt").read_bytes()])
    assert stamps.stamped_at(token, digest, root) == stamp.stamped_at
    with pytest.raises(stamps.StampFault):
        stamps.stamped_at(token, hashlib.sha256(b"other").digest(), root)
    other = Authority(tmp_path / "other", may_make=True)
    with filled.world.acting(filled.by) as at:
        other.prepare(at=at)
    strange = signatures.trusted([(tmp_path / "other" / "root.crt").read_bytes()])
    with pytest.raises(stamps.StampFault):
        stamps.stamped_at(token, digest, strange)
    inside = token.index(digest), token.index(digest) + 60  # the digest, serial number and time
    for place in range(inside[0] * 8, inside[1] * 8, 7):
        changed = bytearray(token)
        changed[place // 8] ^= 1 << place % 8
        with pytest.raises(stamps.StampFault):
            stamps.stamped_at(bytes(changed), digest, root)


def test_orders_go_in_and_one_that_came_later_does_not_change_a_bundle_taken_before(
    filled: Vault, tmp_path: Path
) -> None:
    known = [Order("one", "orders/R-1-one.pdf", b"%PDF-1")]

    def orders(ids: Any) -> list[Order]:
        return [one for one in known if ids is None or one.id in ids]

    first, content = take(filled, orders=orders)
    known.append(Order("two", "orders/R-2-two.pdf", b"%PDF-2"))
    assert take(filled, orders=orders, again=first.id)[1] == content
    _, later = take(filled, orders=orders)
    path = stored(tmp_path, later)
    assert verifier.check(path) == []
    with zipfile.ZipFile(path) as archive:
        assert archive.read("data/orders/R-2-two.pdf") == b"%PDF-2"


def test_openssl_takes_a_file_s_time_stamp(filled: Vault, authority: Path, tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("openssl is not here: no second program checked a time stamp")
    with zipfile.ZipFile(stored(tmp_path, take(filled)[1])) as archive:
        told = json.loads(archive.read("data/custody.json"))["files"][0]
        token = tmp_path / "one.tst"
        token.write_bytes(archive.read(told["time_stamp"]["path"]))
    asked = ["openssl", "ts", "-verify", "-in", str(token), "-token_in", "-CAfile",
             str(authority / "root.crt"), "-digest"]  # fmt: skip
    good = subprocess.run([*asked, told["sha256"]], capture_output=True, text=True)
    assert "Verification: OK" in good.stdout + good.stderr, good.stderr
    other = subprocess.run([*asked, "00" * 32], capture_output=True, text=True)
    assert other.returncode != 0


def test_the_verifier_runs_alone_without_the_hub_and_its_framework(
    filled: Vault, authority: Path, tmp_path: Path
) -> None:
    alone = tmp_path / "alone"
    shutil.copytree(Path(verifier.__file__).parent, alone / "recoup_verify")
    program = (
        "import sys; from recoup_verify.bundle import main; code = main(sys.argv[1:]); "
        "assert not {'django', 'recoup', 'asn1crypto'} & set(sys.modules); sys.exit(code)"
    )
    path = stored(tmp_path, take(filled)[1])
    asked = [sys.executable, "-c", program, str(path), "--root", str(authority / "root.crt")]
    good = subprocess.run(asked, env={"PYTHONPATH": str(alone)}, capture_output=True, text=True)
    assert (good.returncode, good.stdout.splitlines()[-1]) == (0, "GOOD"), good.stderr
    held = bytearray(path.read_bytes())
    held[len(held) // 2] ^= 1
    path.write_bytes(held)
    bad = subprocess.run(asked, env={"PYTHONPATH": str(alone)}, capture_output=True, text=True)
    assert (bad.returncode, bad.stdout.splitlines()[-1]) == (1, "NOT GOOD"), bad.stderr
