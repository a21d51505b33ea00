"""`recoup trace --format transfers`: what it prints, refuses and shows on the way."""

from __future__ import annotations

import io
import json
from pathlib import Path
from random import Random

import pytest

from recoup.apps.traces.transfer_findings import find
from recoup.cli import trace, trace_transfers
from recoup.cli.trace_transfers import Bar
from recoup.core.tracing import RULES
from recoup.core.tracing import trace as plain_trace
from recoup.data import currencies
from recoup.standards import transfers_csv

HEADER = "id,time,payer,payee,amount,currency"
ROWS = """\
V-1,2026-11-21 08:00:00,victim,first,480000.00,RSD
B-1,2026-11-21 08:05:00,first,shop,1000.00,RSD
B-2,2026-11-21 08:09:00,first,second,300000.00,RSD
"""


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.csv"
    path.write_text(f"{HEADER}\n{ROWS}")
    (tmp_path / "losses.txt").write_text("V-1\n")
    (tmp_path / "sources.txt").write_text("victim\n")
    return path


def run(path: Path, *options: str) -> int:
    return trace.main([str(path), "--format", "transfers", *options])


def test_where_the_money_is(ledger: Path, capsys: pytest.CaptureFixture[str]):
    assert run(ledger, "--losses", str(ledger.parent / "losses.txt")) == 0
    shown = capsys.readouterr()
    assert "300,000.00 RSD  second" in shown.out
    assert "179,000.00 RSD  first" in shown.out
    assert "Every unit is accounted for" in shown.out
    assert "first in, first out (fifo)" in shown.out
    assert shown.err == ""


@pytest.mark.parametrize("option", ["--losses losses.txt", "--sources sources.txt"])
def test_json_says_it_under_the_keys_of_the_cases(
    ledger: Path, capsys: pytest.CaptureFixture[str], option: str
):
    name, file = option.split()
    assert run(ledger, name, str(ledger.parent / file), "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["held"] == {
        "first": {"V-1": 179_000_00}, "shop": {"V-1": 1_000_00}, "second": {"V-1": 300_000_00},
    }  # fmt: skip
    assert facts["totals"]["unaccounted"] == 0
    assert facts["transfers"]["B-2"] == {"V-1": 300_000_00}


@pytest.mark.parametrize("rule", [rule for rule in RULES if RULES[rule].conserves])
def test_every_rule_answers_as_the_engine_does(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], rule: str
):
    choose = Random(5)
    rows = [
        f"T{n:03},2026-01-01 00:{choose.randint(0, 9):02}:00,A{choose.randint(0, 9)},"
        f"A{choose.randint(0, 9)},{choose.randint(1, 900)}.00,RSD"
        for n in range(200)
    ]
    path = tmp_path / "l.csv"
    path.write_text("\n".join([HEADER, "T-V,2026-01-01 00:00:00,V,A1,5000.00,RSD", *rows]))
    (tmp_path / "sources.txt").write_text("V\n")
    assert run(path, "--sources", str(tmp_path / "sources.txt"), "--rule", rule, "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    with path.open("rb") as file:
        read = transfers_csv.read(file, currencies=currencies())
    right = plain_trace(read.ledger(losses=["T-V"], external=["V"]), rule=rule)
    held = {k: {x: str(u) for x, u in v.items()} for k, v in right.held.items()}
    assert {k: {x: str(u) for x, u in v.items()} for k, v in facts["held"].items()} == held
    assert facts["unseen"] == right.unseen


def test_refused_rows_are_named_and_nothing_is_traced(
    ledger: Path, capsys: pytest.CaptureFixture[str]
):
    ledger.write_text(f"{HEADER}\n{ROWS}X,2026-11-21 08:00:00,a,b,1e5,RSD\n")
    assert run(ledger, "--losses", str(ledger.parent / "losses.txt")) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "Line 5, column amount, value '1e5'" in shown.err
    assert run(ledger, "--losses", str(ledger.parent / "losses.txt"), "--json") == 2
    assert json.loads(capsys.readouterr().out)["refused"][0]["line"] == 5


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "Say what was lost"),
        (["--losses", "no.txt"], "Cannot read"),
        (["--sources", "other.txt"], "None of the 1 source accounts pays"),
        (["--losses", "other.txt"], "not among the transfers"),
    ],
)
def test_what_cannot_be_traced_says_what_to_do(
    ledger: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
):
    (ledger.parent / "other.txt").write_text("nobody\n")
    paths = [str(ledger.parent / one) if one.endswith(".txt") else one for one in options]
    assert run(ledger, *paths) == 2
    assert words in capsys.readouterr().err


def test_the_bar_moves_on_a_terminal_and_is_cleared():
    out = io.StringIO()
    bar = Bar(200, out, is_moving=True, last=-10.0)
    bar.told(100, 5)
    assert "[############............]" in out.getvalue()
    assert "50%  5 rows" in out.getvalue()
    bar.clear()
    assert out.getvalue().endswith("\r\033[K")


def test_without_a_terminal_plain_lines_come_only_where_asked(
    ledger: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(trace_transfers, "PLAIN_EVERY_SECONDS", 0.0)
    losses = str(ledger.parent / "losses.txt")
    assert run(ledger, "--losses", losses) == 0
    assert capsys.readouterr().err == ""
    assert run(ledger, "--losses", losses, "--progress") == 0
    shown = capsys.readouterr().err
    assert "reading: 100%  3 rows" in shown and "\r" not in shown


# Exchange


EXCHANGED = """\
V-1,2026-11-21 08:00:00,victim,first,100.00,RSD,
B-1,2026-11-21 08:05:00,first,second,50.00,RSD,25.01
B-2,2026-11-21 08:09:00,second,third,20.00,RSD,60.00
"""


@pytest.fixture
def exchanged(ledger: Path) -> Path:
    ledger.write_text(f"{HEADER},credit\n{EXCHANGED}")
    return ledger


@pytest.mark.parametrize("rule", [rule for rule in RULES if RULES[rule].conserves])
@pytest.mark.parametrize("shortfall", ["unseen", "overdraft"])
def test_what_reached_the_payee_may_be_another_number(
    exchanged: Path, capsys: pytest.CaptureFixture[str], rule: str, shortfall: str
):
    losses = str(exchanged.parent / "losses.txt")
    options = ["--losses", losses, "--rule", rule, "--shortfall", shortfall]
    shown = (run(exchanged, *options), capsys.readouterr().out)
    assert "Every unit is accounted for: what was lost, and changed by exchange" in shown[1]
    assert "changed by exchange" in shown[1] and "15.01 RSD" in shown[1]
    assert (shown[0], run(exchanged, *options, "--json")) == (0, 0)
    facts = json.loads(capsys.readouterr().out)
    amounts = {name: int(labels["V-1"]) for name, labels in facts["held"].items()}
    assert amounts == {"first": 50_00, "second": 5_01, "third": 60_00}
    assert (facts["totals"]["exchanged"], facts["totals"]["unaccounted"]) in [
        (15_01, 0), ("1501", "0"),
    ]  # fmt: skip


def test_without_exchange_nothing_is_said_of_it(ledger: Path, capsys: pytest.CaptureFixture[str]):
    assert run(ledger, "--losses", str(ledger.parent / "losses.txt"), "--json") == 0
    assert "exchanged" not in json.loads(capsys.readouterr().out)["totals"]


def test_both_ways_of_tracing_give_the_same_under_exchange(tmp_path: Path):
    """The pass over columns and the walk, on ledgers with shortfalls, ties and exchange."""
    choose = Random(11)
    for number in range(40):
        rows = [
            f"T{n:03},2026-01-01 00:{choose.randint(0, 9):02}:00,A{choose.randint(0, 5)},"
            f"A{choose.randint(0, 5)},{choose.randint(1, 900)}.00,RSD,"
            f"{choose.choice(['', '0.00', '0.07', '33', '4000.50'])}"
            for n in range(60)
        ]
        head = "T-V,2026-01-01 00:00:00,V,A1,5000.00,RSD,7.77"
        text = "\n".join([f"{HEADER},credit", head, *rows])
        file = transfers_csv.read(io.BytesIO(text.encode()), currencies=currencies())
        found = find("x", file, rule="fifo", losses=["T-V"], external=frozenset("V"),
                     shortfall="unseen")  # fmt: skip
        right = plain_trace(file.ledger(losses=["T-V"], external=["V"]))
        answer = found.answer
        assert (answer.held, answer.transfers) == (right.held, right.transfers), number
        assert (answer.balances, answer.unseen) == (right.balances, right.unseen), number
        assert found.adds_up and found.answer.exchanged, number


# What has no answer, and what has one


def test_a_ring_within_one_instant_has_one_answer_in_whatever_order_it_stands(
    ledger: Path, capsys: pytest.CaptureFixture[str]
):
    rows = [
        "V-1,2026-11-21 08:00:00,victim,a,90.00,RSD", "X-1,2026-11-21 08:00:00,a,b,90.00,RSD",
        "X-2,2026-11-21 08:00:00,b,c,60.00,RSD", "X-3,2026-11-21 08:00:00,c,a,40.00,RSD",
    ]  # fmt: skip
    losses = str(ledger.parent / "losses.txt")
    for rule in RULES:
        answers = []
        for lines in (rows, rows[::-1]):
            ledger.write_text("\n".join([HEADER, *lines]))
            assert run(ledger, "--losses", losses, "--rule", rule, "--json") == 0
            answers.append(json.loads(capsys.readouterr().out))
        assert answers[0]["transfers"] == answers[1]["transfers"], rule
        assert answers[0]["held"] == answers[1]["held"], rule
        assert set(answers[0]["transfers"]) == {"V-1", "X-1", "X-2", "X-3"}, rule


@pytest.mark.parametrize("shortfall", ["unseen", "overdraft"])
@pytest.mark.parametrize("rule", RULES)
def test_a_victim_paid_with_another_victims_money_is_refused_with_the_line(
    ledger: Path, capsys: pytest.CaptureFixture[str], rule: str, shortfall: str
):
    ledger.write_text(f"{HEADER}\n{ROWS}V-2,2026-11-21 08:30:00,second,third,5.00,RSD\n")
    losses = ledger.parent / "losses.txt"
    losses.write_text("V-1\nV-2\n")
    options = ["--losses", str(losses), "--rule", rule, "--shortfall", shortfall]
    assert run(ledger, *options) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert "ledger.csv was not traced" in shown.err
    assert "Line 5, column id, value 'V-2': The victim's payment 'V-2' leaves 'second'" in shown.err
    assert "30000000 units traced from V-1" in shown.err
    assert run(ledger, *options, "--json") == 2
    (refused,) = json.loads(capsys.readouterr().out)["refused"]
    assert (refused["line"], refused["value"]) == (5, "V-2")
