"""Gives each leaf its place in the one order over all, and extends the tree over them.

A leaf waits for its place in a list that a trigger writes in the leaf's own transaction, so that
acts never wait for each other here. One process places them, in the order in which they came to be
visible; numbers have no gap, also where a transaction was undone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from django.db import connection, transaction

from recoup.apps.audit.models import AuditSequence
from recoup.apps.rows import array
from recoup.core.merkle import Growing, peaks, place_of

LOCK: Final = 0x7265636F75700001  # of this work, among the advisory locks of the database
AT_ONCE: Final = 5_000
# After these a checkpoint is due at once: what somebody was ordered to do, or was let go.
WITNESSED_AT_ONCE: Final = tuple(
    f'"what":"{what}"}}'.encode()
    for what in ("ticket:sent", "request:authorised", "request:narrowed", "request:confirmed")
)


@dataclass(slots=True)
class Placed:
    """What a pass did. is_grave: an act was among them after which a checkpoint is due."""

    count: int = 0
    is_grave: bool = False
    is_more: bool = False


@dataclass(slots=True)
class Order:
    """The tree as this process has it; taken up from the database where that is longer."""

    tree: Growing = field(default_factory=Growing)

    def take_up(self) -> None:
        size = last_place()
        if size != self.tree.size:
            self.tree = tree_of(size)


def place_waiting(order: Order) -> Placed:
    """Place what waits, in one transaction; nothing if another process is at it."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select pg_try_advisory_xact_lock(%s)", [LOCK])
        if not cursor.fetchone()[0]:
            return Placed()
        cursor.execute(WAITING, [AT_ONCE])
        waiting = cursor.fetchall()
        if not waiting:
            return Placed()
        order.take_up()
        try:
            _store(waiting, order.tree)
        except BaseException:
            order.tree = Growing()
            raise
    is_grave = any(bytes(end).endswith(WITNESSED_AT_ONCE) for *_, end in waiting)
    return Placed(len(waiting), is_grave, len(waiting) == AT_ONCE)


WAITING = """
select u.id, u.leaf_id, l.leaf_hash, substring(l.body from greatest(1, octet_length(l.body) - 60))
from audit_auditunplaced u join audit_auditleaf l on l.id = u.leaf_id order by u.id limit %s
"""
STORE = """
with placed as (
  insert into audit_auditsequence (seq, leaf_id, hashes)
  select * from unnest(%s::bigint[], %s::uuid[], %s::bytea[]))
delete from audit_auditunplaced where id = any(%s)
"""


def _store(waiting: Sequence[tuple[int, UUID, bytes, bytes]], tree: Growing) -> None:
    first = tree.size + 1
    hashes = [tree.add(bytes(leaf)) for _, _, leaf, _ in waiting]
    with connection.cursor() as cursor:
        cursor.execute(
            STORE,
            [
                list(range(first, first + len(waiting))), [row[1] for row in waiting],
                array(hashes, "bytea"), [row[0] for row in waiting],
            ],
        )  # fmt: skip


def last_place() -> int:
    return AuditSequence.objects.order_by("-seq").values_list("seq", flat=True).first() or 0


def tree_of(size: int) -> Growing:
    """The tree of this size, from its kept subtrees."""
    return Growing(size, [node(level, index) for level, index in peaks(size)])


def node(level: int, index: int) -> bytes:
    """The kept hash of a complete subtree."""
    place, number = place_of(level, index)
    kept = AuditSequence.objects.values_list("hashes", flat=True).get(seq=place)
    return bytes(kept)[32 * number : 32 * number + 32]
