"""One account of the flow opened: what came, left, stays and is not known, by one rule.

Every booking that carries the case's money is shown to whoever sees the case. The others are shown
one by one to the organisation that asked the banks for them, and to everybody else as two sums as
of now: as of one moment after another, the sums and the balance would tell them one by one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from recoup.apps.holds.case_ledger import CaseLedger, Source
from recoup.apps.holds.models import Flow, Trail
from recoup.apps.holds.wording import moment
from recoup.core import chain
from recoup.core.chain.books import Stretch
from recoup.web.case_rules import Choice
from recoup.web.case_trail import guess_shown

BOOKINGS_AT_MOST = 200

Carried = Mapping[tuple[str, str, bool], int]  # by movement, account and side (is_credit)


@dataclass(frozen=True, slots=True)
class Chip:
    """An account of the flow that can be opened; query: the address with it opened or closed."""

    account_id: str
    shown: str
    institution: str
    is_open: bool
    query: str


@dataclass(frozen=True, slots=True)
class Booking:
    """carried: the case's units in it. source: who told of it, under which ticket."""

    at: datetime
    is_credit: bool
    amount: int
    carried: int
    source: Source | None


@dataclass(frozen=True, slots=True)
class Opened:
    """opening, closing and the times between which all bookings are known; None if none is.

    others_in, others_out: the bookings that are not shown one by one, as (number, sum).
    has_balance: whether the reader may see opening and closing.
    """

    chip: Chip
    currency: str
    stretch: Stretch | None
    known_from: datetime | None
    known_to: datetime | None
    bookings: Sequence[Booking]
    others_in: tuple[int, int]
    others_out: tuple[int, int]
    is_cut: bool
    came: int
    stays: Mapping[str, int]
    has_balance: bool


def chips(choice: Choice, flows: Sequence[Flow], trail: Sequence[Trail]) -> list[Chip]:
    """Every account of the flow, those with most of the money first."""
    names: dict[str, tuple[str, str]] = {}
    for flow in flows:
        for account, ident, name in (
            (flow.payer_id, flow.payer_ident, flow.payer_institution),
            (flow.payee_id, flow.payee_ident, flow.payee_institution),
        ):
            if account:
                names.setdefault(str(account), (ident, name))
    came: dict[str, int] = {}
    for row in trail:
        names.setdefault(str(row.account_id), (row.account_ident, row.institution_name))
        came[str(row.account_id)] = came.get(str(row.account_id), 0) + row.inn
    return [
        Chip(
            account, guess_shown(names[account][0]), names[account][1],
            account in choice.opened, choice.toggled(account),
        )
        for account in sorted(names, key=lambda one: (-came.get(one, 0), names[one]))
    ]  # fmt: skip


def opened(
    chips: Sequence[Chip], ledger: CaseLedger, again: chain.Retraced, flows: Sequence[Flow],
    trail: Sequence[Trail], *, is_asker: bool,
) -> list[Opened]:  # fmt: skip
    """The panels of the open accounts. is_asker: the reader's organisation asked the banks."""
    carried = _carried(flows)
    return [
        _opened(chip, ledger, again, carried, trail, is_asker=is_asker)
        for chip in chips
        if chip.is_open
    ]


def _opened(
    chip: Chip, ledger: CaseLedger, again: chain.Retraced, carried: Carried,
    trail: Sequence[Trail], *, is_asker: bool,
) -> Opened:  # fmt: skip
    account = chip.account_id
    stretch = again.books.stretches.get(account)
    known = [s for s in ledger.facts.sides if s.account == account]
    if again.at is not None:
        known = [side for side in known if side.booked_at <= again.at]
    rows = [
        Booking(
            moment(side.booked_at), side.is_credit, side.amount,
            carried.get((side.movement, side.account, side.is_credit), 0),
            ledger.told.get((side.movement, side.is_credit)),
        )
        for side in sorted(known, key=lambda side: (side.booked_at, side.seq))
    ]  # fmt: skip
    told = [row for row in rows if is_asker or row.carried]
    here = [row for row in trail if str(row.account_id) == account]
    fates = ("held", "lying", "moved", "spent", "returned", "unknown")
    stays = {fate: sum(getattr(row, fate) for row in here) for fate in fates}
    may_add_up = is_asker or again.at is None
    left_out = [row for row in rows if may_add_up and not (is_asker or row.carried)]
    currency = again.books.currency_of(account, here[0].currency if here else "")
    return Opened(
        chip, currency, stretch,
        moment(stretch.from_at) if stretch else None, moment(stretch.to_at) if stretch else None,
        told[:BOOKINGS_AT_MOST], _sum(left_out, is_credit=True), _sum(left_out, is_credit=False),
        len(told) > BOOKINGS_AT_MOST, sum(row.inn for row in here),
        {fate: units for fate, units in stays.items() if units}, may_add_up,
    )  # fmt: skip


def _carried(flows: Sequence[Flow]) -> Carried:
    """The case's units in every booking: those that left with it, and those that came."""
    found: dict[tuple[str, str, bool], int] = {}
    for flow in flows:
        credited = flow.carried if flow.credited is None else flow.credited
        for account, is_credit, units in (
            (flow.payer_id, False, flow.carried), (flow.payee_id, True, credited),
        ):  # fmt: skip
            key = (str(flow.movement_id), str(account), is_credit)
            found[key] = found.get(key, 0) + units
    return found


def _sum(rows: Sequence[Booking], *, is_credit: bool) -> tuple[int, int]:
    found = [row.amount for row in rows if row.is_credit is is_credit]
    return len(found), sum(found)
