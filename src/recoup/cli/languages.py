"""Compile the translations (`.po`, which people edit) into what Django reads (`.mo`).

Done at start, in Python, and only for a catalogue that is newer than its compiled form.
"""

from __future__ import annotations

import os
from pathlib import Path

from recoup.cli import environment

CATALOGUES = environment.ROOT / "src" / "recoup" / "locale"
COMPILED = environment.VAR / "locale"


def compile_catalogues(source: Path = CATALOGUES, target: Path = COMPILED) -> int:
    """Compile what has changed; returns how many catalogues that was."""
    stale = [
        (catalogue, compiled)
        for catalogue in sorted(source.glob("*/LC_MESSAGES/*.po"))
        if is_stale(
            catalogue, compiled := (target / catalogue.relative_to(source)).with_suffix(".mo")
        )
    ]
    for catalogue, compiled in stale:
        compile_catalogue(catalogue, compiled)
    return len(stale)


def is_stale(catalogue: Path, compiled: Path) -> bool:
    return not compiled.exists() or compiled.stat().st_mtime < catalogue.stat().st_mtime


def compile_catalogue(catalogue: Path, compiled: Path) -> None:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    compiled.parent.mkdir(parents=True, exist_ok=True)
    beside = compiled.with_suffix(f".{os.getpid()}.new")
    with catalogue.open("rb") as text, beside.open("wb") as binary:
        write_mo(binary, read_po(text))
    beside.replace(compiled)
