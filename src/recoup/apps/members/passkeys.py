"""Passkeys: asks a device for a signature and checks it; the rules are WebAuthn's (python-fido2).

Every answer is to a question that was asked once, in this session and for this purpose, and is
forgotten with the first answer. The device has to have recognised its owner (finger, face, PIN).
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from fido2 import cbor
from fido2.cose import CoseKey
from fido2.rpid import verify_rp_id
from fido2.server import Fido2Server
from fido2.utils import websafe_decode
from fido2.webauthn import (
    Aaguid,
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from recoup.apps.members.models import Login
from recoup.apps.members.sign_in_models import Passkey
from recoup.standards import strict_json

ASKED: Final = "asked_passkey"  # where the question stands in the session
ANSWER_WITHIN: Final = timedelta(minutes=5)
LONGEST_ANSWER: Final = 20_000
REQUIRED = UserVerificationRequirement.REQUIRED


class NotAccepted(Exception):
    """A device's answer is not one to the question that was asked. The reason is for the trail."""


@dataclass(frozen=True, slots=True)
class Made:
    """A new passkey, as its device described it."""

    credential_id: bytes
    public_key: bytes
    aaguid: UUID
    sign_count: int


def origin_of(request: HttpRequest) -> str:
    """Where people reach this hub: as it is configured, else as the browser asked for it."""
    return str(settings.PUBLIC_ADDRESS or f"{request.scheme}://{request.get_host()}")


def ask_to_make(request: HttpRequest, login: Login, *, at: datetime) -> dict[str, Any]:
    """What the browser hands to a device that is to make a passkey."""
    user = PublicKeyCredentialUserEntity(
        name=login.username, id=handle_of(login), display_name=login.person.full_name
    )
    options, state = _server(request).register_begin(
        user, [_credential(key) for key in keys_of(login)],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED, user_verification=REQUIRED,
    )  # fmt: skip
    _remember(request, "make", state, at=at, login=login.pk)
    return _plain(options.public_key)


def read_made(request: HttpRequest, login: Login, text: str, *, at: datetime) -> Made:
    """The passkey that a device made; raises NotAccepted."""
    state = _recall(request, "make", at=at, login=login.pk)
    try:
        data = _server(request).register_complete(state, _read(text))
        found = data.credential_data
    except (ValueError, TypeError, KeyError, AttributeError) as problem:
        raise NotAccepted(str(problem)) from problem
    if found is None:
        raise NotAccepted("no credential")
    return Made(
        bytes(found.credential_id), _encoded(found), UUID(bytes=bytes(found.aaguid)), data.counter
    )


def ask(
    request: HttpRequest, purpose: str, keys: Sequence[Passkey] | None, *, at: datetime
) -> dict[str, Any]:
    """What the browser hands to a device that is to sign; keys: whose, None for anybody's."""
    credentials = None if keys is None else [_credential(key) for key in keys]
    options, state = _server(request).authenticate_begin(credentials, user_verification=REQUIRED)
    _remember(request, purpose, state, at=at)
    return _plain(options.public_key)


def check(
    request: HttpRequest, purpose: str, text: str, *, at: datetime, of: Login | None = None
) -> Passkey:
    """The passkey that signed, whose use is noted; raises NotAccepted. of: only this person's."""
    state = _recall(request, purpose, at=at)
    try:
        answer = AuthenticationResponse.from_dict(_read(text))
    except (ValueError, TypeError, KeyError) as problem:
        raise NotAccepted(str(problem)) from problem
    key = _known(answer.raw_id, of)
    handle = answer.response.user_handle
    if handle is not None and handle != handle_of(key.login):
        raise NotAccepted("another person's handle")
    try:
        _server(request).authenticate_complete(state, [_credential(key)], answer)
    except (ValueError, TypeError, KeyError) as problem:
        raise NotAccepted(str(problem)) from problem
    _count(key, answer.response.authenticator_data.counter, at=at)
    return key


def keys_of(login: Login) -> list[Passkey]:
    return list(Passkey.objects.filter(login=login, ended_at=None).order_by("made_at"))


def handle_of(login: Login) -> bytes:
    """What a device keeps to name the login; tells nobody anything."""
    return salted_hmac("recoup.passkey", str(login.pk), algorithm="sha256").digest()


def _known(credential_id: bytes, of: Login | None) -> Passkey:
    rows = Passkey.objects.filter(credential_id=credential_id, ended_at=None, login__is_active=True)
    found = (rows if of is None else rows.filter(login=of)).first()
    if found is None:
        raise NotAccepted("no such passkey")
    # Not by the relation, which would read the hash of the password.
    found.login = Login.objects.select_related("person").get(pk=found.login_id)
    return found


def _count(key: Passkey, counted: int, *, at: datetime) -> None:
    """A device counts its signatures; one that falls back is a copy. Two at once: one is taken."""
    rows = Passkey.objects.filter(pk=key.pk, sign_count=key.sign_count)
    is_growing = counted > key.sign_count or (counted == 0 and key.sign_count == 0)
    if not is_growing or not rows.update(sign_count=counted, last_used_at=at):
        raise NotAccepted(f"the device counts {counted} after {key.sign_count}")


def _server(request: HttpRequest) -> Fido2Server:
    origin = origin_of(request)
    host = urlsplit(origin).hostname or ""
    return Fido2Server(
        PublicKeyCredentialRpEntity(name="Recoup", id=host),
        verify_origin=lambda given: given == origin and verify_rp_id(host, given),
    )


def _credential(key: Passkey) -> AttestedCredentialData:
    public_key: Any = cbor.decode(bytes(key.public_key))
    return AttestedCredentialData.create(
        Aaguid(key.aaguid.bytes), bytes(key.credential_id),
        CoseKey.parse(public_key),
    )  # fmt: skip


def _encoded(found: AttestedCredentialData) -> bytes:
    return cbor.encode(dict(found.public_key))


def _plain(options: Any) -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(json.dumps(dict(options)))
    return whole


def _read(text: str) -> dict[str, Any]:
    if len(text) > LONGEST_ANSWER:
        raise ValueError("too long")
    try:
        found = strict_json.loads(text.encode())
    except strict_json.NotStrictJson as problem:
        raise ValueError(str(problem)) from None
    if not isinstance(found, dict):
        raise TypeError("not an object")
    return found


def _remember(
    request: HttpRequest, purpose: str, state: dict[str, Any], *, at: datetime, login: int = 0
) -> None:
    request.session[ASKED] = {
        "for": purpose, "at": at.isoformat(), "login": login, "challenge": state["challenge"],
    }  # fmt: skip


def _recall(request: HttpRequest, purpose: str, *, at: datetime, login: int = 0) -> dict[str, Any]:
    """The question, which is forgotten by this; raises NotAccepted if it was another, or is old."""
    asked = request.session.pop(ASKED, None)
    if asked is None or asked["for"] != purpose or asked["login"] != login:
        raise NotAccepted("nothing was asked for this")
    if at - datetime.fromisoformat(asked["at"]) > ANSWER_WITHIN:
        raise NotAccepted("asked too long ago")
    websafe_decode(asked["challenge"])
    return {"challenge": asked["challenge"], "user_verification": REQUIRED}
