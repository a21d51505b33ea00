"""Bounds what an answer says of amounts in another currency (SECURITY 6.9).

An institution states how much arrived after an exchange, and the next one would be asked to hold
that much: with a stolen key, any sum. An amount beyond the band of ``data/exchange_rates.toml`` is
refused. Where nothing can be judged (a currency without a rate, an answer that says it is unclear)
the stated amount is left out: what follows is asked in the payer's currency, for no more than was
paid, and an officer gets a task.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from recoup.apps.holds.models import TicketLine
from recoup.apps.lawful_requests.models import Ticket
from recoup.core.answer import AnswerRefused, AnswerTold, Booking, DestinationTold, Problem
from recoup.core.money import Money, format_money
from recoup.core.said import Said
from recoup.data import currency, exchange_rates

TOLD_DEBIT = (
    "foreign_side(holds_ticketline.arrival_id, true, "
    "(select t.currency from lawful_requests_ticket t where t.id = holds_ticketline.ticket_id))"
)


@dataclass(frozen=True, slots=True)
class Judged:
    """An answer without the amounts that cannot be judged. unjudged: the debits that had them."""

    content: AnswerTold
    unjudged: tuple[Booking, ...] = ()


def judge(content: AnswerTold, ticket: Ticket, lines: Mapping[UUID, TicketLine]) -> Judged:
    """Leave out what cannot be judged; raises AnswerRefused with what no exchange explains."""
    window = content.window
    if window is None:
        return Judged(content)
    problems: list[Problem] = []
    unjudged: list[Booking] = []
    is_unclear = content.code == "unclear"
    credits = tuple(
        _credit(credit, ticket, lines, problems, is_unclear=is_unclear) for credit in window.credits
    )
    debits = tuple(
        _debit(debit, ticket, problems, unjudged, is_unclear=is_unclear) for debit in window.debits
    )
    if problems:
        raise AnswerRefused(tuple(problems))
    judged = replace(content, window=replace(window, credits=credits, debits=debits))
    return Judged(judged, tuple(unjudged))


def is_one_payment(booking: Booking, code: str, *, is_credit: bool, other: str) -> bool:
    """Whether a booking can be the other side of what ``foreign_side`` told; empty: nothing."""
    if not other:
        return True
    minor, other_code = _read(other)
    paid, paid_code, got, got_code = minor, other_code, booking.amount_minor, code
    if not is_credit:
        paid, paid_code, got, got_code = got, got_code, paid, paid_code
    most = _most(paid, paid_code, got_code)
    return most is not None and got <= most


def _credit(
    credit: Booking, ticket: Ticket, lines: Mapping[UUID, TicketLine], problems: list[Problem],
    *, is_unclear: bool,
) -> Booking:  # fmt: skip
    line = lines.get(credit.line) if credit.line else None
    told: str = getattr(line, "told_debit", None) or ""
    if is_one_payment(credit, ticket.currency, is_credit=True, other=told):
        return credit
    if not is_unclear:
        paid, paid_code = _read(told)
        where = "window.credits.amount_minor"
        problems.append(_problem(where, credit, paid, paid_code, credit.amount_minor, ticket))
    return replace(credit, line=None)


def _debit(
    debit: Booking, ticket: Ticket, problems: list[Problem], unjudged: list[Booking],
    *, is_unclear: bool,
) -> Booking:  # fmt: skip
    to = debit.to
    if to is None or to.credit_minor is None or to.credit_currency in ("", ticket.currency):
        return debit
    most = _most(debit.amount_minor, ticket.currency, to.credit_currency)
    if most is not None and to.credit_minor <= most:
        return debit
    if most is not None and not is_unclear:
        problems.append(_too_much(debit, to, ticket))
    else:
        unjudged.append(debit)
    return replace(debit, to=replace(to, credit_minor=None, credit_currency=""))


def _too_much(debit: Booking, to: DestinationTold, ticket: Ticket) -> Problem:
    return _problem(
        "window.debits.to.credit_minor", debit, debit.amount_minor, ticket.currency,
        to.credit_minor or 0, ticket, into=to.credit_currency,
    )  # fmt: skip


def _problem(
    field: str, booking: Booking, paid: int, paid_code: str, got: int, ticket: Ticket,
    *, into: str = "",
) -> Problem:  # fmt: skip
    into = into or ticket.currency
    most = _most(paid, paid_code, into)
    bound = (
        Said("at most %(sum)s", sum=_shown(most, into))
        if most is not None
        else Said("of no amount known here")
    )
    return Problem(
        field, str(got),
        Said(
            "Booking %(booking)s: %(paid)s cannot have become %(got)s; at the hub's rates of "
            "%(day)s it is %(bound)s. Correct amount or currency, or answer unclear and say in "
            "the note what was exchanged.",
            booking=booking.reference, paid=_shown(paid, paid_code), got=_shown(got, into),
            day=str(exchange_rates().as_of), bound=bound,
        ),
        "beyond_rate",
    )  # fmt: skip


def _most(minor: int, code: str, into: str) -> int | None:
    return exchange_rates().most(Money(minor, code), currency=currency(code), into=currency(into))


def _shown(minor: int, code: str) -> str:
    return format_money(Money(minor, code), currency(code))


def _read(told: str) -> tuple[int, str]:
    minor, code = told.split(" ")
    return int(minor), code
