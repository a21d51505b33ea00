"""What is refused when people work on requests, each with a code, and the trail of it.

A refusal undoes what its act had begun and leaves one line in the trail: who tried what, and why
not. So the caller answers with the refusal and commits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar

from django.db import IntegrityError, connection, transaction

from recoup.apps.audit import operations as audit
from recoup.core.access import PersonNeeded
from recoup.core.authorisation import MayNotDecide, NothingLeft, OrderMoveRefused, Widened
from recoup.core.completeness import Lack
from recoup.core.law import NoPower
from recoup.core.lawful_request import MoveRefused
from recoup.core.said import Said
from recoup.core.text import NotReadable, read_line, read_note

Act = TypeVar("Act", bound=Callable[..., Any])


class RequestRefused(Exception):
    """Something about a request was refused. code: for machines; the text is for people."""

    def __init__(self, code: str, said: Said, *, field: str = "", **facts: str) -> None:
        self.code, self.said, self.field = code, said, field
        self.facts = facts  # what the line in the trail keeps beside the code
        super().__init__(said)


class Incomplete(RequestRefused):
    """The request lacks something without which it would be refused."""

    def __init__(self, lacks: list[Lack]) -> None:
        self.lacks = lacks
        first = next(lack for lack in lacks if lack.blocks)
        super().__init__("incomplete", first.said, field=first.field)


REFUSALS: Final = (
    RequestRefused, MayNotDecide, OrderMoveRefused, MoveRefused, Widened, NothingLeft, NoPower,
    PersonNeeded,
)  # fmt: skip
CODES: Final = {
    OrderMoveRefused: "not_now", MoveRefused: "not_now", Widened: "widens",
    NothingLeft: "nothing_left", PersonNeeded: "person_needed",
}  # fmt: skip


def code_of(refusal: Exception) -> str:
    """The word of a refusal for machines."""
    return CODES.get(type(refusal)) or str(getattr(refusal, "code", "refused"))


def told(what: str) -> Callable[[Act], Act]:
    """Run an operation in a transaction of its own; of a refusal only the line stays.

    Its first keyword that names an object (``request_id``, ``ticket_id``, ``draft_id``) is the
    line's stream, where the object is the actor's to see; else the actor's own. What people wrote
    (``text``, ``ground``, ``danger``) is read before: composed, and with nothing unreadable in it.
    """

    def mark(operation: Act) -> Act:
        @wraps(operation)
        def tried(**given: Any) -> Any:
            try:
                with transaction.atomic():
                    return operation(**_readable(given))
            except REFUSALS as refusal:
                _tell(what, refusal, given)
                raise
            except IntegrityError as trouble:
                if not _is_used_id(trouble):
                    raise
                used = RequestRefused("id_used", Said("This id is another's. Make a new one."))
                _tell(what, used, given)
                raise used from None

        return tried  # type: ignore[return-value]

    return mark


def _tell(what: str, refusal: Exception, given: dict[str, Any]) -> None:
    """The line of a refusal, in the object's stream or, of what is not theirs, in the actor's."""
    _wait_for_others(given)
    audit.record(
        what=f"{what}:refused", about=_about(given), by=given["by"], at=given["at"],
        code=code_of(refusal), **getattr(refusal, "facts", {}),
    )  # fmt: skip


def _is_used_id(trouble: IntegrityError) -> bool:
    """Whether a row of this id exists already, which the actor cannot see."""
    told = getattr(trouble.__cause__, "diag", None)
    return str(getattr(told, "constraint_name", "")).endswith("_pkey")


# What people write in an act: how long it may be, and whether it may have several lines.
NOTES: Final = {"text": 2000, "ground": 2000}
LINES: Final = {"danger": 32, "addressee": 32, "authority": 32, "confirmer": 32, "currency": 3}


def _readable(given: dict[str, Any]) -> dict[str, Any]:
    read = {name: words(given[name], name, most) for name, most in NOTES.items() if given.get(name)}
    read |= {name: line(given[name], name, most) for name, most in LINES.items() if given.get(name)}
    return {**given, **read}


def words(text: object, field: str, most: int) -> str:
    """Text of several lines as it is kept; raises RequestRefused with the field."""
    return _read(read_note, text, field, most)


def line(text: object, field: str, most: int) -> str:
    """One line of text as it is kept; raises RequestRefused with the field."""
    return _read(read_line, text, field, most)


def _read(reader: Callable[..., str], text: object, field: str, most: int) -> str:
    try:
        return reader(text, field=field[:80], max_length=most, required=False)
    except NotReadable as problem:
        code = "character_refused" if problem.code == "character_refused" else "not_a_text"
        raise RequestRefused(code, problem.said, field=field[:80]) from None


LOCKS: Final = {
    "request_id": "select 1 from lawful_requests_request where id = %s for no key update",
    "ticket_id": "select 1 from lawful_requests_ticket where id = %s for no key update",
}


def _wait_for_others(given: dict[str, Any]) -> None:
    """Lock the object again: the refusal let it go, and its lines come one after the other."""
    with connection.cursor() as cursor:
        for name in LOCKS.keys() & given.keys():
            cursor.execute(LOCKS[name], [given[name]])


# Whose line may stand in the stream of a request or a ticket: of nobody who may not see it.
PARTIES: Final = {
    "request_id": """
        select 1 from lawful_requests_request where id = %s and (issuer_id = %s
          or submitted_at is not null and (authority_id = %s or confirmer_id = %s))""",
    "ticket_id": """
        select 1 from lawful_requests_ticket where id = %s
          and (issuer_id = %s or sent_at is not null and addressee_id = %s)""",
}


def _about(given: dict[str, Any]) -> str:
    for name, kind in (("request_id", "request"), ("ticket_id", "ticket"), ("draft_id", "law")):
        if name in given and _is_party(name, given):
            return f"{kind}:{given[name]}"
    return f"organisation:{given['by'].organisation_id}"


def _is_party(name: str, given: dict[str, Any]) -> bool:
    query = PARTIES.get(name)
    if query is None:
        return True
    own = given["by"].organisation_id
    with connection.cursor() as cursor:
        cursor.execute(query, [given[name], *[own] * (query.count("%s") - 1)])
        return cursor.fetchone() is not None
