"""The state's own sign-in in tests: a real provider as a process, and somebody's browser there."""

from __future__ import annotations

import contextlib
import html
import os
import re
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
import requests
from django.test import Client

from recoup.apps.members import oidc
from recoup.apps.members.oidc_settings import BACK, Provider
from support.live import START_SECONDS, free_port

# The same as in provider_server, which another Python runs.
CLIENT_ID, CLIENT_SECRET, PASSWORD = "recoup-hub", "invented-secret.of_the~hub", "an invented word"
NAME = "eState"
HERE = "http://localhost"


def python() -> str:
    """The Python that has allauth’s provider; where there is none, the test is skipped."""
    found = os.environ.get("RECOUP_OIDC_PYTHON", "")
    if not found:
        pytest.skip("RECOUP_OIDC_PYTHON is not set: no real provider was asked")
    return found


@contextlib.contextmanager
def running(folder: Path, *, address: str = HERE) -> Iterator[Provider]:
    """Start the provider, and say how the hub at this address is its client."""
    port = free_port()
    issuer, back = f"http://127.0.0.1:{port}", address + BACK
    log = folder / "provider.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [python(), "-P", str(Path(__file__).with_name("provider_server.py")), str(port),
             str(folder), back],
            env={k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "DJANGO"))},
            stdin=subprocess.DEVNULL, stdout=output, stderr=output,
        )  # fmt: skip
    try:
        _wait(process, f"{issuer}/.well-known/openid-configuration", log)
        yield Provider(issuer, CLIENT_ID, CLIENT_SECRET, NAME, back)
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(5)
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    limit = time.monotonic() + START_SECONDS
    while True:
        with contextlib.suppress(OSError):
            urllib.request.urlopen(url, timeout=2).close()  # noqa: S310
            return
        if process.poll() is not None or time.monotonic() > limit:
            raise RuntimeError(f"The provider did not start:\n{log.read_text()}")
        time.sleep(0.1)


def use(settings: Any, one: Provider) -> None:
    """The hub asks this provider, and may call it: it lies on the hub's own machine."""
    oidc.forget()
    settings.OIDC = one
    settings.PUBLIC_ADDRESS = one.back.removesuffix(BACK)
    settings.OUTGOING_PRIVATE = ["127.0.0.1"]


def onward(answer: Any) -> str:
    """Where a page of the hub goes on to by itself."""
    assert answer.status_code == 200, (answer.status_code, answer.get("Location"))
    found = re.search(r'http-equiv="refresh" content="0; url=([^"]+)"', answer.content.decode())
    assert found
    return html.unescape(found[1])


def signed_in_there(where: str, who: str) -> str:
    """Go to the provider, sign in, and come back with the address that it sends one to."""
    browser = requests.Session()
    answer = browser.get(where, timeout=10, allow_redirects=False)
    for _ in range(6):
        if answer.is_redirect:
            target = urljoin(answer.url, answer.headers["Location"])
            if urlsplit(target).netloc != urlsplit(where).netloc:
                return target
            answer = browser.get(target, timeout=10, allow_redirects=False)
            continue
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', answer.text)
        assert answer.status_code == 200 and token, (answer.status_code, answer.text[:2000])
        form = {"csrfmiddlewaretoken": token[1], "login": who, "password": PASSWORD,
                "next": re.search(r'name="next" value="([^"]*)"', answer.text)}  # fmt: skip
        form["next"] = html.unescape(form["next"][1]) if form["next"] else ""
        answer = browser.post(answer.url, form, timeout=10, allow_redirects=False,
                              headers={"Referer": answer.url})  # fmt: skip
    raise AssertionError("the provider sent nobody back")


def path_of(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.path}?{parts.query}"


def come_back(client: Client, address: str) -> Any:
    """What the hub answers in the end to the address that the provider sent one to."""
    return client.get(onward(client.get(path_of(address))))


def through(client: Client, who: str, *, begin: str = "/sign-in/provider") -> Any:
    """The whole way: out, signed in there, and back."""
    return come_back(client, signed_in_there(onward(client.post(begin)), who))


def hub_state(client: Client) -> dict[str, Any]:
    """The question that waits in this browser's session."""
    return dict(client.session.get(oidc.ASKED) or {})
