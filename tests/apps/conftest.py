"""Fixtures of the matrices: a hub on which every page is there."""

from __future__ import annotations

import pytest
from django.conf import settings

from recoup.apps.members.oidc_settings import Provider


@pytest.fixture
def a_provider_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a provider its pages are not there; with this one they say that it is away."""
    away = Provider("http://127.0.0.1:9", "recoup", "invented", "eState", "http://localhost/x")
    monkeypatch.setattr(settings, "OIDC", away)
