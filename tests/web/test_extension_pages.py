"""An effect that is made longer, or begun anew, on the pages of who asks, decides and is asked."""

from __future__ import annotations

from dataclasses import replace
from uuid import uuid4

import pytest

from recoup.apps.lawful_requests import addressee_operations, request_law
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.models import Request, Ticket
from recoup.core.law import Limit, Unit
from support.decisions import act, client, decisions, page, text
from support.requests import Desk, law_of
from support.roles import as_owner
from support.world import World


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    base = law_of()
    powers = tuple(
        replace(p, extension=Limit(30, Unit.DAYS), extension_when="it is still needed")
        if p.effect else p
        for p in base.powers
    )  # fmt: skip
    law = replace(base, powers=powers)
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    return Desk(world, law)


@pytest.fixture
def kept(desk: Desk) -> Ticket:
    (ticket,) = desk.sent(
        measure="preservation_domestic", content=desk.content(data=["subscriber"])
    )
    told = Answered(uuid4(), "preserved", stage="final")
    desk.do(addressee_operations.answer, desk.isp, ticket_id=ticket.id, given=told)
    return ticket


def the_other(kept: Ticket) -> Request:
    with as_owner():
        return Request.objects.exclude(pk=kept.of_id).get(measure=kept.measure)


def test_an_officer_drafts_an_extension_and_everybody_reads_what_it_extends(
    desk: Desk, kept: Ticket
) -> None:
    by, own = client(desk.officer), f"/requests/{kept.of_id}"
    assert "Have it last longer" in text(by.get(own))
    sent = by.post(f"{own}/act", {"act": "prolong", "ground": "Their answer is on its way."})
    found = the_other(kept)
    assert sent.status_code == 302 and sent["Location"].endswith(f"/requests/{found.id}")
    reference = found.content["extends"]
    assert reference in text(by.get(f"/requests/{found.id}"))
    assert text(by.get(own)).count("Have it last longer") == 1
    found = desk.submit(found)
    shown = page(found, desk.prosecutor)
    assert "Extends the order" in shown and reference in shown
    assert "What is new" not in shown
    assert act(desk, found, "authorise").status_code == 302
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    asked = text(client(desk.isp).get(f"/asked/{ticket.id}"))
    assert "Extends the order" in asked and kept.reference in asked
    assert "which would have ended" in asked


def test_nothing_begins_anew_unless_who_decides_says_what_is_new(desk: Desk, kept: Ticket) -> None:
    found = desk.submitted(
        measure="preservation_domestic", content=desk.content(data=["subscriber"])
    )
    shown = page(found, desk.prosecutor)
    assert "authorise-new_facts" in shown and "narrow-new_facts" in shown
    sent = act(desk, found, "authorise", note="It is needed.")
    told = text(sent)
    assert sent.status_code == 422 and "authorise-new_facts-error" in told
    assert "It is needed." in told and decisions(found) == []
    words = "A second victim named the same address today."
    assert act(desk, found, "authorise", new_facts=words).status_code == 302
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    assert words in text(client(desk.isp).get(f"/asked/{ticket.id}"))
    assert words in text(client(desk.officer).get(f"/requests/{found.id}"))
