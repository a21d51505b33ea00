"""Everybody who had a hand in a request: who wrote, changed, submitted, replied, or added to it.

None of them decides on it, hears a decision on it, or confirms one. The database keeps the list
from who is acting, whatever the operation; ``record`` is for what it cannot see by itself.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from recoup.apps.lawful_requests.models import Request
from recoup.apps.lawful_requests.request_content import targets_of
from recoup.apps.members.models import Mandate, Organisation
from recoup.core.authorisation import Submitted


def of(found: Request) -> frozenset[UUID]:
    """Everybody who had a hand in a request."""
    return frozenset(found.hands) | {found.author_id}


def submitted(found: Request, *, confirming: bool = False) -> Submitted:
    """What is to be decided on, as the rules of deciding see it."""
    codes = [target.addressee for target in targets_of(found.content)]
    addressees = Organisation.objects.filter(code__in=codes).values_list("id", flat=True)
    authority = (found.confirmer_id if confirming else None) or found.authority_id or 0
    return Submitted(of(found), found.issuer_id, authority, frozenset(addressees))


def answers_for(found: Request) -> UUID:
    """Who answers for a request: whoever submitted it or replied last, else its author."""
    return found.submitter_id or found.author_id


def is_answered_for(found: Request, *, at: datetime) -> bool:
    """Whether who answers for a request still has a mandate at the unit that asks."""
    return has_mandate(answers_for(found), found.issuer_id, at=at)


def has_mandate(person: UUID, organisation_id: int, *, at: datetime) -> bool:
    rows = Mandate.objects.filter(person_id=person, organisation_id=organisation_id)
    spans = rows.filter(valid_from__lte=at).values_list("valid_until", flat=True)
    return any(until is None or until > at for until in spans)
