"""What an addressee says of itself (data, retention, ways of answering), and its own statistics."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from django.conf import settings
from django.contrib import messages
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from recoup.apps.lawful_requests import asked_queries, profile_operations
from recoup.apps.lawful_requests.models import AddresseeProfile
from recoup.apps.lawful_requests.profile_operations import MOST_DAYS
from recoup.apps.lawful_requests.refusals import RequestRefused
from recoup.apps.members.allowed import allowed
from recoup.apps.said import in_words
from recoup.core.access import Actor
from recoup.core.completeness import IDENTIFIERS_OF
from recoup.core.law import Measure
from recoup.data import load_measures, load_words
from recoup.data.calendars import parts_of
from recoup.web.asked_words import IDENTIFIERS, measure_words, word_of

LOOKED_BACK: Final = timedelta(days=90)
LISTS: Final = ("formats", "languages")
TEXTS: Final = ("hours", "costs", "note")
LONGEST: Final = 2000
COUNTED_FOR_SECONDS: Final = 600  # so long figures of a quarter of a year are told again


@require_GET
@allowed("profile:see")
def profile(request: HttpRequest) -> HttpResponse:
    """The profile as it holds now, its form, and its versions."""
    versions = asked_queries.profiles_of(request.actor.organisation_id)  # type: ignore[attr-defined]
    body = versions[0].body if versions else {}
    return _page(request, versions, typed_of(body), {})


@require_POST
@allowed("profile:change")
def change(request: HttpRequest) -> HttpResponse:
    """Store a new version; what is wrong stands at its field."""
    actor, at = request.actor, request.at  # type: ignore[attr-defined]
    typed = {name: request.POST.get(name, "") for name in request.POST} | {
        "identifiers": request.POST.getlist("identifiers")
    }
    body, problems = read_form(request.POST)
    if not problems:
        try:
            made = profile_operations.change_profile(body=body, by=actor, at=at)
        except RequestRefused as refused:
            problems[refused.field] = in_words(refused.said)
        else:
            messages.success(request, _("Version %(n)s holds from now on.") % {"n": made.version})
            return redirect("asked-profile")
    versions = asked_queries.profiles_of(actor.organisation_id)
    return _page(request, versions, typed, problems, status=422)


def _page(
    request: HttpRequest, versions: list[AddresseeProfile], typed: Mapping[str, Any],
    problems: Mapping[str, str], *, status: int = 200,
) -> HttpResponse:  # fmt: skip
    context = {
        "versions": [_version(row, older) for row, older in pairwise([*versions, None]) if row],
        "now_body": versions[0] if versions else None, "typed": typed, "problems": problems,
        "categories": [
            {
                "id": word, "name": word_of("categories", word),
                "is_held": bool(typed.get(f"held-{word}")), "days": typed.get(f"days-{word}", ""),
                "problem": problems.get(f"days-{word}", ""),
            }
            for word in _asked_for(request, typed)
        ],
        "parts": [(code, _(name)) for code, name in parts_of(settings.COUNTRY).items()],
        "identifiers": [
            {"id": word, "name": name, "is_on": word in typed.get("identifiers", ())}
            for word, name in IDENTIFIERS.items() if word in _found_by(request, typed)
        ],
    }  # fmt: skip
    return render(request, "asked/profile.html", context, status=status)


def _asked_for(request: HttpRequest, typed: Mapping[str, Any]) -> list[str]:
    """The data that some measure asks of such an organisation, and what it said it holds."""
    known = {word for one in _measures(request) for word in one.data}
    words = load_words().categories
    return [word for word in words if not known or word in known or typed.get(f"held-{word}")]


def _found_by(request: HttpRequest, typed: Mapping[str, Any]) -> set[str]:
    """The identifiers that such measures take, and those that were said."""
    fields = {field for one in _measures(request) for field in one.fields}
    known = {word for field in fields for word in IDENTIFIERS_OF.get(field, ())}
    return {*(known or IDENTIFIERS), *typed.get("identifiers", ())}


def _measures(request: HttpRequest) -> list[Measure]:
    """What an organisation of this kind can be asked."""
    kind = request.actor.organisation_kind  # type: ignore[attr-defined]
    return [one for one in load_measures().values() if kind in one.addressees]


def typed_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """A stored profile as its form shows it."""
    typed: dict[str, Any] = {name: ", ".join(body.get(name, [])) for name in LISTS}
    typed |= {name: body.get(name, "") for name in TEXTS}
    typed["cgnat"] = {True: "yes", False: "no"}.get(body.get("cgnat"), "")  # type: ignore[arg-type]
    typed["longest_days"] = str(body.get("longest_days", "") or "")
    typed["identifiers"] = body.get("identifiers", [])
    typed["calendar"] = body.get("calendar", "")
    for word, days in body.get("data", {}).items():
        typed |= {f"held-{word}": "on", f"days-{word}": "" if days is None else str(days)}
    return typed


def read_form(typed: QueryDict) -> tuple[dict[str, Any], dict[str, str]]:
    """The profile that was typed, and what is wrong by field; nothing typed is nothing said."""
    problems: dict[str, str] = {}
    body: dict[str, Any] = {}
    data: dict[str, int | None] = {}
    for word in load_words().categories:
        if typed.get(f"held-{word}"):
            data[word] = _days(typed, f"days-{word}", problems)
    if data:
        body["data"] = data
    if typed.get("cgnat") in ("yes", "no"):
        body["cgnat"] = typed["cgnat"] == "yes"
    if (longest := _days(typed, "longest_days", problems)) is not None:
        body["longest_days"] = longest
    if calendar := typed.get("calendar", "").strip()[:16]:
        body["calendar"] = calendar
    chosen = [word for word in IDENTIFIERS if word in typed.getlist("identifiers")]
    if chosen:
        body["identifiers"] = chosen
    for name in LISTS:
        if parts := [part.strip() for part in typed.get(name, "").split(",") if part.strip()]:
            body[name] = parts
    for name in TEXTS:
        if text := typed.get(name, "").strip():
            body[name] = text
            if len(text) > LONGEST:
                problems[name] = _("This has %(count)s characters; %(most)s are taken.") % {
                    "count": len(text), "most": LONGEST,
                }  # fmt: skip
    return body, problems


def _days(typed: QueryDict, name: str, problems: dict[str, str]) -> int | None:
    text = typed.get(name, "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and 0 < int(text[:9]) <= MOST_DAYS:
        return int(text)
    problems[name] = _(
        "“%(value)s” is no number of days. Write a whole number from 1 to %(most)s, or nothing."
    ) % {"value": text[:20], "most": MOST_DAYS}
    return None


def _version(row: AddresseeProfile, older: AddresseeProfile | None) -> dict[str, Any]:
    """One version, and which parts of it are not as before."""
    before = older.body if older else {}
    names = sorted({*row.body, *before})
    return {
        "row": row, "is_first": older is None,
        "changed": [_part(name) for name in names if row.body.get(name) != before.get(name)],
    }  # fmt: skip


def _part(name: str) -> str:
    names = {
        "data": _("data held"), "cgnat": _("carrier-grade NAT"), "identifiers": _("identifiers"),
        "longest_days": _("longest period"), "formats": _("formats"),
        "languages": _("languages"), "hours": _("hours"), "costs": _("costs"), "note": _("note"),
        "calendar": _("holidays"),
    }  # fmt: skip
    return names.get(name, name)


@require_GET
@allowed("asked:desk")
def figures(request: HttpRequest) -> HttpResponse:
    """The desk's own statistics of the last 90 days; nobody else's."""
    actor: Actor = request.actor  # type: ignore[attr-defined]
    since = request.at - LOOKED_BACK  # type: ignore[attr-defined]
    key = f"asked:figures:{actor.organisation_id}"
    found, counted_at = cache.get(key) or (None, request.at)  # type: ignore[attr-defined]
    if found is None:
        found = asked_queries.figures(actor, since=since)
        cache.set(key, (found, counted_at), COUNTED_FOR_SECONDS)
    share = round(100 * found.in_time / found.answered) if found.answered else None
    context = {
        "found": found, "since": since, "in_time_percent": share,
        "counted_at": counted_at,
        "grounds": [(word_of("grounds", code), count) for code, count in found.by_ground],
        "measures": [row | {"name": measure_words(row["measure"])} for row in found.by_measure],
    }  # fmt: skip
    return render(request, "asked/figures.html", context)
