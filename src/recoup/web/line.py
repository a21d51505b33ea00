"""Who waits for a turn at making pages: so many at most, so many seconds, few at work at once.

In order of arrival while the line is short. When the first in it has waited for a second, more come
than can be served: then in that order all would wait until they have gone, and every answer would
be late. So the newest is served first, most have their answer at once, and those who waited longest
are told to come again. (Maurer, Fail at Scale, ACM Queue 13(8), 2015: adaptive LIFO.)
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final

AT_WORK: Final = 1  # Python runs in one thread of a process at a time
SLOW_SECONDS: Final = 0.5  # by then it waits for something, and another one may begin beside it
CROWDED_SECONDS: Final = 1.0  # if the first has waited so long, the newest is served


class Place:
    """The turn of somebody in a line, until they leave. is_lent: another works meanwhile."""

    def __init__(self) -> None:
        self.is_lent = False
        self.timer: asyncio.TimerHandle | None = None


class Line:
    """A line for a number of threads.

    Few work at once, since more would only take the processor from each other. Who is slow waits
    for something, such as a row that is locked: their turn is lent to the next, while threads last.
    """

    def __init__(self, threads: int, most: int, patience: float, *, at_work: int = AT_WORK,
                 slow: float = SLOW_SECONDS, crowded: float = CROWDED_SECONDS) -> None:  # fmt: skip
        self.free = min(at_work, threads)
        self.to_lend = threads - self.free
        self.most, self.patience, self.slow, self.crowded = most, patience, slow, crowded
        self.waiting: deque[tuple[float, asyncio.Future[None]]] = deque()
        self.length = 0

    async def enter(self) -> Place | None:
        """Wait for a turn; None if there will be none in time. Who entered leaves later."""
        if self.length >= self.most:
            return None
        self.length += 1
        try:
            await self._turn()
        except BaseException as problem:
            self.length -= 1
            if isinstance(problem, TimeoutError):
                return None
            raise
        place = Place()
        self._look_again(place)
        return place

    def leave(self, place: Place) -> None:
        self.length -= 1
        if place.timer is not None:
            place.timer.cancel()
        if place.is_lent:
            self.to_lend += 1
        else:
            self._hand_on()

    def is_full(self) -> bool:
        """Whether who comes now would wait."""
        return not self.free

    async def _turn(self) -> None:
        if self.free:
            self.free -= 1
            return
        loop = asyncio.get_running_loop()
        turn = loop.create_future()
        self.waiting.append((loop.time(), turn))
        try:
            async with asyncio.timeout(self.patience):
                await turn
        except BaseException:
            if turn.done() and not turn.cancelled():  # it was given to one who has gone
                self._hand_on()
            raise

    def _hand_on(self) -> None:
        """Give a turn to whom it is due, or keep it for who comes."""
        waiting = self.waiting = deque(one for one in self.waiting if not one[1].done())
        if not waiting:
            self.free += 1
            return
        is_crowded = asyncio.get_running_loop().time() - waiting[0][0] > self.crowded
        _, turn = waiting.pop() if is_crowded else waiting.popleft()
        turn.set_result(None)

    def _look_again(self, place: Place) -> None:
        place.timer = asyncio.get_running_loop().call_later(self.slow, self._lend, place)

    def _lend(self, place: Place) -> None:
        if not self.to_lend:
            self._look_again(place)
            return
        self.to_lend -= 1
        place.is_lent, place.timer = True, None
        self._hand_on()
