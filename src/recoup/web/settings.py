"""Settings of the hub. All that differs between installations comes from the environment.

RECOUP_ROLE says as whom this process speaks to the database: ``app`` (web), ``planner`` (worker) or
``owner`` (migrations); each has a log-in of its own (decision 7).
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONE, SELF

ROOT = Path(__file__).resolve().parents[3]
VAR = Path(os.environ.get("RECOUP_VAR", ROOT / "var"))
DEBUG = False
IS_DEMO = os.environ.get("RECOUP_DEMO", "1") == "1"
COUNTRY = os.environ.get("RECOUP_COUNTRY", "RS")

URL_VARIABLES = {
    "app": "DATABASE_URL",
    "planner": "DATABASE_PLANNER_URL",
    "owner": "DATABASE_OWNER_URL",
}
ROLE = os.environ.get("RECOUP_ROLE", "app")


def database(url: str) -> dict[str, object]:
    """Django's settings for an address like ``postgresql://user:password@host/name?host=/dir``."""
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = options.pop("host", parts.hostname or "")
    return {
        "ENGINE": "recoup.web.postgres",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or options.pop("port", "")),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**options, "prepare_threshold": None, "connect_timeout": 5},
    }


DATABASES = {
    "default": database(os.environ.get(URL_VARIABLES[ROLE], "postgresql://recoup_app@/recoup"))
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"


def secret_key() -> str:
    """From the environment, or made once and kept in a file only its owner reads."""
    if key := os.environ.get("RECOUP_SECRET_KEY"):
        return key
    path = VAR / "secret_key"
    if not path.exists():
        VAR.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(os.urandom(32).hex())
    return path.read_text()


SECRET_KEY = secret_key()
ALLOWED_HOSTS = os.environ.get("RECOUP_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
IS_TLS = os.environ.get("RECOUP_TLS", "0") == "1"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.staticfiles",
    "django_htmx",
    "csp",
    "allauth",
    "allauth.account",
    "procrastinate.contrib.django",
    "recoup.apps.members",
    "recoup.apps.audit",
    "recoup.apps.ledgers",
    "recoup.apps.reports",
    "recoup.apps.cases",
    "recoup.apps.traces",
    "recoup.apps.lawful_requests",
    "recoup.apps.holds",
    "recoup.web",
]

MIDDLEWARE = [
    "recoup.web.middleware.DatabaseDown",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "recoup.web.middleware.BodyLimit",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "recoup.web.middleware.Scope",
]

ROOT_URLCONF = "recoup.web.urls"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "src/recoup/web/templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "recoup.web.context.everywhere",
            ]
        },
    }
]

AUTH_USER_MODEL = "members.Login"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_ADAPTER = "recoup.web.sign_in.NoSignUp"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {"login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key"}
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk"
ACCOUNT_LOGOUT_REDIRECT_URL = "front"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_TLS
SESSION_COOKIE_AGE = 8 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "recoup.apps.members.errors.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": [NONE],
        "base-uri": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
    }
}

BODY_LIMIT_BYTES = 1_000_000
UPLOAD_LIMIT_BYTES = 20_000_000
# Paths that take more, by their end: files, and answers with up to 20,000 bookings.
BODY_LIMITS_BYTES = {
    "/ledgers/preview": UPLOAD_LIMIT_BYTES,
    "/ledgers/import": 8_000_000,
    "/statement": UPLOAD_LIMIT_BYTES,
    "/statement/take": UPLOAD_LIMIT_BYTES,
    "/api/v1/answers": 8_000_000,
    "/answer": 8_000_000,
    "/check": 8_000_000,
}
DATA_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_LIMIT_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [ROOT / "src/recoup/web/static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = os.environ.get("RECOUP_STATIC_REFRESH", "0") == "1"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

USE_TZ = True
TIME_ZONE = os.environ.get("RECOUP_TIME_ZONE", "Europe/Belgrade")
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("sr", "Српски"), ("sr-latn", "Srpski")]
LOCALE_PATHS = [VAR / "locale", ROOT / "src/recoup/locale"]

# Counts tries to sign in, and nothing else: in the database, so that no restart forgets them.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "members_cache",
        "KEY_FUNCTION": "recoup.web.sign_in.key_of_tries",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    }
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "recoup": {"level": "INFO"},
        "procrastinate": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
    },
}
