"""What drills do with a hub that runs: file reports, wait, look, and ask for one page."""

from __future__ import annotations

import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlsplit, urlunsplit

import psycopg

from recoup.cli.drill_frauds import Fraud
from recoup.cli.instance import Instance
from recoup.demo.client import Hub, body_of

LOOK_SECONDS: Final = 0.2


def file_report(
    hub: Instance, keys: Mapping[str, str], fraud: Fraud, *, key: str = "", seconds: float = 20
) -> str:
    """File one report by the API; returns its reference. Raises HubSilent or HubRefused."""
    client = Hub(hub.address, keys[fraud.report.payer_bank], timeout_seconds=seconds)
    try:
        receipt = client.post(
            "/api/v1/reports", body_of(fraud.report.body()), key or str(uuid.uuid4())
        )
    finally:
        client.close()
    return str(receipt["reference"])


def wait_for(done: Callable[[], object], seconds: float) -> float | None:
    """Wait until it is so; how long that took, or None if it never was."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        if done():
            return time.monotonic() - began
        time.sleep(LOOK_SECONDS)
    return None


def rows(dsn: str, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """The rows of one statement, over a connection of its own."""
    with psycopg.connect(dsn, connect_timeout=10) as connection:
        cursor = connection.execute(sql.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def superuser(hub: Instance) -> str:
    """The address of an embedded server's superuser, for planting what no role may do."""
    parts = urlsplit(hub.databases.owner)
    return urlunsplit(("postgresql", "recoup_super@", parts.path, parts.query, ""))


def status_of(address: str, *, seconds: float = 20) -> tuple[int, float, str]:
    """Ask for a page: its status (0: no answer), how long it took, its Retry-After."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    began = time.monotonic()
    try:
        with opener.open(address, timeout=seconds) as answer:
            return int(answer.status), time.monotonic() - began, ""
    except urllib.error.HTTPError as told:
        return told.code, time.monotonic() - began, told.headers.get("Retry-After", "")
    except (OSError, ValueError):
        return 0, time.monotonic() - began, ""
