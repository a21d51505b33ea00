"""How an institution's screen writes bookings: confirmed by one of its people, then remembered.

A profile is declared and never guessed (decision 16). The hub may propose one that fits what was
pasted; it counts once a person has confirmed it, and for the whole institution.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from recoup.apps.audit import operations as audit
from recoup.apps.holds.models import BookingProfile
from recoup.core.access import Actor
from recoup.standards.booking_lines import Profile


@transaction.atomic
def confirm_profile(*, profile: Profile, by: Actor, at: datetime) -> BookingProfile:
    """Remember for the actor's institution how its screen writes; earlier ones stay on record."""
    row = BookingProfile(
        institution_id=by.organisation_id, separator=profile.separator, decimal=profile.decimal,
        dates=profile.dates, columns=",".join(profile.columns), confirmed_by_id=by.named_person,
        confirmed_at=at,
    )  # fmt: skip
    BookingProfile.objects.bulk_create([row])
    audit.record(
        what="booking_profile:confirmed", about=f"booking_profile:{row.id}", by=by, at=at,
        separator=row.separator, decimal=row.decimal, dates=row.dates, columns=row.columns,
    )  # fmt: skip
    return row


def profile_of(row: BookingProfile) -> Profile:
    """The profile that a row remembers."""
    return Profile(row.separator, row.decimal, row.dates, tuple(row.columns.split(",")))
