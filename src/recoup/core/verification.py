"""The code by which anybody may check a paper: 95 random bits in five groups of four.

The characters and the last one, which checks the others, are those of references
(``core/reference.py``). A code is derived from the random id (UUID, version 4) of what the paper
is about, so that nothing else has to be kept: the six bits that every such id shares are left out.
It gives no right: who has it learns what the public page tells and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from recoup.core.reference import ALPHABET, HEARD_AS, check_character
from recoup.core.said import Said
from recoup.core.text import NotReadable

BODY_LENGTH: Final = 19
BITS: Final = 5 * BODY_LENGTH
GROUP: Final = 4
# Of an id's 128 bits, from the left: 48 random, 4 of the version, 12 random, 2 fixed, 62 random.
_HEAD, _MIDDLE, _TAIL = 48, 12, BITS - 60
_ALL_TAIL: Final = 62
ADVICE: Final = Said("Copy all five groups of four from the paper.")
NOT_ONE: Final = Said("This is not a verification code.")


@dataclass(frozen=True, slots=True)
class VerificationCode:
    """A code as it is printed, such as ``7Q4M-2K9C-00HV-3MX8-5TRZ``."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class IdRange:
    """The ids that a code may mean: practically one, since 95 of their bits are the same."""

    first: UUID
    last: UUID


def code_of(ident: UUID) -> VerificationCode:
    """Return the code of a random id; raises ValueError for an id of another kind."""
    if ident.version != 4:
        raise ValueError(f"A code needs a random id (version 4); {ident} is none.")
    number = ident.int
    head = number >> 80
    middle = number >> 64 & (1 << _MIDDLE) - 1
    tail = (number & (1 << _ALL_TAIL) - 1) >> (_ALL_TAIL - _TAIL)
    joined = (head << _MIDDLE | middle) << _TAIL | tail
    body = "".join(ALPHABET[joined >> 5 * place & 31] for place in reversed(range(BODY_LENGTH)))
    return VerificationCode(_grouped(body + check_character(body)))


def ids_of(code: VerificationCode) -> IdRange:
    """Return the first and the last id that have this code."""
    joined = 0
    for character in code.text.replace("-", "")[:BODY_LENGTH]:
        joined = joined << 5 | ALPHABET.index(character)
    head, middle = joined >> _MIDDLE + _TAIL, joined >> _TAIL & (1 << _MIDDLE) - 1
    free = _ALL_TAIL - _TAIL
    tail = (joined & (1 << _TAIL) - 1) << free
    fixed = head << 80 | 4 << 76 | middle << 64 | 2 << 62
    return IdRange(UUID(int=fixed | tail), UUID(int=fixed | tail | (1 << free) - 1))


def read_code(text: object, *, field: str = "code") -> VerificationCode:
    """Read a code that was typed or heard: spaces, hyphens and capitals do not matter."""
    if not isinstance(text, str) or len(text) > 100 or not text.isascii():
        raise NotReadable(field, text, NOT_ONE, ADVICE, code="not_a_code")
    body = "".join(c for c in text.upper() if c not in " -\t\r\n._/").translate(HEARD_AS)
    if len(body) != BODY_LENGTH + 1 or set(body) - set(ALPHABET):
        raise NotReadable(field, text, NOT_ONE, ADVICE, code="not_a_code")
    if check_character(body[:-1]) != body[-1]:
        problem = Said("The code is mistyped: its last character does not fit the rest.")
        raise NotReadable(
            field, text, problem, Said("Compare every character."), code="check_digits"
        )
    return VerificationCode(_grouped(body))


def _grouped(body: str) -> str:
    return "-".join(body[place : place + GROUP] for place in range(0, len(body), GROUP))
