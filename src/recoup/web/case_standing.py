"""How a case stands by its claims: one reading for the tags of pages and lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from recoup.apps.holds.models import Claim


@dataclass(frozen=True, slots=True)
class Standing:
    """is_adopted: an officer stands behind all of it. is_confirmed, is_denied: the payer's bank
    said so of a claim. is_returned: all of it was stopped or recalled."""

    is_adopted: bool
    is_confirmed: bool
    is_denied: bool
    is_returned: bool
    waits_for_adoption: bool

    @property
    def needs_a_hold(self) -> bool:
        """Money of a report that stands is away: its holds are to be followed up."""
        return not (self.is_denied or self.is_returned)


def is_back(claim: Claim) -> bool:
    """The payer's bank stopped or recalled all of it."""
    return claim.returned_minor == claim.amount_minor


def standing_of(claims: Sequence[Claim]) -> Standing:
    return Standing(
        is_adopted=bool(claims) and all(claim.adopted_at for claim in claims),
        is_confirmed=any(claim.state == "confirmed" for claim in claims),
        is_denied=any(claim.state == "denied" for claim in claims),
        is_returned=bool(claims) and all(is_back(claim) for claim in claims),
        waits_for_adoption=any(c.state == "alleged" and not c.adopted_at for c in claims),
    )
