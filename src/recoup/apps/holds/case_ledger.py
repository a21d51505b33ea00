"""The facts connected with a case as its members may trace them, with the source of each booking.

The one obvious place for a ledger of a case: the same facts as the planner's (``facts``), through a
definer function that asks for the membership itself. Nothing is stored; nothing follows from it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from recoup.apps.holds.facts import ENDED_CLAIM
from recoup.apps.holds.models import Hold
from recoup.apps.holds.wording import micros, moment
from recoup.core import chain
from recoup.core.chain.books import Books, credit_id, debit_id, timed
from recoup.core.tracing import RULES, Ledger

ACCOUNTS_AT_MOST = 4_000
BOOKINGS_AT_MOST = 40_000
# Exact fractions grow with every booking: twice the bookings take eight times as long.
EXACT_BOOKINGS_AT_MOST = 1_000


class TooManyAccounts(Exception):
    """So much is connected with the case that it is not traced while somebody waits."""


class AccountName(NamedTuple):
    """What people call an account, and where it is."""

    scheme: str
    ident: str
    institution: str
    kind: str


class Source(NamedTuple):
    """Where a transfer of the ledger was told. kind: ticket or report. place: who told it."""

    kind: str
    reference: str
    place: str
    told_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CaseLedger:
    """What is known of a case and of whatever is connected with it.

    told: by movement and side (is_credit), who told of it. places: of sinks, by movement.
    """

    case_id: UUID
    facts: chain.Facts
    names: Mapping[str, AccountName]
    told: Mapping[tuple[str, bool], Source]
    places: Mapping[str, str] = field(default_factory=dict)

    @property
    def claims(self) -> tuple[chain.ClaimFact, ...]:
        """The case's own claims."""
        return tuple(c for c in self.facts.claims if c.case == str(self.case_id))

    def is_too_large_for(self, rule: str) -> bool:
        """Whether a reader would wait too long for this rule, though not for the others."""
        return rule == "prorata_exact" and len(self.facts.sides) > EXACT_BOOKINGS_AT_MOST

    def under(self, rule: str, at: int | None = None) -> chain.Retraced:
        """What one rule says. What banks hold is no part of marks that overlap.

        Raises TooManyAccounts where the rule would take too long.
        """
        if self.is_too_large_for(rule):
            raise TooManyAccounts(len(self.facts.sides))
        known = self.facts if RULES[rule].conserves else replace(self.facts, holds=())
        return chain.retrace(known, rule=rule, at=at)

    def teller(self, movement: str | None) -> Source | None:
        """Who tells of a movement: the payer's bank, else the payee's."""
        if movement is None:
            return None
        return self.told.get((movement, False)) or self.told.get((movement, True))

    def working(self, rule: str, at: int | None = None) -> tuple[Ledger, dict[str, Source]]:
        """The ledger that is traced, with real times, and the source of each transfer by id."""
        books = self.under(rule, at).books
        return timed(books), dict(self.sources(books))

    def sources(self, books: Books) -> Iterator[tuple[str, Source]]:
        for (movement, is_credit), source in self.told.items():
            yield (credit_id if is_credit else debit_id)(movement), source
        for claim in self.facts.claims:
            told = self.told.get((claim.movement or "", True))
            yield books.label_of(claim.id), told or Source("report", claim.reference, "")


def ledger_of(case_id: UUID) -> CaseLedger | None:
    """The facts for a member of the case; None for anybody else. Raises TooManyAccounts."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select facts_of_case(%s, %s, %s)", [case_id, ACCOUNTS_AT_MOST, BOOKINGS_AT_MOST]
        )
        [found] = cursor.fetchone()
    if found is None:
        return None
    rows = json.loads(found) if isinstance(found, str) else found
    if "too_many" in rows:
        raise TooManyAccounts(rows["too_many"])
    rows = {name: value or [] for name, value in rows.items()}
    joined = dict(rows["joined"])
    held = Hold.objects.raw("select * from holds_of_case(%s)", [case_id])
    return CaseLedger(
        case_id,
        chain.Facts(
            accounts=tuple(_account(row) for row in rows["accounts"]),
            claims=tuple(_claim(row, joined) for row in rows["claims"]),
            windows=tuple(_windows(rows["windows"])),
            sides=tuple(_sides(rows["sides"], joined)),
            destinations=tuple(_destinations(rows["destinations"], joined)),
            holds=tuple(_holds(held)),
        ),
        {row[0]: AccountName(row[3], row[4], row[5], row[2]) for row in rows["accounts"]},
        _told(rows["sides"], rows["answers"], joined),
        {joined.get(row[0], row[0]): row[6] for row in rows["destinations"] if row[6]},
    )


def _account(row: list[Any]) -> chain.AccountFact:
    account_id, currency, kind = row[:3]
    place = "abroad" if kind == "foreign_bank" else "domestic"
    return chain.AccountFact(account_id, currency, place)


def _windows(rows: Iterable[list[Any]]) -> Iterator[chain.Window]:
    for told, (account, start, end, opening, closing, complete, answer) in enumerate(rows):
        yield chain.Window(account, start, end, opening, closing, complete, answer, told)


def _claim(row: list[Any], joined: Mapping[str, str]) -> chain.ClaimFact:
    (claim, case, amount, currency, payer, payee, movement, at, state, adopted, returned, reported,
     reference, doubted) = row  # fmt: skip
    return chain.ClaimFact(
        id=claim, case=case, amount=amount, currency=currency, payer=payer, payee=payee,
        movement=joined.get(movement, movement), at=at, live=state == "confirmed" or adopted,
        ended=state in ENDED_CLAIM, returned=returned, reported=reported, reference=reference,
        doubted=doubted,
    )  # fmt: skip


def _sides(rows: Iterable[list[Any]], joined: Mapping[str, str]) -> Iterator[chain.Side]:
    """Of two tellings of one booking the later counts, at the place of the first."""
    latest = {tuple(row[:3]): row for row in rows}
    for account, _, is_credit, movement, amount, currency, at, seq, answer in latest.values():
        yield chain.Side(
            joined.get(movement, movement), account, is_credit, amount, currency, at, seq, answer
        )


def _destinations(
    rows: Iterable[list[Any]], joined: Mapping[str, str]
) -> Iterator[chain.Destination]:
    latest = {row[0]: row for row in rows}
    for movement, account, sink, credit, currency, answer, _ in latest.values():
        yield chain.Destination(
            joined.get(movement, movement), account, sink or None, credit, currency or None, answer
        )


def _holds(rows: Iterable[Hold]) -> Iterator[chain.HoldFact]:
    """What each bank holds for the case, as it last said."""
    latest = {row.account_id: row for row in sorted(rows, key=_last_in_force)}
    for row in latest.values():
        yield chain.HoldFact(
            case=str(row.case_id), account=str(row.account_id), asked=row.asked_minor,
            held=row.held_minor if row.state in ("asked", "placed", "declined") else 0,
            state=row.state, limit=row.limit_minor, asked_currency=row.asked_currency,
            answered_rank=micros(row.answered_at) if row.answered_at else 0,
        )  # fmt: skip


def _last_in_force(row: Hold) -> tuple[datetime, bool, datetime]:
    return row.asked_at, row.ended_at is None, row.ended_at or row.asked_at


def _told(
    sides: Iterable[list[Any]], answers: Iterable[list[Any]], joined: Mapping[str, str]
) -> dict[tuple[str, bool], Source]:
    sources = {
        answer: Source("ticket", reference, place, moment(at))
        for answer, reference, place, at in answers
    }
    return {(joined.get(row[3], row[3]), row[2]): sources[row[8]] for row in sides}
