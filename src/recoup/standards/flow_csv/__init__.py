"""Flows of stolen crypto-assets as CSV: one row a transfer, valued in US dollars.

The format of the public ground truth for the paper "Shedding Light on Shadows: Automatically
Tracing Illicit Money Flows". Beside the file stand two lists of addresses: sources, where the
victims' money began, and terminals, where the flow was seen to end.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Context, Decimal
from typing import Final

from recoup.core.said import Said
from recoup.core.tracing import Account, Ledger, Seed, Transfer
from recoup.standards.flow_csv.fields import COLUMNS, FIELDS, PLACES, micro_usd, read_address
from recoup.standards.flow_csv.order import arrivals_first
from recoup.standards.strict_csv import NotReadable, Refusal, Row, StrictCsv, decoded

__all__ = [
    "COLUMNS",
    "LONG",
    "PLACES",
    "FlowFile",
    "FlowRow",
    "NotReadable",
    "Refusal",
    "read",
    "read_addresses",
    "rounding_of",
]

NAME: Final = "Flow of stolen crypto-assets (CSV)"
EDITION: Final = "756d15a0"
SOURCE: Final = "https://github.com/AnonymousMFTracer/Ground-Truth"

FORMAT: Final = StrictCsv(columns=COLUMNS)
# For a command, behind which nobody waits and whose memory is the caller's own.
LONG: Final = replace(FORMAT, max_bytes=512 * 1024 * 1024, max_rows=2_000_000)
_EXACT: Final = Context(prec=200)


@dataclass(frozen=True, slots=True)
class FlowRow:
    """One transfer.

    line: where it stands in the file. id: hash:from:to:n. seq: its place among the rows of the
    same moment; neither depends on the order of the file. usd: the value as it was written. file:
    where it stands, if that is another file than the ledger's first.
    """

    line: int
    at: datetime
    block: int
    tx_hash: str
    payer: str
    payer_label: str
    payee: str
    payee_label: str
    usd: str
    id: str = ""
    seq: int = 0
    file: str = ""

    @property
    def micro_usd(self) -> int:
        return micro_usd(self.usd)

    @property
    def rounding(self) -> Decimal:
        """What was written less what is counted, in dollars; exact."""
        return _rounding(self.usd)


@dataclass(frozen=True, slots=True)
class FlowFile:
    """All transfers of a file, in the order in which they are traced."""

    rows: tuple[FlowRow, ...]

    @property
    def rounded_rows(self) -> int:
        return sum(1 for row in self.rows if row.rounding)

    @property
    def residual_usd(self) -> Decimal:
        """The sum of the values as written less the sum as counted, in dollars; exact."""
        return rounding_of(row.usd for row in self.rows)

    @property
    def addresses(self) -> frozenset[str]:
        return frozenset(a for row in self.rows for a in (row.payer, row.payee))

    @property
    def labels(self) -> dict[str, str]:
        """Return each labelled address's names; several are joined in the order of the alphabet."""
        names: dict[str, set[str]] = defaultdict(set)
        for row in self.rows:
            names[row.payer].add(row.payer_label)
            names[row.payee].add(row.payee_label)
        joined = {address: " / ".join(sorted(n - {""})) for address, n in sorted(names.items())}
        return {address: label for address, label in joined.items() if label}

    def ledger(self, *, sources: Collection[str]) -> Ledger:
        """Return the transfers as a ledger: every outgoing transfer of a source is a loss.

        A source is outside the ledger: what comes back to it stays there.
        """
        theirs = {source.lower() for source in sources}
        return Ledger(
            accounts={address: Account(external=True) for address in sorted(theirs)},
            transfers=tuple(
                Transfer(
                    id=row.id,
                    t=int(row.at.timestamp()),
                    payer=row.payer,
                    payee=row.payee,
                    amount=row.micro_usd,
                    seq=row.seq,
                )
                for row in self.rows
            ),
            seeds=tuple(Seed(row.id) for row in self.rows if row.payer in theirs),
        )


def rounding_of(values: Iterable[str]) -> Decimal:
    """The sum of values as written less the sum as counted, in dollars; exact."""
    total = Decimal(0)
    for usd in values:
        total = _EXACT.add(total, _rounding(usd))
    return total


def _rounding(usd: str) -> Decimal:
    return _EXACT.subtract(Decimal(usd), Decimal(micro_usd(usd)).scaleb(-PLACES))


def read(document: bytes, *, form: StrictCsv = FORMAT) -> FlowFile:
    """Read a file of transfers; raises NotReadable with every refused row, or gives all of them.

    form: ``LONG`` for files beyond what a page takes.
    """
    rows, refused = form.sift(document)
    faults = list(refused)
    good: list[FlowRow] = []
    for row in rows:
        values = _read_values(row, faults)
        if values is not None:
            good.append(values)
    if not rows and not faults:
        faults.append(Refusal(1, "", "", Said("There is no transfer in the file, only a header.")))
    if faults:
        raise NotReadable(tuple(faults))
    return FlowFile(arrivals_first(_with_ids(good)))


def write(flow: FlowFile) -> bytes:
    """Write transfers, in the order of their lines, so that ``read`` gives the same back."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in sorted(flow.rows, key=lambda row: row.line):
        moment = row.at.strftime("%Y-%m-%d %H:%M:%S")
        others = [str(getattr(row, field)) for field in FIELDS if field != "at"]
        writer.writerow([moment, *others])
    return text.getvalue().encode()


def read_addresses(document: bytes) -> frozenset[str]:
    """Read a list of addresses, one a line; empty lines say nothing; raises NotReadable."""
    addresses: set[str] = set()
    refused: list[Refusal] = []
    text = decoded(document, max_bytes=FORMAT.max_bytes)
    for line, entry in enumerate(text.split("\n"), start=1):
        address = entry.strip(" \t\r")
        if not address:
            continue
        try:
            addresses.add(read_address(address))
        except ValueError as fault:
            refused.append(Refusal(line, "address", address, fault.args[0]))
    if refused:
        raise NotReadable(tuple(refused))
    return frozenset(addresses)


def _read_values(row: Row, faults: list[Refusal]) -> FlowRow | None:
    """Read one row; adds each value that cannot be read to the faults."""
    values = {}
    before = len(faults)
    for field, (column, reader) in FIELDS.items():
        try:
            values[field] = reader(row.values[column])
        except ValueError as fault:
            faults.append(Refusal(row.line, column, row.values[column], fault.args[0]))
    return FlowRow(line=row.line, **values) if len(faults) == before else None


def _with_ids(rows: list[FlowRow]) -> list[FlowRow]:
    """Give each row the id hash:from:to:n; rows alike in these are numbered by their content."""
    counted: dict[str, int] = defaultdict(int)
    named: list[FlowRow] = []
    for row in sorted(rows, key=_content):
        key = f"{row.tx_hash}:{row.payer}:{row.payee}"
        named.append(replace(row, id=f"{key}:{counted[key]}"))
        counted[key] += 1
    return named


def _content(row: FlowRow) -> tuple[object, ...]:
    """Sort by all that a row says, never by its line; rows equal in this are interchangeable."""
    return (row.at, row.block, row.micro_usd, Decimal(row.usd), row.payer_label, row.payee_label)
