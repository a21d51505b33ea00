"""What every refusal of a document has in common: a place, and a sentence of what is wrong."""

from __future__ import annotations

import re

from recoup.core.law import PackRefused


def is_told(refusal: PackRefused, *, where: str, says: str) -> bool:
    """Whether it names the place and says this, in a sentence with a full stop."""
    assert refusal.where.endswith(where), refusal.where
    assert says in refusal.problem, refusal.problem
    assert re.fullmatch(r"[^a-z].*\.", refusal.problem, re.DOTALL), refusal.problem
    assert str(refusal) == f"{refusal.where}: {refusal.problem}"
    return True
