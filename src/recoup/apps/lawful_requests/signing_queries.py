"""Who signs, as their mandate says now, not when they signed in."""

from __future__ import annotations

from uuid import UUID

from recoup.apps.members.models import Mandate
from recoup.core.authorisation import MayNotDecide, Signer
from recoup.core.said import Said


def signer_of(mandate_id: UUID | None) -> Signer:
    """Who signs, as their mandate says now, not when they signed in."""
    rows = Mandate.objects.select_related("person")
    row = rows.filter(pk=mandate_id).first() if mandate_id else None
    if row is None:
        raise MayNotDecide("mandate_not_valid", Said("Your mandate is not in force at this time."))
    return Signer(
        person=row.person_id, role=row.role, organisation=row.organisation_id,
        valid_from=row.valid_from, valid_until=row.valid_until, is_system=row.person.is_system,
    )  # fmt: skip
