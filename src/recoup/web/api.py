"""The API at ``/api/v1/``: the stations' routers, strict JSON, and one form of errors."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import AuthenticationError, HttpError, ValidationError
from ninja.parser import Parser

from recoup.apps.holds.api import router as holds
from recoup.apps.lawful_requests.api import router as lawful_requests
from recoup.apps.lawful_requests.asked_api import router as asked
from recoup.apps.lawful_requests.request_api import router as requests
from recoup.apps.members.api import NotForThisRole, error
from recoup.apps.reports.api import router as reports
from recoup.apps.reports.operations import TooManyReports
from recoup.standards.strict_json import NotStrictJson, loads
from recoup.web.evidence_api import router as evidence

MOST_BYTES = 8_000_000


class StrictParser(Parser):
    """Reads bodies without leniency; a duplicate key or a lone surrogate is refused."""

    def parse_body(self, request: HttpRequest) -> Any:
        try:
            return loads(request.body, max_bytes=MOST_BYTES)
        except NotStrictJson as problem:
            request.json_problem = problem  # type: ignore[attr-defined]
            raise


api = NinjaAPI(
    title="Recoup",
    version="1",
    description="Tickets in, answers out. Every write carries an Idempotency-Key.",
    parser=StrictParser(),
    docs_url=None,
)
api.add_router("", reports)
api.add_router("", lawful_requests)
api.add_router("", requests)
api.add_router("", asked)
api.add_router("", holds)
api.add_router("", evidence)


@api.exception_handler(ValidationError)
def not_valid(request: HttpRequest, refused: ValidationError) -> HttpResponse:
    problems = [
        {
            "field": ".".join(str(part) for part in found["loc"] if part not in ("body", "query")),
            "value": str(found.get("input", ""))[:80],
            "message": found["msg"],
            "code": found["type"],
        }
        for found in refused.errors
    ]
    where = ", ".join(sorted({problem["field"] for problem in problems}))
    return error(422, "not_valid", f"These fields were not taken: {where}.", problems)


@api.exception_handler(HttpError)
def http_error(request: HttpRequest, refused: HttpError) -> HttpResponse:
    problem: NotStrictJson | None = getattr(request, "json_problem", None)
    if problem is not None:
        return error(400, problem.code, str(problem))
    return error(refused.status_code, "refused", str(refused))


@api.exception_handler(AuthenticationError)
def not_authenticated(request: HttpRequest, refused: AuthenticationError) -> HttpResponse:
    message = "Send your key as: Authorization: Bearer KEY."
    response = error(401, "not_authenticated", message)
    response["WWW-Authenticate"] = "Bearer"
    return response


@api.exception_handler(NotForThisRole)
def not_for_role(request: HttpRequest, refused: NotForThisRole) -> HttpResponse:
    return error(403, "not_allowed", str(refused))


@api.exception_handler(TooManyReports)
def too_many(request: HttpRequest, refused: TooManyReports) -> HttpResponse:
    return error(429, "too_many", str(refused))


@api.exception_handler(Http404)
def not_found(request: HttpRequest, refused: Http404) -> HttpResponse:
    return error(404, "not_found", "There is nothing here, or it is not yours.")
