"""Checks the signature of a bundle: ECDSA over its tag manifest, by a certificate and its root."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cryptography import x509


class SignatureFault(Exception):
    """The signature is not good; the message says why."""


def signer_of(
    signed: bytes, signature: bytes, certificates: Sequence[bytes], roots: Sequence[bytes]
) -> str:
    """Who signed, in a sentence; raises SignatureFault.

    certificates: the signer's, then its root's, in DER. roots: those trusted; with none it is only
    said that nobody vouches for the name.
    """
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        signer, root = (x509.load_der_x509_certificate(each) for each in certificates)
        key = signer.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey):
            raise SignatureFault("Its key is not of the kind that signs bundles.")
        key.verify(signature, signed, ec.ECDSA(hashes.SHA256()))
        signer.verify_directly_issued_by(root)
    except InvalidSignature:
        raise SignatureFault("It was not made over this manifest by this certificate.") from None
    except (ValueError, TypeError) as fault:
        raise SignatureFault(f"It cannot be read ({fault}).") from None
    name = signer.subject.rfc4514_string()
    known = trusted(roots)
    if not known:
        return f"Signed by {name}; give --root to know whether that is so."
    if root not in known:
        raise SignatureFault(f"{name} is vouched for by an authority that is not trusted here.")
    return f"Signed by {name}, vouched for by {root.subject.rfc4514_string()}."


def trusted(roots: Sequence[bytes]) -> list[x509.Certificate]:
    """The certificates of authorities, from PEM or DER; raises ValueError."""
    from cryptography import x509

    return [
        x509.load_pem_x509_certificate(content)
        if content.startswith(b"-----")
        else x509.load_der_x509_certificate(content)
        for content in roots
    ]
