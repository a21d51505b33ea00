"""One entry for each kind of thing from outside, found in the syntax tree of every file.

XML, CSV, JSON, archives and calls to others each have a module with limits of its own. A parser
used anywhere else would have none (T18, SECURITY 4.9). What is read elsewhere is our own: bytes
that the hub wrote, or files that come with it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import recoup

ROOT = Path(recoup.__file__).parent
# Outsiders and commands run on their own, with files that their user names.
ELSEWHERE = ("demo/", "cli/")

# By what is imported or called, who may, and why.
ENTRIES: dict[str, dict[str, str]] = {
    "xml": {"standards/statements/bounded_xml.py": "the one XML reader"},
    "lxml": {}, "defusedxml": {}, "xmltodict": {},
    "zipfile": {"standards/statements/bounded_zip.py": "the one reader of archives"},
    "tarfile": {}, "gzip": {}, "bz2": {}, "lzma": {}, "rarfile": {}, "py7zr": {},
    "openpyxl": {}, "xlrd": {}, "pandas": {}, "polars": {},
    "yaml": {}, "pickle": {}, "marshal": {}, "shelve": {}, "dill": {}, "email": {},
    "csv.reader": {
        "standards/transfers_csv/fields.py": "one line, cut by the strict reader",
        "standards/booking_lines/__init__.py": "one pasted line, bounded before",
        "standards/statements/rows.py": "rows of a statement, bounded before",
    },
    "csv.DictReader": {},
    "json.load": {},
    "urllib.request": {}, "requests": {}, "httpx": {}, "aiohttp": {}, "urllib3": {},
    "ftplib": {}, "smtplib": {}, "telnetlib": {}, "paramiko": {}, "websockets": {},
    "http.client": {"apps/outgoing.py": "the one client"},
    "socket.create_connection": {"apps/outgoing.py": "the one client"},
    "socket.socket": {"apps/audit/cosigner.py": "our own process, on this machine only"},
    "mimetypes": {}, "magic": {}, "filetype": {},
    "eval": {}, "exec": {}, "mark_safe": {},
}  # fmt: skip
# `json.loads` of what the hub itself has written, signed, or brings along; nothing of a request.
OWN_JSON = {
    "standards/strict_json.py": "the one JSON rule",
    "core/document.py": "the values in a paper, bounded, after its signature was checked",
    "core/tracing/cases.py": "a file of cases that a user names, with doubles kept and refused",
    "web/carried.py": "what a page carried, after its seal was checked",
    "web/sign_ins.py": "the demonstration's own file",
    "apps/reports/demo_facts.py": "the demonstration's own file",
    "apps/lawful_requests/papers/authority.py": "the authority's own list",
    "apps/lawful_requests/papers/apart.py": "what our own process says",
    "apps/holds/statement_files.py": "what our own process says",
    "apps/evidence/queries.py": "a column of our own statement",
    "apps/evidence/bundle.py": "lines of our own log",
    "web/evidence_parts.py": "the custody that our own bundle tells",
    "apps/members/passkeys.py": "our own options, as plain values",
    "apps/holds/case_ledger.py": "a column of our own statement",
    "apps/holds/statement_profile_operations.py": "our own values, compared",
}
OWN_BYTES = "bytes"  # json.loads(bytes(row.body)): canonical bytes that were stored strictly


def sources() -> list[tuple[str, str]]:
    paths = sorted(ROOT.rglob("*.py"))
    named = [(path.relative_to(ROOT).as_posix(), path) for path in paths]
    return [(name, path.read_text(encoding="utf-8")) for name, path in named
            if not name.startswith(ELSEWHERE) and "/migrations/" not in name]  # fmt: skip


def used(text: str) -> Iterator[tuple[int, str]]:
    """What a file imports (`xml.sax.`, with a dot at its end) or calls (`csv.reader`), by line."""
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, f"{alias.name}.") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield from ((node.lineno, f"{node.module}.{alias.name}.") for alias in node.names)
        elif isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.lineno, node.func.id
            elif isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
                yield node.lineno, f"{node.func.value.id}.{node.func.attr}"


def is_of(entry: str, found: str) -> bool:
    """Whether this is the entry: called by its name, or imported with what is beneath it."""
    return found == entry or (found.endswith(".") and found.startswith(f"{entry}."))


def elsewhere(name: str, text: str) -> Iterator[str]:
    for line, found in used(text):
        for entry, places in ENTRIES.items():
            if is_of(entry, found) and name not in places:
                yield f"{name}:{line} uses {found}"


def other_json(name: str, text: str) -> Iterator[str]:
    """Where JSON is read that may be somebody else's."""
    if name in OWN_JSON:
        return
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "json.loads":
            given = node.args[0] if node.args else None
            is_own = isinstance(given, ast.Call) and ast.unparse(given.func) == OWN_BYTES
            if not is_own and not _is_document(name, given):
                yield f"{name}:{node.lineno} reads {ast.unparse(node)}"


def _is_document(name: str, given: ast.expr | None) -> bool:
    """The law's own canonical text, as it was stored."""
    return name.endswith("law_operations.py") and given is not None and ast.unparse(given) == "body"


def test_nothing_is_parsed_or_called_past_its_entry() -> None:
    files = sources()
    assert len(files) > 300
    assert [found for name, text in files for found in elsewhere(name, text)] == []


def test_no_json_of_others_is_read_past_the_strict_rule() -> None:
    assert [found for name, text in sources() for found in other_json(name, text)] == []


def test_every_exception_is_still_one() -> None:
    files = dict(sources())
    for entry, places in ENTRIES.items():
        for place in places:
            names = [n for _, n in used(files[place])]
            assert any(is_of(entry, one) for one in names), (entry, place)
    assert [place for place in OWN_JSON if "json.loads(" not in files[place]] == []


@pytest.mark.parametrize(
    "line",
    [
        "import xml.etree.ElementTree as E", "from lxml import etree", "import pickle",
        "from urllib.request import urlopen", "import requests", "csv.reader(file)",
        "from csv import reader", "json.load(file)", "socket.create_connection(place)",
        "from django.utils.safestring import mark_safe\nmark_safe(x)", "eval(text)",
        "import zipfile",
    ],
)  # fmt: skip
def test_a_parser_elsewhere_is_found(line: str) -> None:
    assert list(elsewhere("web/cases.py", line))


@pytest.mark.parametrize("line", ["json.loads(request.body)", "json.loads(file.read())"])
def test_a_json_of_others_is_found(line: str) -> None:
    assert list(other_json("web/cases.py", line))
    assert not list(other_json("web/cases.py", "json.loads(bytes(row.body))"))
