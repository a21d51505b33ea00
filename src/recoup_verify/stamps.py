"""Checks a time stamp (RFC 3161) over a digest: what it stamps, when, and whose signature it bears.

Reads the few fields that it needs from DER by itself; the signature is checked by ``cryptography``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography import x509

SEQUENCE, SET, OCTETS, OID, TIME, CONTEXT_0 = 0x30, 0x31, 0x04, 0x06, 0x18, 0xA0
MESSAGE_DIGEST: Final = bytes.fromhex("2a864886f70d010904")
SHA256: Final = bytes.fromhex("608648016503040201")
TIME_STAMPING: Final = "1.3.6.1.5.5.7.3.8"


class StampFault(Exception):
    """The stamp is not good; the message says why."""


@dataclass(frozen=True, slots=True)
class Part:
    """One element of DER. whole: with its head."""

    tag: int
    body: bytes
    whole: bytes

    @property
    def parts(self) -> list[Part]:
        return list(_parts(self.body))


def stamped_at(token: bytes, digest: bytes, roots: Sequence[x509.Certificate]) -> datetime:
    """When the digest was stamped; raises StampFault.

    roots: those trusted. With none the signature is checked, and not who vouches for its maker.
    """
    try:
        return _checked(token, digest, roots)
    except StampFault:
        raise
    except Exception as fault:  # noqa: BLE001  (a stranger's bytes: what cannot be read is not good)
        raise StampFault(f"It cannot be read ({fault}).") from None


def _checked(token: bytes, digest: bytes, roots: Sequence[x509.Certificate]) -> datetime:
    signed = _only(token).parts[1].parts[0].parts  # ContentInfo, [0], SignedData
    content = signed[2].parts[1].parts[0].body
    info = _only(content).parts
    imprint = info[2].parts
    if imprint[0].parts[0].body != SHA256 or imprint[1].body != digest:
        raise StampFault("It is not of this digest.")
    [signer] = [one for one in signed if one.tag == SET][-1].parts
    at = next(place for place, one in enumerate(signer.parts) if one.tag == CONTEXT_0)
    attributes, signature = signer.parts[at], signer.parts[at + 2].body
    if hashlib.sha256(content).digest() != _message_digest(attributes):
        raise StampFault("What it says was changed.")
    certificates = [one.whole for one in signed[3].parts] if signed[3].tag == CONTEXT_0 else []
    _check_signature(b"\x31" + attributes.whole[1:], signature, certificates, roots)
    return _moment(info[4].body.decode())


def _moment(text: str) -> datetime:
    """A GeneralizedTime in UTC, with a fraction of a second or without."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    if not text.endswith("Z") or len(whole) != 14:
        raise ValueError(f"{text!r} is no moment in UTC")
    at = datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return at.replace(microsecond=int(f"{fraction:0<6}"[:6]))


def _message_digest(attributes: Part) -> bytes:
    for attribute in attributes.parts:
        name, values = attribute.parts
        if name.body == MESSAGE_DIGEST:
            return values.parts[0].body
    raise StampFault("Its signature is over nothing.")


def _check_signature(
    signed: bytes, signature: bytes, certificates: Sequence[bytes],
    roots: Sequence[x509.Certificate],
) -> None:  # fmt: skip
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

    for content in certificates:
        certificate = x509.load_der_x509_certificate(content)
        key = certificate.public_key()
        try:
            if isinstance(key, ec.EllipticCurvePublicKey):
                key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
            elif isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
            else:
                continue
        except InvalidSignature:
            continue
        _check_maker(certificate, roots)
        return
    raise StampFault("None of its certificates made its signature.")


def _check_maker(certificate: x509.Certificate, roots: Sequence[x509.Certificate]) -> None:
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature

    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        usage = x509.ExtendedKeyUsage([])
    if TIME_STAMPING not in [one.dotted_string for one in usage]:
        raise StampFault("Its certificate is not one for time stamps.")
    for root in roots:
        try:
            certificate.verify_directly_issued_by(root)
        except (InvalidSignature, ValueError, TypeError):
            continue
        return
    if roots:
        raise StampFault("Its maker is vouched for by no authority that is trusted here.")


def _only(content: bytes) -> Part:
    """The one element that the bytes are; raises ValueError."""
    [found] = _parts(content)
    return found


def _parts(content: bytes) -> Iterator[Part]:
    at = 0
    while at < len(content):
        tag, length, start = content[at], content[at + 1], at + 2
        if length >= 0x80:
            digits = content[start : start + length - 0x80]
            length, start = int.from_bytes(digits), start + len(digits)
        if start + length > len(content):
            raise ValueError(f"an element at byte {at} is cut off")
        yield Part(tag, content[start : start + length], content[at : start + length])
        at = start + length
