"""How an institution's statements are written: confirmed by one of its people, then remembered.

A profile is declared and never guessed (decision 16). The account is no part of what is remembered:
a file that does not name its account is of the account that the ticket asks about, as the clerk
confirms each time by looking at the preview.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import Max

from recoup.apps.audit import operations as audit
from recoup.apps.holds.statement_models import StatementProfile
from recoup.core.access import Actor
from recoup.standards.statements import Profile


@transaction.atomic
def confirm_statement_profile(
    *, profile: Profile, format: str, by: Actor, at: datetime
) -> StatementProfile:
    """Remember a way of writing for the actor's institution; the same again adds no version."""
    kept = replace(profile, account="")
    digest = headings_sha256(kept)
    rows = StatementProfile.objects.filter(
        institution_id=by.organisation_id, format=format, headings_sha256=digest
    )
    last = rows.order_by("-version").first()
    if last is not None and last.profile == json.loads(json.dumps(kept.as_json())):
        return last
    row = StatementProfile(
        institution_id=by.organisation_id, format=format, headings_sha256=digest,
        version=(rows.aggregate(last=Max("version"))["last"] or 0) + 1, profile=kept.as_json(),
        confirmed_by_id=by.named_person, confirmed_at=at,
    )  # fmt: skip
    StatementProfile.objects.bulk_create([row])
    audit.record(
        what="statement_profile:confirmed", about=f"statement_profile:{row.id}", by=by, at=at,
        format=format, version=row.version, headings=" | ".join(kept.headings)[:400],
        columns=",".join(kept.columns), decimal=kept.decimal, dates=kept.dates,
        encoding=kept.encoding, order=kept.order,
    )  # fmt: skip
    return row


def headings_sha256(profile: Profile) -> bytes:
    """What tells one table of an institution from another: its headings, as they stand."""
    return hashlib.sha256("\x1f".join(profile.headings).encode()).digest()
