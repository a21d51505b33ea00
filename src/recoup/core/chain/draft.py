"""A bank's disclosure before it is stored: does it add up, and which debits carry traced money.

A bank tells counterparties only of debits that carry traced money under the printed rule
(docs/datamodel.md, B2). The clerk's page asks by ``destinations_needed``; the hub drops
what was told beyond it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from recoup.core.tracing import Account, Ledger, Seed, Transfer, trace

HERE: Final = "the account"
ELSEWHERE: Final = "elsewhere"


@dataclass(frozen=True, slots=True)
class Booking:
    """One line of a draft: the bank's reference, the amount, and its place in the account."""

    reference: str
    amount: int
    booked_at: int
    seq: int


@dataclass(frozen=True, slots=True)
class Traced:
    """Units of a credit that are traced: ``amount`` of them after the first ``offset``.

    amount: None for the whole credit. A bank does not know which units of a payment are traced;
    with the whole credit it tells every destination that the hub can need, and the hub drops
    the others (``carried_debits``), so that nothing has to be asked twice.
    """

    reference: str
    amount: int | None = None
    offset: int = 0


@dataclass(frozen=True, slots=True)
class Draft:
    """A window as a clerk or an interface hands it in."""

    opening: int
    credits: tuple[Booking, ...]
    debits: tuple[Booking, ...]
    closing: int


def window_problem(
    opening: int, credits: Iterable[int], debits: Iterable[int], closing: int
) -> int:
    """Return opening + credits - debits - closing; 0 if the window adds up.

    Above zero: debits are missing (or the closing balance is too low). Below: credits are.
    """
    return opening + sum(credits) - sum(debits) - closing


def destinations_needed(
    draft: Draft, lines: Iterable[Traced], *, rule: str = "fifo"
) -> dict[str, int]:
    """Return, for each debit that carries traced money, how many traced units it carries.

    lines: the traced units of the credits that the ticket named.
    """
    traced = _by_credit(draft, lines)
    transfers: list[Transfer] = []
    seeds: list[Seed] = []
    bookings = [(x.booked_at, x.seq, x.reference, True, x) for x in draft.credits]
    bookings += [(x.booked_at, x.seq, x.reference, False, x) for x in draft.debits]
    for _, _, _, is_credit, booking in sorted(bookings, key=lambda item: item[:4]):
        t = len(transfers)
        if is_credit:
            for part, (units, is_traced) in enumerate(_parts(booking, traced)):
                transfer_id = f"credit {part} {booking.reference}"
                transfers.append(Transfer(transfer_id, t, ELSEWHERE, HERE, units, part))
                seeds += [Seed(transfer_id)] if is_traced else []
        else:
            debit = f"debit {booking.reference}"
            transfers.append(Transfer(debit, t, HERE, ELSEWHERE, booking.amount))
    accounts = {HERE: Account(draft.opening), ELSEWHERE: Account(external=True)}
    carried = trace(Ledger(accounts, tuple(transfers), tuple(seeds)), rule=rule).transfers
    units_of = {x.reference: sum(carried.get(f"debit {x.reference}", {}).values())
                for x in draft.debits}  # fmt: skip
    return {reference: units for reference, units in units_of.items() if units}


def _by_credit(draft: Draft, lines: Iterable[Traced]) -> Mapping[str, list[Traced]]:
    traced: dict[str, list[Traced]] = {booking.reference: [] for booking in draft.credits}
    for line in lines:
        if line.reference not in traced:
            raise ValueError(
                f"The draft has no credit {line.reference!r}. Mark a credit that it lists."
            )
        traced[line.reference].append(line)
    return traced


def _parts(booking: Booking, traced: Mapping[str, list[Traced]]) -> list[tuple[int, bool]]:
    """Cut a credit into clean and traced parts, in the order of its units.

    Lines that overlap (two claims of one payment, both counted from its start) follow each
    other; traced units never exceed the credit.
    """
    parts: list[tuple[int, bool]] = []
    done = 0
    for line in sorted(traced[booking.reference], key=lambda x: x.offset):
        start = min(max(line.offset, done), booking.amount)
        units = booking.amount if line.amount is None else line.amount
        end = min(start + units, booking.amount)
        parts += [(start - done, False), (end - start, True)]
        done = end
    parts.append((booking.amount - done, False))
    return [(units, is_traced) for units, is_traced in parts if units]
