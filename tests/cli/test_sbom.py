"""The list of what the hub is made of: whole, with hashes and licences, always the same bytes."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import pytest

from recoup.cli import sbom
from recoup.cli.environment import ROOT

HEX = {"SHA-256": 64, "SHA-512": 128, "SHA-1": 40, "SHA-384": 96}
KINDS = {"application", "library", "file"}


@pytest.fixture(scope="module", params=["", "dev"])
def told(request: pytest.FixtureRequest) -> dict[str, Any]:
    return sbom.bill(ROOT, which=request.param)


def test_every_locked_package_is_in_it_with_its_hashes() -> None:
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    names = re.findall(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s\\]+)", lock, re.MULTILINE)
    assert len(names) > 40
    found = {(one["name"], one["version"]): one for one in sbom.python(ROOT)}
    wanted = {(re.sub(r"[-_.]+", "-", name).lower(), version) for name, version in names}
    assert set(found) == wanted
    hashes = sum(len(one["hashes"]) for one in found.values())
    assert hashes == lock.count("--hash=sha256:") and all(one["hashes"] for one in found.values())


def test_every_component_has_a_licence(told: dict[str, Any]) -> None:
    without = [one["name"] for one in told["components"]
               if not one["licenses"] and one["scope"] == "required"]  # fmt: skip
    assert without == []


def test_nothing_that_runs_asks_for_more_than_the_hub_may_be_linked_with() -> None:
    """No licence that would reach over to the hub's own; the weak ones are named here."""
    weak = {"LGPL-3.0-only", "LGPL-3.0-or-later", "MPL-2.0", "LGPL-3.0", "LGPL with exceptions"}
    strong = [
        (one["name"], text)
        for one in sbom.python(ROOT)
        for row in one["licenses"]
        for text in [row.get("expression") or row["license"].get("id") or row["license"]["name"]]
        if "GPL" in text and text not in weak and not text.startswith("LGPL")
    ]
    assert strong == []


def test_it_has_the_form_of_cyclonedx(told: dict[str, Any]) -> None:
    """What the schema of version 1.6 asks for, of the parts that are used."""
    assert (told["bomFormat"], told["specVersion"], told["version"]) == ("CycloneDX", "1.6", 1)
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", told["serialNumber"])
    allowed = {"bomFormat", "specVersion", "version", "serialNumber", "metadata", "components",
               "dependencies"}  # fmt: skip
    assert set(told) == allowed
    parts = [told["metadata"]["component"], *told["components"]]
    refs = [one["bom-ref"] for one in parts]
    assert len(refs) == len(set(refs))
    for one in parts:
        assert one["type"] in KINDS and one["name"] and isinstance(one["name"], str)
        assert one.get("scope", "required") in {"required", "excluded"}
        for row in one.get("hashes", []):
            assert set(row) == {"alg", "content"}
            assert re.fullmatch(f"[0-9a-f]{{{HEX[row['alg']]}}}", row["content"])
        for row in one["licenses"]:
            assert list(row) in (["license"], ["expression"])
            assert "expression" in row or list(row["license"]) in (["id"], ["name"])
        assert sum("expression" in row for row in one["licenses"]) in (0, len(one["licenses"]))
    for row in told["dependencies"]:
        assert {row["ref"], *row["dependsOn"]} <= set(refs) and row["dependsOn"]


def test_the_same_checkout_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        assert sbom.main(["--output", str(tmp_path / name)]) == 0
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()
    assert json.loads((tmp_path / "a.json").read_text())["components"]


def test_every_vendored_file_is_in_it_with_its_own_digest(told: dict[str, Any]) -> None:
    found = {one["name"]: one for one in told["components"] if one["type"] == "file"}
    folder = ROOT / sbom.VENDOR
    scripts = sorted(path.relative_to(ROOT).as_posix() for path in folder.glob("*.js"))
    assert len(scripts) == 3 and sorted(found) == scripts
    for name, one in found.items():
        assert one["hashes"][0]["content"] == hashlib.sha256((ROOT / name).read_bytes()).hexdigest()
        assert one["description"].startswith("made of ")


def test_what_is_shipped_of_the_front_end_is_told_from_what_builds_it(
    told: dict[str, Any],
) -> None:
    npm = {one["name"]: one["scope"] for one in told["components"]
           if one["bom-ref"].startswith("pkg:npm/")}  # fmt: skip
    assert {name for name, scope in npm.items() if scope == "required"} == sbom.SHIPPED
    assert npm["esbuild"] == npm["sass"] == "excluded"


def test_a_package_without_a_licence_is_named(tmp_path: Path) -> None:
    (tmp_path / "src/recoup/data").mkdir(parents=True)
    (tmp_path / sbom.LICENCES).write_text("name,version,licence\n")
    (tmp_path / "requirements.lock").write_text("one==1.0 \\\n    --hash=sha256:" + "a" * 64 + "\n")
    with pytest.raises(sbom.Lacking, match=r"one 1\.0"):
        list(sbom.python(tmp_path))


def test_the_list_of_licences_is_that_of_the_installed_packages() -> None:
    wrong = [
        (name, version, licence, installed)
        for (name, version), licence in sbom._licences(ROOT).items()
        if (installed := sbom.installed_licence(name, version)) and installed != licence
    ]
    assert wrong == []
