"""Ledgers with their one right answer, in the JSON format ``tracing-cases/1``.

With it, engines can be compared: any engine must give the ``expect`` of a case exactly. A result
of ours is written with the same keys.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from recoup.core.tracing import trace
from recoup.core.tracing.facts import CaseRefused, Facts, doubles_kept
from recoup.core.tracing.ledger import Account, Ledger, LedgerRefused, Seed, Transfer
from recoup.core.tracing.result import Result

FORMAT: Final = "tracing-cases/1"
_CASE_KEYS: Final = (
    "id", "title", "why", "rule", "accounts", "transfers", "seeds", "policy", "as_of", "expect",
)  # fmt: skip
_TRANSFER_KEYS: Final = ("id", "t", "seq", "from", "to", "amount", "credit", "batch")


@dataclass(frozen=True, slots=True)
class Case:
    """One ledger, the rule it is traced by, and the answer that is right, where it is given."""

    id: str
    rule: str
    ledger: Ledger
    shortfall: str
    as_of: int | None
    expect: Mapping[str, Any] = field(default_factory=dict)
    title: str = ""
    why: str = ""


def read(document: bytes) -> tuple[Case, ...]:
    """Read a file of cases; raises CaseRefused with the case and the key."""
    try:
        top = json.loads(document, object_pairs_hook=doubles_kept)
    except (ValueError, RecursionError) as fault:
        raise CaseRefused(f"The file of cases is not good JSON: {fault}.") from None
    if not isinstance(top, dict) or top.get("format") != FORMAT:
        raise CaseRefused(
            f'The file does not name its format. Begin it with "format": "{FORMAT}".',
            key="format",
        )
    entries = Facts(top, tuple(top), case="", key="").items("cases")
    cases = tuple(_read_case(entry, number) for number, entry in enumerate(entries))
    for name, times in Counter(case.id for case in cases).items():
        if times > 1:
            raise CaseRefused(
                f"{times} cases bear this id. Give each its own.", case=name, key="id", value=name
            )
    return cases


def traced(case: Case) -> Result:
    """Trace a case by its own rule, without looking at its ``expect``; raises CaseRefused."""
    try:
        return trace(case.ledger, rule=case.rule, shortfall=case.shortfall, as_of=case.as_of)
    except LedgerRefused as fault:
        raise CaseRefused(fault.problem, case=case.id, key=fault.key, value=fault.value) from None


def write(cases: tuple[Case, ...]) -> bytes:
    """Write cases so that ``read`` gives them back."""
    top = {"format": FORMAT, "cases": [_written_case(case) for case in cases]}
    return json.dumps(top, ensure_ascii=False, indent=1, sort_keys=True).encode()


def as_expect(result: Result) -> dict[str, Any]:
    """Return a result under the keys of the format's ``expect``."""
    return {
        "held": _plain(result.held),
        "transfers": _plain(result.transfers),
        "balances": dict(sorted(result.balances.items())),
        "dissipated": _plain(result.dissipated),
        "unseen": dict(sorted(result.unseen.items())),
    }


def plain(units: int) -> int | str:
    """Write units as a whole number, or as "n/d" in lowest terms where they are a fraction."""
    return units.numerator if units.denominator == 1 else f"{units.numerator}/{units.denominator}"


def _plain(table: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int | str]]:
    return {
        name: {label: plain(units) for label, units in sorted(labels.items())}
        for name, labels in sorted(table.items())
    }


def _read_case(entry: object, number: int) -> Case:
    named = entry.get("id") if isinstance(entry, dict) else None
    name = named if isinstance(named, str) else f"number {number + 1}"
    facts = Facts(entry, _CASE_KEYS, case=name, key="")
    return Case(
        id=facts.text("id"),
        rule=facts.text("rule"),
        ledger=_read_ledger(facts),
        shortfall=facts.within("policy", ("shortfall",)).text("shortfall", "unseen"),
        as_of=facts.whole_or_none("as_of"),
        expect=facts.table("expect"),
        title=facts.text("title", ""),
        why=facts.text("why", ""),
    )


def _read_ledger(facts: Facts) -> Ledger:
    accounts = facts.within("accounts", tuple(facts.table("accounts")))
    return Ledger(
        accounts={name: _read_account(accounts, name) for name in accounts.known},
        transfers=tuple(map(_read_transfer, facts.each("transfers", _TRANSFER_KEYS))),
        seeds=tuple(
            Seed(seed.text("transfer"), seed.units_or_none("amount"))
            for seed in facts.each("seeds", ("transfer", "amount"))
        ),
    )


def _read_account(accounts: Facts, name: str) -> Account:
    account = accounts.within(name, ("opening", "external"))
    return Account(account.units_or_none("opening") or 0, account.flag("external"))


def _read_transfer(facts: Facts) -> Transfer:
    return Transfer(
        id=facts.text("id"),
        t=facts.whole("t"),
        payer=facts.text("from"),
        payee=facts.text("to"),
        amount=facts.units("amount"),
        seq=facts.whole_or_none("seq") or 0,
        credit=facts.units_or_none("credit"),
        batch=facts.name_or_none("batch"),
    )


def _written_case(case: Case) -> dict[str, Any]:
    written = {
        "id": case.id,
        "rule": case.rule,
        "title": case.title,
        "why": case.why,
        "accounts": {
            name: {"external": True} if account.external else {"opening": account.opening}
            for name, account in case.ledger.accounts.items()
        },
        "transfers": [_written_transfer(transfer) for transfer in case.ledger.transfers],
        "seeds": [
            {"transfer": seed.transfer} | ({} if seed.amount is None else {"amount": seed.amount})
            for seed in case.ledger.seeds
        ],
        "policy": {"shortfall": case.shortfall},
        "expect": dict(case.expect),
    }
    return written | ({} if case.as_of is None else {"as_of": case.as_of})


def _written_transfer(transfer: Transfer) -> dict[str, Any]:
    facts = {
        "id": transfer.id,
        "t": transfer.t,
        "seq": transfer.seq,
        "from": transfer.payer,
        "to": transfer.payee,
        "amount": transfer.amount,
        "credit": transfer.credit,
        "batch": transfer.batch,
    }
    return {key: value for key, value in facts.items() if value is not None}
