"""Decisions that are not taken: who may not, pages that are stale, what is heard or confirmed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from recoup.apps.lawful_requests import request_law, request_operations
from recoup.apps.lawful_requests.models import Request
from recoup.apps.members.models import Login, Mandate
from support.decisions import act, client, decisions, page, submitted, text
from support.powers import power
from support.requests import Desk, law_of
from support.roles import as_owner
from support.world import World


@pytest.fixture
def desk(world: World, monkeypatch: pytest.MonkeyPatch) -> Desk:
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    return Desk(world, law)


# Who may not


def test_who_drafted_does_not_decide(desk: Desk) -> None:
    found = submitted(desk)
    assert "You drafted or changed this request: somebody else decides on it." in page(
        found, desk.officer
    )
    assert act(desk, found, "authorise", by=desk.officer).status_code == 403
    assert decisions(found) == []


def test_a_drafting_prosecutor_does_not_decide_in_the_own_office(desk: Desk) -> None:
    desk.enrol("prosecutor", "prosecutor")  # somebody else is there to decide
    content = desk.content()
    found = desk.submitted(by=desk.prosecutor, content=content)
    response = act(desk, found, "authorise", note="My own.")
    assert response.status_code == 403
    shown = text(response)
    assert "Who wrote or changed a request does not decide on it" in shown and "My own." in shown
    assert decisions(found) == []


def test_nor_under_another_account_in_another_office(desk: Desk) -> None:
    """The same person with a second account and a mandate of the authority is the same person."""
    with as_owner():
        mandate = Mandate.objects.create(
            person_id=desk.officer.person_id, role="prosecutor", valid_from=desk.world.now(),
            organisation=desk.world.organisation("prosecutor"),
        )  # fmt: skip
        other = Login.objects.create(
            person_id=desk.officer.person_id,
            username="test.second.account",
            email="x@example.invalid",
        )
    found = submitted(desk)
    signed_in = Client()
    signed_in.force_login(other)
    session = signed_in.session
    session["mandate"] = str(mandate.pk)
    session.save()
    shown = text(signed_in.get(f"/decisions/{found.id}"))
    assert "What do you decide?" not in shown
    given = {"act": "authorise", "version": found.version}
    assert signed_in.post(f"/decisions/{found.id}/decide", given).status_code == 403
    assert decisions(found) == []


def test_another_role_of_the_authority_does_not_decide(desk: Desk) -> None:
    wrong = desk.enrol("prosecutor", "unit_head")
    found = submitted(desk)
    assert "The role unit_head does not decide this" in page(found, wrong)
    assert act(desk, found, "authorise", by=wrong).status_code == 403


def test_a_mandate_that_ended_between_reading_and_signing(desk: Desk) -> None:
    found, who = submitted(desk), desk.prosecutor.person_id
    signed_in = client(desk.prosecutor)
    assert signed_in.get(f"/decisions/{found.id}").status_code == 200
    desk.world.run(
        "update members_mandate set valid_until = now() - interval '1 minute' where id = %s",
        desk.prosecutor.mandate_id,
    )
    response = signed_in.post(
        f"/decisions/{found.id}/decide",
        {"act": "refuse", "version": 1, "code": "other", "ground": "Long and well written."},
    )
    shown = text(response)
    assert response.status_code == 403 and "Your mandate has ended" in shown
    assert "Long and well written." in shown and found.reference not in shown
    assert decisions(found) == []
    line = desk.trail(who, kind="person")[-1]
    assert line["what"] == "request:decide:refused"
    assert line["facts"] == {"code": "mandate_not_valid", "request": str(found.id)}


def test_suspended_after_the_page_knew_the_actor(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mandate ends while the act is carried out: what counts is read when it is signed."""
    found = submitted(desk)
    from recoup.web import decisions as views

    known = views._given

    def then(request: Any, one: Request) -> dict[str, Any]:
        given = known(request, one)
        desk.world.run(
            "update members_mandate set valid_until = now() - interval '1 minute' where id = %s",
            desk.prosecutor.mandate_id,
        )
        return given

    monkeypatch.setattr(views, "_given", then)
    response = act(desk, found, "authorise", note="Read in full.")
    assert response.status_code == 403 and "Read in full." in text(response)
    assert decisions(found) == [] and desk.again(found).state == "submitted"
    last = desk.trail(found.id)[-1]
    assert (last["what"], last["facts"]) == (
        "request:authorise:refused", {"code": "mandate_not_valid"},
    )  # fmt: skip


# A page that is not fresh any more


def test_somebody_else_decided_meanwhile(desk: Desk) -> None:
    second = desk.enrol("prosecutor", "prosecutor", name="Second One")
    found = submitted(desk)
    act(desk, found, "authorise", by=second)
    response = act(desk, found, "refuse", code="too_broad", ground="A month is too long.")
    shown = text(response)
    assert response.status_code == 409
    assert "Somebody was faster" in shown and "Second One authorised it" in shown
    assert "A month is too long." in shown, "what was typed is lost"
    assert decisions(found) == ["authorised"]


def test_another_version_than_was_read(desk: Desk) -> None:
    found = submitted(desk)
    act(desk, found, "ask", question="Whose address is it?")
    changed = {**found.content, "amount_minor": 400_000_00}
    desk.do(
        request_operations.edit, desk.officer, request_id=found.id, version=1, content=changed,
        law=desk.law,
    )  # fmt: skip
    desk.do(request_operations.reply, desk.officer, request_id=found.id, version=2, text="His own.")
    response = act(desk, found, "authorise", note="I read the first one.")
    shown = text(response)
    assert response.status_code == 409 and "You read version 1; it is version 2 now." in shown
    assert "I read the first one." in shown and 'name="version" value="2"' in shown


def test_without_the_version_that_was_read_nothing_is_decided(desk: Desk) -> None:
    found = submitted(desk)
    response = act(desk, found, "authorise", version="")
    assert response.status_code == 422 and "which version you read" in text(response)


def test_a_law_that_ended_meanwhile(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    found = submitted(desk)
    yesterday = (timezone.now() - timedelta(days=1)).date()
    ended = law_of((), [power(addressees=("isp",), law_until=yesterday)])
    forms = law_of().forms
    monkeypatch.setattr(
        request_law, "read_law", lambda: request_law.Law("RS", ended.zone, ended.powers, forms)
    )
    response = act(desk, found, "authorise", note="Too late.")
    shown = text(response)
    assert response.status_code == 422 and "The power ended on" in shown and "Too late." in shown
    assert decisions(found) == []


def test_a_lapsed_request_is_not_decided(desk: Desk) -> None:
    from support.requests import pass_time

    found = submitted(desk)
    pass_time(desk.world, timedelta(days=31), kind="undecided")
    response = act(desk, found, "authorise")
    assert response.status_code == 409 and "It lapsed at" in text(response)


# Orally, and in an emergency


def heard_at(desk: Desk) -> str:
    """Now, as the field of the page takes it: to the minute."""
    return timezone.localtime(desk.world.now()).strftime("%Y-%m-%dT%H:%M")


def test_an_oral_decision_is_noted_and_then_written(desk: Desk) -> None:
    """Heard in the minute of the submission: the field knows no seconds."""
    found = submitted(desk)
    response = act(
        desk, found, "oral", by=desk.duty, decider=str(desk.prosecutor.mandate_id),
        heard_at=heard_at(desk), note="By telephone.",
    )  # fmt: skip
    assert response.status_code == 302
    assert "It follows in writing by" in page(found, desk.prosecutor)
    assert "heard by Luka" in page(found, desk.prosecutor)
    assert act(desk, found, "write", note="So it was.").status_code == 302
    assert decisions(found) == ["authorised", "written"]


@pytest.mark.parametrize(
    ("typed", "status", "said"),
    [
        ({"decider": "", "heard_at": "2026-01-01T00:00"}, 422, "Choose whose decision you heard."),
        ({"heard_at": "at night"}, 422, "“at night” is no moment"),
        ({"heard_at": "2099-01-01T00:00"}, 409, "cannot be heard in the future"),
        ({"heard_at": "2020-01-01T00:00"}, 409, "before it was submitted"),
    ],
)
def test_what_was_heard_is_told_whole(
    desk: Desk, typed: dict[str, str], status: int, said: str
) -> None:
    found = submitted(desk)
    given = {"decider": str(desk.prosecutor.mandate_id), "note": "Said so.", **typed}
    response = act(desk, found, "oral", by=desk.duty, **given)
    assert response.status_code == status and said in text(response)
    assert "Said so." in text(response) and decisions(found) == []


def test_an_author_hears_nothing(desk: Desk) -> None:
    found = submitted(desk)
    assert "I heard the decision" not in page(found, desk.officer)
    assert "I heard the decision" in page(found, desk.duty)
    response = act(
        desk, found, "oral", by=desk.officer, decider=str(desk.prosecutor.mandate_id),
        heard_at=heard_at(desk),
    )  # fmt: skip
    assert response.status_code == 403 and decisions(found) == []


def test_an_emergency_is_confirmed_by_another_person(desk: Desk) -> None:
    second = desk.enrol("prosecutor", "prosecutor", name="Second One")
    found = submitted(desk, danger="life")
    act(desk, found, "authorise")
    assert "Another person confirms it by" in page(found, desk.prosecutor)
    assert act(desk, found, "confirm", note="It was one.").status_code == 403
    assert "Confirm the emergency" in page(found, second)
    assert act(desk, found, "confirm", by=second).status_code == 302
    assert decisions(found) == ["authorised", "confirmed"]
    assert act(desk, found, "confirm", by=second).status_code == 409


def test_an_emergency_that_was_none_is_not_confirmed(desk: Desk) -> None:
    second = desk.enrol("prosecutor", "prosecutor", name="Second One")
    found = submitted(desk, danger="life")
    act(desk, found, "authorise")
    response = act(desk, found, "refuse", by=second, code="facts_missing", ground="No danger.")
    assert response.status_code == 302 and decisions(found) == ["authorised", "not_confirmed"]


# Files


def test_the_order_s_file_is_given_to_who_decides_and_to_nobody_else(desk: Desk) -> None:
    from recoup.apps.lawful_requests import file_operations

    found = desk.draft()
    sent = file_operations.Sent("order.pdf", "application/pdf", b"%PDF-1.7 an order")
    made = desk.do(
        file_operations.add_to_request, desk.officer, request_id=found.id, kind="order", file=sent
    )
    desk.submit(desk.again(found))
    where = f"/decisions/{found.id}/files/{made.id}"
    response = client(desk.prosecutor).get(where)
    assert response.content == b"%PDF-1.7 an order"
    assert response["Content-Disposition"] == 'attachment; filename="order.pdf"'
    assert client(desk.world.actor("filip.fiu")).get(where).status_code == 404
    other = submitted(desk)
    wrong = client(desk.prosecutor).get(f"/decisions/{other.id}/files/{made.id}")
    assert wrong.status_code == 404
