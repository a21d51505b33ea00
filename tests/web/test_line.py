"""Who is served when: in order while it is short, the newest first when more come than can be."""

from __future__ import annotations

import asyncio
import contextlib

from recoup.web.line import Line
from support.loops import in_a_loop


def served(*, crowded: float, pause: float) -> list[int]:
    """In which order five who came one after the other had their turns, behind one who works."""

    async def serve() -> list[int]:
        line, order = Line(1, 50, 10.0, slow=60.0, crowded=crowded), []
        worker = await line.enter()
        assert worker is not None

        async def come(number: int) -> None:
            place = await line.enter()
            assert place is not None
            order.append(number)
            line.leave(place)

        tasks = []
        for number in range(5):
            tasks.append(asyncio.create_task(come(number)))
            await asyncio.sleep(0)
        await asyncio.sleep(pause)
        line.leave(worker)
        await asyncio.gather(*tasks)
        assert line.length == 0 and line.free == 1
        return order

    found: list[int] = in_a_loop(serve())
    return found


def test_a_short_line_is_served_in_order() -> None:
    assert served(crowded=5.0, pause=0.0) == [0, 1, 2, 3, 4]


def test_in_a_crowd_the_newest_is_served_first() -> None:
    assert served(crowded=0.01, pause=0.05) == [4, 3, 2, 1, 0]


def test_who_has_gone_is_passed_over_and_takes_no_turn_along() -> None:
    async def serve() -> tuple[bool, int, int]:
        line = Line(1, 50, 0.05, slow=60.0)
        worker = await line.enter()
        late = asyncio.create_task(line.enter())
        gone = asyncio.create_task(line.enter())
        await asyncio.sleep(0.01)
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone
        told_to_come_again = await late is None
        assert worker is not None
        line.leave(worker)
        return told_to_come_again, line.length, line.free

    assert in_a_loop(serve()) == (True, 0, 1)


def test_a_turn_given_to_one_who_goes_at_that_moment_is_handed_on() -> None:
    async def serve() -> tuple[int, int]:
        line = Line(1, 50, 5.0, slow=60.0)
        worker = await line.enter()
        gone, after = asyncio.create_task(line.enter()), asyncio.create_task(line.enter())
        await asyncio.sleep(0.01)
        assert worker is not None
        line.leave(worker)
        gone.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await gone
        place = await asyncio.wait_for(after, 1)
        assert place is not None
        line.leave(place)
        return line.length, line.free

    assert in_a_loop(serve()) == (0, 1)
