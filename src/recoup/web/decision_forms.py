"""Reads what a person typed to narrow a request: amount, period, data, identifiers; only smaller.

The same reading serves the check while typing and the decision. What is wrong stands at its field,
with the value and what to do; what was not changed stays out of the decision.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext

from recoup.apps.lawful_requests.models import Request
from recoup.apps.lawful_requests.refusals import REFUSALS
from recoup.apps.lawful_requests.request_content import ends_of, narrowed, scope_of
from recoup.apps.lawful_requests.request_law import Form
from recoup.apps.said import reason
from recoup.core.authorisation import narrow
from recoup.core.money import Money, plain_amount, read_sum
from recoup.core.text import NotReadable
from recoup.data import currency
from recoup.web.templatetags.recoup_ui import money_plain

MINUTE: Final = "%Y-%m-%dT%H:%M"
PARTS: Final = ("amount", "from", "until", "data", "identifier")


@dataclass(slots=True)
class Narrowing:
    """What was typed, what is wrong with it by field, and what is left of the request."""

    typed: dict[str, Any]
    problems: dict[str, str] = field(default_factory=dict)
    narrower: dict[str, Any] = field(default_factory=dict)

    @property
    def is_narrower(self) -> bool:
        return bool(self.narrower) and not self.problems


def initial(content: Mapping[str, Any]) -> dict[str, Any]:
    """The fields as they are first shown: all that was asked."""
    first, last = ends_of(content)
    return {
        "amount": amount_typed(content), "from": _shown(first), "until": _shown(last),
        "data": list(content["data"]),
        "identifier": [key for key, _, _ in identifiers(content)],
    }  # fmt: skip


def amount_typed(content: Mapping[str, Any]) -> str:
    minor, code = content["amount_minor"], content["currency"]
    return plain_amount(Money(minor, code), currency(code)) if minor and code else ""


def identifiers(content: Mapping[str, Any]) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Each box of the form: its key, the target, the identifier; a target without any has one."""
    return [
        (f"{t}.{i}", target, one)
        for t, target in enumerate(content["targets"])
        for i, one in enumerate(target["identifiers"] or [{}])
    ]


def read(found: Request, sent: QueryDict, form: Form) -> Narrowing:
    """What a person typed, compared with what was asked."""
    content = found.content
    typed = {
        "amount": sent.get("amount", ""), "from": sent.get("from", ""),
        "until": sent.get("until", ""), "data": sent.getlist("data"),
        "identifier": sent.getlist("identifier"),
    }  # fmt: skip
    made = Narrowing(typed)
    before = initial(content)
    _amount(made, content, before)
    _period(made, content, before)
    _chosen(made, content, before)
    if not made.problems and made.narrower:
        _as_core_says(made, found, form)
    return made


def _amount(made: Narrowing, content: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    text = made.typed["amount"].strip()
    if not before["amount"] or text == before["amount"]:
        return
    code, asked = content["currency"], content["amount_minor"]
    try:
        minor = read_sum(text, currency(code))
    except NotReadable as problem:
        made.problems["amount"] = reason(problem)
        return
    most = money_plain(asked, code)
    if minor > asked:
        made.problems["amount"] = gettext(
            "%(typed)s is more than was asked. Write at most %(most)s."
        ) % {"typed": money_plain(minor, code), "most": most}
    elif minor == 0:
        made.problems["amount"] = gettext("Nothing is left of it. Refuse the request instead.")
    elif minor < asked:
        made.narrower["amount_minor"] = minor


def _period(made: Narrowing, content: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    if not content["period"]:
        return
    first, last = ends_of(content)
    begin = _end(made, "from", first, before)
    end = _end(made, "until", last, before)
    if begin and first and begin < first:
        made.problems["from"] = gettext(
            "%(typed)s is before what was asked. Write %(asked)s or later."
        ) % {"typed": _told(begin), "asked": _told(first)}
    if end and last and end > last:
        made.problems["until"] = gettext(
            "%(typed)s is after what was asked. Write %(asked)s or earlier."
        ) % {"typed": _told(end), "asked": _told(last)}
    if begin and end and begin >= end and not made.problems:
        made.problems["until"] = gettext(
            "The period ends at %(end)s, before it begins. Write a later end."
        ) % {"end": _told(end)}
    if not made.problems and (begin, end) != (first, last):
        made.narrower["period"] = {
            "from": begin.isoformat() if begin else None, "until": end.isoformat() if end else None
        }  # fmt: skip


def _end(
    made: Narrowing, name: str, asked: datetime | None, before: Mapping[str, Any]
) -> datetime | None:
    """One end; what stands as it was shown is what was asked, to the second."""
    text = made.typed[name].strip()
    if text == before[name]:
        return asked
    try:
        return timezone.make_aware(datetime.fromisoformat(text).replace(tzinfo=None))
    except ValueError:
        made.problems[name] = gettext(
            "“%(typed)s” is no moment. Write it like 2026-11-22T23:40."
        ) % {"typed": text[:40]}
        return asked


def _chosen(made: Narrowing, content: Mapping[str, Any], before: Mapping[str, Any]) -> None:
    data = [one for one in content["data"] if one in made.typed["data"]]
    if content["data"] and not data:
        made.problems["data"] = gettext(
            "No category is left. Leave at least one, or refuse the request."
        )
    elif len(data) < len(content["data"]):
        made.narrower["data"] = data
    kept = set(made.typed["identifier"])
    if not kept & set(before["identifier"]):
        made.problems["identifier"] = gettext(
            "Nobody is left to ask. Leave at least one, or refuse the request."
        )
    elif kept < set(before["identifier"]):
        made.narrower["targets"] = _targets(content, kept)


def _targets(content: Mapping[str, Any], kept: set[str]) -> list[dict[str, Any]]:
    left = []
    for t, target in enumerate(content["targets"]):
        own = [one for i, one in enumerate(target["identifiers"]) if f"{t}.{i}" in kept]
        if own or (not target["identifiers"] and f"{t}.0" in kept):
            left.append({**target, "identifiers": own})
    return left


def _as_core_says(made: Narrowing, found: Request, form: Form) -> None:
    """The rule itself has the last word: a decision only narrows."""
    try:
        narrow(scope_of(found.content), scope_of(narrowed(found.content, made.narrower, form)))
    except REFUSALS as refusal:
        made.problems[getattr(refusal, "field", "") or "identifier"] = reason(refusal)


def _shown(at: datetime | None) -> str:
    return timezone.localtime(at).strftime(MINUTE) if at else ""


def _told(at: datetime) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M")
