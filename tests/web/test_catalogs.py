"""Every text that is marked for translation exists in every language, with its values."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from django.utils import translation

from recoup.web.catalogs import (
    BY_HAND,
    LOCALE,
    MADE,
    compile_catalogs,
    in_latin,
    load,
    marked,
    missing,
    texts_of_law,
)
from recoup.web.serbian_script import to_latin


@pytest.mark.parametrize("language", [*BY_HAND, *MADE])
def test_nothing_is_missing_empty_fuzzy_or_with_other_values(language: str) -> None:
    assert list(missing(language)) == []


@pytest.mark.parametrize("language", BY_HAND)
def test_nothing_stands_in_a_catalog_that_no_page_says(language: str) -> None:
    wanted = {(message.context, str(message.id)) for message in marked()}
    assert {(m.context, str(m.id)) for m in load(language)} - wanted == set()


def test_the_sentences_of_a_country_pack_are_texts_to_translate() -> None:
    pack = {
        "basis": [{"instrument": "Act", "text": "A bank may hold.", "article": "2"}],
        "next_step": [{"name": "Order", "authorised_by": "court"}],
    }
    assert set(texts_of_law(pack)) == {"Act", "A bank may hold.", "Order", "court"}
    said = {str(message.id) for message in marked()}
    assert "Criminal Procedure Code of Serbia" in said


@pytest.mark.parametrize(("language", "origin"), MADE.items())
def test_the_latin_catalog_is_made_from_the_cyrillic_one(language: str, origin: str) -> None:
    made = {(m.context, str(m.id)): m.string for m in in_latin(load(origin), language) if m.id}
    kept = {(m.context, str(m.id)): m.string for m in load(language) if m.id}
    assert kept == made, "run python -m recoup.web.catalogs"


def test_the_latin_catalog_has_no_cyrillic_letter() -> None:
    for message in load("sr_Latn"):
        assert not any("\u0400" <= letter <= "\u04ff" for letter in str(message.string))


def test_the_fiu_has_one_name_in_serbian() -> None:
    """As in the directory: јединица, ФОЈ."""
    others = ("ФОС", "обавештајна служба", "обавештајне службе", "обавештајној служби")
    said = [str(message.string) for message in load("sr")]
    assert [text for text in said if any(other in text for other in others)] == []


@pytest.mark.parametrize(
    ("cyrillic", "latin"),
    [
        ("љубав", "ljubav"),
        ("Љубав", "Ljubav"),
        ("ЉУБАВ", "LJUBAV"),
        ("Џак и ЏАК", "Džak i DŽAK"),
        ("Њ", "Nj"),
        ("БАЊ", "BANJ"),
        ("ињекција, надживети", "injekcija, nadživeti"),
        ("IBAN RS35, %(ref)s <b>ја</b>", "IBAN RS35, %(ref)s <b>ja</b>"),
    ],
)
def test_letters_and_capitals(cyrillic: str, latin: str) -> None:
    assert to_latin(cyrillic) == latin


def test_catalogs_are_compiled_once_and_again_when_the_text_changed(tmp_path: Path) -> None:
    source, target = tmp_path / "source", tmp_path / "target"
    shutil.copytree(LOCALE, source)
    assert {path.parts[-3] for path in compile_catalogs(source, target)} == {
        "sr",
        "sr_Latn",
        "sq",
        "tr",
    }
    assert compile_catalogs(source, target) == []
    po = source / "sr/LC_MESSAGES/django.po"
    later = po.stat().st_mtime + 10
    os.utime(po, (later, later))
    made = target / "sr/LC_MESSAGES/django.mo"
    os.utime(made, (later - 5, later - 5))
    assert compile_catalogs(source, target) == [made]


@pytest.mark.parametrize(("language", "forms"), [("sr", 3), ("sr_Latn", 3), ("sq", 2), ("tr", 1)])
def test_plurals_have_as_many_forms_as_the_language(language: str, forms: int) -> None:
    """In Turkish a noun stays as it is after a number."""
    with (LOCALE / language / "LC_MESSAGES/django.po").open("rb") as file:
        catalog = read_po(file, locale=language)
    plurals = [m for m in catalog if isinstance(m.id, tuple)]
    assert plurals
    assert catalog.num_plurals == forms
    assert all(len([m.string] if isinstance(m.string, str) else m.string) == forms for m in plurals)


@pytest.mark.parametrize(("language", "one", "five"), [
    ("en", "1 open ticket", "5 open tickets"),
    ("sr", "1 отворен захтев", "5 отворених захтева"),
    ("sq", "1 tiketë e hapur", "5 tiketa të hapura"),
    ("tr", "1 açık fiş", "5 açık fiş"),
])  # fmt: skip
def test_a_number_picks_its_form(language: str, one: str, five: str) -> None:
    with translation.override(language):
        for number, wanted in ((1, one), (5, five)):
            said = translation.ngettext("%(n)s open ticket", "%(n)s open tickets", number)
            assert said % {"n": number} == wanted
