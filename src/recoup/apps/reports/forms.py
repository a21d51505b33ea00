"""The reporter's forms. What is typed is read by core: pages and the API refuse the same."""

from __future__ import annotations

import re
import uuid
from datetime import datetime
from functools import cache
from typing import Any, Final
from zoneinfo import ZoneInfo

from babel.numbers import get_currency_name
from django import forms
from django.conf import settings
from django.http import QueryDict
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from recoup.apps.members import queries as members
from recoup.apps.reports.wording import say
from recoup.core.money import as_plain
from recoup.core.reference import ReferenceKind, read_reference, read_secret
from recoup.core.report import FiveFacts, ReportNotReadable, read_five_facts
from recoup.core.text import NotReadable, mask_digits, read_email, read_line, read_note
from recoup.data import currencies, usual_currency

FIRST_CURRENCIES: Final = ("EUR", "USD", "CHF", "GBP")
BABEL_NAMES: Final = {"sr": "sr_Cyrl", "sr-latn": "sr_Latn"}
NATIONAL: Final = re.compile(r"[0-9]{3}-[0-9]{1,13}-[0-9]{2}")
SHOWN_AGAIN: Final = 2000
LONGEST_NAME: Final = 120
LONGEST_PHONE: Final = 40
LONGEST_EMAIL: Final = 120
LONGEST_STORY: Final = 8000


class Told(forms.CharField):
    """A field that takes what was typed as it is; core decides about all of it."""

    def clean(self, value: Any) -> str:
        return value or ""


class ToldChoice(forms.ChoiceField):
    """A list whose value core checks."""

    def clean(self, value: Any) -> str:
        return value or ""


def currency_choices() -> list[tuple[str, str]]:
    """The country's own currency, the usual ones, then all others by code, with their names."""
    return _currencies_in(get_language() or "en")


@cache
def _currencies_in(language: str) -> list[tuple[str, str]]:
    locale = BABEL_NAMES.get(language, language)
    own = usual_currency().get(settings.COUNTRY, "EUR")
    first = list(dict.fromkeys([own, *FIRST_CURRENCIES]))
    codes = first + sorted(set(currencies()) - set(first))
    return [(code, f"{code} – {get_currency_name(code, locale=locale)}") for code in codes]


def shown_again(name: str, typed: str) -> str:
    """What was typed, for the form that is shown again: no whole card number, nothing unprintable.

    A masked card is still readable: its first six and last four digits are all that is kept.
    """
    text = "".join(c if c.isprintable() or c in "\r\n\t" else "\ufffd" for c in typed)
    if name not in ("payer_account", "payee_account"):
        return text[:SHOWN_AGAIN]
    return (mask_digits(text) if _looks_like_card(text) else text)[:SHOWN_AGAIN]


def _looks_like_card(text: str) -> bool:
    """Also one with a digit mistyped; but not a telephone, an IBAN or an account of the country."""
    if any(c.isalpha() for c in text) or text.strip().startswith(("+", "0", "(")):
        return False
    digits = sum(c.isdecimal() for c in text)
    return 13 <= digits <= 19 and digits != 18 and not NATIONAL.fullmatch(text.strip())


class ReportForm(forms.Form):
    """The five facts. client_id makes a second submit of the same facts the same report."""

    client_id = forms.CharField(widget=forms.HiddenInput, required=False)
    amount = Told(label=_("Amount"))
    currency = ToldChoice(label=_("Currency"), choices=currency_choices)
    paid_at = Told(label=_("Paid at"), widget=forms.DateTimeInput)
    payer_account = Told(label=_("From account"))
    payee_account = Told(label=_("To account"))
    reference = Told(label=_("Reference"), required=False)

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.at = at
        self.facts: FiveFacts | None = None

    def clean(self) -> None:
        told = {name: self.cleaned_data.get(name, "") for name in self.fields}
        told["amount"] = as_plain(told["amount"])
        try:
            self.facts = read_five_facts(
                told, at=self.at, zone=ZoneInfo(settings.TIME_ZONE), currencies=currencies(),
                usual_currency=usual_currency(), known_banks=members.known_banks(),
                region=settings.COUNTRY,
            )  # fmt: skip
        except ReportNotReadable as refused:
            for problem in refused.problems:
                self.add_error(problem.field, say(problem))
        self._show_again()

    def report_id(self) -> uuid.UUID:
        """The id of this form with these facts: changed facts are another report."""
        return uuid.uuid5(uuid.UUID(self.cleaned_data["client_id"]), repr(self.facts))

    def clean_client_id(self) -> str:
        """The form's id; a new one in place of what is none."""
        try:
            return str(uuid.UUID(self.cleaned_data["client_id"]))
        except ValueError:
            return str(uuid.uuid4())

    def _show_again(self) -> None:
        again = QueryDict(mutable=True)
        for name in self.fields:
            again[name] = shown_again(name, str(self.data.get(name, "")))
        self.data = again


class _CoreForm(forms.Form):
    """A form whose fields are read one by one by core."""

    def read(self, name: str, reader: Any, **options: Any) -> Any:
        """Read a field, or mark it with what is wrong and what to do."""
        try:
            return reader(self.data.get(name, ""), field=name, **options)
        except NotReadable as problem:
            self.add_error(name, say(problem))
            return None


class StoryForm(_CoreForm):
    """The second page: how to reach the reporter, and what happened. All of it is optional."""

    name = Told(label=_("Name"), required=False)
    phone = Told(label=_("Phone"), required=False)
    email = Told(label=_("E-mail"), required=False)
    story = Told(label=_("What happened?"), widget=forms.Textarea, required=False)

    def clean(self) -> dict[str, Any]:
        line = {"required": False}
        told = {
            "name": self.read("name", read_line, max_length=LONGEST_NAME, **line),
            "phone": self.read("phone", read_line, max_length=LONGEST_PHONE, **line),
            "email": "",
            "story": self.read("story", read_note, max_length=LONGEST_STORY),
        }
        if str(self.data.get("email", "")).strip():
            told["email"] = self.read("email", read_email)
        if not self.errors and not any(told.values()):
            self.add_error(None, _("Nothing was filled in. Fill in one of the fields, or skip."))
        return told


class FindForm(_CoreForm):
    """Reference and secret, as they were shown after the report was sent."""

    reference = Told(label=_("Reference"))
    secret = Told(label=_("Secret"))

    def clean(self) -> dict[str, Any]:
        return {
            "reference": self.read("reference", read_reference, kind=ReferenceKind.REPORT),
            "secret": self.read("secret", read_secret),
        }
