"""What ties a browser to a report without an account: three cookies, and a mark for the caps.

The server keeps no secret, not even in a session: what a reporter is shown once travels in a
cookie of that browser until it has been shown. All cookies are signed, unreadable to scripts,
never sent from another site, and in no address (decision 8).

``recoup_draft`` is set with the form. The secret is derived from it, so that who presses twice, or
loses the first answer on a bad line, is given the same secret and not none.
"""

from __future__ import annotations

import ipaddress
import secrets
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

from recoup.apps.reports import tries

# With these beginnings a browser takes a cookie over https only, and the first from this host only.
HOST, SECURE = ("__Host-", "__Secure-") if settings.IS_TLS else ("", "")
DRAFT: Final = f"{HOST}recoup_draft"
SENT: Final = f"{SECURE}recoup_sent"  # has a path of its own, which the first beginning forbids
OPEN: Final = f"{HOST}recoup_report"
SENT_PATH: Final = "/report/sent"
DRAFT_SECONDS: Final = 24 * 3600
SENT_SECONDS: Final = 900
OPEN_SECONDS: Final = 8 * 3600
BROWSER_BITS: Final = 64  # one household has a network of IPv6, not an address


@dataclass(frozen=True, slots=True)
class OpenReport:
    """The report that this browser may follow. secret_sha256 is empty for a desk's own report.

    form_id: of the form it was sent with, so that going back and sending again is no second
    report; empty if it was opened with reference and secret.
    """

    reference: str
    secret_sha256: bytes
    form_id: str = ""


def sender_mark(request: HttpRequest) -> bytes:
    """A keyed digest of where a request comes from; the address itself is stored nowhere."""
    text = request.META.get("REMOTE_ADDR", "")
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        address = None
    address = getattr(address, "ipv4_mapped", None) or address
    if isinstance(address, ipaddress.IPv6Address):
        text = str(ipaddress.ip_network((address, BROWSER_BITS), strict=False))
    elif address is not None:
        text = str(address)
    return salted_hmac("recoup.sender", text, algorithm="sha256").digest()


def count_try(request: HttpRequest, what: str, *, most: int, seconds: int) -> None:
    """Count an attempt of this sender; raises TooManyTries beyond ``most`` within the time."""
    tries.count(what, sender_mark(request), most=most, seconds=seconds)


# --- The draft, and the secret derived from it -------------------------------------------------


def keep_draft(request: HttpRequest, response: HttpResponse) -> None:
    """Give the browser that opens the form the seed of its secret."""
    if DRAFT not in request.COOKIES:
        _set(response, DRAFT, secrets.token_urlsafe(16), seconds=DRAFT_SECONDS)


def drafted_secret(request: HttpRequest, client_id: UUID) -> bytes | None:
    """The 16 bytes that this browser's report has as its secret; None without a draft."""
    seed = _get(request, DRAFT, seconds=DRAFT_SECONDS)
    if not seed:
        return None
    return salted_hmac("recoup.secret", f"{seed} {client_id}", algorithm="sha256").digest()[:16]


# --- What was sent, shown once -----------------------------------------------------------------


def tell_sent(response: HttpResponse, told: dict[str, Any]) -> None:
    """Let the next page show what was sent."""
    _set(response, SENT, told, seconds=SENT_SECONDS, path=SENT_PATH)


def sent(request: HttpRequest) -> dict[str, Any] | None:
    """What this browser has just sent; None if nothing, or too long ago."""
    told: dict[str, Any] | None = _get(request, SENT, seconds=SENT_SECONDS)
    return told


def forget_secret(response: HttpResponse, told: dict[str, Any]) -> None:
    """The secret was shown: from now on neither this page nor a second submit shows it again."""
    tell_sent(response, told | {"secret": None})
    response.delete_cookie(DRAFT, samesite="Strict")


# --- The report that is open on this device ----------------------------------------------------


def open_report(response: HttpResponse, opened: OpenReport) -> None:
    """Let this browser follow a report without typing its secret again, for some hours."""
    kept = [opened.reference, opened.secret_sha256.hex(), opened.form_id]
    _set(response, OPEN, kept, seconds=OPEN_SECONDS)


def opened_report(request: HttpRequest) -> OpenReport | None:
    """The report whose secret this browser has shown to know."""
    kept = _get(request, OPEN, seconds=OPEN_SECONDS)
    return OpenReport(kept[0], bytes.fromhex(kept[1]), kept[2]) if kept else None


def close_report(response: HttpResponse) -> None:
    """Leave nothing of a report on this device."""
    response.delete_cookie(OPEN, samesite="Strict")
    response.delete_cookie(DRAFT, samesite="Strict")
    response.delete_cookie(SENT, path=SENT_PATH, samesite="Strict")


def _set(response: HttpResponse, name: str, value: Any, *, seconds: int, path: str = "/") -> None:
    response.set_cookie(
        name, signing.dumps(value, salt=name), max_age=seconds, path=path,
        secure=settings.IS_TLS, httponly=True, samesite="Strict",
    )  # fmt: skip


def _get(request: HttpRequest, name: str, *, seconds: int) -> Any:
    """The value of a cookie of ours; None if it is missing, too old or not ours."""
    try:
        return signing.loads(request.COOKIES.get(name, ""), salt=name, max_age=seconds)
    except signing.BadSignature:
        return None
