"""A clerk takes a ticket's paper; somebody without sign-in checks it, by code and by the file."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recoup.core.verification import code_of
from support.desk import MILA, hold_asked, queue_with
from support.live import Hub

pytestmark = pytest.mark.browser
WIDER = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


def looked_at(page: Any, name: str) -> None:
    """Keep a picture for people where somebody asks for it; nothing may stick out."""
    assert not page.evaluate(WIDER), name
    if folder := os.environ.get("RECOUP_SHOTS"):
        page.screenshot(path=str(Path(folder, f"{name}.png")), full_page=True)


def test_a_clerk_takes_the_paper_and_anybody_checks_it(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], tmp_path: Path
) -> None:
    hold_asked(hub)
    desk = new_page(login=MILA)
    queue_with(desk, 1)
    [ticket] = hub.world.tickets(addressee__code="linden")
    desk.goto(f"/tickets/{ticket.id}")
    with desk.expect_download() as download:
        desk.get_by_role("link", name="Paper, signed (PDF)").click()
    paper = tmp_path / download.value.suggested_filename
    download.value.save_as(paper)
    assert paper.name == f"{ticket.reference}.pdf"
    assert paper.read_bytes().startswith(b"%PDF-")

    for width in (1360, 390):
        page = new_page(width=width)
        page.goto("/verify")
        axe(page)
        looked_at(page, f"verify-{width}")
        page.get_by_label("Verification code").fill(str(code_of(ticket.id)).lower())
        page.get_by_role("button", name="Look it up").click()
        page.get_by_role("heading", name="This hub sent such a paper").wait_for()
        assert page.get_by_text("in force", exact=True).is_visible()
        axe(page)
        looked_at(page, f"verify-found-{width}")
        page.get_by_label("Or the file itself").set_input_files(paper)
        page.get_by_role("button", name="Check the file").click()
        page.get_by_role("heading", name="The paper is signed and whole").wait_for()
        assert page.get_by_text(ticket.reference).is_visible()
        axe(page)
        looked_at(page, f"verify-file-{width}")


def test_a_changed_paper_and_a_code_of_nothing_are_called_so_in_serbian(
    hub: Hub, new_page: Callable[..., Any], axe: Callable[[Any], None], tmp_path: Path
) -> None:
    page = new_page(width=390, locale="sr")
    page.goto("/verify?code=7Q4M")
    page.get_by_text("Ово није код за проверу.").wait_for()
    axe(page)
    looked_at(page, "verify-mistyped-390-sr")
    (tmp_path / "paper.pdf").write_bytes(b"%PDF-1.7\n/ByteRange [0 1 2 3]\n%%EOF")
    page.get_by_label("Или сама датотека").set_input_files(tmp_path / "paper.pdf")
    page.get_by_role("button", name="Проверите датотеку").click()
    page.get_by_role("heading", name="Овај акт је измењен").wait_for()
    axe(page)
    looked_at(page, "verify-changed-390-sr")
