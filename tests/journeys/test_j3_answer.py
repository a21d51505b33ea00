"""An internet provider answers who it was (J3, second half): take, proof in one line, data, files.

Who asks and who decides act through the operations; the clerk has a browser and nothing else.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import expect

from recoup.apps.lawful_requests import (
    addressee_operations,
    file_operations,
    request_law,
    request_queries,
)
from recoup.apps.lawful_requests.file_operations import Sent
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.lawful_requests.papers.printing import Seal, printed
from recoup.apps.traces.voice import ENGLISH
from support.live import Hub
from support.papers import order
from support.requests import Desk

pytestmark = pytest.mark.browser
CLERK, COLLEAGUE = "rade.heron", "Vesna Heronova"
ADDRESS, SECRET = "203.0.113.7", "CANARY-4TQ8"


@pytest.fixture
def desk(hub: Hub) -> Desk:
    return Desk(hub.world, request_law.law_now())


def scanned_order(desk: Desk) -> bytes:
    """A court's order on paper; what this hub signs is made from the decision."""
    seal = Seal("Court", "", "", desk.world.now(), is_demo=True)
    return printed(order(), voice=ENGLISH, seal=seal).pdf


def asked(desk: Desk, *, orders: bool = True) -> Ticket:
    """A police officer asks, a judge decides, the hub sends."""
    judge = desk.enrol("high_court", "judge", kind="court", name="Jovana Sudić")
    seen = desk.world.now() - timedelta(days=20)
    at = {"kind": "ip", "value": ADDRESS, "port": 51512, "at": seen.isoformat()}
    content = {
        "targets": [{"addressee": "heron", "identifiers": [at]}], "data": ["subscriber"],
        "justification": f"{SECRET} the man next door", "fields": {"offence": "Fraud, article 208"},
    }  # fmt: skip
    draft = desk.draft(content=content)
    if orders:
        file = Sent("order.pdf", "application/pdf", scanned_order(desk))
        desk.do(
            file_operations.add_to_request, desk.officer, request_id=draft.id, kind="order",
            file=file,
        )  # fmt: skip
    submitted = desk.submit(desk.again(draft), authority="high_court")
    desk.authorise(submitted, by=judge)
    for _ in range(100):
        (ticket,) = desk.tickets(draft) or (None,)
        if ticket is not None and ticket.sent_at:
            return ticket
        desk.world.sweep()
    raise AssertionError("The request was not sent.")


def test_a_clerk_takes_sees_proof_answers_with_files_and_the_officer_has_it(
    desk: Desk, new_page: Callable[..., Any], axe: Callable[[Any], None], tmp_path: Path
) -> None:
    ticket = asked(desk)
    page = new_page(login=CLERK)
    page.goto("/asked")
    expect(page.get_by_text(f"{ADDRESS}, port 51512")).to_be_visible()
    axe(page)
    look(page, "asked-inbox")
    page.keyboard.press("t")
    page.get_by_role("heading", name="Your answer").wait_for()
    proof = page.locator(".rc-asked__line")
    for words in ("mandate valid", "second person decided", "This paper is not signed", "☎"):
        expect(proof).to_contain_text(words, timeout=30_000)
    proof.click()
    expect(page.locator("#order-words")).to_contain_text("Anybody can print such a paper")
    expect(page.get_by_text(desk.body(ticket)["authorisation"]["sha256"])).to_be_visible()
    assert SECRET not in page.content()
    axe(page)
    look(page, "asked-card")

    page.keyboard.press("g")
    assert page.locator("#code-given").is_checked()
    large = tmp_path / "large.pdf"
    large.write_bytes(b"%PDF-" + bytes(10_485_761))
    page.locator("#upload").set_input_files(str(large))
    expect(page.get_by_text("large.pdf is larger than 10 MB")).to_be_visible()
    log = tmp_path / "log.csv"
    log.write_text("from;until\n21:00;22:00\n", encoding="utf-8")
    page.locator("#upload").set_input_files(str(log))
    page.get_by_label("Name", exact=True).fill("Ana Invented")
    digest = hashlib.sha256(log.read_bytes()).hexdigest()
    expect(page.locator("[name=upload_sha256]")).to_have_value(digest)
    page.get_by_role("button", name="Add the file").click()
    expect(page.get_by_text(digest)).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ana Invented")
    page.get_by_label("Address", exact=True).fill("Invented Street 7")
    axe(page)
    look(page, "asked-form")
    page.keyboard.press("Control+Enter")
    page.get_by_role("heading", name="Receipt of your answer").wait_for()
    expect(page.get_by_text("It counts as your answer")).to_be_visible()
    axe(page)
    look(page, "asked-receipt")

    with desk.world.acting(desk.officer):
        found = request_queries.whole(desk.officer, ticket.of_id)
        assert found is not None
        (told,) = found.answers[ticket.id]
        assert (told.code, told.stage) == ("given", "final")
        assert b"Ana Invented" in bytes(told.body) and digest.encode() in bytes(told.body)
        assert [(t.state, t.addressee.code) for t in found.tickets] == [("answered", "heron")]
    expect(page.get_by_text(bytes(told.sha256).hex())).to_be_visible()
    page.goto("/asked")
    expect(page.get_by_text("Nothing waits for an answer")).to_be_visible()
    look(page, "asked-empty")
    for path in ("/asked/done", "/asked/figures", "/asked/profile"):
        page.goto(path)
        axe(page)
        look(page, path[1:].replace("/", "-"))


def test_the_second_of_two_is_told_who_was_first_and_keeps_what_was_typed(
    desk: Desk, new_page: Callable[..., Any]
) -> None:
    first = new_page(login=CLERK)
    first.goto("/asked")
    first.locator("[data-live=on]").wait_for()
    ticket = asked(desk, orders=False)
    first.get_by_text(ticket.reference).first.wait_for()  # it appears by itself
    second = new_page(login=CLERK, forgives="Failed to load resource")
    first.goto(f"/asked/{ticket.id}")
    first.get_by_role("button", name="Accept and answer").click()
    second.goto(f"/asked/{ticket.id}")
    for page, name in ((first, "First Invented"), (second, "Second Invented")):
        page.get_by_role("radio", name="Given").first.check()
        page.get_by_label("Name", exact=True).fill(name)
    first.get_by_role("button", name="Send the answer").click()
    first.get_by_role("heading", name="Receipt of your answer").wait_for()
    second.get_by_role("button", name="Send the answer").click()
    second.get_by_text("Another answer came first").wait_for()
    expect(second.get_by_label("Name", exact=True)).to_have_value("Second Invented")
    expect(second.get_by_text("First Invented")).to_be_visible()
    look(second, "asked-second")
    second.get_by_role("link", name="Correct the last answer").first.click()
    second.get_by_role("heading", name="Correct the answer").wait_for()


def test_a_telephone_shows_it_all_and_doubts_and_asks_back(
    desk: Desk, new_page: Callable[..., Any], axe: Callable[[Any], None]
) -> None:
    ticket = asked(desk, orders=False)
    page = new_page(login=CLERK, width=390, forgives="Failed to load resource")
    page.goto("/asked")
    fits(page)
    look(page, "asked-inbox-390")
    page.get_by_role("button", name="Take next").click()
    page.get_by_role("heading", name="Your answer").wait_for()
    fits(page)
    look(page, "asked-one-390")
    page.get_by_role("radio", name="Refused").first.check()
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_text("Choose the ground on which you refuse").first).to_be_visible()
    fits(page)
    axe(page)
    look(page, "asked-wrong-390")
    page.get_by_text("Ask back").first.click()
    page.get_by_label("Your question").fill("In which time zone?")
    page.get_by_role("button", name="Send the question").click()
    expect(page.get_by_text("In which time zone?")).to_be_visible()
    with desk.world.acting(desk.officer):
        (note,) = request_queries.notes_of([ticket.id])
        assert note.kind == "question"
    desk.do(addressee_operations.reply_to_addressee, desk.officer, ticket_id=ticket.id, text="UTC.")
    page.locator(".rc-asked__line").click()
    page.locator("summary", has_text="Doubtful").click()
    page.get_by_label("What makes you doubt it?").fill("Nobody answers under that number.")
    look(page, "asked-doubt-390")
    page.get_by_role("button", name="Doubtful").click()
    page.locator(".rc-asked__line").click()
    expect(page.get_by_text("Your desk doubts it since")).to_be_visible()
    for path in ("/asked/done", "/asked/profile", "/asked/figures"):
        page.goto(path)
        fits(page)
        axe(page)
        look(page, f"asked{path.replace('/', '-')}-390")


def fits(page: Any) -> None:
    width = page.viewport_size["width"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url


def look(page: Any, name: str) -> None:
    """Keep a picture where somebody asked for it."""
    if folder := os.environ.get("RECOUP_LOOK"):
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)
