"""A checklist in the reader's words: the page and the file take theirs from here."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy, ngettext, pgettext_lazy

from recoup.apps.guidelines.checklist import Line
from recoup.apps.guidelines.figures import Row
from recoup.core.guidelines import Control, Figure, Level, Measured, Outcome, Side, State
from recoup.data.guidelines import load_guidelines

SIDES: Final[Mapping[Side, Any]] = {
    Side.COMMON: gettext_lazy("For both sides"),
    Side.LAW_ENFORCEMENT: gettext_lazy("For those who ask"),
    Side.PROVIDER: gettext_lazy("For those who answer"),
}
LEVELS: Final[Mapping[Level, Any]] = {
    Level.ABSENT: gettext_lazy("absent"),
    Level.INFORMAL: gettext_lazy("informal: done, but not written down"),
    Level.WRITTEN: gettext_lazy("written"),
    Level.MEASURED: gettext_lazy("written and measured"),
}
STATES: Final[Mapping[State, tuple[Any, str]]] = {
    State.PROVED: (pgettext_lazy("a control", "proved by Recoup"), "good"),
    State.DECLARED: (pgettext_lazy("a control", "declared"), "returned"),
    State.INFORMAL: (pgettext_lazy("a control", "open: informal only"), "wait"),
    State.MISSED: (pgettext_lazy("a control", "open: target missed"), "bad"),
    State.OPEN: (pgettext_lazy("a control", "open"), "info"),
}
# What a source calls its rows, where it is no name, number or measure.
DETAILS: Final[Mapping[str, Any]] = {
    "name": gettext_lazy("name"),
    "telephone": gettext_lazy("telephone"),
    "e-mail": gettext_lazy("e-mail"),
    "on duty": gettext_lazy("somebody on duty"),
    "lapsed": gettext_lazy("ended because time ran out"),
    "denied": gettext_lazy("the loss was denied"),
}


@dataclass(frozen=True, slots=True)
class Written:
    """One control in words. declared: what it counts as and what is behind it; "" for nothing."""

    control: str
    text: str
    proof: str
    state: str
    tone: str
    figure: str
    how: str
    counted_on: str
    declared: str
    evidence: str
    standing: str
    is_measured: bool
    has_rows: bool


def written(line: Line) -> Written:
    """Put one line of a checklist into words."""
    control, standing = line.control, line.standing
    words, tone = STATES[standing.state]
    figure = standing.figure
    return Written(
        control=control.control,
        text=gettext(control.text),
        proof=gettext(control.proof),
        state=str(words),
        tone=tone,
        figure=_figure(line) if figure else "",
        how=how_computed(control.measured) if control.measured else "",
        counted_on=period(figure) if figure else "",
        declared=_declared(line),
        evidence=line.declaration.evidence if line.declaration else "",
        standing=origin(control),
        is_measured=control.measured is not None,
        has_rows=bool(figure and figure.numerator < figure.denominator),
    )


def how_computed(measured: Measured) -> str:
    """What is divided by what, and what has to come out."""
    return gettext("%(counts)s, of: %(of)s. Target: at least %(target)s %%.") % {
        "counts": gettext(measured.counts), "of": gettext(measured.of), "target": measured.target,
    }  # fmt: skip


def period(figure: Figure) -> str:
    """From when to when was counted; the moment alone for what is so now."""
    if figure.since == figure.at:
        return gettext("counted now, %(at)s") % {"at": moment(figure.at)}
    return gettext("counted now, %(at)s, since %(since)s") % {
        "at": moment(figure.at), "since": moment(figure.since),
    }  # fmt: skip


def moment(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def origin(control: Control) -> str:
    """Where it stands in the guidelines, and that nobody has confirmed it."""
    values = {"n": control.paragraph, "who": control.origin.confirmed_by}
    if control.origin.is_confirmed:
        return gettext("Paragraph %(n)s, compared with the text by %(who)s.") % values
    if control.origin.is_sourced:
        return gettext("About paragraph %(n)s; named by a public source, not confirmed.") % values
    return gettext("About paragraph %(n)s; general knowledge, not confirmed.") % values


def row_words(row: Row) -> tuple[str, str]:
    """The two words of a row behind a figure."""
    label, detail = DETAILS.get(row.label, row.label), DETAILS.get(row.detail, row.detail)
    return str(label), str(detail)


def _figure(line: Line) -> str:
    figure, measured = line.standing.figure, line.control.measured
    assert figure is not None and measured is not None  # noqa: S101  (who calls has looked)
    if line.standing.outcome is Outcome.TOO_LITTLE:
        text = ngettext(
            "Too little to say: %(n)s was counted, %(enough)s are needed.",
            "Too little to say: %(n)s were counted, %(enough)s are needed.",
            figure.denominator,
        ) % {"n": figure.denominator, "enough": measured.enough}
    else:
        text = gettext("%(n)s of %(all)s, %(percent)s %%") % {
            "n": figure.numerator, "all": figure.denominator, "percent": figure.percent,
        }  # fmt: skip
    took = line.took
    if took is None or took.median is None or took.nine_of_ten is None:
        return text
    return text + gettext("; half within %(half)s min, nine of ten within %(most)s min") % {
        "half": _minutes(took.median.total_seconds()),
        "most": _minutes(took.nine_of_ten.total_seconds()),
    }  # fmt: skip


def _minutes(seconds: float) -> int:
    """Whole minutes, rounded up: nothing is told as faster than it was."""
    return -int(-seconds // 60)


def _declared(line: Line) -> str:
    row = line.declaration
    if row is None:
        return ""
    text = gettext("%(level)s, by %(who)s on %(day)s") % {
        "level": LEVELS[Level(row.level)], "who": row.person.full_name,
        "day": timezone.localdate(row.declared_at).isoformat(),
    }  # fmt: skip
    if row.dated:
        text += gettext("; document of %(day)s") % {"day": row.dated.isoformat()}
    if row.reviewed_on:
        text += gettext("; reviewed on %(day)s") % {"day": row.reviewed_on.isoformat()}
    if line.standing.is_aged and line.standing.level is not None:
        text += gettext(". Not reviewed for more than %(months)s months: counts as “%(level)s”") % {
            "months": load_guidelines().counting.review_after_months,
            "level": LEVELS[line.standing.level],
        }
    return text + "."
