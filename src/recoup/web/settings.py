"""Settings of the hub. All that differs between installations comes from the environment.

RECOUP_ROLE says as whom this process speaks to the database: ``app`` (web), ``planner`` (worker) or
``owner`` (migrations); each has a log-in of its own (decision 7).
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from csp.constants import NONE, SELF

from recoup.apps.members import oidc_settings

ROOT = Path(__file__).resolve().parents[3]
VAR = Path(os.environ.get("RECOUP_VAR", ROOT / "var"))
DEBUG = False
# A hub for real: it refuses the demonstration, whose invented people sign in with one click, and
# asks for TLS. Without it, people of organisations that exist still need a second factor.
IS_PRODUCTION = os.environ.get("RECOUP_PRODUCTION", "0") == "1"
IS_DEMO = os.environ.get("RECOUP_DEMO", "0" if IS_PRODUCTION else "1") == "1"
COUNTRY = os.environ.get("RECOUP_COUNTRY", "RS")

URL_VARIABLES = {
    "app": "DATABASE_URL",
    "planner": "DATABASE_PLANNER_URL",
    "owner": "DATABASE_OWNER_URL",
}
ROLE = os.environ.get("RECOUP_ROLE", "app")
# A page waits so long for a row that another has locked, then answers 503; else a few locked rows
# would take all threads. The planner waits: there is nothing that it could do instead.
LOCK_SECONDS = float(os.environ.get("RECOUP_LOCK_SECONDS", "8")) if ROLE == "app" else 0.0


# Statements whose plan depends on who asks are never prepared (ADR 0004); those found by a key say
# so themselves (web/postgres/compiler).
NEVER_BY_ITSELF = 2**31


def database(url: str) -> dict[str, object]:
    """Django's settings for an address like ``postgresql://user:password@host/name?host=/dir``."""
    parts = urlsplit(url)
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    host = options.pop("host", parts.hostname or "")
    if LOCK_SECONDS:
        limit = f"-c lock_timeout={LOCK_SECONDS * 1000:.0f}"
        options["options"] = f"{options.get('options', '')} {limit}".strip()
    return {
        "ENGINE": "recoup.web.postgres",
        "NAME": parts.path.lstrip("/"),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": str(parts.port or options.pop("port", "")),
        "CONN_MAX_AGE": None,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {**options, "prepare_threshold": NEVER_BY_ITSELF, "connect_timeout": 5},
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

# Papers (docs/papers.md): the folder of certificates, which the demonstration fills by itself; an
# authority of time, asked only when somebody takes a paper; the address that papers print.
AUTHORITY = Path(os.environ.get("RECOUP_AUTHORITY", VAR / "authority"))
TIMESTAMP_URL = os.environ.get("RECOUP_TIMESTAMP_URL", "")
# Hosts of the hub's own network that it may call; all others must have public addresses.
OUTGOING_PRIVATE = os.environ.get("RECOUP_OUTGOING_PRIVATE", "").split(",")
PUBLIC_ADDRESS = os.environ.get("RECOUP_PUBLIC_ADDRESS", "").rstrip("/")

# The log (docs/audit-format.md): who outside gets its checkpoints, and after how many hours without
# one coercive acts stay back. The demonstration's witness is a folder beside it: it proves nothing.
WITNESSES = os.environ.get("RECOUP_WITNESSES", f"demo=drop:{VAR}/witness" if IS_DEMO else "")
# This hub as a witness of others: the public keys of their logs, and where its cosigner listens.
WITNESSED_LOGS = os.environ.get("RECOUP_WITNESSED_LOGS", "")
WITNESS_SOCKET = os.environ.get("RECOUP_WITNESS_SOCKET", "")
CHECKPOINT_MAX_HOURS = float(os.environ.get("RECOUP_CHECKPOINT_MAX_HOURS", "24"))
CHECKPOINT_WARN_HOURS = min(4.0, CHECKPOINT_MAX_HOURS / 2)

# What stands in front and tells the caller's address; of nobody else it is believed (addresses).
PROXIES = os.environ.get("RECOUP_PROXIES", "")
# How often somebody may ask (data/rate_limits.toml), multiplied for a larger hub; 0: no limits.
RATE_LIMIT_TIMES = float(os.environ.get("RECOUP_RATE_LIMIT_TIMES", "1"))

# The state's own sign-in (docs/sign-in.md); None where none is named, and the hub has no button.
OIDC = oidc_settings.read(os.environ, address=PUBLIC_ADDRESS, is_production=IS_PRODUCTION)

ALLOWED_HOSTS = os.environ.get("RECOUP_HOSTS", "127.0.0.1,localhost,[::1]").split(",")
IS_TLS = os.environ.get("RECOUP_TLS", "0") == "1"


class NotForProduction(Exception):
    """What was set must not be so where real people work."""


if IS_PRODUCTION and IS_DEMO:
    raise NotForProduction(
        "RECOUP_PRODUCTION=1 and RECOUP_DEMO=1: a demonstration lets invented people in without a "
        "second factor. Set one of them to 0."
    )
if IS_PRODUCTION and not IS_TLS:
    raise NotForProduction(
        "RECOUP_PRODUCTION=1 needs RECOUP_TLS=1: passkeys and sessions are for https only."
    )

if IS_PRODUCTION and RATE_LIMIT_TIMES <= 0:
    raise NotForProduction(
        "RECOUP_PRODUCTION=1 and RECOUP_RATE_LIMIT_TIMES=0: without limits one caller can fill the "
        "hub. Leave it out, or set a number above 0."
    )

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
    "recoup.apps.evidence",
    "recoup.apps.traces",
    "recoup.apps.lawful_requests",
    "recoup.apps.holds",
    "recoup.apps.guidelines",
    "recoup.web",
]

MIDDLEWARE = [
    "recoup.web.headers.StrictHeaders",
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
    "recoup.web.session_age.SessionAge",
    "recoup.web.step_up.StepUp",
]

ROOT_URLCONF = "recoup.web.urls"
APPEND_SLASH = False
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "src/recoup/web/templates"],
        "OPTIONS": {
            "loaders": [
                (
                    "recoup.web.folded_templates.Loader",
                    [
                        "django.template.loaders.filesystem.Loader",
                        "django.template.loaders.app_directories.Loader",
                    ],
                )
            ],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "django.template.context_processors.i18n",
                "recoup.web.context.everywhere",
            ],
        },
    }
]

AUTH_USER_MODEL = "members.Login"
AUTHENTICATION_BACKENDS = ["recoup.web.sign_in.Passwords"]
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_ADAPTER = "recoup.web.sign_in.NoSignUp"
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_RATE_LIMITS = {
    "login": "30/m/ip", "login_failed": "10/m/ip,5/5m/key", "code": "5/5m/key", "pass": "20/5m/ip",
}  # fmt: skip
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "desk"
ACCOUNT_LOGOUT_REDIRECT_URL = "front"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
     "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "recoup.web.password_words.NotAWordOfOurs"},
]  # fmt: skip
PASSWORD_HASHERS = ["django.contrib.auth.hashers.ScryptPasswordHasher"]

# With the prefix a browser takes the cookie over https, from this very host, and from nobody else.
SESSION_COOKIE_NAME = "__Host-sessionid" if IS_TLS else "sessionid"
CSRF_COOKIE_NAME = "__Host-csrftoken" if IS_TLS else "csrftoken"
LANGUAGE_COOKIE_NAME = "__Host-language" if IS_TLS else "django_language"
LANGUAGE_COOKIE_SECURE, LANGUAGE_COOKIE_HTTPONLY, LANGUAGE_COOKIE_SAMESITE = IS_TLS, True, "Lax"
MESSAGE_STORAGE = "recoup.web.cookies.Messages"
SESSION_ENGINE = "recoup.web.session_store"
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
        "base-uri": [NONE],
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
    "/later/look": UPLOAD_LIMIT_BYTES,
    "/later": 8_000_000,
    "/statement": UPLOAD_LIMIT_BYTES,
    "/statement/take": UPLOAD_LIMIT_BYTES,
    "/witness/add-checkpoint": 16_000,
    "/api/v1/answers": 8_000_000,
    "/answer": 8_000_000,
    "/check": 8_000_000,
    "/verify/paper": 10_600_000,
    "/files": 11_000_000,
    "/piece": 4_400_000,
    "/evidence/upload": UPLOAD_LIMIT_BYTES,
}
DATA_UPLOAD_MAX_MEMORY_SIZE = UPLOAD_LIMIT_BYTES
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5000

# The evidence vault (docs/evidence.md): a folder of encrypted pieces, or a server that speaks S3;
# and, apart from both and from the database, the folder of the keys that wrap the files' keys.
VAULT_KEYS = Path(os.environ.get("RECOUP_VAULT_KEYS", VAR / "vault-keys"))


def vault_storage() -> dict[str, object]:
    """Django's storage of the vault; a server's credentials come as boto3 finds them itself."""
    if bucket := os.environ.get("RECOUP_VAULT_S3_BUCKET"):
        options = {
            "bucket_name": bucket,
            "endpoint_url": os.environ.get("RECOUP_VAULT_S3_URL") or None,
            "location": os.environ.get("RECOUP_VAULT_S3_FOLDER", ""),
            "file_overwrite": False,
            "default_acl": None,
            "max_memory_size": 8 * 1024 * 1024,
        }
        return {"BACKEND": "storages.backends.s3.S3Storage", "OPTIONS": options}
    folder = os.environ.get("RECOUP_VAULT", str(VAR / "vault"))
    return {"BACKEND": "recoup.apps.evidence.store.VaultFiles", "OPTIONS": {"location": folder}}


STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
STATICFILES_DIRS = [ROOT / "src/recoup/web/static"]
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False
WHITENOISE_AUTOREFRESH = os.environ.get("RECOUP_STATIC_REFRESH", "0") == "1"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "vault": vault_storage(),
}

USE_TZ = True
TIME_ZONE = os.environ.get("RECOUP_TIME_ZONE", "Europe/Belgrade")
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [
    ("en", "English"),
    ("sr", "Српски"),
    ("sr-latn", "Srpski"),
    ("sq", "Shqip"),
    ("tr", "Türkçe"),
]
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
    "formatters": {"line": {"()": "recoup.web.log_lines.Line"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "recoup": {"level": "INFO"},
        "procrastinate": {"level": "WARNING"},
        "django.request": {"level": "ERROR"},
    },
}
