"""Pages of who is on duty, and the button with which somebody takes a waiting request on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from recoup.apps.cases.models import Task
from recoup.apps.lawful_requests import clock, request_law
from recoup.apps.members.models import Duty, Login
from recoup.core.access import Actor
from recoup.data import load_pack
from support.requests import Desk, law_of, pass_time
from support.roles import as_owner, as_planner
from support.world import World

HOUR = timedelta(hours=1)


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    return Desk(world, law)


def client(actor: Actor) -> Client:
    made = Client()
    made.force_login(Login.objects.filter(person_id=actor.person_id)[0])
    return made


def text(response: Any) -> str:
    return str(response.content.decode()).replace("\N{NO-BREAK SPACE}", " ")


def typed(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%dT%H:%M")


def note(desk: Desk, who: Actor, **changed: str) -> Any:
    at = desk.world.now()
    given = {"person": str(who.mandate_id),
             "since": typed(at - HOUR), "until": typed(at + 8 * HOUR), **changed}  # fmt: skip
    return client(desk.prosecutor).post("/duties/note", given)


def duties() -> list[Duty]:
    with as_owner():
        return list(Duty.objects.order_by("noted_at").select_related("person"))


def test_who_is_called_now_stands_on_both_pages(desk: Desk) -> None:
    other = desk.enrol("prosecutor", "prosecutor", name="Listed One")
    assert note(desk, other).status_code == 302
    by = client(desk.prosecutor)
    assert "<strong>Listed One</strong>" in text(by.get("/duties"))
    assert "Called now: <strong>Listed One</strong>" in text(by.get("/decisions"))


def test_an_empty_list_says_who_is_called_then(desk: Desk) -> None:
    shown = text(client(desk.prosecutor).get("/duties"))
    assert "Nobody is on the list" in shown and desk.prosecutor.person_name in shown


@pytest.mark.parametrize(
    ("changed", "field", "said"),
    [
        ({"person": ""}, "person", "Choose a person."),
        ({"since": "tonight"}, "since", "“tonight” is no moment"),
        ({"until": "2020-01-01T00:00"}, "until", "A duty ends after it begins"),
        ({"until": "2099-01-01T00:00"}, "until", "at most 62 days"),
        ({"instead_of": "whoever"}, "instead_of", "Choose a person."),
    ],
)
def test_what_is_wrong_stands_at_its_field(
    desk: Desk, changed: dict[str, str], field: str, said: str
) -> None:
    response = note(desk, desk.prosecutor, **changed)
    shown = text(response)
    assert response.status_code == 422 and said in shown
    assert f'id="duty-{field}-error"' in shown
    assert duties() == []


def test_nobody_of_another_office_is_noted(desk: Desk) -> None:
    response = note(desk, desk.head)
    assert response.status_code == 422 and "no mandate of your organisation" in text(response)
    assert desk.head.person_name not in text(response)


def test_handed_over_and_called_off(desk: Desk) -> None:
    other = desk.enrol("prosecutor", "prosecutor", name="Next One")
    note(desk, desk.prosecutor)
    (first,) = duties()
    by = client(desk.prosecutor)
    wrong = by.post(f"/duties/{first.id}", {"act": "hand_over", "to": ""})
    assert wrong.status_code == 422 and "Choose a person." in text(wrong)
    given = {"act": "hand_over", "to": str(other.mandate_id)}
    assert by.post(f"/duties/{first.id}", given).status_code == 302
    _, second = duties()
    assert second.person.full_name == "Next One" and second.until == first.until
    again = by.post(f"/duties/{first.id}", given)
    assert again.status_code == 422
    assert by.post(f"/duties/{second.id}", {"act": "call_off"}).status_code == 302
    assert all(row.ended_at for row in duties())


def test_a_foreign_duty_is_not_there(desk: Desk) -> None:
    note(desk, desk.prosecutor)
    (row,) = duties()
    given = {"act": "call_off"}
    assert client(desk.head).post(f"/duties/{row.id}", given).status_code == 404
    assert client(desk.officer).post(f"/duties/{row.id}", given).status_code == 403
    assert duties()[0].ended_at is None


def test_a_draft_that_lapsed_is_told_without_a_link(desk: Desk) -> None:
    found = desk.draft()
    pass_time(desk.world, timedelta(days=31), kind="submit")
    shown = text(client(desk.head).get("/tasks"))
    assert "A request has lapsed" in shown and found.reference in shown
    assert f"/decisions/{found.id}" not in shown


def test_who_is_called_takes_it_on(desk: Desk) -> None:
    found = desk.submitted(danger="life", confirmer="prosecutor")
    with as_planner():
        clock.fire_due(pack=load_pack(settings.COUNTRY), at=desk.world.now())
    by = client(desk.prosecutor)
    shown = text(by.get("/tasks"))
    assert "A request waits for a decision" in shown and f"/decisions/{found.id}" in shown
    page = f"/decisions/{found.id}"
    assert "1 call has been made about it." in text(by.get(page))
    taken = {"act": "take_on", "version": found.version}
    assert by.post(f"{page}/decide", taken).status_code == 302
    shown = text(by.get(page))
    assert "Somebody has it: nobody else is called." in shown and "What do you decide?" in shown
    with as_owner():
        assert not Task.objects.filter(about=found.id, done_at=None)
    assert by.post(f"{page}/decide", taken).status_code == 409
