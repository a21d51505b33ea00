"""An officer's word on a link between reports: that it says nothing, or that it counts after all.

Nothing is deleted: each word is a row, and the last one counts. Holds do not follow from links.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from recoup.apps.cases.models import Case, LinkJudged
from recoup.apps.holds.operations import locked, tell
from recoup.core.access import Actor
from recoup.core.linking import Identifier

LINK_JUDGED = "link_judged"


@transaction.atomic
def judge(
    *, case: Case, other: Case, identifier: Identifier, counts: bool, ground: str, by: Actor,
    at: datetime,
) -> None:  # fmt: skip
    """Take back that the other case's report is linked by this identifier, or give it back.

    For these two cases: what the identifier says of a third one, nobody has looked at.
    """
    both = locked(case, other)
    who = ", ".join(filter(None, [by.person_name, by.organisation_name]))
    LinkJudged.objects.bulk_create(
        [
            LinkJudged(
                case=both[other.pk], judged_in=both[case.pk], kind=identifier.kind,
                value=identifier.value, counts=counts, ground=ground, by_name=who, at=at,
            )
        ]
    )  # fmt: skip
    for one, its in ((both[case.pk], other), (both[other.pk], case)):
        tell(
            one, LINK_JUDGED, by=by, at=at, other=its.reference, kind=identifier.kind,
            value=identifier.value, counts=counts, ground=ground,
        )  # fmt: skip
