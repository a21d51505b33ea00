"""A release that was carried out is called lifted, on every page that names the answer."""

from __future__ import annotations

import pytest

from recoup.apps.holds import operations
from recoup.apps.lawful_requests.models import Ticket
from recoup.web.answer_choices import answer_given
from support.bank import Banks, Ledger
from support.case_pages import text_of
from support.chain import report
from support.world import OFFICER

CLERK = "mila.linden"


@pytest.fixture
def release(ledger: Ledger) -> Ticket:
    """Somebody paid an account at the bank without a system; an officer lets all of it go."""
    world = ledger.world
    filed = report(ledger, ledger.pay("victim", "third", 50_000, minute=10))
    Banks(ledger).run()
    [held] = world.tickets(addressee__code="linden", kind="first")
    with world.acting(by := world.actor(OFFICER)) as at:
        operations.reduce_hold(
            case=world.case_of(filed), ticket=held, limit_minor=0, ground="A mistake.", by=by, at=at
        )
    Banks(ledger).run()
    [ticket] = world.tickets(addressee__code="linden", kind="set")
    assert ticket.asked_minor == 0 and ticket.state == "closed"
    return ticket


def answer_cell(text: str, reference: str) -> str:
    """The row of a table that begins with this ticket."""
    rows = text.split("<tr>")
    return next(row for row in rows if f">{reference}</a>" in row.split("</td>")[0])


@pytest.mark.parametrize(
    ("login", "path"),
    [(OFFICER, "/cases/{case}"), (CLERK, "/desk/done"), (CLERK, "/desk")],
)
def test_a_release_is_lifted_in_every_table(release: Ticket, login: str, path: str) -> None:
    row = answer_cell(text_of(login, path.format(case=release.case_id)), release.reference)
    assert "Lifted" in row and "Nothing left" not in row


@pytest.mark.parametrize("login", [OFFICER, CLERK])
def test_a_release_is_lifted_on_its_own_page(release: Ticket, login: str) -> None:
    given = text_of(login, f"/tickets/{release.id}").split('class="rc-answer-given"')[1]
    assert "<strong>Lifted</strong>" in given


@pytest.mark.parametrize(
    ("code", "kind", "asked", "held", "words"),
    [
        ("nothing_left", "set", 0, 0, "Lifted"),
        ("held", "set", 0, 0, "Lifted"),
        ("others_hold", "set", 0, 0, "Lifted"),
        ("cannot_lawfully", "set", 0, 0, "Cannot lawfully"),
        ("unclear", "set", 0, 5, "Unclear"),
        ("unclear", "set", 0, 0, "Unclear"),
        ("nothing_left", "set", 500, 0, "Nothing left"),
        ("nothing_left", "destination", 0, 0, "Nothing left"),
    ],
)
def test_only_what_was_let_go_is_lifted(
    code: str, kind: str, asked: int, held: int, words: str
) -> None:
    assert str(answer_given(code, "hold", kind, asked, held)) == words
