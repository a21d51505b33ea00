"""Refuses passwords that are made of words of this hub and its organisations (ASVS 6.2.11)."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

OTHER_LETTERS: Final = 8
NOT_LETTERS: Final = re.compile(r"[\W\d_]+")


@cache
def words() -> tuple[str, ...]:
    """The list of the file, longest first."""
    text = (files("recoup.data") / "password_words.toml").read_text(encoding="utf-8")
    return tuple(sorted(tomllib.loads(text)["words"], key=len, reverse=True))


class NotAWordOfOurs:
    """What is left of a password without our words, digits and signs must still be something."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError for a password that a guesser would come to early."""
        left = NOT_LETTERS.sub("", password.casefold())
        had = left
        for word in (*_own(user), *words()):
            left = left.replace(word.casefold(), "")
        if left != had and len(left) < OTHER_LETTERS:
            raise ValidationError(self.get_help_text(), code="password_word")

    def get_help_text(self) -> str:
        return gettext(
            "This password is made of words that everybody here would guess. Use other words."
        )


def _own(user: Any) -> tuple[str, ...]:
    """The words of the person's own name to sign in with."""
    name = str(getattr(user, "username", "") or "")
    return tuple(part for part in re.split(r"[\W\d_]+", name) if len(part) > 2)
