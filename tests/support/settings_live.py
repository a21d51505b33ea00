"""Settings of the served hub in tests: the real ones, with log-ins that are quick to check."""

from __future__ import annotations

from recoup.web.settings import *  # noqa: F403

# The country of the tests was enrolled under the quick hasher of settings_test.
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.MD5PasswordHasher",
    "django.contrib.auth.hashers.ScryptPasswordHasher",
]
ACCOUNT_RATE_LIMITS: dict[str, str] = {}
RATE_LIMIT_TIMES = 1000.0  # many tests are one caller; the limits have tests of their own
