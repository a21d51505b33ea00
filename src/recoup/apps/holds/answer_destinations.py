"""Where an answer's debits went: each account read, its keeper found, its row made, all at once.

An answer may name thousands of accounts, so the directory is asked once a keeper and the accounts
are made by one statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection

from recoup.apps.lawful_requests.models import Ticket
from recoup.apps.members import queries as members
from recoup.core.accounts import AccountIdentifier, read_account
from recoup.core.answer import AnswerRefused, AnswerTold, DestinationTold, Problem
from recoup.core.said import Said
from recoup.core.text import NotReadable

Place = tuple[UUID | None, str, str]
Wanted = tuple[int, str, str, str]


@dataclass(slots=True)
class _Reading:
    """What was found so far: keepers by the hint in the number, places and accounts by debit."""

    currency: str
    keepers: dict[str, int | None] = field(default_factory=dict)
    places: dict[str, Place] = field(default_factory=dict)
    accounts: dict[str, Wanted] = field(default_factory=dict)


def read_destinations(content: AnswerTold, ticket: Ticket) -> dict[str, Place]:
    """Reference of a debit -> (account id or None, sink, place); raises AnswerRefused."""
    if content.window is None:
        return {}
    reading, problems = _Reading(ticket.currency), []
    for debit in content.window.debits:
        if debit.to is None:
            continue
        try:
            _read(debit.reference, debit.to, reading)
        except NotReadable as problem:
            message = Said(
                "Debit %(debit)s: %(problem)s", debit=debit.reference, problem=problem.said
            )
            problems.append(Problem("window.debits.to", debit.to.ident, message))
    if problems:
        raise AnswerRefused(tuple(problems))
    ids = _account_ids(sorted(set(reading.accounts.values())))
    named = {debit: (ids[wanted], "", "") for debit, wanted in reading.accounts.items()}
    return {**reading.places, **named}


def _read(debit: str, to: DestinationTold, reading: _Reading) -> None:
    if to.kind != "account":
        reading.places[debit] = (None, to.kind, to.place or to.ident)
        return
    identifier = read_account(to.ident, scheme=to.scheme or None)
    keeper = _keeper(identifier, reading)
    if keeper is not None:
        ccy = to.credit_currency or reading.currency
        reading.accounts[debit] = (keeper, identifier.scheme, identifier.ident, ccy)
    elif identifier.country and identifier.country != members.competent_unit().country:
        reading.places[debit] = (None, "abroad", identifier.ident)
    else:
        raise NotReadable(
            "to", to.ident, Said("No institution in the directory keeps this account."),
            Said("Check the number, or answer with kind other and say what is known."),
        )  # fmt: skip


def _keeper(identifier: AccountIdentifier, reading: _Reading) -> int | None:
    """The institution's id. Accounts with one bank code have one keeper; others are looked up."""
    known_by = identifier.institution_hint if identifier.scheme == "iban" else identifier.ident
    if known_by not in reading.keepers:
        institution = members.institution_of(identifier)
        reading.keepers[known_by] = institution.id if institution else None
    return reading.keepers[known_by]


def _account_ids(wanted: Sequence[Wanted]) -> dict[Wanted, UUID]:
    """The accounts' ids, new or not, by the one definer function that may tell; in one order."""
    if not wanted:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(
            "select account_for(i, s, a, c) from "
            "unnest(%s::int[], %s::text[], %s::text[], %s::text[]) as n (i, s, a, c)",
            [list(column) for column in zip(*wanted, strict=True)],
        )
        return dict(zip(wanted, (row[0] for row in cursor.fetchall()), strict=True))
