"""The load generator measures what it says, on a hub too small to be slow."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from schwifty import IBAN
from stub_hub import KEY

from recoup.demo import load
from recoup.demo.form import _fields, _for_people

KEYS = {one.code: f"{KEY} {one.bank_code}" for one in load.load_organisations()}


def test_the_ten_banks_have_codes_that_are_assigned_to_nobody(tmp_path):
    reports = load.prepare_reports(tmp_path, datetime.now(UTC), count=20)
    assert len(KEYS) == 10
    for one in reports:
        assert IBAN(one.payee_account, validate_bban=True).bank is None
        assert one.payer_account[4:7] != one.payee_account[4:7]
    assert len({one.payee_account for one in reports}) == 20


def test_every_accepted_report_reaches_the_bank_and_is_timed(hub, tmp_path):
    figures = load.hold_latency(hub.url, KEYS, tmp_path, rate=40, seconds=1)
    assert (figures["accepted"], figures["lost"], figures["answers_refused"]) == (40, 0, 0)
    assert figures["accepted_to_bank"]["count"] == 40
    assert 0 <= figures["accepted_to_bank"]["p50"] <= figures["accepted_to_bank"]["max"] < 5
    assert hub.repeats == []


def test_a_fraud_that_branches_is_followed_to_its_last_account(hub, tmp_path):
    figures = load.fan_out_time(hub.url, KEYS, tmp_path, levels=3, fan_out=3)
    assert not figures["problem"]
    assert figures["accounts"] == figures["answered"] == figures["tickets"] == 40
    assert [figures["hub_per_level"][level]["count"] for level in (1, 2, 3)] == [3, 9, 27]
    held = sum(one["held_minor"] for one in hub.answers.values())
    lost = next(t["amount_minor"] for t in hub.tickets.values())
    assert held == lost and hub.refused == []


def test_five_levels_of_three_are_363_tickets_below_the_first(tmp_path):
    shape = load.prepare_fan_out(tmp_path, datetime.now(UTC))
    assert len(shape.parent_of) == 363
    assert {account[4:7] for account in shape.level_of} == {str(970 + n) for n in range(10)}


@pytest.mark.parametrize(("values", "p50", "p99"), [([1.0], 1.0, 1.0), (list(range(101)), 50, 99)])
def test_percentiles(values, p50, p99):
    assert (load.percentiles(values)["p50"], load.percentiles(values)["p99"]) == (p50, p99)


def test_the_form_is_filled_as_people_do():
    page = """<form action="/x"><input name="q"></form><form method="post" id="report-form">
    <input type="hidden" name="csrfmiddlewaretoken" value="t"><input name="amount"></form>"""
    assert _fields(page) == {"csrfmiddlewaretoken": "t", "amount": ""}
    told = _for_people({"report": "1", "paid_at": "2026-11-21T10:00:30Z", "amount": "5.00"})
    assert told == {"paid_at": "2026-11-21T11:00", "amount": "5.00"}
