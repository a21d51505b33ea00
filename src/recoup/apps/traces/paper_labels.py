"""Headings and heads of tables of a paper for court."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from recoup.apps.traces.voice import Voice
from recoup.core.said import Said

LABELS: Final[Mapping[str, Said]] = {
    "kind": Said("Report on the tracing of money"),
    "held": Said("Where the money is now"),
    "reference": Said("Case"),
    "prepared": Said("Prepared"),
    "prepared_by": Said("Prepared by"),
    "rule": Said("Rule"),
    "as_of": Said("Transfers up to"),
    "all": Said("all that are known"),
    "transfers": Said("Transfers counted"),
    "lost": Said("Lost"),
    "payments": Said("Victims' payments"),
    "method": Said("How it was traced"),
    "the_rule": Said("The rule"),
    "source": Said("Source"),
    "flow": Said("The flow"),
    "flow_alt": Said("Drawing of the flow; the tables say the same in numbers."),
    "account": Said("Account"),
    "kind_of": Said("Kind"),
    "traced": Said("Traced"),
    "share": Said("Share of the loss"),
    "time": Said("Time"),
    "from": Said("From"),
    "to": Said("To"),
    "amount": Said("Transfer"),
    "carried": Said("Carried"),
    "steps": Said("Every step"),
    "steps_short": Said("The steps"),
    "read_from": Said("Read from"),
    "exchanges": Said("Exchanges on the way"),
    "gave": Said("Gave"),
    "got": Said("Got"),
    "traced_gave": Said("Traced of it"),
    "traced_got": Said("Traced then"),
    "entered": Said("Came from another currency"),
    "each_currency": Said("How each currency adds up"),
    "unseen": Said("Unseen money"),
    "unseen_about": Said(
        "What accounts paid out beyond what was seen to come in. It counts as clean, is no part of "
        "the loss, and shows how incomplete the sources are."
    ),
    "gone": Said("Dissipated money"),
    "gone_about": Said("Traced money that repaid an overdraft and can be followed no further."),
    "banks": Said("What banks hold for this case"),
    "banks_about": Said(
        "As each bank last told it. It is no part of the trace: a rule says which money is traced, "
        "a hold keeps money from leaving."
    ),
    "told": Said("Told"),
    "bank_held": Said("Held"),
    "together": Said("together"),
    "none": Said("None."),
    "beside": Said("Under other rules"),
    "beside_about": Said(
        "The same ledger, the same payments; a column is the answer of one rule alone. Range: "
        "lowest and highest of the rules whose sums add up."
    ),
    "range": Said("Range"),
    "check": Said("How to check this paper"),
    "conservation": Said("Sums added up again"),
    "ledger_sha256": Said("Digest of the ledger (SHA-256)"),
    "inputs_sha256": Said("Digest of all inputs (SHA-256)"),
    "engine": Said("Program"),
    "policies": Said("Policies"),
    "shortfall": Said("shortfall"),
    "ordering": Said("order"),
    "notes": Said("Notes"),
    "page": Said("Page"),
    "of": Said("of"),
    "signature": Said("Name, office, signature"),
    "date": Said("Date"),
    "key_source": Said("source"),
    "key_other": Said("elsewhere"),
    "key_terminal": Said("end of the flow"),
}


def labels(voice: Voice) -> dict[str, str]:
    return {key: voice.say(label) for key, label in LABELS.items()}
