"""Chromium, driven by playwright: pages that fail the test on any trouble the browser reports."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from support.live import Hub

Page = Any
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
AXE = Path(__file__).parents[1] / "vendor" / "axe.min.js"


def find() -> str | None:
    """The browser that ``./recoup test`` found, else Debian's, else none."""
    given = os.environ.get("RECOUP_CHROMIUM")
    return given or next((path for name in NAMES if (path := shutil.which(name))), None)


@contextlib.contextmanager
def launched(path: str) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield chromium
        chromium.close()


@contextlib.contextmanager
def pages(chromium: Any, hub: Hub) -> Iterator[Callable[..., Page]]:
    """Make pages with cookies of their own; complain about all of them at the end."""
    contexts: list[Any] = []
    faults: list[str] = []

    def make(
        *, login: str = "", width: int = 1360, height: int = 900, forgives: str = "",
        **options: Any,
    ) -> Page:  # fmt: skip
        """forgives: words of a message of the console that the test brings about on purpose."""
        context = chromium.new_context(
            base_url=hub.url, viewport={"width": width, "height": height}, **options
        )
        contexts.append(context)
        if login:
            context.add_cookies(
                [{"name": "sessionid", "value": hub.world.session_of(login), "url": hub.url}]
            )
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on(
            "console",
            lambda message: (
                (forgives and forgives in message.text) or faults.extend(fault_in(message, page))
            ),
        )
        page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
        return page

    try:
        yield make
    finally:
        for context in contexts:
            context.close()
    if faults:
        pytest.fail("The browser complained:\n" + "\n".join(faults))


def fault_in(message: Any, page: Page) -> list[str]:
    """An error of the console, unless it only says that the page itself was answered 4xx."""
    text = message.text
    if "Content Security" not in text and message.type != "error":
        return []
    answered = text.startswith("Failed to load resource: the server responded with a status of 4")
    if answered and (message.location or {}).get("url") == page.url:
        return []
    return [f"{page.url}: {text}"]


def assert_accessible(page: Page) -> None:
    """Fail with each rule of axe-core that the page breaks, and where."""
    # Through the debugger, not as a script element: the content security policy stays as it is.
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run(document)).violations")
    told = [
        f"{rule['id']} ({rule['impact']}): {rule['help']}\n    "
        + "\n    ".join(node["html"][:200] for node in rule["nodes"][:5])
        for rule in found
    ]
    assert not told, f"{page.url}:\n" + "\n".join(told)
