"""Stores a country's law as a numbered version, and the standing instructions that rest on it.

A version is never changed: another text is another number. Runs as the owner, from a command; a
ministry's own changes are ``law_operations``.
"""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from recoup.apps.lawful_requests.models import PackVersion, StandingInstruction
from recoup.apps.members.models import Mandate, Organisation
from recoup.core.law import Pack


class SamePerson(Exception):
    """A standing instruction is signed by two different persons."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} cannot sign twice. A standing instruction has two signers.")


def store_pack(pack: Pack, *, at: datetime) -> PackVersion:
    """The version of this text: the one that is stored already, or a new number.

    The number is that of the text, so that a paper and the file name the same version; where that
    is taken, the next. Once the ministry has changed the law itself, our files replace nothing any
    more: then this is the version in force.
    """
    digest = bytes.fromhex(pack.sha256)
    stored = PackVersion.objects.filter(country=pack.country).order_by("-number")
    known, last = stored.filter(digest=digest).first(), stored.first()
    if known is not None:
        return known
    if last is not None and stored.filter(draft__isnull=False).exists():
        return last
    return PackVersion.objects.create(
        country=pack.country, number=max(pack.version, last.number + 1 if last else 1),
        digest=digest,
        body=pack.canonical, loaded_at=at,
        in_force_from=at.astimezone(ZoneInfo(pack.time_zone)).date(),
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
            "reference": instruction_reference(measure, pack.number),
            "first_signer": first.person, "second_signer": second.person,
            "first_role": first.role.replace("_", " "),
            "second_role": second.role.replace("_", " "),
            "signed_at": at,
        },
    )  # fmt: skip
    return instruction


def instruction_reference(measure: str, number: int) -> str:
    """The measure and the version of the law in 24 characters; the version is never cut off."""
    version = f"-{number}"
    return f"SI-{measure.upper()}"[: 24 - len(version)] + version
