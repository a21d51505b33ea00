"""Pages of whoever decides on requests, as tests ask for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client

from recoup.apps.lawful_requests.models import Decision, Request
from recoup.apps.members.models import Login
from recoup.core.access import Actor
from support.requests import Desk
from support.roles import as_owner

ASKED = 480_000_00


def client(actor: Actor) -> Client:
    made = Client()
    made.force_login(Login.objects.filter(person_id=actor.person_id)[0])
    return made


def submitted(desk: Desk, *addressees: str, **changed: Any) -> Request:
    """A request for money and data of a period, at one or more addressees."""
    at = desk.world.now()
    period = {"from": (at - timedelta(days=30)).isoformat(), "until": at.isoformat()}
    danger = changed.pop("danger", "")
    content = desk.content(
        *addressees,
        **{"amount_minor": ASKED, "currency": "RSD", "period": period,
           "justification": "The account emptied twice this week.", **changed},
    )  # fmt: skip
    how = {"danger": danger, "confirmer": "prosecutor"} if danger else {}
    return desk.submitted(content=content, **how)


def act(desk: Desk, found: Request, name: str, *, by: Actor | None = None, **typed: Any) -> Any:
    given = {"act": name, "version": found.version, **typed}
    where = "hear" if name == "oral" else "decide"
    return client(by or desk.prosecutor).post(f"/decisions/{found.id}/{where}", given)


def text(response: Any) -> str:
    return response.content.decode().replace("\N{NO-BREAK SPACE}", " ")


def page(found: Request, by: Actor) -> str:
    response = client(by).get(f"/decisions/{found.id}")
    assert response.status_code == 200
    return text(response)


def whole_form(found: Request, **changed: Any) -> dict[str, Any]:
    """The form to narrow as the page sends it when nothing was changed."""
    from recoup.web import decision_forms

    return {**decision_forms.initial(found.content), **changed}


def decisions(found: Request) -> list[str]:
    with as_owner():
        return list(
            Decision.objects.filter(request=found).order_by("number").values_list("kind", flat=True)
        )
