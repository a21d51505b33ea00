"""Words of requests as the addressee reads them: what is asked, answers with keys, fields, clocks.

Names of measures, codes, grounds and fields are data (``data/law/words.toml``); how an identifier
is said in a sentence, and which key an answer has, is said here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.translation import gettext, gettext_lazy

from recoup.data import load_measures, load_words
from recoup.web.templatetags.recoup_ui import law_words

IDENTIFIERS: Final = {
    "ip": gettext_lazy("IP address"), "email": gettext_lazy("e-mail address"),
    "phone": gettext_lazy("telephone number"), "user_name": gettext_lazy("user name"),
    "url": gettext_lazy("address of a page"), "device": gettext_lazy("device"),
    "domain": gettext_lazy("domain"), "iban": gettext_lazy("IBAN"),
    "account": gettext_lazy("account"), "card": gettext_lazy("card"),
    "wallet": gettext_lazy("wallet"), "uetr": gettext_lazy("payment (UETR)"),
    "payment": gettext_lazy("payment"),
    "transaction_hash": gettext_lazy("transaction on a chain"),
}  # fmt: skip
# The keys of the hold desk, where they fit.
KEYS: Final = {
    "held": "H", "preserved": "H", "given": "G", "part_held": "P", "part_given": "P",
    "part_preserved": "P", "part_enforced": "P", "part_recalled": "P", "nothing_left": "N",
    "nothing_found": "N", "moved_on": "M", "cashed_out": "C", "others_hold": "O", "not_ours": "U",
    "cannot_lawfully": "L", "unclear": "?", "refused": "R", "recalled": "B",
}  # fmt: skip
TAKEN_KEYS: Final = frozenset("TA")  # take; ask back
REFUSING: Final = frozenset({"refused", "not_ours", "cannot_lawfully"})
WITHOUT_DATA: Final = REFUSING | {"nothing_found", "unclear", "nothing_left"}
MOMENTS: Final = frozenset(
    {"acknowledgement_time", "kept_until", "held_since", "start_time", "creation_time",
     "removed_time"}
)  # fmt: skip
LONG: Final = frozenset(
    {"address", "contact", "data", "accounts", "holders", "counterparties", "route_data", "assets",
     "subscriber_data", "financial_intelligence", "evidence", "conditions", "use_conditions",
     "what_is_kept", "other_providers_seen", "devices_and_ip", "device_and_ip", "holder_kyc",
     "outgoing_addresses", "attempts_to_move", "chain_of_custody_note", "retention_note",
     "name_servers", "registrant", "payment_data", "third_party_claims", "reason_if_refused"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer: its code, key and name; whether it refuses."""

    code: str
    key: str
    label: str
    hint: str


def measure_words(measure: str, name: str = "") -> str:
    """The name of a measure: of the catalogue, else as the ticket says it."""
    found = load_measures().get(measure)
    return law_words(found.name if found else name or measure)


def word_of(kind: str, word: str) -> str:
    """The name of a code, ground, category, field, answer or danger in the reader's language."""
    found: Any = getattr(load_words(), kind).get(word)
    return law_words(found.name) if found else word.replace("_", " ")


def choices_of(codes: Iterable[str]) -> list[Choice]:
    """The answers of a measure with one key each."""
    taken = set(TAKEN_KEYS)
    given = list(codes)
    keys: dict[str, str] = {}
    for code in given:
        if (key := KEYS.get(code, "")) and key not in taken:
            keys[code] = key
            taken.add(key)
    for code in given:
        if code not in keys:
            keys[code] = next((c for c in code.upper() if c.isalpha() and c not in taken), "")
            taken.add(keys[code])
    return [Choice(code, keys[code], word_of("codes", code), _hint(code)) for code in given]


def _hint(code: str) -> str:
    hints = {
        "given": gettext("Everything that was asked is in this answer."),
        "part_given": gettext("A part is in this answer; say what is missing."),
        "preserved": gettext("Everything that was asked is kept now."),
        "part_preserved": gettext("A part is kept now; say what is missing."),
        "nothing_found": gettext("You looked, and there is nothing."),
        "not_ours": gettext("This is no customer or service of yours."),
        "cannot_lawfully": gettext("The law does not let you. Say why."),
        "unclear": gettext("You cannot tell from what was asked."),
        "refused": gettext("With one of the grounds below."),
    }
    return hints.get(code, "")


def identifier_words(one: Mapping[str, Any]) -> str:
    """One identifier as a sentence names it: kind, value, port, moment with its zone."""
    kind = str(IDENTIFIERS.get(one["kind"], one["kind"]))
    parts = [f"{kind} {one['value']}"]
    if one.get("port"):
        parts.append(gettext("port %(port)s") % {"port": one["port"]})
    if one.get("at"):
        parts.append(gettext("at %(moment)s") % {"moment": with_zone(one["at"])})
    return ", ".join(parts)


def with_zone(text: str) -> str:
    """A moment as it was written, with its own zone: it is compared with the addressee's logs."""
    return datetime.fromisoformat(text).isoformat(sep=" ", timespec="seconds")


def field_kind(name: str) -> str:
    """How a part of an answer is typed: a moment, a sum, a long text or a short one."""
    if name in MOMENTS:
        return "moment"
    if name.endswith("_amount") or name == "refunded":
        return "sum"
    return "long" if name in LONG else "short"


def field_problem(name: str, value: str) -> str:
    """What is wrong with a typed part of an answer, with the value and what to do; or nothing."""
    kind = field_kind(name)
    if kind == "moment" and not _is_moment(value):
        return gettext(
            "“%(value)s” is no moment with its zone. Write it like 2026-11-02T21:14:09+01:00."
        ) % {"value": value[:60]}
    if kind == "sum" and not _is_sum(value):
        return gettext("“%(value)s” is no sum. Write digits and a point: 8800.00.") % {
            "value": value[:60]
        }
    return ""


def field_told(name: str, value: str) -> str:
    """A part of an answer as it is kept: a moment always in one form."""
    return _moment(value).isoformat() if field_kind(name) == "moment" else value


def _moment(value: str) -> datetime:
    """As people write it too: with a blank before the zone."""
    day, _, rest = value.replace("T", " ").partition(" ")
    return datetime.fromisoformat(f"{day}T{rest.replace(' ', '')}")


def _is_moment(value: str) -> bool:
    try:
        return _moment(value).tzinfo is not None
    except ValueError:
        return False


def _is_sum(value: str) -> bool:
    try:
        found = Decimal(value)
    except InvalidOperation:
        return False
    return found.is_finite() and found >= 0
