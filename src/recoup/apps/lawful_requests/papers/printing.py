"""Prints a paper: from its values to a PDF (PDF/A-3a, PDF/UA-1) that carries the values inside.

Typst sets it from ``paper.typ``. All that comes from outside goes there as data and is never part
of the markup. The same document, voice and seal give the same bytes; signing adds to them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from threading import Lock
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

import typst

from recoup.apps.lawful_requests.papers import labels, sections
from recoup.apps.lawful_requests.papers.labels import KINDS, LABELS
from recoup.apps.traces import paper_words
from recoup.apps.traces.paper import KOSOVO_NAMES, shown, starred
from recoup.apps.traces.voice import ENGLISH, Voice
from recoup.core.document import (
    ATTACHMENT,
    DIGEST_KEY,
    Document,
    canonical,
    digest_of,
    kind_of,
)
from recoup.core.said import Said

STANDARDS: Final[list[Literal["a-3a", "ua-1"]]] = ["a-3a", "ua-1"]
_AS_IT_IS: Final = frozenset({"keywords", "verification", "sha256", "attachment", "lang"})


@dataclass(frozen=True, slots=True)
class Seal:
    """What the signature field says before it is signed: by whom, as what, when.

    is_demo: the certificate is the demonstration's. No seal: the field says that nobody signed.
    """

    organisation: str
    person: str
    role: str
    at: datetime
    is_demo: bool


@dataclass(frozen=True, slots=True)
class Printed:
    """A paper before it is signed, and the values it carries."""

    pdf: bytes
    values: bytes


def printed(document: Document, *, voice: Voice = ENGLISH, seal: Seal | None = None) -> Printed:
    """Print a paper. The moment in the file is that of the document, so nothing reads a clock."""
    values = canonical(document)
    data = json.dumps(facts_of(document, values, voice, seal), ensure_ascii=False, sort_keys=True)
    with _one_at_a_time:
        content = _compiler().compile(
            _markup(),
            format="pdf",
            sys_inputs={"data": data, "values": values.decode()},
            pdf_standards=list(STANDARDS),
            timestamp=document.head.issued_at.replace(microsecond=0),
        )
    if not isinstance(content, bytes):
        raise TypeError("Typst made more than one file of one paper.")
    return Printed(content, values)


# Typst keeps fonts and the parsed markup between papers; one compiler sets one paper at a time.
_one_at_a_time: Final = Lock()


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(ignore_system_fonts=True)


@cache
def _markup() -> bytes:
    return files("recoup.apps.lawful_requests.papers").joinpath("paper.typ").read_bytes()


def facts_of(document: Document, values: bytes, voice: Voice, seal: Seal | None) -> dict[str, Any]:
    """All that a paper says, as texts in the voice's language."""
    writer = Writer(voice, ZoneInfo(document.head.time_zone))
    told = sections.of(document, writer) | {
        "lang": "sr" if document.head.language.startswith("sr") else "en",
        "labels": {name: voice.say(label) for name, label in LABELS.items()},
        "kind": voice.say(KINDS[kind_of(document)]),
        "title": document.head.title,
        "reference": document.head.reference,
        "author": [document.head.sender.organisation],
        "signature": _signature(seal, writer),
        "pack": writer.say(
            labels.PACK, country=document.head.pack.country, number=document.head.pack.number,
            digest=document.head.pack.sha256[:16],
        ),
        "notes": [],
    }  # fmt: skip
    told["title_line"] = f"{told['kind']} {document.head.reference}: {document.head.title}"
    told["description"] = told["title_line"]
    told, notes = _shown(told, voice)
    sha256 = digest_of(values)
    head = document.head
    return told | {
        "notes": notes,
        "sha256": sha256,
        "attachment": ATTACHMENT,
        "keywords": [DIGEST_KEY + sha256, "recoup-layout:" + layout()],
        "verification": {
            "code": head.verification_code,
            "address": head.verification_address,
        },
    }


def _signature(seal: Seal | None, writer: Writer) -> dict[str, str]:
    if seal is None:
        return {
            "title": writer.say(labels.NOT_SIGNED), "organisation": "", "person": "", "at": "",
            "note": writer.say(labels.NOT_SIGNED_NOTE),
        }  # fmt: skip
    person = ", ".join(part for part in (seal.person, seal.role) if part)
    return {
        "title": writer.say(labels.SIGNED_BY),
        "organisation": seal.organisation,
        "person": person,
        "at": writer.moment(seal.at),
        "note": writer.say(labels.DEMO_NOTE if seal.is_demo else labels.SEAL_NOTE),
    }


def _shown(told: dict[str, Any], voice: Voice) -> tuple[dict[str, Any], list[str]]:
    """Write every text with the characters that the fonts have, and its note with a name."""
    found: list[str] = []

    def one(text: str) -> str:
        written = shown(text)
        is_address = "@" in text or "://" in text
        if not is_address and KOSOVO_NAMES.search(written):
            found.append(voice.say(paper_words.KOSOVO))
            written = starred(written)
        if "\\u" in written and "\\u" not in text:
            found.append(voice.say(paper_words.UNKNOWN_GLYPHS))
        return written

    written = {name: _each(value, one) for name, value in told.items() if name not in _AS_IT_IS}
    notes = ["* " + note if note == voice.say(paper_words.KOSOVO) else note for note in found]
    return {**told, **written}, list(dict.fromkeys(notes))


def _each(value: Any, write: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return write(value)
    if isinstance(value, list | tuple):
        return [_each(one, write) for one in value]
    if isinstance(value, Mapping):
        return {name: _each(one, write) for name, one in value.items()}
    return value


@cache
def layout() -> str:
    """Name how papers are set: the markup and the version of what sets it."""
    return digest_of(_markup() + version("typst").encode())[:32]


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes sentences, sums and moments in the paper's language and time zone."""

    voice: Voice
    zone: ZoneInfo

    def say(self, template: Said, **values: str | int) -> str:
        return self.voice.say(Said(template, **values))

    def moment(self, moment: datetime) -> str:
        """Year, month and day, then the clock of the zone, and how far it is from UTC."""
        local = moment.astimezone(self.zone)
        offset = local.strftime("%z")
        return f"{local:%Y-%m-%d %H:%M:%S} (UTC{offset[:3]}:{offset[3:5]})"
