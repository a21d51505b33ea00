"""The derivation of a due moment on a Serbian page: every part of the line, days and months too."""

from __future__ import annotations

from django.utils import translation

from recoup.apps.said import in_words
from recoup.core.law import ByLaw, Extension, Stop, When, due
from support.clocks import RS, at, limit


def test_the_line_is_said_in_the_readers_language():
    found = due(limit("3 working_days"), at("2026-11-06 16:20"), RS)
    with translation.override("sr"):
        line = in_words(found.said)
    assert line == (
        "примљено пет 6. нов 2026. 16:20; радних дана: 3; 11. нов празник; рок чет 12. нов 16:20; "
        "временска зона Europe/Belgrade"
    )
    with translation.override("sr-latn"):
        assert in_words(found.said).startswith("primljeno pet 6. nov 2026. 16:20; radnih dana: 3;")
    with translation.override("en"):
        assert in_words(found.said) == str(found.said)


def test_no_part_of_the_line_stays_english():
    found = due(
        limit("72 hours"), at("2026-03-27 16:20"), RS,
        [Stop(at("2026-03-28 10:00"), at("2026-03-28 11:00"), "порт", "М. Илић")],
        [Extension(limit("1 hours"), at("2026-03-28 12:00"), "обим", "Ј. Петровић")],
        by_law=ByLaw(limit("48 hours"), When.INCLUDES_UNWORKED),
    )  # fmt: skip
    with translation.override("sr"):
        line = in_words(found.said)
    words = set("".join(c if c.isalpha() else " " for c in line).split())
    assert {word for word in words if word.isascii()} == {"Europe", "Belgrade"}
