"""Two people of one desk at the same moment: one ticket is taken once, and answered once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client

from recoup.apps.lawful_requests import request_law
from recoup.apps.lawful_requests.models import Answer, RequestFile, Ticket
from recoup.apps.members.models import Login
from support.requests import Desk, law_of
from support.roles import as_owner
from support.world import World

AT_ONCE = 4


@pytest.fixture
def desk(open_world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    return Desk(open_world, law)


@pytest.fixture
def ticket(desk: Desk) -> Ticket:
    (one,) = desk.sent()
    return one


def signed_in(person_id: Any) -> Client:
    client = Client()
    client.force_login(Login.objects.get(person_id=person_id))
    return client


@pytest.fixture
def together() -> Iterator[Callable[..., list[Any]]]:
    """Do several acts in threads that begin at the same moment; what each gave."""
    start = Barrier(AT_ONCE)

    def run(act: Callable[[], Any]) -> Any:
        start.wait(20)
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        yield lambda acts: list(threads.map(run, acts))


def test_of_answers_at_once_the_first_counts_and_the_others_are_told(
    desk: Desk, ticket: Ticket, together: Callable[..., list[Any]]
) -> None:
    clients = [signed_in(desk.isp.person_id) for _ in range(AT_ONCE)]
    clients[0].post(f"/asked/{ticket.id}/take")

    def sending(client: Client, number: int) -> Callable[[], Any]:
        file = SimpleUploadedFile(f"list{number}.csv", f"a;{number}\n".encode(), "text/csv")
        typed = {"answer": str(uuid4()), "act": "send", "code": "given",
                 "field-name": f"Invented {number}", "upload": file}  # fmt: skip
        return lambda: client.post(f"/asked/{ticket.id}/answer/files", typed)

    got = together([sending(client, number) for number, client in enumerate(clients)])
    assert sorted(one.status_code for one in got) == [302, 409, 409, 409]
    with as_owner():
        (stored,) = Answer.objects.filter(ticket=ticket)
        assert Ticket.objects.get(pk=ticket.pk).state == "answered"
        assert RequestFile.objects.filter(ticket=ticket).count() == AT_ONCE
    for number, one in enumerate(got):
        if one.status_code == 409:
            told = one.content.decode()
            assert "Another answer came first" in told and f"Invented {number}" in told
            assert f"list{number}.csv" in told and stored.person.full_name in told
    refused = [line for line in desk.trail(ticket.id, kind="ticket")
               if line["facts"].get("code") == "answered_already"]  # fmt: skip
    assert len(refused) == AT_ONCE - 1


def test_a_ticket_is_taken_by_one_colleague_only(
    desk: Desk, ticket: Ticket, together: Callable[..., list[Any]]
) -> None:
    people = [desk.enrol("heron", "clerk").person_id for _ in range(AT_ONCE)]
    clients = [signed_in(person) for person in people]
    got = together([lambda c=c: c.post(f"/asked/{ticket.id}/take") for c in clients])
    assert sorted(one.status_code for one in got) == [302, 409, 409, 409]
    with as_owner():
        assert Ticket.objects.get(pk=ticket.pk).taken_by_id in people


def test_take_next_gives_each_colleague_another_ticket(
    desk: Desk, together: Callable[..., list[Any]]
) -> None:
    for _ in range(AT_ONCE):
        desk.sent()
    clients = [signed_in(desk.enrol("heron", "clerk").person_id) for _ in range(AT_ONCE)]
    got = together([lambda c=c: c.post("/asked/next") for c in clients])
    opened = {one.headers["Location"] for one in got}
    assert len(opened) == AT_ONCE and "/asked" not in opened
