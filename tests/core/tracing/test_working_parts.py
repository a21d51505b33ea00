"""A working over several currencies: a part each, exchanges with both sums, nothing added."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from recoup.apps.traces import paper_page
from recoup.apps.traces.paper import Cover, paper
from recoup.core.tracing import RULES
from recoup.core.tracing.side_by_side import SideBySide
from recoup.core.tracing.working import Working
from recoup.core.tracing.working_parts import Part
from recoup.standards import followthemoney, working_csv
from support.workings import exchanged, plain

CONSERVING = [key for key in RULES if RULES[key].conserves]


def parts(working: Working) -> dict[str, Part]:
    found = {part.asset.code: part for part in working.parts}
    assert all(isinstance(part, Part) for part in found.values())
    return found  # type: ignore[return-value]


def test_each_currency_has_a_part_with_its_own_sums() -> None:
    working = exchanged()
    rsd, yen, eur = (parts(working)[code] for code in ("RSD", "JPY", "EUR"))
    assert [part.asset.code for part in working.parts] == ["RSD", "EUR", "JPY"]
    # The 50 clean dinars leave first; 1,120 of the victims' become 10.00 less floor(50/117).
    assert (rsd.shares.lost, rsd.entered, rsd.left) == (1_500_00, 0, 1_120_00)
    assert {one.account: one.units for one in rsd.held} == {"A": 380_00}
    assert (eur.shares.lost, eur.entered, eur.left) == (0, 10_00 - 42, 3_00)
    assert {one.account: (one.kind, one.units) for one in eur.held} == {
        "cash": ("terminal", 2_33 - 42), "E": ("other", 4_67),
    }  # fmt: skip
    assert (yen.entered, yen.left) == (489, 0)
    assert [step.transfer.id for step in working.exchanges] == ["t2", "t4"]


@pytest.mark.parametrize("rule", CONSERVING)
def test_every_unit_is_accounted_for_in_each_currency(rule: str) -> None:
    working = exchanged(rule=rule)
    assert working.adds_up and working.exchanged_as_told
    for part in parts(working).values():
        held = sum(one.units for one in part.held)
        assert part.shares.lost + part.entered == held + part.shares.dissipated + part.left
        assert part.shares.lost + part.entered == part.whole
        assert not part.shares.unaccounted
    assert [lost for _, lost in working.payments] == [1_000_00, 500_00]


def test_a_missing_unit_in_a_second_currency_is_found() -> None:
    working = exchanged()
    held = {**working.result.held, "E": {"s2": 466}}
    broken = replace(working, result=replace(working.result, held=held))
    assert not broken.adds_up
    assert [bool(part.shares.unaccounted) for part in broken.parts] == [False, True, False]


def test_an_exchange_that_gave_more_than_was_told_is_found() -> None:
    working = exchanged()
    steps = tuple(
        replace(step, credited={"s1": 10_01}) if step.transfer.id == "t2" else step
        for step in working.steps
    )
    broken = replace(working, steps=steps)
    assert not broken.exchanged_as_told and not broken.adds_up


def test_the_working_names_the_currency_of_each_sum() -> None:
    facts = json.loads(exchanged().as_bytes())
    told = facts["conservation"]
    assert told["adds_up"] is True and told["exchanged_as_told"] is True
    assert [one["asset"] for one in told["currencies"]] == ["RSD", "EUR", "JPY"]
    assert told["sums"]["lost"] == "150000" and told["sums"]["exchanged"] == "-112000"
    assert told["exchanges"][0] == {
        "step": 4,
        "gave": {"asset": "RSD", "units": "117000"},
        "got": {"asset": "EUR", "units": "1000"},
        "traced_gave": "112000",
        "traced_got": "958",
        "source": {"kind": "ticket", "reference": "T-2026-0009", "place": "line 4"},
    }
    assert {one["account"]: one["asset"] for one in facts["held"]} == {
        "A": "RSD", "E": "EUR", "cash": "EUR", "Y": "JPY",
    }  # fmt: skip
    assert exchanged().as_bytes() == exchanged().as_bytes()
    without = exchanged(assets={})
    assert without.ledger_sha256 == exchanged().ledger_sha256
    assert without.inputs_sha256 != exchanged().inputs_sha256


def test_a_working_of_one_currency_is_its_only_part() -> None:
    working = plain()
    assert working.parts == (working,) and working.exchanges == ()
    assert "currencies" not in json.loads(working.as_bytes())["conservation"]


def test_tables_have_sums_in_the_currency_of_the_account() -> None:
    rows = list(read(working_csv.steps(exchanged())))
    [one] = [r for r in rows if r["transfer"] == "t2" and r["victims_payment"] == "s1"]
    assert (one["amount"], one["asset"], one["credit"], one["credit_asset"]) == (
        "1170.00", "RSD", "10.00", "EUR",
    )  # fmt: skip
    rows = list(read(working_csv.accounts(exchanged())))
    there = {(row["account"], row["traced"], row["asset"]) for row in rows}
    assert ("Y", "489", "JPY") in there and ("A", "380.00", "RSD") in there
    several = SideBySide((exchanged(), exchanged(rule="lifo")))
    compared = {r["account"]: r["asset"] for r in read(working_csv.comparison(several))}
    assert compared["E"] == "EUR" and compared["A"] == "RSD"


def test_followthemoney_has_both_sums_of_an_exchange() -> None:
    lines = map(json.loads, followthemoney.write(exchanged()).splitlines())
    [payment] = [
        one["properties"] for one in lines if one["properties"].get("transactionNumber") == ["t2"]
    ]
    assert (payment["amount"], payment["currency"]) == (["1170.00"], ["RSD"])
    assert "1,120.00 RSD of victims' money, exchanged into 9.58 EUR" in payment["summary"][0]
    assert "1,170.00 RSD into 10.00 EUR" in payment["summary"][0]


def read(table: bytes) -> csv.DictReader[str]:
    return csv.DictReader(io.StringIO(table.decode("utf-8-sig"), newline=""))


def test_the_page_has_a_part_for_each_currency_and_the_paper_is_set() -> None:
    cover = Cover("T", datetime(2026, 2, 1, tzinfo=UTC))
    said = paper_page.page(exchanged(), cover).decode()
    assert "What is in EUR" in said and "What is in JPY" in said
    assert "1,170.00 RSD → 10.00 EUR" in said and "1,120.00 RSD → 9.58 EUR" in said
    assert "0.00 EUR lost + 9.58 EUR from another currency = 6.58 EUR held" in said
    ids = re.findall(r' id="([^"]+)"', said)
    assert len(ids) == len(set(ids))
    assert paper(exchanged(), cover).startswith(b"%PDF")
    for one in ("poison", "prorata_exact"):
        assert paper_page.page(exchanged(rule=one), cover)
