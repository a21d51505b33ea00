"""Answers for what went wrong: for people a page, for machines one object; both say what to do."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext

from recoup.data.policy import load_policy


def wants_json(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def api_error(status: int, code: str, message: str, **more: Any) -> JsonResponse:
    return JsonResponse({"error": code, "message": message, **more}, status=status)


def page(request: HttpRequest, status: int, template: str, **context: Any) -> HttpResponse:
    return render(request, template, context, status=status)


def not_allowed(request: HttpRequest, act: str) -> HttpResponse:
    roles = sorted(load_policy().roles_for(act))
    role = request.actor.role  # type: ignore[attr-defined]
    if wants_json(request):
        status = 401 if role == "visitor" else 403
        message = f"The role {role} may not do {act}. It is for: {', '.join(roles)}."
        return api_error(status, "not_allowed", message, act=act)
    return page(request, 403, "403.html", act=act, roles=roles, role=role)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if wants_json(request):
        return api_error(404, "not_found", "There is nothing here, or it is not yours.")
    return page(request, 404, "404.html")


def server_error(request: HttpRequest) -> HttpResponse:
    if wants_json(request):
        return api_error(500, "failed", "The hub failed and stored nothing. Try again.")
    return page(request, 500, "500.html")


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    if wants_json(request):
        return api_error(400, "bad_request", "The request could not be read. Nothing was stored.")
    return page(request, 400, "400.html")


def too_large(request: HttpRequest, length: str, limit: int) -> HttpResponse:
    message = f"The body has {length} bytes; at most {limit} are taken. Send less, or in parts."
    if wants_json(request):
        return api_error(413, "too_large", message)
    if not hasattr(request, "actor"):
        return HttpResponse(message, status=413, content_type="text/plain; charset=utf-8")
    problem = gettext(
        "It has %(length)s bytes; at most %(limit)s are taken here. Nothing was stored."
    ) % {"length": length, "limit": limit}
    return page(request, 413, "413.html", problem=problem)


def unavailable(request: HttpRequest) -> HttpResponse:
    """Plain on purpose: no template may ask the database for anything here."""
    message = "The hub cannot reach its database for the moment. Nothing was stored. Try again."
    if wants_json(request):
        return api_error(503, "unavailable", message)
    return HttpResponse(message, status=503, content_type="text/plain; charset=utf-8")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    return page(request, 403, "403_csrf.html", reason=reason)
