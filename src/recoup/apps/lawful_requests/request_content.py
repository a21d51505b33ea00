"""What a request asks, as it is stored: read strictly, compared, and shown to one addressee.

Content is plain JSON: targets with their identifiers, categories of data, period, amount, the
fields of the form, and three texts for whoever decides (justification, proportionality, what is in
danger), which no addressee is told. extends: the request whose effect it would make longer.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import rfc8785

from recoup.apps.lawful_requests.refusals import RequestRefused, line, words
from recoup.apps.lawful_requests.request_law import Form
from recoup.core.authorisation import Scope
from recoup.core.completeness import WHOLE, Identifier
from recoup.core.law import FieldType
from recoup.core.said import Said
from recoup.core.text import shown_safely
from recoup.data import currencies, load_words
from recoup.data.requests import load_most

PARTS: Final = frozenset(
    {"targets", "data", "period", "amount_minor", "currency", "fields", "justification",
     "proportionality", "danger_facts", "power", "extends"}
)  # fmt: skip
LONGEST: Final = 4000
FIRST_YEAR, LAST_YEAR = 1970, 2100  # of a moment that a request can be about
OF_LINES: Final = frozenset({FieldType.TEXT, FieldType.LIST})  # fields of several lines
MOST_MINOR: Final = 9_999_999_999_999
IDENTIFIER_KEYS: Final = frozenset({"kind", "value", "port", "at"})


@dataclass(frozen=True, slots=True)
class Target:
    """One addressee of a request, by its code, and what it is asked about."""

    addressee: str
    identifiers: tuple[Identifier, ...]

    @property
    def ident(self) -> str:
        """What the addressee finds the ticket by: the first identifier."""
        return self.identifiers[0].value[:140] if self.identifiers else ""


def read_content(told: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """Return the content in its one stored form; raises RequestRefused with the field."""
    unknown = sorted(set(told) - PARTS)
    if unknown:
        raise _refuse(
            "unknown_part", shown_safely(unknown[0]), Said("This part is not known here.")
        )
    data = list(dict.fromkeys(_texts(told.get("data", []), "data", most=40)))
    fields = _fields(told.get("fields"), form)
    amount = told.get("amount_minor")
    if amount is not None and not (type(amount) is int and 0 < amount <= MOST_MINOR):
        raise _refuse("not_an_amount", "amount_minor", Said("An amount is a whole number above 0."))
    extends = line(told.get("extends", ""), "extends", 16)
    return {
        "targets": [_target(row, at) for at, row in enumerate(_rows(told.get("targets", [])))],
        "data": data,
        "period": _period(told.get("period")),
        "amount_minor": amount,
        "currency": _currency(told.get("currency", ""), is_needed=amount is not None),
        "fields": fields,
        "justification": words(told.get("justification", ""), "justification", LONGEST),
        "proportionality": words(told.get("proportionality", ""), "proportionality", LONGEST),
        "danger_facts": words(told.get("danger_facts", ""), "danger_facts", LONGEST),
        "power": line(told.get("power", ""), "power", 64),
        **({"extends": extends} if extends else {}),
    }


def _fields(told: Any, form: Form) -> dict[str, str]:
    """The fields of the form, by their names; of several lines only where the form has room."""
    if told is not None and not isinstance(told, Mapping):
        raise _refuse("not_fields", "fields", Said("Fields are texts by the names of the form."))
    found, known = {}, load_words().fields
    for name, value in sorted((told or {}).items(), key=lambda one: str(one[0])):
        if name not in form.fields:
            raise _refuse(
                "unknown_field",
                f"fields.{shown_safely(name)}"[:80],
                Said("This measure's form has no such field."),
            )
        has_lines = name not in known or known[name].type in OF_LINES
        found[name] = (words if has_lines else line)(value, f"fields.{name}", LONGEST)
    return found


def _currency(told: Any, *, is_needed: bool) -> str:
    code = line(told, "currency", 3)
    if (code or is_needed) and code not in currencies():
        raise _refuse(
            "no_such_currency", "currency",
            Said("%(code)s is no currency that is known here. Write it like EUR.",
                 code=code or "-"),
        )  # fmt: skip
    return code


def _rows(rows: Any) -> list[Any]:
    most = load_most().targets
    if not isinstance(rows, list) or not 0 < len(rows) <= most:
        raise _refuse("targets", "targets", Said("Name 1 to %(most)s addressees.", most=most))
    codes = [row.get("addressee") if isinstance(row, dict) else None for row in rows]
    twice = next((code for place, code in enumerate(codes) if code in codes[:place]), None)
    if twice is not None:
        raise _refuse(
            "addressee_twice",
            "targets",
            Said("%(code)s stands here twice.", code=shown_safely(twice)[:40]),
        )
    return rows


def _target(row: Any, place: int) -> dict[str, Any]:
    where = f"targets.{place}"
    if not isinstance(row, dict) or set(row) - {"addressee", "identifiers"}:
        raise _refuse("not_a_target", where, Said("A target has an addressee and identifiers."))
    found = row.get("identifiers", [])
    if not isinstance(found, list) or len(found) > load_most().identifiers:
        raise _refuse("identifiers", where, Said("These are not identifiers, or too many."))
    return {
        "addressee": line(row.get("addressee", ""), f"{where}.addressee", 32),
        "identifiers": [_identifier(one, f"{where}.identifiers") for one in found],
    }


def _identifier(one: Any, where: str) -> dict[str, Any]:
    if not isinstance(one, dict) or set(one) - IDENTIFIER_KEYS:
        raise _refuse("not_an_identifier", where, Said("An identifier has a kind and a value."))
    kind, value = line(one.get("kind"), where, 32), line(one.get("value"), where, 400)
    if not kind or not value:
        raise _refuse("not_an_identifier", where, Said("An identifier has a kind and a value."))
    port = one.get("port")
    if port is not None and not (type(port) is int and 0 < port < 65536):
        raise _refuse("not_a_port", where, Said("A port is a number from 1 to 65535."))
    at = _moment(one.get("at"), where)
    return {"kind": kind, "value": value, "port": port, "at": at and at.isoformat()}


def _period(period: Any) -> dict[str, str | None] | None:
    if period is None:
        return None
    if not isinstance(period, dict) or set(period) - {"from", "until"}:
        raise _refuse("not_a_period", "period", Said("A period has from and until."))
    ends = {name: _moment(period.get(name), f"period.{name}") for name in ("from", "until")}
    if any(end is not None and end.tzinfo is None for end in ends.values()):
        raise _refuse("zone_missing", "period", Said("Write both ends with their zone."))
    return {name: end.isoformat() if end else None for name, end in ends.items()}


def _moment(text: Any, where: str) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise _refuse(
            "not_a_moment", where, Said("Write the moment like 2026-11-02T21:14:09+01:00.")
        ) from None
    if not FIRST_YEAR < found.year < LAST_YEAR:
        raise _refuse(
            "not_a_moment", where,
            Said("The year %(year)s is no year of a request.", year=found.year),
        )  # fmt: skip
    return found


def _texts(values: Any, where: str, *, most: int) -> list[str]:
    if not isinstance(values, list) or len(values) > most:
        raise _refuse("not_a_list", where, Said("This is a list of words, or too many."))
    return [line(value, where, 64) for value in values]


def _refuse(code: str, where: str, said: Said) -> RequestRefused:
    return RequestRefused(code, said, field=where)


# What stands in a stored content


def targets_of(content: Mapping[str, Any]) -> list[Target]:
    """The targets, in their order."""
    return [
        Target(row["addressee"], tuple(_stored(one) for one in row["identifiers"]))
        for row in content["targets"]
    ]


def _stored(one: Mapping[str, Any]) -> Identifier:
    at = datetime.fromisoformat(one["at"]) if one["at"] else None
    return Identifier(one["kind"], one["value"], one["port"], at)


def ends_of(content: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    """When the period begins and ends; None where it is open."""
    period = content["period"] or {}
    found = [period.get(name) for name in ("from", "until")]
    first, last = (datetime.fromisoformat(end) if end else None for end in found)
    return first, last


def scope_of(content: Mapping[str, Any]) -> Scope:
    """How much is asked, as far as a decision may narrow it."""
    first, last = ends_of(content)
    return Scope(
        targets={t.addressee: frozenset(map(str, t.identifiers)) for t in targets_of(content)},
        data=frozenset(content["data"]),
        from_at=first,
        until_at=last,
        amount_minor=content["amount_minor"],
        currency=content["currency"],
    )


NARROWED: Final = frozenset({"targets", "data", "period", "amount_minor"})


def narrowed(content: Mapping[str, Any], narrower: Mapping[str, Any], form: Form) -> dict[str, Any]:
    """The content with the parts that a decision narrows; what is not named stays."""
    other = sorted(set(narrower) - NARROWED)
    if other:
        raise _refuse("not_narrowing", other[0], Said("A decision narrows; this it cannot change."))
    less = {**content, **narrower}
    if less["amount_minor"] is not None:  # a sum takes the place of the whole account
        less["fields"] = {k: v for k, v in less["fields"].items() if k != WHOLE}
    return read_content(less, form)


def digest_of(content: Mapping[str, Any]) -> bytes:
    """Which content it was: the SHA-256 of its canonical JSON."""
    return hashlib.sha256(rfc8785.dumps(dict(content))).digest()
