"""Powers as small as a test needs them: no country's law."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from recoup.core.law import Emergency, LegalBasis, Limit, Power, Unit

BASIS = LegalBasis(
    basis="test", instrument="An invented act", article="art. 1", text="For tests only.",
    binding=True, confirmed=False, assumed=True, source="assumed", to_check="",
)  # fmt: skip
EMERGENCY = Emergency(
    dangers=("life", "flight_of_money"), authorised_by=("unit_head", "prosecutor"),
    confirmed_by=("prosecutor", "judge"), confirm_within=Limit(24, Unit.HOURS),
)  # fmt: skip
POWER = Power(
    power="test.subscriber", measure="subscriber_domestic", data=("subscriber",),
    legal_basis=BASIS, requested_by=("police", "prosecutor", "fiu"),
    authorised_by=("prosecutor",), addressees=("isp", "telecom", "bank"),
    acknowledge_within=Limit(24, Unit.HOURS), answer_within=Limit(7, Unit.DAYS),
)  # fmt: skip


def power(*, oral: bool = False, emergency: bool = False, **changed: Any) -> Power:
    """A power; orally: to be confirmed in writing within two days; emergency: as above."""
    found = replace(POWER, **changed)
    if oral:
        found = replace(found, written_within=Limit(48, Unit.HOURS))
    if emergency:
        ranks = changed.get("authorised_by") or EMERGENCY.authorised_by
        found = replace(found, emergency=replace(EMERGENCY, authorised_by=tuple(ranks)))
    return found
