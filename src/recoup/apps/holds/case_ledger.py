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

from django.db import OperationalError, connection, transaction
from psycopg.errors import QueryCanceled

from recoup.apps.holds.facts import ENDED_CLAIM
from recoup.apps.holds.models import Hold
from recoup.apps.holds.wording import micros, moment
from recoup.core import chain
from recoup.core.chain.books import Books, credit_id, debit_id, timed
from recoup.core.said import Said
from recoup.core.tracing import RULES, Ledger

ACCOUNTS_AT_MOST = 4_000
BOOKINGS_AT_MOST = 40_000
# Exact fractions grow with every booking: twice the bookings take eight times as long.
EXACT_BOOKINGS_AT_MOST = 1_000
MILLISECONDS_AT_MOST = 3_000
UNCONFIRMED_AT_MOST = 1_000
READ = "select facts_of_case(%s, %s, %s)"


class TooManyAccounts(Exception):
    """So much is connected with the case that it is not traced while somebody waits.

    said: which bound was met; nothing is traced in part, since a part would be wrong.
    """

    def __init__(self, said: Said) -> None:
        self.said = said
        super().__init__(str(said))


class AccountName(NamedTuple):
    """What people call an account, and where it is."""

    scheme: str
    ident: str
    institution: str
    kind: str


class Source(NamedTuple):
    """Where a transfer of the ledger was told. kind: ticket or report. place: who told it.

    is_asked: the reader's organisation asked for it, or owns the case for which it was asked.
    """

    kind: str
    reference: str
    place: str
    told_at: datetime | None = None
    is_asked: bool = False


@dataclass(frozen=True, slots=True)
class CaseLedger:
    """What is known of a case and of whatever is connected with it.

    told: by movement and side (is_credit), who told of it. places: of sinks, by movement.
    unconfirmed: other cases' reports about these accounts that nobody stands for: left out.
    closed: movements of which banks told only for cases that the reader does not see.
    """

    case_id: UUID
    facts: chain.Facts
    names: Mapping[str, AccountName]
    told: Mapping[tuple[str, bool], Source]
    places: Mapping[str, str] = field(default_factory=dict)
    unconfirmed: int = 0
    closed: frozenset[str] = frozenset()

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
            raise TooManyAccounts(
                Said(
                    "Exact fractions of more than %(n)s bookings take too long.",
                    n=EXACT_BOOKINGS_AT_MOST,
                )
            )
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
    rows = _read(case_id)
    if rows is None:
        return None
    if "too_many" in rows:
        raise TooManyAccounts(_too_many(rows["too_many"]))
    unconfirmed = rows.pop("unconfirmed")
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
        unconfirmed,
        _closed(rows, joined),
    )


def _read(case_id: UUID) -> dict[str, Any] | None:
    """What the function tells, in so many seconds and no more.

    The bound is set by whoever asks: PostgreSQL reads it as a statement begins, so that a setting
    of the function itself would never be looked at.
    """
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            most = str(MILLISECONDS_AT_MOST)
            cursor.execute("select set_config('statement_timeout', %s, true)", [most])
            cursor.execute(READ, [case_id, ACCOUNTS_AT_MOST, BOOKINGS_AT_MOST])
            [found] = cursor.fetchone()
            cursor.execute("set local statement_timeout to default")
    except OperationalError as problem:
        if isinstance(problem.__cause__, QueryCanceled):
            raise TooManyAccounts(_too_many("seconds")) from problem
        raise
    return json.loads(found) if isinstance(found, str) else found


def _too_many(bound: str) -> Said:
    return {
        "accounts": Said(
            "More than %(n)s accounts are connected with this case.", n=ACCOUNTS_AT_MOST
        ),
        "bookings": Said(
            "More than %(n)s bookings are connected with this case.", n=BOOKINGS_AT_MOST
        ),
        "seconds": Said(
            "What is connected with this case could not be read in %(n)s seconds.",
            n=MILLISECONDS_AT_MOST // 1000,
        ),
    }[bound]


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
    """The last teller of each side; asked for, if one of its tellings was."""
    sources = {
        answer: Source("ticket", reference, place, moment(at), is_asked)
        for answer, reference, place, at, is_asked, _ in answers
    }
    found: dict[tuple[str, bool], Source] = {}
    for row in sides:
        side, source = (joined.get(row[3], row[3]), row[2]), sources[row[8]]
        is_asked = source.is_asked or (side in found and found[side].is_asked)
        found[side] = source._replace(is_asked=is_asked)
    return found


def _closed(rows: Mapping[str, Any], joined: Mapping[str, str]) -> frozenset[str]:
    """The movements that are no matter of a reader by anything a bank was asked for.

    A debit that was told in a case of theirs still leads nowhere if where it went was told, by
    either bank, for another case only.
    """
    is_open = {answer: seen for answer, *_, seen in rows["answers"]}
    told: dict[str, dict[str, bool]] = {}
    tellings = [(row[3], "credit" if row[2] else "debit", row[8]) for row in rows["sides"]]
    tellings += [(row[0], "to", row[5]) for row in rows["destinations"]]
    for movement, part, answer in tellings:
        parts = told.setdefault(joined.get(movement, movement), {})
        parts[part] = parts.get(part, False) or is_open[answer]
    return frozenset(movement for movement, parts in told.items() if not _may_see(parts))


def _may_see(parts: Mapping[str, bool]) -> bool:
    """parts: what was told of a movement, and whether for a case that the reader sees."""
    if parts.get("credit"):
        return True
    leads_on = parts.get("to", "credit" not in parts)
    return parts.get("debit", False) and leads_on
