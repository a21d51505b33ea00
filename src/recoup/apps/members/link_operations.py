"""Links a log-in to whom the state's own sign-in knows, and ends that; finds a log-in by it.

Only the person themselves, and the database keeps that: see ``0014_provider_links``.
"""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.crypto import salted_hmac

from recoup.apps.members.models import Login
from recoup.apps.members.sign_in_models import ProviderLink


def digest(issuer: str, subject: str) -> bytes:
    """What is kept instead of a provider's name for a person."""
    whole = json.dumps([issuer, subject])
    return salted_hmac("recoup.provider", whole, algorithm="sha256").digest()


def login_of(mac: bytes) -> Login | None:
    """Whose log-in is linked to this; also one that was suspended."""
    found = _one("select provider_login(%s)", mac)
    return Login.objects.select_related("person").filter(pk=found).first() if found else None


def link(login: Login, mac: bytes) -> UUID | None:
    """Link somebody's own log-in. None if one of the two is linked already."""
    made: UUID | None = _one("select provider_link_make(%s, %s)", login.pk, mac)
    return made


def end(link_id: UUID) -> UUID | None:
    """End one's own link, and every session; gives the mark of those to come."""
    mark: UUID | None = _one("select provider_link_end(%s)", link_id)
    return mark


def link_of(login: Login) -> ProviderLink | None:
    """The link in force; row-level security shows one's own only."""
    return ProviderLink.objects.filter(login=login, ended_at=None).first()


def _one(sql: str, *values: Any) -> Any:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchone()[0]
