"""The two words of a pass: who holds both may make a passkey for one person, for some hours.

One word is shown to who proposed the person, the other to who agreed; each once. Kept are digests.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import connection

from recoup.apps.members.models import Login
from recoup.apps.members.passkeys import Made

ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"  # without what is read as something else
LENGTH, GROUP = 16, 4  # 80 bits each


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass that is open: the change that gave it, for whom, and the tokens of its two words."""

    change_id: UUID
    login: Login
    first: bytes
    second: bytes


def make() -> str:
    """A new word, in groups of four: ``7KQ2-…``."""
    text = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    return "-".join(text[start : start + GROUP] for start in range(0, LENGTH, GROUP))


def token(word: str) -> bytes:
    """What opens a pass, made from a word: spaces, dashes and small letters do not matter."""
    kept = "".join(c for c in word.upper() if c in ALPHABET)
    return hashlib.sha256(b"recoup pass\x00" + kept.encode()).digest()


def digest(word: str) -> bytes:
    """What is kept of a word: nothing is opened with it."""
    return hashlib.sha256(token(word)).digest()


def opened(first: bytes, second: bytes) -> Pass | None:
    """The pass of two words' tokens, in either order; None if there is none, or it is over."""
    with connection.cursor() as cursor:
        for one, other in ((first, second), (second, first)):
            cursor.execute("select change, login from pass_of(%s, %s)", [one, other])
            if (row := cursor.fetchone()) is not None:
                login = Login.objects.select_related("person").get(pk=row[1])
                return Pass(row[0], login, one, other)
    return None


def enrol_passkey(found: Pass, made: Made, *, name: str) -> UUID | None:
    """Store a passkey under a pass; None if the pass is over by now."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select passkey_enrol(%s, %s, %s, %s, %s, %s, %s)",
            [found.first, found.second, made.credential_id, made.public_key, made.aaguid,
             made.sign_count, name],
        )  # fmt: skip
        stored: UUID | None = cursor.fetchone()[0]
    return stored
