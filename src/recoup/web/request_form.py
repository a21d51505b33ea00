"""The form of a measure: its typed fields as they are shown, filled from the case, and read back.

What was typed is read into the content of a request (``request_content``), which is checked there;
what could not be read stands at its field with what was typed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.utils.translation import gettext

from recoup.apps.lawful_requests.request_law import Form, Law
from recoup.core.completeness import IDENTIFIERS_OF
from recoup.core.law.words import FieldType
from recoup.core.money import read_sum
from recoup.core.text import NotReadable
from recoup.data import currency as currency_of
from recoup.data import load_words

# What stands elsewhere on the page, or is written by the hub: whoever asks, when, under which law.
NOT_TYPED: Final = frozenset(
    {"date", "requesting_authority", "legal_basis_domestic", "legal_basis_treaty", "provider",
     "data_wanted", "signature", "period", "order_copy", "max_amount", "amount_at_risk",
     "requested_authority", "transaction"}
) | frozenset(IDENTIFIERS_OF)  # fmt: skip
WIDGETS: Final = {
    FieldType.TEXT: "textarea", FieldType.LIST: "textarea", FieldType.ENUM: "select",
    FieldType.BOOL: "checkbox", FieldType.DATE: "date",
}  # fmt: skip
ROWS: Final = 3
MOST_ROWS: Final = 200  # on one page; how many one target may have, the engine says
ENDPOINT: Final = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}|\[[0-9a-fA-F:]+\]):(\d{1,5})")
MOMENT_FORM: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{1,2}:\d{2}")
EVERYBODY: Final = ""
ZONES: Final = ("local", "+00:00", "+01:00", "+02:00", "+03:00")
MOMENT: Final = "%Y-%m-%dT%H:%M:%S"


@dataclass(frozen=True, slots=True)
class Row:
    """One identifier as it was typed. addressee: a code, or nobody's, which means all of them."""

    kind: str = ""
    value: str = ""
    port: str = ""
    at: str = ""
    zone: str = ""
    addressee: str = EVERYBODY


@dataclass(slots=True)
class Typed:
    """What stands in the form. problems: by field, what could not be read.

    lines: what is left of a pasted list, because it was not understood.
    """

    addressees: list[str] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    data: list[str] = field(default_factory=list)
    period: dict[str, str] = field(default_factory=dict)
    amount: str = ""
    currency: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    justification: str = ""
    proportionality: str = ""
    danger: str = ""
    danger_facts: str = ""
    power: str = ""
    lines: str = ""
    problems: dict[str, list[str]] = field(default_factory=dict)

    def wrong(self, where: str, message: str) -> None:
        self.problems.setdefault(where, []).append(message)


def read_typed(post: Any) -> Typed:
    """Take the form as it was typed; nothing is judged yet."""
    rows = list(_rows(post))
    chosen = [*post.getlist("addressee"), *(row.addressee for row in rows)]
    return Typed(
        addressees=list(dict.fromkeys(code[:32] for code in chosen if code))[:200],
        rows=rows, data=post.getlist("data")[:40],
        period={n: post.get(f"period_{n}", "")[:40] for n in ("from", "until", "zone")},
        amount=post.get("amount", "")[:40].strip(), currency=post.get("currency", "")[:3],
        fields={
            name.removeprefix("field-"): post[name].strip()
            for name in post
            if name.startswith("field-")
        },
        justification=post.get("justification", "").strip(),
        proportionality=post.get("proportionality", "").strip(), danger=post.get("danger", "")[:32],
        danger_facts=post.get("danger_facts", "").strip(), power=post.get("power", "")[:64],
        lines=post.get("lines", "")[:40_000],
    )  # fmt: skip


def _rows(post: Any) -> Sequence[Row]:
    parts = [post.getlist(f"row_{n}") for n in ("kind", "value", "port", "at", "zone", "addressee")]
    return [
        Row(*(part[place][:400].strip() if place < len(part) else "" for part in parts))
        for place in range(min(MOST_ROWS, len(parts[1])))
        if parts[1][place].strip()
    ]


def content_of(typed: Typed, form: Form, law: Law) -> dict[str, Any]:
    """The content as the engine takes it; what cannot be read is a problem of its field."""
    identifiers = [(row.addressee, _identifier(row, typed, law)) for row in typed.rows]
    targets = [
        {"addressee": code, "identifiers": [one for to, one in identifiers if to in ("", code)]}
        for code in typed.addressees
    ]
    told: dict[str, Any] = {
        "targets": targets, "data": typed.data, "period": _period(typed, law),
        "fields": {k: v for k, v in typed.fields.items() if k in form.fields and v},
        "justification": typed.justification, "proportionality": typed.proportionality,
        "danger_facts": typed.danger_facts if typed.danger else "", "power": typed.power,
    }  # fmt: skip
    if form.shape.needs_amount and typed.amount:
        told |= _amount(typed)
    return told


def _identifier(row: Row, typed: Typed, law: Law) -> dict[str, Any]:
    value, port = row.value, row.port
    if row.kind == "ip" and (both := ENDPOINT.fullmatch(value)):
        value, port = both[1].strip("[]"), port or both[2]
    if port and not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        typed.wrong(
            "identifiers", gettext("%(port)s: a port is a number from 1 to 65535.") % {"port": port}
        )
        port = ""
    at = _moment(row.at, row.zone, typed, "identifiers", law)
    return {"kind": row.kind or "ip", "value": value, "port": int(port) if port else None, "at": at}


def _moment(text: str, zone: str, typed: Typed, where: str, law: Law) -> str | None:
    """A moment with the zone that was chosen; without one it stays naive, and is told so."""
    if not text:
        return None
    try:
        read = datetime.fromisoformat(text.replace(" ", "T", 1))
    except ValueError:
        typed.wrong(
            where,
            gettext("“%(text)s” is no moment. Write it like 2026-11-02T21:14:09.") % {"text": text},
        )
        return None
    if read.tzinfo is None and zone == "local":
        read = read.replace(tzinfo=ZoneInfo(law.zone))
    elif read.tzinfo is None and zone in ZONES:
        read = datetime.fromisoformat(read.isoformat() + zone)
    return read.isoformat()


def _period(typed: Typed, law: Law) -> dict[str, str | None] | None:
    zone = typed.period.get("zone") or "local"
    ends = {
        name: _moment(typed.period.get(name, ""), zone, typed, "period", law)
        for name in ("from", "until")
    }
    return ends if any(ends.values()) else None


def _amount(typed: Typed) -> dict[str, Any]:
    try:
        minor = read_sum(typed.amount, currency_of(typed.currency), field="amount")
    except (NotReadable, KeyError):
        typed.wrong(
            "amount",
            gettext("“%(text)s” is no sum. Write it like 1200.50.") % {"text": typed.amount},
        )
        return {}
    return {"amount_minor": minor, "currency": typed.currency}


# What stands in the form


def typed_from(content: Mapping[str, Any], danger: str = "") -> Typed:
    """The form of a stored draft: identifiers that all addressees share stand once."""
    codes = [target["addressee"] for target in content["targets"]]
    seen: dict[str, list[str]] = {}
    rows: dict[str, Mapping[str, Any]] = {}
    for target in content["targets"]:
        for one in target["identifiers"]:
            key = repr(sorted(one.items(), key=lambda item: item[0]))
            rows[key] = one
            seen.setdefault(key, []).append(target["addressee"])
    shown = []
    for key, one in rows.items():
        shared = len(seen[key]) == len(codes)
        shown += [_row(one, code) for code in ([EVERYBODY] if shared else seen[key])]
    period = content["period"] or {}
    minor, code = content["amount_minor"], content["currency"]
    return Typed(
        addressees=codes, rows=shown, data=list(content["data"]),
        period={"from": period.get("from") or "", "until": period.get("until") or "", "zone": ""},
        amount=plain(minor, code) if minor else "", currency=code,
        fields=dict(content["fields"]), justification=content["justification"],
        proportionality=content["proportionality"], danger=danger,
        danger_facts=content.get("danger_facts", ""), power=content.get("power", ""),
    )  # fmt: skip


def _row(one: Mapping[str, Any], code: str) -> Row:
    port = str(one["port"]) if one["port"] else ""
    return Row(one["kind"], one["value"], port, one["at"] or "", "", code)


def plain(minor: int, code: str) -> str:
    """A sum as it is typed."""
    digits = currency_of(code).decimals
    return f"{Decimal(minor).scaleb(-digits):f}"


def fields_shown(form: Form, typed: Typed) -> list[dict[str, Any]]:
    """The measure's own fields, each with its widget and what is typed in it."""
    known = load_words().fields
    shown = []
    for name in form.fields:
        one = known.get(name)
        if one is None or name in NOT_TYPED:
            continue
        shown.append(
            {
                "name": name, "label": gettext(one.name), "hint": gettext(one.text),
                "place": f"field-{name}", "is_needed": name in form.must,
                "widget": WIDGETS.get(one.type, "input"), "value": typed.fields.get(name, ""),
                "values": [(value, _enum_words(value)) for value in one.values],
            }
        )  # fmt: skip
    return shown


def _enum_words(value: str) -> str:
    names = {
        "new": gettext("new"), "extension": gettext("extension"),
        "follow_up_mla": gettext("legal assistance after a preservation"),
        "follow_up_preservation": gettext("preservation after an earlier one"),
        "email": gettext("e-mail"), "portal": gettext("portal"),
        "secure_mail": gettext("secure mail"), "post": gettext("post"), "other": gettext("other"),
        "routine": gettext("routine"), "urgent": gettext("urgent"),
        "emergency": gettext("emergency"),
    }  # fmt: skip
    return names.get(value, value)


KIND_NAMES: Final = (
    "ip", "email", "phone", "user_name", "url", "device", "domain", "iban", "account", "card",
    "wallet", "transaction_hash", "uetr", "payment",
)  # fmt: skip


def identifier_kinds(form: Form) -> list[tuple[str, str]]:
    """The kinds of identifiers that the measure's form takes, in words."""
    return [(kind, name) for kind, name in all_identifier_kinds() if kind in form.shape.takes]


def all_identifier_kinds() -> list[tuple[str, str]]:
    names = {
        "ip": gettext("IP address"), "email": gettext("e-mail address"),
        "phone": gettext("telephone number"), "user_name": gettext("user name"),
        "url": gettext("address of a page"), "device": gettext("device"),
        "domain": gettext("domain name"), "iban": gettext("IBAN"),
        "account": gettext("account number"), "card": gettext("card"), "wallet": gettext("wallet"),
        "transaction_hash": gettext("transaction on a chain"), "uetr": gettext("UETR of a payment"),
        "payment": gettext("reference of a payment"),
    }  # fmt: skip
    return [(kind, names[kind]) for kind in KIND_NAMES]
