"""What is typed on the addressee's page: the answer with its fields and files, and small forms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any, Final
from uuid import UUID, uuid4

from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext

from recoup.apps.lawful_requests.addressee_operations import LONGEST, Answered
from recoup.apps.lawful_requests.file_operations import Sent
from recoup.apps.lawful_requests.request_models import MOST_FILE_BYTES
from recoup.web.asked_words import (
    WITHOUT_DATA,
    field_kind,
    field_problem,
    field_told,
    word_of,
)

LONGEST_GROUND: Final = 400
GIVING: Final = frozenset({"given", "part_given"})
# By the end of the name: what a browser calls a table differs from machine to machine.
MEDIA_TYPES: Final = {
    ".pdf": "application/pdf", ".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg",
    ".csv": "text/csv", ".txt": "text/plain", ".json": "application/json",
    ".xml": "application/xml",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong, with the value and what to do; anchor: the field where it stands, or none."""

    anchor: str
    message: str


@dataclass(frozen=True, slots=True)
class Part:
    """One field of a measure's answer on the page."""

    name: str
    label: str
    kind: str
    value: str
    problem: str


@dataclass(slots=True)
class Typed:
    """The answer as it was typed, which no refusal loses."""

    answer: UUID
    stage: str = "final"
    code: str = ""
    reason: str = ""
    ground: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    files: frozenset[str] = frozenset()
    problems: list[Problem] = field(default_factory=list)

    def add(self, anchor: str, message: str) -> None:
        self.problems.append(Problem(anchor, message))

    def parts(self, names: list[str]) -> list[Part]:
        """The measure's fields with what was typed into them."""
        wrong = {problem.anchor: problem.message for problem in self.problems}
        return [
            Part(name, word_of("answers", name), field_kind(name), self.fields.get(name, ""),
                 wrong.get(f"field-{name}", ""))
            for name in names
        ]  # fmt: skip

    def told(self) -> Answered:
        """As the operation takes it: nothing empty, and no data with an answer that gives none.

        Those parts are hidden then, though what was typed into them before still comes along.
        """
        given = {} if self.code in WITHOUT_DATA else self.fields
        return Answered(
            self.answer, self.code, self.stage, self.reason if self.code == "refused" else "",
            self.ground, {k: field_told(k, v) for k, v in given.items() if v},
            tuple(UUID(one) for one in sorted(self.files)),
        )  # fmt: skip


def empty(stage: str, files: list[str]) -> Typed:
    """The form before anything is typed. files: what was sent before and no answer names yet."""
    return Typed(uuid4(), stage, files=frozenset(files))


def read(typed: QueryDict, body: Mapping[str, Any]) -> Typed:
    """Read the form; what is wrong stands at its field."""
    found = Typed(
        _uuid(typed.get("answer", "")) or uuid4(), typed.get("stage", "") or "final",
        typed.get("code", ""), typed.get("reason", ""), typed.get("ground", "").strip(),
        {name: typed.get(f"field-{name}", "").strip() for name in body["answer_fields"]},
        frozenset(one for one in typed.getlist("files") if _uuid(one)),
    )  # fmt: skip
    return found


def check(found: Typed, body: Mapping[str, Any]) -> None:
    """Add what is wrong with an answer before it is sent."""
    if found.code not in body["answers"]:
        found.add("code", gettext("Choose one of the answers."))
    if found.code == "refused" and body["refusal_grounds"] and not found.reason:
        found.add("reason", gettext("Choose the ground on which you refuse."))
    if found.code == "cannot_lawfully" and not found.ground:
        found.add("ground", gettext("Say which law or duty stands against it."))
    if found.code in GIVING and not found.files and not any(found.fields.values()):
        found.add("fields", gettext("Nothing is given yet: fill a field, or add a file."))
    if len(found.ground) > LONGEST_GROUND:
        found.add("ground", too_long(found.ground, LONGEST_GROUND))
    for name, value in found.fields.items() if found.code not in WITHOUT_DATA else ():
        problem = field_problem(name, value) if value else ""
        if not problem and len(value) > LONGEST:
            problem = too_long(value, LONGEST)
        if problem:
            found.add(f"field-{name}", problem)


def too_long(value: str, most: int) -> str:
    return gettext(
        "This has %(count)s characters; %(most)s are taken. Send what is long as a file."
    ) % {"count": len(value), "most": most}


def sent_file(upload: UploadedFile, sha256: str = "") -> Sent:
    """A file as the operation takes it; never more of it is read than is needed to refuse it.

    sha256: what the browser computed before it sent the file, or nothing.
    """
    name = str(upload.name or "file")
    suffix = PurePath(name).suffix.lower()
    return Sent(name, MEDIA_TYPES.get(suffix, suffix), upload.read(MOST_FILE_BYTES + 1), sha256)


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
