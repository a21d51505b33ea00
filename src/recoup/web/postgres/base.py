"""The database as Django talks to it. A kept connection is checked by its socket, without asking.

Django asks ``select 1`` before each request, one statement in twelve here. A server that ended has
closed the socket, which is seen at once. A link that died in silence is seen when it is used: the
request is then answered 503 and the connection dropped (web/middleware.py).
"""

from __future__ import annotations

import select

from django.db.backends.postgresql import base
from psycopg import OperationalError
from psycopg.pq import ConnStatus


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL; ``is_usable`` without a statement."""

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        link = self.connection.pgconn
        poll = select.poll()
        poll.register(link.socket, select.POLLIN)
        try:
            if poll.poll(0):
                link.consume_input()
        except OperationalError:
            return False
        return bool(link.status == ConnStatus.OK)
