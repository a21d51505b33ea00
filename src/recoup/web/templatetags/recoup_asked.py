"""Filters of the pages about requests: words of the law's catalogue, sizes of files."""

from __future__ import annotations

from django import template

from recoup.web.asked_words import word_of
from recoup.web.templatetags.recoup_ui import NO_BREAK

register = template.Library()


@register.filter
def law_word(word: str, kind: str) -> str:
    """The name of a code, ground, category or field in the reader's language."""
    return word_of(kind, word)


@register.filter
def file_size(count: int) -> str:
    """A number of bytes in the unit that people use."""
    if count < 10_000:
        return f"{count}{NO_BREAK}B"
    if count < 10**6:
        return f"{count / 1000:.0f}{NO_BREAK}kB"
    return f"{count / 10**6:.1f}{NO_BREAK}MB"
