"""What somebody looks for on a page: sent in a body, kept in their session, never in an address.

A name, an account or a reference in an address stays in the browser's history and in the log of
every machine on the way (ASVS 14.2.1). So a page that is searched takes the words by POST, keeps
them and leads to its own address with a key that stands for them: going back, reloading, leafing
and live parts work as with any address. The key means nothing in another session, and the session
without the key nothing either: it keeps the words sealed, and what unseals them is the key alone.
They go with the session, or after twenty newer searches.
"""

from __future__ import annotations

import os
import secrets
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import dataclass
from functools import wraps
from hashlib import sha512
from typing import Any, Final
from urllib.parse import urlencode

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

MOST_KEPT: Final = 20
LONGEST: Final = 200
LONGEST_BESIDE: Final = 40
KEY: Final = "sought"  # in the address; in the session the place where the words are kept
FIELD: Final = "q"  # in the form; in addresses of before
NONCE_BYTES: Final = 12

View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for on this page. key: what stands for the words in an address."""

    words: str = ""
    key: str = ""

    def address(self, **beside: object) -> str:
        """The query of a link on which the search goes on, with what else is not empty."""
        given = {name: value for name, value in beside.items() if value not in ("", None)}
        return "?" + urlencode(given | ({KEY: self.key} if self.key else {}))


def searchable(*beside: str) -> Callable[[View], View]:
    """Give a page `request.sought`. beside: fields of its form that may stand in an address.

    Stands below `@allowed`: what nobody may read is not kept either.
    """

    def mark(view: View) -> View:
        @require_http_methods(["GET", "POST"])
        @wraps(view)
        def searched(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "POST":
                return _kept(request, beside)
            if request.GET.get(FIELD):
                return _not_searched(request, beside)
            request.sought = _found(request)  # type: ignore[attr-defined]
            return view(request, *args, **kwargs)

        return searched

    return mark


def words_of(request: HttpRequest) -> str:
    """What was looked for by this request, for the log; empty where nothing was."""
    found: Sought = getattr(request, KEY, Sought())
    return found.words


def _kept(request: HttpRequest, beside: tuple[str, ...]) -> HttpResponse:
    words = request.POST.get(FIELD, "").replace("\0", "\ufffd").strip()[:LONGEST]
    sought = Sought(words, keep(request.session, words) if words else "")
    return _to_page(request, sought, request.POST, beside)


def _not_searched(request: HttpRequest, beside: tuple[str, ...]) -> HttpResponse:
    """An address of before, with words in it: the page without them says why nothing was found."""
    text = gettext(
        "Nothing was searched for: words in an address stay in the history of browsers and in "
        "logs. Type them into the field."
    )
    messages.warning(request, text)
    return _to_page(request, Sought(), request.GET, beside)


def _to_page(
    request: HttpRequest, sought: Sought, given: QueryDict, beside: tuple[str, ...]
) -> HttpResponse:
    kept = {one: given.get(one, "")[:LONGEST_BESIDE] for one in beside}
    return redirect(f"{request.path}{sought.address(**kept)}".rstrip("?"))


def _found(request: HttpRequest) -> Sought:
    """The words of the address's key; without them the page says why it looked for nothing."""
    key = request.GET.get(KEY, "")[:LONGEST]
    words = kept_words(request.session, key) if key else ""
    if key and not words:
        text = gettext(
            "What was searched for is not kept any more: it ends with the session, and after "
            "some newer searches. Type it again."
        )
        messages.warning(request, text)
        return Sought()
    return Sought(words, key)


def keep(session: Any, words: str) -> str:
    """Keep words in a session, sealed; returns the key that alone unseals them."""
    key = secrets.token_urlsafe(16)
    place, seal = _parts(key)
    nonce = os.urandom(NONCE_BYTES)
    sealed = nonce + AESGCM(seal).encrypt(nonce, words.encode(), place.encode())
    kept = {**session.get(KEY, {}), place: b64encode(sealed).decode()}
    session[KEY] = dict(list(kept.items())[-MOST_KEPT:])
    return key


def kept_words(session: Any, key: str) -> str:
    """The words that a key stands for in this session; empty where it stands for none."""
    place, seal = _parts(key)
    sealed = b64decode(session.get(KEY, {}).get(place, ""))
    try:
        words = AESGCM(seal).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], place.encode())
    except (InvalidTag, ValueError):
        return ""
    return words.decode()


def _parts(key: str) -> tuple[str, bytes]:
    """Where a key's words are in the session, which tells nothing of it, and what seals them."""
    digest = sha512(b"recoup sought " + key.encode()).digest()
    return digest[:16].hex(), digest[32:]
