"""Ledgers with their one right answer, in the JSON format ``tracing-cases/1``.

With it, engines can be compared: any engine must give the ``expect`` of a case exactly. A result
of ours is written with the same keys.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from recoup.core.tracing.ledger import Account, Ledger, LedgerRefused, Seed, Transfer
from recoup.core.tracing.result import Result

FORMAT: Final = "tracing-cases/1"
_TRANSFER_KEYS: Final = {"id", "t", "seq", "from", "to", "amount", "credit", "batch"}


@dataclass(frozen=True, slots=True)
class Case:
    """One ledger, the rule it is traced by, and the answer that is right."""

    id: str
    rule: str
    ledger: Ledger
    shortfall: str
    as_of: int | None
    expect: Mapping[str, Any]
    title: str = ""
    why: str = ""


def read(document: bytes) -> tuple[Case, ...]:
    """Read a file of cases; raises LedgerRefused."""
    try:
        top = json.loads(document)
    except ValueError as fault:
        raise LedgerRefused(f"The file of cases is not JSON: {fault}.") from None
    if not isinstance(top, dict) or top.get("format") != FORMAT:
        raise LedgerRefused(f"The file does not name its format as {FORMAT!r}.")
    return tuple(_read_case(case) for case in top.get("cases", []))


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


def _read_case(case: Mapping[str, Any]) -> Case:
    try:
        return Case(
            id=case["id"],
            rule=case["rule"],
            ledger=_read_ledger(case),
            shortfall=case.get("policy", {}).get("shortfall", "unseen"),
            as_of=case.get("as_of"),
            expect=case["expect"],
            title=case.get("title", ""),
            why=case.get("why", ""),
        )
    except KeyError as missing:
        name = str(case.get("id", "without id"))
        raise LedgerRefused(f"The case {name} has no {missing}.", value=name) from None


def _read_ledger(case: Mapping[str, Any]) -> Ledger:
    return Ledger(
        accounts={name: Account(**facts) for name, facts in case.get("accounts", {}).items()},
        transfers=tuple(_read_transfer(facts) for facts in case["transfers"]),
        seeds=tuple(Seed(s["transfer"], s.get("amount")) for s in case["seeds"]),
    )


def _read_transfer(facts: Mapping[str, Any]) -> Transfer:
    unknown = set(facts) - _TRANSFER_KEYS
    if unknown:
        name = str(facts.get("id", "without id"))
        raise LedgerRefused(
            f"The transfer {name} has a key that the format does not know: "
            f"{', '.join(sorted(unknown))}.",
            value=name,
        )
    return Transfer(
        id=facts["id"],
        t=facts["t"],
        payer=facts["from"],
        payee=facts["to"],
        amount=facts["amount"],
        seq=facts.get("seq", 0),
        credit=facts.get("credit"),
        batch=facts.get("batch"),
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
