"""`recoup trace`: what people and machines get, and what happens to files that are not good."""

from __future__ import annotations

import json
import re

import pytest

from recoup.apps.traces import findings as trace_findings
from recoup.cli.trace import main
from recoup.core.tracing import Ledger

HEADER = "Timestamp,Block,Tx_hash,From,From_label,To,To_label,Value_in_USD"
ROWS = [
    "2024-01-01 00:00:00,1,h1,0xV,Victim,0xA,,100",
    "2024-01-02 00:00:00,2,h2,0xA,,0xT,<b>Exchange</b>,60.0000001",
    "2024-01-03 00:00:00,3,h3,0xB,,0xT,<b>Exchange</b>,50",
    "2024-01-04 00:00:00,4,h4,0xA,,0xB,,10",
]


@pytest.fixture
def case(tmp_path):
    (tmp_path / "case.csv").write_text("\n".join([HEADER, *ROWS]))
    (tmp_path / "source addresses.csv").write_text("0xv\n")
    (tmp_path / "terminal addresses.csv").write_text("0xT")
    return tmp_path / "case.csv"


def test_the_table_says_where_the_money_is_and_that_all_of_it_is_accounted_for(case, capsys):
    assert main([str(case)]) == 0
    said = capsys.readouterr().out
    assert re.search(r"Lost +100\.000000 +100\.00 %  in 1 payment from 1 source address", said)
    assert re.search(r"at terminal addresses +60\.000000 +60\.00 %", said)
    assert re.search(r"elsewhere +40\.000000 +40\.00 %", said)
    assert re.search(r"Unseen +50\.000000 +50\.00 %  of the loss, not part of it", said)
    assert "Every unit is accounted for" in said
    assert "1 of 4 values had more than 6 decimals; as written less as counted: 0.0000001" in said
    assert re.search(r"60\.000000 +60\.00 %  terminal +0xt <b>Exchange</b>\n", said)


def test_machines_get_the_keys_of_the_case_format_and_the_totals(case, capsys):
    assert main([str(case), "--json", "--rule", "prorata"]) == 0
    found = json.loads(capsys.readouterr().out)
    seed = "h1:0xv:0xa:0"
    assert found["held"] == {
        "0xa": {seed: 30_000_000},
        "0xb": {seed: 10_000_000},
        "0xt": {seed: 60_000_000},
    }
    assert found["transfers"]["h4:0xa:0xb:0"] == {seed: 10_000_000}
    assert found["balances"] == {"0xa": 30_000_000, "0xb": 10_000_000, "0xt": 110_000_000}
    assert (found["dissipated"], found["unseen"]) == ({}, {"0xb": 50_000_000})
    totals = found["totals"]
    assert (totals["lost"], totals["at_terminals"], totals["elsewhere"]) == (
        100_000_000,
        60_000_000,
        40_000_000,
    )
    assert totals["shares"]["at_terminals"] == "60.00"
    assert (totals["unaccounted"], totals["rounding_residual_usd"]) == (0, "0.0000001")


def test_the_page_needs_nothing_from_elsewhere_and_runs_nothing(case, tmp_path):
    out = tmp_path / "page.html"
    assert main([str(case), "--html", str(out)]) == 0
    page = out.read_text()
    assert not re.search(r"<script|https?://|@import|url\(|src=| on\w+=", page)
    assert "<b>Exchange" not in page
    assert "&lt;b&gt;Exchange&lt;/b&gt;" in page


def test_the_page_has_the_drawing_and_the_same_in_tables(case, tmp_path):
    out = tmp_path / "page.html"
    main([str(case), "--html", str(out)])
    page = out.read_text()
    assert len(re.findall(r'<path class="band', page)) == 3
    assert page.count("<table>") == 2
    for words in ["60.00 %", "40.000000", "Every unit is accounted for", 'lang="en"', "<h1>"]:
        assert words in page


def test_the_lists_may_be_named(case, tmp_path, capsys):
    other = tmp_path / "other.txt"
    other.write_text("0xb\n")
    assert main([str(case), "--sources", str(other), "--terminals", str(other), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["totals"]["lost"] == 50_000_000


def test_each_refused_value_is_named_and_nothing_is_traced(case, capsys):
    case.write_text("\n".join([HEADER, ROWS[0], "yesterday,1,h,0xA,,0xB,,ten"]))
    assert main([str(case)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "2 things to correct" in captured.err
    assert "Line 3, column Timestamp, value 'yesterday'" in captured.err
    assert "Line 3, column Value_in_USD, value 'ten'" in captured.err


def test_machines_get_the_refused_values_too(case, capsys):
    case.write_text("\n".join([HEADER, "yesterday,1,h,0xA,,0xB,,10"]))
    assert main([str(case), "--json"]) == 2
    (refused,) = json.loads(capsys.readouterr().out)["refused"]
    assert (refused["line"], refused["column"], refused["value"]) == (2, "Timestamp", "yesterday")


def test_a_missing_file_or_list_is_named_with_what_to_do(case, capsys):
    assert main([str(case.with_name("none.csv"))]) == 2
    assert "none.csv: No such file" in capsys.readouterr().err
    case.with_name("source addresses.csv").unlink()
    assert main([str(case)]) == 2
    assert "--sources" in capsys.readouterr().err


def test_sources_that_pay_nothing_are_refused(case, capsys):
    case.with_name("source addresses.csv").write_text("0xt")
    assert main([str(case)]) == 2
    assert "no loss to follow" in capsys.readouterr().err


def test_a_page_that_cannot_be_written_is_said(case, tmp_path, capsys):
    assert main([str(case), "--html", str(tmp_path / "none" / "page.html")]) == 2
    assert "Cannot write" in capsys.readouterr().err


def test_a_unit_that_is_missing_would_be_said(case, capsys, monkeypatch):
    """The statement is computed: with a transfer's money taken out of the result it changes."""
    whole = trace_findings.trace

    def losing(ledger: Ledger, **how):
        result = whole(ledger, **how)
        del result.held["0xb"]
        return result

    monkeypatch.setattr(trace_findings, "trace", losing)
    assert main([str(case)]) == 3
    said = capsys.readouterr().out
    assert "NOT every unit is accounted for: 10.000000 differ, in 1 of 1 payment" in said


def test_a_label_cannot_steer_the_terminal(case, capsys):
    case.write_text("\n".join([HEADER, "2024-01-01 00:00:00,1,h1,0xV,,0xA,x\u202ey\u009bz,100"]))
    assert main([str(case)]) == 0
    assert "x\\u202ey\\u009bz" in capsys.readouterr().out
