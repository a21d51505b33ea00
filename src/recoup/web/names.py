"""Names of organisations and contact points in the reader's language.

Rows and frozen tickets carry the main name, which the API and the trail keep. Pages put the name of
the directory in its place where the reader's language has one; Latin is made from Cyrillic.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Final

from django.db import DatabaseError
from django.utils import translation

from recoup.apps.members import queries as members
from recoup.web.serbian_script import to_latin

READ_AGAIN_SECONDS: Final = 60.0
_known: dict[str, tuple[float, Mapping[str, str]]] = {}


def organisation_name(name: str) -> str:
    """An organisation's name for the reader; also behind or before something else.

    Such as ``Person, Organisation`` and ``Organisation, reference``.
    """
    names = _names()
    if name in names:
        return names[name]
    before, comma, last = name.rpartition(", ")
    if not comma:
        return name
    return f"{names.get(before, before)}, {names.get(last, last)}"


def contact_name(name: str) -> str:
    """A contact point's name for the reader."""
    return _names().get(name, name)


def _names() -> Mapping[str, str]:
    """Main name to the reader's, read anew each minute: the directory changes seldom."""
    language = translation.get_language() or ""
    if not language.startswith("sr"):
        return {}
    known = _known.get(language)
    if known is None or time.monotonic() - known[0] > READ_AGAIN_SECONDS:
        try:
            names = members.serbian_names()
        except DatabaseError:  # a page that says so still has a head
            return {}
        if language != "sr":
            names = {name: to_latin(serbian) for name, serbian in names.items()}
        known = _known[language] = (time.monotonic(), names)
    return known[1]
