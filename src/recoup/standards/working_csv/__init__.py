"""A working as tables for spreadsheets: CSV by RFC 4180, without a cell that a program would run.

Whoever opens a file of evidence in a spreadsheet must not start a formula that a fraudster wrote
into the name of an account. Such texts get an apostrophe in front.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Final

from recoup.core.tracing.result import Amounts
from recoup.core.tracing.side_by_side import SideBySide
from recoup.core.tracing.working import Asset, Step, Working

NAME: Final = "Working of a trace (CSV)"
EDITION: Final = "1"
SOURCE: Final = "https://www.rfc-editor.org/rfc/rfc4180"

# What makes a spreadsheet take a text for a formula; full-width forms count in some of them too.
STARTS: Final = tuple("=+-@＝＋－＠|%'")

HOW: Final = ("asset", "rule", "shortfall", "as_of", "inputs_sha256")
STEPS: Final = (
    "step", "time", "transfer", "payer", "payer_name", "payee", "payee_name", "amount", "credit",
    "victims_payment", "carried", "credited", "dissipated", "payer_before", "payer_traced_before",
    "unseen", "source_kind", "source", "place", "credit_asset", *HOW,
)  # fmt: skip
ACCOUNTS: Final = (
    "account", "name", "kind", "balance", "victims_payment", "traced", "dissipated", "unseen", *HOW,
)  # fmt: skip


def steps(working: Working) -> bytes:
    """Write every step: a line for each victim's payment that it carried."""
    return _table(STEPS, (row for step in working.steps for row in _step(working, step)))


def accounts(working: Working) -> bytes:
    """Write what is in each account: a line for each victim's payment, and one for what is unseen.

    Accounts without traced, dissipated or unseen money are left out.
    """
    result = working.result
    names = [one.account for one in working.held]
    names += sorted((set(result.dissipated) | set(result.unseen)) - set(names))
    return _table(ACCOUNTS, (row for name in names for row in _account(working, name)))


def comparison(several: SideBySide) -> bytes:
    """Write what each rule says of each account, with the range of those that add up."""
    first = several.workings[0]
    rules = [one.rule for one in several.workings]
    asset = first.asset_of
    rows = (
        [
            one.account, first.names.get(one.account, ""), first.kind(one.account),
            *(asset(one.account).exact(one.units[rule]) for rule in rules),
            asset(one.account).exact(one.lowest), asset(one.account).exact(one.highest),
            asset(one.account).code, first.shortfall, _as_of(first), first.ledger_sha256,
        ]
        for one in several.ranges()
    )  # fmt: skip
    ends = ("lowest", "highest", "asset", "shortfall", "as_of", "ledger_sha256")
    return _table(("account", "name", "kind", *rules, *ends), rows)


def safe(text: str) -> str:
    """Write a text so that no spreadsheet runs it, and control characters as what they are."""
    shown = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
    return f"'{shown}" if shown.lstrip().startswith(STARTS) else shown


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> bytes:
    """Write lines that end with CR LF, after a mark by which spreadsheets know UTF-8."""
    written = io.StringIO()
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerow(heads)
    writer.writerows([safe(cell) for cell in row] for row in rows)
    return b"\xef\xbb\xbf" + written.getvalue().encode()


def _step(working: Working, step: Step) -> Iterator[list[str]]:
    transfer, source = step.transfer, step.source
    gave, got = working.asset_of(transfer.payer), working.asset_of(transfer.payee)
    exact, came = gave.exact, got.exact
    for label in sorted(step.carried):
        yield [
            str(step.number), working.times.written(transfer.t), transfer.id,
            transfer.payer, working.names.get(transfer.payer, ""),
            transfer.payee, working.names.get(transfer.payee, ""),
            exact(transfer.amount), came(transfer.credited),
            label, exact(step.carried[label]), came(step.credited.get(label, 0)),
            came(step.dissipated.get(label, 0)),
            "" if step.balance is None else _balance(gave, step.balance),
            "" if step.traced is None else exact(step.traced),
            exact(step.unseen),
            source.kind if source else "", source.reference if source else "",
            source.place if source else "", got.code,
            *_how(working, gave),
        ]  # fmt: skip


def _account(working: Working, name: str) -> Iterator[list[str]]:
    result, asset = working.result, working.asset_of(name)
    exact = asset.exact
    balance = result.balances.get(name)
    start = [
        name, working.names.get(name, ""), working.kind(name),
        "" if balance is None else _balance(asset, balance),
    ]  # fmt: skip
    held: Amounts = result.held.get(name, {})
    gone: Amounts = result.dissipated.get(name, {})
    for label in sorted({*held, *gone}):
        traced, lost = exact(held.get(label, 0)), exact(gone.get(label, 0))
        yield [*start, label, traced, lost, exact(0), *_how(working, asset)]
    if result.unseen.get(name):
        yield [*start, "", exact(0), exact(0), exact(result.unseen[name]), *_how(working, asset)]


def _balance(asset: Asset, units: int) -> str:
    """Write a balance; one in the red with a word, since a minus would begin a formula."""
    return f"overdrawn by {asset.exact(-units)}" if units < 0 else asset.exact(units)


def _how(working: Working, asset: Asset) -> list[str]:
    rule, shortfall = working.rule, working.shortfall
    return [asset.code, rule, shortfall, _as_of(working), working.inputs_sha256]


def _as_of(working: Working) -> str:
    return "" if working.as_of is None else working.times.written(working.as_of)
