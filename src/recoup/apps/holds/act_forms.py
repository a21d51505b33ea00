"""Forms of an officer's acts on a ticket or a task: a sum, and the ground that is kept with it.

Sums are read as people write them. What is wrong stands at its field, with what was typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from recoup.apps.reports.forms import shown_again
from recoup.apps.said import reason
from recoup.core.money import Currency, read_sum
from recoup.core.text import NotReadable, read_note

LONGEST_GROUND = 200
NO_GROUND = format_lazy("{} {}", _("The ground is missing."), _("Write one sentence."))


class GroundForm(forms.Form):
    """Why it is done: one sentence, which stays in the trail of acts."""

    act = ""
    ground = forms.CharField(
        label=_("Ground"), max_length=LONGEST_GROUND, error_messages={"required": NO_GROUND}
    )

    def __init__(self, typed: Mapping[str, str] | None = None) -> None:
        super().__init__(typed, auto_id=f"{self.act}-%s")

    def clean_ground(self) -> str:
        return str(self.read(lambda: read_note(self.cleaned_data["ground"], field="ground")))

    @staticmethod
    def read(reader: Any) -> Any:
        """What core reads, or its refusal as the field's error."""
        try:
            return reader()
        except NotReadable as problem:
            raise forms.ValidationError(reason(problem)) from None

    def clean(self) -> None:
        self.data = {name: shown_again(name, str(self.data.get(name, ""))) for name in self.fields}


class WithdrawForm(GroundForm):
    act = "withdraw"


class AskForm(GroundForm):
    act = "ask"


class NotSentForm(GroundForm):
    act = "not-sent"


class ReduceForm(GroundForm):
    """The new total, in the ticket's currency; zero lifts the whole block."""

    act = "reduce"
    amount = forms.CharField(
        label=_("New total to hold"), error_messages={"required": _("No amount was filled in.")}
    )
    field_order = ("amount", "ground")

    def __init__(self, typed: Mapping[str, str] | None = None, *, currency: Currency) -> None:
        super().__init__(typed)
        self.currency = currency

    def clean_amount(self) -> int:
        return int(self.read(lambda: read_sum(self.cleaned_data["amount"], self.currency)))
