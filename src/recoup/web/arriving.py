"""Reads the bodies of requests while they come: who sends slowly costs no place and no thread.

A short body stays in memory, a longer one lies in a temporary file until all of it is here. What
comes too slowly is given up, and so is what would fill the disk: the sender may try again.
"""

from __future__ import annotations

import asyncio
import io
import tempfile
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import IO, Any, Final

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

IN_MEMORY_BYTES: Final = 64_000
ON_DISK_BYTES: Final = 200_000_000  # of all bodies that are not in memory, together
# The next piece must be here within the grace, and what came before must have come at this rate.
GRACE_SECONDS: Final = 10.0
BYTES_PER_SECOND: Final = 16_000
BODY_SECONDS: Final = 60.0


class ClientGone(Exception):
    """The caller went away before its request was here."""


class TooSlow(Exception):
    """The body did not come at the least rate, or not within the longest time."""


class NoRoom(Exception):
    """Other bodies that are on their way fill the room that there is for long ones."""


class Body:
    """A request's body, as a file to be read; ends with ``close``."""

    __slots__ = ("_room", "_taken", "file", "size")

    def __init__(self, room: Room) -> None:
        self.file: IO[bytes] = io.BytesIO()
        self.size = self._taken = 0
        self._room = room

    def write(self, part: bytes) -> None:
        """Add a piece; raises NoRoom."""
        self.size += len(part)
        if self.size > IN_MEMORY_BYTES:
            self._room.take(self.size - self._taken)
            self._taken = self.size
            if isinstance(self.file, io.BytesIO):
                begun, self.file = self.file.getvalue(), tempfile.TemporaryFile()  # noqa: SIM115
                self.file.write(begun)
        self.file.write(part)

    def rewind(self) -> None:
        self.file.seek(0)

    def close(self) -> None:
        self.file.close()
        self._room.give_back(self._taken)
        self._taken = 0


@dataclass(slots=True)
class Room:
    """What is left for bodies that lie on the disk. Used by the server's one loop only."""

    left: int = ON_DISK_BYTES

    def take(self, size: int) -> None:
        if size > self.left:
            raise NoRoom
        self.left -= size

    def give_back(self, size: int) -> None:
        self.left += size


async def read_body(receive: Receive, *, most: int, room: Room) -> Body:
    """All of a body, or as much of it as shows that it is longer than ``most``.

    Raises ClientGone, TooSlow or NoRoom, and leaves nothing behind then.
    """
    body = Body(room)
    began = asyncio.get_running_loop().time()
    try:
        while body.size <= most:
            allowed = GRACE_SECONDS + body.size / BYTES_PER_SECOND
            async with asyncio.timeout_at(began + min(allowed, BODY_SECONDS)):
                message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGone
            body.write(message.get("body", b""))
            if not message.get("more_body", False):
                break
    except TimeoutError:
        body.close()
        raise TooSlow from None
    except BaseException:
        body.close()
        raise
    body.rewind()
    return body
