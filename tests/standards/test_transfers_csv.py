"""Transfers as CSV: read into columns, each wrong cell named, and alike whichever way it goes."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.data import currencies
from recoup.standards import transfers_csv
from recoup.standards.transfers_csv import NotReadable

HEADER = "id,time,payer,payee,amount,currency"
GOOD = "T-1,2026-11-21 08:51:07,A,B,120000.00,RSD"


def read(text: str | bytes) -> transfers_csv.TransferFile:
    content = text.encode() if isinstance(text, str) else text
    return transfers_csv.read(io.BytesIO(content), currencies=currencies())


def refused(text: str | bytes) -> list[tuple[int, str, str]]:
    with pytest.raises(NotReadable) as wrong:
        read(text)
    return [(one.line, one.column, one.value) for one in wrong.value.refused]


def row(**changed: str) -> str:
    values = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | changed
    return ",".join(values.values())


def test_a_row_is_its_values():
    file = read(f"{HEADER}\n{GOOD}\n")
    assert (file.ids, file.accounts, file.currency.code) == (["T-1"], ["A", "B"], "RSD")
    assert list(file.amount) == [120_000_00]
    assert file.t[0] == int(datetime(2026, 11, 21, 8, 51, 7, tzinfo=UTC).timestamp()) * 10**6


@pytest.mark.parametrize(
    ("written", "utc"),
    [
        ("2026-11-21T08:51:07Z", "2026-11-21 08:51:07"),
        ("2026-11-21 08:51:07.25+01:00", "2026-11-21 07:51:07.250000"),
        ("2026-11-21 00:10:00+02:00", "2026-11-20 22:10:00"),
        ("1969-12-31 23:59:59", "1969-12-31 23:59:59"),
    ],
)
def test_moments(written: str, utc: str):
    """Alone, and among rows that are read together."""
    more = "\n".join(row(id=f"T-{n}", time=written) for n in range(2, 6))
    for text in (row(time=written), f"{GOOD}\n{more}"):
        at = read(f"{HEADER}\n{text}\n").t[-1]
        assert at == round(datetime.fromisoformat(f"{utc}+00:00").timestamp() * 10**6)


BAD = {
    "an empty id": ("id", ""),
    "an id with a space": ("id", "T 1"),
    "a look-alike letter": ("payer", "А"),
    "no such day": ("time", "2026-02-30 08:51:07"),
    "no such hour": ("time", "2026-11-21 24:00:00"),
    "the day first": ("time", "21.11.2026 08:51:07"),
    "no such zone": ("time", "2026-11-21 08:51:07+19:00"),
    "below zero": ("amount", "-1.00"),
    "zero": ("amount", "0.00"),
    "an exponent": ("amount", "1e5"),
    "too precise": ("amount", "1.005"),
    "19 digits": ("amount", "12345678901234567.89"),
    "other digits": ("amount", "١٢.00"),
    "an unknown currency": ("currency", "XXQ"),
    "another currency": ("currency", "EUR"),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("rows_before", [1, 3])
def test_a_wrong_cell_is_named_with_its_line(name: str, rows_before: int):
    column, value = BAD[name]
    before = "\n".join(row(id=f"B-{n}") for n in range(rows_before))
    text = f"{HEADER}\n{before}\n{row(**{column: value})}\n{row(id='Z')}\n"
    assert refused(text) == [(rows_before + 2, column, value)]


def test_every_wrong_cell_is_named_not_only_the_first():
    text = f"{HEADER}\n{GOOD}\n{row(amount='x', time='y')}\n{row(id='')}\n"
    assert refused(text) == [(3, "time", "y"), (3, "amount", "x"), (4, "id", "")]


def test_an_id_twice():
    text = f"{HEADER}\n{GOOD}\n{row(id='T-2')}\n{row()}\n"
    assert refused(text) == [(4, "id", "T-1")]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", (1, "", "")),
        (HEADER, (1, "", "")),
        (f"{HEADER},fee\n{GOOD},1", (1, "fee", "fee")),
        (f"{HEADER}\n{GOOD},x", (2, "", f"{GOOD},x")),
        (f"{HEADER}\n{GOOD}\n\n{row(id='Z')}", (3, "", "")),
        (f"{HEADER}\n{GOOD}\n\n", (3, "", "")),
        (f'{HEADER}\n"{GOOD}', (2, "", f'"{GOOD}')),
        (f"{HEADER}\n{GOOD}\n".encode() + b"\xff\xfe", (3, "", "ff fe")),
        (f"{HEADER}\n{GOOD}\0", (2, "currency", "RSD\0")),
    ],
)
def test_what_is_no_row(text: str | bytes, where: tuple[int, str, str]):
    assert refused(text)[0] == where


def test_columns_in_another_order_a_mark_and_windows_lines():
    text = "\ufeffcurrency,seq,id,payee,payer,amount,time\r\n"
    text += "RSD,7,T-1,B,A,1.00,2026-11-21 08:51:07\r\nRSD,,T-2,B,A,1.5,2026-11-21 08:51:07\r\n"
    file = read(text)
    assert (list(file.seq), list(file.amount)) == ([7, 0], [100, 150])
    assert [file.accounts[n] for n in file.payer] == ["A", "A"]


def test_time_sequence_and_id_order_and_the_row_does_not():
    rows = [
        ("c", "08:00:01", "2"), ("b", "08:00:01", "1"), ("a", "08:00:01", "1"),
        ("z", "08:00:00", "9"), ("y", "08:00:02", ""),
    ]  # fmt: skip
    text = "\n".join(f"{name},2026-11-21 {clock},A,B,1.00,RSD,{seq}" for name, clock, seq in rows)
    file = read(f"{HEADER},seq\n{text}\n")
    assert [file.ids[at] for at in file.order()] == ["z", "a", "b", "c", "y"]


def test_a_long_line_ends_the_reading():
    assert refused(f"{HEADER}\n{GOOD}\n{'x' * 5000}\n")[0][0] == 3
    assert refused(f"{HEADER}\n{GOOD}\n{'x' * 50_000}")[0][0] == 3


def test_how_far_it_is_is_told():
    told: list[tuple[int, int]] = []
    content = f"{HEADER}\n{GOOD}\n".encode()
    transfers_csv.read(
        io.BytesIO(content), currencies=currencies(), told=lambda *args: told.append(args)
    )
    assert told == [(len(content), 1)]


names = st.text(alphabet="ab9-_|~", min_size=1, max_size=3)
clocks = st.tuples(*(st.integers(0, most) for most in (23, 59, 59)))
rows_of = st.lists(
    st.tuples(clocks, names, names, st.integers(1, 10**12), st.sampled_from(["", "Z", "+05:30"])),
    min_size=1, max_size=30,
)  # fmt: skip


@given(rows_of)
def test_rows_read_together_are_what_each_is_alone(rows):
    """Quotation marks send a row the slow way; the values are the same."""
    plain, quoted = [], []
    for n, ((h, m, s), payer, payee, units, zone) in enumerate(rows):
        cells = [f"T{n}", f"2026-01-01 {h:02}:{m:02}:{s:02}{zone}", payer, payee,
                 f"{units // 100}.{units % 100:02}", "RSD"]  # fmt: skip
        plain.append(",".join(cells))
        quoted.append(",".join(f'"{cell}"' for cell in cells))
    one, other = (read("\n".join([HEADER, *lines])) for lines in (plain, quoted))
    assert (one.ids, one.t, one.amount) == (other.ids, other.t, other.amount)
    for ends in ("payer", "payee"):
        named = [[file.accounts[n] for n in getattr(file, ends)] for file in (one, other)]
        assert named[0] == named[1]
