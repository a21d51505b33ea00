"""The form of a declaration: how far, which document, when it was written and last looked at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from recoup.apps.guidelines.wording import LEVELS
from recoup.apps.said import in_words, reason
from recoup.core.guidelines import Level, NewDeclaration, Problem
from recoup.core.moments import read_day
from recoup.core.text import NotReadable, read_note

LONGEST = 1000
DAY = _("As on paper: 2026-03-31.")


class DeclareForm(forms.Form):
    """What somebody declares. What core finds wrong beside it comes in by ``refuse``."""

    level = forms.ChoiceField(
        label=_("How far is your organisation?"),
        widget=forms.RadioSelect,
        choices=[(str(int(level)), words) for level, words in LEVELS.items()],
        error_messages={"required": _("Choose one."), "invalid_choice": _("Choose one.")},
    )
    evidence = forms.CharField(
        label=_("Evidence"), required=False, max_length=LONGEST, widget=forms.Textarea,
        help_text=_("Which document or record shows it, and where it is kept. No case data."),
    )  # fmt: skip
    dated = forms.CharField(label=_("Date of the document"), required=False, help_text=DAY)
    reviewed_on = forms.CharField(label=_("Last reviewed on"), required=False, help_text=DAY)

    def clean_evidence(self) -> str:
        text = self.cleaned_data["evidence"].replace("\r\n", "\n")
        return str(_read(lambda: read_note(text, field="evidence", max_length=LONGEST)))

    def clean_dated(self) -> date | None:
        return self._day("dated")

    def clean_reviewed_on(self) -> date | None:
        return self._day("reviewed_on")

    def _day(self, field: str) -> date | None:
        text = self.cleaned_data[field].strip()
        return _read(lambda: read_day(text, field=field)) if text else None

    def declaration(self) -> NewDeclaration:
        """What was filled in; only after ``is_valid``."""
        told = self.cleaned_data
        return NewDeclaration(
            Level(int(told["level"])), told["evidence"], told["dated"], told["reviewed_on"]
        )

    def refuse(self, problems: tuple[Problem, ...]) -> None:
        for problem in problems:
            field = problem.field if problem.field in self.fields else None
            self.add_error(field, in_words(problem.said))


def _read(reader: Callable[[], Any]) -> Any:
    try:
        return reader()
    except NotReadable as problem:
        raise forms.ValidationError(reason(problem)) from None
