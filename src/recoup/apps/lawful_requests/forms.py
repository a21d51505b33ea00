"""What a desk types to find a ticket: an account number or a ticket's reference."""

from __future__ import annotations

from dataclasses import dataclass

from recoup.apps.said import reason
from recoup.core.accounts import read_account
from recoup.core.reference import ReferenceKind, read_reference
from recoup.core.text import NotReadable, read_search


@dataclass(frozen=True, slots=True)
class Sought:
    """What was asked for: an account's key or a ticket's reference, never both; or a problem."""

    text: str = ""
    ident: str = ""
    reference: str = ""
    problem: str = ""


def read_sought(text: str) -> Sought:
    """Read the search field. Accounts are compared whole and in one form, never by a part."""
    try:
        kept = read_search(text, field="q")
    except NotReadable as problem:
        return Sought(text, problem=reason(problem))
    if not kept:
        return Sought()
    try:
        if kept.upper().startswith(ReferenceKind.TICKET.value):
            reference = read_reference(kept, kind=ReferenceKind.TICKET, field="q")
            return Sought(kept, reference=reference.text)
        return Sought(kept, ident=read_account(kept, field="q").ident)
    except NotReadable as problem:
        return Sought(kept, problem=reason(problem))
