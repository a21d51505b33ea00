"""What this hub is made of: a list of every package and vendored file, as CycloneDX 1.6 JSON.

Made from what is committed alone (the locks, the front end's lock, the files themselves and the
list of licences), so that anybody who has the checkout gets the same bytes. Without the time at
which it was made, for the same reason.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import json
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any, Final
from uuid import NAMESPACE_URL, uuid5

from recoup.cli import package_index, weaknesses
from recoup.cli.environment import ROOT

LICENCES: Final = "src/recoup/data/licences.csv"
VENDOR: Final = "src/recoup/web/static/vendor"
FONTS: Final = (".ttf", ".otf", ".woff", ".woff2")
LOCKS: Final = {"": "requirements.lock", "dev": "requirements-dev.lock"}
ENTRY: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(\S+)")
HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")
NAME: Final = re.compile(r"[-_.]+")
# Of what the front end's lock names, this is in the files that the hub ships; the rest builds them.
SHIPPED: Final = frozenset({"htmx.org", "govuk-frontend", "echarts", "zrender", "tslib"})
SPDX: Final = re.compile(r"[A-Za-z0-9.+-]+(?: (?:AND|OR|WITH) [A-Za-z0-9.+-]+|[()])*\Z")
# What packages of before licence expressions call their licence, in the words of SPDX.
SAID: Final = {
    "mit license": "MIT", "mit": "MIT", "the mit license": "MIT", "bsd": "BSD-3-Clause",
    "bsd license": "BSD-3-Clause", "apache 2.0": "Apache-2.0", "apache 2": "Apache-2.0",
    "apache license 2.0": "Apache-2.0", "apache software license": "Apache-2.0",
    "apache license, version 2.0": "Apache-2.0", "bsd 3-clause license": "BSD-3-Clause",
    "isc license (iscl)": "ISC", "python software foundation license": "PSF-2.0",
    "mozilla public license 2.0 (mpl 2.0)": "MPL-2.0",
    "gnu lesser general public license v3 (lgplv3)": "LGPL-3.0-only",
}  # fmt: skip


class Lacking(Exception):
    """Something that the list needs is not there; says what to do."""


def main(argv: Sequence[str]) -> int:
    """Print the list, or write it to a file."""
    parser = argparse.ArgumentParser(prog="recoup sbom", description=__doc__)
    parser.add_argument("--dev", action="store_true", help="also what tests and checks need")
    parser.add_argument("--output", type=Path, help="a file, instead of the screen")
    parser.add_argument(
        "--renew-licences", action="store_true",
        help=f"write {LICENCES} from the packages that are installed here",
    )  # fmt: skip
    parser.add_argument(
        "--known-weaknesses", action="store_true",
        help="ask the package index of pip what is known of them; 1 if something is overdue",
    )  # fmt: skip
    parser.add_argument("--answers", type=Path, help="with it: saved answers, instead of asking")
    parser.add_argument("--save", type=Path, help="with it: keep the answers in a file")
    options = parser.parse_args(argv)
    try:
        if options.known_weaknesses:
            return _known_weaknesses(options)
        if options.renew_licences:
            return _renew()
        text = as_text(bill(ROOT, which="dev" if options.dev else ""))
    except Lacking as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 2
    if options.output:
        options.output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)
    return 0


def _known_weaknesses(options: argparse.Namespace) -> int:
    """Print what is known; 1 if something is overdue, 2 if something could not be asked."""
    text = (ROOT / LOCKS["dev" if options.dev else ""]).read_text(encoding="utf-8")
    packages, at = [entry[:2] for entry in locked(text)], datetime.now(UTC)
    try:
        rules = weaknesses.read_rules((ROOT / weaknesses.RULES).read_text(encoding="utf-8"))
        if options.answers:
            answers = weaknesses.from_text(options.answers.read_text(encoding="utf-8"))
        else:
            answers = weaknesses.ask_all(packages, package_index.of_pip().ask, at=at)
        if options.save:
            options.save.write_text(weaknesses.as_text(answers), encoding="utf-8")
        status, lines = weaknesses.report(answers, packages, rules, at=at)
    except (weaknesses.NotAsked, OSError) as problem:
        print(f"recoup: {problem}", file=sys.stderr)
        return 2
    print("\n".join(lines))
    return status


def as_text(told: Mapping[str, Any]) -> str:
    """The bytes that are compared: sorted, indented, with an end of line."""
    return json.dumps(told, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def bill(root: Path, *, which: str = "") -> dict[str, Any]:
    """The whole list. which: of which lock."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    own = {
        "type": "application", "bom-ref": f"pkg:generic/recoup@{project['version']}",
        "name": "recoup", "version": project["version"],
        "licenses": [{"license": {"id": project["license"]}}],
    }  # fmt: skip
    components = [*python(root, which), *front_end(root), *files(root)]
    components.sort(key=lambda one: str(one["bom-ref"]))
    direct = {_name(re.split(r"[\[<>=! ;]", one)[0]) for one in project["dependencies"]}
    asked = [one["bom-ref"] for one in components if one["name"] in direct]
    told = {
        "bomFormat": "CycloneDX", "specVersion": "1.6", "version": 1,
        "metadata": {"component": own}, "components": components,
        "dependencies": [{"ref": own["bom-ref"], "dependsOn": asked}],
    }  # fmt: skip
    digest = hashlib.sha256(as_text(told).encode()).hexdigest()
    return told | {"serialNumber": uuid5(NAMESPACE_URL, f"recoup:{digest}").urn}


def python(root: Path, which: str = "") -> Iterator[dict[str, Any]]:
    """Packages of a lock, with the digests of all files that may be installed for each."""
    licences = _licences(root)
    for name, version, hashes in locked((root / LOCKS[which]).read_text(encoding="utf-8")):
        if (name, version) not in licences:
            raise Lacking(
                f"The licence of {name} {version} is not in {LICENCES}. Install the lock and run "
                "./recoup sbom --renew-licences."
            )
        yield {
            "type": "library", "bom-ref": f"pkg:pypi/{name}@{version}", "name": name,
            "version": version, "purl": f"pkg:pypi/{name}@{version}", "scope": "required",
            "hashes": [{"alg": "SHA-256", "content": one} for one in hashes],
            "licenses": _as_licence(licences[name, version]),
        }  # fmt: skip


def locked(text: str) -> Iterator[tuple[str, str, list[str]]]:
    """Name, version and digests of each entry of a lock."""
    for entry in text.replace("\\\n", " ").splitlines():
        if found := ENTRY.match(entry.strip()):
            yield _name(found[1]), found[2], sorted(HASH.findall(entry))


def front_end(root: Path) -> Iterator[dict[str, Any]]:
    """Packages of the front end: required if in what the hub ships, else excluded."""
    lock = json.loads((root / "frontend/package-lock.json").read_text(encoding="utf-8"))
    for path, row in lock["packages"].items():
        if not path:
            continue
        name = row.get("name") or path.rpartition("node_modules/")[2]
        purl = f"pkg:npm/{name.replace('@', '%40')}@{row['version']}"
        algorithm, _, digest = row.get("integrity", "").partition("-")
        yield {
            "type": "library", "bom-ref": f"{purl}#{path}", "name": name, "purl": purl,
            "version": row["version"], "scope": "required" if name in SHIPPED else "excluded",
            "hashes": [{"alg": algorithm.upper().replace("SHA", "SHA-"),
                        "content": base64.b64decode(digest).hex()}] if digest else [],
            "licenses": _as_licence(row.get("license", "")),
        }  # fmt: skip


def files(root: Path) -> Iterator[dict[str, Any]]:
    """Vendored files and fonts, each with its own digest."""
    named = dict(_made_of(root))
    fonts = (path for path in (root / "src").rglob("*") if path.suffix.lower() in FONTS)
    for path in sorted({*(root / VENDOR).glob("*.*"), *fonts}):
        place = path.relative_to(root).as_posix()
        made_of, licence = named.get(path.name, ("", ""))
        yield {
            "type": "file", "bom-ref": f"file:{place}", "name": place, "scope": "required",
            "hashes": [{"alg": "SHA-256", "content": _digest(path)}],
            "licenses": _as_licence(licence),
            **({"description": f"made of {made_of}"} if made_of else {}),
        }  # fmt: skip


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _made_of(root: Path) -> Iterator[tuple[str, tuple[str, str]]]:
    """Of each vendored file: the package with its version, and the licence."""
    for line in (root / VENDOR / "VERSIONS").read_text(encoding="utf-8").splitlines():
        file, package, licence, _ = line.split("  ", 3)
        yield Path(file).name, (package, licence)


def _as_licence(text: str) -> list[dict[str, Any]]:
    if not text:
        return []
    if SPDX.match(text) and " " in text:
        return [{"expression": text}]
    return [{"license": {"id" if SPDX.match(text) else "name": text}}]


# The list of licences


def _licences(root: Path) -> dict[tuple[str, str], str]:
    with (root / LICENCES).open(encoding="utf-8", newline="") as file:
        return {(row["name"], row["version"]): row["licence"] for row in csv.DictReader(file)}


def _renew() -> int:
    """Write the list from the installed packages; raises Lacking for one that is not here."""
    wanted = {entry[:2] for lock in LOCKS.values()
              for entry in locked((ROOT / lock).read_text(encoding="utf-8"))}  # fmt: skip
    before = _licences(ROOT) if (ROOT / LICENCES).exists() else {}
    rows = [(*one, installed_licence(*one) or before.get(one, "")) for one in sorted(wanted)]
    if without := [f"{name} {version}" for name, version, licence in rows if not licence]:
        raise Lacking(
            f"Not installed here, or without a licence: {', '.join(without)}. Look these up and "
            f"write each into {LICENCES} as: name,version,licence"
        )
    with (ROOT / LICENCES).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows([("name", "version", "licence"), *rows])
    print(f"{len(rows)} packages in {LICENCES}")
    return 0


def installed_licence(name: str, version: str) -> str:
    """What an installed package says of its licence, in the words of SPDX where they are known."""
    try:
        told = metadata.metadata(name)
    except metadata.PackageNotFoundError:
        return ""
    if told["Version"] != version:
        return ""
    if expressions := told.get_all("License-Expression"):
        return str(expressions[0])
    said = [one.rpartition(" :: ")[2] for one in told.get_all("Classifier") or []
            if one.startswith("License :: ")]  # fmt: skip
    short = str((told.get_all("License") or [""])[0]).strip()
    return _in_spdx([*([short] if 0 < len(short) < 60 else []), *said])


def _in_spdx(said: Iterable[str]) -> str:
    said = list(said)
    known = next((SAID[one.lower()] for one in said if one.lower() in SAID), "")
    return known or next((one for one in said if one != "OSI Approved"), "")


def _name(text: str) -> str:
    """A package's name as the index compares names."""
    return NAME.sub("-", text).lower()
