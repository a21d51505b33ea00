"""CSV is read without guessing, and every fault is named with its place."""

from __future__ import annotations

import csv
import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recoup.standards.strict_csv import NotReadable, StrictCsv, neutral_cell

BAD_INPUT = Path(__file__).parents[3] / "shared" / "badinput"
LOSSES = StrictCsv(columns=("reported_at", "victim", "account", "loss", "currency"))
TWO = StrictCsv(columns=("a", "b"), optional=("c",), max_rows=3, max_bytes=200, max_characters=20)


def csv_files_of_the_index():
    index = BAD_INPUT / "index.csv"
    if not index.exists():
        assert os.environ.get("RECOUP_REQUIRE_ALL") != "1", f"{index} is required here."
        reason = "the shared bad input is not beside this checkout"
        return [pytest.param(None, marks=pytest.mark.skip(reason=reason))]
    with index.open(encoding="utf-8", newline="") as lines:
        return [row for row in csv.DictReader(lines) if row["file"].startswith("csv/")]


@pytest.mark.parametrize("row", csv_files_of_the_index(), ids=lambda row: row and row["file"])
def test_each_shared_file_has_the_outcome_of_its_class(row):
    document = (BAD_INPUT / row["file"]).read_bytes()
    if row["expect"] == "REJECT":
        with pytest.raises(NotReadable):
            LOSSES.read(document)
        return
    (read,) = LOSSES.read(document)
    victim = read.values["victim"]
    (expected,) = csv.DictReader(document.decode().splitlines())
    assert read.values == expected
    neutral = {"ACCEPT_EXACT": victim, "NEUTRAL_EXPORT": f"'{victim}"}
    assert neutral_cell(victim) == neutral[row["expect"]]


def test_columns_may_come_in_any_order_and_values_are_kept_exactly():
    (row,) = TWO.read(b'\xef\xbb\xbfb,a\r\n" x ""y""\n",=1+1\r\n')
    assert (row.line, row.values) == (2, {"b": ' x "y"\n', "a": "=1+1"})


@pytest.mark.parametrize(
    ("document", "line", "column", "words"),
    [
        (b"", 1, "a", "does not name this column"),
        (b"a\n1\n", 1, "b", "does not name this column"),
        (b"a,b,d\n1,2,3\n", 1, "d", "is not known"),
        (b"a,b,a\n1,2,3\n", 1, "a", "2 times"),
        (b"a,b\n1\n", 2, "", "has 1 values"),
        (b"a,b\n\n", 2, "", "has 1 values"),
        (b"a,b\n1,2,3\n", 2, "", "has 3 values"),
        (b'a,b\n1,2\n3,"4\n5,6\n', 3, "", "never closed"),
        (b'a,b\n1,"2"3\n', 2, "", "follows the closing quotation mark on line 2"),
        (b'a,b\n1,"2\n3,"4\n', 2, "", "follows the closing quotation mark on line 3"),
        (b'a,b\n1,2"3\n', 2, "", "stands inside a value"),
        (b"a,b\n1,2\r3,4\n", 2, "", "carriage return"),
        (b"a,b\n1,x\x00y\n", 2, "b", "NUL"),
        (b"a,b\n1,2\n1,\xc3\n", 3, "", "not UTF-8"),
        ("a,b\n1,2".encode("utf-16"), 1, "", "not UTF-8"),
        (b"a,b\n1," + b"x" * 21, 2, "b", "21 characters"),
        (b"a,b\n" + b"1,2\n" * 4, 5, "", "more than 3 rows"),
        (b"a,b\n" + b"1,2\n" * 50, 0, "", "204 bytes"),
    ],
)
def test_a_fault_is_named_with_its_place(document, line, column, words):
    with pytest.raises(NotReadable) as refusal:
        TWO.read(document)
    first = refusal.value.refused[0]
    assert (first.line, first.column) == (line, column)
    assert words in first.problem


def test_all_faults_are_named_and_good_rows_between_them_are_still_read():
    rows, refused = TWO.sift(b'a,b\n1\n2,3\n4,"5\n\n6"x\n')
    assert [row.line for row in rows] == [3]
    assert [one.line for one in refused] == [2, 4]


def test_a_value_over_several_lines_moves_the_lines_after_it():
    rows, _ = TWO.sift(b'a,b\n"1\n\n2",3\n4,5\n')
    assert [row.line for row in rows] == [2, 5]


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=6)


@settings(deadline=None)
@given(st.lists(st.tuples(texts, texts), max_size=5))
def test_what_is_quoted_reads_back_the_same(rows):
    cells = [",".join('"' + c.replace('"', '""') + '"' for c in row) for row in rows]
    document = "\n".join(["a,b", *cells]).encode()
    wide = StrictCsv(columns=("a", "b"))
    assert [(r.values["a"], r.values["b"]) for r in wide.read(document)] == rows


@settings(deadline=None, max_examples=300)
@given(st.text(st.sampled_from('a,b"\r\n\0='), max_size=30))
def test_any_text_is_read_or_refused_and_never_hangs(text):
    try:
        TWO.sift(b"a,b\n" + text.encode())
    except NotReadable as refusal:
        assert refusal.refused


@pytest.mark.parametrize("cell", ["=2+5", "@A1", "-SUM(A1)", "\t+1", "+A1", "\r=1", " =1", "＝1"])
def test_a_cell_that_a_spreadsheet_would_run_is_neutralised(cell):
    assert neutral_cell(cell) == f"'{cell}"


@pytest.mark.parametrize("cell", ["", "Sanja", "-5.00", "+381", "1,000.5", "a=b", "'=1"])
def test_other_cells_stay_as_they_are(cell):
    assert neutral_cell(cell) == cell
