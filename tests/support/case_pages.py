"""What tests of the case page ask: the page's context, its text, a case that was handed over."""

from __future__ import annotations

from typing import Any

from django.test import Client

from recoup.apps.cases.models import Case
from recoup.apps.holds import operations
from recoup.apps.members.models import Login
from recoup.web import case_page
from support.world import OFFICER, World


def signed_in(login: str) -> Client:
    client = Client()
    client.force_login(Login.objects.get(username=login))
    return client


def page_of(world: World, login: str, case: Case) -> dict[str, Any]:
    actor = world.actor(login)
    with world.acting(actor) as at:
        found = Case.objects.select_related("owner", "report", "merged_into").get(pk=case.pk)
        return case_page.page(actor, found, at=at)


def text_of(login: str, path: str) -> str:
    return signed_in(login).get(path).content.decode().replace("\N{NO-BREAK SPACE}", " ")


def hand_over(world: World, case: Case) -> None:
    with world.acting(by := world.actor(OFFICER)) as at:
        operations.hand_over(case=case, note="Order the hold.", by=by, at=at)
