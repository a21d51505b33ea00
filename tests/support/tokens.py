"""ID tokens that tests make themselves: right ones, and each way in which one can be wrong."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

SHA = hashes.SHA256()


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def number(value: int, size: int = 0) -> str:
    return b64(value.to_bytes(size or (value.bit_length() + 7) // 8))


@cache
def rsa_key(bits: int = 2048, name: str = "") -> rsa.RSAPrivateKey:
    """A key; the same one for a name."""
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


@cache
def ed_key() -> ed25519.Ed25519PrivateKey:
    return ed25519.Ed25519PrivateKey.generate()


def rsa_jwk(key: rsa.RSAPrivateKey, **more: Any) -> dict[str, Any]:
    told = key.public_key().public_numbers()
    return {"kty": "RSA", "n": number(told.n), "e": number(told.e), "kid": "one", **more}


def ec_jwk(**more: Any) -> dict[str, Any]:
    told = ec_key().public_key().public_numbers()
    place = {"x": number(told.x, 32), "y": number(told.y, 32)}
    return {"kty": "EC", "crv": "P-256", **place, "kid": "two", **more}


def ed_jwk(**more: Any) -> dict[str, Any]:
    raw = ed_key().public_key().public_bytes_raw()
    return {"kty": "OKP", "crv": "Ed25519", "x": b64(raw), "kid": "three", **more}


def sign(algorithm: str, data: bytes, key: Any = None) -> bytes:
    if algorithm == "RS256":
        return bytes((key or rsa_key()).sign(data, padding.PKCS1v15(), SHA))
    if algorithm == "PS256":
        rule = padding.PSS(padding.MGF1(SHA), padding.PSS.DIGEST_LENGTH)
        return bytes((key or rsa_key()).sign(data, rule, SHA))
    if algorithm == "ES256":
        r, s = decode_dss_signature((key or ec_key()).sign(data, ec.ECDSA(SHA)))
        return r.to_bytes(32) + s.to_bytes(32)
    return bytes((key or ed_key()).sign(data))


def written(head: Mapping[str, Any], body: Mapping[str, Any]) -> bytes:
    return ".".join(b64(json.dumps(part).encode()) for part in (head, body)).encode()


@dataclass
class Maker:
    """Makes tokens of one provider for one client. Whatever is given replaces what is right."""

    issuer: str
    client_id: str
    at: datetime
    algorithm: str = "RS256"
    key: Any = None
    head: dict[str, Any] = field(default_factory=dict)

    def claims(self, nonce: str, /, **changed: Any) -> dict[str, Any]:
        now = int(self.at.timestamp())
        whole = {"iss": self.issuer, "aud": self.client_id, "sub": "A-1", "nonce": nonce,
                 "iat": now, "exp": now + 300, **changed}  # fmt: skip
        return {name: value for name, value in whole.items() if value is not None}

    def make(self, nonce: str, /, **changed: Any) -> str:
        names = {"RS256": "one", "PS256": "one", "ES256": "two", "EdDSA": "three"}
        head = {"alg": self.algorithm, "kid": names.get(self.algorithm, "one"), **self.head}
        data = written({n: v for n, v in head.items() if v is not None},
                       self.claims(nonce, **changed))  # fmt: skip
        return f"{data.decode()}.{b64(sign(self.algorithm, data, self.key))}"
