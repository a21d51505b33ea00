"""What every API operation shares: who may call it, one effect a key, one form of errors."""

from __future__ import annotations

import hashlib
import inspect
import json
from collections.abc import Callable
from functools import wraps
from typing import Any, Literal
from uuid import UUID

from django.db import connection
from django.http import HttpRequest, HttpResponse
from ninja import Field, Schema
from ninja.security import HttpBearer
from pydantic import ConfigDict

from recoup.apps.members.models import GivenAnswer
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
        if not load_policy().may(actor, self.act):
            raise NotForThisRole(self.act, actor)
        return actor


def error(status: int, code: str, message: str, problems: list[dict[str, str]] | None = None
          ) -> HttpResponse:  # fmt: skip
    body: dict[str, Any] = {"error": code, "message": message}
    if problems:
        body["problems"] = problems
    return as_json(status, body)


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
        digest = hashlib.sha256(f"{request.method} {request.path}\n".encode() + request.body)
        _lock(actor.organisation_id, key)
        given = GivenAnswer.objects.filter(organisation_id=actor.organisation_id, key=key).first()
        if given is not None:
            return _again(given, digest.digest())
        answer = view(request, *args, **kwargs)
        if answer.status_code < 500:
            GivenAnswer.objects.create(
                organisation_id=actor.organisation_id, key=key, request_sha256=digest.digest(),
                status=answer.status_code, body=answer.content,
                given_at=request.at,  # type: ignore[attr-defined]
            )  # fmt: skip
        return answer

    # The framework reads the parameters' types from here; their names live in the view's module.
    guarded.__signature__ = inspect.signature(view, eval_str=True)  # type: ignore[attr-defined]
    return guarded


def _lock(organisation_id: int, key: UUID) -> None:
    """Two calls with one key at once: the second waits for the first one's answer."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"{organisation_id} {key}"]
        )


def _again(given: GivenAnswer, digest: bytes) -> HttpResponse:
    if bytes(given.request_sha256) != digest:
        message = "This Idempotency-Key was used for another request. Make a new key for this one."
        return error(409, "idempotency_key_used", message)
    return HttpResponse(bytes(given.body), status=given.status, content_type="application/json")
