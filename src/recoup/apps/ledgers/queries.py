"""Reads of stored ledgers: a FIFO answer through positions, balances, and the ledger itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from django.db import connection
from django.db.models import QuerySet

from recoup.apps.ledgers import following, models
from recoup.apps.ledgers.following import Step, moment
from recoup.core.access import Actor
from recoup.core.tracing.fast import answer
from recoup.core.tracing.fast.columns import LARGEST
from recoup.core.tracing.ledger import Ledger, LedgerRefused, Seed, Transfer, check
from recoup.core.tracing.result import Result

WAYS: Final = ("recursive", "by hops")
MOST_PIECES: Final = 20_000

TOTALS_NOW: Final = """
select name, came - gone, unseen from ledgers_account where ledger_id = %(ledger)s and not external
"""
TOTALS_THEN: Final = """
select name, case when %(may_overdraw)s then opening + credits - paid else top - paid end,
  case when %(may_overdraw)s then 0 else top - opening - credits end
from (
  select a.name, a.opening, coalesce(c.credits, 0) as credits, coalesce(d.paid, 0) as paid,
    greatest(a.opening, coalesce(c.top, 0), coalesce(d.paid, 0)) as top
  from ledgers_account a
  left join (
    select src_id, max(srcend) as paid from ledgers_transfer
    where ledger_id = %(ledger)s and t <= %(as_of)s group by src_id
  ) d on d.src_id = a.id
  left join (
    select dst_id, sum(coalesce(credit, amount))::bigint as credits,
      max(dstpos + coalesce(credit, amount)) as top
    from ledgers_transfer where ledger_id = %(ledger)s and t <= %(as_of)s group by dst_id
  ) c on c.dst_id = a.id
  where a.ledger_id = %(ledger)s and not a.external
) each_one
"""


@dataclass(frozen=True, slots=True)
class Answer:
    """A FIFO answer; reach: the highest traced position by account id, for ``keep_trace``."""

    result: Result
    reach: Mapping[int, int]
    pieces: int


def visible_to(actor: Actor) -> QuerySet[models.Ledger]:
    return models.Ledger.objects.filter(organisation_id=actor.organisation_id)


def trace(
    ledger: models.Ledger, seeds: Sequence[Seed], *, as_of: int | None = None, way: str = WAYS[0]
) -> Result:
    """Where the units of these payments are, first in, first out; raises LedgerRefused.

    The same ``Result`` as the walk's under the ledger's shortfall policy. Balances and unseen units
    are counted when they are first looked at, within the transaction or scope of that moment.
    """
    return look_up(ledger, seeds, as_of=as_of, way=way).result


def look_up(
    ledger: models.Ledger, seeds: Sequence[Seed], *, as_of: int | None = None, way: str = WAYS[0]
) -> Answer:
    """As ``trace``, with what has to be kept to know later whether it still holds."""
    steps = _steps(ledger, seeds, as_of, way)
    _refuse_seeds(ledger, seeds, steps, as_of)
    labels = [seed.transfer for seed in seeds]
    carrying = [step for step in steps if step[following.CARRIED]]
    _refuse_traced_payer(labels, steps, carrying)
    totals = answer.Totals(partial(_totals, ledger, as_of))
    result = Result(
        rule="fifo",
        shortfall=ledger.shortfall,
        as_of=as_of,
        held=_held(labels, carrying),
        transfers=_told(labels, carrying, following.IDENT, following.CARRIED),
        credited=_told(labels, carrying, following.IDENT, following.CREDITED),
        balances=answer.Look(totals, 0),
        dissipated=_told(labels, carrying, following.PAYEE, following.LOST),
        unseen=answer.Look(totals, 1),
    )
    return Answer(result, _reach(carrying), len(carrying))


def _steps(ledger: models.Ledger, seeds: Sequence[Seed], as_of: int | None, way: str) -> list[Step]:
    if way not in WAYS:
        raise LedgerRefused(
            f"There is no way of asking {way!r}. Use one of: {', '.join(WAYS)}.", value=way
        )
    units = [seed.amount for seed in seeds]
    if len({seed.transfer for seed in seeds}) < len(seeds) or not all(map(_fits, units)):
        check(Ledger({}, _paid(ledger, seeds), tuple(seeds)))
    idents = [seed.transfer for seed in seeds]
    if way == WAYS[0]:
        try:
            return following.by_one_statement(ledger.id, idents, units, as_of, most=MOST_PIECES)
        except following.TooManyPieces:
            pass
    return following.by_hops(ledger.id, idents, units, as_of)


def _fits(units: int | None) -> bool:
    return units is None or (units.__class__ is int and 0 <= units <= LARGEST)


def _refuse_seeds(
    ledger: models.Ledger, seeds: Sequence[Seed], steps: Iterable[Step], as_of: int | None
) -> None:
    """Refuse seeds that the ledger does not have, with the words of ``ledger.check``."""
    paid = {step[following.IDENT]: step for step in steps if step[following.IS_FIRST]}
    for seed in seeds:
        step = paid.get(seed.transfer)
        if step is None or (
            seed.amount is not None
            and seed.amount > step[following.SRCEND] - step[following.SRCPOS]
        ):
            check(Ledger({}, _paid(ledger, seeds), tuple(seeds)))
            return


def _paid(ledger: models.Ledger, seeds: Sequence[Seed]) -> tuple[Transfer, ...]:
    """The transfers that seeds name, as far as the ledger has them."""
    rows = models.Transfer.objects.filter(ledger=ledger, ident__in={x.transfer for x in seeds})
    return tuple(
        Transfer(ident, t, "", "", amount)
        for ident, t, amount in rows.values_list("ident", "t", "amount")
    )


def _refuse_traced_payer(labels: Sequence[str], steps: list[Step], carrying: list[Step]) -> None:
    """Refuse a victim's payment out of traced money, as the plain walk does."""
    payees = {step[following.DST] for step in carrying if step[following.HIGH] is not None}
    seeds = [x for x in steps if x[following.IS_FIRST] and x[following.SRC] in payees]
    for seed in sorted(seeds, key=_key):
        traced: dict[str, int] = {}
        payer = ""
        for step in carrying:
            if step[following.DST] != seed[following.SRC] or _key(step) >= _key(seed):
                continue
            payer = step[following.PAYEE]
            start = max(step[following.LOW], seed[following.SRCPOS])
            units = step[following.HIGH] - start
            if units > 0:
                label = labels[step[following.LABEL] - 1]
                traced[label] = traced.get(label, 0) + units
        if traced:
            raise LedgerRefused(
                f"The victim's payment {seed[following.IDENT]!r} leaves "
                f"{payer!r}, which then holds {sum(traced.values())} units traced "
                f"from {', '.join(sorted(traced))}. Trace the two losses apart, or leave this "
                "payment out of the victims' payments.",
                value=seed[following.IDENT],
                key="seeds",
            )


def _key(step: Step) -> tuple[int, int, str]:
    return step[following.T], step[following.SEQ], step[following.IDENT]


def _told(labels: Sequence[str], steps: Iterable[Step], name: int, units: int) -> answer.Table:
    """One field of the steps, added up by name and label; without zero entries."""
    table: answer.Table = {}
    for s in steps:
        if s[units]:
            row, label = table.setdefault(s[name], {}), labels[s[following.LABEL] - 1]
            row[label] = row.get(label, 0) + s[units]
    return table


def _held(labels: Sequence[str], steps: Sequence[Step]) -> answer.Table:
    """What is there now by account and label: what arrived and was not carried on."""
    names = {s[following.DST]: s[following.PAYEE] for s in steps}
    there: dict[tuple[int, int], int] = {}
    for s in steps:
        to = s[following.DST], s[following.LABEL]
        there[to] = there.get(to, 0) + s[following.CREDITED] - s[following.LOST]
    for s in steps:
        origin = s[following.SRC], s[following.LABEL]
        if origin in there and not s[following.IS_FIRST]:
            there[origin] -= s[following.CARRIED]
    table: answer.Table = {}
    for (account, label), units in there.items():
        if units:
            table.setdefault(names[account], {})[labels[label - 1]] = units
    return table


def totals(ledger: models.Ledger, as_of: int | None) -> tuple[Mapping[str, int], Mapping[str, int]]:
    """Balances and unseen units of all accounts, counted when they are first looked at."""
    counted = answer.Totals(partial(_totals, ledger, as_of))
    return answer.Look(counted, 0), answer.Look(counted, 1)


def _totals(ledger: models.Ledger, as_of: int | None) -> answer.Counted:
    asked = {
        "ledger": ledger.id,
        "as_of": moment(as_of),
        "may_overdraw": ledger.shortfall == "overdraft",
    }
    with connection.cursor() as cursor:
        cursor.execute(TOTALS_NOW if as_of is None else TOTALS_THEN, asked)
        rows = cursor.fetchall()
    balances = {name: balance for name, balance, _ in rows}
    return balances, {name: unseen for name, _, unseen in rows if unseen}


def _reach(steps: Iterable[Step]) -> dict[int, int]:
    reach: dict[int, int] = {}
    for step in steps:
        if step[following.HIGH] is not None:
            account = step[following.DST]
            reach[account] = max(reach.get(account, 0), step[following.HIGH])
    return reach
