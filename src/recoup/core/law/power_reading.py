"""Reads the powers of a country, and refuses those that nobody could rely on, with their place."""

from __future__ import annotations

from datetime import date
from typing import Final

from recoup.core.law.events import When
from recoup.core.law.measures import Catalogue, Measure
from recoup.core.law.pack import LegalBasis
from recoup.core.law.powers import Emergency, Missing, Power, Standing
from recoup.core.law.table import Table, one_each, source_of
from recoup.core.law.units import Limit, limit_if_any, limit_of
from recoup.core.law.words import Words
from recoup.core.said import Said

A_MEASURE: Final = Said("a measure of law/measures.toml")
A_KIND: Final = Said("a kind of organisation of law/words.toml")
A_ROLE: Final = Said("a role of law/words.toml")


def read_powers(table: Table, catalogue: Catalogue) -> tuple[Power, ...]:
    """Return the powers of a pack in their order; raises PackRefused with the place."""
    powers = table.rows_if_any("power", lambda row: _power(row, catalogue))
    one_each(table, "power", [power.power for power in powers])
    return powers


def read_missing(
    table: Table, catalogue: Catalogue, powers: tuple[Power, ...]
) -> tuple[Missing, ...]:
    """Return what the pack says of measures without a power; raises PackRefused."""
    found = table.rows_if_any("missing", lambda row: _missing(row, catalogue, powers))
    one_each(table, "missing", [measure for row in found for measure in row.measures])
    return found


def _missing(row: Table, catalogue: Catalogue, powers: tuple[Power, ...]) -> Missing:
    measures = row.known("measures", catalogue, A_MEASURE)
    there = next((power for power in powers if power.measure in measures), None)
    if there is not None:
        raise row.refuse(
            "measures",
            Said(
                "%(power)s is a power for %(measure)s.",
                power=repr(there.power),
                measure=repr(there.measure),
            ),
        )
    source = source_of(row, is_assumed=False)
    return Missing(measures, row.text("why"), source, row.text("to_check"))


def _power(row: Table, catalogue: Catalogue) -> Power:
    words, measure = catalogue.words, _measure_of(row, catalogue)
    name, standing = row.text("id"), _standing(row)
    # What is invented needs no second source; a law names one for every time limit.
    of_row = standing.source if standing.assumed else ""
    power = Power(
        power=name,
        measure=measure.measure,
        data=_data(row, measure),
        legal_basis=_legal_basis(row, name, standing),
        requested_by=row.known("requested_by", words.kinds, A_KIND),
        authorised_by=row.known("authorised_by", words.roles, A_ROLE),
        addressees=_addressees(row, measure),
        acknowledge_within=limit_of(row, "acknowledge_within", source=of_row),
        answer_within=limit_of(row, "answer_within", source=of_row),
        effect=limit_if_any(row, "effect", source=of_row),
        extension=limit_if_any(row, "extension", source=of_row),
        extension_when=row.text("extension_when", default=""),
        extension_on=_condition(row),
        written_within=limit_if_any(row, "written_within", source=of_row),
        emergency=_emergency(row, words, of_row) if "emergency" in row.left else None,
        is_secret=row.take("is_secret", bool, default=False),
        is_reasoned=row.take("is_reasoned", bool, default=False),
        notify_after=limit_if_any(row, "notify_after", source=of_row),
        destroy_after=limit_if_any(row, "destroy_after", source=of_row),
        law_from=row.day_if_any("law_from"),
        law_until=row.day_if_any("law_until"),
        standing=standing,
    )
    _in_order(row, power)
    return power


def _measure_of(row: Table, catalogue: Catalogue) -> Measure:
    measure = row.text("measure")
    if measure not in catalogue:
        raise row.refuse(
            "measure", Said("%(word)s is not %(what)s.", word=repr(measure), what=A_MEASURE)
        )
    return catalogue[measure]


def _standing(row: Table) -> Standing:
    is_assumed = row.take("assumed", bool, default=False)
    standing = Standing(
        source=source_of(row, is_assumed=is_assumed),
        confirmed_by=row.text("confirmed_by", default=""),
        confirmed_on=row.day_if_any("confirmed_on"),
        read_on=row.day_if_any("read_on"),
        to_check=row.text("to_check", default=""),
        assumed=is_assumed,
    )
    if bool(standing.confirmed_by) != standing.is_confirmed:
        raise row.refuse("confirmed_by", Said("A confirmation says by whom and on which day."))
    if is_assumed and standing.is_confirmed:
        raise row.refuse("", Said("What is assumed is not confirmed."))
    if standing.is_confirmed and not _is_read(standing):
        raise row.refuse("read_on", Said("What is confirmed was read, on that day or before."))
    if not standing.is_confirmed and not is_assumed and not standing.to_check:
        raise row.refuse("to_check", Said("What is not confirmed says what has to be read."))
    return standing


def _is_read(standing: Standing) -> bool:
    return (
        standing.read_on is not None
        and standing.confirmed_on is not None
        and standing.read_on <= standing.confirmed_on
    )


def _legal_basis(row: Table, name: str, standing: Standing) -> LegalBasis:
    basis = LegalBasis(
        basis=name,
        instrument=row.text("instrument"),
        article=row.text("article"),
        text=row.text("text"),
        binding=row.take("binding", bool, default=not standing.assumed),
        confirmed=standing.is_confirmed,
        assumed=standing.assumed,
        source=standing.source,
        read_on=standing.read_on,
        to_check=standing.to_check,
    )
    if basis.binding and basis.assumed:
        raise row.refuse("binding", Said("What is assumed is not binding."))
    return basis


def _data(row: Table, measure: Measure) -> tuple[str, ...]:
    """The categories that are covered: those of the measure where the power names none."""
    if "data" not in row.left:
        return measure.data
    return row.known(
        "data", measure.data, Said("a category of %(measure)s", measure=repr(measure.measure))
    )


def _addressees(row: Table, measure: Measure) -> tuple[str, ...]:
    if "addressees" not in row.left:
        return measure.addressees
    return row.known(
        "addressees",
        measure.addressees,
        Said("an addressee of %(measure)s", measure=repr(measure.measure)),
    )


def _condition(row: Table) -> When | None:
    """The condition of an extension that a calendar can tell, where the pack gives one."""
    if "extension_on" not in row.left:
        return None
    told = row.text("extension_on")
    if told not in list(When):
        raise row.refuse(
            "extension_on",
            Said("%(told)s is none of %(all)s.", told=repr(told), all=", ".join(When)),
        )
    return When(told)


def _emergency(row: Table, words: Words, of_row: str) -> Emergency:
    table = Table(row.take("emergency", dict), f"{row.where}.emergency")
    if not {"confirmed_by", "confirm_within"} <= set(table.left):
        raise table.refuse("", Said("An emergency says who confirms it, and by when."))
    emergency = Emergency(
        dangers=table.known("dangers", words.dangers, Said("a danger of law/words.toml")),
        authorised_by=table.known("authorised_by", words.roles, A_ROLE),
        confirmed_by=table.known("confirmed_by", words.roles, A_ROLE),
        confirm_within=limit_of(table, "confirm_within", source=of_row),
        is_sealed=table.take("is_sealed", bool, default=False),
        submit_within=limit_if_any(table, "submit_within", source=of_row),
    )
    table.end()
    if emergency.submit_within and _is_longer(emergency.submit_within, emergency.confirm_within):
        raise table.refuse(
            "submit_within", Said("It is put before whoever confirms it before that time is over.")
        )
    if set(emergency.confirmed_by) <= set(emergency.authorised_by):
        raise table.refuse("confirmed_by", Said("Nobody confirms what the same role decided."))
    return emergency


def _in_order(row: Table, power: Power) -> None:
    """Days and limits that contradict each other."""
    if _is_before(power.law_until, power.law_from):
        raise row.refuse(
            "law_until",
            Said(
                "%(day)s is before %(first)s.", day=str(power.law_until), first=str(power.law_from)
            ),
        )
    if _is_longer(power.acknowledge_within, power.answer_within):
        raise row.refuse("answer_within", Said("An answer is not due before its acknowledgement."))
    if power.extension is not None and power.effect is None:
        raise row.refuse("extension", Said("What has no longest time (effect) is not extended."))
    if power.extension is None and power.extension_on is not None:
        raise row.refuse(
            "extension_on", Said("There is no extension that this would be a condition of.")
        )
    if (power.extension is None) != (not power.extension_when):
        raise row.refuse(
            "extension_when", Said("An extension says when there is one, and only it does.")
        )


def _is_before(day: date | None, other: date | None) -> bool:
    return day is not None and other is not None and day < other


def _is_longer(limit: Limit, other: Limit) -> bool:
    return limit.about_minutes > other.about_minutes
