"""What a clerk types becomes the answer that a machine would have sent, or says what is missing."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from recoup.apps.holds.forms import empty_form, read_form

AT = datetime(2026, 11, 21, 8, 2, tzinfo=UTC)
LINE = "00000000-0000-0000-0000-00000000001f"
TICKET: dict[str, Any] = {
    "ticket": "00000000-0000-0000-0000-000000000001",
    "measure": "hold",
    "kind": "first",
    "currency": "RSD",
    "amount_minor": 48_000_000,
    "rule": "fifo",
    "disclose": {"asked": True, "from": None, "destinations_of": []},
    "lines": [
        {
            "line": LINE,
            "amount_minor": 48_000_000,
            "payment": {
                "reference": "RF18",
                "at": "2026-11-21T07:41:03Z",
                "amount_minor": 48_000_000,
                "currency": "RSD",
            },
        }
    ],
}


def typed(**changes: str) -> dict[str, str]:
    rows = {
        "row-0-side": "credit", "row-0-reference": "C-100", "mark-0": "C-100",
        "row-0-booked_at": "2026-11-21T08:41:03", "row-0-amount": "480000.00",
        "row-1-side": "debit", "row-1-reference": "B-771",
        "row-1-booked_at": "2026-11-21T08:51:07", "row-1-amount": "312000.00",
        "row-1-to_kind": "account", "row-1-to": "RS35 2600 0560 1001 6113 79",
    }  # fmt: skip
    return {
        "answer": "00000000-0000-0000-0000-00000000004d", "code": "moved_on", "held": "180000",
        "opening": "12000.00", "closing": "180000.00", "window_from": "2026-11-21T08:41:03",
        "window_to": "2026-11-21T09:02:00", "row_count": "2", **rows, **changes,
    }  # fmt: skip


def test_the_empty_form_begins_at_the_disputed_payment() -> None:
    form = empty_form(TICKET, at=AT)
    assert form.window is not None
    assert form.window.from_at == "2026-11-21 08:41:03"  # Belgrade, an hour ahead of UTC
    assert form.window.to_at == "2026-11-21 09:02:00"
    assert form.window.is_blank
    assert [mark.value for mark in form.window.marks] == [""]


def test_a_credit_that_fits_is_proposed_and_counts_only_when_the_clerk_sends_it() -> None:
    form = read_form(typed(**{"mark-0": ""}), TICKET)
    assert form.window is not None
    (mark,) = form.window.marks
    assert (mark.value, mark.is_proposed) == ("C-100", True)
    assert [problem["anchor"] for problem in form.problems] == ["mark-0"]
    sent = read_form(typed(), TICKET)
    assert sent.problems == []


def test_of_two_credits_of_the_same_amount_none_is_proposed() -> None:
    twin = {"row-2-side": "credit", "row-2-reference": "C-101", "row-2-amount": "480000.00",
            "row-2-booked_at": "2026-11-21 08:42:00", "row_count": "3", "mark-0": ""}  # fmt: skip
    form = read_form(typed(closing="660000.00", **twin), TICKET)
    assert form.window is not None
    (mark,) = form.window.marks
    assert mark.value == "" and "RF18" in mark.problem
    assert {credit.reference for credit in mark.candidates} == {"C-100", "C-101"}


def test_a_credit_that_names_the_payment_wins_over_one_of_the_same_amount() -> None:
    twin = {"row-2-side": "credit", "row-2-reference": "RF18", "row-2-amount": "480000.00",
            "row-2-booked_at": "2026-11-21 08:42:00", "row_count": "3", "mark-0": ""}  # fmt: skip
    form = read_form(typed(closing="660000.00", **twin), TICKET)
    assert form.window is not None
    assert form.window.marks[0].value == "RF18"


def test_the_payment_may_not_have_arrived() -> None:
    form = read_form(typed(**{"mark-0": "-"}), TICKET)
    assert form.body is not None
    assert form.body["window"]["credits"][0]["line"] is None


def test_a_window_that_closes_becomes_the_answer_of_the_interface() -> None:
    form = read_form(typed(), TICKET)
    assert form.problems == []
    assert form.body is not None
    assert form.body["held_minor"] == 18_000_000
    window = form.body["window"]
    assert window["opening_minor"] == 1_200_000
    assert window["from"] == "2026-11-21T07:41:03Z"
    assert window["credits"][0]["line"] == LINE
    assert window["debits"][0]["to"]["ident"] == "RS35 2600 0560 1001 6113 79"
    assert form.window is not None and form.window.check is not None
    assert form.window.check.is_closed


def test_the_check_says_by_how_much_the_window_does_not_close() -> None:
    form = read_form(typed(closing="190000.00"), TICKET)
    assert form.window is not None and form.window.check is not None
    assert form.window.check.difference_minor == -1_000_000
    assert form.window.check.short_minor == 1_000_000
    assert not form.window.check.is_closed


def test_a_debit_that_carries_disputed_money_must_say_where_it_went() -> None:
    form = read_form(typed(**{"row-1-to_kind": "", "row-1-to": ""}), TICKET)
    assert form.window is not None and form.window.check is not None
    # First in, first out: 12,000.00 of the 312,000.00 were there before.
    assert form.window.check.must_tell == [{"reference": "B-771", "units_minor": 30_000_000}]
    assert form.window.rows[1].must_tell


def test_pasted_lines_become_rows_and_their_remarks_the_balances() -> None:
    pasted = (
        "# opening balance\t12000.00\n# from\t2026-11-21 08:41:03\n"
        "# closing balance\t192000.00\n"
        "credit\tC-100\t2026-11-21 08:41:03\t480000.00\n"
        "debit\tB-771\t2026-11-21 08:51:07\t300000.00\tcash\tNovi Sad\n"
    )
    form = read_form({"step": "paste", "pasted": pasted, "row_count": "0"}, TICKET)
    assert form.window is not None
    rows = [row for row in form.window.rows if not row.is_empty]
    assert [(row.side, row.reference) for row in rows] == [("credit", "C-100"), ("debit", "B-771")]
    assert (form.window.opening, form.window.closing) == ("12000.00", "192000.00")
    assert form.window.pasted == ""


@pytest.mark.parametrize(("word", "sign"), [("tab", "\t"), ("semicolon", ";"), ("comma", ",")])
def test_lines_are_separated_as_the_clerk_declares(word: str, sign: str) -> None:
    line = sign.join(["debit", "B-1", "2026-11-21T08:50:00", "10.00", "fee", ""])
    declared = {"paste_separator": word, "paste_decimal": "point", "paste_dates": "year_first"}
    form = read_form({**typed(pasted=line), **declared, "step": "paste"}, TICKET)
    assert form.window is not None
    assert form.window.rows[2].to_kind == "fee"


def test_the_screens_amounts_are_read_only_if_the_clerk_declares_their_form() -> None:
    line = "debit\tB-1\t21.11.2026 08:50:00\t1.234,50\tfee"
    refused = read_form({**typed(pasted=line), "step": "paste"}, TICKET)
    assert refused.window is not None and refused.window.paste_problems
    assert refused.window.pasted == line
    declared = {"paste_separator": "tab", "paste_decimal": "comma", "paste_dates": "day_first"}
    form = read_form({**typed(pasted=line), **declared, "step": "paste"}, TICKET)
    assert form.window is not None
    row = form.window.rows[2]
    assert (row.amount, row.booked_at) == ("1234.50", "2026-11-21 08:50:00")


def test_a_pasted_line_that_cannot_be_read_is_named_with_its_number() -> None:
    form = read_form(typed(pasted="debit\tB-1\t2026-11-21T08:50:00\t10.00\nsaldo\t100"), TICKET)
    assert form.window is not None
    (problem,) = form.window.paste_problems
    assert "Line 2" in problem and "saldo" in problem
    assert form.body is None


def test_an_amount_with_a_comma_is_refused_and_stays_as_typed() -> None:
    form = read_form(typed(**{"row-1-amount": "312.000,00"}), TICKET)
    assert form.body is None
    assert form.window is not None
    assert form.window.rows[1].amount == "312.000,00"
    assert any("B-771" in problem["message"] for problem in form.problems)


def test_not_ours_needs_no_bookings() -> None:
    form = read_form({"answer": "x", "code": "not_ours", "row_count": "0"}, TICKET)
    assert form.problems == []
    assert form.body is not None and form.body["window"] is None


def test_ten_thousand_pasted_lines_stay_text_and_are_read() -> None:
    lines = "\n".join(
        f"debit\tB-{n}\t2026-11-21T08:{50 + n // 3600:02}:{n % 60:02}\t0.01\tfee"
        for n in range(10_000)
    )
    form = read_form({**typed(pasted=lines, closing="179900.00"), "step": "paste"}, TICKET)
    assert form.window is not None and form.window.told is not None
    assert len(form.window.told.debits) == 10_001
    assert form.window.check is not None and form.window.check.is_closed
    assert form.window.row_count < 10


@pytest.mark.parametrize("held", ["180.000,00", "180,000.00", "180 000,00", "180000"])
def test_the_sum_held_is_read_as_people_write_it(held: str) -> None:
    form = read_form(typed(held=held), TICKET)
    assert form.body is not None and form.body["held_minor"] == 180_000_00


@pytest.mark.parametrize("held", ["180.000", "180,000", "180,5"])
def test_a_sum_held_that_could_be_two_things_is_refused(held: str) -> None:
    form = read_form(typed(held=held), TICKET)
    assert form.body is None
    assert [problem["anchor"] for problem in form.problems] == ["held"]


def test_the_debit_that_is_confirmed_is_read_as_people_write_it() -> None:
    asked = {
        **TICKET,
        "measure": "confirm_debit",
        "disclose": {**TICKET["disclose"], "asked": False},
    }
    form = read_form(
        typed(code="debit_confirmed", payment_reference="D-1", payment_amount="480.000,00",
              payment_booked_at="2026-11-21 08:41:03"), asked,
    )  # fmt: skip
    assert form.body is not None and form.body["payment"]["amount_minor"] == 480_000_00


@pytest.mark.parametrize(("since", "mark"), [("07:50:00", "-"), ("07:40:00", "C-100")])
def test_what_an_account_told_before_is_not_looked_for_again(since: str, mark: str) -> None:
    """An officer asks what was booked since: the disputed payment was told before that."""
    disclose = {"asked": True, "from": f"2026-11-21T{since}Z", "destinations_of": []}
    posted = {key: value for key, value in typed().items() if key != "mark-0"}
    form = read_form(posted, TICKET | {"kind": "forward", "disclose": disclose})
    assert form.window is not None
    [proposed] = form.window.marks
    assert (proposed.value, proposed.is_proposed, proposed.problem) == (mark, True, "")
