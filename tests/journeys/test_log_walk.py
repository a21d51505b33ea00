"""Coercive acts stay back; two persons look at the page of the log and let them leave."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from recoup.apps.audit import operations as audit
from recoup.web import log_page
from support.live import Hub
from support.log import Log
from support.world import DUTY_OFFICER, OFFICER

pytestmark = pytest.mark.browser
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def looked_at(page: Any, name: str) -> None:
    """Keep a picture for people where somebody asks for it; nothing may stick out."""
    assert not page.evaluate(WIDER), name
    if folder := os.environ.get("RECOUP_SHOTS"):
        page.screenshot(path=str(Path(folder, f"{name}.png")), full_page=True)


def test_one_asks_and_another_confirms(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], tmp_path: Path
) -> None:
    Log(tmp_path).checkpoint(hub.world.now())
    by = hub.world.actor(OFFICER)
    with hub.world.acting(by) as at:
        audit.record(what="thing:done", about="thing:1", by=by, at=at - timedelta(hours=25))
    log_page._known.clear()
    asking = new_page(login=OFFICER)
    asking.goto("/log")
    axe(asking)
    looked_at(asking, "log-1360")
    asking.get_by_label("Why it cannot wait").fill("Money is leaving.")
    asking.get_by_role("button", name="Ask a colleague").click()
    asking.get_by_text("A colleague has to confirm it.").wait_for()
    confirming = new_page(login=DUTY_OFFICER, width=390)
    confirming.goto("/log")
    axe(confirming)
    looked_at(confirming, "log-390")
    confirming.get_by_role("button", name="Confirm: let them leave").click()
    confirming.get_by_text("They leave until").wait_for()
    axe(confirming)
