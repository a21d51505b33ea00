"""docs/guidelines.md says of each control what the file says, and names every computed one."""

from __future__ import annotations

from pathlib import Path

from recoup.core.guidelines import Control, Guidelines
from recoup.data.guidelines import load_guidelines

DOC = Path(__file__).resolve().parents[2] / "docs/guidelines.md"
BEGIN, END = "<!-- controls -->", "<!-- end: controls -->"
HEAD = (
    "| control | § (about) | what is asked | what shows it | computed as | standing |\n"
    "| --- | --- | --- | --- | --- | --- |"
)


def table(guidelines: Guidelines) -> str:
    """The table as the document has to have it."""
    return "\n".join([HEAD, *(row(control) for control in guidelines.controls)])


def row(control: Control) -> str:
    measured = control.measured
    how = "declared"
    if measured:
        how = (
            f"**{measured.measure}**: {measured.counts} / {measured.of}; at least "
            f"{measured.target} %, from {measured.enough} on"
        )
    known = "public source" if control.origin.is_sourced else "general knowledge"
    standing = f"[{known}]({control.origin.source}), not confirmed"
    if control.origin.is_confirmed:
        standing = f"confirmed by {control.origin.confirmed_by}"
    cells = (control.control, str(control.paragraph), control.text, control.proof, how, standing)
    return f"| {' | '.join(cells)} |"


def test_the_document_has_the_controls_of_the_file() -> None:
    text = DOC.read_text(encoding="utf-8")
    shown = text.partition(BEGIN)[2].partition(END)[0].strip()
    assert shown == table(load_guidelines())


def test_the_document_says_how_many_are_computed() -> None:
    controls = load_guidelines().controls
    measured = [c.measured.measure for c in controls if c.measured]
    text = DOC.read_text(encoding="utf-8")
    assert f"{len(measured)} of the {len(controls)} controls" in text
    assert f"{len(set(measured))} figures" in text
