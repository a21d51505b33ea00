"""The steps of attaching a statement file at a ticket's page, without a browser."""

from __future__ import annotations

import re
from typing import Any
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from recoup.apps.lawful_requests.models import Ticket
from support.world import World


def client_of(world: World, login: str) -> Client:
    made = Client()
    made.cookies["sessionid"] = world.session_of(login)
    return made


def upload(client: Client, ticket: Ticket, *files: tuple[str, bytes], **form: str) -> Any:
    chosen = [SimpleUploadedFile(name, content) for name, content in files]
    return client.post(
        f"/tickets/{ticket.id}/statement",
        {"step": "read", "statement": chosen, "answer": str(uuid4()), **form},
    )


def onward(client: Client, ticket: Ticket, page: Any, **form: str) -> Any:
    """The next step with what the page carries."""
    typed = {**page.context["entry"], "token": page.context["token"], **form}
    where = "statement/take" if form.get("step") in ("take", "") else "statement"
    return client.post(f"/tickets/{ticket.id}/{where}", typed)


def fields_of(page: Any) -> dict[str, str]:
    """What a browser would send of the answer form, as the page shows it."""
    html = page.content.decode()
    form = html[html.index('id="answer-form"') :]
    found = {
        name: value
        for name, value in re.findall(r'<input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', form)
        if not re.search(r"^(code|stage)$", name)
    }
    for name, options in re.findall(r'<select[^>]*? name="([^"]+)"[^>]*>(.*?)</select>', form):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return found | {"row_count": str(page.context["window"].row_count),
                    "pasted": page.context["window"].pasted}  # fmt: skip


def send(client: Client, ticket: Ticket, page: Any, **form: str) -> Any:
    client.post(f"/tickets/{ticket.id}/take")
    typed = {**fields_of(page), "code": "moved_on", "held": "180000.00", **form}
    answered = client.post(f"/tickets/{ticket.id}/answer", typed)
    if answered.status_code != 302:
        print(answered.context["problems"])
    return answered


def said(page: Any) -> list[str]:
    return [one["said"] for one in page.context["faults"]]
