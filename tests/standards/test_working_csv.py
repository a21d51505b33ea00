"""A working as tables: what spreadsheets show is what was found, and nothing in them runs."""

from __future__ import annotations

import csv
import io
from decimal import Decimal

import pytest

from recoup.core.tracing import RULES
from recoup.core.tracing.side_by_side import SideBySide
from recoup.standards import working_csv
from support.workings import hostile, plain


def rows(document: bytes) -> list[dict[str, str]]:
    text = document.decode("utf-8-sig")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def added(table, column):
    return sum(Decimal(row[column]) for row in table)


def test_a_line_is_a_transfer_and_a_victims_payment_that_it_carried():
    table = rows(working_csv.steps(plain()))
    assert [(x["step"], x["transfer"], x["victims_payment"], x["carried"]) for x in table] == [
        ("1", "s1", "s1", "40.00"),
        ("2", "s2", "s2", "25.00"),
        ("3", "t2", "s1", "20.00"),
        ("4", "t3", "s1", "20.00"),
        ("5", "t4", "s1", "5.00"),
    ]
    assert table[2]["time"] == "2026-01-02T00:00:00Z"
    assert (table[2]["source_kind"], table[2]["source"], table[2]["place"]) == (
        "ticket", "T-2026-0007", "line 3",
    )  # fmt: skip
    assert (table[3]["payer_before"], table[3]["unseen"]) == ("90.00", "10.00")
    assert {x["rule"] for x in table} == {"fifo"}


def test_the_accounts_add_up_to_the_loss():
    table = rows(working_csv.accounts(plain()))
    assert added(table, "traced") + added(table, "dissipated") == Decimal("65.00")
    assert [(x["account"], x["unseen"]) for x in table if x["unseen"] != "0.00"] == [("B", "10.00")]
    assert [x["kind"] for x in table if x["account"] == "C"] == ["terminal"]


def test_the_comparison_has_a_column_a_rule_and_the_range():
    both = SideBySide((plain(), plain(rule="lifo")))
    table = rows(working_csv.comparison(both))
    assert table[0].keys() >= {"fifo", "lifo", "lowest", "highest"}
    for row in table:
        assert Decimal(row["lowest"]) == min(Decimal(row["fifo"]), Decimal(row["lifo"]))
    assert added(table, "fifo") == added(table, "lifo") == Decimal("65.00")


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("table", [working_csv.steps, working_csv.accounts])
def test_no_cell_begins_as_a_formula_does(rule, table):
    for row in rows(table(hostile(rule=rule))):
        for cell in row.values():
            assert not cell.lstrip().startswith(tuple("=+-@|%")), cell
            assert cell.isprintable()


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("=1+1", "'=1+1"),
        ("  @SUM(A1)", "'  @SUM(A1)"),
        ("-5", "'-5"),
        ("＝1", "'＝1"),
        ("\t=1", "\\u0009=1"),
        ("'=1", "''=1"),
        ("Ђорђе", "Ђорђе"),
        ("a, \"b\"", 'a, "b"'),
    ],
)  # fmt: skip
def test_a_text_that_a_spreadsheet_could_run_gets_an_apostrophe(text, written):
    assert working_csv.safe(text) == written


def test_an_account_in_the_red_is_written_in_words():
    table = rows(working_csv.steps(plain(shortfall="overdraft")))
    assert "overdrawn by 10.00" not in {x["payer_before"] for x in table}
    found = rows(working_csv.accounts(plain(shortfall="overdraft", rule="poison")))
    assert {x["balance"] for x in found if x["account"] == "B"} <= {"overdrawn by 10.00"}
