"""A working in FollowTheMoney, the data model of investigative platforms: one entity a line.

Accounts, those who hold them, and the payments that carried traced money. Persons are named by
their role only: that traced money passed an account says nothing about its holder's guilt.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from recoup.core.tracing.canonical import canonical
from recoup.core.tracing.working import Asset, Step, Working
from recoup.standards.followthemoney.fields import MOST, NUMBER_MOST

NAME: Final = "FollowTheMoney"
EDITION: Final = "4.11"
SOURCE: Final = "https://followthemoney.tech"

Properties = dict[str, list[str]]
NO_GUILT: Final = "That traced money passed an account says nothing about its holder's guilt."


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of an account. kind: bank or wallet. world: what its number is unique in.

    Two exports name an account alike if number and world are alike. number: if it is not the
    account's name in the ledger.
    """

    kind: str = "bank"
    number: str = ""
    iban: str = ""
    bic: str = ""
    bank: str = ""
    country: str = ""
    blockchain: str = ""
    world: str = ""


def write(
    working: Working, *, known: Mapping[str, Known] | None = None, others: Known | None = None
) -> bytes:
    """Write the accounts with traced money, their holders, and every step, in a fixed order.

    known: account to what is known of it. others: what holds for the rest; without it, they are
    accounts whose numbers mean nothing outside this ledger.
    """
    rest = others or Known(world=working.ledger_sha256)
    return b"".join(canonical(one) + b"\n" for one in _Writer(working, known or {}, rest).all())


@dataclass(frozen=True, slots=True)
class _Writer:
    working: Working
    known: Mapping[str, Known]
    rest: Known

    def all(self) -> Iterator[dict[str, object]]:
        accounts = {end for step in self.working.steps for end in _ends(step)}
        accounts.update(one.account for one in self.working.held)
        for account in sorted(accounts):
            yield from self.account(account)
        for step in self.working.steps:
            yield self.payment(step)

    def of(self, account: str) -> Known:
        return self.known.get(account, self.rest)

    def account(self, account: str) -> Iterator[dict[str, object]]:
        known, holder = self.of(account), self.holder_id(account)
        role = "payer of a victim's payment" if account in self.working.payers else "account holder"
        yield _entity(
            holder,
            "LegalEntity",
            {
                "name": [f"Holder of {self.called(account)}"],
                "summary": [f"Role: {role}. Not known by name here."],
                "notes": [NO_GUILT],
            },
        )
        if known.kind == "wallet":
            yield _entity(self.account_id(account), "CryptoWallet", self.wallet(account, holder))
            return
        yield _entity(self.account_id(account), "BankAccount", self.bank_account(account))
        yield _entity(
            self.id("ownership", account),
            "Ownership",
            {"owner": [holder], "asset": [self.account_id(account)], "role": [role]},
        )

    def wallet(self, account: str, holder: str) -> Properties:
        known = self.of(account)
        return {
            **self.thing(account),
            "cryptoAddress": [known.number or account],
            "blockchain": [known.blockchain],
            "holder": [holder],
        }

    def bank_account(self, account: str) -> Properties:
        known = self.of(account)
        return {
            **self.thing(account),
            "accountNumber": [known.iban or known.number or account],
            "iban": [known.iban],
            "bic": [known.bic],
            "bankName": [known.bank],
            "country": [known.country.lower()],
        }

    def thing(self, account: str) -> Properties:
        name = self.working.names.get(account, "")
        units = self.working.sum(self.working.result.held.get(account, {}))
        return {"name": [name or account], "summary": [self.holds(account, units)] if units else []}

    def payment(self, step: Step) -> dict[str, object]:
        working, transfer = self.working, step.transfer
        moment = working.times.at(transfer.t)
        asset = working.asset_of(transfer.payer)
        amount, code = asset.exact(transfer.amount), asset.code
        properties = {
            "payer": [self.holder_id(transfer.payer)],
            "beneficiary": [self.holder_id(transfer.payee)],
            "amount": [amount if len(amount) <= NUMBER_MOST else ""],
            "currency": [code],
            "amountUsd": [amount if code == "USD" else ""],
            "date": [moment.replace(tzinfo=None).isoformat() if moment else ""],
            "transactionNumber": [transfer.id],
            "sequenceNumber": [str(step.number)],
            "recordId": [f"{step.source.kind}: {step.source}" if step.source else ""],
            "summary": [self.carried(step)],
        }
        for name, end in (("payerAccount", transfer.payer), ("beneficiaryAccount", transfer.payee)):
            if self.of(end).kind != "wallet":
                properties[name] = [self.account_id(end)]
        return _entity(self.id("payment", transfer.id), "Payment", properties)

    def carried(self, step: Step) -> str:
        working, transfer = self.working, step.transfer
        gave, got = working.asset_of(transfer.payer), working.asset_of(transfer.payee)
        what = f"Carried {self.sum(gave, working.sum(step.carried))}"
        if gave != got:
            what += (
                f", exchanged into {got.written(working.sum(step.credited))} {got.code} "
                f"(all of it: {gave.written(transfer.amount)} {gave.code} into "
                f"{got.written(transfer.credited)} {got.code})"
            )
        return f"{what}. {self.rule_in_words()}"

    def holds(self, account: str, units: int) -> str:
        return f"Holds {self.sum(self.working.asset_of(account), units)}. {self.rule_in_words()}"

    def sum(self, asset: Asset, units: int) -> str:
        what = "of victims' money" if self.working.how.conserves else "marked, which is no claim"
        return f"{asset.written(units)} {asset.code}".strip() + f" {what}"

    def rule_in_words(self) -> str:
        how, working = self.working.how, self.working
        until = "" if working.as_of is None else f", as of {working.times.written(working.as_of)}"
        return (
            f"Tracing rule: {how.name} ({how.key}), shortfall {working.shortfall}{until}; another "
            f"rule gives another answer. Inputs: SHA-256 {working.inputs_sha256}."
        )

    def called(self, account: str) -> str:
        name = self.working.names.get(account, "")
        return f"{name} ({account})" if name else account

    def account_id(self, account: str) -> str:
        return self.id("account", account)

    def holder_id(self, account: str) -> str:
        return self.id("holder", account)

    def id(self, what: str, name: str) -> str:
        """Name an entity by what it is, so that every export names it alike."""
        if what == "payment":
            parts = [what, self.working.ledger_sha256, name]
        else:
            known = self.of(name)
            parts = [what, known.kind, known.world, known.iban or known.number or name]
        return f"recoup-{what}-{hashlib.sha256(canonical(parts)).hexdigest()[:40]}"


def _ends(step: Step) -> tuple[str, str]:
    return step.transfer.payer, step.transfer.payee


def _entity(id: str, schema: str, properties: Properties) -> dict[str, object]:
    """Write an entity without empty values; longer ones are cut to what the model takes."""
    kept = {
        name: [_fitting(schema, name, value) for value in values if value.strip()]
        for name, values in properties.items()
    }
    return {
        "id": id,
        "schema": schema,
        "properties": {name: values for name, values in kept.items() if values},
    }


def _fitting(schema: str, name: str, value: str) -> str:
    """Cut a value, marked as cut, and write control characters as what they are."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in value).strip()
    most = MOST.get((schema, name)) or MOST.get(("", name), 1024)
    return shown if len(shown) <= most else shown[: most - 1] + "…"
