"""ID tokens of OpenID Connect, read and checked as a careful client does.

OpenID Connect Core 1.0 (3.1.3.7) and RFC 8725. The key comes from the provider's own set and from
nowhere in the token; the algorithm has to be one with a private half that only the provider holds,
and of the kind of that key. Who the token is for is the one client, and nobody beside it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from recoup.standards import strict_json

SKEW: Final = timedelta(seconds=60)  # how far two clocks may be apart
OLDEST: Final = timedelta(minutes=10)  # since it was issued, whatever it says of its end
LONGEST: Final = 16_384
LONGEST_SUBJECT: Final = 255
MOST_KEYS: Final = 32
LEAST_RSA_BITS: Final = 2048
ALGORITHMS: Final = ("RS256", "PS256", "ES256", "EdDSA")
KINDS: Final = {
    "RS256": ("RSA", ""), "PS256": ("RSA", ""), "ES256": ("EC", "P-256"),
    "EdDSA": ("OKP", "Ed25519"),
}  # fmt: skip
P256_BYTES: Final = 32


class NotAccepted(Exception):
    """The token proves nothing to us; the message says why, for the trail."""


class KeyMissing(NotAccepted):
    """It names a key that the set does not hold: the provider may have changed its keys."""


@dataclass(frozen=True, slots=True)
class IdToken:
    """Whom a provider says to have recognised, and how. acr, amr: empty where it says nothing."""

    subject: str
    acr: str
    amr: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """What a token has to say to be an answer to this very question."""

    issuer: str
    client_id: str
    nonce: str


def read(
    token: str, keys: Sequence[Mapping[str, Any]], asked: Expected, *, at: datetime
) -> IdToken:
    """Who signed in. keys: the provider's set (RFC 7517). Raises NotAccepted."""
    if len(token) > LONGEST or not token.isascii() or token.count(".") != 2:
        raise NotAccepted("not a signed token")
    signed, _, signature = token.rpartition(".")
    head, body = (_object(part) for part in signed.split("."))
    algorithm = head.get("alg")
    if algorithm not in ALGORITHMS:
        raise NotAccepted(f"the algorithm {str(algorithm)[:20]!r} is not taken")
    if "crit" in head or "b64" in head:
        raise NotAccepted("asks for what is not known here")
    key = _key(keys, str(algorithm), head.get("kid"))
    if not _is_signed(key, str(algorithm), signed.encode(), _bytes(signature)):
        raise NotAccepted("the signature is wrong")
    _check_claims(body, asked, at=at)
    return IdToken(_subject(body), _text(body.get("acr")), _texts(body.get("amr")))


def read_keys(document: bytes) -> tuple[dict[str, Any], ...]:
    """The keys of a provider's set; raises NotAccepted."""
    found = _json(document).get("keys")
    if not isinstance(found, list) or not found or len(found) > MOST_KEYS:
        raise NotAccepted("the set of keys is none")
    return tuple(key for key in found if isinstance(key, dict))


# What it says


def _check_claims(body: Mapping[str, Any], asked: Expected, *, at: datetime) -> None:
    if body.get("iss") != asked.issuer:
        raise NotAccepted("another issuer")
    if body.get("aud") not in (asked.client_id, [asked.client_id]):
        raise NotAccepted("for another client")
    if body.get("azp", asked.client_id) != asked.client_id:
        raise NotAccepted("given to another client")
    nonce = body.get("nonce")
    if not isinstance(nonce, str) or not hmac.compare_digest(nonce.encode(), asked.nonce.encode()):
        raise NotAccepted("an answer to another question")
    if at >= _moment(body, "exp") + SKEW:
        raise NotAccepted("its time is over")
    issued = _moment(body, "iat")
    if not at - OLDEST <= issued <= at + SKEW:
        raise NotAccepted("issued at another time")
    if "nbf" in body and at + SKEW < _moment(body, "nbf"):
        raise NotAccepted("its time has not come")


def _moment(body: Mapping[str, Any], name: str) -> datetime:
    value = body.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise NotAccepted(f"{name} is no moment")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError):
        raise NotAccepted(f"{name} is no moment") from None


def _subject(body: Mapping[str, Any]) -> str:
    subject = body.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise NotAccepted("names nobody")
    return subject


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(v for v in value if isinstance(v, str)) if isinstance(value, list) else ()


# Who signed it


def _key(keys: Sequence[Mapping[str, Any]], algorithm: str, name: Any) -> Mapping[str, Any]:
    """The one key that may have signed; a token need not name it where there is one only."""
    kind, curve = KINDS[algorithm]
    fitting = [
        key for key in keys
        if key.get("kty") == kind and key.get("crv", "") == curve
        and key.get("use", "sig") == "sig" and key.get("alg", algorithm) == algorithm
        and (name is None or key.get("kid") == name)
    ]  # fmt: skip
    if len(fitting) != 1:
        raise KeyMissing("signed with a key that is not the provider's")
    return fitting[0]


def _is_signed(key: Mapping[str, Any], algorithm: str, signed: bytes, signature: bytes) -> bool:
    try:
        if algorithm in ("RS256", "PS256"):
            _rsa(key, algorithm, signed, signature)
        elif algorithm == "ES256":
            _ec(key, signed, signature)
        else:
            public = ed25519.Ed25519PublicKey.from_public_bytes(_bytes(key.get("x")))
            public.verify(signature, signed)
    except InvalidSignature:
        return False
    except ValueError as fault:
        raise NotAccepted(f"the provider's key is none: {str(fault)[:80]}") from None
    return True


def _rsa(key: Mapping[str, Any], algorithm: str, signed: bytes, signature: bytes) -> None:
    public = rsa.RSAPublicNumbers(_number(key.get("e")), _number(key.get("n"))).public_key()
    if public.key_size < LEAST_RSA_BITS:
        raise NotAccepted(f"the provider's key has {public.key_size} bits")
    rule: padding.AsymmetricPadding = padding.PKCS1v15()
    if algorithm == "PS256":
        rule = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    public.verify(signature, signed, rule, hashes.SHA256())


def _ec(key: Mapping[str, Any], signed: bytes, signature: bytes) -> None:
    if len(signature) != 2 * P256_BYTES:
        raise InvalidSignature
    x, y = _number(key.get("x")), _number(key.get("y"))
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    r, s = (int.from_bytes(half) for half in (signature[:P256_BYTES], signature[P256_BYTES:]))
    public.verify(encode_dss_signature(r, s), signed, ec.ECDSA(hashes.SHA256()))


# How it is written


def _object(part: str) -> dict[str, Any]:
    return _json(_bytes(part))


def _json(document: bytes) -> dict[str, Any]:
    try:
        found = strict_json.loads(document, fractions=True)
    except strict_json.NotStrictJson as fault:
        raise NotAccepted(str(fault)[:200]) from None
    if not isinstance(found, dict):
        raise NotAccepted("not an object")
    return found


def _bytes(text: Any) -> bytes:
    """Base64url without padding, and nothing beside it (RFC 7515, 2)."""
    if not isinstance(text, str) or not text.isascii() or set(text) & set("+/="):
        raise NotAccepted("not base64url")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error:
        raise NotAccepted("not base64url") from None


def _number(text: Any) -> int:
    return int.from_bytes(_bytes(text))
