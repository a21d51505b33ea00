"""Notes that a trace left the hub: who took which form of it, under which rule."""

from __future__ import annotations

import hashlib
from datetime import datetime

from recoup.apps.audit import operations as audit
from recoup.apps.audit import session_operations as streams
from recoup.apps.cases.models import Case
from recoup.apps.traces.models import ImportedLedger
from recoup.core.access import Actor


def note_export(
    *, ledger: ImportedLedger, form: str, rule: str, document: bytes, by: Actor, at: datetime
) -> None:
    """Write the line of one export, with the digest of the bytes that left.

    Each ledger has a stream of its own, which is held: two exports at once would continue one line
    twice.
    """
    stream = f"export:{ledger.id.hex}"
    streams.take_stream(stream)
    audit.record(
        what="trace:exported", about=stream, by=by, at=at, case=str(ledger.case_id),
        ledger=str(ledger.id), form=form, rule=rule, bytes=len(document),
        sha256=hashlib.sha256(document).hexdigest(),
    )  # fmt: skip


def note_case_export(
    *, case: Case, form: str, rule: str, currency: str, until: datetime | None, document: bytes,
    by: Actor, at: datetime,
) -> None:  # fmt: skip
    """Write the line of one export of a case's own trace, in the case's stream of exports."""
    stream = f"export:{case.id.hex}"
    streams.take_stream(stream)
    audit.record(
        what="trace:exported", about=stream, by=by, at=at, case=str(case.id), form=form, rule=rule,
        currency=currency, until=until.isoformat() if until else "now", bytes=len(document),
        sha256=hashlib.sha256(document).hexdigest(),
    )  # fmt: skip
