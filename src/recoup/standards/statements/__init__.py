"""Statements of accounts as institutions write them: tables, camt.053, MT940.

Each reader gives all statements of a file or raises ``NotReadable`` with file, line and cell of
everything that is wrong. Whether a statement adds up is asked with ``check_balance``.
"""

from __future__ import annotations

from datetime import tzinfo

from recoup.standards.statements.balance import BalanceCheck, Break, check_balance
from recoup.standards.statements.camt053 import read_camt053
from recoup.standards.statements.faults import Faults, NotReadable
from recoup.standards.statements.mt940 import read_mt940
from recoup.standards.statements.overlaps import Overlap, Repeat, overlaps, without_repeats
from recoup.standards.statements.pages import joined
from recoup.standards.statements.profile import Profile, from_json
from recoup.standards.statements.proposals import (
    closest_refusals,
    csv_proposals,
    xlsx_proposals,
)  # fmt: skip
from recoup.standards.statements.rows import csv_rows
from recoup.standards.statements.statement import Line, Note, Place, Point, Statement
from recoup.standards.statements.tables import read_rows
from recoup.standards.statements.values import Currencies
from recoup.standards.statements.workbook import sheet_rows
from recoup.standards.strict_csv import Refusal

__all__ = [
    "BalanceCheck", "Break", "Line", "NotReadable", "Note", "Overlap", "Place", "Point", "Profile",
    "Refusal", "Repeat", "Statement", "check_balance", "closest_refusals", "csv_proposals",
    "from_json", "joined", "overlaps", "read_camt053", "read_csv", "read_mt940", "read_xlsx",
    "without_repeats", "xlsx_proposals",
]  # fmt: skip


def read_csv(
    document: bytes, profile: Profile, *, file: str, currencies: Currencies, zone: tzinfo
) -> tuple[Statement, ...]:
    """Read a CSV file under a confirmed profile. zone: of times that do not say theirs."""
    faults = Faults(file)
    rows = csv_rows(document, encoding=profile.encoding, separator=profile.separator, faults=faults)
    return read_rows(rows, profile, currencies=currencies, zone=zone, faults=faults, format="csv")


def read_xlsx(
    document: bytes, profile: Profile, *, file: str, currencies: Currencies, zone: tzinfo
) -> tuple[Statement, ...]:
    """Read one sheet of a workbook under a confirmed profile."""
    faults = Faults(file)
    rows = sheet_rows(document, profile.sheet, faults)
    return read_rows(rows, profile, currencies=currencies, zone=zone, faults=faults, format="xlsx")
