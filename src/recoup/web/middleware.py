"""What wraps every request: limits on bodies, the actor, one transaction in that actor's scope."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from uuid import uuid4

from django.db import InterfaceError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse

from recoup.apps.audit import operations as audit
from recoup.apps.members import errors, queries
from recoup.apps.members.scope import enter
from recoup.web import noting, rate_limits
from recoup.web.bodies import longest_body
from recoup.web.known_callers import callers

log = logging.getLogger("recoup.web")
Handler = Callable[[HttpRequest], HttpResponse]
WITHOUT_SCOPE = ("/static/", "/healthz")
LONGEST_PATH = 200
WAITED_FOR = ("/version", "/api/v1/tickets")  # the ASGI side counts who waits for these


class DatabaseDown:
    """Answers 503 with Retry-After while the database is away, and drops the dead connection."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            response = self.get_response(request)
        except (OperationalError, InterfaceError) as trouble:
            return self._away(request, trouble)
        caught = getattr(request, "database_trouble", None)
        return self._away(request, caught) if caught else response

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        if isinstance(exception, OperationalError | InterfaceError):
            request.database_trouble = exception  # type: ignore[attr-defined]

    def _away(self, request: HttpRequest, trouble: Exception) -> HttpResponse:
        log.warning("database away: %s", str(trouble).splitlines()[0] if str(trouble) else trouble)
        connection.close()
        response = errors.unavailable(request)
        response["Retry-After"] = "2"
        return response


@dataclass(frozen=True, slots=True)
class TooLarge:
    """The length that a body is said to have, and how much is taken at its address."""

    length: str
    limit: int


class BodyLimit:
    """Refuses a body that is too large before anything reads it.

    The request goes on without its body as far as `Scope`, which answers in the reader's language
    and with their menu; no view sees it.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = longest_body(request.path)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > limit:
            if request.path.startswith(WITHOUT_SCOPE):
                return errors.too_large(request, length, limit)
            request.too_large = TooLarge(length[:20], limit)  # type: ignore[attr-defined]
            _forget_body(request)
        return self.get_response(request)


def _forget_body(request: HttpRequest) -> None:
    """Whoever asks for it finds nothing, and none of it is read."""
    request._body = b""
    request._mark_post_parse_error()  # type: ignore[attr-defined]


class Scope:
    """Finds the actor, then runs the view in one transaction that sees only what is the actor's.

    Below it Django has already turned an exception into a 500 answer, so the transaction would
    commit: an answer of 500 or more rolls it back.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path.startswith(WITHOUT_SCOPE):
            return self.get_response(request)
        try:
            actor = queries.actor_of(request)
        except queries.KeyNotKnown:
            known = "This key is not known or has ended."
            noting.stranger(request, 401, "a key that nobody has")
            refused = rate_limits.unknown_key(request)
            return refused or errors.api_error(401, "not_authenticated", known)
        if (too_many := rate_limits.refusal(request, actor)) is not None:
            return too_many
        if actor.person_id is not None:
            headers = request.headers
            callers.remember(headers.get("Authorization", ""), headers.get("Cookie", ""))
        with transaction.atomic():
            request.actor = actor  # type: ignore[attr-defined]
            request.at = enter(actor)  # type: ignore[attr-defined]
            response = _refused_by_length(request) or _in_words(request, self.get_response(request))
            noting.note(request, response)
            if response.status_code >= 500:
                transaction.set_rollback(True)
        if actor.role != "visitor":
            response.setdefault("Cache-Control", "no-store")
        if actor.person_id and request.path.endswith(WAITED_FOR):
            response["X-Recoup-Caller"] = str(actor.person_id)
        return response


def _refused_by_length(request: HttpRequest) -> HttpResponse | None:
    """The answer to a body that is too large; of a person it is a line of the trail."""
    found: TooLarge | None = getattr(request, "too_large", None)
    if found is None:
        return None
    actor, at = request.actor, request.at  # type: ignore[attr-defined]
    if actor.person_id is not None:
        audit.record(
            what="access:refused", about=f"access:{uuid4()}", by=actor, at=at, status=413,
            method=str(request.method), path=request.path[:LONGEST_PATH], length=found.length,
        )  # fmt: skip
    return errors.too_large(request, found.length, found.limit)


def _in_words(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """An address that was asked in a wrong way answers with an empty page: say what to do."""
    if response.status_code != 405 or errors.wants_json(request):
        return response
    told = errors.page(request, 405, "405.html")
    told["Allow"] = response["Allow"]
    return told
