"""How far the figures of a case may be wrong, because a bank's disclosure does not add up.

A window is known in full or it is not known: a partial disclosure is not nearly right. Where one is
out by a sum, each figure on that account may be wrong by as much, or by more; so may those on every
account that its money went on to. Such figures are shown as a range, never as certain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from recoup.apps.holds.case_queries import WindowTold
from recoup.apps.holds.models import Flow, Trail


@dataclass(frozen=True, slots=True)
class Doubt:
    """units: minor units by which figures may be wrong at least; None where nobody can say.

    inflow: the part of it that came with the money, from accounts before this one. is_own: this
    account's own disclosure does not add up.
    """

    units: int | None
    inflow: int | None = 0
    is_own: bool = False


def own_doubts(windows: Iterable[WindowTold]) -> dict[UUID, int | None]:
    """Accounts whose disclosure is incomplete, and by how much; windows in the order they came."""
    of_account: dict[UUID, list[WindowTold]] = {}
    for window in windows:
        of_account.setdefault(window.account_id, []).append(window)
    found = {account: _out_by(told) for account, told in of_account.items()}
    return {account: units for account, units in found.items() if units != 0}


def with_returns(own: Mapping[UUID, int | None], trail: Iterable[Trail]) -> dict[UUID, int | None]:
    """Add what contradicts itself about money that came back, at the account it was paid from.

    trail: rows of one rule. From there on all figures of the claim may be wrong by as much.
    """
    found = dict(own)
    for row in trail:
        if row.doubted:
            found[row.account_id] = _add(found.get(row.account_id, 0), row.doubted)
    return found


def _out_by(told: Sequence[WindowTold]) -> int | None:
    """Zero if what was told of an account is whole; the bank's last word counts, not its first."""
    broken = [window for window in told if not window.is_complete and not _is_covered(window, told)]
    if broken:
        return abs(broken[-1].difference_minor) or None
    return _gap([window for window in told if window.is_complete])


def _is_covered(window: WindowTold, told: Sequence[WindowTold]) -> bool:
    """Complete windows without a gap tell all of it anew."""
    whole = [w for w in told if w.is_complete]
    return (
        bool(whole)
        and _gap(whole) == 0
        and min(w.from_at for w in whole) <= window.from_at
        and window.to_at <= max(w.to_at for w in whole)
    )


def _gap(whole: Sequence[WindowTold]) -> int | None:
    """By how much two windows that do not touch differ; windows that touch differ by nothing."""
    ordered = sorted(whole, key=lambda w: (w.from_at, w.to_at))
    out_by = 0
    for number, window in enumerate(ordered[1:], 1):
        last = max(ordered[:number], key=lambda w: w.to_at)
        if window.from_at > last.to_at:
            out_by += abs(window.opening_minor - last.closing_minor)
    return out_by


def doubts_of(
    own: Mapping[UUID, int | None], trail: Sequence[Trail], flows: Sequence[Flow]
) -> dict[tuple[UUID, str], Doubt]:
    """What is in doubt by account and currency: each disclosure that is out, and all behind it."""
    currency = {row.account_id: row.currency for row in trail}
    onward: dict[UUID, set[tuple[UUID, str]]] = {}
    for flow in flows:
        if flow.payer_id and flow.payee_id and flow.state != "returned":
            arrives_in = flow.credit_currency or flow.currency
            onward.setdefault(flow.payer_id, set()).add((flow.payee_id, arrives_in))
    doubts: dict[tuple[UUID, str], Doubt] = {}
    for account, units in own.items():
        here = (account, currency.get(account, ""))
        before = doubts.get(here, Doubt(0))
        doubts[here] = Doubt(_add(before.units, units), before.inflow, is_own=True)
        for there in _reached(account, onward):
            same = units if there[1] == here[1] else None
            known = doubts.get(there, Doubt(0))
            doubts[there] = Doubt(_add(known.units, same), _add(known.inflow, same), known.is_own)
    return doubts


def _reached(start: UUID, onward: Mapping[UUID, set[tuple[UUID, str]]]) -> set[tuple[UUID, str]]:
    """Every account that money of this one went on to, itself left out."""
    found: set[tuple[UUID, str]] = set()
    layer = {start}
    while layer:
        new = set().union(*(onward.get(account, set()) for account in layer)) - found
        new = {there for there in new if there[0] != start}
        found |= new
        layer = {account for account, _ in new}
    return found


def _add(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def in_total(doubts: Mapping[tuple[UUID, str], Doubt]) -> dict[str, int | None]:
    """By how much the sums of each currency may be wrong at least: every disclosure once."""
    totals: dict[str, int | None] = {}
    for (_, currency), doubt in doubts.items():
        own = None if doubt.units is None else doubt.units - (doubt.inflow or 0)
        totals[currency] = _add(totals.get(currency, 0), own if doubt.is_own else 0)
        if doubt.units is None:
            totals[currency] = None
    return totals
