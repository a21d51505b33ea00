"""Two versions of a law are told apart value by value, and who is concerned is told by measure."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from recoup import data
from recoup.core.law import (
    DifferenceKind,
    Limit,
    Pack,
    UnderWay,
    Unit,
    affected,
    compare,
    editing,
    read_pack,
)

SOURCE = "https://example.org/act"


def document() -> dict[str, Any]:
    return copy.deepcopy(dict(data.load_pack("RS").document))


def read(found: dict[str, Any]) -> Pack:
    return read_pack(found, measures=data.load_measures(), where="law/RS, version 3")


def row(found: dict[str, Any], power: str) -> dict[str, Any]:
    return next(one for one in found["power"] if one["id"] == power)


def changed(power: str, **values: Any) -> Pack:
    found = document()
    row(found, power).update(values)
    return read(found)


def test_a_law_does_not_differ_from_itself() -> None:
    assert compare(data.load_pack("RS"), read(document())) == ()


def test_a_limit_is_told_with_its_value_before_and_after() -> None:
    after = changed("rs_ets185_29", answer_within={"hours": 36, "source": SOURCE})
    [one] = compare(data.load_pack("RS"), after)
    assert (one.kind, one.power, one.measure, one.field) == (
        DifferenceKind.CHANGED, "rs_ets185_29", "preservation_foreign", "answer_within",
    )  # fmt: skip
    assert (one.before, one.after) == (Limit(48, Unit.HOURS), Limit(36, Unit.HOURS))


def test_another_source_of_the_same_limit_is_a_difference() -> None:
    after = changed("rs_ets185_29", answer_within={"hours": 48, "source": SOURCE})
    [one] = compare(data.load_pack("RS"), after)
    assert (one.field, one.after.source) == ("answer_within", SOURCE)


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"article": "30"}, {"article"}),
        ({"text": "Another text."}, {"text"}),
        ({"authorised_by": ["judge"]}, {"authorised_by"}),
        ({"law_until": "2030-01-01"}, {"law_until"}),
        ({"source": SOURCE}, {"source"}),
        ({"confirmed_by": "A. Lawyer", "confirmed_on": "2026-11-02", "read_on": "2026-11-01"},
         {"confirmed_by", "confirmed_on", "read_on"}),
    ],
)  # fmt: skip
def test_each_value_is_told_once_by_its_own_name(values: dict[str, Any], fields: set[str]) -> None:
    found = compare(data.load_pack("RS"), changed("rs_ets185_29", **values))
    assert {one.field for one in found} == fields
    assert len(found) == len(fields)


def test_powers_that_come_and_go_are_told_whole() -> None:
    before = document()
    gone = row(before, "rs_ets185_29")
    found = editing.without_power(
        before, "rs_ets185_29", lack=editing.Lack("Repealed.", SOURCE, "What follows.")
    )
    found = editing.with_power(found, {**gone, "id": "rs_new", "measure": "preservation_domestic",
                                       "requested_by": ["police"]})  # fmt: skip
    told = {(one.kind, one.power, one.measure) for one in compare(read(before), read(found))}
    assert told == {
        (DifferenceKind.ADDED, "rs_new", "preservation_domestic"),
        (DifferenceKind.REMOVED, "rs_ets185_29", "preservation_foreign"),
        (DifferenceKind.ADDED, "", "preservation_foreign"),  # no power is known for it any more
        (DifferenceKind.REMOVED, "", "preservation_domestic"),
    }


def test_who_is_affected_before_or_after_is_named_with_what_is_open() -> None:
    before, after = data.load_pack("RS"), changed("rs_ets185_29", authorised_by=["judge"])
    [one] = affected(
        compare(before, after), before, after,
        under_way={"preservation_foreign": UnderWay(1, 4, 7, 9), "mla": UnderWay(2)},
    )  # fmt: skip
    assert one.measure == "preservation_foreign"
    assert one.roles == ("unit_head", "prosecutor", "judge")
    assert one.requesters == ("contact_24_7", "police", "prosecutor")
    assert one.under_way == UnderWay(drafts=1, requests=4, tickets=7, clocks=9)


def test_those_who_confirm_an_emergency_are_affected_too() -> None:
    urgent = {"dangers": ["life"], "authorised_by": ["unit_head"], "confirmed_by": ["judge"],
              "confirm_within": {"hours": 24, "source": SOURCE}}  # fmt: skip
    before, after = data.load_pack("RS"), changed("rs_ets185_29", emergency=urgent)
    [one] = affected(compare(before, after), before, after, under_way={})
    assert one.roles == ("unit_head", "prosecutor", "judge")


# Editing


def test_the_last_power_goes_with_a_reason_only() -> None:
    with pytest.raises(editing.EditRefused, match="last power for preservation_foreign") as told:
        editing.without_power(document(), "rs_ets185_29")
    assert told.value.field == "why"
    with pytest.raises(editing.EditRefused):
        editing.without_power(
            document(), "rs_ets185_29", lack=editing.Lack("Repealed.", SOURCE, " ")
        )


def test_a_power_that_is_not_there_is_neither_shown_nor_removed() -> None:
    with pytest.raises(editing.EditRefused, match="no power rs_nothing"):
        editing.row_of(document(), "rs_nothing")


def test_a_changed_power_keeps_its_place_and_the_document_it_came_from_is_untouched() -> None:
    before = document()
    after = editing.with_power(before, {**row(before, "rs_ets185_29"), "article": "29"})
    assert [one["id"] for one in after["power"]] == [one["id"] for one in before["power"]]
    assert before == document()


@pytest.mark.parametrize("name", ["caps", "measure", "escalation", "basis", "time_zone", "notice"])
def test_nothing_but_powers_is_changed(name: str) -> None:
    before = document()
    after = editing.next_version(before)
    editing.refuse_other_changes(before, after)
    after[name] = "x"
    with pytest.raises(editing.EditRefused, match=name):
        editing.refuse_other_changes(before, after)


def test_a_version_follows_by_one() -> None:
    before = document()
    with pytest.raises(editing.EditRefused, match="version after 2 is not 2"):
        editing.refuse_other_changes(before, before)
