"""What lies beside the files in a bundle: a paper that repeats, and CASE/UCO for other tools."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from recoup.apps.evidence import bundle
from recoup.web import evidence_parts, evidence_seals
from support.evidence import Vault, content_of, vault_of
from support.world import World


@pytest.fixture
def told(settings: Any, tmp_path: Path, world: World) -> bundle.Told:
    settings.VAULT_KEYS, settings.AUTHORITY = tmp_path / "keys", tmp_path / "authority"
    options = {"location": str(tmp_path / "pieces")}
    settings.STORAGES = settings.STORAGES | {
        "vault": {"BACKEND": "recoup.apps.evidence.store.VaultFiles", "OPTIONS": options}
    }
    vault: Vault = vault_of(world)
    first = vault.keep(content_of(3000), stamp=evidence_seals.stamp, what='Извод #panic("x") *b*')
    vault.keep(content_of(10, seed=2), name="зацрњено.pdf", original_id=first.pk)
    with world.acting(vault.by):
        case = type(vault.case).objects.select_related("owner").get(pk=vault.case.pk)
        return bundle.gather(case=case, by=vault.by)


@pytest.mark.parametrize("language", ["en", "sr", "sr-latn", "sq", "tr"])
def test_the_paper_repeats_byte_for_byte_and_says_the_digests(
    world: World, told: bundle.Told, language: str, tmp_path: Path
) -> None:
    parts = evidence_parts.parts(told, language)
    assert parts == evidence_parts.parts(told, language)
    assert parts["report.pdf"].startswith(b"%PDF-")
    path = tmp_path / "report.pdf"
    path.write_bytes(parts["report.pdf"])
    try:
        run = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True)
    except FileNotFoundError:
        pytest.skip("pdftotext is not here: the text of the paper is not read")
    text = "".join(run.stdout.decode().split())
    assert all(one.digest in text for one in told.files)
    assert '#panic("x")*b*' in text


def test_case_uco_names_every_file_with_its_digest_and_every_event(told: bundle.Told) -> None:
    graph = json.loads(evidence_parts.parts(told, "en")["case-uco.jsonld"])["@graph"]
    kinds = [node["@type"] for node in graph]
    assert kinds.count("uco-observable:File") == 2
    assert kinds.count("case-investigation:InvestigativeAction") == 3
    assert kinds.count("uco-core:Relationship") == 1
    text = json.dumps(graph)
    assert all(one.digest.upper() in text for one in told.files)
    ids = [node["@id"] for node in graph]
    assert len(ids) == len(set(ids))


def test_the_tools_of_case_take_it(told: bundle.Told, tmp_path: Path) -> None:
    """case_validate, in a Python of its own: it brings much that the hub does not need."""
    python = os.environ.get("RECOUP_CASE_PYTHON")
    if not python:
        pytest.skip("RECOUP_CASE_PYTHON is not set: CASE's own tools did not judge the export")
    path = tmp_path / "case.jsonld"
    path.write_bytes(evidence_parts.parts(told, "en")["case-uco.jsonld"])
    validate = Path(python).with_name("case_validate")
    run = subprocess.run([str(validate), str(path)], capture_output=True, text=True)
    assert run.returncode == 0, run.stdout[-3000:] + run.stderr[-2000:]
    assert "Conforms: True" in run.stdout
