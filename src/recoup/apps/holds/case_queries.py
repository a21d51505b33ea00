"""What members of a case read of facts that stay with the two sides of a ticket.

Each comes from a definer function that asks for the membership itself, and gives no more than named
here: no booking leaves by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection


@dataclass(frozen=True, slots=True)
class WindowTold:
    """A disclosure behind a case's trail: its bounds, and by how much it does not add up."""

    account_id: UUID
    from_at: datetime
    to_at: datetime
    opening_minor: int
    closing_minor: int
    is_complete: bool
    difference_minor: int


def windows_of_case(case_id: UUID) -> list[WindowTold]:
    """The disclosures of a case's accounts in the order they came, for its members."""
    with connection.cursor() as cursor:
        cursor.execute("select * from windows_of_case(%s)", [case_id])
        return [WindowTold(*row) for row in cursor.fetchall()]


def block_references(case_id: UUID) -> dict[UUID, str]:
    """Under which reference the bank keeps its block, by the hold it was told for."""
    with connection.cursor() as cursor:
        cursor.execute("select request, reference from block_references_of_case(%s)", [case_id])
        return dict(cursor.fetchall())


def first_ends(case_ids: list[UUID]) -> dict[UUID, datetime]:
    """When the first hold of each case ends that is in force and has an end."""
    with connection.cursor() as cursor:
        cursor.execute("select case_id, until from first_hold_ends(%s)", [case_ids])
        return dict(cursor.fetchall())
