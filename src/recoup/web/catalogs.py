"""Catalogs of translations: collected from the source, compiled with Babel. No gettext is needed.

``.po`` files are kept, ``.mo`` files are made where the hub runs, when they are missing or older.
English is the source. Serbian is written by hand in Cyrillic, and its Latin form is made from it;
Albanian and Turkish are written by hand.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from recoup.core.law import Words
from recoup.web.serbian_script import to_latin

SOURCE: Final = Path(__file__).resolve().parents[1]
LOCALE: Final = SOURCE / "locale"
LAW: Final = SOURCE / "data" / "law"
SHOWN: Final = ("RS",)  # countries whose powers pages show in Serbian; others stay in English
GUIDELINES: Final = SOURCE / "data" / "guidelines.toml"
BY_HAND: Final = ("sr", "sq", "tr")
MADE: Final = {"sr_Latn": "sr"}
BEGINNING: Final = datetime(2026, 11, 21, tzinfo=UTC)
PLACEHOLDER: Final = re.compile(r"%\([a-z_]+\)[sd]|%[sd]")
KEYWORDS: Final = {
    "_": None,
    "Said": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}


def path_of(language: str, folder: Path = LOCALE) -> Path:
    """Where a language's catalog is kept."""
    return folder / language / "LC_MESSAGES" / "django.po"


def compile_catalogs(source: Path, target: Path) -> list[Path]:
    """Compile each catalog that has no compiled form yet or an older one; return what was made."""
    made: list[Path] = []
    for po in sorted(source.glob("*/LC_MESSAGES/*.po")):
        mo = target / po.relative_to(source).with_suffix(".mo")
        if mo.exists() and mo.stat().st_mtime >= po.stat().st_mtime:
            continue
        mo.parent.mkdir(parents=True, exist_ok=True)
        with po.open("rb") as file:
            catalog = read_po(file, locale=po.parts[-3])
        content = BytesIO()
        write_mo(content, catalog)
        fresh = mo.with_suffix(".new")  # renamed when whole: another process may be reading
        fresh.write_bytes(content.getvalue())
        fresh.replace(mo)
        made.append(mo)
    return made


def load(language: str) -> Catalog:
    """Read a language's catalog."""
    with path_of(language).open("rb") as file:
        return read_po(file, locale=language)


@cache
def marked() -> Catalog:
    """Every message that is marked for translation in code and templates, read once."""
    catalog = Catalog(project="Recoup", fuzzy=False)
    for path in sorted(SOURCE.rglob("*.py")):
        with path.open("rb") as file:
            _add(catalog, file, path)
    for path in sorted(SOURCE.rglob("templates/**/*.html")):
        lines = templatize(path.read_text(encoding="utf-8")).splitlines()
        text = "\n".join(line.lstrip() for line in lines)  # it need not be indented like Python
        _add(catalog, BytesIO(text.encode()), path)
    for path in sorted(LAW.glob("*.toml")):
        for message in texts_of_law(tomllib.loads(path.read_text(encoding="utf-8"))):
            catalog.add(message, locations=[(str(path.relative_to(SOURCE)), 0)])
    for message in texts_of_guidelines(tomllib.loads(GUIDELINES.read_text(encoding="utf-8"))):
        catalog.add(message, locations=[(str(GUIDELINES.relative_to(SOURCE)), 0)])
    return catalog


def texts_of_guidelines(document: Mapping[str, Any]) -> Iterator[str]:
    """The controls of the guidelines and what their figures count, which pages show."""
    yield document["title"]
    for measure in document["measure"].values():
        yield from (measure["counts"], measure["of"])
    for control in document["control"]:
        yield from (control["text"], control["proof"])


def texts_of_law(pack: Mapping[str, Any]) -> Iterator[str]:
    """The sentences of a country pack that pages show; requests keep them in English."""
    for basis in pack.get("basis", ()):
        yield from (basis["instrument"], basis["text"])
    for step in pack.get("next_step", ()):
        yield from (step["name"], step["authorised_by"])
    for scheme in pack.get("scheme", ()):
        yield scheme["name"]
    for channel in pack.get("channel", ()):
        yield channel["name"]
    yield from _texts_of_words(pack)
    if pack.get("country") in SHOWN:
        yield pack["notice"]
        yield from _texts_of_powers(pack)


def _texts_of_words(document: Mapping[str, Any]) -> Iterator[str]:
    """Names and sentences of the measures and of the words that they are written in."""
    for measure in document.get("measure", ()):
        for key in ("name", "asks", "condition"):
            if key in measure:
                yield measure[key]
    for name in (entry.name for entry in fields(Words)):
        for word in document.get(name, ()):
            yield word["name"]
            if "text" in word:
                yield word["text"]


def _texts_of_powers(pack: Mapping[str, Any]) -> Iterator[str]:
    for power in pack.get("power", ()):
        yield from (power["instrument"], power["text"])
        if "extension_when" in power:
            yield power["extension_when"]
    for row in pack.get("missing", ()):
        yield row["why"]


def _add(catalog: Catalog, file: object, path: Path) -> None:
    options = {"encoding": "utf-8"}
    found = extract("python", file, KEYWORDS, options=options)  # type: ignore[arg-type]
    for _line, message, _comments, context in found:
        place = [(str(path.relative_to(SOURCE)), 0)]
        catalog.add(message, locations=place, context=context)


def update() -> None:
    """Bring the catalogs up to date with the source: new messages come in empty, old ones leave."""
    template = marked()
    for language in BY_HAND:
        path = path_of(language)
        catalog = load(language) if path.exists() else Catalog(locale=language, fuzzy=False)
        catalog.update(template, no_fuzzy_matching=True)
        catalog.obsolete.clear()
        _write(path, catalog)
    for language, origin in MADE.items():
        _write(path_of(language), in_latin(load(origin), language))


def in_latin(origin: Catalog, language: str) -> Catalog:
    """Make the Latin catalog from the Cyrillic one; placeholders and markup stay as they are."""
    made = Catalog(locale=language, project="Recoup", fuzzy=False)
    for message in origin:
        if not message.id:
            continue
        text = message.string
        latin = tuple(map(to_latin, text)) if isinstance(text, tuple) else to_latin(str(text))
        made.add(message.id, latin, locations=message.locations, context=message.context)
    return made


def _write(path: Path, catalog: Catalog) -> None:
    catalog.revision_date = catalog.creation_date = BEGINNING  # else every run changes the file
    catalog.project, catalog.version, catalog.msgid_bugs_address = "Recoup", "1", ""
    catalog.last_translator = catalog.language_team = "Recoup"
    catalog.header_comment = "# Recoup: texts of pages. EUPL-1.2."
    path.parent.mkdir(parents=True, exist_ok=True)
    content = BytesIO()
    write_po(content, catalog, sort_output=True, omit_header=False, width=100, include_lineno=False)
    path.write_bytes(content.getvalue())


def missing(language: str) -> Iterator[str]:
    """Say what is wrong with a catalog: missing, empty, fuzzy, or with other placeholders."""
    catalog = load(language)
    for wanted in marked():
        if not wanted.id:
            continue
        message = catalog.get(_first(wanted), wanted.context)
        if message is None:
            yield f"{_first(wanted)!r} is not in the catalog."
        else:
            yield from _problems(message)


def _problems(message: Message) -> Iterator[str]:
    name = repr(_first(message))
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    if not all(texts):
        yield f"{name} is not translated."
        return
    if message.fuzzy:
        yield f"{name} is fuzzy."
    wanted = [_placeholders(one) for one in _ids(message)]
    for text in texts:
        if _placeholders(str(text)) not in wanted:
            yield f"{name} has other placeholders in {text!r}."


def _ids(message: Message) -> list[str]:
    """What is said in English: of one, and of many where that differs."""
    return list(message.id) if isinstance(message.id, (tuple, list)) else [str(message.id)]


def _first(message: Message) -> str:
    return _ids(message)[0]


def _placeholders(text: str) -> Mapping[str, int]:
    found = PLACEHOLDER.findall(text)
    return {name: found.count(name) for name in set(found)}


if __name__ == "__main__":  # python -m recoup.web.catalogs
    update()
