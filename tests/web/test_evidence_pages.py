"""The vault's pages: a file comes in, is read, bundled, handed over, and shown to nobody else."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recoup_verify import bundle as verifier
from support.case_pages import signed_in
from support.evidence import MIB, Vault, content_of, vault_of
from support.world import OFFICER, World

TOLD = {
    "what": "Screenshots", "given_by": "Vera Invented", "place": "Desk 4", "why": "In the report",
}  # fmt: skip


@pytest.fixture
def vault(settings: Any, tmp_path: Path, world: World) -> Vault:
    settings.VAULT_KEYS = tmp_path / "keys"
    settings.AUTHORITY = tmp_path / "authority"
    options = {"location": str(tmp_path / "pieces")}
    settings.STORAGES = settings.STORAGES | {
        "vault": {"BACKEND": "recoup.apps.evidence.store.VaultFiles", "OPTIONS": options}
    }
    return vault_of(world)


@pytest.fixture
def officer(vault: Vault) -> Client:
    return signed_in(OFFICER)


def begin(client: Client, vault: Vault, content: bytes, **told: str) -> Any:
    return client.post(
        f"/cases/{vault.case.pk}/evidence/begin",
        TOLD | {"name": "snimci.zip", "size": str(len(content)), "media_type": "application/zip"}
        | told,
    )  # fmt: skip


def send(client: Client, begun: dict[str, Any], number: int, content: bytes) -> Any:
    part = content[number * begun["piece_bytes"] : (number + 1) * begun["piece_bytes"]]
    digest = base64.b64encode(hashlib.sha256(part).digest()).decode()
    return client.post(
        f"{begun['piece_url']}?number={number}", part, "application/octet-stream",
        headers={"Content-Digest": f"sha-256=:{digest}:"},
    )  # fmt: skip


def kept(client: Client, vault: Vault, content: bytes, **told: str) -> dict[str, Any]:
    begun = begin(client, vault, content, **told).json()
    for number in begun["missing"]:
        assert send(client, begun, number, content).status_code == 200
    return dict(client.post(begun["finish_url"]).json())


def test_a_file_comes_in_by_pieces_and_is_read_bundled_and_verified(
    vault: Vault, officer: Client, tmp_path: Path
) -> None:
    content = content_of(5 * MIB + 11)
    told = kept(officer, vault, content, sha256=hashlib.sha256(content).hexdigest())
    assert told["sha256"] == hashlib.sha256(content).hexdigest()
    page = officer.get(told["url"]).content.decode()
    shown = re.sub(r"<[^>]+>|\s", "", page)
    assert told["sha256"] in shown and "VeraInvented" in shown
    answer = officer.post(f"{told['url']}/read", {"why": "To show it"})
    assert b"".join(answer.streaming_content) == content
    assert answer["Content-Type"] == "application/octet-stream"
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]
    bundle = officer.post(f"/cases/{vault.case.pk}/evidence/bundle", {"why": "The court"})
    path = tmp_path / "bundle.zip"
    path.write_bytes(b"".join(bundle.streaming_content))
    assert path.stat().st_size == int(bundle["Content-Length"])
    root = (tmp_path / "authority" / "root.crt").read_bytes()
    assert verifier.check(path, roots=[root]) == []
    with zipfile.ZipFile(path) as archive:
        told_of = json.loads(archive.read("data/custody.json"))
    assert told_of["files"][0]["time_stamp"]["at"]


def test_without_a_script_a_file_comes_in_whole(vault: Vault, officer: Client) -> None:
    content = content_of(MIB + 5)
    answer = officer.post(
        f"/cases/{vault.case.pk}/evidence/upload",
        TOLD | {"file": SimpleUploadedFile("pismo.pdf", content, "application/pdf")},
    )
    assert answer.status_code == 302
    assert b"pismo.pdf" in officer.get(answer["Location"]).content
    assert b"pismo.pdf" in officer.get(f"/cases/{vault.case.pk}/evidence").content


def test_what_is_wrong_is_said_and_nothing_is_stored(vault: Vault, officer: Client) -> None:
    told = [
        begin(officer, vault, b"", ).json()["error"],
        begin(officer, vault, b"x", place="").json()["error"],
        begin(officer, vault, b"x", sha256="zz").json()["error"],
        begin(officer, vault, b"x", keep_until="2001-01-01").json()["error"],
        begin(officer, vault, b"x", size="1e9").json()["error"],
    ]  # fmt: skip
    assert told == ["file_size", "not_said", "not_a_digest", "not_a_term", "file_size"]
    assert b"No file yet" in officer.get(f"/cases/{vault.case.pk}/evidence").content


def test_a_piece_that_arrives_changed_is_refused(vault: Vault, officer: Client) -> None:
    begun = begin(officer, vault, content_of(10)).json()
    answer = officer.post(
        f"{begun['piece_url']}?number=0", content_of(10), "application/octet-stream",
        headers={"Content-Digest": f"sha-256=:{base64.b64encode(bytes(32)).decode()}:"},
    )  # fmt: skip
    assert (answer.status_code, answer.json()["error"]) == (422, "piece_changed")
    assert officer.get(f"/evidence/{begun['id']}/pieces").json()["missing"] == [0]


def test_custody_term_hold_and_erasure_by_two_persons(vault: Vault, world: World) -> None:
    from support.evidence import expired

    one, other = signed_in(OFFICER), signed_in("luka.police")
    told = kept(one, vault, content_of(100))
    url = told["url"]
    seal = {"act": "seal", "why": "For transport", "seal": "A-77"}
    assert one.post(f"{url}/custody", seal).status_code == 302
    assert one.post(f"{url}/read", {"why": "x"}).status_code == 409
    assert one.post(f"{url}/custody", seal | {"act": "unseal", "seal": "B-1"}).status_code == 422
    assert one.post(f"{url}/custody", seal | {"act": "unseal"}).status_code == 302
    assert one.post(f"{url}/term", {"until": "2001-01-01", "why": "x"}).status_code == 422
    assert one.post(f"{url}/term", {"until": "2050-01-01", "why": "x"}).status_code == 302
    assert one.post(f"{url}/erase", {"why": "x"}).status_code == 409
    expired(told["id"])
    assert one.post(f"{url}/hold", {"why": "A complaint is open."}).status_code == 302
    refused = one.post(f"{url}/erase", {"why": "Its term has ended"})
    assert refused.status_code == 409 and b"A complaint is open." in refused.content
    with world.acting(vault.by):
        from recoup.apps.evidence import queries

        hold = str(queries.holds_on(vault.case.pk)[0].id)
    lift = f"/cases/{vault.case.pk}/evidence/lift"
    assert one.post(lift, {"hold": hold, "why": "x"}).status_code == 409
    assert other.post(lift, {"hold": hold, "why": "Withdrawn"}).status_code == 302
    assert one.post(f"{url}/erase", {"why": "Its term has ended"}).status_code == 302
    assert one.post(f"{url}/erase", {"why": "x", "step": "do"}).status_code == 409
    assert other.post(f"{url}/erase", {"why": "Agreed", "step": "do"}).status_code == 302
    told_of = json.loads(other.get(f"{url}/certificate").content)
    assert told_of["sha256"] == told["sha256"] and told_of["pieces_removed"] == 1
    page = other.get(url).content.decode()
    assert "snimci.zip" not in page and "erased" in page
    assert one.post(f"{url}/read", {"why": "x"}).status_code == 409
    assert vault.now(told["id"]).wrapped_key is None


def test_nothing_is_told_to_who_is_not_of_the_case(vault: Vault, officer: Client) -> None:
    told = kept(officer, vault, content_of(10))
    for login in ("filip.fiu", "olga.prosecutor"):
        client = signed_in(login)
        for path in (told["url"], f"/cases/{vault.case.pk}/evidence"):
            assert client.get(path).status_code == 404
        assert client.post(f"{told['url']}/read", {"why": "x"}).status_code == 404


def test_an_offered_file_is_taken_over_by_the_other_body(vault: Vault, world: World) -> None:
    from support.case_pages import hand_over

    one = signed_in(OFFICER)
    told = kept(one, vault, content_of(10))
    hand_over(world, vault.case)
    prosecutor = world.actor("olga.prosecutor")
    with world.acting(prosecutor):
        from recoup.apps.members.models import Organisation

        code = Organisation.objects.get(pk=prosecutor.organisation_id).code
    offer = {"act": "offer", "why": "Its proceeding", "given_to": code}
    assert one.post(f"{told['url']}/custody", offer).status_code == 302
    other = signed_in("olga.prosecutor")
    page = other.get(told["url"]).content.decode()
    assert "Take over" in page
    taken = other.post(f"{told['url']}/custody", {"act": "accept", "place": "Office 12"})
    assert taken.status_code == 302
    assert vault.now(told["id"]).holder_id == prosecutor.organisation_id
    assert other.get(told["url"]).content.count(b'class="rc-custody__lane') == 2
