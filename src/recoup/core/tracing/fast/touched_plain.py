"""The form without any dependency for the rules that do not tell single units apart.

Only accounts that hold traced money are walked, in the order of time, and each is asked only for
the next debit that can carry some of it. How a debit divides an account is the rule's own
``divide``, the same as in the plain walk.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from heapq import heappop, heappush
from typing import Any, Final

from recoup.core.tracing import libr, prorata, prorata_exact, tiho
from recoup.core.tracing.fast import dips
from recoup.core.tracing.fast.bookings import Bookings, Followed, Rest, Start, Step, lows_of
from recoup.core.tracing.fast.columns import LARGEST, Column
from recoup.core.tracing.fast.levels_plain import follow_levels
from recoup.core.tracing.poison import Stain
from recoup.core.tracing.pool import Pool
from recoup.core.tracing.walk import Parts, by_label

_SMALL: Final = 2**31 - 1
POOLS: Final[dict[str, type[Pool]]] = {
    "libr": libr.OwnFirst,
    "prorata": prorata.Share,
    "prorata_exact": prorata_exact.ExactShare,
    "tiho": tiho.TracedFirst,
}
# Which depth tells the next debit that carries traced money; the rules not named ask every debit.
BY_SHARE: Final = {"libr": False, "prorata": True}


class PlainForm:
    """Columns as arrays; as lists where a number needs more than 64 bits."""

    name = "plain"

    def column(self, values: Any, largest: int) -> Column:
        numbers = values.tolist() if hasattr(values, "tolist") else list(values)
        if largest > LARGEST:
            return numbers
        return array("i" if largest <= _SMALL else "q", numbers)

    def zeros(self, count: int, largest: int) -> Column:
        return self.column([0], largest) * count

    def beside(self, *columns: Column) -> Sequence[Column]:
        return columns

    def whole(self, values: Any) -> Column:
        numbers = values.tolist() if hasattr(values, "tolist") else list(values)
        wrong = next((x for x in numbers if not isinstance(x, int)), None)
        if wrong is not None:
            raise TypeError(f"{wrong!r} is none")
        return numbers

    def picked(self, column: Column, at: Column) -> Column:
        return [column[place] for place in at]

    def inverse(self, order: Column) -> Column:
        places = self.zeros(len(order), _SMALL)
        for place, number in enumerate(order):
            places[number] = place
        return places

    def order(self, t: Column, seq: Column | None) -> Column | None:
        keys = t if seq is None else list(zip(t, seq, strict=True))
        order = sorted(range(len(t)), key=keys.__getitem__)
        return None if order == list(range(len(t))) else self.column(order, _SMALL)

    def bounds(self, column: Column) -> tuple[int, int]:
        return min(column, default=0), max(column, default=0)

    def size(self, column: Column) -> int:
        return len(column) * (8 if isinstance(column, list) else column.itemsize)

    def total(self, column: Column) -> int:
        return sum(column)

    def counts(self, holders: Column, accounts: int) -> list[int]:
        counts = [0] * accounts
        for holder in holders:
            counts[holder] += 1
        return counts

    def book(self, bookings: Bookings, amount: Column, used: Column, balance: Column) -> None:
        b = bookings
        dips.book(
            b.payer, b.payee, amount, b.credit, b.external, b.may_overdraw, used, balance,
            b.out_row, b.out_amount, b.before, b.base, b.onward,
        )  # fmt: skip

    def totals(self, bookings: Bookings, limit: int) -> tuple[list[int], list[int]]:
        b, balance, unseen = bookings, list(bookings.opening), [0] * len(bookings.opening)
        dips.totals(
            b.payee, b.credit, b.external, b.may_overdraw, b.out_at, b.out_row, b.out_amount,
            b.before, limit, balance, unseen,
        )  # fmt: skip
        return balance, unseen

    def lowest(self, bookings: Bookings, by_share: bool, lows: Column) -> None:
        b = bookings
        dips.lowest(by_share, b.out_amount, b.before, lows, b.level_at)

    def touched(
        self, bookings: Bookings, rule: str, starts: list[Start], limit: int, most: int
    ) -> Followed:
        return follow_touched(self, bookings, rule, starts, limit, most)

    def levels(self, bookings: Bookings, starts: list[Start], limit: int, most: int) -> Followed:
        return follow_levels(bookings, lows_of(self, bookings, False), starts, limit, most)


def follow_touched(
    form: Any, bookings: Bookings, rule: str, starts: list[Start], limit: int, most: int
) -> Followed:
    """Walk the touched accounts; the columns may be of either form."""
    find: Callable[[int, int, int], int] = _every
    if rule in BY_SHARE:
        b, by_share = bookings, BY_SHARE[rule]
        lows = lows_of(form, b, by_share)

        def find(start: int, stop: int, bound: int) -> int:
            return dips.first_below(
                by_share, b.out_amount, b.before, lows, b.level_at, start, stop, bound
            )

    if rule == "poison":
        marked = _Marked(bookings, find, limit)
        followed = marked.follow(starts, most)
        if followed.refused >= 0:
            return followed
        return Followed(followed.steps, marked.marks(form), is_cut=followed.is_cut)
    return _Touched(bookings, find, limit, POOLS[rule]).follow(starts, most)


def _every(start: int, stop: int, bound: int) -> int:
    return start


class _Touched:
    """The traced units of each touched account, and its next debit that can carry some."""

    def __init__(
        self, bookings: Bookings, find: Callable[[int, int, int], int], limit: int, rule: Any
    ) -> None:
        self.b, self.find, self.limit, self.rule = bookings, find, limit, rule
        self.traced: dict[int, dict[int, int]] = {}
        self.nexts: dict[int, int] = {}
        # row, account and place of a debit; out of date where ``nexts`` says another place
        self.heap: list[tuple[int, int, int]] = []
        self.steps: list[Step] = []
        self.arrived: list[Rest] = []

    def follow(self, starts: list[Start], most: int) -> Followed:
        heap, waiting = self.heap, starts[::-1]
        while (waiting or heap) and len(self.steps) <= most:
            if waiting and (not heap or waiting[-1][0] <= heap[0][0]):
                row, label, units, amount, payer = waiting.pop()
                if not self.b.external[payer] and self.traced.get(payer):
                    return Followed(self.steps, self.held_before(row, payer), refused=row)
                self.arrive(row, self.stolen(label, units, amount), amount)
                continue
            row, account, place = heappop(heap)
            if self.nexts.get(account) == place:
                self.leave(row, account, place)
        held = ((name, *one) for name, labels in self.traced.items() for one in labels.items())
        return Followed(self.steps, [*self.arrived, *held], is_cut=len(self.steps) > most)

    def held_before(self, row: int, payer: int) -> list[Rest]:
        return [(payer, label, units) for label, units in self.traced[payer].items()]

    def stolen(self, label: int, units: int, amount: int) -> Any:
        return [(label, units), (None, amount - units)]

    def leave(self, row: int, account: int, place: int) -> None:
        """Carry out the debit at a place, and look for the next."""
        amount, there = int(self.b.out_amount[place]), int(self.b.before[place])
        units = min(amount, max(there, 0)) if self.b.may_overdraw else amount
        parts = self.divide(account, units, max(there, units)) if units else []
        self.wait(account, place + 1)
        if any(label is not None and share for label, share in parts):
            self.arrive(row, [*parts, (None, amount - units)], amount)

    def divide(self, account: int, units: int, whole: int) -> Parts:
        traced: Any = sorted(self.traced[account].items())
        clean = whole - sum(self.traced[account].values())
        taken, left = self.rule.divide([*traced, (None, clean)], units)
        self.traced[account] = {label: rest for label, rest in left[:-1] if rest}
        return taken  # type: ignore[no-any-return]

    def arrive(self, row: int, parts: Any, amount: int) -> None:
        """Note what a row carries, and keep it at the payee."""
        b, carried = self.b, by_label(parts)
        if not carried:
            return
        credit, payee = int(b.credit[row]) if len(b.credit) else amount, int(b.payee[row])
        if credit != amount:
            parts = self.rule.exchange(parts, amount, credit)
        credited, lost = by_label(parts), {}
        owed = 0 if b.external[payee] else max(-int(b.base[row]), 0)
        if owed:
            repaid, parts = self.rule.repay(parts, min(owed, credit), credit)
            lost = by_label(repaid)
        for label, units in carried.items():
            self.steps.append(
                (row, label, units, credited.get(label, 0), lost.get(label, 0))  # type: ignore[arg-type]
            )
        self.keep(row, payee, by_label(parts))

    def keep(self, row: int, payee: int, units: Any) -> None:
        if self.b.external[payee]:
            self.arrived += [(payee, label, there) for label, there in units.items()]
            return
        if not units:
            return
        held = self.traced.setdefault(payee, {})
        for label, there in units.items():
            held[label] = held.get(label, 0) + there
        self.wait(payee, int(self.b.onward[row]))

    def wait(self, account: int, place: int) -> None:
        """Wait for the first debit from a place on that can carry traced money."""
        bound = sum(self.traced[account].values())
        stop = int(self.b.out_at[account + 1])
        place = self.find(place, stop, bound) if bound else stop
        row = int(self.b.out_row[place]) if place < stop else self.limit
        if row >= self.limit:
            self.nexts.pop(account, None)
        elif self.nexts.get(account) != place:
            self.nexts[account] = place
            heappush(self.heap, (row, account, place))


class _Marked(_Touched):
    """Poison: an account has marks, each of the whole balance, instead of units."""

    def __init__(
        self, bookings: Bookings, find: Callable[[int, int, int], int], limit: int
    ) -> None:
        super().__init__(bookings, find, limit, Stain)

    def held_before(self, row: int, payer: int) -> list[Rest]:
        balance = max(int(self.b.before[self.b.place_of(row)]), 0)
        return [(payer, label, balance) for label in self.traced[payer]]

    def divide(self, account: int, units: int, whole: int) -> Parts:
        taken: Any = [(label, units) for label in self.traced[account]]
        if units == whole:
            self.traced[account] = {}
        return taken  # type: ignore[no-any-return]

    def keep(self, row: int, payee: int, units: Any) -> None:
        marks = units if self.b.external[payee] else dict.fromkeys(units, 1)
        super().keep(row, payee, marks)

    def marks(self, form: Any) -> list[Rest]:
        """The balance of each marked account for each of its marks."""
        balances, _ = form.totals(self.b, self.limit)
        held = ((name, label) for name, labels in self.traced.items() for label in labels)
        return [*self.arrived, *((name, label, balances[name]) for name, label in held)]
