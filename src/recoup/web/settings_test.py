"""Settings of the tests: the same hub, made by recoup_owner, run as recoup_app (see conftest)."""

from __future__ import annotations

import os
import tempfile

os.environ["RECOUP_ROLE"] = "owner"
os.environ.setdefault("RECOUP_SECRET_KEY", "only-for-tests")
# One for the run, and for the servers that it starts; what lies there ends with the machine's.
_VAULT = os.path.join(tempfile.gettempdir(), f"recoup-test-vault-{os.getpid()}")
os.environ.setdefault("RECOUP_VAULT", os.path.join(_VAULT, "pieces"))
os.environ.setdefault("RECOUP_VAULT_KEYS", os.path.join(_VAULT, "keys"))

from recoup.web.settings import *  # noqa: E402, F403
from recoup.web.settings import DATABASES  # noqa: E402

DATABASES["default"]["CONN_MAX_AGE"] = 0
if os.environ.get("RECOUP_TABLES"):  # the server has today's tables already (recoup.cli.ready)
    DATABASES["default"]["TEST"] = {"TEMPLATE": os.environ["RECOUP_TABLES"]}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
WITNESSED_LOGS = WITNESS_SOCKET = ""
WITNESSES = ""  # tests that need one set it
RATE_LIMIT_TIMES = 0.0  # a test of the limits sets it
