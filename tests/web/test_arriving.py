"""Bodies while they come: in memory or on disk, bounded in size, time and room."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from recoup.web import arriving
from recoup.web.arriving import IN_MEMORY_BYTES, Body, ClientGone, NoRoom, Room, TooSlow
from support.loops import in_a_loop

Read = Callable[..., Body]


def read(
    parts: Sequence[bytes], *, room: Room, most: int = 10**7, pause: float = 0, ends: bool = True
) -> Body:
    """The body that comes in these pieces, each after a pause; then the caller goes, or not."""
    rest = list(parts)

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause)
        if not rest:
            return {"type": "http.disconnect"}
        part = rest.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(rest) or not ends}

    body: Body = in_a_loop(arriving.read_body(receive, most=most, room=room))
    return body


def test_a_short_body_stays_in_memory_and_takes_no_room() -> None:
    room = Room(left=10)
    body = read([b"one ", b"two"], room=room)
    assert (body.file.read(), body.size, room.left) == (b"one two", 7, 10)


def test_a_long_body_is_whole_on_the_disk_and_gives_its_room_back() -> None:
    room = Room(left=300_000)
    parts = [bytes([number]) * 50_000 for number in range(5)]
    body = read(parts, room=room)
    assert body.file.read() == b"".join(parts)
    assert room.left == 50_000 and body.file.fileno() > 2
    body.close()
    assert room.left == 300_000 and body.file.closed


def test_of_a_body_that_is_too_long_no_more_is_read() -> None:
    assert read([b"x" * 60] * 5, room=Room(), most=100).size == 120


def test_where_there_is_no_room_a_long_body_is_refused_and_a_short_one_is_not() -> None:
    room = Room(left=IN_MEMORY_BYTES)
    with pytest.raises(NoRoom):
        read([b"x" * 50_000] * 2, room=room)
    assert room.left == IN_MEMORY_BYTES
    assert read([b"x" * 50_000], room=Room(left=0)).size == 50_000


def test_who_goes_leaves_nothing_behind() -> None:
    room = Room(left=100_000)
    with pytest.raises(ClientGone):
        read([b"x" * 90_000], room=room, ends=False)
    assert room.left == 100_000


@pytest.mark.parametrize(("grace", "longest"), [(0.05, 60.0), (10.0, 0.05)])
def test_a_body_that_comes_too_slowly_is_given_up(
    monkeypatch: pytest.MonkeyPatch, grace: float, longest: float
) -> None:
    """Each piece is in time by itself; together they are below the least rate, or too long."""
    monkeypatch.setattr(arriving, "GRACE_SECONDS", grace)
    monkeypatch.setattr(arriving, "BODY_SECONDS", longest)
    room = Room()
    before = room.left
    with pytest.raises(TooSlow):
        read([b"x" * 40] * 20, room=room, pause=0.02)
    assert room.left == before


def test_a_body_at_the_least_rate_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arriving, "GRACE_SECONDS", 0.05)
    assert read([b"x" * 4000] * 10, room=Room(), pause=0.02).size == 40_000
