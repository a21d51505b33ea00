"""The checklist as a table for a spreadsheet: the words of the page, in its order."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from django.utils.translation import gettext

from recoup.apps.guidelines.checklist import Line
from recoup.apps.guidelines.wording import SIDES, written
from recoup.standards.strict_csv import neutral_cell

BYTE_ORDER_MARK = "\ufeff"  # by which spreadsheets know UTF-8


def as_csv(lines: Iterable[Line]) -> bytes:
    """Write the lines that the page shows."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(
        [
            gettext("Control"), gettext("Side"), gettext("What is asked"),
            gettext("What shows it"), gettext("State"), gettext("Figure"),
            gettext("How it is computed"), gettext("Counted"), gettext("Declared"),
            gettext("Evidence"), gettext("Standing"), gettext("Source"),
        ]
    )  # fmt: skip
    for line in lines:
        row = written(line)
        cells = [
            row.control, str(SIDES[line.control.side]), row.text, row.proof, row.state, row.figure,
            row.how, row.counted_on, row.declared, row.evidence, row.standing,
            line.control.origin.source,
        ]  # fmt: skip
        table.writerow([neutral_cell(cell) for cell in cells])
    return (BYTE_ORDER_MARK + text.getvalue()).encode()
