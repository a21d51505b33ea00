"""Every rule on a stored ledger: what it needs is read into memory, and traced there.

First in, first out goes by positions. For the others the accounts that traced money touches are
read, whole, and all others stand for outside; where money comes to one of these it is read too,
until none is left. An account's own bookings are all that a rule looks at, so the answer is that
of the whole ledger. A small ledger is read at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from django.db import connection

from recoup.apps.ledgers import models, queries
from recoup.apps.ledgers.following import moment
from recoup.core.tracing import RULES, Account, Ledger, Result, Seed, Transfer, trace

SMALL: Final = 50_000
MOST: Final = 1_000_000

ACCOUNTS: Final = """
select name, opening, external from ledgers_account where ledger_id = %(ledger)s
"""
TRANSFERS: Final = """
select x.ident, x.t, s.name, d.name, x.amount, x.seq, x.credit, x.batch
from ledgers_transfer x
join ledgers_account s on s.id = x.src_id join ledgers_account d on d.id = x.dst_id
where x.ledger_id = %(ledger)s and x.t <= %(as_of)s
"""
NAMED: Final = """
select id, name, opening, external from ledgers_account
where ledger_id = %(ledger)s and name = any(%(names)s::text[])
"""
# Each name is looked up by itself: a join might be planned as a scan of all accounts.
_NAMES: Final = """
select x.ident, x.t, (select name from ledgers_account a where a.id = x.src_id),
  (select name from ledgers_account a where a.id = x.dst_id), x.amount, x.seq, x.credit, x.batch
from ledgers_transfer x
"""
TOUCHED: Final = f"""
{_NAMES} where x.src_id = any(%(accounts)s::bigint[]) and x.t <= %(as_of)s
union
{_NAMES} where x.dst_id = any(%(accounts)s::bigint[]) and x.t <= %(as_of)s
"""
PAID: Final = f"""
{_NAMES} where x.ledger_id = %(ledger)s and x.ident = any(%(idents)s::text[])
"""
IS_LARGE: Final = """
select count(*) > %(small)s from (
  select 1 from ledgers_transfer where ledger_id = %(ledger)s limit %(small)s + 1
) as_many
"""


def trace_by(
    rule: str, ledger: models.Ledger, seeds: Sequence[Seed], *, as_of: int | None = None
) -> Result:
    """The walk's answer under any rule; raises LedgerRefused."""
    if rule == "fifo":
        return queries.trace(ledger, seeds, as_of=as_of)
    # Batches of ``tiho`` are taken in an order of their own, which may count for unseen money.
    if rule in RULES and rule != "tiho" and _is_large(ledger):
        found = _by_touched(rule, ledger, seeds, as_of)
        if found is not None:
            return found
    whole = read_back(ledger, seeds)
    return trace(whole, rule=rule, shortfall=ledger.shortfall, as_of=as_of)


def read_back(
    ledger: models.Ledger, seeds: Sequence[Seed], *, as_of: int | None = None
) -> Ledger:  # fmt: skip
    """The whole ledger as the engine in memory takes it."""
    asked = {"ledger": ledger.id, "as_of": moment(as_of)}
    accounts = {name: Account(opening, external) for name, opening, external in
                _rows(ACCOUNTS, asked)}  # fmt: skip
    transfers = tuple(Transfer(*row) for row in _rows(TRANSFERS, asked))
    return Ledger(accounts, transfers, tuple(seeds))


def _is_large(ledger: models.Ledger) -> bool:
    (found,) = _rows(IS_LARGE, {"ledger": ledger.id, "small": SMALL})
    return bool(found[0])


def _by_touched(
    rule: str, ledger: models.Ledger, seeds: Sequence[Seed], as_of: int | None
) -> Result | None:
    """The answer from the accounts that traced money touches; None if these are too many."""
    idents = [seed.transfer for seed in seeds]
    paid = [Transfer(*row) for row in _rows(PAID, {"ledger": ledger.id, "idents": idents})]
    transfers = {x.id: x for x in paid}
    accounts: dict[str, Account] = {}
    waiting = {end for x in paid for end in (x.payer, x.payee)}
    while True:
        _read_touched(ledger, waiting - accounts.keys(), as_of, accounts, transfers)
        if len(transfers) > MOST:
            return None
        others = {end for x in transfers.values() for end in (x.payer, x.payee)} - accounts.keys()
        outside = dict.fromkeys(others, Account(external=True))
        part = Ledger(accounts | outside, tuple(transfers.values()), tuple(seeds))
        result = trace(part, rule=rule, shortfall=ledger.shortfall, as_of=as_of)
        waiting = others & result.held.keys()
        if not waiting:
            totals = queries.totals(ledger, as_of)
            return replace(result, balances=totals[0], unseen=totals[1])


def _read_touched(
    ledger: models.Ledger, names: Iterable[str], as_of: int | None,
    accounts: dict[str, Account], transfers: dict[str, Transfer],
) -> None:  # fmt: skip
    """Read these accounts; those inside the ledger with all that was booked in them."""
    inside = []
    for row, name, opening, external in _rows(NAMED, {"ledger": ledger.id, "names": list(names)}):
        accounts[name] = Account(opening, external)
        if not external:
            inside.append(row)
    for row in _rows(TOUCHED, {"accounts": inside, "as_of": moment(as_of)}):
        transfers.setdefault(row[0], Transfer(*row))


def _rows(statement: str, asked: dict[str, Any]) -> list[Any]:
    with connection.cursor() as cursor:
        cursor.execute(statement, asked)
        return cursor.fetchall()
