"""`recoup trace --pdf, --csv, --ftm, --html, --working`: files that say the same as the table."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal

import pytest

from recoup.cli.trace import main
from recoup.core.tracing import RULES

HEADER = "Timestamp,Block,Tx_hash,From,From_label,To,To_label,Value_in_USD"
ROWS = [
    "2024-01-01 00:00:00,1,h1,0xV,Victim,0xA,=1+1,100",
    "2024-01-02 12:00:00,2,h2,0xA,,0xT,<b>Exchange</b>,60",
    "2024-01-04 00:00:00,4,h4,0xA,,0xB,,10",
]


@pytest.fixture
def case(tmp_path):
    (tmp_path / "case.csv").write_text("\n".join([HEADER, *ROWS]))
    (tmp_path / "source addresses.csv").write_text("0xv\n")
    (tmp_path / "terminal addresses.csv").write_text("0xT")
    return tmp_path / "case.csv"


def table(path):
    return list(csv.DictReader(io.StringIO(path.read_bytes().decode("utf-8-sig"), newline="")))


def test_every_kind_of_file_is_written_and_named(case, tmp_path, capsys):
    out = tmp_path / "out"
    out.mkdir()
    names = ["--pdf", out / "p.pdf", "--csv", out / "tables", "--ftm", out / "f.json"]
    names += ["--working", out / "w.json", "--html", out / "p.html", "--prepared", "2026-01-31"]
    assert main([str(case), *map(str, names)]) == 0
    said = capsys.readouterr().out
    assert (out / "p.pdf").read_bytes().startswith(b"%PDF")
    assert said.count("Written: ") == 6
    assert {x["rule"] for x in table(out / "tables" / "accounts.csv")} == {"fifo"}
    working = json.loads((out / "w.json").read_bytes())
    assert working["format"] == "recoup-working/1"
    assert [x["source"]["place"] for x in working["steps"]] == ["line 2", "line 3", "line 4"]
    entities = [json.loads(line) for line in (out / "f.json").read_bytes().splitlines()]
    assert [x["schema"] for x in entities].count("Payment") == 3
    assert {x["schema"] for x in entities} == {"Payment", "CryptoWallet", "LegalEntity"}


def test_the_same_command_writes_the_same_bytes(case, tmp_path):
    for name in ("a", "b"):
        options = ["--pdf", f"{tmp_path}/{name}.pdf", "--working", f"{tmp_path}/{name}.json"]
        main([str(case), *options, "--prepared", "2026-01-31T10:00:00+01:00", "--case", "C-1"])
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()
    assert (tmp_path / "a.json").read_bytes() == (tmp_path / "b.json").read_bytes()


def test_several_rules_make_one_page_and_tables_side_by_side(case, tmp_path):
    page, folder = tmp_path / "p.html", tmp_path / "tables"
    assert main([str(case), "--rules", "all", "--html", str(page), "--csv", str(folder)]) == 0
    said = page.read_text()
    assert not re.search(r"<script|https?://|@import|url\(|src=| on\w+=", said)
    assert "&lt;b&gt;Exchange&lt;/b&gt;" in said
    assert all(f">{rule}</th>" in said for rule in RULES)
    assert "they are never added" in said
    compared = table(folder / "comparison.csv")
    assert sum(Decimal(x["libr"]) for x in compared) == 100
    assert len(list(folder.iterdir())) == 2 * len(RULES) + 1


def test_a_paper_of_several_rules_is_the_firsts_with_the_others_beside(case, tmp_path):
    one, several = tmp_path / "1.pdf", tmp_path / "2.pdf"
    main([str(case), "--rule", "libr", "--pdf", str(one), "--prepared", "2026-01-31"])
    main([str(case), "--rules", "libr,fifo", "--pdf", str(several), "--prepared", "2026-01-31"])
    assert len(several.read_bytes()) > len(one.read_bytes())


@pytest.mark.parametrize(
    ("as_of", "left", "until"),
    [
        ("2024-01-01", "100.000000", "2024-01-01T23:59:59Z"),
        ("2024-01-02T11:59:59", "100.000000", "2024-01-02T11:59:59Z"),
        ("2024-01-02T13:00:00+01:00", "40.000000", "2024-01-02T12:00:00Z"),
        ("2024-01-02", "40.000000", "2024-01-02T23:59:59Z"),
    ],
)
def test_a_day_counts_whole_and_a_moment_to_the_second(case, as_of, left, until, capsys):
    assert main([str(case), "--as-of", as_of]) == 0
    said = capsys.readouterr().out
    assert f"As of: {until}; later transfers do not count." in said
    assert re.search(rf"{left} .* elsewhere +0xa", said)
    main([str(case), "--as-of", as_of, "--json"])
    assert json.loads(capsys.readouterr().out)["as_of"] == until


def test_a_day_before_the_loss_is_refused(case, capsys):
    assert main([str(case), "--as-of", "2023-12-31"]) == 2
    assert "no loss to follow yet. Take a later --as-of" in capsys.readouterr().err


@pytest.mark.parametrize("option", ["--pdf", "--ftm", "--working", "--csv"])
def test_a_file_that_cannot_be_written_is_said(case, tmp_path, option, capsys):
    assert main([str(case), option, str(tmp_path / "none" / "x")]) == 2
    assert "Cannot write" in capsys.readouterr().err
