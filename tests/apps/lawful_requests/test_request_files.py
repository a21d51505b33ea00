"""Files of a request: who sees which, what is decided with them, who gets them, and when."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from recoup.apps.lawful_requests import (
    addressee_operations,
    asked_queries,
    decision_operations,
    file_operations,
    request_operations,
    request_queries,
)
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.file_operations import Sent
from recoup.apps.lawful_requests.models import Decision, Request, RequestFile, Ticket
from recoup.apps.lawful_requests.request_content import digest_of
from support.asked import as_actor
from support.requests import Desk
from support.roles import as_owner

TEXT = b"an invented list"


def add(desk: Desk, found: Request, by: Any = None, **given: Any) -> RequestFile:
    file = Sent(given.pop("name", "list.txt"), "text/plain", TEXT)
    given = {"kind": "attachment", "file": file, **given}
    return desk.do(file_operations.add_to_request, by or desk.officer, request_id=found.id, **given)


def names(actor: Any, desk: Desk, found: Request) -> list[str]:
    with desk.world.acting(actor):
        whole = request_queries.whole(actor, found.id)
        return [one.name for one in whole.files] if whole else []


def asked_names(actor: Any, desk: Desk, ticket: Ticket) -> list[str]:
    with desk.world.acting(actor):
        found = asked_queries.found(actor, ticket.id)
        assert found is not None
        return [one.name for one in asked_queries.files_of(found)]


# Who sees them


def test_who_decides_and_who_confirms_see_every_file_that_leaves(desk: Desk) -> None:
    confirmer = desk.enrol("secondcourt", "prosecutor", kind="prosecutor")
    found = desk.draft(danger="life")
    add(desk, found)
    assert names(desk.prosecutor, desk, found) == []  # a draft is its issuer's alone
    found = desk.submit(desk.again(found), confirmer="secondcourt")
    for who in (desk.prosecutor, confirmer):
        assert names(who, desk, found) == ["list.txt"]
    desk.authorise(found)
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    assert [one["name"] for one in desk.body(ticket)["files"]] == ["list.txt"]
    assert names(confirmer, desk, found) == ["list.txt"]


# What is decided


def test_a_file_is_a_new_version_and_part_of_what_is_decided(desk: Desk, refused: Any) -> None:
    found = desk.draft()
    file = add(desk, found)
    assert desk.again(found).version == 2
    assert refused(lambda: desk.submit(found)) == "read_another_version"
    found = desk.submit(desk.again(found))
    desk.authorise(found)
    with as_owner():
        row = Decision.objects.get(request=found, kind="authorised")
    assert [(one["file"], one["sha256"], one["for"]) for one in row.content["files"]] == [
        (str(file.id), bytes(file.sha256).hex(), "")
    ]
    assert bytes(row.sha256) == digest_of(row.content) != digest_of(found.content)


def test_nothing_is_added_between_reading_and_sending(desk: Desk, refused: Any) -> None:
    found = desk.submitted()
    late = lambda by=None: add(desk, found, by)  # noqa: E731
    assert refused(late) == "not_now"
    desk.do(decision_operations.ask, desk.prosecutor, request_id=found.id, text="?", version=1)
    late()  # the request is its author's again
    found = desk.again(found)
    assert found.version == 2
    found = desk.do(
        request_operations.reply, desk.officer, request_id=found.id, text="!", version=2
    )
    desk.authorise(found)
    assert refused(late) == "not_now"
    desk.world.sweep()
    assert len(desk.body(desk.tickets(found)[0])["files"]) == 1


@pytest.mark.breaks_invariants
def test_only_what_was_decided_leaves(desk: Desk) -> None:
    found = desk.submitted()
    desk.authorise(found)
    with as_owner():  # whatever wrote it there
        RequestFile.objects.create(
            request=found, issuer_id=found.issuer_id, kind="attachment", name="late.txt",
            media_type="text/plain", size=1, sha256=b"\0" * 32, content=b"x",
            person_id=desk.officer.person_id, at=desk.world.now(),
        )  # fmt: skip
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    assert desk.body(ticket)["files"] == []
    assert asked_names(desk.isp, desk, ticket) == []


def test_who_decides_adds_no_file(desk: Desk, refused: Any) -> None:
    found = desk.submitted()
    assert refused(lambda: add(desk, found, desk.prosecutor)) == "no_such_request"


# Who gets them


def test_a_file_for_one_addressee_is_not_the_other_s(desk: Desk, refused: Any) -> None:
    other = desk.enrol("lastisp", "clerk", kind="isp")
    found = desk.draft("heron", "lastisp")
    add(desk, found, name="heron.txt", addressee="heron")
    add(desk, found, name="all.txt")
    assert refused(lambda: add(desk, found, addressee="merlin")) == "not_a_target"
    found = desk.submit(desk.again(found))
    desk.authorise(found)
    desk.world.sweep()
    first, second = desk.tickets(found)
    assert {one["name"] for one in desk.body(first)["files"]} == {"heron.txt", "all.txt"}
    assert [one["name"] for one in desk.body(second)["files"]] == ["all.txt"]
    assert asked_names(desk.isp, desk, first) == ["heron.txt", "all.txt"]
    assert asked_names(other, desk, second) == ["all.txt"]
    with desk.world.acting(other):  # the database says so too
        assert list(RequestFile.objects.values_list("name", flat=True)) == ["all.txt"]


def test_of_who_is_left_out_the_file_is_not_decided(desk: Desk) -> None:
    desk.enrol("lastisp", "clerk", kind="isp")
    found = desk.draft("heron", "lastisp")
    add(desk, found, name="other.txt", addressee="lastisp")
    found = desk.submit(desk.again(found))
    desk.authorise(found, narrower={"targets": found.content["targets"][:1]})
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    assert desk.body(ticket)["files"] == []


def test_two_addressees_have_no_number_and_no_digest_in_common(desk: Desk) -> None:
    desk.enrol("lastisp", "clerk", kind="isp")
    first, second = desk.sent("heron", "lastisp")
    told = [desk.body(ticket) for ticket in (first, second)]
    for name in ("order", "reference", "ticket"):
        assert told[0][name] != told[1][name], name
    for name in ("sha256", "reference"):
        assert told[0]["authorisation"][name] != told[1]["authorisation"][name], name
    with as_owner():
        found = Request.objects.get(pk=first.of_id)
        decision = Decision.objects.get(request=found)
    for one in told:
        text = str(one)
        assert found.reference not in text
        assert str(found.id) not in text and str(decision.id) not in text
        assert bytes(decision.sha256).hex() not in text
    assert first.order_paper and first.order_paper != second.order_paper


# What an addressee uploads


def test_an_upload_reaches_nobody_without_an_answer(desk: Desk) -> None:
    (ticket,) = desk.sent()
    file = desk.do(
        file_operations.add_to_ticket, desk.isp, ticket_id=ticket.id,
        file=Sent("d.txt", "text/plain", b"secret"),
    )  # fmt: skip
    officer = as_actor(desk.officer)
    path = f"/requests/{ticket.of_id}/file?file={file.id}"
    assert officer.get(path).status_code == 404
    with desk.world.acting(desk.officer):
        assert not RequestFile.objects.filter(pk=file.pk).exists()
    given = Answered(
        uuid4(), "given", fields={"name": f'"file":"{file.id}"'}
    )  # what is typed names no file
    desk.do(addressee_operations.answer, desk.isp, ticket_id=ticket.id, given=given)
    with desk.world.acting(desk.officer):
        assert not RequestFile.objects.filter(pk=file.pk).exists()
    given = Answered(uuid4(), "given", "correction", fields={"name": "A."}, files=(file.id,))
    desk.do(addressee_operations.answer, desk.isp, ticket_id=ticket.id, given=given)
    assert officer.get(path).content == b"secret"


def test_nothing_is_uploaded_while_paused_or_after_withdrawal(desk: Desk, refused: Any) -> None:
    other = desk.enrol("lastisp", "clerk", kind="isp")
    first, second = desk.sent("heron", "lastisp")
    up = lambda: desk.do(  # noqa: E731
        file_operations.add_to_ticket, desk.isp, ticket_id=first.id,
        file=Sent("d.txt", "text/plain", b"x"),
    )  # fmt: skip
    up()
    for ticket, by in ((first, desk.isp), (second, other)):
        desk.do(addressee_operations.doubt, by, ticket_id=ticket.id, ground="Odd.")
    assert refused(up) == "requester_paused"
    for ticket, by in ((first, desk.isp), (second, other)):
        desk.do(addressee_operations.lift_doubt, by, ticket_id=ticket.id, ground="Called.")
    up()
    desk.do(request_operations.withdraw, desk.officer, request_id=first.of_id, ground="Over.")
    assert refused(up) == "not_now"


@pytest.mark.parametrize("path", ["/requests/{}", "/decisions/{}"])
def test_the_pages_say_who_gets_a_file(desk: Desk, path: str) -> None:
    desk.enrol("lastisp", "clerk", kind="isp")
    found = desk.draft("heron", "lastisp")
    add(desk, found, name="one.txt", addressee="lastisp")
    add(desk, found, name="all.txt")
    found = desk.submit(desk.again(found))
    reader = desk.officer if path.startswith("/requests") else desk.prosecutor
    page = as_actor(reader).get(path.format(found.id)).content.decode()
    assert "for Invented lastisp alone" in page and "for every addressee" in page
