"""A real OpenID provider in one file: allauth.idp.oidc, run by a Python of its own (.ci/run).

``python provider_server.py PORT FOLDER BACK`` serves it at 127.0.0.1 until it is ended. Its people
are invented; ``strong.sign`` is recognised with ``acr`` high, all others say nothing of it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.http import HttpResponse
from django.urls import include, path

CLIENT_ID, CLIENT_SECRET, PASSWORD = "recoup-hub", "invented-secret.of_the~hub", "an invented word"
PEOPLE = ("jelena.sign", "strong.sign", "nobody.sign", "olga.sign")
urlpatterns: list[Any] = []  # filled when the settings are there


def signing_key() -> str:
    made = subprocess.run(
        ["openssl", "genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    return made.stdout


def configure(folder: Path) -> None:
    settings.configure(
        SECRET_KEY="only-for-tests", DEBUG=False, ALLOWED_HOSTS=["127.0.0.1"],
        ROOT_URLCONF=__name__, USE_TZ=True, DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3",
                               "NAME": str(folder / "provider.sqlite3")}},
        INSTALLED_APPS=["django.contrib.auth", "django.contrib.contenttypes",
                        "django.contrib.sessions", "django.contrib.messages", "allauth",
                        "allauth.account", "allauth.idp.oidc"],
        MIDDLEWARE=["django.contrib.sessions.middleware.SessionMiddleware",
                    "django.middleware.csrf.CsrfViewMiddleware",
                    "django.contrib.auth.middleware.AuthenticationMiddleware",
                    "django.contrib.messages.middleware.MessageMiddleware",
                    "allauth.account.middleware.AccountMiddleware"],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates",
                    "APP_DIRS": True, "OPTIONS": {"context_processors": [
                        "django.template.context_processors.request",
                        "django.contrib.messages.context_processors.messages",
                        "django.contrib.auth.context_processors.auth"]}}],
        AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        ACCOUNT_LOGIN_METHODS={"username"}, ACCOUNT_EMAIL_VERIFICATION="none",
        ACCOUNT_SIGNUP_FIELDS=["username*", "password1*"],
        ACCOUNT_RATE_LIMITS=False, IDP_OIDC_RATE_LIMITS=False,
        IDP_OIDC_PRIVATE_KEY=signing_key(), IDP_OIDC_ADAPTER=f"{__name__}.adapter",
    )  # fmt: skip
    django.setup()


def adapter(*given: Any) -> Any:
    """allauth's own, with the one claim that it leaves to the state."""
    from allauth.idp.oidc.adapter import DefaultOIDCAdapter
    from django.contrib.auth import get_user_model

    class Adapter(DefaultOIDCAdapter):
        def populate_id_token(
            self, id_token: dict[str, Any], client: Any, scopes: Any, **more: Any
        ) -> None:
            who = get_user_model().objects.get(pk=int(id_token["sub"]))
            if who.get_username() == "strong.sign":
                id_token["acr"] = "high"

    return Adapter(*given)


def fill(back: str) -> None:
    from allauth.idp.oidc.models import Client
    from django.contrib.auth import get_user_model
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    for name in PEOPLE:
        get_user_model().objects.create_user(name, password=PASSWORD)
    hub = Client(id=CLIENT_ID, name="The hub", scopes="openid", skip_consent=True)
    hub.set_redirect_uris([back])
    hub.set_secret(CLIENT_SECRET)
    hub.save()


def main() -> None:
    port, folder, back = sys.argv[1:]
    configure(Path(folder))
    urlpatterns.extend([
        path("", include("allauth.idp.urls")),
        path("favicon.ico", lambda request: HttpResponse(status=204)),  # browsers ask for it
        path("accounts/", include("allauth.account.urls")),
    ])  # fmt: skip
    fill(back)
    from django.core.servers.basehttp import run
    from django.core.wsgi import get_wsgi_application

    run("127.0.0.1", int(port), get_wsgi_application(), threading=True)


if __name__ == "__main__":
    main()
