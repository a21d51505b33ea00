"""Every text that is marked for translation exists in Serbian, in both scripts, with its values."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

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
    assert {path.parts[-3] for path in compile_catalogs(source, target)} == {"sr", "sr_Latn"}
    assert compile_catalogs(source, target) == []
    po = source / "sr/LC_MESSAGES/django.po"
    later = po.stat().st_mtime + 10
    os.utime(po, (later, later))
    made = target / "sr/LC_MESSAGES/django.mo"
    os.utime(made, (later - 5, later - 5))
    assert compile_catalogs(source, target) == [made]


def test_plurals_have_the_three_serbian_forms() -> None:
    with (LOCALE / "sr/LC_MESSAGES/django.po").open("rb") as file:
        catalog = read_po(file, locale="sr")
    plurals = [m for m in catalog if isinstance(m.id, tuple)]
    assert plurals
    assert all(len(m.string) == 3 for m in plurals)
