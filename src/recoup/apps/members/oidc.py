"""Asks the state's own sign-in who somebody is: OpenID Connect, as a client (relying party).

Authorization code flow with PKCE (S256), one state and one nonce for each question, kept in the
session and forgotten with the first answer (RFC 9700). The code is exchanged by the hub itself over
the one way out (``apps/outgoing``), so what is answered is bounded in size and time; of what comes
only the ID token is read, and no token is kept.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings

from recoup.apps import outgoing
from recoup.apps.members.oidc_settings import Provider
from recoup.standards import id_token, strict_json
from recoup.standards.id_token import Expected, IdToken, KeyMissing, NotAccepted

ASKED: Final = "asked_provider"  # where the question stands in the session
ANSWER_WITHIN: Final = timedelta(minutes=10)
SECONDS: Final = 4.0  # for each call; there are three at most
MOST_BYTES: Final = 65_536
CALLS_AT_ONCE: Final = 2  # a slow provider must not take all threads of the pages
KNOWN_SECONDS: Final = 600.0
NEW_KEYS_SECONDS: Final = 30.0  # a token with a strange key makes the hub ask this often at most
LONGEST_VALUE: Final = 2_000
BASIC, POST = "client_secret_basic", "client_secret_post"


class ProviderAway(Exception):
    """The provider does not answer, or not as one does; the reason is for the trail."""


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked. purpose: ``sign_in`` or ``link``; login: whose link; next: where to go."""

    purpose: str
    at: str
    state: str
    nonce: str
    verifier: str
    login: int = 0
    next: str = ""


def provider() -> Provider | None:
    found: Provider | None = settings.OIDC
    return found


def ask(
    session: Any, one: Provider, purpose: str, *, at: datetime, login: int = 0, next: str = ""
) -> str:
    """The provider's address to go to, with a question that is kept; raises ProviderAway."""
    where = _endpoint(one, "authorization_endpoint")
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    asked = Question(purpose, at.isoformat(), state, nonce, verifier, login, next)
    session[ASKED] = asdict(asked)
    challenge = hashlib.sha256(asked.verifier.encode()).digest()
    query = {
        "response_type": "code", "client_id": one.client_id, "redirect_uri": one.back,
        "scope": "openid", "state": asked.state, "nonce": asked.nonce,
        "code_challenge": base64.urlsafe_b64encode(challenge).decode().rstrip("="),
        "code_challenge_method": "S256",
    }  # fmt: skip
    if one.equal_acr and purpose == "sign_in":
        query["acr_values"] = " ".join(sorted(one.equal_acr))
    return f"{where}{'&' if '?' in where else '?'}{urlencode(query)}"


def recall(session: Any) -> Question | None:
    """The question, which is forgotten by this."""
    held = session.pop(ASKED, None)
    return Question(**held) if held else None


def answered(
    one: Provider, asked: Question | None, given: Mapping[str, str], *, at: datetime
) -> IdToken:
    """Whom the provider recognised; raises NotAccepted or ProviderAway."""
    if asked is None:
        raise NotAccepted("nothing was asked in this session")
    if not hmac.compare_digest(given.get("state", "").encode(), asked.state.encode()):
        raise NotAccepted("an answer to another question")
    if at - datetime.fromisoformat(asked.at) > ANSWER_WITHIN:
        raise NotAccepted("asked too long ago")
    _check_sender(one, given)
    if "error" in given:
        raise NotAccepted(f"the provider refused: {_plain(given['error'])}")
    code = given.get("code", "")
    if not 0 < len(code) <= LONGEST_VALUE:
        raise NotAccepted("no code")
    return _read(one, _exchange(one, code, asked.verifier), asked, at=at)


def is_equal(one: Provider, who: IdToken) -> bool:
    """Whether the provider says that it recognised somebody as surely as a passkey does."""
    return who.acr in one.equal_acr or bool(one.equal_amr & set(who.amr))


def _plain(text: str) -> str:
    """What a stranger wrote, as the trail may keep it."""
    return "".join(sign for sign in text[:60] if sign.isascii() and sign.isprintable())


def _check_sender(one: Provider, given: Mapping[str, str]) -> None:
    """RFC 9207: the answer names who sent it, wherever the provider says that its answers do."""
    is_named = _document(one).get("authorization_response_iss_parameter_supported") is True
    if given.get("iss", "" if is_named else one.issuer) != one.issuer:
        raise NotAccepted("an answer of another provider")


# The code for a token


def _exchange(one: Provider, code: str, verifier: str) -> str:
    where, form = _endpoint(one, "token_endpoint"), {
        "grant_type": "authorization_code", "code": code, "redirect_uri": one.back,
        "code_verifier": verifier,
    }  # fmt: skip
    headers = {"Accept": "application/json"}
    ways = _document(one).get("token_endpoint_auth_methods_supported", [BASIC])
    if BASIC in ways:
        pair = f"{quote(one.client_id, safe='')}:{quote(one.secret, safe='')}"
        headers["Authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
    elif POST in ways:
        form |= {"client_id": one.client_id, "client_secret": one.secret}
    else:
        raise ProviderAway(f"its token endpoint takes neither {BASIC} nor {POST}")
    with _calling():
        content = outgoing.post(
            where, urlencode(form).encode(), content_type="application/x-www-form-urlencoded",
            seconds=SECONDS, most_bytes=MOST_BYTES, headers=headers,
        )  # fmt: skip
    token = _json(content).get("id_token")
    if not isinstance(token, str):
        raise NotAccepted("no ID token came")
    return token


def _read(one: Provider, token: str, asked: Question, *, at: datetime) -> IdToken:
    """Check a token; if its key is not known, the set is fetched anew, but not at each token."""
    expected = Expected(one.issuer, one.client_id, asked.nonce)
    try:
        return id_token.read(token, _keys(one, KNOWN_SECONDS), expected, at=at)
    except KeyMissing:
        return id_token.read(token, _keys(one, NEW_KEYS_SECONDS), expected, at=at)


# What the provider says of itself, kept for some minutes

_kept: dict[str, tuple[float, bytes]] = {}
_calls = threading.BoundedSemaphore(CALLS_AT_ONCE)


def forget() -> None:
    """Begin anew, as a process that has just started."""
    _kept.clear()


def _document(one: Provider) -> dict[str, Any]:
    found = _json(_fetched(f"{one.issuer.rstrip('/')}/.well-known/openid-configuration"))
    if found.get("issuer") != one.issuer:
        raise ProviderAway("it names itself otherwise than the settings do")
    if "S256" not in found.get("code_challenge_methods_supported", ["S256"]):
        raise ProviderAway("it does not know PKCE with S256")
    return found


def _endpoint(one: Provider, name: str) -> str:
    """An address of the provider, as safe as the one that the settings name."""
    url = _document(one).get(name)
    parts = urlsplit(url) if isinstance(url, str) and len(url) <= LONGEST_VALUE else None
    if parts is None or not parts.hostname or parts.fragment or parts.username:
        raise ProviderAway(f"its {name} is no address")
    if parts.scheme != urlsplit(one.issuer).scheme:
        raise ProviderAway(f"its {name} is not of {urlsplit(one.issuer).scheme}")
    return str(url)


def _keys(one: Provider, seconds: float) -> tuple[dict[str, Any], ...]:
    return id_token.read_keys(_fetched(_endpoint(one, "jwks_uri"), seconds))


def _fetched(url: str, seconds: float = KNOWN_SECONDS) -> bytes:
    known = _kept.get(url)
    if known is not None and time.monotonic() - known[0] < seconds:
        return known[1]
    with _calling():
        content = outgoing.get(url, seconds=SECONDS, most_bytes=MOST_BYTES)
    _json(content)
    _kept[url] = (time.monotonic(), content)
    return content


@contextlib.contextmanager
def _calling() -> Iterator[None]:
    if not _calls.acquire(timeout=1):
        raise ProviderAway("too many wait for it already")
    try:
        yield
    except OSError as fault:
        raise ProviderAway(str(fault)[:200]) from fault
    finally:
        _calls.release()


def _json(content: bytes) -> dict[str, Any]:
    try:
        found = strict_json.loads(content, max_bytes=MOST_BYTES, fractions=True)
    except strict_json.NotStrictJson as fault:
        raise ProviderAway(str(fault)[:200]) from None
    if not isinstance(found, dict):
        raise ProviderAway("it answers no object")
    return found
