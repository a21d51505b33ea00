"""What the drill tells of broken invariants, and that a planted fault counts by its own trace."""

from __future__ import annotations

from recoup.cli import drill, drill_checks

TOLD = """\
✓ T1        each window: opening + credits - debits = closing
✗ T2        each row of the trail adds up
    5953731d-a1ba-40e8-b289-2e4d9e820d70
    2cb726c1-e1b3-4892-9753-6e13270c955f

18 of 19 hold, see above
"""


def test_a_broken_invariant_is_named_with_what_breaks_it():
    assert drill_checks._broken(TOLD) == [
        "invariant T2        each row of the trail adds up: 2 or more, "
        "5953731d-a1ba-40e8-b289-2e4d9e820d70, 2cb726c1-e1b3-4892-9753-6e13270c955f"
    ]


def test_a_fault_is_not_found_by_another_problem():
    assert drill.found_by("bank_unique_ticket", ["invariant T2 is broken"]) == 0
    assert drill.found_by("bank_unique_ticket", ["b executed 2 tickets more than once"]) == 1
