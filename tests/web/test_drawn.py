"""A row is drawn once for all who are shown the same; who is shown another, is drawn another."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from datetime import timezone as timezone_of
from decimal import Decimal
from typing import Any

import pytest
from django.template import Context, Template
from django.test import Client
from django.utils import timezone, translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from recoup.apps.lawful_requests import request_law
from recoup.apps.reports.operations import Filed
from recoup.web.templatetags import recoup_drawn
from recoup.web.templatetags.recoup_drawn import Drawn, NotPlain, frozen
from support.case_pages import hand_over, signed_in
from support.requests import Desk, law_of
from support.roles import load_profiles
from support.world import OFFICER, World, iban

AT = datetime(2026, 11, 23, 12, 0, 1, tzinfo=UTC)
ROW = "{% load recoup_drawn i18n %}{% for row in rows %}{% drawn row %}[{{ row.said }}{{ other }}]"
# Nothing is left of an earlier test.
LATER = (timedelta(seconds=n * recoup_drawn.KEPT_SECONDS) for n in itertools.count(1))
END = "{% enddrawn %}{% endfor %}"
LISTS = (
    (OFFICER, "/cases?state=all"), (OFFICER, "/desk"), ("boris.quince", "/desk"),
)  # fmt: skip


@dataclass(frozen=True)
class Standing:
    is_good: bool
    how: str = ""


@dataclass
class Drew:
    """How often something was drawn; at: the time by which what was kept is judged."""

    times: int = 0
    at: datetime = AT


@pytest.fixture
def drew(monkeypatch: pytest.MonkeyPatch) -> Drew:
    counted, draw = Drew(), Drawn._draw

    def counting(self: Drawn, context: Context, value: object) -> SafeString:
        counted.times += 1
        return draw(self, context, value)

    monkeypatch.setattr(Drawn, "_draw", counting)
    return counted


@pytest.fixture
def clocked(drew: Drew, monkeypatch: pytest.MonkeyPatch) -> Drew:
    monkeypatch.setattr(recoup_drawn.timezone, "now", lambda: drew.at)
    return drew


def page() -> Template:
    return Template(ROW + END)


def shown(template: Template, *said: Any, **more: Any) -> str:
    return template.render(Context({"rows": [{"said": one} for one in said], **more}))


def test_the_same_is_drawn_once_and_another_anew(clocked: Drew) -> None:
    template = page()
    assert shown(template, "a", "b", "a") == "[a][b][a]"
    assert shown(template, "b", "c") == "[b][c]"
    assert clocked.times == 3


def test_what_is_drawn_knows_nothing_but_its_row(clocked: Drew) -> None:
    assert shown(page(), "a", other="of one person") == "[a]"


@pytest.mark.parametrize(
    ("one", "other", "texts"),
    [
        ("<b>", SafeString("<b>"), "[&lt;b&gt;][<b>]"),
        (1, True, "[1][True]"),
        (0, False, "[0][False]"),
        (1, 1.0, "[1][1.0]"),
        ([1], (1,), "[[1]][(1,)]"),
        ("", None, "[][None]"),
        (Decimal("1.0"), Decimal("1.00"), "[1.0][1.00]"),
        (AT, AT.astimezone(timezone_of(timedelta(hours=2))), "[Nov. 23, 2026, 1 p.m.]" * 2),
    ],
)
def test_what_is_equal_and_not_the_same_is_drawn_apart(
    clocked: Drew, one: Any, other: Any, texts: str
) -> None:
    assert shown(page(), one, other) == texts


def test_values_within_values_are_of_account(clocked: Drew) -> None:
    for one in (
        Standing(is_good=True), Standing(is_good=False), Standing(is_good=True, how="x"),
        {"a": [1]}, {"a": [1, 2]}, {"b": [1]}, [{"a": 1}], [{"a": True}],
    ):  # fmt: skip
        assert frozen({"said": one}) == frozen({"said": one})
        shown(page(), one)
    assert len({frozen({"a": [one]}) for one in (1, True, 1.0, "1", None)}) == 5


def test_each_language_has_its_own(clocked: Drew) -> None:
    template = Template(
        "{% load recoup_drawn i18n %}{% drawn row %}{% translate 'Case' %}{% enddrawn %}"
    )
    said = set()
    for language in ("en", "sr", "tr", "en"):
        with translation.override(language):
            said.add(template.render(Context({"row": {"id": 1}})))
    assert len(said) == clocked.times == 3
    with translation.override("sr"):
        assert frozen(gettext_lazy("Case")) != frozen("Case")


def test_it_is_drawn_anew_after_seconds(clocked: Drew) -> None:
    template = page()
    shown(template, "a")
    clocked.at += timedelta(seconds=recoup_drawn.KEPT_SECONDS)
    shown(template, "a")
    assert clocked.times == 2


def test_only_so_many_are_kept(clocked: Drew, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recoup_drawn, "MOST", 2)
    template = page()
    assert shown(template, *"abcdab") == "[a][b][c][d][a][b]"
    assert len(Drawn.kept[1]) <= 2


def test_two_lists_do_not_share_what_they_drew(clocked: Drew) -> None:
    assert shown(page(), "a") + shown(Template(ROW.replace("[", "(") + END), "a") == "[a](a]"
    clocked.at += timedelta(seconds=recoup_drawn.KEPT_SECONDS)
    shown(page(), "b")
    assert len(Drawn.kept[1]) == 1  # nothing stays that is older


class Thing:
    """Equal to every other, as rows of one key are."""

    said = "first"

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 1


def test_what_may_change_unseen_is_drawn_each_time(clocked: Drew) -> None:
    with pytest.raises(NotPlain, match="Thing"):
        frozen({"one": [Thing()]})
    template, thing = page(), Thing()
    assert template.render(Context({"rows": [thing]})) == "[first]"
    thing.said = "second"
    assert template.render(Context({"rows": [thing]})) == "[second]"


@pytest.mark.parametrize(("login", "address"), LISTS)
def test_a_list_is_the_same_drawn_once_or_each_time(
    lived_in: Filed, db: None, drew: Drew, monkeypatch: pytest.MonkeyPatch, login: str, address: str
) -> None:
    is_the_same(drew, monkeypatch, login, address)


@pytest.mark.parametrize(
    ("login", "address"),
    [
        (OFFICER, "/requests"), ("rade.heron", "/asked"), (OFFICER, "/reports"),
        ("olga.prosecutor", "/tasks"),
    ],
)  # fmt: skip
def test_lists_of_what_waits_are(
    world: World, drew: Drew, monkeypatch: pytest.MonkeyPatch, login: str, address: str
) -> None:
    law = law_of()
    monkeypatch.setattr(request_law, "read_law", lambda: law)
    load_profiles()
    Desk(world, law).sent()
    filed = world.report(payer=iban("plum", 10001), payee=iban("quince", 20001), amount=500)
    world.plan()
    if address == "/tasks":
        hand_over(world, world.case_of(filed))
    is_the_same(drew, monkeypatch, login, address)


def is_the_same(drew: Drew, monkeypatch: pytest.MonkeyPatch, login: str, address: str) -> None:
    """The rows of a list have nothing but plain values: read again, none of them is drawn."""
    client, now = signed_in(login), timezone.now() + next(LATER)
    monkeypatch.setattr(timezone, "now", lambda: now)
    read(client, address)
    drawn_first = drew.times
    assert drawn_first
    for _ in range(3):  # the database's clock goes on: a minute may end between two readings
        kept, drawn_again = twice(client, address, drew)
        with monkeypatch.context() as patched:
            patched.setattr(Drawn, "render", each_time)
            anew, drawn_now = twice(client, address, drew)
        if anew == kept:
            break
    assert anew == kept
    assert drawn_again == 0
    assert drawn_now >= drawn_first


def each_time(self: Drawn, context: Context) -> SafeString:
    return self._draw(context, self.value.resolve(context))


def twice(client: Client, address: str, drew: Drew) -> tuple[str, int]:
    """A page that was read twice, and what the second reading drew."""
    read(client, address)
    drew.times = 0
    return read(client, address), drew.times


def read(client: Client, address: str) -> str:
    """A page without what is another each time: the token of its forms, the nonce of its head."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    return re.sub(r'(csrfmiddlewaretoken" value|X-CSRFToken[^:]*:[^"]*|nonce)="?[^"]*"', "",
                  answer.content.decode())  # fmt: skip
