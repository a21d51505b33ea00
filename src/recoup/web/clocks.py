"""A clock as it stands on pages: words, icon, a bar of the time that is left.

Written here and not as a template, since a list has fifty of them and a template takes ten times
as long. The icons are of all four levels; the style sheet shows the one of the clock's level, which
the script in the browser changes as time goes by.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Final

from django.utils import timezone
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, pgettext

NO_BREAK: Final = "\N{NO-BREAK SPACE}"
SOON: Final = 0.34  # of the whole time
ICONS: Final = (
    '<svg class="rc-clock__icon rc-clock__icon--fine" viewBox="0 0 16 16" '
    'aria-hidden="true" focusable="false"><circle cx="8" cy="8" r="6.5" fill="none" '
    'stroke="currentColor" stroke-width="2"/><path d="M8 4.2V8l2.6 1.6" fill="none" '
    'stroke="currentColor" stroke-width="2"/></svg>'
    '<svg class="rc-clock__icon rc-clock__icon--soon" viewBox="0 0 16 16" '
    'aria-hidden="true" focusable="false"><path d="M3 1.5h10M3 14.5h10M4.5 2c0 4 3.5 4 '
    '3.5 6s-3.5 2-3.5 6M11.5 2c0 4-3.5 4-3.5 6s3.5 2 3.5 6" fill="none" '
    'stroke="currentColor" stroke-width="1.8"/></svg>'
    '<svg class="rc-clock__icon rc-clock__icon--over" viewBox="0 0 16 16" '
    'aria-hidden="true" focusable="false"><path d="M8 1.2 15.3 14.5H.7z" fill="none" '
    'stroke="currentColor" stroke-width="1.8" stroke-linejoin="round"/><path d="M8 '
    '6v4.2M8 11.4v1.5" stroke="currentColor" stroke-width="1.8"/></svg>'
    '<svg class="rc-clock__icon rc-clock__icon--still" viewBox="0 0 16 16" '
    'aria-hidden="true" focusable="false"><path d="M3 8.5 6.5 12 13 4.5" fill="none" '
    'stroke="currentColor" stroke-width="2.2"/></svg>'
)
BAR: Final = (
    '<svg class="rc-clock__bar" viewBox="0 0 100 3" preserveAspectRatio="none" aria-hidden="true" '
    'focusable="false"><rect data-clock-bar width="{}" height="3"/></svg>'
)


def drawn(
    due: datetime | None, start: datetime | None, *, stopped: str, how: str, label: str
) -> SafeString:
    """The clock that runs to ``due``; stopped: words in place of one that runs no longer."""
    level, left_percent, words = _reading(due, start) if not stopped else ("still", 0, "")
    note = f'<span class="rc-clock__note">{conditional_escape(label)}</span>' if label else ""
    told = conditional_escape(stopped) if stopped else _told(level, words)
    bar = BAR.format(left_percent) if due and not stopped else ""
    runs = "" if stopped else _runs(due, start)
    return SafeString(
        f'<span class="rc-clock" data-level="{level}"{runs}{_derivation(how)}>{ICONS}{note}'
        f"<span data-clock-words>{told}</span>{bar}</span>\n"
    )


def _reading(due: datetime | None, start: datetime | None) -> tuple[str, int, str]:
    """Level, percent of the bar, and the time in words."""
    if due is None:
        return "still", 0, ""
    left = due - timezone.now()
    words = in_words(left)
    if left <= timedelta(0):
        return "over", 100, words
    whole = (due - start) if start else max(left, timedelta(hours=1))
    share = left / whole if whole > timedelta(0) else 0.0
    return "soon" if share < SOON else "fine", max(0, min(100, round(share * 100))), words


def _runs(due: datetime | None, start: datetime | None) -> str:
    """What the script in the browser counts by."""
    if due is None:
        return ""
    begins = f' data-start="{start.isoformat()}"' if start else ""
    return f' data-due="{due.isoformat()}"{begins}'


def _derivation(how: str) -> str:
    if not how:
        return ""
    said = conditional_escape(how)
    return f' title="{said}" data-how="{said}" tabindex="0"'


def _told(level: str, words: str) -> str:
    if level == "still":
        return gettext("no clock")
    told = gettext("%(words)s overdue") if level == "over" else gettext("%(words)s left")
    return told % {"words": words}


def in_words(span: timedelta) -> str:
    """Write a span in its two largest units: 2 d 3 h, 4 h 05 min, 12 min, 40 s."""
    seconds = int(abs(span.total_seconds()))
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    d, h, m, s = _units(get_language() or "en")
    if days:
        return f"{days} {d} {hours} {h}".replace(" ", NO_BREAK)
    if hours:
        return f"{hours} {h} {minutes:02} {m}".replace(" ", NO_BREAK)
    return (f"{minutes} {m}" if minutes else f"{rest} {s}").replace(" ", NO_BREAK)


@cache
def _units(_language: str) -> tuple[str, str, str, str]:
    return (
        pgettext("unit of time", "d"), pgettext("unit of time", "h"),
        pgettext("unit of time", "min"), pgettext("unit of time", "s"),
    )  # fmt: skip
