"""A sentence for people, as a template and the values in it, so that pages can translate it.

Core says what is wrong in English and knows of no other language. A ``Said`` is that English text,
and whoever shows it in another language translates the template and puts the values in again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping


class Said(str):
    """Text made of a template with ``%(name)s`` in it. A value may be said itself, or a sum."""

    template: str
    values: Mapping[str, str | int]

    def __new__(cls, template: str, /, **values: str | int) -> Said:
        """Fill the template; one without values is the text as it stands."""
        said = super().__new__(cls, template % values if values else template)
        said.template, said.values = template, values
        return said


class SaidSum(str):
    """An amount in English, such as ``480,000.00 RSD``, and what pages write it from."""

    minor_units: int
    currency: str
    decimals: int

    def __new__(cls, text: str, /, *, minor_units: int, currency: str, decimals: int) -> SaidSum:
        """Keep the text and what it says."""
        said = super().__new__(cls, text)
        said.minor_units, said.currency, said.decimals = minor_units, currency, decimals
        return said


class SaidCode(str):
    """A word of the API, such as ``no_such_debit``, and what pages call it in English."""

    words: str

    def __new__(cls, code: str, /, *, words: str) -> SaidCode:
        """Keep the code and its words."""
        said = super().__new__(cls, code)
        said.words = words
        return said


class SaidList(str):
    """Several things, one after the other, each of which may be said itself."""

    parts: tuple[str, ...]

    def __new__(cls, parts: Iterable[str], /) -> SaidList:
        """Join them with commas."""
        kept = tuple(parts)
        said = super().__new__(cls, ", ".join(kept))
        said.parts = kept
        return said
