"""The vault for machines: the same acts as the pages, one effect a key, refusals as objects."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from recoup.apps.members import operations as members
from recoup.apps.members.models import Login, Mandate
from support.evidence import MIB, Vault, content_of
from support.roles import as_owner
from support.world import OFFICER, World

TOLD = {"why": "In the report", "given_by": "Vera Invented", "place": "Desk 4"}


@pytest.fixture
def key(vault: Vault, world: World) -> str:
    person = Login.objects.get(username=OFFICER).person_id
    mandate = Mandate.objects.select_related("organisation", "person").get(
        person_id=person, role="officer"
    )
    with as_owner():
        return members.issue_key(mandate=mandate, at=world.now())


def call(key: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
    data = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
    kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
    told = {"Authorization": f"Bearer {key}", "Idempotency-Key": str(uuid4())} | headers
    return Client().generic(method, f"/api/v1{path}", data, kind, headers=told)


def test_a_file_comes_in_and_goes_out_and_a_repeat_has_one_effect(vault: Vault, key: str) -> None:
    content, again = content_of(5 * MIB), str(uuid4())
    where = f"/cases/{vault.case.pk}/evidence"
    new = TOLD | {"name": "log.csv", "size": len(content), "media_type": "text/csv"}
    begun = call(key, "POST", where, new, **{"Idempotency-Key": again})
    assert begun.status_code == 201
    assert call(key, "POST", where, new, **{"Idempotency-Key": again}).content == begun.content
    told = begun.json()
    for number in (1, 0, 0):
        part = content[number * told["piece_bytes"] : (number + 1) * told["piece_bytes"]]
        digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
        sent = call(
            key, "PUT", f"/evidence/{told['id']}/piece?number={number}", part,
            **{"Content-Digest": f"sha-256=:{digest}:"},
        )  # fmt: skip
        assert sent.status_code == 200
    done = call(key, "POST", f"/evidence/{told['id']}/finish")
    assert done.json()["sha256"] == hashlib.sha256(content).hexdigest()
    listed = call(key, "GET", where).json()["files"]
    assert [one["id"] for one in listed] == [told["id"]]
    read = call(key, "POST", f"/evidence/{told['id']}/content", {"why": "To compare"})
    assert b"".join(read.streaming_content) == content


def test_refusals_are_objects_with_a_code(vault: Vault, key: str) -> None:
    file = vault.keep(content_of(10))
    where = f"/evidence/{file.pk}"
    told = [
        call(key, "POST", f"{where}/custody", {"act": "accept", "place": "x"}),
        call(key, "POST", f"{where}/custody", {"act": "seal", "why": "x"}),
        call(key, "POST", f"{where}/custody", {"act": "steal"}),
        call(key, "POST", f"{where}/content", {"why": " "}),
        call(key, "POST", f"{where}/content", {}),
        call(key, "PUT", f"{where}/piece?number=0", b"x"),
        call(key, "GET", f"/evidence/{uuid4()}"),
    ]
    assert [(one.status_code, one.json()["error"]) for one in told] == [
        (409, "not_now"), (422, "not_said"), (422, "no_such_act"), (422, "no_purpose"),
        (422, "not_valid"), (409, "not_arriving"), (404, "not_found"),
    ]  # fmt: skip


def test_custody_is_told_and_read(vault: Vault, key: str) -> None:
    file = vault.keep(content_of(10))
    seal = {"act": "seal", "why": "Transport", "seal": "A-1"}
    assert call(key, "POST", f"/evidence/{file.pk}/custody", seal).json()["after"] == "sealed"
    told = call(key, "GET", f"/evidence/{file.pk}").json()
    assert [event["act"] for event in told["custody"]] == ["receive", "seal"]
    assert told["custody"][1]["seal"] == "A-1"
