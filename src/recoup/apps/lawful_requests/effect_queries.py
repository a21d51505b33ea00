"""What was kept or stopped before for the same account, by whom asks now: the sum, and what lasts.

One statement for any number of targets, in a function of the database: whoever is asked to decide
sees what the same unit had ordered by another authority, and nothing of anybody else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import connection

from recoup.apps.lawful_requests.request_content import Target
from recoup.apps.lawful_requests.request_counting import own_calendar
from recoup.apps.lawful_requests.request_law import Law
from recoup.core.law import Choice, Effect, since_new, spent, why_not_longer
from recoup.core.said import Said

SHOWN: Final = 10  # so many are named
Key = tuple[str, str, str]  # power, addressee, identifier


@dataclass(frozen=True, slots=True)
class Wanted:
    """A request as far as it is checked. requester: its organisation's id; kind: what it is."""

    measure: str
    danger: str
    content: Mapping[str, Any]
    requester: int
    kind: str
    own: UUID | None = None  # the request itself, which is no duplicate of itself
    submitted_at: datetime | None = None  # by whose day's profiles it is judged; None: today's

    @property
    def extends(self) -> str:
        """The reference of the request whose effect it would make longer; empty for most."""
        return str(self.content.get("extends", ""))


@dataclass(frozen=True, slots=True)
class Lasting:
    """What is told of one target. before: references of what counts together with it."""

    before: tuple[str, ...] = ()
    hours: int = 0
    not_longer: Said | None = None


def effects_before(wanted: Wanted, targets: Sequence[Target], law: Law) -> dict[Key, list[Effect]]:
    """Effects by power, addressee and identifier; none where the law gives no longest time."""
    found: dict[Key, list[Effect]] = {}
    if not any(one.effect for one in law.powers if one.measure == wanted.measure):
        return found
    asked = [
        {"addressee": target.addressee, "value": one.value}
        for target in targets
        for one in target.identifiers
    ]
    with connection.cursor() as cursor:
        cursor.execute(
            "select * from effects_before(%s, %s, %s, %s)",
            [wanted.own, wanted.requester, wanted.measure, json.dumps(asked)],
        )
        rows = cursor.fetchall()
    for power, addressee, value, *told in rows:
        found.setdefault((power, addressee, value), []).append(Effect(*told))
    return found


def lasting(
    wanted: Wanted, target: Target, choice: Choice | None, effects: Mapping[Key, list[Effect]], *,
    at: datetime,
) -> Lasting:  # fmt: skip
    """What was kept or stopped for this target; of an extension, why it is none."""
    if choice is None or not choice.power.effect:
        return Lasting(not_longer=_no_longest() if wanted.extends else None)
    power = choice.power
    own = [effects.get((power.power, target.addressee, i.value), []) for i in target.identifiers]
    known = list(dict.fromkeys(one for rows in own for one in rows))
    if not wanted.extends:
        counted = since_new(known)
        hours = int(spent(counted) / timedelta(hours=1))
        return Lasting(tuple(one.request for one in counted[:SHOWN]), hours)
    if wanted.danger:
        return Lasting(not_longer=Said("An extension is no emergency: it is decided as the law "
                                       "says, by the role that may."))  # fmt: skip
    # The order that is extended is one ticket, with everything that is named now.
    there = [one for one in known if one.request == wanted.extends
             and all(one in rows for rows in own)]  # fmt: skip
    effect = there[0] if there else None
    said = why_not_longer(power, effect, known, own_calendar(), at=at)
    return Lasting(not_longer=said)


def _no_longest() -> Said:
    return Said("This law gives no longest time: there is nothing to extend.")
