"""A late booking: what was booked after it in its two accounts is carried out again, nothing else.

The debits of an account are read backwards from its end, and its credits from the booking's time
on, so the cost is that of what comes after it. Runs inside ``operations.book``, with both accounts
locked; the transfers to be changed are locked in the order of their ids.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from django.db import connection

from recoup.core.tracing.fast.numbering import Account, Positions
from recoup.core.tracing.ledger import Transfer

Key = tuple[int, int, str]
AT_ONCE: Final = 64

DEBITS: Final = """
select id, t, seq, ident, srcpos, srcend from ledgers_transfer where src_id = %s
order by srcend desc, srcpos desc
"""
CREDITS: Final = """
select id, t, seq, ident, dstpos, coalesce(owed, 0), coalesce(credit, amount) from ledgers_transfer
where dst_id = %s and t >= %s
"""
CREDIT_BEFORE: Final = """
select dstpos + coalesce(credit, amount) from ledgers_transfer
where dst_id = %s and t <= %s and (t, seq, ident) < (%s, %s, %s)
order by t desc, seq desc, ident desc limit 1
"""
LOCK: Final = """
select id from ledgers_transfer where id = any(%s::bigint[]) order by id for no key update
"""
SET_DEBITS: Final = """
with v as (
  select * from unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[])
    as v (id, ident, was, start, units)
), told as (
  update ledgers_transfer x set srcpos = v.start, srcend = v.start + v.units
  from v where x.id = v.id
)
select bit_xor(ledgers_mark_of_debit(ident, was, was + units)
  # ledgers_mark_of_debit(ident, start, start + units)) from v
"""
SET_CREDITS: Final = """
with v as (
  select * from unnest(%s::bigint[], %s::text[], %s::bigint[], %s::bigint[], %s::bigint[],
    %s::bigint[]) as v (id, ident, was, owed_before, start, owed)
), told as (
  update ledgers_transfer x set dstpos = v.start, owed = nullif(v.owed, 0)
  from v where x.id = v.id
)
select bit_xor(ledgers_mark_of_credit(ident, was, owed_before)
  # ledgers_mark_of_credit(ident, start, owed)) from v
"""


class Held(Account):
    """An account as it was locked; last: key of its last booking; mark: what to change in it."""

    __slots__ = ("asset", "decimals", "id", "last", "mark", "name", "opening")

    def __init__(self, *row: Any) -> None:
        super().__init__(came=row[4], gone=row[5], unseen=row[6], external=row[2])
        self.id: int = row[0]
        self.name: str = row[1]
        self.opening: int = row[3]
        self.last: Key | None = None if row[7] is None else row[7:10]
        self.asset: str = row[10]
        self.decimals: int = row[11]
        self.mark = 0


@dataclass(slots=True)
class _Entry:
    """One side of a transfer in a suffix. id 0: the booking itself."""

    key: Key
    is_credit: bool
    id: int
    units: int
    was: int
    owed_before: int = 0
    start: int = 0
    owed: int = 0


@dataclass(slots=True)
class _Changes:
    debits: list[tuple[Held, _Entry]] = field(default_factory=list)
    credits: list[tuple[Held, _Entry]] = field(default_factory=list)


def set_again(
    accounts: Sequence[Held], transfer: Transfer, payer: Held, payee: Held, *, may_overdraw: bool
) -> tuple[Positions, int]:
    """The positions of a late booking, and how many bookings after it were looked at again."""
    key = (transfer.t, transfer.seq, transfer.id)
    start: int = 0
    position: int | None = None
    owed = moved = 0
    changes = _Changes()
    for account in accounts:
        entries = list(_suffix(account, key))
        moved += len(entries)
        if account is payer:
            entries.append(_Entry(key, False, 0, transfer.amount, 0))
        if account is payee:
            entries.append(_Entry(key, True, 0, transfer.credited, 0))
        _carry_out(account, entries, key, may_overdraw=may_overdraw)
        for entry in entries:
            if not entry.id:
                if entry.is_credit:
                    position, owed = entry.start, entry.owed
                else:
                    start = entry.start
            elif (entry.start, entry.owed) != (entry.was, entry.owed_before):
                (changes.credits if entry.is_credit else changes.debits).append((account, entry))
    _store(changes)
    return (start, position, owed), moved


def _suffix(account: Held, key: Key) -> Iterator[_Entry]:
    """What was booked in an account after a key, in no order."""
    if account.last is None or account.last < key:
        return
    yield from _debits_after(account, key)
    with connection.cursor() as cursor:
        cursor.execute(CREDITS, [account.id, key[0]])
        for row, t, seq, ident, position, owed, units in cursor.fetchall():
            if (t, seq, ident) > key:
                yield _Entry((t, seq, ident), True, row, units, position, owed)


def _debits_after(account: Held, key: Key) -> Iterator[_Entry]:
    """Read backwards. Debits of no units may lie at one place in any order: all of it is read."""
    stop: int | None = None
    with connection.chunked_cursor() as cursor:
        cursor.execute(DEBITS, [account.id])
        at_once = AT_ONCE
        while rows := cursor.fetchmany(at_once):
            at_once *= 2
            for row, t, seq, ident, srcpos, srcend in rows:
                if stop is not None and srcend < stop:
                    return
                if (t, seq, ident) > key:
                    yield _Entry((t, seq, ident), False, row, srcend - srcpos, srcpos)
                else:
                    stop = srcend


def _carry_out(account: Held, entries: list[_Entry], key: Key, *, may_overdraw: bool) -> None:
    """Give every entry its place, and the account what came and went in the end."""
    credits = account.came - account.opening - account.unseen
    credits += sum(x.units for x in entries if x.is_credit and not x.id)
    debits = [x for x in entries if not x.is_credit]
    gone = account.gone - sum(x.units for x in debits if x.id)
    came = _came_before(account, key, gone, may_overdraw=may_overdraw)
    for entry in sorted(entries, key=lambda x: (x.key, x.is_credit)):
        if entry.is_credit:
            entry.start = came
            if may_overdraw:
                entry.owed = min(max(gone - came, 0), entry.units)
            came += entry.units
        else:
            entry.start = gone
            gone += entry.units
            came = came if may_overdraw else max(came, gone)
    account.came, account.gone = came, gone
    account.unseen = came - account.opening - credits


def _came_before(account: Held, key: Key, gone: int, *, may_overdraw: bool) -> int:
    """The units that had come in before a key, those unseen included."""
    with connection.cursor() as cursor:
        cursor.execute(CREDIT_BEFORE, [account.id, key[0], *key])
        row = cursor.fetchone()
    came = account.opening if row is None else int(row[0])
    return came if may_overdraw else max(came, gone)


def _store(changes: _Changes) -> None:
    """Set the positions that changed, and note the change of each account's mark."""
    rows = sorted({x.id for _, x in [*changes.debits, *changes.credits]})
    if not rows:
        return
    with connection.cursor() as cursor:
        cursor.execute(LOCK, [rows])
        for account in {id(a): a for a, _ in [*changes.debits, *changes.credits]}.values():
            debits = [x for a, x in changes.debits if a is account]
            credits = [x for a, x in changes.credits if a is account]
            account.mark ^= _set(cursor, SET_DEBITS, debits, ["was", "start", "units"])
            account.mark ^= _set(
                cursor, SET_CREDITS, credits, ["was", "owed_before", "start", "owed"]
            )


def _set(cursor: Any, statement: str, entries: list[_Entry], names: list[str]) -> int:
    """Set positions; returns by what the account's mark changes."""
    if not entries:
        return 0
    columns = [[x.id for x in entries], [x.key[2] for x in entries]]
    columns += [[getattr(x, name) for x in entries] for name in names]
    cursor.execute(statement, columns)
    return int(cursor.fetchone()[0])
