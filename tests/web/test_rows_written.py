"""What stands in the rows of long lists and is written without a template: addresses and clocks."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from django.urls import reverse
from django.utils import timezone, translation

from recoup.web import clocks
from recoup.web.templatetags.recoup_ui import clock, page_of

PAGES = ("case", "ticket", "request", "decision", "asked-one", "task-finish", "abroad")


@pytest.mark.parametrize("name", PAGES)
def test_the_address_is_the_one_of_the_hub(name: str) -> None:
    one = uuid4()
    assert page_of(name, one) == page_of(name, str(one)) == reverse(name, args=[one])


@pytest.mark.parametrize("wrong", ["", "1", '"><script>', "../people"])
def test_what_names_no_thing_has_no_address(wrong: str) -> None:
    with pytest.raises(ValueError):
        page_of("case", wrong)


def test_an_address_is_not_kept_for_another_thing() -> None:
    assert page_of("case", UUID(int=1)) != page_of("case", UUID(int=2))


@pytest.mark.parametrize("place", ["stopped", "how", "label"])
def test_words_of_others_are_no_markup(place: str) -> None:
    due = None if place == "stopped" else timezone.now() + timedelta(hours=1)
    shown = clock(due, **{place: '<b>"x" & y</b>'})
    assert "&lt;b&gt;&quot;x&quot; &amp; y&lt;/b&gt;" in shown
    assert "<b>" not in shown


def test_a_clock_says_how_much_is_left_in_the_readers_language(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = timezone.now()
    monkeypatch.setattr(clocks.timezone, "now", lambda: now)
    due, start = now + timedelta(hours=2, minutes=5), now - timedelta(hours=1)
    shown = clock(due, start)
    assert 'data-level="fine"' in shown
    assert f'data-due="{due.isoformat()}" data-start="{start.isoformat()}"' in shown
    assert "2\N{NO-BREAK SPACE}h\N{NO-BREAK SPACE}05\N{NO-BREAK SPACE}min left" in shown
    assert 'width="68"' in shown
    with translation.override("sr"):
        assert "преостало" in clock(due, start)
    assert 'data-level="soon"' in clock(now + timedelta(minutes=10), start)
    assert "overdue" in clock(start)
    assert "no clock" in clock(None)
    assert "data-due" not in clock(due, start, stopped="ended")
