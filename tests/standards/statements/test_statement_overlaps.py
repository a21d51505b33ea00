"""Bookings that two statements of one account both tell, and those that only one of them has."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from uuid import UUID

from recoup.standards.statements import Line, Place, Statement, overlaps, without_repeats


def line(number: int, day: int, amount: int, reference: str = "", text: str = "rent", file="a"):
    return Line(Place(file, "", number), amount, date(2026, 1, day), reference=reference, text=text)


def statement(file: str, days: tuple[int, int], *lines: Line, opening=None, closing=None):
    kept = tuple(replace(one, place=replace(one.place, file=file)) for one in lines)
    return Statement(
        "RS1", "iban", "RSD", opening, closing, kept, Place(file), "csv",
        from_on=date(2026, 1, days[0]), to_on=date(2026, 1, days[1]),
    )  # fmt: skip


def test_the_same_reference_is_the_same_booking():
    first = statement("a", (1, 20), line(1, 10, 500, "B-1", "rent"))
    second = statement("b", (5, 31), line(1, 10, 500, "B-1", "RENT january"))
    (found,) = overlaps([first, second])
    (repeat,) = found.repeats
    assert (repeat.reason, repeat.first.place.file, repeat.again.place.file) == (
        "same_reference", "a", "b",
    )  # fmt: skip
    assert "reference of the bank" in repeat.said
    assert without_repeats([first, second])[1].lines == ()
    assert without_repeats([first, second])[0] == first


def test_two_equal_payments_in_each_statement_are_two_and_not_four():
    twice = (line(1, 10, 500), line(2, 10, 500))
    first, second = statement("a", (1, 20), *twice), statement("b", (5, 31), *twice)
    (found,) = overlaps([first, second])
    assert [(one.first.place.line, one.again.place.line) for one in found.repeats] == [
        (1, 1), (2, 2),
    ]  # fmt: skip
    assert {one.reason for one in found.repeats} == {"same_content"}


def test_a_third_equal_payment_stands_alone_and_is_named():
    first = statement("a", (1, 20), line(1, 10, 500), line(2, 10, 500))
    second = statement("b", (5, 31), *(line(n, 10, 500) for n in (1, 2, 3)))
    (found,) = overlaps([first, second])
    assert len(found.repeats) == 2
    assert [(one.place.file, one.place.line) for one in found.alone] == [("b", 3)]


def test_bookings_with_other_references_are_two_however_alike():
    first = statement("a", (1, 20), line(1, 10, 500, "B-1"))
    second = statement("b", (5, 31), line(1, 10, 500, "B-2"))
    (found,) = overlaps([first, second])
    assert not found.repeats
    assert len(found.alone) == 2


def test_bookings_with_other_uetrs_are_two():
    one, other = (replace(line(1, 10, 500), uetr=UUID(int=n)) for n in (1, 2))
    (found,) = overlaps([statement("a", (1, 20), one), statement("b", (5, 31), other)])
    assert not found.repeats


def test_a_statement_that_goes_on_within_the_day_repeats_nothing():
    first = statement("a", (1, 10), line(1, 10, 500), closing=700)
    second = statement("b", (10, 31), line(1, 10, 500), opening=700)
    assert overlaps([first, second]) == ()


def test_other_accounts_and_other_currencies_never_overlap():
    first = statement("a", (1, 20), line(1, 10, 500, "B-1"))
    other = replace(statement("b", (1, 20), line(1, 10, 500, "B-1")), currency="EUR")
    assert overlaps([first, other, replace(first, account="RS2")]) == ()


def test_the_same_file_twice_is_all_repeats():
    first = statement("a", (1, 20), line(1, 3, 500), line(2, 4, -500, "B-2"))
    (found,) = overlaps([first, replace(first, source=Place("b"))])
    assert len(found.repeats) == 2
    assert [len(one.lines) for one in without_repeats([first, first, first])] == [2, 0, 0]


def test_files_of_one_name_are_still_two_statements():
    first = statement("a", (1, 20), line(1, 10, 500, "B-1"), line(2, 11, 700, "B-2"))
    second = statement("a", (5, 31), line(1, 11, 700, "B-2"), line(2, 12, 900, "B-3"))
    kept = without_repeats([first, second])
    assert [[one.reference for one in each.lines] for each in kept] == [["B-1", "B-2"], ["B-3"]]


def test_the_same_day_twice_is_all_repeats_although_it_ends_as_it_began():
    day = (line(1, 3, 500), line(2, 3, -500))
    first, second = (statement(name, (3, 3), *day, opening=700, closing=700) for name in "ab")
    (found,) = overlaps([first, second])
    assert len(found.repeats) == 2


def test_bookings_outside_the_declared_days_are_compared_too():
    first = statement("a", (1, 2), line(1, 10, 500))
    (found,) = overlaps([first, replace(first, source=Place("b"))])
    assert len(found.repeats) == 1
