"""All rules for one case beside each other: account by rule, the range, and what became of it all.

Each column is the answer of one rule alone. The range is over the rules whose figures are sums; the
marks of poison stand apart.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext

from recoup.apps.holds.case_ledger import CaseLedger
from recoup.core import chain
from recoup.core.tracing import RULES
from recoup.web import case_entitled, case_retrace
from recoup.web.case_rules import WORDS, Choice, RuleWords
from recoup.web.case_trail import guess_shown

BAR = 1000
ELSEWHERE = ("elsewhere", "")


@dataclass(frozen=True, slots=True)
class Line:
    """One account, or one end of the money; cells in the order of ``rules_of``.

    A cell is None where marks are not told: those of accounts that are another case's matter.
    """

    name: str
    institution: str
    fate: str
    cells: tuple[int | None, ...]
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Small:
    """One rule's answer as a bar: parts with their place and width of a thousand."""

    rule: RuleWords
    parts: tuple[dict[str, Any], ...]
    is_balanced: bool


@dataclass(frozen=True, slots=True)
class Table:
    """One currency."""

    currency: str
    lines: tuple[Line, ...]
    bars: tuple[Small, ...]


def rules_of(ledger: CaseLedger) -> list[RuleWords]:
    """All rules, without those for which a reader of this case would wait too long."""
    return [words for words in WORDS.values() if not ledger.is_too_large_for(words.key)]


def tables(ledger: CaseLedger, choice: Choice) -> list[Table]:
    """One table a currency, in which the case has lost or got money."""
    traced = {
        rule: ledger.under(rule, choice.until) for rule in (words.key for words in rules_of(ledger))
    }
    own = str(ledger.case_id)
    hidden = case_entitled.hidden(ledger)
    known = {
        x for each in traced.values() for x in case_entitled.known_accounts(ledger, each, hidden)
    }
    currencies = {t.currency for again in traced.values() for t in again.totals if t.case == own}
    return [_table(ledger, traced, known, currency) for currency in sorted(currencies)]


def _table(
    ledger: CaseLedger, traced: dict[str, chain.Retraced], known: set[str], currency: str
) -> Table:
    sums = {rule: _sums(ledger, again, known, currency) for rule, again in traced.items()}
    keys = dict.fromkeys(key for rule in traced for key in sums[rule])
    places = sorted(
        keys, key=lambda key: (key[0] != "there", -max(s.get(key, 0) for s in sums.values()))
    )
    lines = tuple(_line(ledger, key, {r: sums[r].get(key, 0) for r in traced}) for key in places)
    return Table(currency, lines, tuple(_bar(traced[r], ledger, r, currency) for r in traced))


def _sums(
    ledger: CaseLedger, again: chain.Retraced, known: set[str], currency: str
) -> dict[tuple[str, str], int]:
    """What one rule says of each place. Marks of several reports overlap: the largest counts."""
    of_claims: dict[UUID, dict[tuple[str, str], int]] = {}
    for row in case_retrace.trail(ledger, again):
        if row.currency == currency:
            _count(of_claims.setdefault(row.claim_id, {}), row, known)
    together = sum if RULES[again.rule].conserves else max
    places = dict.fromkeys(place for found in of_claims.values() for place in found)
    return {
        place: together(found.get(place, 0) for found in of_claims.values()) for place in places
    }


def _count(sums: dict[tuple[str, str], int], row: Any, known: set[str]) -> None:
    """What is in the account, and what is nowhere any more."""
    account = str(row.account_id)
    parts = {
        ("there", account) if account in known else ELSEWHERE: row.held + row.lying,
        ("gone", ""): row.spent,
        ("returned", ""): row.returned,
        ("unknown", ""): row.unknown,
    }
    for key, units in parts.items():
        if units:
            sums[key] = sums.get(key, 0) + units


def _line(ledger: CaseLedger, key: tuple[str, str], cells: dict[str, int]) -> Line:
    fate, account = key
    names = {
        "gone": gettext("gone"),
        "returned": gettext("returned"),
        "unknown": gettext("not told yet"),
        "elsewhere": gettext("on accounts that were told of for another case"),
    }
    name = ledger.names.get(account)
    adding = [units for rule, units in cells.items() if RULES[rule].conserves]
    shown = (
        None if fate == "elsewhere" and not RULES[rule].conserves else units
        for rule, units in cells.items()
    )
    return Line(
        guess_shown(name.ident) if name else names[fate], name.institution if name else "", fate,
        tuple(shown), min(adding), max(adding),
    )  # fmt: skip


def _bar(again: chain.Retraced, ledger: CaseLedger, rule: str, currency: str) -> Small:
    proofs = case_retrace.proofs(ledger, again)
    proof = next((one for one in proofs if one.currency == currency), None)
    if proof is None or not proof.lost:
        return Small(WORDS[rule], (), True)
    parts, so_far = [], 0
    for part in proof.parts:
        x, so_far = int(so_far * BAR / proof.lost), so_far + part.units
        width = int(so_far * BAR / proof.lost) - x
        parts.append(
            {"fate": part.fate, "name": part.name, "units": part.units, "x": x, "width": width}
        )
    return Small(WORDS[rule], tuple(parts), proof.is_balanced)
