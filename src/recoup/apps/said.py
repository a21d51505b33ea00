"""Says in the reader's language what core, standards and stations say in English.

Every template of a ``Said`` is a text of the catalogs (``web/catalogs.py`` collects them), so a
sentence that nobody has translated fails a test. What is no ``Said`` stays as it is: a name, a
value, or a text that was translated where it was written.
"""

from __future__ import annotations

from decimal import Decimal

from babel.dates import format_date
from babel.numbers import format_decimal
from django.utils.translation import get_language, gettext

from recoup.core.lawful_request import MoveRefused
from recoup.core.said import Said, SaidCode, SaidList, SaidMoment, SaidSum
from recoup.core.text import NotReadable
from recoup.standards.strict_csv import Refusal, shortened

BABEL_NAMES = {"sr": "sr_Cyrl", "sr-latn": "sr_Latn"}
NO_BREAK = "\u00a0"


def in_words(text: object) -> str:
    """Return a sentence in the reader's language, with its values."""
    if isinstance(text, SaidSum):
        return _sum(text)
    if isinstance(text, SaidMoment):
        return _moment(text)
    if isinstance(text, SaidCode):
        return gettext("“%(words)s”") % {"words": gettext(text.words)}
    if isinstance(text, SaidList):
        return ", ".join(map(in_words, text.parts))
    if not isinstance(text, Said):
        return str(text)
    words = gettext(text.template)
    return words % {n: in_words(v) for n, v in text.values.items()} if text.values else words


def reason(problem: Exception) -> str:
    """What an error says: for what could not be read, what is wrong and what to do."""
    if isinstance(problem, NotReadable):
        return in_words(problem.said)
    if isinstance(problem, MoveRefused):
        return gettext(
            "The ticket does not wait for this any more: it was answered, was withdrawn or has "
            "ended. Load its page again."
        )
    return in_words(problem.args[0]) if problem.args else str(problem)


def refusal(refused: Refusal) -> str:
    """One refused place of a file: its line, column and value, and why."""
    where = gettext("The file")
    if refused.line:
        where = gettext("Line %(n)s") % {"n": refused.line}
    if refused.column:
        where += gettext(", column %(column)s") % {"column": refused.column}
    if refused.value:
        where += gettext(", value “%(value)s”") % {"value": shortened(refused.value)}
    return f"{where}: {in_words(refused.problem)}"


def _locale() -> str:
    language = get_language() or "en"
    return BABEL_NAMES.get(language, language)


def _moment(told: SaidMoment) -> str:
    """A day as the reader's language writes it; the time of day is the same in every language."""
    if _locale() == "en":
        return str(told)
    pattern = ("EEE d. MMM" if told.has_weekday else "d. MMM") + (" y." if told.has_year else "")
    return f"{format_date(told.day, pattern, locale=_locale())} {told.clock}".rstrip()


def _sum(told: SaidSum) -> str:
    pattern = "#,##0" + ("." + "0" * told.decimals if told.decimals else "")
    amount = Decimal(told.minor_units).scaleb(-told.decimals)
    return f"{format_decimal(amount, format=pattern, locale=_locale())}{NO_BREAK}{told.currency}"
