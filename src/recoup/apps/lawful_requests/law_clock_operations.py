"""When a change of the law comes into force: on its day in the country, once, by the hub's sweep.

The row that became a version says so, and a version's number and digest are there once: a restart
in between, or a second worker, changes nothing. Runs as the planner; the database takes from it
only the bytes that were approved.
"""

from __future__ import annotations

import json
from datetime import date, datetime
from typing import Any

from django.db import transaction

from recoup.apps.audit import operations as audit
from recoup.apps.lawful_requests.law_operations import local_day
from recoup.apps.lawful_requests.models import PackDraft, PackVersion
from recoup.apps.lawful_requests.request_law import pack_of
from recoup.apps.members import queries as members

OVERTAKEN = "The law was changed by another version first."


@transaction.atomic
def come_into_force(*, at: datetime) -> int:
    """Bring into force what is approved and due at a moment; returns how many versions began."""
    due = (
        PackDraft.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(state="approved")
        .select_related("based_on", "organisation")
        .order_by("comes_into_force_on", "id")
    )
    return sum(_begin(found, at=at) for found in due)


def _begin(found: PackDraft, *, at: datetime) -> bool:
    """One change, if its day has come there; one that another version overtook is taken back."""
    today, day = local_day(pack_of(found.based_on), at), found.comes_into_force_on
    if day is None or day > today:
        return False
    newest = PackVersion.objects.filter(country=found.country).latest("number")
    if newest.id != found.based_on_id:
        found.state, found.answer = "withdrawn", OVERTAKEN
        _save(found, "law:overtaken", at=at)
        return False
    found.became = _version_of(found, newest, today, at=at)
    found.state = "in_force"
    _save(found, "law:in_force", at=at, number=found.became.number)
    return True


def _version_of(found: PackDraft, newest: PackVersion, today: date, *, at: datetime) -> PackVersion:
    """Numbered as its own text says, where that is free: the file of a country counts by itself."""
    number = max(newest.number + 1, int(json.loads(bytes(found.body))["version"]))
    return PackVersion.objects.create(
        country=found.country, number=number, digest=found.digest, body=found.body,
        loaded_at=at, in_force_from=today,
    )  # fmt: skip


def _save(found: PackDraft, what: str, *, at: datetime, **facts: Any) -> None:
    found.changed_at = at
    found.save(update_fields=["state", "answer", "became", "changed_at"])
    audit.record(
        what=what, about=f"law:{found.id}", by=members.hub_actor(found.organisation), at=at,
        sha256=bytes(found.digest).hex(), **facts,
    )  # fmt: skip
