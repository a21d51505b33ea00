"""What wraps every request: limits on bodies, the actor, one transaction in that actor's scope."""

from __future__ import annotations

import logging
from collections.abc import Callable

from django.db import InterfaceError, OperationalError, connection, transaction
from django.http import HttpRequest, HttpResponse

from recoup.apps.members import errors, queries
from recoup.apps.members.scope import enter
from recoup.web.bodies import longest_body

log = logging.getLogger("recoup.web")
Handler = Callable[[HttpRequest], HttpResponse]
WITHOUT_SCOPE = ("/static/", "/healthz")
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


class BodyLimit:
    """Refuses a body that is too large before anything reads it."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        limit = longest_body(request.path)
        length = request.META.get("CONTENT_LENGTH") or "0"
        if not length.isdigit() or int(length) > limit:
            return errors.too_large(request, length, limit)
        return self.get_response(request)


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
            return errors.api_error(401, "not_authenticated", "This key is not known or has ended.")
        with transaction.atomic():
            request.actor = actor  # type: ignore[attr-defined]
            request.at = enter(actor)  # type: ignore[attr-defined]
            response = _in_words(request, self.get_response(request))
            if response.status_code >= 500:
                transaction.set_rollback(True)
        if actor.role != "visitor":
            response.setdefault("Cache-Control", "no-store")
        if actor.person_id and request.path.endswith(WAITED_FOR):
            response["X-Recoup-Caller"] = str(actor.person_id)
        return response


def _in_words(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """An address that was asked in a wrong way answers with an empty page: say what to do."""
    if response.status_code != 405 or errors.wants_json(request):
        return response
    told = errors.page(request, 405, "405.html")
    told["Allow"] = response["Allow"]
    return told
