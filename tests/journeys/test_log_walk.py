"""Coercive acts stay back; two persons look at the page of the log and let them leave."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from recoup.apps.audit import cosigner, foreign_operations
from recoup.apps.audit import operations as audit
from recoup.apps.audit.cosigner import Told
from recoup.cli.log_cosigner import answer, open_cosigner
from recoup.standards import tlog_witness
from recoup.standards.tlog_witness import Verdict
from recoup.web import log_page
from support import browser, live
from support.live import Hub
from support.log import Log
from support.witnessing import FarLog
from support.world import DUTY_OFFICER, OFFICER, World

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


def witnessed(world: World, folder: Path, log: FarLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the pages keep when another hub submits a checkpoint, and then three that are wrong."""
    keys = tlog_witness.read_log_keys(log.verifier_key)
    holder = open_cosigner(folder / "witness", "near.invalid/witness", keys)

    def ask(body: bytes) -> Told:
        first, _, content = answer(holder, body).partition(b"\n")
        verdict, held = first.decode().split(" ")
        return Told(Verdict(verdict), int(held), content)

    monkeypatch.setattr(cosigner, "ask", ask)
    fork = log.forked()
    for body in (log.body(0, 17), fork.body(17, 17), fork.body(17, 30), log.body(3, 9)):
        with world.acting(world.visitor) as at:
            foreign_operations.submit(body=body, by=world.visitor, at=at)


def test_a_log_that_showed_two_faces_is_told(
    open_world: World, chromium: Any, axe: Callable[[Any], None], tmp_path: Path, settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    log = FarLog(origin="hub.of.the.neighbours.example/log")
    settings.WITNESSED_LOGS = log.verifier_key
    witnessed(open_world, tmp_path, log, monkeypatch)
    more = {"RECOUP_WITNESSED_LOGS": log.verifier_key}
    with live.serve(tmp_path, more=more) as server, live.working() as worker:
        with browser.pages(chromium, live.Hub(server.url, open_world, worker)) as new_page:
            for width in (1360, 390):
                page = new_page(login=OFFICER, width=width)
                page.goto("/log")
                page.get_by_text("two different logs").wait_for()
                page.get_by_text("What it had signed").first.click()
                page.get_by_text("And before:").wait_for()
                axe(page)
                looked_at(page, f"log-witness-{width}")
