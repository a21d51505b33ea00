"""Codes from a telephone (RFC 6238): six digits, half a minute each, each of them once.

The secret is sealed with a key made from the installation's own, which the database does not have.
"""

from __future__ import annotations

import base64
import os
from datetime import datetime
from typing import Final
from urllib.parse import quote

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor import InvalidToken
from cryptography.hazmat.primitives.twofactor.totp import TOTP

from recoup.apps.members import sealing
from recoup.apps.members.models import Login
from recoup.apps.members.sealing import NotSealedHere

STEP_SECONDS: Final = 30
DIGITS: Final = 6
AROUND: Final = (-1, 0, 1)  # a telephone's clock may be half a minute wrong
SECRET_BYTES: Final = 20


class CodeRefused(Exception):
    """The code is wrong, was used already, or nobody has codes here. All are told the same."""


def new_secret() -> bytes:
    return os.urandom(SECRET_BYTES)


def as_typed(secret: bytes) -> str:
    """The secret as people type it into their telephone, in groups of four letters."""
    text = base64.b32encode(secret).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def link(secret: bytes, login: Login) -> str:
    """What opens the telephone's own program for codes."""
    name = quote(f"Recoup:{login.username}")
    return f"otpauth://totp/{name}?secret={base64.b32encode(secret).decode()}&issuer=Recoup"


def step_of(secret: bytes, code: str, *, at: datetime) -> int:
    """Which half minute a code is of; raises CodeRefused."""
    digits = "".join(code.split())
    now = int(at.timestamp()) // STEP_SECONDS
    totp = TOTP(secret, DIGITS, SHA1(), STEP_SECONDS)  # noqa: S303  # what telephones know
    found = 0
    for step in (now + around for around in AROUND):
        try:
            totp.verify(digits.encode("ascii", "replace"), step * STEP_SECONDS)
        except InvalidToken:
            continue
        found = step
    if not found:
        raise CodeRefused("wrong code")
    return found


def seal(secret: bytes, login: Login) -> bytes:
    return sealing.seal(secret, about=f"codes of {login.pk}")


def unseal(sealed: bytes, login: Login) -> bytes:
    """The secret of this login; raises CodeRefused for one that was moved here from another."""
    try:
        return sealing.unseal(sealed, about=f"codes of {login.pk}")
    except NotSealedHere:
        raise CodeRefused("sealed for another login, or under another key") from None
