"""The strict headers of every answer, whoever makes it: Django, a file's server, or the bridge.

A page may load what the hub itself serves, and nothing else; no other site may frame it, read it or
send forms with it; a file is what its type says. What a browser offers beyond that (camera, place)
is nobody's here. ``tests/web/test_security_headers.py`` asks every route for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

POLICY: Final[Mapping[str, str]] = {
    "default-src": "'self'",
    "img-src": "'self' data:",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
TWO_YEARS: Final = 2 * 365 * 24 * 3600
# A browser that came by https once comes by nothing else, also to names below this one.
ONLY_HTTPS: Final = {"Strict-Transport-Security": f"max-age={TWO_YEARS}; includeSubDomains"}
SIGN_OUT: Final = "/accounts/logout/"
STRICT: Final[Mapping[str, str]] = {
    "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in POLICY.items()),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    **(ONLY_HTTPS if settings.IS_TLS else {}),
}
# For the server's own answers, which pass no middleware.
AS_BYTES: Final = tuple(
    (name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in STRICT.items()
)


class StrictHeaders:
    """The outermost: what no other part has set, is set here, on files and failures too."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in STRICT.items():
            response.setdefault(name, value)
        if request.path == SIGN_OUT and request.method == "POST":
            response["Clear-Site-Data"] = '"cache"'  # nothing else of a person is in a browser
        return response
