"""A prepared invented country and a stub of the hub, for every test of the demo."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recoup.demo import stories

sys.path.insert(0, str(Path(__file__).parent))

from stub_hub import StubHub


@pytest.fixture
def country_dir(tmp_path: Path) -> Path:
    stories.prepare(tmp_path, datetime.now(UTC))
    return tmp_path


@pytest.fixture
def hub() -> Iterator[StubHub]:
    with StubHub() as one:
        yield one
