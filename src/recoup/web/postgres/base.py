"""The database as Django talks to it, less three costs that every request and plan would pay.

Django asks ``select 1`` before each request, one statement in twelve here. A server that ended has
closed the socket, which is seen at once. A link that died in silence is seen when it is used: the
request is then answered 503 and the connection dropped (web/middleware.py).

Django reads each moment by a loader of its own, in Python, so that it has the connection's zone.
The zone is always UTC here, and the driver's own loader, in C, gives just that.

Django writes each statement anew: ``compiler`` does it with less work.
"""

from __future__ import annotations

import select
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db.backends.postgresql import base, operations
from psycopg import OperationalError
from psycopg.pq import ConnStatus, Format, TransactionStatus

TIMESTAMPTZ = 1184  # its number in pg_type


class DatabaseOperations(operations.DatabaseOperations):
    """PostgreSQL's, with our compiler."""

    compiler_module = "recoup.web.postgres.compiler"

    def last_executed_query(self, cursor: Any, sql: str, params: Any) -> str:
        """What was asked, with its values; of a prepared statement the driver keeps no text."""
        told = super().last_executed_query(cursor, sql, params)
        return told or psycopg.ClientCursor(cursor.connection).mogrify(sql, params)


class KeptPlan(psycopg.Cursor[Any]):
    """Prepares what it is asked, once for each connection."""

    def execute(self, query: Any, params: Any = None, **how: Any) -> KeptPlan:
        return super().execute(query, params, prepare=True, **how)


class DatabaseWrapper(base.DatabaseWrapper):
    """PostgreSQL; ``is_usable`` without a statement, moments read by the driver."""

    ops_class = DatabaseOperations
    is_keeping = False

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        connection = super().get_new_connection(conn_params)
        if loader := psycopg.adapters.get_loader(TIMESTAMPTZ, Format.TEXT):
            connection.adapters.register_loader(TIMESTAMPTZ, loader)
        return connection

    def create_cursor(self, name: str | None = None) -> Any:
        if name is None:
            return KeptPlan(self.connection) if self.is_keeping else self.connection.cursor()
        return base.ServerSideCursor(  # type: ignore[call-arg]
            self.connection, name=name, scrollable=False, withhold=self.connection.autocommit
        )

    @contextmanager
    def plans_kept(self) -> Iterator[None]:
        """Statements asked within are planned a few times for a connection, then no more."""
        self.is_keeping = True
        try:
            yield
        finally:
            self.is_keeping = False

    def is_usable(self) -> bool:
        if self.connection is None or self.connection.closed:
            return False
        link = self.connection.pgconn
        poll = select.poll()
        poll.register(link.socket, select.POLLIN)
        try:
            while poll.poll(0):  # a farewell, then the end
                link.consume_input()
        except OperationalError:
            return False
        # What was left open or failed is not handed to the next request.
        is_idle = link.transaction_status == TransactionStatus.IDLE
        return bool(link.status == ConnStatus.OK and is_idle)
