"""Serbian Cyrillic to Latin, letter by letter. The other way spoils words and is not offered.

Љ, Њ and Џ become two letters: both capitals inside a word of capitals, else only the first.
Placeholders, markup and entities are left as they are.
"""

from __future__ import annotations

import re
from typing import Final

LETTERS: Final = dict(
    zip(
        "абвгдђежзијклљмнњопрстћуфхцчџш",
        "a b v g d đ e ž z i j k l lj m n nj o p r s t ć u f h c č dž š".split(),
        strict=True,
    )
)
KEPT: Final = re.compile(r"(%\([a-z_]+\)[sd]|<[^>]*>|&[a-z]+;)")


def to_latin(text: str) -> str:
    """Write Serbian Cyrillic in Latin letters."""
    parts = KEPT.split(text)
    return "".join(part if place % 2 else _letters(part) for place, part in enumerate(parts))


def _letters(text: str) -> str:
    return "".join(_letter(text, place) for place in range(len(text)))


def _letter(text: str, place: int) -> str:
    letter = text[place]
    latin = LETTERS.get(letter.lower())
    if latin is None:
        return letter
    if letter.islower():
        return latin
    return latin.upper() if _among_capitals(text, place) else latin.capitalize()


def _among_capitals(text: str, place: int) -> bool:
    """Whether a capital stands in a word of capitals: its neighbour in the word is one, too."""
    after = text[place + 1 : place + 2]
    if after.isalpha():
        return after.isupper()
    before = text[place - 1 : place] if place else ""
    return before.isalpha() and before.isupper()
