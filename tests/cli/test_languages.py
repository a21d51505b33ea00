"""Translations are compiled at start, and only when they have changed."""

from __future__ import annotations

import gettext
import os

from recoup.cli.languages import compile_catalogues

CATALOGUE = """\
msgid ""
msgstr ""
"Content-Type: text/plain; charset=UTF-8\\n"

msgid "hold"
msgstr "zadržavanje"
"""


def test_a_changed_catalogue_is_compiled_once(tmp_path):
    source, target = tmp_path / "locale", tmp_path / "compiled"
    catalogue = source / "sr_Latn" / "LC_MESSAGES" / "django.po"
    catalogue.parent.mkdir(parents=True)
    catalogue.write_text(CATALOGUE, encoding="utf-8")

    assert compile_catalogues(source, target) == 1
    assert compile_catalogues(source, target) == 0
    with (target / "sr_Latn" / "LC_MESSAGES" / "django.mo").open("rb") as compiled:
        assert gettext.GNUTranslations(compiled).gettext("hold") == "zadržavanje"

    later = catalogue.stat().st_mtime + 10
    os.utime(catalogue, (later, later))
    assert compile_catalogues(source, target) == 1
