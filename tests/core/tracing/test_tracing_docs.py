"""The page for readers: each rule has its source and an example, and every example is true."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest

from recoup.core.tracing import RULES, Account, Ledger, Seed, Transfer, trace
from recoup.core.tracing.cases import as_expect

PAGE = (Path(__file__).parents[3] / "docs" / "tracing.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```example\n(.*?)```", PAGE, re.DOTALL)
MOVE = re.compile(r"(\w+) +(\d+) +(\w+) -> (\w+) +(\d+)( +stolen)?(?: +batch (\w+))?")


def read_example(text):
    """Return an example's ledger, how it is traced, and its answer."""
    accounts, transfers, seeds = {}, [], []
    how, answer = {}, defaultdict(dict)
    for line in text.splitlines():
        word, _, rest = line.partition(" ")
        if word in ("rule", "shortfall"):
            how[word] = rest
        elif word == "outside":
            accounts |= {name: Account(external=True) for name in rest.split(", ")}
        elif word == "opening":
            name, units = rest.split()
            accounts[name] = Account(opening=int(units))
        elif word in ("held", "dissipated"):
            name, units = rest.split(": ")
            answer[word][name] = dict(read_units(pair) for pair in units.split(", "))
        else:
            id_, t, payer, payee, amount, stolen, batch = MOVE.fullmatch(line).groups()
            transfers.append(Transfer(id_, int(t), payer, payee, int(amount), batch=batch))
            seeds += [Seed(id_)] if stolen else []
    return Ledger(accounts, tuple(transfers), tuple(seeds)), how, answer


def read_units(pair):
    label, units = pair.split()
    return label, units if "/" in units else int(units)


@pytest.mark.parametrize("text", EXAMPLES, ids=lambda text: text.split()[1])
def test_every_example_gives_the_answer_that_it_shows(text):
    ledger, how, answer = read_example(text)
    found = as_expect(trace(ledger, **how))
    assert found["held"] == answer["held"]
    assert found["dissipated"] == answer["dissipated"]


def test_every_rule_has_an_example_and_a_line_with_its_source():
    assert {read_example(text)[1]["rule"] for text in EXAMPLES} == set(RULES)
    lines = [line for line in PAGE.splitlines() if line.startswith("| [`")]
    assert [re.search(r"`(\w+)`", line).group(1) for line in lines] == list(RULES)
    for line, rule in zip(lines, RULES.values(), strict=True):
        assert set(re.findall(r"\d{4}", rule.source)) <= set(re.findall(r"\d{4}", PAGE))
        assert rule.takes.split(",")[0].split(" of ")[0] in line
