"""The bounds of an archive: each entry's, and those of all entries together."""

from __future__ import annotations

import io
import zipfile

import pytest

from recoup.standards.statements import NotReadable
from recoup.standards.statements.bounded_zip import RATIO_FROM, BoundedZip
from recoup.standards.statements.faults import Faults


def packed(entries: int, size: int) -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(entries):
            archive.writestr(f"{number}.xml", b"\0" * size)
    return whole.getvalue()


def test_small_entries_that_are_too_large_together_are_refused() -> None:
    """Each is within its own bound; together they become a thousand times what was sent."""
    size = RATIO_FROM // 2
    assert BoundedZip(packed(1, size), Faults("f")).unpacked_bytes == size
    with pytest.raises(NotReadable):
        BoundedZip(packed(4, size), Faults("f"))
