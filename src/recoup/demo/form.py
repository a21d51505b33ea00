"""The public report form, filled in by a program as a browser would: page, token, cookie, post."""

from __future__ import annotations

import http.client
from datetime import datetime
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any, Final
from urllib.parse import urlencode, urlsplit
from zoneinfo import ZoneInfo

ZONE: Final = "Europe/Belgrade"


class PublicForm:
    """One visitor of the form, on one kept connection. Not for two threads at once."""

    def __init__(self, url: str, path: str, *, timeout_seconds: float = 40) -> None:
        self.place = urlsplit(url)
        self.url, self.path, self.timeout_seconds = url, path, timeout_seconds

    def send(self, facts: dict[str, Any]) -> str:
        """Report these facts; returns what was wrong, or nothing."""
        connection = http.client.HTTPConnection(
            self.place.hostname or "127.0.0.1", self.place.port, timeout=self.timeout_seconds
        )
        try:
            connection.request("GET", self.path)
            page = connection.getresponse()
            fields = _fields(page.read().decode()) | _for_people(facts)
            cookie = "; ".join(
                f"{name}={one.value}"
                for header in page.headers.get_all("Set-Cookie") or []
                for name, one in SimpleCookie(header).items()
            )
            headers = {
                "Content-Type": "application/x-www-form-urlencoded",
                "Cookie": cookie,
                "Referer": self.url + self.path,
                "Origin": self.url,
            }
            connection.request("POST", self.path, urlencode(fields), headers)
            answer = connection.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException) as trouble:
            return f"No answer from the form: {type(trouble).__name__}"
        finally:
            connection.close()
        return "" if answer.status in (200, 201, 302, 303) else f"The form said {answer.status}"


def _for_people(facts: dict[str, Any]) -> dict[str, str]:
    """The facts as the form's fields take them: the time is the one on the country's clocks."""
    local = datetime.fromisoformat(facts["paid_at"]).astimezone(ZoneInfo(ZONE))
    told = {key: str(value) for key, value in facts.items() if key != "report"}
    return told | {"paid_at": f"{local:%Y-%m-%dT%H:%M}"}


def _fields(page: str) -> dict[str, str]:
    reader = _Inputs()
    reader.feed(page)
    return reader.found


class _Inputs(HTMLParser):
    """Collects the inputs of the report form, hidden ones included."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, str] = {}
        self._inside = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._inside = given.get("id") == "report-form"
        elif tag == "input" and self._inside and given.get("name"):
            self.found[str(given["name"])] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._inside = False
