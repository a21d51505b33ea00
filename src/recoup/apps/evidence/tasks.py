"""The vault's housekeeping, as a job of the queue."""

from __future__ import annotations

from procrastinate.contrib.django import app

from recoup.apps.evidence import vault_operations

HOUSEKEEPING = "housekeeping"


@app.periodic(cron="37 2 * * *")
@app.task(name="evidence.sweep", queue=HOUSEKEEPING)
def sweep(timestamp: int) -> None:
    """Each night: what a request stored that was undone before it was written down."""
    vault_operations.sweep()
