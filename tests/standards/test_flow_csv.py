"""Flows of stolen crypto-assets: read exactly, ordered without the row number, refused by name."""

from __future__ import annotations

import os
from decimal import Decimal
from pathlib import Path
from random import Random

import pytest

from recoup.core.tracing import RULES, share_out, trace
from recoup.standards import flow_csv
from recoup.standards.flow_csv import NotReadable, read, read_addresses, write
from recoup.standards.flow_csv.fields import micro_usd

HEADER = "Timestamp,Block,Tx_hash,From,From_label,To,To_label,Value_in_USD"
SAMPLES = Path(flow_csv.__file__).parent / "samples"
CASES = Path(__file__).parents[3] / "shared" / "cases"
# case -> rule -> share of the loss at terminal addresses, unseen, in hundredths of a per cent
MEASURED = {
    "LIFI": {
        "fifo": (8816, 79),
        "lifo": (8816, 79),
        "prorata": (8810, 79),
        "prorata_exact": (8810, 79),
        "poison": (17968, 79),
        "libr": (8809, 79),
        "tiho": (8817, 79),
    },
    "Atomic": {
        "fifo": (8475, 5523),
        "lifo": (8558, 5523),
        "prorata": (8493, 5523),
        "prorata_exact": (8493, 5523),
        "poison": (47673, 5523),
        "libr": (8474, 5523),
        "tiho": (8559, 5523),
    },
}


def a_row(tx="0x1", payer="0xa", payee="0xb", usd="1", at="2024-07-16 12:00:00", block="7"):
    return f"{at},{block},{tx},{payer},,{payee},,{usd}"


def a_file(*rows):
    return "\n".join([HEADER, *rows]).encode()


@pytest.mark.parametrize("sample", sorted((SAMPLES / "good").iterdir()), ids=lambda p: p.name)
def test_each_good_sample_is_read_and_written_back_the_same(sample):
    flow = read(sample.read_bytes())
    assert read(write(flow)) == flow


@pytest.mark.parametrize("sample", sorted((SAMPLES / "bad").iterdir()), ids=lambda p: p.name)
def test_each_bad_sample_is_refused_with_its_place(sample):
    """The name of a sample says the line and the column that is wrong."""
    line, _, column = sample.stem.removeprefix("line_").partition("_")
    with pytest.raises(NotReadable) as refusal:
        read(sample.read_bytes())
    (refused,) = refusal.value.refused
    assert (refused.line, refused.column) == (int(line), column)
    assert len(refused.problem) > 20


def test_a_truncated_file_is_refused():
    document = (SAMPLES / "good" / "two_hops.csv").read_bytes()
    with pytest.raises(NotReadable):
        read(document[: document.rindex(b",")])


@pytest.mark.parametrize(
    ("written", "units"),
    [
        ("0", 0),
        ("1.5", 1_500_000),
        ("0.0000005", 0),
        ("0.0000015", 2),
        ("0.0000025", 2),
        ("0.00000250000000000000000001", 3),
        ("347.55300000000005", 347_553_000),
        ("9999999999999.9999999", 10_000_000_000_000_000_000),
    ],
)
def test_values_are_rounded_half_to_even_at_six_decimals(written, units):
    assert micro_usd(written) == units


def test_rounded_rows_are_counted_and_what_rounding_left_is_exact():
    flow = read(a_file(a_row("1", usd="0.0000004"), a_row("2", usd="1.0"), a_row("3", usd="2.1")))
    assert (flow.rounded_rows, flow.residual_usd) == (1, Decimal("0.0000004"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("usd", "-1"),
        ("usd", "1e5"),
        ("usd", "nan"),
        ("usd", "1 000"),
        ("usd", ""),
        ("usd", " 1"),
        ("usd", "٣"),
        ("usd", "1" * 14),
        ("at", "2024-02-30 00:00:00"),
        ("at", "16.07.2024 12:00"),
        ("at", "2024-07-16T12:00:00Z"),
        ("block", "-1"),
        ("block", "²"),
        ("tx", ""),
        ("payer", ""),
        ("payer", "0х12"),
        ("payee", "0x1 2"),
    ],
)
def test_a_value_that_cannot_be_read_is_refused_with_the_value(field, value):
    with pytest.raises(NotReadable) as refusal:
        read(a_file(a_row("0x0"), a_row(**{field: value})))
    (refused,) = refusal.value.refused
    assert (refused.line, refused.value) == (3, value)


def test_all_refused_values_are_named_at_once():
    with pytest.raises(NotReadable) as refusal:
        read(a_file(a_row(usd="x", at="y"), a_row(), a_row(block="z"), "short"))
    assert [(r.line, r.column) for r in refusal.value.refused] == [
        (2, "Timestamp"),
        (2, "Value_in_USD"),
        (4, "Block"),
        (5, ""),
    ]


def test_a_file_without_a_transfer_is_refused():
    with pytest.raises(NotReadable, match="only a header"):
        read(a_file())


def test_addresses_are_the_same_in_upper_and_lower_case():
    flow = read(a_file(a_row("1", "0xA", "0xB"), a_row("2", "0xb", "0xC")))
    assert flow.addresses == {"0xa", "0xb", "0xc"}
    ledger = flow.ledger(sources=["0XA"])
    assert [seed.transfer for seed in ledger.seeds] == ["1:0xa:0xb:0"]


def test_one_transaction_may_carry_the_same_payment_twice():
    flow = read(a_file(a_row(usd="2"), a_row(usd="1"), a_row(usd="2")))
    assert [(row.id, row.usd) for row in flow.rows] == [
        ("0x1:0xa:0xb:0", "1"),
        ("0x1:0xa:0xb:1", "2"),
        ("0x1:0xa:0xb:2", "2"),
    ]


def test_within_a_moment_money_arrives_before_it_is_passed_on():
    flow = read(
        a_file(a_row("1", "0xb", "0xc"), a_row("2", "0xa", "0xb"), a_row("0", "0xc", "0xd"))
    )
    assert [row.tx_hash for row in flow.rows] == ["2", "1", "0"]
    assert trace(flow.ledger(sources=["0xa"])).unseen == {}


def test_a_ring_within_a_moment_is_broken_at_the_first_block_and_id():
    ring = [a_row("2", "0xa", "0xb"), a_row("1", "0xb", "0xa"), a_row("3", "0xb", "0xc")]
    flow = read(a_file(*ring))
    assert [row.tx_hash for row in flow.rows] == ["1", "2", "3"]
    assert read(a_file(*reversed(ring))).rows[0].tx_hash == "1"


def test_every_outgoing_transfer_of_a_source_is_a_loss_and_what_comes_back_stays():
    flow = read(
        a_file(
            a_row("1", "0xa", "0xb", "5", at="2024-01-01 00:00:00"),
            a_row("2", "0xb", "0xa", "3", at="2024-01-02 00:00:00"),
            a_row("3", "0xa", "0xc", "7", at="2024-01-03 00:00:00"),
        )
    )
    ledger = flow.ledger(sources=["0xa"])
    shares = share_out(ledger, trace(ledger), terminals=["0xc"])
    assert (shares.lost, shares.at_sources) == (12_000_000, 3_000_000)
    assert (shares.at_terminals, shares.elsewhere) == (7_000_000, 2_000_000)
    assert (shares.payments, shares.payments_accounted, shares.unaccounted) == (2, 2, 0)


def test_labels_of_an_address_are_joined():
    rows = ["2024-01-01 00:00:00,1,1,0xa,Two,0xb,,1", "2024-01-01 00:00:00,1,2,0xa,One,0xb,,1"]
    assert read(a_file(*rows)).labels == {"0xa": "One / Two"}


def test_a_list_of_addresses_is_read_without_empty_lines_and_in_lower_case():
    assert read_addresses(b"\xef\xbb\xbf0xA\r\n\n0xb") == {"0xa", "0xb"}


def test_a_list_with_something_else_than_addresses_is_refused_with_the_line():
    with pytest.raises(NotReadable) as refusal:
        read_addresses("0xa\n0x b\n0х1".encode())
    assert [one.line for one in refusal.value.refused] == [2, 3]


@pytest.mark.parametrize("name", MEASURED)
@pytest.mark.parametrize("rule", list(RULES))
def test_a_real_theft_is_followed_to_the_last_unit_whatever_the_order_of_rows(name, rule):
    folder = CASES / name
    if not folder.exists():
        assert os.environ.get("RECOUP_REQUIRE_ALL") != "1", f"{folder} is required here."
        pytest.skip("the shared cases are not beside this checkout")
    document = (folder / f"{name}.csv").read_bytes()
    sources = read_addresses((folder / "source addresses.csv").read_bytes())
    terminals = read_addresses((folder / "terminal addresses.csv").read_bytes())
    ledger = read(document).ledger(sources=sources)
    result = trace(ledger, rule=rule)
    shares = share_out(ledger, result, terminals=terminals)
    assert shares.unaccounted == 0 or not RULES[rule].conserves
    parts = (shares.at_terminals, shares.unseen)
    assert tuple(round(shares.share_of(n) * 10_000) for n in parts) == MEASURED[name][rule]

    header, *rows = document.splitlines()
    Random(7).shuffle(rows)
    shuffled = read(b"\n".join([header, *rows])).ledger(sources=sources)
    assert trace(shuffled, rule=rule) == result
