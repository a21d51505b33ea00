"""The form of one power: what a ministry officer fills in, as the row that the law's reader takes.

The form knows no law: it brings words and numbers into the shape of a pack. Whether that can be
relied on says the reader, and its sentence is shown at the field it names.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.utils.translation import gettext, pgettext_lazy

from recoup.apps.lawful_requests.law_operations import LawRefused
from recoup.apps.lawful_requests.refusals import RequestRefused
from recoup.apps.said import in_words, reason
from recoup.core.law import Unit
from recoup.core.text import NotReadable, read_line, read_note
from recoup.data import load_measures, load_words
from recoup.web import law_words
from recoup.web.templatetags.recoup_ui import law_words as in_reader_words

UNITS: Final = (
    (Unit.MINUTES.value, pgettext_lazy("a unit of a limit", "minutes")),
    (Unit.HOURS.value, pgettext_lazy("a unit of a limit", "hours")),
    (Unit.DAYS.value, pgettext_lazy("a unit of a limit", "days")),
    (Unit.WORKING_DAYS.value, pgettext_lazy("a unit of a limit", "working days")),
    (Unit.MONTHS.value, pgettext_lazy("a unit of a limit", "months")),
)
TEXTS: Final = (
    "instrument", "article", "text", "extension_when", "source", "to_check", "confirmed_by",
)  # fmt: skip
MOST: Final = 2000
LONG: Final = ("text", "to_check")
DAYS: Final = ("law_from", "law_until", "read_on", "confirmed_on")
OF_POWER: Final = ("requested_by", "authorised_by", "addressees", "data")
OF_EMERGENCY: Final = ("emergency_dangers", "emergency_authorised_by", "emergency_confirmed_by")
LISTS: Final = (*OF_POWER, *OF_EMERGENCY)
OF_CONFIRMING: Final = ("emergency_submit_within", "emergency_confirm_within")
LIMITS: Final = (*law_words.LIMITS, *OF_CONFIRMING)
EMERGENCY: Final = "emergency_"
MUST: Final = ("instrument", "article", "text", "source", "requested_by", "authorised_by")
FORBIDDEN_EMPTY: Final = ("acknowledge_within", "answer_within")


class ReadableField(forms.CharField):
    """Text that shows what it is: no sign in it turns, hides or covers others."""

    def __init__(self, *, lines: bool = False, **given: Any) -> None:
        self._read = read_note if lines else read_line
        super().__init__(widget=forms.Textarea() if lines else forms.TextInput(), **given)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return self._read(text, field="", max_length=self.max_length or MOST, required=False)
        except NotReadable as problem:
            raise forms.ValidationError(reason(problem)) from None


FLAGS: Final = ("is_secret", "is_reasoned")


class PowerForm(forms.Form):
    """One power for one measure. row: as it stands in the draft; of a new one the measure only."""

    binding = forms.BooleanField(label=law_words.FIELDS["binding"], required=False)
    is_secret = forms.BooleanField(label=law_words.FIELDS["is_secret"], required=False)
    is_reasoned = forms.BooleanField(label=law_words.FIELDS["is_reasoned"], required=False)

    def __init__(self, row: Mapping[str, Any], data: Any = None) -> None:
        self.row, self.flat = dict(row), _flat(row)
        super().__init__(data, initial=_initial(self.flat))
        for name in TEXTS:
            self.fields[name] = ReadableField(
                label=law_words.FIELDS[name], required=name in MUST, max_length=MOST,
                lines=name in LONG,
            )  # fmt: skip
        for name in DAYS:
            self.fields[name] = forms.DateField(
                label=law_words.FIELDS[name], required=False,
                widget=forms.DateInput(attrs={"type": "date"}),
            )  # fmt: skip
        for name, choices in _choices(self.row["measure"]).items():
            self.fields[name] = forms.MultipleChoiceField(
                label=law_words.FIELDS[name], choices=choices, required=name in MUST,
                widget=forms.CheckboxSelectMultiple(),
            )  # fmt: skip
        for name in LIMITS:
            self._limit_fields(name)

    def _limit_fields(self, name: str) -> None:
        label = law_words.FIELDS[name]
        self.fields[f"{name}_count"] = forms.IntegerField(
            label=label, required=name in FORBIDDEN_EMPTY, min_value=1, max_value=100_000
        )
        self.fields[f"{name}_unit"] = forms.ChoiceField(
            label=gettext("Unit"), choices=UNITS, required=False
        )
        self.fields[f"{name}_source"] = ReadableField(
            label=gettext("Where the law sets it"), required=False, max_length=500
        )
        self.fields[f"{name}_planned"] = forms.BooleanField(
            label=gettext("No law sets it: we plan with it"), required=False
        )

    # How the template finds them

    @property
    def limits(self) -> list[dict[str, Any]]:
        return [self._bound_limit(name) for name in law_words.LIMITS]

    @property
    def confirming_limits(self) -> list[dict[str, Any]]:
        return [self._bound_limit(name) for name in OF_CONFIRMING]

    def _bound_limit(self, name: str) -> dict[str, Any]:
        parts = {part: self[f"{name}_{part}"] for part in ("count", "unit", "source", "planned")}
        errors = [error for part in parts.values() for error in part.errors]
        return {"label": law_words.FIELDS[name], "name": name, "errors": errors,
                "must": name in FORBIDDEN_EMPTY, **parts}  # fmt: skip

    @property
    def lists(self) -> list[dict[str, Any]]:
        return self._bound_lists(OF_POWER)

    @property
    def emergency_lists(self) -> list[dict[str, Any]]:
        return self._bound_lists(OF_EMERGENCY)

    def _bound_lists(self, names: Sequence[str]) -> list[dict[str, Any]]:
        return [
            {"field": self[name], "options": _options(self[name])}
            for name in names if name in self.fields
        ]  # fmt: skip

    def as_row(self) -> dict[str, Any]:
        """The row that the reader takes; what the form does not show stays as it was."""
        given = self.cleaned_data
        row = {**self.flat, **{name: given[name] for name in ("binding", *FLAGS)}}
        for name in TEXTS:
            row[name] = given[name].strip()
        for name in DAYS:
            row[name] = given[name].isoformat() if given[name] else ""
        for name in LISTS:
            row[name] = _in_old_order(given.get(name) or [], self.flat.get(name, ()))
        for name in LIMITS:
            row[name] = self._limit(name)
        return _deep(_shortest(row, self.flat))

    def _limit(self, name: str) -> dict[str, Any]:
        given = self.cleaned_data
        count = given[f"{name}_count"]
        if not count:
            return {}
        found: dict[str, Any] = {given[f"{name}_unit"] or Unit.HOURS.value: count}
        if given[f"{name}_planned"]:
            found["planned"] = True
        if source := given[f"{name}_source"].strip():
            found["source"] = source
        before = self.flat.get(name) or {}
        kept = {part: before[part] for part in ("unsourced", "ends") if part in before}
        if found == {part: value for part, value in before.items() if part not in kept}:
            found |= kept  # what the form does not show stays, while the limit is the same
        return found

    def tell(self, refused: RequestRefused) -> None:
        """Show a refusal at the field that it names, else over the form with its place."""
        field = refused.field
        if field == "emergency":
            field = "emergency_confirmed_by"
        if f"{field}_count" in self.fields:
            field = f"{field}_count"
        said = in_words(refused.said)
        if field in self.fields:
            self.add_error(field, said)
        else:
            where = f"{refused.where}: " if isinstance(refused, LawRefused) else ""
            self.add_error(None, f"{where}{said}")


def _initial(row: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: row.get(name, "") for name in (*TEXTS, *DAYS)}
    found |= {name: row[name] for name in LISTS if name in row}
    found |= {name: row.get(name, False) for name in FLAGS}
    found["binding"] = row.get("binding", not row.get("assumed", False))
    for name in LIMITS:
        limit = row.get(name, {})
        unit = next((unit.value for unit in Unit if unit in limit), Unit.HOURS.value)
        found |= {
            f"{name}_count": limit.get(unit, ""), f"{name}_unit": unit,
            f"{name}_source": limit.get("source", ""),
            f"{name}_planned": limit.get("planned", False),
        }  # fmt: skip
    return found


def _choices(measure: str) -> dict[str, list[tuple[str, str]]]:
    words, found = load_words(), load_measures()[measure]
    lists: dict[str, Any] = {
        "requested_by": (words.kinds, words.kinds), "authorised_by": (words.roles, words.roles),
        "addressees": (found.addressees, words.kinds), "data": (found.data, words.categories),
        "emergency_dangers": (words.dangers, words.dangers),
        "emergency_authorised_by": (words.roles, words.roles),
        "emergency_confirmed_by": (words.roles, words.roles),
    }  # fmt: skip
    return {
        name: [(word, in_reader_words(known[word].name)) for word in given]
        for name, (given, known) in lists.items() if given
    }  # fmt: skip


def _options(bound: Any) -> list[dict[str, Any]]:
    chosen = set(bound.value() or ())
    return [
        {"value": word, "label": name, "is_chosen": word in chosen, "id": f"{bound.auto_id}_{n}"}
        for n, (word, name) in enumerate(bound.field.choices)
    ]


def _flat(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with the values of its emergency beside its own."""
    own = {name: value for name, value in row.items() if name != "emergency"}
    return own | {EMERGENCY + name: value for name, value in row.get("emergency", {}).items()}


def _deep(flat: Mapping[str, Any]) -> dict[str, Any]:
    """The row again; without an emergency where nothing is said of one."""
    own = {name: value for name, value in flat.items() if not name.startswith(EMERGENCY)}
    urgent = {
        name.removeprefix(EMERGENCY): value
        for name, value in flat.items() if name.startswith(EMERGENCY)
    }  # fmt: skip
    return own | ({"emergency": urgent} if urgent else {})


def _in_old_order(chosen: list[str], before: Sequence[str]) -> list[str]:
    """What was there as it stood, then what came: another order is no change of the law."""
    return [word for word in before if word in chosen] + [
        word for word in chosen if word not in before
    ]


def _shortest(row: dict[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """Without what is empty and what was not said before and means the same unsaid."""
    unsaid = {"binding": not row.get("assumed", False), **dict.fromkeys(FLAGS, False)}
    return {
        name: value for name, value in row.items()
        if not (value in ("", []) or value == {})
        and not (name in unsaid and value == unsaid[name] and name not in before)
    }  # fmt: skip
