"""How identifiers of each kind are written, so far as can be said without looking anybody up.

Wide on purpose: what an addressee can look up is let through, and what can only be a slip, a second
line or another kind of thing is not. A kind that is not named here is any line of text.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Final

from recoup.core.text import EMAIL

HEX: Final = "[0-9A-Fa-f]"


def _is_ip(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _like(pattern: str) -> Callable[[str], bool]:
    found = re.compile(pattern)
    return lambda text: found.fullmatch(text) is not None


FORMS: Final[Mapping[str, Callable[[str], bool]]] = {
    "ip": _is_ip,
    "email": lambda text: EMAIL.fullmatch(text) is not None,
    "phone": _like(r"\+?[0-9(][0-9 ()/.\-]{2,30}"),
    "user_name": _like(r"[^\n]+"),
    "url": _like(r"[^\s<>\"]+\.[^\s<>\"]+"),
    "device": _like(r"[A-Za-z0-9][A-Za-z0-9:._\- ]{1,80}"),
    "domain": _like(r"[\w\-]+(\.[\w\-]+)+\.?"),
    "iban": _like(r"[A-Za-z]{2}[0-9]{2}[A-Za-z0-9 ]{4,44}"),
    "account": _like(r"[A-Za-z0-9][A-Za-z0-9 ./\-]{0,60}"),
    "card": _like(r"[0-9*Xx•][0-9*Xx• \-]{7,30}"),
    "wallet": _like(r"[A-Za-z0-9][A-Za-z0-9:._\-]{3,140}"),
    "transaction_hash": _like(r"[A-Za-z0-9][A-Za-z0-9:_\-]{3,140}"),
    "uetr": _like(f"{HEX}{{8}}-?({HEX}{{4}}-?){{3}}{HEX}{{12}}"),
    "payment": _like(r"[^\n]+"),
}


def is_written_so(kind: str, value: str) -> bool:
    """Whether an identifier of a kind may be written like this."""
    form = FORMS.get(kind)
    return form is None or form(value)
