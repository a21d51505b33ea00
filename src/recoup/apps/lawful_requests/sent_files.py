"""A file that a program sends: the body is its bytes, headers tell its name and its digest."""

from __future__ import annotations

from typing import Final
from urllib.parse import unquote

from django.http import HttpRequest, HttpResponse

from recoup.apps.lawful_requests import file_operations
from recoup.apps.members.api import error

LONGEST_NAME: Final = 140


def named_in_address(request: HttpRequest) -> HttpResponse | None:
    """The refusal of a file's name in the address, where the logs of others would keep it."""
    if "name" not in request.GET:
        return None
    message = (
        "The name of a file may name a person, and addresses are kept in logs. Send it as the "
        "header X-File-Name, percent-encoded UTF-8, and not in the address."
    )
    return error(422, "not_valid", message)


def sent_file(request: HttpRequest) -> file_operations.Sent:
    """The body as a file, with its name, its type and the digest that the sender tells."""
    media_type = (request.content_type or "").strip().lower()
    name = unquote(request.headers.get("X-File-Name", ""))[:LONGEST_NAME] or "file"
    return file_operations.Sent(name, media_type, request.body, request.headers.get("X-Sha256", ""))
