"""What the browser tests of the bank desk share: a hold that is asked, its queue, its bookings."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from recoup.apps.holds.bookings import local
from support.live import Hub
from support.world import iban

MILA, GORAN = "mila.linden", "goran.linden"
ACCOUNT, NEXT = iban("linden", 77), iban("sparrow", 5)


def hold_asked(hub: Hub, *, victim: int = 1, account: str = ACCOUNT, amount: int = 480_000_00):
    """Another bank reports for its customer; the worker sends the ticket."""
    hub.world.report(
        payer=iban("plum", victim), payee=account, amount=amount, by=hub.world.at_bank("plum"),
        reference=f"RF{victim}",
    )  # fmt: skip


def queue_with(page: Any, cards: int) -> None:
    """The queue, once the worker has sent as many tickets as were asked for."""
    for _ in range(50):
        page.goto("/desk")
        if page.locator(".rc-queue__card").count() == cards:
            return
        page.wait_for_timeout(200)
    raise AssertionError(f"{page.locator('.rc-queue__card').count()} cards, not {cards}")


def sheet(hub: Hub) -> str:
    """What the clerk copies from the bank's own screen: 480,000 came, 300,000 went on."""
    came = hub.world.now() - timedelta(minutes=20)
    return "\n".join(
        [
            "# opening balance\t12000.00",
            f"# from\t{local(came)}",
            "# closing balance\t192000.00",
            f"credit\tC-100\t{local(came)}\t480000.00",
            f"debit\tB-771\t{local(came + timedelta(minutes=9))}\t300000.00\taccount\t{NEXT}",
        ]
    )


def pasted(page: Any, text: str) -> None:
    page.get_by_text("Paste lines from a spreadsheet").click()
    page.locator("#pasted").fill(text)
    page.get_by_role("button", name="Put the lines into the table").click()
    page.locator("#row-1-reference").wait_for()
    page.get_by_text("It closes.").wait_for()
