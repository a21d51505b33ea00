"""Enrols who takes part: organisations, persons with their mandates, log-ins, keys of machines.

Runs as the owner of the database, from a command; the pages have no right to these tables. What is
there already is brought up to date, so that a load may run again.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from django.contrib.auth.hashers import check_password, make_password
from django.db.models import Q
from django.db.models.functions import Now

from recoup.apps.members.models import (
    ApiKey,
    HostedIdentifier,
    Login,
    Mandate,
    Organisation,
    Person,
)  # fmt: skip
from recoup.apps.members.queries import PUBLIC_ID
from recoup.data.policy import load_sign_in

KEY_BYTES = 24


def enrol_public() -> Organisation:
    """The built-in organisation to which anonymous reports belong."""
    public, _ = Organisation.objects.get_or_create(
        id=PUBLIC_ID,
        defaults={"code": "public", "kind": "public", "name": "The public", "country": "RS"},
    )
    return public


def enrol_organisation(*, code: str, **fields: Any) -> Organisation:
    """Add an organisation, or bring its directory entry up to date."""
    known = Organisation.objects.filter(code=code).first()
    if known is None:
        last = (
            Organisation.objects.order_by("-id").values_list("id", flat=True).first() or PUBLIC_ID
        )
        return Organisation.objects.create(id=last + 1, code=code, **fields)
    for name, value in fields.items():
        setattr(known, name, value)
    known.save()
    return known


def list_hosted(*, institution: Organisation, scheme: str, ident: str) -> None:
    """Note that an institution serves a phone alias, wallet or card range."""
    HostedIdentifier.objects.update_or_create(
        scheme=scheme, ident=ident, defaults={"institution": institution}
    )


@dataclass(frozen=True, slots=True)
class Enrolled:
    """Somebody's mandate, and what of it was not there before.

    login: "made" or "password", empty if the sign-in stayed as it was.
    """

    mandate: Mandate
    is_new_person: bool
    is_new_mandate: bool
    login: str = ""


def enrol_person(
    *, organisation: Organisation, full_name: str, role: str, email: str, at: datetime,
    username: str = "", password: str = "", is_on_duty: bool = False, is_system: bool = False,
) -> Enrolled:  # fmt: skip
    """Add a person with a mandate and, if a username is given, a log-in.

    Called by ``audit.enrolment_operations``, which writes the line of the trail as well.
    """
    person, is_new_person = Person.objects.get_or_create(
        full_name=full_name, email=email, defaults={"is_system": is_system}
    )
    mandate, is_new_mandate = Mandate.objects.get_or_create(
        person=person, organisation=organisation, role=role,
        defaults={"valid_from": at, "is_on_duty": is_on_duty},
    )  # fmt: skip
    login = _sign_in(person, username, password) if username else ""
    return Enrolled(mandate, is_new_person, is_new_mandate, login)


def _sign_in(person: Person, username: str, password: str) -> str:
    """Make or bring up to date what somebody signs in with; what was done, empty for nothing."""
    login = Login.objects.filter(username=username).first()
    if login is None:
        Login.objects.create(
            username=username, email=person.email, password=_encoded(password), person=person
        )
        return "made"
    if _fits(password, login.password):
        return ""
    login.password = _encoded(password)
    login.session_mark = uuid4()
    login.save(update_fields=["password", "session_mark"])
    return "password"


@cache
def _encoded(password: str) -> str:
    """A password as it is stored; the same for all who are enrolled with it at once (the demo)."""
    return make_password(password)


@cache
def _fits(password: str, encoded: str) -> bool:
    return check_password(password, encoded)


def issue_key(*, mandate: Mandate, at: datetime) -> str:
    """Make a new API key for a machine's mandate; older keys of it end. Shown once, kept hashed."""
    key = new_key(mandate.organisation.code)
    ApiKey.objects.filter(mandate=mandate, revoked_at=None).update(revoked_at=at)
    ApiKey.objects.create(
        mandate=mandate, key_sha256=digest_of(key), created_at=at,
        expires_at=at + timedelta(days=load_sign_in().key_days),
    )  # fmt: skip
    return key


def new_key(code: str) -> str:
    """A key that nobody has yet: 192 random bits behind the organisation's code."""
    return f"rk_{code}_{secrets.token_urlsafe(KEY_BYTES)}"


def digest_of(key: str) -> bytes:
    return hashlib.sha256(key.encode()).digest()


def is_key_known(key: str, mandate_id: UUID) -> bool:
    """Whether a key works still."""
    rows = ApiKey.objects.filter(mandate_id=mandate_id, key_sha256=digest_of(key), revoked_at=None)
    return rows.filter(Q(expires_at=None) | Q(expires_at__gt=Now())).exists()
