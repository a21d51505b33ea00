"""What a reporter is told of the money, and how what was typed wrongly is said."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.test import RequestFactory
from django.utils import translation

from recoup.apps.reports.queries import MoneyTold, ReporterView
from recoup.apps.reports.reporter import sender_mark
from recoup.apps.reports.told import Sums, status_of, sums_told
from recoup.apps.reports.wording import WORDS, say
from recoup.core.report import ReportNotReadable, read_five_facts
from recoup.core.text import NotReadable
from recoup.data import currencies

AT = datetime(2026, 11, 21, 14, 5, tzinfo=UTC)


def seen(**changes: Any) -> ReporterView:
    told: dict[str, Any] = {
        "id": uuid4(), "amount_minor": 48_000_000, "currency": "RSD", "paid_at": AT,
        "received_at": AT, "claim_state": "confirmed", "is_confirmed": True, "money": (),
    }  # fmt: skip
    return ReporterView(**(told | changes))


def test_held_and_returned_are_told_and_the_rest_follows() -> None:
    told = seen(money=(MoneyTold("RSD", 30_000_000, 5_000_000),))

    assert sums_told(told) == [Sums("RSD", 30_000_000, 5_000_000, 13_000_000)]
    assert status_of(told).tone == "good"


def test_in_two_currencies_no_rest_is_told() -> None:
    told = seen(money=(MoneyTold("EUR", 70_000, 0), MoneyTold("RSD", 30_000_000, 0)))

    assert sums_told(told) == [Sums("RSD", 30_000_000, 0, None), Sums("EUR", 70_000, 0, None)]


def test_nothing_is_told_before_the_debit_is_confirmed() -> None:
    told = seen(claim_state="alleged", is_confirmed=False)

    assert sums_told(told) == []
    assert status_of(told).headline == "Your report was received"


def test_that_the_same_loss_was_reported_before_is_told_to_nobody() -> None:
    alleged = status_of(seen(claim_state="alleged", is_confirmed=False))

    assert status_of(seen(claim_state="double", is_confirmed=False)) == alleged
    assert sums_told(seen(claim_state="double")) == []


@pytest.mark.parametrize("state", ["denied", "withdrawn"])
def test_an_ended_report_says_why_and_what_to_do(state: str) -> None:
    status = status_of(seen(claim_state=state, is_confirmed=False))

    assert status.tag == "ended" and status.text


def test_only_returned_money_is_not_called_held() -> None:
    told = seen(money=(MoneyTold("RSD", 0, 48_000_000),))

    assert status_of(told).headline == "Money came back"


# Words


WRONG = [
    {"amount": amount}
    for amount in ("", "-1", "0", "1,0", "1 0", "1.0.0", "1e3", "007", "5 RSD", "x", "٥", "1.005",
                   "9" * 20)
] + [
    {"currency": "Dinar"},
    *({"paid_at": text} for text in ("", "x", "2026-02-30T10:00", "2026-13-01T10:00",
      "2026-01-01T25:00", "2027-01-01T10:00", "2019-01-01T10:00", "1970-01-01T10:00",
      "2026-03-29T02:30")),
    *({"payee_account": text} for text in (
        "", "x" * 201, "RS3Ѕ260005601001611379", "RS35260005601001611378",
        "RS3526000560100161137", "RS3X260005601001611379", "XX35260005601001611379",
        "RS352600056O1001611379", "DE89370400440532013001", "260-1-1-1", "260-5601-00",
        "4111 1111 1111 1112", "+381 1", "+381 99 999 999 999 9", "0x12", "T" + "1" * 33,
        "tron:1BoatSLRHtKNngkdXEeobR76b53LETtpyT", "1BoatSLRHtKNngkdXEeobR76b53LETtpyT#",
        "hello", "RS35260005601001611379")),
    *({"reference": text} for text in ("x" * 200, "a\x00b", "a\u202eb")),
]  # fmt: skip
RIGHT = {
    "amount": "5.00", "currency": "RSD", "paid_at": "2026-11-21T12:00",
    "payer_account": "RS35260005601001611379", "payee_account": "RS35105008123123123173",
    "reference": "",
}  # fmt: skip


def problems_of(changes: dict[str, str]) -> tuple[NotReadable, ...]:
    from zoneinfo import ZoneInfo

    with pytest.raises(ReportNotReadable) as refused:
        read_five_facts(
            RIGHT | changes, at=AT, zone=ZoneInfo("Europe/Belgrade"), currencies=currencies(),
            known_banks=frozenset({"RS:260", "RS:105"}),
        )  # fmt: skip
    return refused.value.problems


@pytest.mark.parametrize("changes", WRONG, ids=lambda changes: str(changes)[:60])
def test_every_refusal_that_reporters_meet_has_words_of_its_own(changes: dict[str, str]) -> None:
    for problem in problems_of(changes):
        assert problem.code in WORDS, problem.code
        assert "%(" not in say(problem)


@pytest.mark.parametrize("language", ["sr", "sr-latn", "sq", "tr"])
def test_refusals_are_said_in_each_language(language: str) -> None:
    with translation.override("en"):
        english = {code: [str(text) for text in row] for code, row in WORDS.items()}
    with translation.override(language):
        same = [code for code, row in WORDS.items() if [str(text) for text in row] == english[code]]
    assert same == []


def test_the_value_is_repeated_unless_it_is_a_secret() -> None:
    problem = NotReadable("secret", "…", "This is not a secret.", "", code="not_a_secret")
    [typed] = problems_of({"amount": "1,0"})

    assert say(typed).startswith("You wrote “1,0”.")
    assert "You wrote" not in say(problem)


def test_a_household_of_ipv6_is_one_sender_and_neighbours_of_ipv4_are_two() -> None:
    def mark(address: str) -> bytes:
        return sender_mark(RequestFactory().get("/report", REMOTE_ADDR=address))

    assert mark("2001:db8:1:2::1") == mark("2001:db8:1:2:ffff::9")
    assert mark("2001:db8:1:2::1") != mark("2001:db8:1:3::1")
    assert mark("192.0.2.1") != mark("192.0.2.2")
    assert len(mark("")) == 32
