"""How long a request's body may be; a longer one is refused before anything reads it."""

from __future__ import annotations

from django.conf import settings


def longest_body(path: str) -> int:
    """How many bytes a body sent to a path may have."""
    limits = settings.BODY_LIMITS_BYTES.items()
    return next((most for end, most in limits if path.endswith(end)), settings.BODY_LIMIT_BYTES)
