"""Objects of organisations with which none of the roles of a matrix has anything to do."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from recoup.apps.cases.models import Case
from recoup.apps.lawful_requests import duty_operations, request_law
from recoup.apps.lawful_requests.models import Ticket
from support.requests import Desk, law_of
from support.world import World

LOOKED = "LOOK-ELSEWHERE"


def asked_elsewhere(world: World, monkeypatch: pytest.MonkeyPatch) -> Ticket:
    """A ticket of a request between organisations with which none of the roles has to do."""
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    desk = Desk(world, law)
    author = desk.enrol("elsewhere", "officer", kind="police")
    decider = desk.enrol("court", "prosecutor", kind="court")
    desk.enrol("farisp", "clerk", kind="isp")
    found = desk.submitted("farisp", by=author, authority="court")
    desk.authorise(found, by=decider)
    world.sweep()
    return desk.tickets(found)[0]


def glass_elsewhere(world: World, case: Case) -> UUID:
    """Somebody of another organisation looked into the case of another."""
    glass, night = uuid4(), Desk(world).enrol("glassnight", "fiu_head", kind="fiu")
    world.run(
        "insert into cases_breakglass (id, organisation_id, person_id, case_id, owner_id, "
        "reference, danger, ground, opened_at, until, review_note) values (%s, %s, %s, %s, %s, "
        "%s, 'life', 'Elsewhere', now(), now() + interval '9 minutes', '')",
        glass, night.organisation_id, night.person_id, case.pk, world.organisation("heron").id,
        LOOKED,
    )  # fmt: skip
    return glass


def change_elsewhere(world: World) -> UUID:
    """Another organisation wants to have its entry in the directory changed."""
    change, who = uuid4(), Desk(world).enrol("dirnight", "unit_head", kind="police")
    world.run(
        "insert into members_directorychange (id, organisation_id, changes, before, ground, "
        "proposed_by_id, proposed_at, called_number, told, stop_ground) values (%s, %s, "
        "'{\"bic\": \"XXXXXXXX\"}', '{}', %s, %s, now(), '', '', '')",
        change, who.organisation_id, LOOKED, who.person_id,
    )  # fmt: skip
    return change


def duty_elsewhere(world: World) -> UUID:
    """Somebody is on duty at an organisation with which none of the roles has to do."""
    who = Desk(world).enrol("night", "unit_head", kind="police")
    assert who.mandate_id
    with world.acting(who) as at:
        return duty_operations.note_duty(
            mandate_id=who.mandate_id, since=at, until=at + timedelta(hours=1), by=who, at=at
        ).pk
