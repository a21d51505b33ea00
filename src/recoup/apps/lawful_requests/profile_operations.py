"""What an organisation says of itself to those who ask it; each change is a new version.

It is its own word. A change by which it is asked less (it holds less, for a shorter time, is found
by fewer identifiers) is told to the ministry, which may look whether the law lets it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import uuid4

from django.conf import settings

from recoup.apps.audit import operations as audit
from recoup.apps.cases.models import Task
from recoup.apps.lawful_requests.models import AddresseeProfile
from recoup.apps.lawful_requests.refusals import RequestRefused, line, told, words
from recoup.apps.members.models import Organisation
from recoup.core.access import Actor
from recoup.core.said import Said, SaidList
from recoup.core.text import shown_safely
from recoup.data.calendars import parts_of

# Each part and what it is made of.
PARTS: Final[Mapping[str, type]] = {
    "data": dict, "cgnat": bool, "identifiers": list, "longest_days": int, "formats": list,
    "languages": list, "hours": str, "costs": str, "note": str,
    "calendar": str,
}  # fmt: skip
MOST_DAYS: Final = 36_500
LONGEST: Final = 10_000  # of one part
LOOKED_AT_WITHIN: Final = timedelta(hours=72)  # by the ministry; requests go on meanwhile


@told("profile:change")
def change_profile(*, body: Mapping[str, Any], by: Actor, at: datetime) -> AddresseeProfile:
    """Say what is held and for how long, how customers are found, in what form answers come."""
    clean = read_profile(body)
    last = (
        AddresseeProfile.objects.filter(organisation_id=by.organisation_id)
        .order_by("-version")
        .first()
    )
    if last is not None and last.body == clean:
        return last
    made = AddresseeProfile.objects.create(
        organisation_id=by.organisation_id, version=last.version + 1 if last else 1, body=clean,
        person_id=by.named_person, role=by.role, at=at,
    )  # fmt: skip
    audit.record(
        what="profile:changed", about=f"organisation:{by.organisation_id}", by=by, at=at,
        version=made.version,
    )  # fmt: skip
    if narrower := narrows(last.body if last else {}, clean):
        _tell_ministry(made, narrower, by=by, at=at)
    return made


def narrows(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The parts by which an organisation says that it can be asked less than it said before."""
    parts = []
    held, left = before.get("data") or {}, now.get("data") or {}
    # Nothing said means not known: the first list leaves out what is not in it.
    if left and (not held or any(_less(held, left, category) for category in held)):
        parts.append("data")
    if _shorter(before.get("longest_days"), now.get("longest_days")):
        parts.append("longest_days")
    if now.get("cgnat") and not before.get("cgnat"):
        parts.append("cgnat")
    found, taken = set(before.get("identifiers") or ()), set(now.get("identifiers") or ())
    if taken and (not found or found - taken):
        parts.append("identifiers")
    if before.get("calendar") != now.get("calendar"):  # other holidays, other ends of its time
        parts.append("calendar")
    return parts


def _less(held: Mapping[str, Any], left: Mapping[str, Any], category: str) -> bool:
    return category not in left or _shorter(held[category], left[category])


def _shorter(before: int | None, now: int | None) -> bool:
    """Whether so many days are fewer; none means without end."""
    return now is not None and (before is None or now < before)


def _tell_ministry(
    made: AddresseeProfile, parts: Sequence[str], *, by: Actor, at: datetime
) -> None:
    """A line of the trail, and a task for the ministry."""
    audit.record(
        what="profile:narrowed", about=f"organisation:{by.organisation_id}", by=by, at=at,
        version=made.version, parts=", ".join(parts),
    )  # fmt: skip
    ministry = Organisation.objects.filter(kind="ministry").order_by("id").first()
    if ministry is None or ministry.id == by.organisation_id:
        return
    Task.objects.create(
        about=uuid4(), kind="profile_narrowed", owner=ministry,
        issuer_id=by.organisation_id, opened_at=at, due_at=at + LOOKED_AT_WITHIN,
        values={"place": made.organisation.name},
    )  # fmt: skip


def read_profile(body: Mapping[str, Any]) -> dict[str, Any]:
    """The profile in its stored form; raises RequestRefused with the part that is wrong.

    data: by category the days it is kept, or null for as long as somebody is a customer.
    """
    for part, value in body.items():
        if part not in PARTS:
            raise _wrong(part)
        if type(value) is not PARTS[part] or len(str(value)) > 10_000:
            raise _wrong(part)
    for days in (*body.get("data", {}).values(), body.get("longest_days")):
        if days is not None and not (type(days) is int and 0 < days <= MOST_DAYS):
            raise _wrong("data")
    for part in ("identifiers", "formats", "languages"):
        if not all(isinstance(word, str) for word in body.get(part, [])):
            raise _wrong(part)
    calendar, known = body.get("calendar", ""), parts_of(settings.COUNTRY)
    if calendar and calendar not in known:
        raise RequestRefused(
            "no_such_calendar",
            Said("%(code)s is no part of this country with a calendar of its own. Known are: "
                 "%(known)s.", code=shown_safely(calendar)[:40], known=SaidList(known or ["-"])),
            field="calendar",
        )  # fmt: skip
    return {part: _readable(part, value) for part, value in sorted(body.items())}


def _readable(part: str, value: Any) -> Any:
    """A part with its texts as they are kept; raises RequestRefused with the part."""
    if isinstance(value, str):
        return words(value, part, LONGEST)
    if isinstance(value, list):
        return [line(word, part, 64) for word in value]
    if isinstance(value, dict):
        return {line(word, part, 64): days for word, days in value.items()}
    return value


def _wrong(part: str) -> RequestRefused:
    part = shown_safely(part)[:40]
    said = Said("%(part)s is not understood as part of a profile.", part=part)
    return RequestRefused("not_a_profile", said, field=part)
