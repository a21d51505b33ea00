"""Names that nobody gave are numbers, made when asked for."""

from __future__ import annotations

import pytest

from recoup.core.tracing import LedgerRefused
from recoup.core.tracing.fast.names import Names


def test_a_number_is_called_by_its_digits_and_found_by_nothing_else():
    names = Names(None, 12, "account")
    assert [names[0], names[11], len(names)] == ["0", "11", 12]
    assert names.of([3, 11]) == ["3", "11"] == names[3:12:8]
    assert [names.number(x) for x in ("0", "11", "12", "-1", "01", "+1", "1 ", "", "x", "٣")] == [
        0, 11, -1, -1, -1, -1, -1, -1, -1, -1,
    ]  # fmt: skip
    assert names.number("9" * 5_000) == -1
    with pytest.raises(IndexError):
        names[12]


def test_given_and_added_names_are_found_and_numbers_go_on_after_them():
    names = Names(["A", "B"], 2, "account")
    assert names.add("C") == 2
    names.add_many(None, 2)
    names.add_many(["7"], 1)
    assert list(names) == ["A", "B", "C", "3", "4", "7"]
    assert [names.number(x) for x in names] == [0, 1, 2, 3, 4, 5]
    assert names.number("0") == names.number("2") == names.number("5") == -1
    assert names.of([5, 3, 0]) == ["7", "3", "A"]


@pytest.mark.parametrize("new, count", [(["B"], 1), (["X", "X"], 2), (["3"], 1), (None, 3)])
def test_a_name_that_is_there_is_refused(new, count):
    names = Names(["A", "B"], 2, "account")
    names.add("4")
    names.add_many(None, 1)
    before = list(names)
    assert before == ["A", "B", "4", "3"]
    with pytest.raises(LedgerRefused, match=r"The account '\w' is there twice"):
        names.add_many(new, count)
    assert list(names) == before
