"""How the clock of a request's answer came about, in one line, for whoever was asked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from recoup.apps.lawful_requests.models import ClockStop
from recoup.apps.lawful_requests.request_counting import derived_from
from recoup.apps.said import in_words


def derivation(
    body: Mapping[str, Any], clock: str = "answer", *, stops: Iterable[ClockStop] = ()
) -> str:
    """Received, the limit, what moved it, when it is due, by which article."""
    start = datetime.fromisoformat(body["clocks"]["sent_at"])
    return in_words(derived_from(body, clock, start=start, stops=stops).said)
