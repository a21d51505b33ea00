"""`recoup trace`: what people and machines get, and what happens to files that are not good."""

from __future__ import annotations

import html
import json
import re
import sys

import pytest

from recoup.apps.traces import findings as trace_findings
from recoup.cli.trace import main
from recoup.core.tracing import RULES, Ledger

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
    whole = trace_findings.work_out

    def losing(ledger: Ledger, **how):
        working = whole(ledger, **how)
        del working.result.held["0xb"]
        return working

    monkeypatch.setattr(trace_findings, "work_out", losing)
    assert main([str(case)]) == 3
    said = capsys.readouterr().out
    assert "NOT every unit is accounted for: 10.000000 differ, in 1 of 1 payment" in said


def test_a_label_cannot_steer_the_terminal(case, capsys):
    case.write_text("\n".join([HEADER, "2024-01-01 00:00:00,1,h1,0xV,,0xA,x\u202ey\u009bz,100"]))
    assert main([str(case)]) == 0
    assert "x\\u202ey\\u009bz" in capsys.readouterr().out


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_names_its_source_and_its_policies_on_the_result(case, tmp_path, rule, capsys):
    out = tmp_path / "page.html"
    assert main([str(case), "--rule", rule, "--shortfall", "overdraft", "--html", str(out)]) == 0
    for said in (capsys.readouterr().out, html.unescape(out.read_text())):
        for words in (RULES[rule].name, RULES[rule].source, "Shortfall: overdraft", "Order: by"):
            assert words in said


def test_exact_fractions_are_told_as_fractions_to_machines(case, capsys):
    case.write_text("\n".join([HEADER, *ROWS[:1], ROWS[3].replace("0xA", "0xC")]))
    rows = [ROWS[0], ROWS[0].replace("0xV", "0xC").replace("h1", "h9").replace("100", "200")]
    case.write_text("\n".join([HEADER, *rows, ROWS[3]]))
    assert main([str(case), "--rule", "prorata_exact", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["held"]["0xb"] == {"h1:0xv:0xa:0": "10000000/3"}
    assert found["totals"]["elsewhere"] == 100_000_000


def test_poison_is_told_as_marks_that_do_not_add_up(case, capsys):
    assert main([str(case), "--rule", "poison"]) == 0
    said = capsys.readouterr().out
    assert "do not add up to the loss" in said
    assert "accounted for" not in said


def test_all_rules_stand_side_by_side_and_each_with_its_source(case, capsys):
    assert main([str(case), "--rules", "all"]) == 0
    said = capsys.readouterr().out
    assert re.search(" +".join(RULES) + "  address\n", said)
    for rule in RULES.values():
        assert re.search(rf"^{rule.key} +[\d,.]+ ", said, re.MULTILINE)
        assert f"({rule.key})" in said
        assert rule.source in said
    assert said.count("Shortfall: unseen. Order: by time") == len(RULES)


def test_several_rules_are_as_many_results_to_machines_and_each_as_if_alone(case, capsys):
    assert main([str(case), "--rules", "libr,fifo", "--json"]) == 0
    results = json.loads(capsys.readouterr().out)["results"]
    assert list(results) == ["libr", "fifo"]
    main([str(case), "--rule", "libr", "--json"])
    assert results["libr"] == json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(
    ("options", "allowed"),
    [
        (["--rule", "guess"], "'fifo'.*'tiho'"),
        (["--rules", "fifo,guess"], "no rule 'guess'. Use all, or some of: fifo,.*,tiho"),
        (["--shortfall", "ignore"], "'unseen'.*'overdraft'"),
        (["--format", "xml"], "'csv'.*'cases'"),
        (["--format", "cases", "--rule", "fifo"], "each case names its own rule"),
        (["--rules", "all", "--ftm", "x"], "--ftm is for one rule. Name it with --rule"),
        (["--rules", "all", "--working", "x"], "--working is for one rule"),
        (["--format", "cases", "--pdf", "x"], "--pdf is for CSV files"),
        (["--as-of", "31.12.2024"], "'31.12.2024' is no date. Write 2024-07-16, or"),
    ],
)
def test_a_value_that_is_not_allowed_is_answered_with_what_is(case, options, allowed, capsys):
    with pytest.raises(SystemExit) as ended:
        main([str(case), *options])
    assert ended.value.code == 2
    assert re.search(
        allowed, capsys.readouterr().err.replace("\n", " ").replace("choose from ", "")
    )


def test_a_flow_that_is_too_long_is_refused_with_what_to_do(case, capsys):
    case.write_bytes(b"x" * (16 * 1024 * 1024 + 1))
    assert main([str(case)]) == 2
    said = capsys.readouterr().err
    assert "It has 16,777,217 bytes; at most 16,777,216. Divide the file." in said
    case.write_text("\n".join([HEADER, *([ROWS[0]] * 200_001)]))
    assert main([str(case)]) == 2
    assert "There are more than 200,000 rows. Divide the file." in capsys.readouterr().err


# Files of cases


def a_case(rule="fifo", **changes):
    return {
        "id": f"one-{rule}",
        "rule": rule,
        "accounts": {"V": {"external": True}, "A": {"opening": 4}},
        "transfers": [
            {"id": "s", "t": 1, "from": "V", "to": "A", "amount": 3},
            {"id": "x", "t": 2, "from": "A", "to": "B", "amount": 2},
        ],
        "seeds": [{"transfer": "s"}],
    } | changes


@pytest.fixture
def cases(tmp_path):
    def write(*entries):
        path = tmp_path / "cases.json"
        path.write_text(json.dumps({"format": "tracing-cases/1", "cases": entries}))
        return path

    return write


def test_a_file_of_cases_is_answered_case_by_case_without_looking_at_expect(cases, capsys):
    wrong = {"held": {"nobody": {"s": 1}}}
    path = cases(a_case("prorata_exact", expect=wrong), a_case("libr"))
    assert main([str(path), "--format", "cases", "--json"]) == 0
    common = {"balances": {"A": 5, "B": 2}, "dissipated": {}, "unseen": {}}
    assert json.loads(capsys.readouterr().out) == {
        "one-prorata_exact": common
        | {"held": {"A": {"s": "15/7"}, "B": {"s": "6/7"}}}
        | {"transfers": {"s": {"s": 3}, "x": {"s": "6/7"}}},
        "one-libr": common | {"held": {"A": {"s": 3}}, "transfers": {"s": {"s": 3}}},
    }


def test_people_get_the_rule_and_its_source_with_each_case(cases, capsys):
    assert main([str(cases(a_case("libr"))), "--format", "cases"]) == 0
    said = capsys.readouterr().out
    assert "Re Hallett" in said
    assert "Shortfall: unseen. Order: time, sequence, id. As of: all transfers." in said
    assert re.search(r"held now +A: s 3\n", said)


@pytest.mark.parametrize(
    ("changes", "key"),
    [
        ({"policy": {"shortfall": "ignore"}}, "policy.shortfall"),
        ({"seeds": [{"transfer": "s"}, {"transfer": "x"}]}, "seeds"),
        ({"asof": 3}, "asof"),
    ],
)
def test_one_bad_case_and_nothing_is_traced_but_file_case_and_key_are_named(
    cases, changes, key, capsys
):
    path = cases(a_case("libr"), a_case(**changes))
    assert main([str(path), "--format", "cases"]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"{path} was not traced; case one-fifo, key {key}: " in said.err
    assert main([str(path), "--format", "cases", "--json"]) == 2
    found = json.loads(capsys.readouterr().out)
    assert found["file"] == str(path)
    assert (found["refused"][0]["case"], found["refused"][0]["key"]) == ("one-fifo", key)


@pytest.mark.parametrize("rule", RULES)
def test_a_victim_paid_with_another_victims_money_is_refused_by_the_payment(cases, rule, capsys):
    paid_on = a_case(rule, seeds=[{"transfer": "s"}, {"transfer": "x"}])
    paid_on["accounts"] = {"V": {"external": True}}
    path = cases(a_case("libr", id="good"), paid_on)
    assert main([str(path), "--format", "cases", "--json"]) == 2
    said = capsys.readouterr()
    (refused,) = json.loads(said.out)["refused"]
    assert (refused["case"], refused["key"], refused["value"]) == (f"one-{rule}", "seeds", "x")
    assert "'x' leaves 'A', which then holds 3 units traced from s" in said.err


@pytest.mark.parametrize("rule", RULES)
def test_a_ring_within_one_instant_is_answered_by_the_ids(cases, rule, capsys):
    ring = [
        {"id": "s", "t": 1, "from": "V", "to": "A", "amount": 9},
        {"id": "x", "t": 1, "from": "A", "to": "B", "amount": 9},
        {"id": "y", "t": 1, "from": "B", "to": "A", "amount": 9},
    ]
    several = [
        a_case(rule, id=f"ring-{n}", accounts={"V": {"external": True}}, transfers=rows)
        for n, rows in enumerate((ring, ring[::-1]))
    ]
    assert main([str(cases(*several)), "--format", "cases", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["ring-0"] == found["ring-1"]
    if rule != "poison":
        assert {k: int(v["s"]) for k, v in found["ring-0"]["held"].items()} == {"A": 9}


def test_a_missing_file_of_cases_is_named(tmp_path, capsys):
    assert main([str(tmp_path / "none.json"), "--format", "cases"]) == 2
    assert "none.json: No such file" in capsys.readouterr().err


def test_fractions_longer_than_python_writes_by_itself_are_written(cases, capsys):
    """Each hop adds digits; the numbers that are read stay bounded."""
    before = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(640)
        hops = [{"id": f"t{n}", "t": n, "from": "A", "to": "B", "amount": 1} for n in range(2, 9)]
        huge = {"id": "s", "t": 1, "from": "V", "to": "A", "amount": 10**200}
        path = cases(a_case("prorata_exact", transfers=[huge, *hops]))
        assert main([str(path), "--format", "cases", "--json"]) == 0
        assert len(capsys.readouterr().out) > 640
        sys.set_int_max_str_digits(640)
        path.write_text(path.read_text().replace("0" * 200, "0" * 700))
        assert main([str(path), "--format", "cases"]) == 2
    finally:
        sys.set_int_max_str_digits(before)
