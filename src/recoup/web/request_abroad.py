"""The request to another country's financial intelligence unit, filled from a border task.

``document`` is the request as data: what the machine-readable download is, and what is kept when
it was sent. ``sheet`` puts the same into words of one language, for paper. Nothing in either comes
from the case itself: the task carries all of it, the directory names a bank that was not known
then, and no name of a person is in it.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, Final

from babel import Locale
from django.utils import translation
from django.utils.translation import gettext

from recoup.apps.cases.models import Task
from recoup.apps.members import queries as members
from recoup.apps.members.models import Organisation
from recoup.core.accounts import read_account
from recoup.core.law import LegalBasis, Treaty
from recoup.core.moments import iso_utc
from recoup.core.text import NotReadable
from recoup.data import load_pack, load_treaty
from recoup.web.case_trail import guess_shown
from recoup.web.templatetags.recoup_ui import money_plain

FORMAT: Final = "recoup-request-abroad-1"
TREATY: Final = "CETS198"
ASKED: Final = ("postpone", "monitor", "inform", "pass_on")
CONDITIONS: Final = ("intelligence_only", "consent", "confidential")
OWN_STEP: Final = "postponement"
LOCALES: Final = {"en": "en", "sr": "sr_Cyrl", "sr-latn": "sr_Latn", "sq": "sq", "tr": "tr"}
WITHOUT_PREJUDICE: Final = "XK"


def document(task: Task, sender: Organisation, *, at: datetime) -> dict[str, Any]:
    """The request as data. sender: the unit that asks."""
    told, treaty = task.values, load_treaty(TREATY)
    own = next(s for s in load_pack(sender.country).next_steps if s.step == OWN_STEP)
    bases = [_basis(basis) for basis in treaty.bases]
    return {
        "format": FORMAT,
        "reference": reference_of(task),
        "made_at": iso_utc(at),
        "requesting": {
            "organisation": sender.name,
            "country": sender.country,
            "contact_point": {
                "name": sender.contact_name, "phone": sender.contact_phone,
                "email": sender.contact_email,
            },
        },
        "requested": {"kind": "fiu", "country": told.get("country", "")},
        "urgency": "urgent",
        "asked": list(ASKED),
        "account": {
            "ident": told.get("account", ""),
            "institution": told.get("institution") or _named_since(told.get("account", "")),
            "place": told.get("place", ""),
        },
        "amount_minor": told["amount_minor"],
        "currency": told["currency"],
        "payments": list(told.get("payments", ())),
        "suspected_offence": "fraud",
        "reported_at": told.get("reported_at"),
        "legal_bases": [*bases, _basis(own.legal_basis)],
        "treaty": _standing(treaty, told.get("country", ""), on=at.date()),
        "conditions": list(CONDITIONS),
    }  # fmt: skip


def _named_since(ident: str) -> str:
    """The institution that the directory names today, where nobody could when the money left."""
    try:
        found = members.institution_of(read_account(ident, scheme="iban"))
    except NotReadable:
        return ""
    return found.name if found else ""


def reference_of(task: Task) -> str:
    """The case's reference; a later request of the same way counts on."""
    return f"{task.values.get('case_reference', '')}/{task.level + 1}"


def _basis(basis: LegalBasis) -> dict[str, Any]:
    return {
        "instrument": basis.instrument, "article": basis.article, "text": basis.text,
        "confirmed": basis.confirmed, "to_check": basis.to_check, "source": basis.source,
    }  # fmt: skip


def _standing(treaty: Treaty, country: str, *, on: date) -> dict[str, Any]:
    is_party = treaty.is_party(country, on=on)
    status = {True: "in_force", False: "not_in_force", None: "not_known"}[is_party]
    return {
        "treaty": treaty.treaty, "name": treaty.name, "country": country, "status": status,
        "confirmed": False, "chart": treaty.chart,
    }  # fmt: skip


# In words


def sheet(found: Mapping[str, Any], *, language: str) -> dict[str, Any]:
    """The request in words; the caller has switched to the language."""
    country = country_name(found["requested"]["country"], language)
    return {
        **found,
        "from_country": country_name(found["requesting"]["country"], language),
        "to_country": country,
        "asked_words": [_asked()[one] for one in found["asked"]],
        "condition_words": [_conditions()[one] for one in found["conditions"]],
        "account_shown": guess_shown(found["account"]["ident"]),
        "made": in_utc(found["made_at"]),
        "reported": in_utc(found["reported_at"]),
        "total": money_plain(found["amount_minor"], found["currency"]),
        "is_followed": any(one["is_booked"] for one in found["payments"]),
        "payment_rows": [_row(one) for one in found["payments"]],
        "treaty_words": _treaty_words(found["treaty"]["status"]) % {
            "treaty": found["treaty"]["treaty"], "country": country or "–",
        },
        "is_without_prejudice": found["requested"]["country"] == WITHOUT_PREJUDICE,
    }  # fmt: skip


def country_name(code: str, language: str) -> str:
    """A country's name; the designation that needs a note carries its mark."""
    if not code:
        return ""
    name = str(Locale.parse(LOCALES.get(language, "en")).territories.get(code, code))
    return f"{name}*" if code == WITHOUT_PREJUDICE else name


def language_wanted(wanted: str) -> str:
    """The language of the sheet: the one asked for, else the page's."""
    current = translation.get_language() or "en"
    return wanted if wanted in LOCALES else current if current in LOCALES else "en"


def _row(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **told,
        "amount": money_plain(told["amount_minor"], told["currency"]),
        "booked": in_utc(told["booked_at"]),
        "from_shown": guess_shown(told["from_account"]),
    }


def in_utc(text: str | None) -> str:
    """A moment as it is written to somebody in another time zone."""
    if not text:
        return "–"
    return f"{datetime.fromisoformat(text).astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _asked() -> dict[str, str]:
    return {
        "postpone": gettext(
            "Postpone the transaction, or suspend disposal of the sum named here, and no more than "
            "this sum, for as long as your law allows. Tell us until when."
        ),
        "monitor": gettext(
            "If it has been booked: monitor the account, and tell us at once where the money goes."
        ),
        "inform": gettext(
            "Tell us the account’s holder and who may dispose of it, the bookings since the "
            "credit, and whether you know the account from other reports."
        ),
        "pass_on": gettext(
            "Consent that we pass your answer on to the police unit and the prosecutor of this "
            "case."
        ),
    }


def _conditions() -> dict[str, str]:
    return {
        "intelligence_only": gettext(
            "This is information for analysis, not evidence. For evidence, freezing and "
            "confiscation a request for mutual legal assistance follows."
        ),
        "consent": gettext("Please do not pass it on without our prior consent."),
        "confidential": gettext("Please let nobody tell the account’s holder of this request."),
    }


def _treaty_words(status: str) -> str:
    words = {
        "in_force": gettext("%(treaty)s is in force for %(country)s as far as is known here."),
        "not_in_force": gettext("%(treaty)s was not in force for %(country)s on this day."),
        "not_known": gettext(
            "Whether %(treaty)s is in force for %(country)s is not known here: look it up before "
            "you rely on it."
        ),
    }
    return words[status]
