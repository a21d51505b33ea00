"""How the processes write their own log: a line an event, in UTC, and none that is forged.

What was done, read or refused is in the audit trail; this log is for who keeps the hub running.
"""

from __future__ import annotations

import logging
import time
from typing import Final

LONGEST: Final = 20_000


class Line(logging.Formatter):
    """``2026-11-22T18:00:00.123Z WARNING recoup.web words``; of a trace, each line is indented."""

    converter = staticmethod(time.gmtime)
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("{asctime} {levelname} {name} {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  (the library's name)
        record.message = _shown(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: object) -> str:  # noqa: N802  (the library's name)
        text = super().formatException(ei)  # type: ignore[arg-type]
        return "\n".join(f"  {_shown(line)}" for line in text.splitlines())


def _shown(text: str) -> str:
    """Without characters that begin a new line or steer a terminal."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in text[:LONGEST])
