"""A vault of its own for each test, and a case to put files into."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support import roles
from support.evidence import Vault, vault_of
from support.world import World


@pytest.fixture
def folders(settings: Any, tmp_path: Path) -> Path:
    """Where pieces and keys of this test lie, apart from each other."""
    settings.VAULT_KEYS = tmp_path / "keys"
    settings.STORAGES = settings.STORAGES | {
        "vault": {
            "BACKEND": "recoup.apps.evidence.store.VaultFiles",
            "OPTIONS": {"location": str(tmp_path / "pieces")},
        }
    }
    return tmp_path


@pytest.fixture
def vault(folders: Path, world: World, request: pytest.FixtureRequest) -> Iterator[Vault]:
    """A case; afterwards what lies in the vault is what the database says."""
    yield vault_of(world)
    if request.node.get_closest_marker("damages_the_vault") is None:
        assert roles.broken_invariants() == []
