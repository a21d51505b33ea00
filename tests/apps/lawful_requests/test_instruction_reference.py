"""A standing instruction is named by its measure and the version of the law that it is under."""

from __future__ import annotations

from recoup.apps.lawful_requests.pack_operations import instruction_reference


def test_a_long_measure_leaves_room_for_the_version() -> None:
    names = {instruction_reference("stop_before_execution", n) for n in (1, 2, 12)}
    assert len(names) == 3
    assert all(len(name) <= 24 for name in names)
    assert instruction_reference("hold", 2) == "SI-HOLD-2"
