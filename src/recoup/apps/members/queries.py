"""Reads of who takes part: the actor behind a request, organisations, who is on duty."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Collection
from dataclasses import replace
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest

from recoup.apps.members import factors
from recoup.apps.members.models import (
    NOT_KNOWN,
    ApiKey,
    HostedIdentifier,
    Login,
    Mandate,
    Organisation,
    Person,
)  # fmt: skip
from recoup.core.access import Actor
from recoup.core.accounts import AccountIdentifier, read_account
from recoup.core.text import NotReadable

PUBLIC_ID = 1
# What each request of a person reads: plain SQL costs a fifth of what composing it costs.
# What an actor is made of, and what says whether a factor is enough. In force as in `valid_now`.
IN_FORCE = """
select m.id, m.role, m.valid_from, m.person_id, p.full_name, m.organisation_id, o.kind, o.name,
  o.is_invented
from members_mandate m join members_person p on p.id = m.person_id
  join members_organisation o on o.id = m.organisation_id
where m.person_id = %s and m.valid_from <= statement_timestamp()
  and (m.valid_until is null or m.valid_until > statement_timestamp())
order by m.valid_from, m.id
"""
LOGIN_OF = ("id", "last_login", "username", "email", "person_id", "is_active", "session_mark")
LOGIN = f"select {', '.join(LOGIN_OF)} from members_login where id = %s"  # noqa: S608  (columns)
KEY_CACHE_SECONDS = 3.0
DIRECTORY_CACHE_SECONDS = 5.0
_known_keys: dict[bytes, tuple[float, Actor]] = {}


class KeyNotKnown(Exception):
    """The API key is wrong, revoked, or its mandate has ended."""


def actor_of(request: HttpRequest) -> Actor:
    """Who acts: by API key under ``/api/``, else by sign-in, else the public."""
    if request.path.startswith("/api/"):
        header = request.headers.get("Authorization", "")
        if header[:7].lower() == "bearer ":
            return actor_by_key(header[7:].strip())
        return public_actor()
    user: Any = getattr(request, "user", None)
    if user is None:
        return public_actor()
    # Kept, since a session that was ended elsewhere is emptied by asking who it is of.
    request.came_as = request.session.get(SESSION_KEY)  # type: ignore[attr-defined]
    if user.is_authenticated:
        chosen, factor = request.session.get("mandate"), request.session.get(factors.FACTOR, "")
        mandate = mandate_of(user.person_id, chosen=chosen, factor=factor)
        if mandate is not None:
            return as_actor(mandate)
    return public_actor()


def actor_by_key(key: str) -> Actor:
    """The machine behind a key; raises KeyNotKnown. A revoked key ends within seconds."""
    digest = hashlib.sha256(key.encode()).digest()
    known = _known_keys.get(digest)
    if known and time.monotonic() - known[0] < KEY_CACHE_SECONDS:
        return known[1]
    row = (
        ApiKey.objects.select_related("mandate__person", "mandate__organisation")
        .filter(key_sha256=digest, revoked_at=None)
        .filter(Q(expires_at=None) | Q(expires_at__gt=Now()))
        .filter(Q(works_from=None) | Q(works_from__lte=Now()))
        .filter(valid_now("mandate__"))
        .first()
    )
    if row is None:
        _known_keys.pop(digest, None)
        raise KeyNotKnown
    scope = None if row.scope is None else frozenset(row.scope)
    actor = replace(as_actor(row.mandate), scope=scope)
    _known_keys[digest] = (time.monotonic(), actor)
    with connection.cursor() as cursor:
        cursor.execute("select key_used(%s)", [row.pk])
    return actor


def valid_now(prefix: str = "") -> Q:
    """The condition that a mandate is in force at the database's time."""
    until = Q(**{f"{prefix}valid_until": None}) | Q(**{f"{prefix}valid_until__gt": Now()})
    return Q(**{f"{prefix}valid_from__lte": Now()}) & until


def mandate_of(person_id: UUID, *, chosen: str | None, factor: str | None = None) -> Mandate | None:
    """The mandate a signed-in person acts under: the chosen one, else the oldest in force.

    factor: with what they signed in; a mandate for which that is not enough is none of theirs.
    """
    mandates = [_mandate(row) for row in _asked(IN_FORCE, person_id)]
    if factor is not None:
        mandates = [m for m in mandates if factors.is_enough(m, factor)]
    return next((m for m in mandates if str(m.id) == chosen), mandates[0] if mandates else None)


def login_of(login_id: int | str) -> Login | None:
    """What somebody signs in with, without the hash of the password; None if it is not there."""
    rows = _asked(LOGIN, login_id)
    return Login.from_db(DEFAULT_DB_ALIAS, LOGIN_OF, rows[0]) if rows else None


def _asked(sql: str, key: UUID | int | str) -> list[tuple[Any, ...]]:
    """Rows that are found by one key, with the plan that the connection keeps (ADR 0004)."""
    backend: Any = connection
    with backend.plans_kept(), connection.cursor() as cursor:
        cursor.execute(sql, [key])
        return list(cursor.fetchall())


def _mandate(row: tuple[Any, ...]) -> Mandate:
    """A mandate with what was read of person and organisation; the rest is read when asked for."""
    key, role, since, person_id, full_name, organisation_id, kind, name, is_invented = row
    mandate = Mandate.from_db(
        DEFAULT_DB_ALIAS, ["id", "person_id", "organisation_id", "role", "valid_from"],
        [key, person_id, organisation_id, role, since],
    )  # fmt: skip
    mandate.person = Person.from_db(DEFAULT_DB_ALIAS, ["id", "full_name"], [person_id, full_name])
    mandate.organisation = Organisation.from_db(
        DEFAULT_DB_ALIAS, ["id", "kind", "name", "is_invented"],
        [organisation_id, kind, name, is_invented],
    )  # fmt: skip
    return mandate


def as_actor(mandate: Mandate) -> Actor:
    return Actor(
        organisation_id=mandate.organisation_id,
        organisation_kind=mandate.organisation.kind,
        organisation_name=mandate.organisation.name,
        role=mandate.role,
        person_id=mandate.person_id,
        mandate_id=mandate.id,
        person_name=mandate.person.full_name,
    )


def public_actor() -> Actor:
    return Actor(PUBLIC_ID, "public", "The public", "visitor")


def hub_actor(organisation: Organisation) -> Actor:
    """The hub acting for an issuing authority under its standing instruction, or as a clock."""
    return Actor(organisation.id, organisation.kind, organisation.name, "hub")


@cache
def competent_unit() -> Organisation:
    """The police unit that acts on reports; one per hub."""
    return Organisation.objects.filter(kind="police", country=settings.COUNTRY).order_by("id")[0]


def organisations() -> QuerySet[Organisation]:
    """The directory; open to every desk. Whom nobody could name is not in it."""
    named = Organisation.objects.exclude(code__startswith=NOT_KNOWN)
    return named.exclude(kind="public").order_by("id")


def serbian_names() -> dict[str, str]:
    """Main names of organisations and contact points, with those in Serbian Cyrillic."""
    rows = Organisation.objects.exclude(kind="public").order_by("id")
    pairs = [
        *rows.values_list("name", "name_sr"),
        *rows.values_list("contact_name", "contact_name_sr"),
    ]
    return {main: serbian for main, serbian in pairs if main and serbian}


def institution_of(identifier: AccountIdentifier) -> Organisation | None:
    """The institution that keeps an account: by the bank code in its number, else the directory."""
    if identifier.scheme == "iban":
        hint = identifier.institution_hint
        country, _, code = hint.partition(":")
        known = _banks().get(hint)
        return known or Organisation.objects.filter(country=country, bank_code=code).first()
    ident = identifier.ident.split("-")[0] if identifier.scheme == "card" else identifier.ident
    hosted = HostedIdentifier.objects.select_related("institution").filter(
        scheme=identifier.scheme, ident=ident
    )
    return next((row.institution for row in hosted), None)


def bic_of(iban: str, institution: str) -> str:
    """The BIC of the bank that an IBAN names, if the directory has one and calls it so; or empty.

    institution: what the account is said to be kept by. Where an account moved with a bank that was
    taken over, its number names another bank than keeps it, and no BIC is given.
    """
    try:
        found = institution_of(read_account(iban, field="iban"))
    except NotReadable:
        return ""
    return found.bic if found is not None and found.name == institution else ""


def known_banks() -> frozenset[str]:
    """The bank codes that the directory knows, as ``RS:991``."""
    return frozenset(_banks())


def _banks() -> dict[str, Organisation]:
    """Every bank of the directory by its code, read anew after some seconds.

    Each report needs three of them, and a bank is added once in years.
    """
    global _directory
    read_at, banks = _directory
    if time.monotonic() - read_at > DIRECTORY_CACHE_SECONDS:
        rows = Organisation.objects.exclude(bank_code="").order_by("-id")
        banks = {f"{row.country}:{row.bank_code}": row for row in rows}
        _directory = (time.monotonic(), banks)
    return banks


_directory: tuple[float, dict[str, Organisation]] = (-1e9, {})


def on_duty(
    organisation_id: int, *, roles: list[str], at: datetime, but: Collection[UUID] = ()
) -> Mandate | None:
    """The named person of a desk who has the duty, else one with such a mandate.

    roles: the one first named is asked first. Of several in one role the longest there, then the
    first by name: whom a task names is never a matter of chance.
    but: persons who are not to be named, since they know already.
    """
    rows = (
        Mandate.objects.select_related("person")
        .filter(organisation_id=organisation_id, role__in=roles, valid_from__lte=at)
        .filter(Q(valid_until=None) | Q(valid_until__gt=at))
        .exclude(person_id__in=but)
    )

    def turn(row: Mandate) -> tuple[bool, int, datetime, str]:
        return not row.is_on_duty, roles.index(row.role), row.valid_from, row.person.full_name

    return min(rows, key=turn, default=None)
