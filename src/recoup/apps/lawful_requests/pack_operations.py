"""Stores a country's law as a numbered version, and the standing instructions that rest on it.

A version is never changed: another text is another number. Runs as the owner, from a command.
"""

from __future__ import annotations

from datetime import datetime

from recoup.apps.lawful_requests.models import PackVersion, StandingInstruction
from recoup.apps.members.models import Mandate, Organisation
from recoup.core.law import Pack


class SamePerson(Exception):
    """A standing instruction is signed by two different persons."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} cannot sign twice. A standing instruction has two signers.")


def store_pack(pack: Pack, *, at: datetime) -> PackVersion:
    """The version of this text: the one that is stored already, or a new number."""
    digest = bytes.fromhex(pack.sha256)
    known = PackVersion.objects.filter(country=pack.country, digest=digest).first()
    if known is not None:
        return known
    last = PackVersion.objects.filter(country=pack.country).order_by("-number").first()
    return PackVersion.objects.create(
        country=pack.country, number=last.number + 1 if last else 1, digest=digest,
        body=pack.canonical, loaded_at=at,
    )  # fmt: skip


def sign_standing_instruction(
    *, issuer: Organisation, measure: str, pack: PackVersion, first: Mandate, second: Mandate,
    at: datetime,
) -> StandingInstruction:  # fmt: skip
    """Let a measure leave unattended under this pack; signed by two persons of the issuing unit.

    Raises SamePerson.
    """
    if first.person_id == second.person_id:
        raise SamePerson(first.person.full_name)
    instruction, _ = StandingInstruction.objects.get_or_create(
        issuer=issuer, measure=measure, pack=pack,
        defaults={
            "reference": f"SI-{measure.upper()}-{pack.number}"[:24],
            "first_signer": first.person, "second_signer": second.person,
            "first_role": first.role.replace("_", " "),
            "second_role": second.role.replace("_", " "),
            "signed_at": at,
        },
    )  # fmt: skip
    return instruction
