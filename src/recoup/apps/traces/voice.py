"""In which language a picture or a paper speaks, and how it writes numbers.

What is said is a ``Said``: English, which a voice puts into its language. A page's voice is that of
its reader; a command has one of a catalogue.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from gettext import GNUTranslations, NullTranslations
from pathlib import Path
from typing import Final

from recoup.core.said import Said
from recoup.core.tracing.working import Asset

LANGUAGES: Final = {"en": "", "sr": "sr", "sr-latn": "sr_Latn", "sq": "sq", "tr": "tr"}
# Between thousands and before the minor digits; as CLDR has them.
_COMMA: Final = str.maketrans({",": ".", ".": ","})
_SIGNS: Final = {"sq": str.maketrans({",": "\u00a0", ".": ","})}
_PERCENT_FIRST: Final = ("tr",)


@dataclass(frozen=True)
class Voice:
    """A language. in_words: says a ``Said`` in it. has_comma: writes 1.234,50 or
    1 234,50."""

    in_words: Callable[[Said], str] = str
    language: str = "en"
    has_comma: bool = False

    def say(self, template: Said) -> str:
        return self.in_words(template)

    def number(self, written: str) -> str:
        """Turn a number that is written in English into this language's."""
        return written.translate(_SIGNS.get(self.language, _COMMA)) if self.has_comma else written

    def count(self, number: int) -> str:
        return self.number(f"{number:,}")

    def sum(self, asset: Asset, units: int) -> str:
        return f"{self.number(asset.written(units))} {asset.code}".strip()

    def percent(self, share: Fraction) -> str:
        written = self.number(percent(share))
        return f"%{written}" if self.language in _PERCENT_FIRST else f"{written} %"


ENGLISH: Final = Voice()


def voice_of(language: str, in_words: Callable[[Said], str]) -> Voice:
    """Return the voice of a language; one without catalogue speaks English."""
    if language not in LANGUAGES or language == "en":
        return ENGLISH
    return Voice(in_words, language, has_comma=True)


def of_catalogue(language: str, compiled: Path) -> Voice:
    """Return a voice that reads the compiled catalogues of a folder; raises OSError without one."""
    name = LANGUAGES[language]
    catalogue: NullTranslations = NullTranslations()
    if name:
        with (compiled / name / "LC_MESSAGES" / "django.mo").open("rb") as file:
            catalogue = GNUTranslations(file)

    def in_words(text: Said) -> str:
        words = catalogue.gettext(text.template)
        return words % {n: _inner(v) for n, v in text.values.items()} if text.values else words

    def _inner(value: object) -> str:
        return in_words(value) if isinstance(value, Said) else str(value)

    return voice_of(language, in_words)


def percent(share: Fraction) -> str:
    """Write a share as per cent with two decimals, rounded half to even."""
    hundredths = round(share * 10_000)
    return f"{hundredths // 100}.{hundredths % 100:02}"
