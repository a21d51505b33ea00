"""What reports are linked by: the identifiers that they name, and what each report says was lost.

An identifier is compared as it stands. Give accounts as ``core.accounts`` keeps them, so that two
ways of writing are one; a wallet with its memo or tag, so that the address which serves a whole
exchange is not one customer's; mail addresses and domains in lower case.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from recoup.core.accounts import AccountIdentifier
from recoup.core.money import Money
from recoup.core.said import Said

# As accounts are written (``core.accounts.SCHEMES``; a national number is kept as its IBAN), and
# what else people leave behind. In the sentence they stand where the object stands.
KINDS: Final = {
    "iban": Said("the account"),
    "card": Said("the card"),
    "phone": Said("the telephone number"),
    "wallet": Said("the wallet"),
    "cash_reference": Said("the cash transfer"),
    "reference": Said("the payment reference"),
    "email": Said("the e-mail address"),
    "domain": Said("the domain"),
    "device": Said("the device"),
}
# How a report names it. The first three are the reasons of links between cases.
ROLES: Final = ("payee_account", "payer_account", "reference", "contact", "site", "device")


class Identifier(NamedTuple):
    """Something that two reports may share. kind: one of ``KINDS``.

    A tuple, because they are compared by the million.
    """

    kind: str
    value: str

    @classmethod
    def of_account(cls, account: AccountIdentifier) -> Identifier:
        """An account, under the key by which it is kept."""
        return cls(account.scheme, account.ident)


@dataclass(frozen=True, slots=True, order=True)
class Mention:
    """A report names an identifier, in a role such as ``payee_account``."""

    identifier: Identifier
    role: str


@dataclass(frozen=True, slots=True)
class Told:
    """One report. lost: what it says was lost. held: what is held of it, in any currencies.

    double_of: the report that told the same loss before, whose sums then count for both.
    """

    id: str
    mentions: tuple[Mention, ...]
    lost: Money
    held: tuple[Money, ...] = ()
    double_of: str | None = None


class ReportsRefused(Exception):
    """Reports that cannot be linked; ``value`` is what to correct."""

    def __init__(self, problem: str, *, value: str) -> None:
        self.problem, self.value = problem, value
        super().__init__(problem)


def by_id(reports: Iterable[Told]) -> dict[str, Told]:
    """Return the reports by id, in the order of their ids; raises ReportsRefused."""
    found: dict[str, Told] = {}
    for report in sorted(reports, key=lambda x: x.id):
        if report.id in found:
            raise ReportsRefused(
                f"The report {report.id!r} is there twice. Give each its own id.", value=report.id
            )
        found[report.id] = report
        for mention in report.mentions:
            _check(report, mention)
    return found


def _check(report: Told, mention: Mention) -> None:
    kind, role = mention.identifier.kind, mention.role
    if kind not in KINDS:
        raise ReportsRefused(
            f"Report {report.id!r} names something of the kind {kind!r}. "
            f"Use one of: {', '.join(KINDS)}.",
            value=kind,
        )
    if role not in ROLES:
        raise ReportsRefused(
            f"Report {report.id!r} names something as {role!r}. Use one of: {', '.join(ROLES)}.",
            value=role,
        )
    if not mention.identifier.value:
        raise ReportsRefused(
            f"Report {report.id!r} names an empty {kind}. Leave it out.", value=report.id
        )
