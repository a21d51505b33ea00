"""One account of the flow opened: what came, left, stays and is not known, by one rule.

Every booking that carries the case's money is shown to whoever sees the case. The others are shown
one by one to the organisation that asked for them, or owns the case for which they were asked, and
to everybody else as two sums as of now: as of one moment after another, the sums and the balance
would tell them one by one.
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
from recoup.core.tracing import RULES
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

    @property
    def is_told(self) -> bool:
        """Whether the reader sees this booking by itself."""
        return bool(self.carried) or (self.source is not None and self.source.is_asked)


@dataclass(frozen=True, slots=True)
class Opened:
    """opening, closing and the times between which all bookings are known; None if none is.

    others_in, others_out: the bookings that are not shown one by one, as (number, sum). The sums
    are None where one of them would be the amount of a single booking, or give it away.
    has_balance: whether the reader may see opening and closing.
    """

    chip: Chip
    currency: str
    stretch: Stretch | None
    known_from: datetime | None
    known_to: datetime | None
    bookings: Sequence[Booking]
    others_in: tuple[int, int | None]
    others_out: tuple[int, int | None]
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
    trail: Sequence[Trail],
) -> list[Opened]:  # fmt: skip
    """The panels of the open accounts."""
    carried = _carried(flows, is_mark=not RULES[again.rule].conserves)
    return [_opened(chip, ledger, again, carried, trail) for chip in chips if chip.is_open]


def _opened(
    chip: Chip, ledger: CaseLedger, again: chain.Retraced, carried: Carried,
    trail: Sequence[Trail],
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
    told = [row for row in rows if row.is_told]
    here = [row for row in trail if str(row.account_id) == account]
    fates = ("held", "lying", "moved", "spent", "returned", "unknown")
    stays = {fate: sum(getattr(row, fate) for row in here) for fate in fates}
    may_add_up = len(told) == len(rows) or again.at is None
    left_out = [row for row in rows if may_add_up and not row.is_told]
    others_in, others_out = _others(left_out)
    currency = again.books.currency_of(account, here[0].currency if here else "")
    return Opened(
        chip, currency, stretch,
        moment(stretch.from_at) if stretch else None, moment(stretch.to_at) if stretch else None,
        told[:BOOKINGS_AT_MOST], others_in, others_out,
        len(told) > BOOKINGS_AT_MOST, sum(row.inn for row in here),
        {fate: units for fate, units in stays.items() if units}, may_add_up and len(left_out) != 1,
    )  # fmt: skip


def _carried(flows: Sequence[Flow], *, is_mark: bool) -> Carried:
    """The case's units in every booking: those that left with it, and those that came.

    Marks of several reports overlap, so of them the largest stands for all.
    """
    found: dict[tuple[str, str, bool], int] = {}
    for flow in flows:
        credited = flow.carried if flow.credited is None else flow.credited
        for account, is_credit, units in (
            (flow.payer_id, False, flow.carried), (flow.payee_id, True, credited),
        ):  # fmt: skip
            key = (str(flow.movement_id), str(account), is_credit)
            before = found.get(key, 0)
            found[key] = max(before, units) if is_mark else before + units
    return found


def _others(rows: Sequence[Booking]) -> tuple[tuple[int, int | None], tuple[int, int | None]]:
    """Number and sum of what came and what left; no sum where one would be a single booking's.

    With the balances one sum follows from the other, so that neither is told then. Of a single
    booking the balances alone tell the amount: the caller leaves them out.
    """
    groups = [[row.amount for row in rows if row.is_credit is side] for side in (True, False)]
    came, left = groups
    if 1 in (len(came), len(left)):
        return (len(came), None), (len(left), None)
    return (len(came), sum(came)), (len(left), sum(left))
