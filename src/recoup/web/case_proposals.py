"""What another rule would say, now, of the holds of a case: a proposal, no more.

Holds go by one rule. Tracing again never changes a ticket; an officer may take a reduction to the
act that exists for it, where it is looked at and decided.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext

from recoup.apps.holds.case_ledger import CaseLedger
from recoup.apps.holds.models import Hold
from recoup.apps.lawful_requests.models import Ticket
from recoup.core import chain
from recoup.core.tracing import RULES
from recoup.web.case_rules import Choice
from recoup.web.case_trail import guess_shown
from recoup.web.templatetags.recoup_ui import money_plain

IN_FORCE = ("asked", "placed")


@dataclass(frozen=True, slots=True)
class Proposal:
    """ticket: the last one of the hold; None where nothing is held for the case."""

    ticket: Ticket | None
    account_shown: str
    institution_name: str
    currency: str
    held: int
    says: int
    why: str
    reduce_url: str = ""

    @property
    def difference(self) -> int:
        return self.says - self.held


def proposals(
    choice: Choice, ledger: CaseLedger, again: chain.Retraced, holds: Sequence[Hold],
    tickets: Sequence[Ticket], *, told: Collection[str],
) -> tuple[list[Proposal], int]:  # fmt: skip
    """The holds of which this trace says another sum, and how many it leaves as they are.

    told: the accounts that the reader may be told of beside those on which something is held.
    """
    if not RULES[again.rule].conserves:
        return [], 0
    last = {t.request: t for t in sorted(tickets, key=lambda t: t.round) if t.measure == "hold"}
    held = {str(hold.account_id): hold for hold in holds if hold.state in IN_FORCE}
    found, same = [], 0
    for account in sorted((_accounts(ledger, again) & set(told)) | held.keys()):
        hold = held.get(account)
        one = _proposal(choice, ledger, again, account, hold, last)
        if one.difference:
            found.append(one)
        elif hold is not None:
            same += 1
    return sorted(found, key=lambda one: (one.currency, one.difference)), same


def _accounts(ledger: CaseLedger, again: chain.Retraced) -> set[str]:
    own = str(ledger.case_id)
    return {account for (case, account), share in again.shares.items()
            if case == own and share.target}  # fmt: skip


def _proposal(
    choice: Choice, ledger: CaseLedger, again: chain.Retraced, account: str, hold: Hold | None,
    last: Mapping[UUID, Ticket],
) -> Proposal:  # fmt: skip
    share = again.shares.get((str(ledger.case_id), account))
    ticket = last.get(hold.id) if hold else None
    name = ledger.names.get(account)
    currency = ticket.currency if ticket else share.currency if share else ""
    says = ceil(share.target) if share else 0
    held = hold.held_minor if hold else 0
    url = ""
    if ticket is not None and says < held:
        url = f"{reverse('ticket-reduce', args=[ticket.id])}#acts"
    return Proposal(
        ticket, guess_shown(name.ident) if name else "", name.institution if name else "",
        currency, held, says, _why(choice, held, says, currency), url,
    )  # fmt: skip


def _why(choice: Choice, held: int, says: int, currency: str) -> str:
    values = {"rule": choice.words.name, "sum": money_plain(abs(says - held), currency)}
    if says < held:
        return gettext("by “%(rule)s” %(sum)s of it is not the case’s money") % values
    if held:
        return gettext("by “%(rule)s” %(sum)s more of the case’s money is here") % values
    return (
        gettext("by “%(rule)s” %(sum)s of the case’s money is here, and nothing is held") % values
    )
