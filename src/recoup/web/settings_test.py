"""Settings of the tests: the same hub, made by recoup_owner, run as recoup_app (see conftest)."""

from __future__ import annotations

import os

os.environ["RECOUP_ROLE"] = "owner"
os.environ.setdefault("RECOUP_SECRET_KEY", "only-for-tests")

from recoup.web.settings import *  # noqa: E402, F403
from recoup.web.settings import DATABASES  # noqa: E402

DATABASES["default"]["CONN_MAX_AGE"] = 0
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
