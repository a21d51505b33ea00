"""What the vault refuses, with a code for machines and words for people; each is a line of the log.

A refusal undoes what its act had begun and leaves that one line: who tried what with which file,
for what purpose, and why not.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

from django.db import transaction

from recoup.apps.audit import operations as audit
from recoup.apps.audit.session_operations import take_stream
from recoup.core.access import PersonNeeded
from recoup.core.custody import CustodyRefused
from recoup.core.said import Said

Act = TypeVar("Act", bound=Callable[..., Any])


class EvidenceRefused(Exception):
    """Something about a file was refused."""

    def __init__(self, code: str, said: Said, *, field: str = "") -> None:
        self.code, self.said, self.field = code, said, field
        super().__init__(said)


REFUSALS: Final = (EvidenceRefused, CustodyRefused, PersonNeeded)


def code_of(refusal: Exception) -> str:
    """The word of a refusal for machines."""
    return str(getattr(refusal, "code", "person_needed"))


def no_such_file() -> EvidenceRefused:
    """The same for a file that is not there and one that is somebody else's."""
    return EvidenceRefused("no_such_file", Said("There is no such file, or it is not yours."))


def told(what: str) -> Callable[[Act], Act]:
    """Run an operation in a transaction of its own; of a refusal only the line stays."""

    def mark(operation: Act) -> Act:
        @wraps(operation)
        def tried(**given: Any) -> Any:
            try:
                with transaction.atomic():
                    return operation(**given)
            except REFUSALS as refusal:
                _note(what, given, code_of(refusal))
                raise

        return tried  # type: ignore[return-value]

    return mark


def _note(what: str, given: dict[str, Any], code: str) -> None:
    """The line of a refusal, in a stream of the person and the thing: none can wait for another."""
    by = given["by"]
    case = getattr(given.get("case"), "id", None)
    about = given.get("file_id") or given.get("case_id") or case or given.get("hold_id")
    stream = f"refused:{str(about).replace('-', '')}:{(by.person_id or by.mandate_id or 0)!s:.18}"
    take_stream(stream)
    purpose = str(given.get("why") or (given.get("said") or {}).get("why", ""))[:400]
    audit.record(
        what=f"{what}:refused", about=stream, by=by, at=given["at"], code=code, file=str(about),
        personal={"why": purpose} if purpose else None,
    )  # fmt: skip
