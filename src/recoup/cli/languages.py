"""Have the translations (`.po`, which people edit) compiled into what Django reads (`.mo`).

Done at start. The compiler is imported only when a catalogue has changed: it needs Django, and
the supervisor does without it.
"""

from __future__ import annotations

from pathlib import Path

from recoup.cli import environment

CATALOGUES = environment.ROOT / "src" / "recoup" / "locale"
COMPILED = environment.VAR / "locale"


def compile_catalogues(source: Path = CATALOGUES, target: Path = COMPILED) -> int:
    """Compile what has changed; returns how many catalogues that was."""
    catalogues = source.glob("*/LC_MESSAGES/*.po")
    if not any(is_stale(po, target / po.relative_to(source)) for po in catalogues):
        return 0
    from recoup.web.catalogs import compile_catalogs

    return len(compile_catalogs(source, target))


def is_stale(catalogue: Path, beside: Path) -> bool:
    compiled = beside.with_suffix(".mo")
    return not compiled.exists() or compiled.stat().st_mtime < catalogue.stat().st_mtime
