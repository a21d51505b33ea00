"""People who sign in for real: two persons who let somebody in, and passkeys in software."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.test import Client

from recoup.apps.audit import enrolment_operations
from recoup.apps.members import pass_words
from recoup.apps.members.models import Login, Organisation
from recoup.core.access import Actor
from support.authenticator import Device
from support.roles import as_owner
from support.world import World

FIRST, SECOND = "2222-3333-4444-5555", "6666-7777-8888-9999"


def hub_officer(world: World, name: str = "hilda") -> Actor:
    """Somebody of the hub's desk, who agrees to what others propose."""
    with as_owner():
        enrolment_operations.enrol_person(
            organisation=world.organisation("ministry"), full_name=f"Invented {name}",
            role="hub_officer", email=f"{name}@example.invalid", at=world.now(),
            username=f"{name}.hub", password="x",
        )  # fmt: skip
    return world.actor(f"{name}.hub")


def browser() -> Client:
    """A passkey is of one host name; this is the one of the tests' devices."""
    return Client(HTTP_HOST="localhost")


def open_pass(world: World, login: str, *, kind: str = "recover") -> tuple[str, str]:
    """Two words for somebody, as two persons would give them."""
    who = Login.objects.get(username=login)
    by = hub_officer(world, f"h{who.pk}")
    with as_owner(), connection.cursor() as cursor:
        cursor.execute(
            "insert into members_memberchange (id, organisation_id, kind, person_id, login_id, "
            "full_name, email, username, role, ground, proposed_by_id, proposed_at, first_sha256, "
            "decided_by_id, decided_at, is_agreed, second_sha256, expires_at, devices_left) "
            "select gen_random_uuid(), m.organisation_id, %s, m.person_id, %s, '', '', '', '', "
            "'A test.', (select person_id from members_login where username = 'ana.plum'), now(), "
            "%s, %s, now(), true, %s, now() + interval '1 hour', 2 "
            "from members_mandate m where m.person_id = %s limit 1",
            [kind, who.pk, pass_words.digest(FIRST + str(who.pk).zfill(4).replace("0", "Z")),
             by.person_id, pass_words.digest(SECOND), who.person_id],
        )  # fmt: skip
    return FIRST + str(who.pk).zfill(4).replace("0", "Z"), SECOND


def question(page: Any) -> dict[str, Any]:
    """What a page hands to the device."""
    found = re.search(r'<script type="application/json">(.*?)</script>', page.content.decode())
    assert found, page.content.decode()[:3000]
    return dict(json.loads(found[1]))


def enrol(world: World, login: str, device: Device | None = None) -> Device:
    """Make a passkey for somebody, through the pages."""
    device = device or Device()
    client = browser()
    first, second = open_pass(world, login)
    client.post("/enrol", {"first": first, "second": second})
    made = device.make(question(client.get("/enrol")))
    answer = client.post("/enrol", {"act": "make", "name": "Test key", "passkey": made})
    assert answer.status_code == 200, answer.content.decode()[-4000:]
    return device


def sign_in(device: Device, client: Client | None = None) -> Client:
    client = client or browser()
    options = client.post("/sign-in/passkey/begin").json()
    client.answer = client.post("/sign-in/passkey", {"passkey": device.sign(options)})  # type: ignore[attr-defined]
    return client


@dataclass
class NoDemo:
    """Outside a demonstration: everybody needs a second factor."""

    settings: Any

    def __post_init__(self) -> None:
        self.settings.IS_DEMO = False


def make_real(world: World, code: str) -> Organisation:
    """Say of an invented organisation that it exists: its people need a second factor."""
    world.run("update members_organisation set is_invented = false where code = %s", code)
    return world.organisation(code)
