"""Who is enrolled, with which mandate and sign-in, stands in the trail, in the same transaction."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recoup.apps.audit import enrolment_operations as enrolment
from recoup.apps.audit import operations as audit
from recoup.apps.audit.models import AuditCommitment
from recoup.apps.members.models import Mandate, Person
from support.roles import as_owner
from support.world import World

NAME, EMAIL = "Nova Osoba", "nova@example.invalid"


def enrol(world: World, **more: Any) -> Mandate:
    given = {"role": "officer", "username": "nova.police", "password": "first", **more}
    with as_owner():
        return enrolment.enrol_person(
            organisation=world.organisation("police"), full_name=NAME, email=EMAIL,
            at=world.now(), **given,
        )  # fmt: skip


def lines(world: World, mandate: Mandate) -> list[dict[str, Any]]:
    rows = world.run(
        "select convert_from(body, 'UTF8') from audit_auditleaf where stream = %s "
        "order by stream_seq", f"person:{mandate.person_id}",
    )  # fmt: skip
    return [json.loads(body) for (body,) in rows]


def test_person_mandate_and_sign_in_are_lines_of_the_persons_stream(world: World) -> None:
    mandate = enrol(world, is_on_duty=True)
    told = lines(world, mandate)
    assert [line["what"] for line in told] == ["person:enrolled", "mandate:given", "login:made"]
    police = world.organisation("police").id
    assert {(line["role"], line["organisation"]) for line in told} == {("enrolment", police)}
    assert told[1]["facts"] == {
        "mandate": str(mandate.id), "role": "officer", "organisation": police,
        "valid_from": str(mandate.valid_from), "is_on_duty": True,
    }  # fmt: skip
    assert told[2]["facts"] == {"username": "nova.police"}


def test_the_name_stands_in_the_trail_as_a_commitment_only(world: World) -> None:
    told = lines(world, enrol(world))
    assert NAME not in json.dumps(told) and EMAIL not in json.dumps(told)
    assert set(told[0]["committed"]) == {"full_name", "email"}
    with world.acting(world.actor("jelena.police")):
        kept = AuditCommitment.objects.filter(field="full_name", value=NAME)
        assert kept.count() == 1


def test_enrolling_again_tells_only_what_is_new(world: World) -> None:
    mandate = enrol(world)
    enrol(world)
    assert len(lines(world, mandate)) == 3
    other = enrol(world, role="unit_head")
    assert [line["what"] for line in lines(world, other)][3:] == ["mandate:given"]
    enrol(world, password="second")
    last = lines(world, mandate)[-1]
    assert last["what"] == "login:password_set" and last["stream_seq"] == 5


def test_without_the_line_nobody_is_enrolled(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("no line")

    monkeypatch.setattr(audit, "record_all", fail)
    with pytest.raises(ValueError, match="no line"):
        enrol(world)
    assert not Person.objects.filter(full_name=NAME).exists()


def test_everybody_of_the_invented_country_was_enrolled_with_a_line(world: World) -> None:
    """Other tests empty the trail and keep the country, so that it is loaded again here."""
    from recoup.cli import demo_country

    with as_owner():
        Mandate.objects.filter(person__full_name="Mila Lipovača").update(role="once")
        demo_country.load()
    rows = world.run("select convert_from(body, 'UTF8') from audit_auditleaf")
    whats = [json.loads(body)["what"] for (body,) in rows]
    assert "mandate:given" in whats
