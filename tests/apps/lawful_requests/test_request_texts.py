"""What people write into requests and answers: read strictly, refused with words, never a crash."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from recoup.apps.lawful_requests import (
    addressee_operations,
    decision_operations,
    profile_operations,
    request_operations,
)
from recoup.apps.lawful_requests.addressee_operations import Answered
from support.asked import as_actor
from support.requests import Desk

# A lone surrogate, NUL, a reversing mark, an invisible space.
STRANGE = ["\ud800", "a\0b", "203.0.113.7\u202e99", "A\u200bB"]


def with_identifier(desk: Desk, **one: Any) -> dict[str, Any]:
    content = desk.content("heron")
    content["targets"][0]["identifiers"].append({"kind": "email", **one})
    return content


@pytest.mark.parametrize("text", STRANGE)
def test_what_cannot_be_read_is_refused_and_told(desk: Desk, refused: Any, text: str) -> None:
    code = "character_refused"
    draft = lambda **changed: desk.draft(content=desk.content("heron", **changed))  # noqa: E731
    assert refused(lambda: draft(justification=text)) == code
    assert refused(lambda: draft(proportionality=text)) == code
    assert refused(lambda: draft(fields={"offence": text})) == code
    assert refused(lambda: draft(data=[text])) == code
    bad = with_identifier(desk, value=f"x{text}@b.example")
    assert refused(lambda: desk.draft(content=bad)) == code
    (ticket,) = desk.sent()
    given = Answered(uuid4(), "given", "interim", fields={"name": text})
    acts = [
        (addressee_operations.ask_back, desk.isp, {"text": text}),
        (addressee_operations.doubt, desk.isp, {"ground": text}),
        (addressee_operations.answer, desk.isp, {"given": given}),
        (addressee_operations.extend, desk.officer, {"ground": text, "days": 1}),
    ]
    for act, by, more in acts:
        assert refused(lambda a=act, b=by, m=more: desk.do(a, b, ticket_id=ticket.id, **m)) == code
    assert refused(
        lambda: desk.do(
            request_operations.withdraw, desk.officer, request_id=ticket.of_id, ground=text
        )
    ) == code  # fmt: skip
    found = desk.submitted()
    assert refused(
        lambda: desk.do(
            decision_operations.refuse, desk.prosecutor, request_id=found.id, version=1,
            ground=text,
        )
    ) == code  # fmt: skip
    assert desk.trail(found.id)[-1]["facts"]["code"] == code


def test_an_identifier_has_one_line_and_a_statement_may_have_several(
    desk: Desk, refused: Any
) -> None:
    bad = with_identifier(desk, value="a@b.example\nReference: X")
    assert refused(lambda: desk.draft(content=bad)) == "character_refused"
    found = desk.draft(content=desk.content("heron", justification="One.\r\nTwo.\n"))
    assert found.content["justification"] == "One.\nTwo."


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"fields": ["a"]}, "not_fields"),
        ({"amount_minor": 100, "currency": "ZZQ"}, "no_such_currency"),
        ({"amount_minor": 100}, "no_such_currency"),
        ({"period": {"from": "0001-01-01T00:00:00+14:00", "until": None}}, "not_a_moment"),
        ({"period": {"from": None, "until": "9999-12-31T23:59:59-14:00"}}, "not_a_moment"),
        ({"targets": [{"addressee": ["x"]}]}, "not_a_text"),
        ({"targets": [{"addressee": "\ud800"}] * 2}, "addressee_twice"),
        ({"\ud800": 1}, "unknown_part"),
    ],
)
def test_a_value_that_would_break_a_page_is_refused(
    desk: Desk, refused: Any, changed: dict[str, Any], code: str
) -> None:
    assert refused(lambda: desk.draft(content={**desk.content("heron"), **changed})) == code


def test_a_moment_without_zone_is_not_submitted(desk: Desk, refused: Any) -> None:
    content = with_identifier(desk, value="a@b.example", at="2026-01-01T00:00:00")
    found = desk.draft(content=content)
    assert refused(lambda: desk.submit(found)) == "incomplete"
    assert as_actor(desk.officer).get(f"/requests/{found.id}").status_code == 200


def test_costs_are_claimed_in_a_currency_that_there_is(desk: Desk, refused: Any) -> None:
    (ticket,) = desk.sent()
    assert refused(
        lambda: desk.do(
            addressee_operations.claim_costs, desk.isp, ticket_id=ticket.id, amount_minor=1,
            currency="ZZQ", text="x",
        )
    ) == "no_such_currency"  # fmt: skip


def test_a_danger_that_is_too_long_is_refused(desk: Desk, refused: Any) -> None:
    assert refused(lambda: desk.draft(danger="x" * 33)) == "not_a_text"


def test_another_s_id_is_refused_whoever_sees_the_row(desk: Desk, refused: Any) -> None:
    found = desk.draft()
    assert refused(lambda: desk.draft(by=desk.duty, request=found.id)) == "id_used"
    stranger = desk.enrol("prosecutor", "prosecutor")
    assert refused(lambda: desk.draft(by=stranger, request=found.id)) == "id_used"
    desk.enrol("lastisp", "clerk", kind="isp")
    (ticket,) = desk.sent()
    given = Answered(uuid4(), "given", fields={"name": "A."})
    desk.do(addressee_operations.answer, desk.isp, ticket_id=ticket.id, given=given)
    other = desk.enrol("lastisp", "clerk")
    (second,) = desk.sent("lastisp")
    assert refused(
        lambda: desk.do(addressee_operations.answer, other, ticket_id=second.id, given=given)
    ) == "id_used"  # fmt: skip


@pytest.mark.parametrize(
    "body", [{"hours": "a\0b"}, {"data": {"\ud800": 3}}, {"formats": ["\u202e"]}]
)
def test_a_profile_is_read_as_strictly(desk: Desk, refused: Any, body: dict[str, Any]) -> None:
    keeper = desk.enrol("heron", "supervisor")
    change = lambda: desk.do(profile_operations.change_profile, keeper, body=body)  # noqa: E731
    assert refused(change) == "character_refused"


def test_closing_twice_is_refused(desk: Desk, refused: Any) -> None:
    for code, reason in (("refused", "data_not_held"), ("given", "")):
        (ticket,) = desk.sent()
        given = Answered(uuid4(), code, reason=reason)
        desk.do(addressee_operations.answer, desk.isp, ticket_id=ticket.id, given=given)
        close = lambda t=ticket: desk.do(  # noqa: E731
            request_operations.close, desk.officer, ticket_id=t.id
        )
        close()
        assert refused(close) == "not_now", code


def test_who_is_no_party_leaves_no_line_in_another_s_trail(desk: Desk, refused: Any) -> None:
    (ticket,) = desk.sent()
    other = desk.enrol("lastisp", "clerk", kind="isp")
    before = desk.trail(ticket.id, kind="ticket"), desk.trail(ticket.of_id)
    ask = lambda: desk.do(  # noqa: E731
        addressee_operations.ask_back, other, ticket_id=ticket.id, text="?"
    )
    assert refused(ask) == "no_such_ticket"
    assert refused(
        lambda: desk.do(
            decision_operations.refuse, other, request_id=ticket.of_id, version=1, ground="?"
        )
    ) in ("no_such_request", "other_authority")  # fmt: skip
    assert (desk.trail(ticket.id, kind="ticket"), desk.trail(ticket.of_id)) == before
    own = desk.trail(other.organisation_id, kind="organisation")  # type: ignore[arg-type]
    assert [line["what"] for line in own][-2:] == ["asked:ask:refused", "request:refuse:refused"]


def test_a_refusal_that_is_corrected_is_an_answer(desk: Desk) -> None:
    (ticket,) = desk.sent()

    def answer(**told: Any) -> Any:
        given = Answered(**{"answer": uuid4(), "code": "given", "fields": {"name": "A."}, **told})
        return desk.do(addressee_operations.answer, desk.isp, ticket_id=ticket.id, given=given)

    assert answer(code="refused", reason="data_not_held", fields={}).state == "refused"
    assert answer(stage="correction").state == "answered"
    (now,) = desk.tickets(ticket.of_id)
    assert now.ended_at is None and now.answered_at is not None
    assert desk.do(request_operations.close, desk.officer, ticket_id=ticket.id).state == "closed"
