"""Bookings copied from a bank's screen: read in the declared form, refused by their line."""

from __future__ import annotations

from pathlib import Path

import pytest

from recoup.standards import booking_lines
from recoup.standards.booking_lines import NotReadable, Profile, read, write

SAMPLES = Path(booking_lines.__file__).parent / "samples"
SERBIAN = Profile(separator="semicolon", decimal="comma", dates="day_first")


@pytest.mark.parametrize("sample", sorted((SAMPLES / "good").iterdir()), ids=lambda p: p.name)
def test_each_good_sample_is_read_and_written_back_the_same(sample):
    sheet = read(sample.read_bytes())
    again = read(write(sheet))
    assert [line.reference for line in again.lines] == [line.reference for line in sheet.lines]
    assert write(again) == write(sheet)
    assert (again.opening, again.from_at) == (sheet.opening, sheet.from_at)


@pytest.mark.parametrize("sample", sorted((SAMPLES / "bad").iterdir()), ids=lambda p: p.name)
def test_each_bad_sample_is_refused_with_its_place(sample):
    """The name of a sample says the line and the column that is wrong."""
    line, _, column = sample.stem.removeprefix("line_").partition("_")
    with pytest.raises(NotReadable) as refusal:
        read(sample.read_bytes())
    (refused,) = refusal.value.refused
    assert (refused.line, refused.column) == (int(line), column)


def test_a_line_that_was_cut_off_is_refused():
    document = (SAMPLES / "good" / "shortest.tsv").read_bytes()
    with pytest.raises(NotReadable):
        read(document[: document.index(b"0.50")].rstrip(b"\t"))


def test_the_remarks_tell_balances_and_beginning():
    sheet = read((SAMPLES / "good" / "with_balances.tsv").read_bytes())
    assert (sheet.opening, sheet.closing) == ("12000.00", "192000.00")
    assert sheet.from_at == "2026-11-21 08:41:03"


def test_the_screens_own_amounts_and_dates_are_read_only_when_declared():
    (line,) = read(b"credit;C-1;21.11.2026. 08:41:03;120.000,00", SERBIAN).lines
    assert (line.amount, line.booked_at) == ("120000.00", "2026-11-21 08:41:03")


@pytest.mark.parametrize("amount", ["120,000.00", "12.00,00", "1.2345,00", "12,", "", "1e3"])
def test_an_amount_of_another_form_than_the_declared_is_refused(amount):
    with pytest.raises(NotReadable) as refusal:
        read(f"credit;C-1;21.11.2026 08:41:03;{amount}".encode(), SERBIAN)
    assert refusal.value.refused[0].column == "amount"


def test_what_stands_in_quotes_may_contain_the_separator():
    (line,) = read(
        b'debit,B-1,2026-11-21 08:41:03,1.00,cash,"Novi Sad, centar"', Profile("comma")
    ).lines
    assert line.to == "Novi Sad, centar"


def test_a_comma_cannot_separate_columns_and_stand_in_amounts():
    with pytest.raises(ValueError, match="cannot separate"):
        Profile(separator="comma", decimal="comma")


def test_at_most_twenty_refused_lines_are_named():
    with pytest.raises(NotReadable) as refusal:
        read(b"saldo\t1\n" * 1000)
    assert len(refusal.value.refused) == 20


def test_the_columns_stand_in_the_order_that_was_declared():
    own = Profile("semicolon", columns=("booked_at", "", "amount", "side", "reference", "to_kind"))
    first, second = read(
        b"2026-11-21 08:41:03;EUR;5.00;credit;C-1\n2026-11-21 08:42:03;x;1.00;debit;B-1;fee", own
    ).lines
    assert (first.side, first.reference, first.amount, first.to_kind) == (
        "credit",
        "C-1",
        "5.00",
        "",
    )
    assert (second.reference, second.to_kind) == ("B-1", "fee")


@pytest.mark.parametrize("line", ["2026-11-21 08:41:03;x;5.00;credit", "1;2;3;4;5;6;7"])
def test_a_line_with_fewer_or_more_columns_than_declared_is_refused(line):
    own = Profile("semicolon", columns=("booked_at", "", "amount", "side", "reference", "to_kind"))
    with pytest.raises(NotReadable, match="5 to 6 are expected"):
        read(line.encode(), own)


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (("side", "reference", "booked_at"), "No column is named amount"),
        (("side", "side", "reference", "booked_at", "amount"), "side is named for two columns"),
        (("side", "reference", "booked_at", "amount", "colour"), "Name at most 8 columns"),
        (("side", "reference", "booked_at", "amount", *[""] * 5), "Name at most 8 columns"),
    ],
)
def test_columns_that_cannot_be_meant_are_refused(columns, words):
    with pytest.raises(ValueError, match=words):
        Profile(columns=columns)


def test_what_fits_is_proposed_and_what_can_be_read_in_two_ways_is_left_to_a_person():
    assert booking_lines.proposals(b"credit;C-1;21.11.2026 08:41:03;120.000,00") == (SERBIAN,)
    both = booking_lines.proposals(b"credit\tC-1\t2026-11-21 08:41:03\t1.234")
    assert {profile.decimal for profile in both} == {"point", "comma"}
    assert booking_lines.proposals(b"") == booking_lines.proposals(b"saldo 12") == ()
