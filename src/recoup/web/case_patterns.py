"""Patterns in the bookings connected with a case: each a question with reason and transfers.

Nothing follows from a pattern by itself: no hold, no ticket, no score.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy

from recoup.apps.holds.case_ledger import CaseLedger, Source
from recoup.apps.holds.wording import moment
from recoup.apps.said import in_words
from recoup.core import chain, patterns
from recoup.core.patterns import Amounts
from recoup.core.said import Said
from recoup.core.tracing import Transfer
from recoup.data.indicators import load_indicators
from recoup.web import case_entitled
from recoup.web.case_trail import guess_shown

SECOND = 1_000_000
SHOWN_AT_MOST = 40
OUTSIDE = "outside the case"
NAMES = {
    "fan_in": gettext_lazy("many payers, one account"),
    "fan_out": gettext_lazy("one account, many payees"),
    "pass_through": gettext_lazy("passed through"),
    "cycle": gettext_lazy("came back in a circle"),
    "peel_chain": gettext_lazy("peeled on its way"),
    "structuring": gettext_lazy("just below a limit"),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One transfer that shows a pattern."""

    at: datetime
    payer: str
    payee: str
    amount: int
    source: Source | None


@dataclass(frozen=True, slots=True)
class Pattern:
    """One finding; says: the indicator. source: where it comes from.

    is_asked: the reader's organisation asked for every one of these bookings, and reads them.
    """

    name: str
    said: str
    says: str
    source: str
    account_shown: str
    institution: str
    currency: str
    transfers: tuple[Shown, ...]
    more: int
    is_asked: bool


def found(ledger: CaseLedger) -> list[Pattern]:
    """The patterns on accounts that carry the case's money, each currency by itself."""
    indicators = load_indicators()
    payments = list(_payments(ledger.facts))
    shown: list[Pattern] = []
    touched = _touched(ledger)
    for currency in sorted({currency for currency, _ in payments}):
        transfers = [transfer for one, transfer in payments if one == currency]
        amounts = indicators.amounts.get(currency, Amounts(least=0))
        told = patterns.find(
            transfers, thresholds=indicators.thresholds, amounts=amounts, outside=(OUTSIDE,),
            second=SECOND,
        )  # fmt: skip
        known = {transfer.id: transfer for transfer in transfers}
        shown += [_pattern(ledger, one, known, currency) for one in told.findings
                  if one.account in touched]  # fmt: skip
    return shown


def _payments(facts: chain.Facts) -> Iterator[tuple[str, Transfer]]:
    """Each payment once, by the payer's bank where it told it; what nobody told is outside."""
    payer = {s.movement: s for s in facts.sides if not s.is_credit}
    payee = {s.movement: s for s in facts.sides if s.is_credit}
    to = {d.movement: d.account for d in facts.destinations if d.account}
    for movement in payer.keys() | payee.keys():
        debit, credit = payer.get(movement), payee.get(movement)
        side = debit or credit
        if side is None:
            continue
        there = credit.account if credit else to.get(movement)
        is_exchanged = debit and credit and debit.currency != credit.currency
        yield side.currency, Transfer(
            movement, side.booked_at, debit.account if debit else OUTSIDE,
            OUTSIDE if is_exchanged else there or OUTSIDE, side.amount, side.seq,
        )  # fmt: skip


def _touched(ledger: CaseLedger) -> frozenset[str]:
    """The accounts that poison marks for the case, as far as the reader may be told of them."""
    marked = ledger.under("poison")
    own = {claim.id for claim in ledger.claims}
    known = case_entitled.known_accounts(ledger, marked, case_entitled.hidden(ledger))
    return frozenset(r.account for r in marked.rows if r.claim in own and r.account in known)


def _pattern(
    ledger: CaseLedger, one: patterns.Finding, known: dict[str, Transfer], currency: str
) -> Pattern:
    origin = load_indicators().origins[one.kind]
    name = ledger.names.get(one.account)
    shown = [known[transfer] for transfer in one.transfers]
    return Pattern(
        str(NAMES[one.kind]), _in_words(ledger, one.said), origin.says, origin.source,
        _shown(ledger, one.account), name.institution if name else "", currency,
        tuple(_transfer(ledger, transfer) for transfer in shown[:SHOWN_AT_MOST]),
        max(len(shown) - SHOWN_AT_MOST, 0),
        all(_is_asked(ledger, transfer.id) for transfer in shown),
    )  # fmt: skip


def _is_asked(ledger: CaseLedger, movement: str) -> bool:
    sides = (ledger.told.get((movement, is_credit)) for is_credit in (False, True))
    return any(side is not None and side.is_asked for side in sides)


def _in_words(ledger: CaseLedger, said: Said) -> str:
    """The sentence with accounts as people write them."""
    values = {
        key: _shown(ledger, value) if isinstance(value, str) and value in ledger.names else value
        for key, value in said.values.items()
    }
    return in_words(Said(said.template, **values))


def _shown(ledger: CaseLedger, account: str) -> str:
    name = ledger.names.get(account)
    return guess_shown(name.ident) if name else ""


def _transfer(ledger: CaseLedger, transfer: Transfer) -> Shown:
    return Shown(
        moment(transfer.t), _shown(ledger, transfer.payer), _shown(ledger, transfer.payee),
        transfer.amount, ledger.teller(transfer.id),
    )  # fmt: skip
