"""Tasks and reports to adopt beyond a page are on the next one: nothing is cut off unseen."""

from __future__ import annotations

import re
from datetime import timedelta
from uuid import uuid4

from django.test import Client
from django.utils import timezone

from recoup.apps.cases.models import Task
from recoup.apps.lawful_requests.views import ROWS_A_PAGE
from recoup.apps.members.models import Login
from support.roles import as_owner
from support.world import OFFICER, World, iban


def client() -> Client:
    made = Client()
    made.force_login(Login.objects.get(username=OFFICER))
    return made


def text(path: str) -> str:
    page = client().get(path)
    assert page.status_code == 200
    return page.content.decode()


def open_tasks(world: World, count: int) -> list[str]:
    owner, at = world.actor(OFFICER).organisation_id, timezone.now()
    with as_owner():
        made = Task.objects.bulk_create(
            Task(about=uuid4(), kind="answer_overdue", owner_id=owner, issuer_id=owner,
                 opened_at=at, due_at=at + timedelta(minutes=n))
            for n in range(count)
        )  # fmt: skip
    return [str(task.pk) for task in made]


def test_the_task_after_a_full_page_is_on_the_next(world: World) -> None:
    made = open_tasks(world, ROWS_A_PAGE + 1)
    first, second = text("/tasks"), text("/tasks?page=2")
    assert [one in first for one in made] == [True] * ROWS_A_PAGE + [False]
    assert [one in second for one in made] == [False] * ROWS_A_PAGE + [True]
    assert "page=2" in first and "page=1" in second


def test_a_page_that_is_no_number_or_too_far_is_one_that_there_is(world: World) -> None:
    made = open_tasks(world, ROWS_A_PAGE + 1)
    assert made[0] in text("/tasks?page=abc")
    assert made[-1] in text("/tasks?page=900")


def test_the_report_after_a_full_page_is_on_the_next(world: World) -> None:
    for n in range(ROWS_A_PAGE + 1):
        world.report(payer=iban("linden", 1 + n), payee=iban("quince", 99), amount=500_00 + n)
    world.plan()
    first, second = (
        set(re.findall(r'/cases/([0-9a-f-]{36})"', text(f"/reports?page={n}"))) for n in (1, 2)
    )
    assert (len(first), len(second)) == (ROWS_A_PAGE, 1) and not first & second
