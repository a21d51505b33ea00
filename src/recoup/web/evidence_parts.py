"""What goes into a court bundle beside the vault's own: the paper, and the facts as JSON-LD.

Both are made of the bundle's custody alone. Typst sets the paper from ``evidence.typ``; what comes
from outside goes there as data. The same custody and language give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import Any, Final, Literal

import typst
from django.utils.translation import override

from recoup.apps.evidence import bundle
from recoup.apps.evidence.bundle import FileTold, Told
from recoup.apps.evidence.models import CustodyEvent
from recoup.apps.said import in_words
from recoup.apps.traces.paper import shown
from recoup.core.custody import ACT_WORDS, STATE_WORDS, CustodyAct, CustodyState
from recoup.core.said import Said
from recoup.standards import case_uco
from recoup.web.evidence_page import FIELDS, size_of
from recoup.web.evidence_picture import TONES

STANDARDS: Final[list[Literal["a-2a", "ua-1"]]] = ["a-2a", "ua-1"]
LABELS: Final = {
    "kind": Said("Evidence of a case, for the court"), "files": Said("Files"),
    "number": Said("No."), "file": Said("File and digest (SHA-256)"), "size": Said("Size"),
    "state": Said("State"), "chain": Said("Chain of custody of file"), "page": Said("Page"),
    "none": Said("No file."), "how": Said("How to check it without the hub"),
    "about": Said(
        "This paper lies in a bundle with the files themselves, their chains of custody, their "
        "time stamps and the lines of the hub’s log. What is printed here stands in custody.json; "
        "where the two differ, custody.json counts."
    ),
}  # fmt: skip
STEPS: Final = (
    Said("Count each file’s digest and compare it with this paper and with manifest-sha256.txt."),
    Said("Each line of log/leaves.jsonl names the digest of the line before it in its stream."),
    Said("Each event of a chain has its line in the log, with the same time, person and words."),
    Said("The signature is made over tagmanifest-sha256.txt; this does it all at once:"),
)
COUNTED: Final = Said(
    "As of %(until)s: %(files)s files, %(lines)s lines of the log in %(streams)s streams."
)
WITHHELD: Final = Said("Its bytes are not in this bundle.")
COPY_OF: Final = Said("Copy of file %(number)s with parts blacked out.")
STAMPED: Final = Said("Time stamp %(at)s, %(authority)s.")


def parts(told: Told, language: str) -> Mapping[str, bytes]:
    """The paper in a language, and CASE/UCO; of the same cut the same bytes."""
    graph = case_uco.export(json.loads(bundle.custody(told)))
    return {"report.pdf": paper(told, language), "case-uco.jsonld": graph}


# Typst keeps fonts and the parsed markup between papers; one compiler sets one paper at a time.
_one_at_a_time: Final = Lock()


def paper(told: Told, language: str) -> bytes:
    """Print it. The moment in the file is that of the cut, so nothing reads a clock."""
    with override(language):
        data = json.dumps(_shown(facts(told, language)), ensure_ascii=False, sort_keys=True)
    with _one_at_a_time:
        content = _compiler().compile(
            files("recoup.web").joinpath("evidence.typ").read_bytes(), format="pdf",
            sys_inputs={"data": data}, pdf_standards=list(STANDARDS),
            timestamp=told.until.replace(microsecond=0),
        )  # fmt: skip
    if not isinstance(content, bytes):
        raise TypeError("Typst made more than one file of one paper.")
    return content


@cache
def _compiler() -> typst.Compiler:
    return typst.Compiler(ignore_system_fonts=True)


def facts(told: Told, language: str) -> dict[str, Any]:
    """All that the paper says, as texts in the reader's language."""
    until = f"{told.until:%Y-%m-%d %H:%M:%S} UTC"
    counted = Said(
        COUNTED.template, until=until, files=len(told.files), lines=len(told.leaves),
        streams=len(told.heads),
    )  # fmt: skip
    numbers = {one.file.id: one.file.number for one in told.files}
    return {
        "lang": "sr" if language.startswith("sr") else "en",
        "labels": {name: in_words(label) for name, label in LABELS.items()}
        | {"steps": [in_words(step) for step in STEPS]},
        "title": f"{in_words(LABELS['kind'])} {told.reference}", "reference": told.reference,
        "owner": told.owner, "until": until, "counted": in_words(counted),
        "files": [_file(one, numbers) for one in told.files],
    }  # fmt: skip


def _file(one: FileTold, numbers: Mapping[Any, int]) -> dict[str, Any]:
    notes = []
    if one.file.original_id:
        notes.append(Said(COPY_OF.template, number=numbers.get(one.file.original_id, 0)))
    if one.stamp:
        at = f"{one.stamp.stamped_at:%Y-%m-%d %H:%M:%S} UTC"
        notes.append(Said(STAMPED.template, at=at, authority=one.stamp.authority))
    if not one.path:
        notes.append(WITHHELD)
    return {
        "number": one.file.number, "name": one.file.name or in_words(STATE_WORDS[one.state]),
        "what": one.file.what, "sha256": one.digest, "size": size_of(one.file.size),
        "state": in_words(STATE_WORDS[one.state]), "tone": TONES[one.state],
        "note": " ".join(in_words(note) for note in notes),
        "events": [_event(event) for event in one.events],
    }  # fmt: skip


def _event(event: CustodyEvent) -> dict[str, Any]:
    who = [event.person.full_name if event.person else "", event.organisation.name]
    return {
        "number": event.seq, "words": in_words(ACT_WORDS[CustodyAct(event.act)]),
        "at": f"{event.at:%Y-%m-%d %H:%M:%S} UTC", "tone": TONES[CustodyState(event.after)],
        "who": ", ".join(part for part in who if part),
        "said": [[str(label), getattr(event, name)] for name, label in FIELDS.items()
                 if getattr(event, name)],
    }  # fmt: skip


def _shown(value: Any) -> Any:
    """Each text with the characters that the fonts have."""
    if isinstance(value, str):
        return shown(value)
    if isinstance(value, list | tuple):
        return [_shown(one) for one in value]
    if isinstance(value, Mapping):
        return {name: _shown(one) for name, one in value.items()}
    return value
