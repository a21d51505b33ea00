"""An addressee in a part of a country is counted by that part's holidays, and never by a guess."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from recoup.apps.lawful_requests import profile_operations, target_operations
from recoup.apps.lawful_requests.request_counting import calendar_told, derived_from
from recoup.core.law import PackRefused
from recoup.data.calendars import load_calendar, parts_of
from support.requests import Desk

Refused = Callable[[Callable[[], object]], str]
TOLD = {
    "pack": {"country": "BA"}, "limits": {"answer": {"count": 1, "unit": "working_days"}},
    "legal_basis": {"instrument": "Act", "article": "1", "text": "", "binding": True,
                    "confirmed": False, "assumed": False},
}  # fmt: skip


def test_only_bosnia_and_herzegovina_has_parts() -> None:
    assert set(parts_of("BA")) == {"BA-BIH", "BA-SRP", "BA-BRC"}
    assert parts_of("RS") == parts_of("ZZ") == {}


def test_the_same_limit_ends_on_another_day_in_another_part() -> None:
    own = [load_calendar(code).holidays for code in ("BA", "BA-SRP")]
    days = [d for d in own[1].keys() - own[0].keys() if 0 < d.weekday() < 5 and d.year == 2026]
    day = min(days)  # a day off in the one part, and worked by the calendar of all
    start = datetime(day.year, day.month, day.day - 1, 10, tzinfo=UTC)
    ends = [
        derived_from({**TOLD, "calendar": code}, "answer", start=start).at
        for code in ("", "BA-SRP")
    ]
    assert ends[0] and ends[1] and ends[0].date() == day < ends[1].date()


def test_a_calendar_that_nobody_knows_is_refused_and_not_taken_for_one_without_holidays() -> None:
    for told in ({"pack": {"country": "XX"}}, {"pack": {"country": "BA"}, "calendar": "BA-XXX"}):
        with pytest.raises(PackRefused, match="There is no calendar"):
            calendar_told(told)


def test_an_addressee_says_its_part_and_the_ticket_keeps_it(
    desk: Desk, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    chief = desk.enrol("heron", "supervisor")
    say = lambda code: desk.do(  # noqa: E731
        profile_operations.change_profile, chief, body={"calendar": code}
    )
    assert refused(lambda: say("BA-SRP")) == "no_such_calendar"  # this hub is Serbia's
    monkeypatch.setattr(profile_operations, "parts_of", lambda _: parts_of("BA"))
    monkeypatch.setattr(target_operations, "parts_of", lambda _: parts_of("BA"))
    assert refused(lambda: say("BA-XXX")) == "no_such_calendar"
    assert say("BA-SRP").body == {"calendar": "BA-SRP"}
    (ticket,) = desk.sent()
    assert desk.body(ticket)["calendar"] == "BA-SRP"
