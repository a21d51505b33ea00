"""Many threads may ask an index at once; a booking waits for them, and they wait for it.

Compiled loops run outside the interpreter's lock and do not look at bounds, so nobody may read
columns while they are moved.
"""

from __future__ import annotations

from threading import Lock
from typing import Any


class Gate:
    """``with gate:`` to ask; ``with gate.booking:`` to change. Neither inside the other."""

    __slots__ = ("_asking", "_count", "_door", "_room", "booking", "quick")

    def __init__(self) -> None:
        self._door, self._count, self._room = Lock(), Lock(), Lock()
        self._asking = 0
        # Held for a single look-up, which takes less time than coming in through the door.
        self.quick = Lock()
        self.booking = _Booking(self._door, self._room, self.quick)

    def __enter__(self) -> None:
        with self._door, self._count:
            if not self._asking:
                self._room.acquire()
            self._asking += 1

    def __exit__(self, *_: object) -> None:
        with self._count:
            self._asking -= 1
            if not self._asking:
                self._room.release()

    def __reduce__(self) -> Any:
        """A copy of an index has a gate of its own."""
        return Gate, ()


class _Booking:
    """The door is shut, so that nobody new comes in; then the room is empty soon."""

    __slots__ = ("_locks",)

    def __init__(self, *locks: Lock) -> None:
        self._locks = locks

    def __enter__(self) -> None:
        for lock in self._locks:
            lock.acquire()

    def __exit__(self, *_: object) -> None:
        for lock in reversed(self._locks):
            lock.release()
