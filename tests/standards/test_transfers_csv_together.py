"""Rows read together and rows read one by one: the same values, and the same refusals."""

from __future__ import annotations

import io
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.data import currencies
from recoup.standards import transfers_csv
from recoup.standards.transfers_csv import COLUMNS, OPTIONAL, NotReadable, together

GOOD = {
    "id": ["", "-a", "|b"],
    "time": [
        "2026-01-01 08:00:00", "2026-01-01T23:59:59Z", "1999-12-31 00:00:00.5+05:30",
        "2024-02-29 12:30:15.000001-14:00",
    ],
    "payer": ["A", "b~", "C:1"], "payee": ["A", "d", "'e'"],
    "amount": ["1.00", "0.01", "12.5", "7", "9999999999999999.99"],
    "currency": ["RSD"],
    "seq": ["", "0", "7", "123456789012345"],
    "credit": ["", "3.00", "0.00", "0", "1.5"],
}  # fmt: skip
BAD = {
    "id": ["T 1", "ж", "a\tb", "x" * 129, "\0"],
    "time": [
        "2026-02-30 08:00:00", "2026-01-01 24:00:00", "2026-01-01 08:60:00", "2026-01-01 08:00:60",
        "2026-01-01 08:00:00+15:00", "2026-01-01  8:00:00", "20260101 080000", "2026-01-01",
        "2026-01-01 08:00:00.1234567", "٢026-01-01 08:00:00", "2026-W01-1 08:00:00", "",
    ],
    "payer": ["", "a b", "É", "y" * 129], "payee": ["", "a,b", 'a"b', "\x7f"],
    "amount": [
        "0", "0.00", "-1", "+1", "1e3", "1_0", " 1", "1.234", "1.", ".5", "", "٣", "1,5",
        "10000000000000000.00", "1\r",
    ],
    "currency": ["EUR", "XXQ", "rsd", ""],
    "seq": ["-1", "1.0", "1234567890123456", " ", "1_0"],
    "credit": ["-1", "1.234", "x", " "],
}  # fmt: skip


@st.composite
def files(draw: st.DrawFn) -> str:
    """Mostly plain lines; sometimes a wrong cell, a quoted one, a cell too many, another end."""
    header = list(draw(st.permutations(COLUMNS))) + draw(st.sampled_from(
        [[], ["seq"], ["credit"], ["credit", "seq"]]))  # fmt: skip
    quoting = draw(st.sampled_from(["no", "no", "all", "some"]))
    wrong = draw(st.sampled_from([0, 0, 1, 2]))
    count = draw(st.integers(1, 12))
    bad_at = {draw(st.tuples(st.integers(0, count), st.sampled_from(header))) for _ in range(wrong)}
    lines = [",".join(header)]
    for n in range(count):
        cells = []
        for column in header:
            is_bad = (n, column) in bad_at
            cell = draw(st.sampled_from((BAD if is_bad else GOOD)[column]))
            cell = f"T{n}{cell}" if column == "id" and not is_bad else cell
            if quoting == "all" or (quoting == "some" and draw(st.booleans())):
                cell = '"' + cell.replace('"', '""') + '"'
            cells.append(cell)
        change = draw(st.sampled_from(["", "", "", "", "", "", "", "more", "fewer", "swap"]))
        if wrong and change:
            cells = {"more": [*cells, "x"], "fewer": cells[:-1], "swap": cells[::-1]}[change]
        lines.append(",".join(cells))
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return end.join(lines) + draw(st.sampled_from(["", end, end * 2]))


def outcome(text: str) -> object:
    """All values, accounts by name; or every refusal with its place and words."""
    try:
        file = transfers_csv.read(io.BytesIO(text.encode()), currencies=currencies())
    except NotReadable as fault:
        return [(x.line, x.column, x.value, str(x.problem)) for x in fault.refused]
    payer, payee = ([file.accounts[n] for n in ends] for ends in (file.payer, file.payee))
    return (
        file.currency, sorted(file.accounts), file.ids, list(file.t), payer, payee,
        list(file.amount), list(file.credit), list(file.seq), list(file.order()),
    )  # fmt: skip


def one_by_one(text: str) -> object:
    with mock.patch.object(together, "read", return_value=None):
        return outcome(text)


@given(files(), st.sampled_from([64, 1 << 16]))
@settings(max_examples=300, deadline=None)
def test_good_and_bad_files_end_alike_whichever_way_they_are_read(text: str, block: int):
    with mock.patch.object(transfers_csv, "BLOCK", block):
        assert outcome(text) == one_by_one(text)


def row(n: int, **changed: str) -> str:
    values = {"id": f"T{n}", "time": "2026-01-01 08:00:00", "payer": "A", "payee": "B",
              "amount": "1.00", "currency": "RSD", "seq": "", "credit": ""}  # fmt: skip
    return ",".join((values | changed)[column] for column in (*COLUMNS, *OPTIONAL))


@pytest.mark.parametrize("column", BAD)
def test_each_wrong_value_is_refused_either_way(column: str):
    for value in BAD[column]:
        lines = [row(0), row(1), row(2, **{column: value}), row(3)]
        text = "\n".join([",".join((*COLUMNS, *OPTIONAL)), *lines])
        told = one_by_one(text)
        assert isinstance(told, list) and told, value
        assert outcome(text) == told, value


@pytest.mark.parametrize("quote", ["", '"'])
@pytest.mark.parametrize("column", GOOD)
def test_plain_rows_do_go_together(column: str, quote: str):
    """Or it would all be as slow as the reading row by row, and no test would tell."""
    for value in GOOD[column]:
        value = f"T9{value}" if column == "id" else value
        lines = [row(0), row(1), row(2, **{column: value}), row(3)]
        lines = [",".join(f"{quote}{cell}{quote}" for cell in x.split(",")) for x in lines]
        text = "\n".join([",".join((*COLUMNS, *OPTIONAL)), *lines, ""])
        with mock.patch.object(together, "read", wraps=together.read) as asked:
            outcome(text)
        assert asked.call_count == 1
        assert together.read(*asked.call_args.args) is not None, value


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("T1,2026-01-01,08:00:00,A,B,1.00,RSD", "T2,2026-01-01 08:00:00,A,B,1.00"),
        ("T 1,2026-01-01T08:00:00,A,B,1.00,RSD", "T2,2026-01-01 08:00:00,A,B,1.00,RSD"),
        ('"T1,2026-01-01 08:00:00","A","B","1.00","RSD"', "T2,2026-01-01 08:00:00,A,B,1.00,RSD"),
        ('"T,1","2026-01-01 08:00:00","A","B","1.00","RSD"',
         '"T2","2026-01-01 08:00:00","A","B","1.00","RSD"'),
        ('"T1","2026-01-01 08:00:00","A","B""","1.00","RSD"',
         '"T2","2026-01-01 08:00:00","A","B","1.00","RSD"'),
    ],
)  # fmt: skip
def test_faults_that_make_up_for_each_other_are_still_seen(one: str, other: str):
    """Two lines with the commas, spaces or quotation marks of two good ones, wrongly placed."""
    good = "T0,2026-01-01 08:00:00,A,B,1.00,RSD"
    text = "\n".join([",".join(COLUMNS), good, one, other])
    told = one_by_one(text)
    assert isinstance(told, list) and told[0][0] == 3
    assert outcome(text) == told
