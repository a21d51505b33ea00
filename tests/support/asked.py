"""What tests do as the people of an addressee's desk: sign in, open, take, answer."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recoup.apps.lawful_requests.models import Answer, RequestFile, Ticket
from recoup.apps.members.models import Login
from support.requests import Desk
from support.roles import as_owner

PDF = b"%PDF-1.7\nan invented list"


def signed_in(username: str) -> Client:
    client = Client(raise_request_exception=True)
    client.force_login(Login.objects.get(username=username))
    return client


def as_actor(actor: Any) -> Client:
    client = Client()
    client.force_login(Login.objects.get(person_id=actor.person_id))
    return client


def page(client: Client, path: str) -> str:
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return response.content.decode()


def at(ticket: Ticket, more: str = "") -> str:
    return f"/asked/{ticket.id}{more}"


def taken(clerk: Client, desk: Desk) -> Ticket:
    (ticket,) = desk.sent()
    assert clerk.post(at(ticket, "/take")).status_code == 302
    return ticket


def send(client: Client, ticket: Ticket, *, act: str = "send", **typed: Any) -> Any:
    data = {"answer": str(uuid4()), "act": act, **typed}
    return client.post(at(ticket, "/answer/files"), data)


def upload(name: str, content: bytes, kind: str = "application/pdf") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, content, kind)


def state(desk: Desk, ticket: Ticket) -> str:
    return desk.tickets(ticket.of_id)[0].state


def answers(ticket: Ticket) -> list[Answer]:
    with as_owner():
        return list(Answer.objects.filter(ticket=ticket).order_by("received_at"))


def files(ticket: Ticket) -> list[RequestFile]:
    with as_owner():
        return list(RequestFile.objects.filter(ticket=ticket))
