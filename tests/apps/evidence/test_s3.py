"""The vault on a server that speaks S3: a real one, started here, spoken to over the network."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from recoup.apps.evidence import queries, store
from recoup.apps.evidence.refusals import EvidenceRefused
from recoup.web import settings as hub_settings
from support.evidence import MIB, Vault, content_of, vault_of
from support.world import World

boto3 = pytest.importorskip("boto3", reason="the extra s3 is not installed")
pytest.importorskip("moto", reason="no server that speaks S3 can be started")
pytest.importorskip("storages", reason="the extra s3 is not installed")
BUCKET = "evidence"
LOGIN = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server with an empty bucket."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = (tmp_path_factory.mktemp("s3") / "log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)],
        stdout=log, stderr=log, env=os.environ | LOGIN,
    )  # fmt: skip
    try:
        for _ in range(300):
            with socket.socket() as asked:
                if asked.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()
        log.close()


@pytest.fixture
def vault(
    server: str, settings: Any, tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> Vault:
    for name, value in (LOGIN | {
        "AWS_DEFAULT_REGION": "us-east-1", "RECOUP_VAULT_S3_BUCKET": BUCKET,
        "RECOUP_VAULT_S3_URL": server, "RECOUP_VAULT_S3_FOLDER": "hub",
    }).items():  # fmt: skip
        monkeypatch.setenv(name, value)
    settings.VAULT_KEYS = tmp_path / "keys"
    settings.STORAGES = settings.STORAGES | {"vault": hub_settings.vault_storage()}
    client(server).create_bucket(Bucket=BUCKET)
    return vault_of(world)


def client(server: str) -> Any:
    return boto3.client("s3", endpoint_url=server, region_name="us-east-1",
                        aws_access_key_id="test", aws_secret_access_key="test")  # fmt: skip


def objects(server: str) -> list[str]:
    told = client(server).list_objects_v2(Bucket=BUCKET)
    return [each["Key"] for each in told.get("Contents", [])]


def test_a_file_lies_there_in_pieces_that_say_nothing_and_comes_back(
    vault: Vault, server: str
) -> None:
    canary = b"CANARY-IN-EVIDENCE-9f31"
    content = canary + content_of(9 * MIB)
    before = set(objects(server))
    file = vault.keep(content)
    made = sorted(set(objects(server)) - before)
    assert len(made) == 3 and all(name.startswith("hub/") for name in made)
    for name in made:
        assert canary not in client(server).get_object(Bucket=BUCKET, Key=name)["Body"].read()
    assert vault.read(file.pk) == content
    assert bytes(file.digest or b"") == hashlib.sha256(content).digest()
    assert set(made) <= {f"hub/{name}" for name in store.every_name()}


def test_a_byte_that_was_changed_there_raises_the_alarm(vault: Vault, server: str) -> None:
    from recoup.apps.evidence import reading_operations as reading

    file = vault.keep(content_of(MIB, seed=5))
    with vault.world.acting(vault.by):
        [piece] = queries.pieces_of(file.pk)
    s3, key = client(server), f"hub/{piece.stored_as}"
    held = bytearray(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())
    held[500_000] ^= 1
    s3.put_object(Bucket=BUCKET, Key=key, Body=bytes(held))
    assert vault.do(reading.check, file_id=file.pk) is False
    s3.delete_object(Bucket=BUCKET, Key=key)
    assert vault.do(reading.check, file_id=file.pk) is False
    assert vault.now(file).state == "doubtful"


def test_nothing_is_overwritten_there(vault: Vault) -> None:
    store.put("aa/one", [b"first"])
    with pytest.raises(store.AlreadyThere):
        store.put("aa/one", [b"second"])
    with store.opened("aa/one") as file:
        assert file.read() == b"first"


def test_a_server_that_is_away_is_said_and_the_piece_is_sent_again(
    vault: Vault, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = vault.begin(10)
    good = settings.STORAGES["vault"]
    away = {**good, "OPTIONS": good["OPTIONS"] | {"endpoint_url": "http://127.0.0.1:9"}}
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    settings.STORAGES = settings.STORAGES | {"vault": away}
    with pytest.raises(EvidenceRefused) as refused:
        vault.piece(file, 0, content_of(10))
    assert refused.value.code == "no_room"
    settings.STORAGES = settings.STORAGES | {"vault": good}
    vault.piece(file, 0, content_of(10))
    assert vault.finish(file).state == "kept"
