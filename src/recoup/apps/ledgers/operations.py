"""Books transfers into a stored ledger, at the end or late, and keeps which traces they concern.

A booking locks the rows of its two accounts, always in the order of their ids, so that bookings of
other accounts go on beside it and none waits for another in a ring. External accounts have no
positions and are not locked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DataError, connection, transaction

from recoup.apps.ledgers import late, models, positions, queries
from recoup.apps.ledgers.late import Held
from recoup.apps.ledgers.load_operations import Asset, refuse_what_wraps
from recoup.core.access import Actor
from recoup.core.tracing.fast import Booked, Changed
from recoup.core.tracing.fast.numbering import METHOD, Positions, carry_out
from recoup.core.tracing.ledger import Ledger, LedgerRefused, Seed, Transfer, check

NEW_ACCOUNTS = """
insert into ledgers_account (ledger_id, organisation_id, name, opening, external, asset, decimals,
  came, gone, unseen, mark)
select %s, %s, name, 0, false, %s, %s, 0, 0, 0, 0 from unnest(%s::text[]) as n (name) order by name
on conflict do nothing
"""
ACCOUNTS = """
select id, name, external, opening, came, gone, unseen, last_t, last_seq, last_ident, asset,
  decimals
from ledgers_account where ledger_id = %s and name = any(%s::text[])
"""
LOCKED = ACCOUNTS + " and not external order by id for no key update"
LOCK_ALL = """
select count(*) from (
  select id from ledgers_account where ledger_id = %s order by id for no key update
) locked
"""
STORE = """
with added as (
  insert into ledgers_transfer (ledger_id, organisation_id, src_id, dst_id, t, seq, amount, srcpos,
    srcend, dstpos, credit, owed, ident, batch)
  values (%(ledger)s, %(organisation)s, %(src)s, %(dst)s, %(t)s, %(seq)s, %(amount)s, %(srcpos)s,
    %(srcend)s, %(dstpos)s, %(credit)s, %(owed)s, %(ident)s, %(batch)s)
  on conflict (ledger_id, ident) do nothing returning id
), told as (
  update ledgers_account a set came = v.came, gone = v.gone, unseen = v.unseen, last_t = v.last_t,
    last_seq = v.last_seq, last_ident = v.last_ident, mark = a.mark # v.mark
      # case when a.id = %(src)s
          then ledgers_mark_of_debit(%(ident)s, %(srcpos)s, %(srcend)s) else 0 end
      # case when a.id = %(dst)s
          then ledgers_mark_of_credit(%(ident)s, %(dstpos)s, %(owed)s) else 0 end
  from unnest(%(ids)s::bigint[], %(came)s::bigint[], %(gone)s::bigint[], %(unseen)s::bigint[],
    %(last_t)s::bigint[], %(last_seq)s::bigint[], %(last_ident)s::text[], %(marks)s::bigint[])
    as v (id, came, gone, unseen, last_t, last_seq, last_ident, mark)
  where a.id = v.id
)
select (select id from added), array(
  select distinct r.trace_id from ledgers_reach r
  join unnest(%(changed)s::bigint[], %(starts)s::bigint[]) as c (account, start)
    on r.account_id = c.account and r.upto > c.start
)
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """What a booking did; concerned: the kept traces whose answer may be another now."""

    booked: Booked
    concerned: tuple[UUID, ...]


@transaction.atomic
def book(*, ledger: models.Ledger, transfer: Transfer, asset: Asset | None = None) -> Taken:
    """Take in one transfer, wherever it belongs in time; raises LedgerRefused.

    asset: of accounts that the ledger does not have yet; of none that is named if not given.
    """
    (taken,) = book_all(ledger=ledger, transfers=(transfer,), asset=asset)
    return taken


@transaction.atomic
def book_all(
    *, ledger: models.Ledger, transfers: Sequence[Transfer], asset: Asset | None = None
) -> list[Taken]:
    """Take in some transfers together or none; all their accounts are locked first."""
    for transfer in transfers:
        check(Ledger({}, (transfer,), ()))
        refuse_what_wraps(0, (transfer,))
    names = sorted({end for x in transfers for end in (x.payer, x.payee)})
    held = _lock(ledger, names, asset or Asset())
    try:
        return [_book(ledger, transfer, held) for transfer in transfers]
    except DataError as trouble:
        if getattr(trouble.__cause__, "sqlstate", "") != "22003":
            raise
        raise LedgerRefused(
            "With this booking the units of an account would pass what the database's columns can "
            "hold. Count in a larger unit, or trace the file in memory, which takes any sum.",
            value=transfers[0].id,
        ) from None


def _lock(ledger: models.Ledger, names: list[str], asset: Asset) -> dict[str, Held]:
    """The accounts of these names, made where they are new, locked where they have positions."""
    with connection.cursor() as cursor:
        cursor.execute(ACCOUNTS, [ledger.id, names])
        known = {row[1]: Held(*row) for row in cursor.fetchall()}
        missing = [name for name in names if name not in known]
        if missing:
            keys = (ledger.id, ledger.organisation_id, asset.code, asset.decimals)
            cursor.execute(NEW_ACCOUNTS, [*keys, missing])
        cursor.execute(LOCKED, [ledger.id, names])
        held = known | {row[1]: Held(*row) for row in cursor.fetchall()}
    if len(held) < len(names):
        raise models.Ledger.DoesNotExist(f"There is no ledger {ledger.id} here.")
    return held


def _book(ledger: models.Ledger, transfer: Transfer, held: Mapping[str, Held]) -> Taken:
    payer, payee = held[transfer.payer], held[transfer.payee]
    _refuse_silent_exchange(transfer, payer, payee)
    accounts = [x for x in dict.fromkeys((payer, payee)) if not x.external]
    key, may_overdraw = (transfer.t, transfer.seq, transfer.id), ledger.shortfall == "overdraft"
    if any(x.last is not None and key < x.last for x in accounts):
        place, moved = late.set_again(accounts, transfer, payer, payee, may_overdraw=may_overdraw)
        is_late = True
    else:
        srcpos, dstpos, owed = carry_out(
            payer, payee, transfer.amount, transfer.credited, may_overdraw=may_overdraw
        )  # fmt: skip
        place, moved, is_late = (srcpos, dstpos, owed), 0, False
    for account in accounts:
        account.last = max(account.last or key, key)
    changed = _changed(payer, payee, place)
    concerned = _store(ledger, transfer, place, accounts, payer, payee, changed)
    told = tuple(Changed(account.name, start) for account, start in changed)
    return Taken(Booked(is_late, moved, told), concerned)


def _changed(payer: Held, payee: Held, place: Positions) -> list[tuple[Held, int]]:
    """From which positions on units may have another way now."""
    srcpos, dstpos, _ = place
    ends = [(payer, srcpos), (payee, dstpos or 0)]
    inside = [(account, start) for account, start in ends if not account.external]
    return sorted(dict.fromkeys(inside), key=lambda one: (one[0].name, one[1]))


def _refuse_silent_exchange(transfer: Transfer, payer: Held, payee: Held) -> None:
    if transfer.credit is None and (payer.asset, payer.decimals) != (payee.asset, payee.decimals):
        raise LedgerRefused(
            f"Transfer {transfer.id!r} goes from {payer.asset!r} to {payee.asset!r} and does not "
            "say how many units were credited. Give its credit.",
            value=transfer.id,
        )


def _store(
    ledger: models.Ledger, transfer: Transfer, place: Positions, accounts: list[Held],
    payer: Held, payee: Held, changed: list[tuple[Held, int]],
) -> tuple[UUID, ...]:  # fmt: skip
    srcpos, dstpos, owed = place
    values = {
        "ledger": ledger.id, "organisation": ledger.organisation_id,
        "src": payer.id, "dst": payee.id, "t": transfer.t, "seq": transfer.seq,
        "amount": transfer.amount, "srcpos": srcpos, "srcend": srcpos + transfer.amount,
        "dstpos": dstpos, "owed": owed or None, "ident": transfer.id, "batch": transfer.batch,
        "credit": None if transfer.credited == transfer.amount else transfer.credited,
        "ids": [x.id for x in accounts], "marks": [x.mark for x in accounts],
        "came": [x.came for x in accounts], "gone": [x.gone for x in accounts],
        "unseen": [x.unseen for x in accounts],
        "last_t": [x.last[0] for x in accounts if x.last],
        "last_seq": [x.last[1] for x in accounts if x.last],
        "last_ident": [x.last[2] for x in accounts if x.last],
        "changed": [x.id for x, _ in changed], "starts": [start for _, start in changed],
    }  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute(STORE, values)
        stored, concerned = cursor.fetchone()
    for account in accounts:
        account.mark = 0
    if stored is None:
        raise LedgerRefused(
            f"The transfer id {transfer.id!r} is there twice. Give each transfer its own.",
            value=transfer.id,
        )
    return tuple(sorted(concerned))


@transaction.atomic
def rebuild(*, ledger: models.Ledger) -> None:
    """Work all positions out again from the record; bookings wait meanwhile."""
    values = positions.asked(ledger.id, ledger.shortfall)
    with positions.over_all_rows() as cursor:
        cursor.execute(LOCK_ALL, [ledger.id])
        for statement in positions.statements_to_set():
            cursor.execute(statement, values)
    models.Ledger.objects.filter(id=ledger.id).update(method=METHOD)


# Traces that are told


@transaction.atomic
def keep_trace(
    *, ledger: models.Ledger, about: str, seeds: Sequence[Seed], by: Actor, at: datetime
) -> models.Trace:
    """Trace these payments, and remember how far they reach; a trace of this name is set again.

    The accounts that are reached stay locked against bookings until the end of the transaction, so
    that none comes in between unseen.
    """
    locked: set[int] = set()
    reach = queries.look_up(ledger, seeds).reach
    while not reach.keys() <= locked:
        locked |= reach.keys()
        list(
            models.Account.objects.select_for_update(no_key=True)
            .filter(id__in=locked)
            .order_by("id")
            .values_list("id")
        )
        reach = queries.look_up(ledger, seeds).reach
    told = [{"transfer": seed.transfer, "amount": seed.amount} for seed in seeds]
    kept, _ = models.Trace.objects.update_or_create(
        ledger=ledger, about=about, defaults={"seeds": told, "traced_at": at},
        create_defaults={
            "seeds": told, "traced_at": at, "organisation_id": by.organisation_id,
        },
    )  # fmt: skip
    models.Reach.objects.filter(trace=kept).update(upto=0)
    models.Reach.objects.bulk_create(
        [
            models.Reach(
                trace=kept, organisation_id=by.organisation_id, account_id=account, upto=upto
            )
            for account, upto in reach.items()
        ],
        update_conflicts=True, unique_fields=["trace", "account"], update_fields=["upto"],
    )  # fmt: skip
    return kept
