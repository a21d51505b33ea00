"""What every API operation shares: who may call it, one effect a key, one form of errors."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any, Literal, NamedTuple
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse
from ninja import Field, Schema
from ninja.security import HttpBearer
from pydantic import ConfigDict

from recoup.core.access import Actor
from recoup.data.policy import load_policy


class Strict(Schema):
    """A body in which an unknown field is refused and nothing is converted silently."""

    model_config = ConfigDict(extra="forbid", strict=True)


class ProblemOut(Schema):
    field: str = ""
    value: str = ""
    message: str
    code: str = ""


class ErrorOut(Schema):
    """Every error: a code for machines, what is wrong and what to do for people."""

    error: str
    message: str
    act: str | None = None
    problems: list[ProblemOut] | None = None


ERRORS = {400: ErrorOut, 401: ErrorOut, 403: ErrorOut, 404: ErrorOut, 409: ErrorOut,
          413: ErrorOut, 422: ErrorOut, 429: ErrorOut, 503: ErrorOut}  # fmt: skip
Minor = Field(ge=0, le=9_999_999_999_999)
Word = Literal["account", "cash", "card", "fee", "abroad", "other"]


class Given(NamedTuple):
    """What an Idempotency-Key was answered before, and the digest of the request it came with."""

    request_sha256: bytes
    status: int
    body: bytes


class NotForThisRole(Exception):
    """The key's role may not do this act."""

    def __init__(self, act: str, actor: Actor) -> None:
        self.act, self.actor = act, actor
        super().__init__(f"The role {actor.role} may not do {act}.")


class Key(HttpBearer):
    """An institution's API key, whose role the policy table lets do the act."""

    def __init__(self, act: str) -> None:
        load_policy().roles_for(act)
        self.act = act
        super().__init__()

    def authenticate(self, request: HttpRequest, token: str) -> Actor | None:
        actor: Actor = request.actor  # type: ignore[attr-defined]
        if actor.role == "visitor":
            return None
        request.act = self.act  # type: ignore[attr-defined]
        if not load_policy().may(actor, self.act):
            raise NotForThisRole(self.act, actor)
        return actor


def error(status: int, code: str, message: str, problems: list[dict[str, str]] | None = None
          ) -> HttpResponse:  # fmt: skip
    body: dict[str, Any] = {"error": code, "message": message}
    if problems:
        body["problems"] = problems
    return as_json(status, body)


def unknown_parameter(request: HttpRequest, query: type[Schema]) -> HttpResponse | None:
    """The refusal of a parameter in the address that the call does not have."""
    known = sorted(query.model_fields)
    for name in sorted(set(request.GET) - set(known)):
        message = f"There is no parameter {name[:40]!r} here. Use {' and '.join(known)}."
        return error(422, "not_valid", message)
    return None


def as_json(status: int, body: Any) -> HttpResponse:
    data = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    return HttpResponse(data, status=status, content_type="application/json")


def once(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """One effect an ``Idempotency-Key``: a repeat gets the first answer byte for byte.

    The answer is stored in the transaction of the effect; the same key with another body is 409.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        text = request.headers.get("Idempotency-Key", "")
        try:
            key = UUID(text)
        except ValueError:
            message = f"Idempotency-Key is {text[:60]!r}. Send a UUID of your own with each write."
            return error(400, "idempotency_key_missing", message)
        actor: Actor = request.actor  # type: ignore[attr-defined]
        asked = f"{request.method} {request.path}\n".encode() + request.body
        digest = hashlib.sha256(asked).digest()
        if given := _given(actor.organisation_id, key):
            return _again(given, digest)
        answer = view(request, *args, **kwargs)
        if answer.status_code < 500:
            _keep(actor.organisation_id, key, digest, answer, request.at)  # type: ignore[attr-defined]
        return answer

    # The framework reads the parameters' types from here; their names live in the view's module.
    guarded.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    return guarded


def _given(organisation_id: int, key: UUID) -> Given | None:
    """The answer of before. Two calls with one key at once: the second waits for the first."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select request_sha256, status, body from given_answer(%s, %s)", [organisation_id, key]
        )
        row = cursor.fetchone()
    return Given(bytes(row[0]), row[1], bytes(row[2])) if row else None


KEEP = """
insert into members_givenanswer (organisation_id, key, request_sha256, status, body, given_at)
values (%s, %s, %s, %s, %s, %s)
"""


def _keep(
    organisation_id: int, key: UUID, digest: bytes, answer: HttpResponse, at: datetime
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(KEEP, [organisation_id, key, digest, answer.status_code, answer.content, at])


def _again(given: Given, digest: bytes) -> HttpResponse:
    if given.request_sha256 != digest:
        message = "This Idempotency-Key was used for another request. Make a new key for this one."
        return error(409, "idempotency_key_used", message)
    return HttpResponse(given.body, status=given.status, content_type="application/json")
