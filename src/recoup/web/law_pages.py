"""The country's law as everybody in the hub reads it: powers by measure, versions, two compared."""

from __future__ import annotations

from typing import Any, Final

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from recoup.apps.lawful_requests import law_operations as operations
from recoup.apps.lawful_requests import law_queries
from recoup.apps.lawful_requests.models import PackDraft, PackVersion
from recoup.apps.lawful_requests.request_law import OF_THE_CHAIN, pack_of
from recoup.apps.members.allowed import allowed
from recoup.apps.sought import Sought, searchable
from recoup.core.law import Pack, compare
from recoup.data import load_measures
from recoup.web import law_words

Request = Any  # HttpRequest with ``actor`` and ``at`` set by the scope
FILTERS: Final = (
    ("", _("All measures")),
    ("confirmed", _("Confirmed")),
    ("not_confirmed", _("Not confirmed")),
    ("assumed", _("Invented")),
    ("missing", _("No power known")),
)


@allowed("law:see")
@searchable("standing", "version")
def law(request: Request) -> HttpResponse:
    """One version, the one in force unless another is asked for."""
    stored = list(law_queries.versions())
    shown = _version(stored, request.GET.get("version", ""))
    pack, coming = pack_of(shown), law_queries.coming()
    wanted, sought = request.GET.get("standing", ""), request.sought
    groups = [group for group in measures(pack) if _is_found(group, sought.words)]
    return render(
        request, "law/law.html",
        {
            "pack": pack, "shown": said_version(shown), "is_in_force": shown == stored[0],
            "versions": [said_version(version) for version in stored],
            "coming": coming, "coming_differences": _coming(coming, stored[0]),
            "standings": _standings(groups),
            "groups": [group for group in groups if _fits(group, wanted)],
            "filters": _filters(
                groups, wanted, sought=sought,
                version="" if shown == stored[0] else str(shown.number),
            ),
            "wanted": wanted, "q": sought.words,
        },
    )  # fmt: skip


@require_GET
@allowed("law:see")
def compared(request: Request) -> HttpResponse:
    """Two versions beside each other; without a choice the last two."""
    stored = list(law_queries.versions())
    after = _version(stored, request.GET.get("after", ""))
    older = [one for one in stored if one.number < after.number]
    asked = request.GET.get("before", "")
    before = _version(stored, asked) if asked else (older or stored)[0]
    differences = compare(pack_of(before), pack_of(after))
    return render(
        request, "law/compare.html",
        {
            "versions": [said_version(version) for version in stored],
            "before": said_version(before), "after": said_version(after),
            "pack": pack_of(after),
            "differences": [law_words.difference(one) for one in differences],
        },
    )  # fmt: skip


def _coming(found: PackDraft | None, newest: PackVersion) -> list[dict[str, Any]]:
    """What an approved change will change, on its day."""
    if found is None:
        return []
    after = operations.read_text(bytes(found.body), country=found.country)
    return [law_words.difference(one) for one in compare(pack_of(newest), after)]


def _standings(groups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """How many powers stand how, for those standings that there are."""
    found = [power["standing"] for group in groups for power in group["powers"]]
    return [
        {"said": label, "count": found.count(key)} for key, label in FILTERS if key in found
    ]  # fmt: skip


def _version(stored: list[PackVersion], asked: str) -> PackVersion:
    """The version of a number, the newest where none is asked; else there is none such."""
    if not stored:
        raise Http404
    if not asked:
        return stored[0]
    found = next((one for one in stored if str(one.number) == asked), None)
    if found is None:
        raise Http404
    return found


def said_version(version: PackVersion) -> dict[str, Any]:
    """A version as the pages tell it, with the persons of the change it came from."""
    draft = getattr(version, "draft", None)
    return {
        "number": version.number, "in_force_from": version.in_force_from,
        "digest": bytes(version.digest).hex(),
        "author": draft.author.full_name if draft else "",
        "approver": draft.approver.full_name if draft and draft.approver else "",
        "ground": draft.ground if draft else "",
    }  # fmt: skip


def measures(pack: Pack) -> list[dict[str, Any]]:
    """Every measure that there is, with its powers in this law, or what is said of it."""
    found = []
    for word, measure in load_measures().items():
        powers = [law_words.power(power) for power in pack.powers_for(word)]
        missing = None if powers else pack.missing_for(word)
        found.append({
            "measure": word, "name": law_words.measure(word), "asks": measure.asks,
            "powers": powers, "missing": missing,
            "missing_is_public": missing is not None and missing.source.startswith("https://"),
            "is_of_the_chain": word in OF_THE_CHAIN,
            "standings": {one["standing"] for one in powers} or {"missing"},
            "tags": _tags(powers), "laws": list(dict.fromkeys(one["law"] for one in powers)),
        })  # fmt: skip
    return found


def _fits(group: dict[str, Any], wanted: str) -> bool:
    return not wanted or wanted in group["standings"]


def _tags(powers: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """How the powers of a measure stand, each standing once."""
    found = [(one["standing_said"], one["tone"]) for one in powers]
    return list(dict.fromkeys(found)) or [(gettext("no power known"), "bad")]


def _is_found(group: dict[str, Any], q: str) -> bool:
    """Whether a measure's name, law or article has the words in it, in the reader's language."""
    told = [group["measure"], group["name"]]
    told += [part for power in group["powers"] for part in (power["id"], power["law"])]
    return all(word in " ".join(told).casefold() for word in q.casefold().split())


def _filters(
    groups: list[dict[str, Any]], wanted: str, *, sought: Sought, version: str
) -> list[dict[str, Any]]:
    return [
        {"label": label, "url": sought.address(standing=key, version=version),
         "is_current": key == wanted, "count": sum(_fits(group, key) for group in groups)}
        for key, label in FILTERS
    ]  # fmt: skip
