"""A longest time is made longer once, as the law says, and is not begun anew unseen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from recoup.core.law import Calendar, Effect, Limit, Unit, When, extended_until, since_new, spent
from recoup.core.law.longest import why_not_longer
from support.powers import power

HOUR = timedelta(hours=1)
BEGUN = datetime(2026, 11, 16, 9, tzinfo=UTC)  # a Monday
WEEK = Calendar("ZZ", "ZZ", ZoneInfo("Europe/Belgrade"), {}, 2020, 2040)
LAW = power(effect=Limit(72, Unit.HOURS), extension=Limit(48, Unit.HOURS))


def effect(begin: int = 0, hours: int = 72, **given: bool) -> Effect:
    since = BEGUN + begin * HOUR
    return Effect(f"T{begin}", f"R{begin}", since, since + hours * HOUR, **given)


def said(one: Effect | None, *others: Effect, law: object = LAW, at: datetime = BEGUN) -> str:
    return str(why_not_longer(law, one, others, WEEK, at=at) or "")  # type: ignore[arg-type]


def test_time_that_two_orders_cover_counts_once() -> None:
    assert spent([]) == timedelta(0)
    assert spent([effect(0), effect(24), effect(200, 10)]) == 106 * HOUR
    assert spent([effect(0, 100), effect(10, 5)]) == 100 * HOUR


def test_the_sum_begins_with_the_last_order_on_new_facts() -> None:
    first, new, after = effect(0), effect(100, is_new=True), effect(200)
    assert since_new([after, first, new]) == (new, after)
    assert since_new([after, first]) == (first, after)
    assert since_new([]) == ()


def test_an_extension_goes_on_where_the_first_would_have_ended() -> None:
    assert extended_until(LAW, effect(), WEEK) == BEGUN + 120 * HOUR
    assert said(effect()) == ""
    with pytest.raises(ValueError, match="knows no extension"):
        extended_until(power(effect=Limit(72, Unit.HOURS)), effect(), WEEK)


@pytest.mark.parametrize(
    ("one", "hours", "why"),
    [
        (None, 0, "Nothing is kept"),
        (effect(), 72, "has ended"),
        (effect(is_lifted=True), 0, "has ended"),
        (effect(is_extended=True), 0, "extended once already"),
    ],
)
def test_what_ended_or_was_extended_is_not_made_longer(
    one: Effect | None, hours: int, why: str
) -> None:
    assert why in said(one, at=BEGUN + hours * HOUR)
    assert why not in said(effect(), at=BEGUN + 71 * HOUR)


def test_without_an_extension_in_the_law_there_is_none() -> None:
    assert "knows no extension" in said(effect(), law=power(effect=Limit(72, Unit.HOURS)))
    assert "knows no extension" in said(effect(), law=power())


def test_the_condition_of_the_law_is_looked_at_for_the_first_time_alone() -> None:
    law = power(
        effect=Limit(72, Unit.HOURS), extension=Limit(48, Unit.HOURS),
        extension_on=When.INCLUDES_UNWORKED,
    )  # fmt: skip
    assert "condition" in said(effect(), law=law)  # Monday to Thursday
    assert said(effect(72), law=law, at=BEGUN + 72 * HOUR) == ""  # Thursday to Sunday


def test_the_sum_with_what_was_ordered_before_is_not_longer_than_the_law_allows() -> None:
    before, now = effect(-100), effect()
    told = said(now, before)
    assert "longer than the law allows" in told and "144 hours" in told
    assert said(effect(is_new=True), before) == ""
    assert said(now, effect(-100, 0)) == ""
    assert said(now, now) == ""
