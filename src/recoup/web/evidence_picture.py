"""The chain of custody as a picture: a lane for each holder, a mark for each event, in their order.

Equal steps, since a chain is read link by link; the time of each stands beneath. The same is a list
under the picture, for those who do not see it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext

from recoup.apps.evidence.models import CustodyEvent
from recoup.core.custody import CustodyAct, CustodyState

STEP, LEFT, TOP, LANE, RIGHT, FOOT = 118, 20, 34, 62, 40, 46
# The colour of the line after an event, by the state that it leads to.
TONES: Final = {
    "kept": "held", "sealed": "returned", "offered": "lying", "out": "lying", "doubtful": "gone",
    "erased": "unknown", "given_up": "unknown", "arriving": "unknown",
}  # fmt: skip
OUTSIDE: Final = "outside"


@dataclass(frozen=True, slots=True)
class Mark:
    """One event: where it stands, how it looks."""

    x: int
    y: int
    tone: str
    act: str
    number: int
    day: str
    clock: str
    is_grave: bool


@dataclass(frozen=True, slots=True)
class Line:
    """From one event to the next: along a lane, or down to another."""

    path: str
    tone: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One holder, from where it had the file to where it gave it on."""

    name: str
    y: int
    is_outside: bool


@dataclass(frozen=True, slots=True)
class Picture:
    """All that the template draws."""

    width: int
    height: int
    lanes: tuple[Lane, ...]
    lines: tuple[Line, ...]
    marks: tuple[Mark, ...]


def picture(events: Sequence[CustodyEvent], written: Any) -> Picture:
    """Draw a chain; written: how a moment is written, as day and clock."""
    names = _holders(events)
    lanes = list(dict.fromkeys(names))
    heights = {name: TOP + LANE // 2 + place * LANE for place, name in enumerate(lanes)}
    marks = tuple(
        _mark(event, LEFT + STEP // 2 + place * STEP, heights[name], written)
        for place, (event, name) in enumerate(zip(events, names, strict=True))
    )
    width = LEFT + max(len(events), 2) * STEP + RIGHT
    drawn = tuple(
        Lane(gettext("handed out") if name == OUTSIDE else name, heights[name], name == OUTSIDE)
        for name in lanes
    )
    return Picture(
        width, TOP + len(lanes) * LANE + FOOT, drawn, tuple(_lines(events, marks, width)), marks
    )


def _holders(events: Sequence[CustodyEvent]) -> list[str]:
    """With whom the file is after each event."""
    names, holder = [], ""
    for event in events:
        if event.act in (CustodyAct.RECEIVE, CustodyAct.ACCEPT) or not holder:
            holder = event.organisation.name
        names.append(OUTSIDE if event.after == CustodyState.OUT else holder)
    return names


def _mark(event: CustodyEvent, x: int, y: int, written: Any) -> Mark:
    day, clock = written(event.at)
    is_grave = event.act in (CustodyAct.ALARM, CustodyAct.ERASE)
    return Mark(x, y, TONES[event.after], event.act, event.seq, day, clock, is_grave)


def _lines(events: Sequence[CustodyEvent], marks: Sequence[Mark], width: int) -> list[Line]:
    found = []
    for event, here, there in zip(events, marks, marks[1:], strict=False):
        middle = (here.x + there.x) // 2
        path = f"M{here.x} {here.y} C{middle} {here.y} {middle} {there.y} {there.x} {there.y}"
        found.append(Line(path, TONES[event.after]))
    if events and events[-1].after not in ("erased", "given_up"):
        last = marks[-1]
        found.append(Line(f"M{last.x} {last.y} H{width - RIGHT // 2}", TONES[events[-1].after]))
    return found
