"""References that people say on the telephone, and the secret that a reporter is given.

The alphabet is Douglas Crockford's base 32: no I, L, O or U. The last character checks the
rest, the two letters of the kind included. It is a linear code over the field of 32
elements, so every single wrong character and every swap of two characters, next to each
other or not, is found. Randomness comes in as an argument.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from typing import Final

from recoup.core.said import Said
from recoup.core.text import NotReadable, shown_safely

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
HEARD_AS: Final = str.maketrans("OIL", "011")
FIELD_POLYNOMIAL: Final = 0b100101
BODY_LENGTH: Final = 7
RANDOM_BYTES: Final = 5
SECRET_BYTES: Final = 16
SECRET_LENGTH: Final = 26
NOT_ONE: Final = Said("This is not a reference.")


class ReferenceKind(StrEnum):
    """What a reference names."""

    REPORT = "RP"
    CASE = "CA"
    TICKET = "HT"
    REQUEST = "RQ"


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference as it is stored and said, such as ``HT-7Q4M-2K9C``."""

    kind: ReferenceKind
    text: str

    def __str__(self) -> str:
        return self.text


def _times_generator(element: int) -> int:
    doubled = element << 1
    return doubled ^ FIELD_POLYNOMIAL if doubled & 32 else doubled


def check_character(characters: Iterable[str]) -> str:
    """Return the character that makes the weighted sum over the field zero."""
    total = 0
    for character in characters:
        total = _times_generator(total ^ ALPHABET.index(character))
    return ALPHABET[total]


def _in_base_32(number: int, length: int) -> str:
    return "".join(ALPHABET[number >> 5 * place & 31] for place in reversed(range(length)))


def make_reference(kind: ReferenceKind, random: bytes) -> Reference:
    """Make a reference from at least five random bytes (35 bits are used).

    Two of 200,000 references agree with a chance of about one in two: the table that keeps
    them has a unique key, and the caller tries again with other bytes.
    """
    if len(random) < RANDOM_BYTES:
        raise ValueError(f"Needs {RANDOM_BYTES} random bytes; {len(random)} were given.")
    number = int.from_bytes(random[:RANDOM_BYTES], "big") >> (8 * RANDOM_BYTES - 5 * BODY_LENGTH)
    body = _in_base_32(number, BODY_LENGTH)
    body += check_character(kind.value + body)
    return Reference(kind, f"{kind.value}-{body[:4]}-{body[4:]}")


def _spoken(text: object, *, field: str, advice: Said) -> str:
    """Return capitals and digits without the spaces and hyphens between them."""
    if not isinstance(text, str) or len(text) > 100 or not text.isascii():
        raise NotReadable(field, text, NOT_ONE, advice, code="not_a_reference")
    return "".join(c for c in text.upper() if c not in " -\t\r\n._/")


def read_reference(
    text: object, *, kind: ReferenceKind | None = None, field: str = "reference"
) -> Reference:
    """Read a reference that was typed or heard: spaces, hyphens and capitals do not matter.

    Raises NotReadable if it is not one, is mistyped, or names something else than ``kind``.
    """
    advice = Said("Write it like %(kind)s-7Q4M-2K9C.", kind=(kind or ReferenceKind.REPORT).value)
    spoken = _spoken(text, field=field, advice=advice)
    found = next((k for k in ReferenceKind if spoken.startswith(k.value)), None)
    if found is None or len(spoken) != 2 + BODY_LENGTH + 1:
        raise NotReadable(field, text, NOT_ONE, advice, code="not_a_reference")
    body = spoken[2:].translate(HEARD_AS)
    odd = next((c for c in body if c not in ALPHABET), None)
    if odd is not None:
        problem = Said("The character %(odd)s stands in no reference.", odd=shown_safely(odd))
        raise NotReadable(field, text, problem, advice, code="not_a_reference")
    if check_character(found.value + body[:-1]) != body[-1]:
        problem = Said("The reference is mistyped: its last character does not fit the rest.")
        advice = Said("Compare every character.")
        raise NotReadable(field, text, problem, advice, code="check_digits")
    if kind is not None and found is not kind:
        problem = Said(
            "This reference begins with %(found)s, not %(kind)s.", found=found.value,
            kind=kind.value,
        )  # fmt: skip
        raise NotReadable(field, text, problem, advice, code="other_kind")
    return Reference(found, f"{found.value}-{body[:4]}-{body[4:]}")


def show_secret(secret: bytes) -> str:
    """Return a secret of 16 random bytes in groups of four, with a check character."""
    if len(secret) != SECRET_BYTES:
        raise ValueError(f"A secret has {SECRET_BYTES} bytes; {len(secret)} were given.")
    body = _in_base_32(int.from_bytes(secret, "big"), SECRET_LENGTH)
    body += check_character(body)
    return "-".join(body[place : place + 4] for place in range(0, len(body), 4))


def read_secret(text: object, *, field: str = "secret") -> bytes:
    """Return the 16 bytes of a secret that was typed; its errors never show what was typed."""
    advice = Said("Copy all seven groups from the page where it was shown.")
    refused = NotReadable(field, "…", Said("This is not a secret."), advice, code="not_a_secret")
    try:
        body = _spoken(text, field=field, advice=advice).translate(HEARD_AS)
    except NotReadable:
        raise refused from None
    if len(body) != SECRET_LENGTH + 1 or set(body) - set(ALPHABET):
        raise refused
    number = 0
    for character in body[:-1]:
        number = number << 5 | ALPHABET.index(character)
    if check_character(body[:-1]) != body[-1] or number >> (8 * SECRET_BYTES):
        raise NotReadable(field, "…", Said("The secret is mistyped."), advice, code="check_digits")
    return number.to_bytes(SECRET_BYTES, "big")


def hash_secret(secret: bytes) -> bytes:
    """Return what is stored of a secret. It has 128 random bits, so no slow hash is needed."""
    return sha256(b"recoup reporter secret 1\x00" + secret).digest()


def is_secret(secret: bytes, stored: bytes) -> bool:
    """Whether a secret is the one that was stored, in a time that tells nothing."""
    return hmac.compare_digest(hash_secret(secret), stored)
