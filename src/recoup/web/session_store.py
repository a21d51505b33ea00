"""Sessions as Django keeps them, read with a plain statement: every act begins with that."""

from __future__ import annotations

from typing import Any, Final

from django.contrib.sessions.backends import db
from django.db import connection
from django.utils import timezone

READ: Final = "select session_data from django_session where session_key = %s and expire_date > %s"


class SessionStore(db.SessionStore):
    """Django's own in every other respect; what one has written the other reads."""

    def _get_session_from_db(self) -> Any:
        backend: Any = connection
        with backend.plans_kept(), connection.cursor() as cursor:
            cursor.execute(READ, [self.session_key, timezone.now()])
            row = cursor.fetchone()
        if row is None:
            self._session_key = None
            return None
        return self.model(session_key=self.session_key or "", session_data=row[0])
