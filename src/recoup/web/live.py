"""Listens once a process for what has changed, and wakes those who wait for it.

One connection LISTENs; who waits is woken in memory. If a notification is lost, a poll of the
inboxes each 200 ms, and of versions by the reader's own clock, finds it anyway.
"""

from __future__ import annotations

import asyncio
import logging

import psycopg

log = logging.getLogger("recoup.live")
POLL_SECONDS = 0.2
RETRY_SECONDS = 1.0
CHANNELS = ("recoup_inbox", "recoup_case", "recoup_session")


class Tide:
    """What has changed lately: the last time of each inbox and each case."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._task: asyncio.Task[None] | None = None
        self._count = 0
        self._last: dict[str, int] = {}
        self._newest: dict[int, object] = {}
        self._waiting: dict[str, set[asyncio.Event]] = {}

    def start(self) -> None:
        """Begin to listen; does nothing if it listens already."""
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._run())

    def mark(self) -> int:
        """A point in time: what changes after it is not missed by a wait that names it."""
        return self._count

    async def inbox_changed(
        self, organisation_id: int, *, since: int, timeout: float, until: asyncio.Task[None]
    ) -> bool:
        return await self._wait(f"recoup_inbox:{organisation_id}", since, timeout, until)

    async def changed(
        self, key: str, *, since: int, timeout: float, until: asyncio.Task[None]
    ) -> bool:
        """Wait for a notification, named by its channel and what it is about."""
        return await self._wait(key, since, timeout, until)

    async def _wait(self, key: str, since: int, timeout: float, until: asyncio.Task[None]) -> bool:
        if self._last.get(key, 0) > since:
            return True
        event = asyncio.Event()
        self._waiting.setdefault(key, set()).add(event)
        waiter = asyncio.create_task(event.wait())
        try:
            await asyncio.wait(
                {waiter, until}, timeout=timeout, return_when=asyncio.FIRST_COMPLETED
            )
            return event.is_set()
        finally:
            waiter.cancel()
            self._waiting[key].discard(event)
            if not self._waiting[key]:
                del self._waiting[key]

    def _wake(self, key: str) -> None:
        self._count += 1
        self._last[key] = self._count
        if len(self._last) > 50_000:
            self._last = {k: n for k, n in self._last.items() if n > self._count - 10_000}
        for event in self._waiting.get(key, ()):
            event.set()

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (psycopg.Error, OSError) as trouble:
                log.warning("listener: %s", trouble)
            await asyncio.sleep(RETRY_SECONDS)

    async def _listen(self) -> None:
        connection = await psycopg.AsyncConnection.connect(self._url, autocommit=True)
        async with connection:
            for channel in CHANNELS:
                await connection.execute(psycopg.sql.SQL("listen {}").format(
                    psycopg.sql.Identifier(channel)
                ))  # fmt: skip
            while True:
                async for note in connection.notifies(timeout=POLL_SECONDS):
                    self._heard(note.channel, note.payload)
                if self._waiting:
                    await self._poll(connection)

    def _heard(self, channel: str, about: str) -> None:
        """A session that ended may be anybody's: all who wait are asked who they are again."""
        keys = [*self._waiting] if channel == "recoup_session" else [f"{channel}:{about}"]
        for key in keys:
            self._wake(key)

    async def _poll(self, connection: psycopg.AsyncConnection[tuple[object, ...]]) -> None:
        """The inboxes' newest tickets: wakes an inbox whose notification was lost."""
        cursor = await connection.execute("select addressee_id, newest from inbox_tide()")
        for organisation_id, newest in await cursor.fetchall():
            if self._newest.get(organisation_id) != newest:  # type: ignore[call-overload]
                self._newest[organisation_id] = newest  # type: ignore[index]
                self._wake(f"recoup_inbox:{organisation_id}")
