"""Seals what must be kept and not be read in the database: AES-GCM under a key that is not in it.

``about`` binds what is sealed to its place: moved elsewhere, it does not open.
"""

from __future__ import annotations

import os
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils.crypto import salted_hmac

NONCE_BYTES: Final = 12


class NotSealedHere(Exception):
    """It was sealed for another place, under another key, or was changed."""


def seal(data: bytes, *, about: str) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + _cipher().encrypt(nonce, data, about.encode())


def unseal(sealed: bytes, *, about: str) -> bytes:
    """What was sealed; raises NotSealedHere."""
    try:
        return _cipher().decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], about.encode())
    except (InvalidTag, ValueError):
        raise NotSealedHere(about) from None


def _cipher() -> AESGCM:
    return AESGCM(salted_hmac("recoup.sealing", "key", algorithm="sha256").digest())
