"""The invented frauds that a newcomer can report: what the demo's ledgers left to be typed.

The demo country writes them into a file when it starts; without a demo there are none.
"""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.conf import settings

FIELDS: Final = ("amount", "currency", "paid_at", "payer_account", "payee_account", "reference")


def demo_facts(story: str = "1") -> dict[str, Any] | None:
    """The five facts of a story by its number, and how the page shows them; None if unknown."""
    path = settings.VAR / "demo" / "ledgers" / "facts.json"
    if not settings.IS_DEMO:
        return None
    try:
        stories = _stories(path, path.stat().st_mtime_ns)
    except FileNotFoundError:
        return None
    return next((_for_page(one) for one in stories if str(one["story"]) == story), None)


def clerk_sheet(ident: str) -> str:
    """What the core system of a demo bank without IT shows of an account; empty elsewhere."""
    path = settings.VAR / "demo" / "ledgers" / "sheets.json"
    if not settings.IS_DEMO or not path.exists():
        return ""
    sheets: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return sheets.get(ident, "")


@lru_cache(maxsize=2)
def _stories(path: Any, written: int) -> list[dict[str, Any]]:
    """Read anew when the demo has written anew."""
    found: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _for_page(told: dict[str, Any]) -> dict[str, Any]:
    local = datetime.fromisoformat(told["paid_at"]).astimezone(ZoneInfo(settings.TIME_ZONE))
    facts = {name: told[name] for name in FIELDS} | {"paid_at": f"{local:%Y-%m-%dT%H:%M}"}
    return facts | {"paid_at_shown": f"{local:%Y-%m-%d %H:%M %Z}", "story": told["story"]}


def as_fill(facts: dict[str, Any]) -> str:
    """What the fill button of the form reads: the form's fields and their values."""
    return json.dumps({name: facts[name] for name in FIELDS}, ensure_ascii=False)
