"""The addressee's side: answers, parts, refusals, questions, costs, files, doubt; what is late."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from recoup.apps.lawful_requests import (
    addressee_operations,
    asked_queries,
    file_operations,
    operations,
    request_operations,
    request_queries,
)
from recoup.apps.lawful_requests.addressee_operations import Answered
from recoup.apps.lawful_requests.file_operations import Sent
from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.lawful_requests.refusals import REFUSALS, code_of
from support.requests import Desk, pass_time
from support.roles import as_owner

PDF = b"%PDF-1.7\nan invented order"


def refusal(call: Any) -> str:
    with pytest.raises(REFUSALS) as why:
        call()
    return code_of(why.value)


def answer(desk: Desk, ticket: Ticket, by: Any = None, **told: Any) -> Any:
    given = Answered(**{"answer": uuid4(), "code": "given", "fields": {"name": "A."}, **told})
    return desk.do(addressee_operations.answer, by or desk.isp, ticket_id=ticket.id, given=given)


def state(desk: Desk, ticket: Ticket) -> str:
    return desk.tickets(ticket.of_id)[ticket.round - 1].state


# Answers


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"code": "held"}, "not_known"),
        ({"fields": {"shoe_size": "44"}}, "not_known"),
        ({"stage": "perhaps"}, "not_known"),
        ({"code": "refused", "reason": "no_mood"}, "not_known"),
        ({"code": "refused"}, "not_known"),
        ({"reason": "data_not_held"}, "not_known"),
        ({"code": "refused", "reason": "data_not_held", "stage": "interim"}, "not_final"),
        ({"stage": "correction"}, "nothing_to_correct"),
        ({"files": (uuid4(),)}, "no_such_file"),
    ],
)
def test_an_answer_that_is_none_is_refused_with_a_code_and_told(
    desk: Desk, told: dict[str, Any], code: str
) -> None:
    (ticket,) = desk.sent()
    assert refusal(lambda: answer(desk, ticket, **told)) == code
    assert desk.trail(ticket.id, kind="ticket")[-1]["what"] == "asked:answer:refused"
    assert state(desk, ticket) == "sent"


def test_a_refusal_has_a_coded_ground(desk: Desk) -> None:
    (ticket,) = desk.sent()
    receipt = answer(desk, ticket, code="refused", reason="data_not_held", fields={})
    assert receipt.state == "refused"


def test_a_part_answer_leaves_the_ticket_open(desk: Desk) -> None:
    (ticket,) = desk.sent()
    assert answer(desk, ticket, code="part_given", stage="interim").state == "acknowledged"
    assert answer(desk, ticket).state == "answered"


def test_the_same_answer_again_gets_the_same_receipt(desk: Desk) -> None:
    (ticket,) = desk.sent()
    same = {"answer": uuid4()}
    first, again = answer(desk, ticket, **same), answer(desk, ticket, **same)
    assert (again.is_repeat, again.sha256) == (True, first.sha256)
    other = lambda: answer(desk, ticket, **same, fields={"name": "B."})  # noqa: E731
    assert refusal(other) == "answer_used"


def test_of_two_answers_one_is_final(desk: Desk) -> None:
    (ticket,) = desk.sent()
    answer(desk, ticket)
    assert refusal(lambda: answer(desk, ticket, code="nothing_found")) == "answered_already"
    corrected = answer(desk, ticket, stage="correction", fields={"name": "C."})
    assert corrected.state == "answered"
    with desk.world.acting(desk.officer):
        whole = request_queries.whole(desk.officer, ticket.of_id)
        assert whole and [a.stage for a in whole.answers[ticket.id]] == ["final", "correction"]


def test_an_answer_after_withdrawal_is_kept_and_moves_nothing(desk: Desk) -> None:
    (ticket,) = desk.sent()
    desk.do(
        request_operations.withdraw, desk.officer, request_id=ticket.of_id, ground="Solved."
    )  # fmt: skip
    assert state(desk, ticket) == "withdrawn"
    assert answer(desk, ticket).state == "withdrawn"
    with desk.world.acting(desk.officer):
        whole = request_queries.whole(desk.officer, ticket.of_id)
        assert whole and len(whole.answers[ticket.id]) == 1
    assert desk.trail(ticket.id, kind="ticket")[-1]["facts"]["late"] is True


def test_somebody_else_s_ticket_is_not_there(desk: Desk) -> None:
    (ticket,) = desk.sent()
    other = desk.enrol("otherisp", "clerk", kind="isp")
    assert refusal(lambda: answer(desk, ticket, other)) == "no_such_ticket"
    close = lambda: desk.do(request_operations.close, other, ticket_id=ticket.id)  # noqa: E731
    assert refusal(close) == "no_such_ticket"


def test_a_clerk_takes_the_next_and_no_colleague_gets_it(desk: Desk) -> None:
    (ticket,) = desk.sent()
    colleague = desk.enrol("heron", "clerk")
    take = lambda by: desk.do(  # noqa: E731
        operations.take_next, by, rows=request_queries.inbox(by)
    )
    assert take(desk.isp).id == ticket.id
    assert take(colleague) is None
    assert state(desk, ticket) == "acknowledged"


# Questions, costs


def test_while_a_question_waits_the_clock_of_the_answer_stands_still(desk: Desk) -> None:
    (ticket,) = desk.sent()
    with desk.world.acting(desk.isp):
        due = request_queries.answers_due([ticket.id])[ticket.id]
    note = {"ticket_id": ticket.id, "text": "Which of the two?"}
    desk.do(addressee_operations.ask_back, desk.isp, **note)
    desk.world.run(
        "update lawful_requests_clockstop set started_at = started_at - interval '8 days'"
    )
    desk.world.run("update lawful_requests_ticket set sent_at = sent_at - interval '8 days'")
    pass_time(desk.world, timedelta(days=8), kind="answer")
    fired = (
        "select count(*) from lawful_requests_deadline "
        "where kind = 'answer' and fired_at is not null"
    )
    assert desk.world.run(fired) == [(0,)]
    reply = {"ticket_id": ticket.id, "text": "The second."}
    desk.do(addressee_operations.reply_to_addressee, desk.officer, **reply)
    assert (
        refusal(lambda: desk.do(addressee_operations.reply_to_addressee, desk.officer, **reply))
        == "not_now"
    )
    with desk.world.acting(desk.isp):
        later = request_queries.answers_due([ticket.id])[ticket.id]
    assert abs(later - due) < timedelta(minutes=10)  # it was moved back by eight days, and put on
    pass_time(desk.world, timedelta(days=16), kind="answer")
    assert desk.world.run(fired)[0][0] >= 1


def test_more_time_is_given_with_a_reason(desk: Desk) -> None:
    (ticket,) = desk.sent()
    with desk.world.acting(desk.officer):
        due = request_queries.answers_due([ticket.id])[ticket.id]
    extend = lambda **given: desk.do(  # noqa: E731
        addressee_operations.extend, desk.officer, ticket_id=ticket.id,
        **{"days": 3, "ground": "Holidays.", **given},
    )  # fmt: skip
    assert refusal(lambda: extend(ground=" ")) == "not_days"
    assert refusal(lambda: extend(days=366)) == "not_days"
    extend()
    with desk.world.acting(desk.officer):
        later = request_queries.answers_due([ticket.id])[ticket.id]
    assert later - due == timedelta(days=3)


def test_costs_are_claimed_and_settled_once(desk: Desk) -> None:
    (ticket,) = desk.sent()
    claim = {"ticket_id": ticket.id, "currency": "RSD", "text": "Two hours."}
    cost = addressee_operations.claim_costs
    assert refusal(lambda: desk.do(cost, desk.isp, amount_minor=0, **claim)) == "not_an_amount"
    desk.do(cost, desk.isp, amount_minor=120_00, **claim)
    settle = lambda: desk.do(  # noqa: E731
        addressee_operations.settle_costs, desk.officer, ticket_id=ticket.id, agreed=True, text=""
    )
    assert settle().amount_minor == 120_00
    assert refusal(settle) == "not_now"


def test_what_was_said_at_the_same_moment_keeps_its_order(desk: Desk) -> None:
    (ticket,) = desk.sent()
    at = desk.world.now()
    for minor in (1, 2, 3, 4, 5, 6):
        desk.do(
            addressee_operations.claim_costs, desk.isp, ticket_id=ticket.id, amount_minor=minor,
            currency="RSD", text="", at=at,
        )  # fmt: skip
    settle = lambda: desk.do(  # noqa: E731
        addressee_operations.settle_costs, desk.officer, ticket_id=ticket.id, agreed=True, text="",
        at=at,
    )  # fmt: skip
    assert settle().amount_minor == 6
    assert refusal(settle) == "not_now"  # the last claim took the place of those before
    with as_owner():
        told = [row.amount_minor for row in request_queries.notes_of([ticket.id])]
    assert told == [1, 2, 3, 4, 5, 6, 6]


# Files


@pytest.mark.parametrize(
    ("file", "code"),
    [
        (Sent("order.pdf", "application/pdf", b"PK\x03\x04 not a pdf"), "not_what_it_says"),
        (Sent("order.docx", "application/msword", b"x"), "media_type"),
        (Sent("order.csv", "text/csv", b"a,b"), "media_type"),
        (Sent("order.pdf", "application/pdf", b""), "file_size"),
        (Sent("order.pdf", "application/pdf", PDF + b"x" * (10 << 20)), "file_size"),
        (Sent("order.pdf", "application/pdf", PDF, "00" * 32), "wrong_digest"),
    ],
)
def test_an_order_that_is_none_is_refused_and_told(desk: Desk, file: Sent, code: str) -> None:
    found = desk.draft()
    add = lambda: desk.do(  # noqa: E731
        file_operations.add_to_request, desk.officer, request_id=found.id, kind="order", file=file
    )
    assert refusal(add) == code
    assert desk.trail(found.id)[-1]["facts"] == {"code": code}
    assert desk.world.run("select count(*) from lawful_requests_requestfile") == [(0,)]


def test_an_order_goes_with_its_digest_and_whoever_is_asked_may_read_it(desk: Desk) -> None:
    found = desk.draft()
    digest = hashlib.sha256(PDF).hexdigest()
    file = desk.do(
        file_operations.add_to_request, desk.officer, request_id=found.id, kind="order",
        file=Sent("../наредба.pdf", "application/pdf", PDF, digest),
    )  # fmt: skip
    assert file.name == "_наредба.pdf" or file.name.endswith("наредба.pdf")
    other = desk.enrol("otherisp", "clerk", kind="isp")
    desk.authorise(desk.submit(desk.again(found)))
    desk.world.sweep()
    (ticket,) = desk.tickets(found)
    assert [f["sha256"] for f in desk.body(ticket)["files"]] == [digest]
    from recoup.apps.lawful_requests.models import RequestFile

    for actor, sees in ((desk.isp, True), (other, False), (desk.prosecutor, True)):
        with desk.world.acting(actor):
            assert RequestFile.objects.filter(pk=file.pk).exists() is sees, actor
    late = lambda: desk.do(  # noqa: E731
        file_operations.add_to_request, desk.officer, request_id=found.id, kind="order",
        file=Sent("order.pdf", "application/pdf", PDF),
    )  # fmt: skip
    assert refusal(late) == "not_now"


def test_an_answer_names_its_files_by_their_digests(desk: Desk) -> None:
    (ticket,) = desk.sent()
    file = desk.do(
        file_operations.add_to_ticket, desk.isp, ticket_id=ticket.id,
        file=Sent("logs.csv", "text/csv", b"at,port\n"),
    )  # fmt: skip
    receipt = answer(desk, ticket, files=(file.id,))
    with as_owner(), desk.world.acting(desk.officer):
        rows = request_queries.whole(desk.officer, ticket.of_id)
        assert rows and bytes(file.sha256).hex() in bytes(rows.answers[ticket.id][0].body).decode()
    assert receipt.state == "answered"


# Doubt


def test_one_desk_s_doubt_pauses_nothing_two_desks_pause_the_requester(desk: Desk) -> None:
    other = desk.enrol("otherisp", "clerk", kind="isp")
    first, second = desk.sent("heron", "otherisp")
    doubt = lambda ticket, by: desk.do(  # noqa: E731
        addressee_operations.doubt, by, ticket_id=ticket.id, ground="Nobody answers the telephone."
    )
    doubt(first, desk.isp)
    doubt(first, desk.isp)
    assert answer(desk, first, stage="interim", code="part_given").state == "acknowledged"
    doubt(second, other)
    assert refusal(lambda: answer(desk, first)) == "requester_paused"
    assert refusal(lambda: answer(desk, second, other)) == "requester_paused"
    waiting = desk.submitted()
    desk.authorise(waiting)
    desk.world.sweep()
    assert desk.tickets(waiting) == []  # nothing leaves while it is paused
    with desk.world.acting(desk.officer):
        from recoup.apps.lawful_requests.models import Doubt

        assert not Doubt.objects.exists()  # whom it is about does not see who doubts
    ministry = desk.enrol("justice", "ministry_officer", kind="ministry")
    desk.do(addressee_operations.lift_doubt, ministry, ticket_id=second.id, ground="Called back.")
    assert answer(desk, first).state == "answered"
    desk.world.sweep()
    assert len(desk.tickets(waiting)) == 1


def test_a_refusal_discloses_nothing_and_is_taken_while_paused(desk: Desk) -> None:
    other = desk.enrol("otherisp", "clerk", kind="isp")
    tickets = desk.sent("heron", "otherisp")
    for ticket, by in zip(tickets, (desk.isp, other), strict=True):
        desk.do(addressee_operations.doubt, by, ticket_id=ticket.id, ground="Odd.")
    told = {"code": "refused", "reason": "not_authenticated", "fields": {}}
    assert answer(desk, tickets[0], **told).state == "refused"


def test_the_figures_say_what_each_ticket_by_itself_says(desk: Desk) -> None:
    """Counted in buckets; here each is looked at alone."""
    tickets = [one for _ in range(7) for one in desk.sent()]
    for place, minutes in enumerate((10, 30, 30, 400, 20_000)):
        one, is_no = tickets[place], place == 3
        told = Answered(
            uuid4(), "refused" if is_no else "given", stage="final",
            reason="data_not_held" if is_no else "",
        )  # fmt: skip
        desk.do(addressee_operations.answer, desk.isp, ticket_id=one.id, given=told)
        desk.world.run(
            "update lawful_requests_ticket set answered_at = sent_at + %s where id = %s",
            timedelta(minutes=minutes), one.id,
        )  # fmt: skip
    with desk.world.acting(desk.isp) as at:
        found = asked_queries.figures(desk.isp, since=at - timedelta(days=90))
        later = asked_queries.figures(desk.isp, since=at + timedelta(days=1))
    assert (found.sent, found.answered, found.refused, found.open) == (7, 5, 1, 2)
    assert found.in_time == 4  # seven days are given, and one took fourteen
    assert found.median == timedelta(minutes=30)
    (row,) = found.by_measure
    assert (row["sent"], row["refused"], row["median"]) == (7, 1, timedelta(minutes=30))
    assert (later.sent, later.median, later.by_measure) == (0, None, [])


def test_half_of_an_even_number_lies_between_the_two_in_the_middle() -> None:
    def rows(*spans: tuple[float, int]) -> list[asked_queries._Counted]:
        return [
            asked_queries._Counted("m", False, False, True, True, place, count, seconds)
            for place, (seconds, count) in enumerate(spans)
        ]

    assert asked_queries._median(rows((10.0, 1), (30.0, 1))) == timedelta(seconds=20)
    assert asked_queries._median(rows((30.0, 1), (10.0, 3))) == timedelta(seconds=10)
    assert asked_queries._median(rows((10.0, 2), (40.0, 2))) == timedelta(seconds=25)
    assert asked_queries._median([]) is None
