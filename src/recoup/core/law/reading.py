"""Reads measures and packs from plain values, and refuses what is unknown or has no source.

The same reader takes our files and the versions stored in the hub. Every refusal names its
place, such as ``law/RS.toml: basis[2].source``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date, timedelta
from typing import Any, Final, TypeVar

from recoup.core.law.abroad import Channel, Treaty
from recoup.core.law.pack import (
    Caps,
    EscalationStep,
    LegalBasis,
    Measure,
    MeasureRule,
    NextStep,
    Pack,
)
from recoup.core.law.recall import PaymentScheme

T = TypeVar("T")
UNITS: Final = ("days", "hours", "minutes", "seconds")
HOLDING_RULES: Final = ("fifo",)
SHORTFALLS: Final = ("unseen",)
RECALLS: Final = ("available", "none", "unknown")
INVENTED: Final = "invented for the demonstration"


class PackRefused(Exception):
    """A file or stored version cannot be used. where: the place in it."""

    def __init__(self, where: str, problem: str) -> None:
        self.where, self.problem = where, problem
        super().__init__(f"{where}: {problem}")


class _Table:
    """One table of a document: every key is taken once, and none may be left over."""

    def __init__(self, values: object, where: str) -> None:
        if not isinstance(values, Mapping):
            raise PackRefused(where, "A table is needed here.")
        self.left, self.where = dict(values), where

    def refuse(self, key: str, problem: str) -> PackRefused:
        return PackRefused(f"{self.where}.{key}" if key else self.where, problem)

    def take(self, key: str, kind: type[T], *, default: T | None = None) -> T:
        value = self.left.pop(key, None)
        if value is None and default is not None:
            return default
        if value is None:
            raise self.refuse(key, "This is missing.")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.refuse(key, f"{value!r} is not a {kind.__name__}.")
        return value

    def text(self, key: str, *, default: str | None = None) -> str:
        value = self.take(key, str, default=default)
        if default is None and not value.strip():
            raise self.refuse(key, "This is empty.")
        return value

    def texts_if_any(self, key: str) -> tuple[str, ...]:
        return self.texts(key) if key in self.left else ()

    def texts(self, key: str) -> tuple[str, ...]:
        values = self.take(key, list)
        if not values or not all(isinstance(value, str) and value for value in values):
            raise self.refuse(key, "A list of words is needed here.")
        return tuple(values)

    def above_zero(self, key: str) -> int:
        value = self.take(key, int)
        if value <= 0:
            raise self.refuse(key, f"{value} is not above zero.")
        return value

    def duration(self, key: str) -> timedelta:
        parts = self.take(key, dict)
        is_whole = all(type(n) is int and 0 <= n <= 100_000 for n in parts.values())
        if not parts or not is_whole or set(parts) - set(UNITS):
            raise self.refuse(key, "Write a duration like { hours = 8 } in whole units.")
        return timedelta(**parts)

    def duration_if_any(self, key: str) -> timedelta | None:
        return self.duration(key) if key in self.left else None

    def day_if_any(self, key: str) -> date | None:
        if key not in self.left:
            return None
        text = self.text(key)
        try:
            return date.fromisoformat(text)
        except ValueError:
            raise self.refuse(key, f"{text!r} is not a day.") from None

    def rows(self, key: str, read: Callable[[_Table], T]) -> tuple[T, ...]:
        """Read a list of tables; it may not be empty."""
        values = self.take(key, list)
        if not values:
            raise self.refuse(key, "There has to be at least one.")
        found = []
        for place, row in enumerate(values):
            table = _Table(row, f"{self.where}{_joint(self.where)}{key}[{place}]")
            found.append(read(table))
            table.end()
        return tuple(found)

    def end(self) -> None:
        if self.left:
            raise self.refuse(sorted(map(str, self.left))[0], "This key is not known here.")


def _joint(where: str) -> str:
    return ": " if where.endswith(".toml") else "."


def _source(table: _Table, *, is_assumed: bool) -> str:
    source = table.text("source")
    if is_assumed and source != INVENTED:
        raise table.refuse("source", f"What is assumed has the source {INVENTED!r}.")
    if not is_assumed and not source.startswith("https://"):
        raise table.refuse("source", "The source is a public address that begins with https://.")
    return source


def _legal_basis(table: _Table) -> LegalBasis:
    is_assumed = table.take("assumed", bool)
    basis = LegalBasis(
        basis=table.text("id"),
        instrument=table.text("instrument"),
        article=table.text("article"),
        text=table.text("text"),
        binding=table.take("binding", bool),
        confirmed=table.take("confirmed", bool),
        assumed=is_assumed,
        source=_source(table, is_assumed=is_assumed),
        read_on=table.day_if_any("read_on"),
        to_check=table.text("to_check", default=""),
    )
    if basis.assumed and (basis.binding or basis.confirmed):
        raise table.refuse("", "What is assumed is neither binding nor confirmed.")
    _standing(table, basis)
    return basis


def _basis_named(table: _Table, bases: Mapping[str, LegalBasis]) -> LegalBasis:
    name = table.text("basis")
    if name not in bases:
        raise table.refuse("basis", f"There is no [[basis]] with the id {name!r}.")
    return bases[name]


def _rule(
    table: _Table, bases: Mapping[str, LegalBasis], measures: Mapping[str, Measure]
) -> MeasureRule:
    measure = table.text("measure")
    if measure not in measures:
        raise table.refuse("measure", f"{measure!r} is not a measure of law/measures.toml.")
    rule = MeasureRule(
        measure=measure,
        legal_basis=_basis_named(table, bases),
        acknowledge_within=table.duration("acknowledge_within"),
        answer_within=table.duration("answer_within"),
        lapses_after=table.duration_if_any("lapses_after"),
        precautionary_lapses_after=table.duration_if_any("precautionary_lapses_after"),
        hold_limit=table.duration_if_any("hold_limit"),
    )
    if not timedelta() < rule.acknowledge_within <= rule.answer_within:
        raise table.refuse("answer_within", "An answer is due after its acknowledgement.")
    if measure == "hold" and None in (rule.hold_limit, rule.precautionary_lapses_after):
        raise table.refuse("", "A hold has a hold_limit and a precautionary_lapses_after.")
    return rule


def _next_step(table: _Table, bases: Mapping[str, LegalBasis]) -> NextStep:
    return NextStep(
        step=table.text("id"),
        name=table.text("name"),
        legal_basis=_basis_named(table, bases),
        requested_by=table.text("requested_by"),
        authorised_by=table.text("authorised_by"),
        lasts=table.duration_if_any("lasts"),
        extension=table.duration_if_any("extension"),
        extension_when=table.text("extension_when", default=""),
        is_secret=table.take("is_secret", bool),
    )


def _scheme(table: _Table) -> PaymentScheme:
    is_assumed = table.take("assumed", bool)
    scheme = PaymentScheme(
        scheme=table.text("id"),
        name=table.text("name"),
        currencies=table.texts_if_any("currencies"),
        payer_schemes=table.texts_if_any("payer_schemes"),
        payee_schemes=table.texts_if_any("payee_schemes"),
        payer_countries=table.texts_if_any("payer_countries"),
        payee_countries=table.texts_if_any("payee_countries"),
        inside=table.take("inside", bool, default=False),
        across=table.take("across", bool, default=False),
        recall=table.text("recall"),
        within=table.duration_if_any("within"),
        confirmed=table.take("confirmed", bool),
        assumed=is_assumed,
        source=_source(table, is_assumed=is_assumed),
        law_from=table.day_if_any("law_from"),
        read_on=table.day_if_any("read_on"),
        to_check=table.text("to_check", default=""),
    )
    if scheme.recall not in RECALLS:
        raise table.refuse("recall", f"{scheme.recall!r} is none of {', '.join(RECALLS)}.")
    if (scheme.within is None) == (scheme.recall == "available"):
        raise table.refuse("within", "Only a recall that there is has a time, and it needs one.")
    _standing(table, scheme)
    return scheme


def _standing(table: _Table, found: LegalBasis | PaymentScheme) -> None:
    """What is confirmed says when it was read, what is not says what has to be."""
    if found.assumed and found.confirmed:
        raise table.refuse("", "What is assumed is not confirmed.")
    if found.confirmed and found.read_on is None:
        raise table.refuse("read_on", "What is confirmed says on which day it was read.")
    if not found.confirmed and not found.assumed and not found.to_check:
        raise table.refuse("to_check", "What is not confirmed says what has to be read.")


def _caps(table: _Table) -> Caps:
    caps = Caps(*(table.above_zero(field.name) for field in fields(Caps)))
    table.end()
    if caps.reports_kept_per_reporter_hour < caps.reports_per_reporter_hour:
        raise table.refuse("reports_kept_per_reporter_hour", "This is the wider of the two caps.")
    return caps


def _ladder(table: _Table) -> tuple[EscalationStep, ...]:
    ladder = table.rows(
        "escalation", lambda row: EscalationStep(row.text("to"), row.duration("after"))
    )
    if list(ladder) != sorted(ladder, key=lambda step: step.after):
        raise table.refuse("escalation", "A later step has to come after an earlier one.")
    return ladder


def _one_each(table: _Table, key: str, names: list[str]) -> None:
    twice = next((name for place, name in enumerate(names) if name in names[:place]), None)
    if twice is not None:
        raise table.refuse(key, f"{twice!r} stands here twice.")


def _holding(table: _Table) -> tuple[str, str]:
    rule, shortfall = table.text("rule"), table.text("shortfall")
    if rule not in HOLDING_RULES:
        raise table.refuse("rule", f"{rule!r} is not a rule for holding.")
    if shortfall not in SHORTFALLS:
        raise table.refuse("shortfall", f"{shortfall!r} is not known.")
    table.end()
    return rule, shortfall


def _by_word(
    document: Mapping[str, Any], where: str, key: str, read: Callable[[_Table], tuple[str, T]]
) -> Mapping[str, T]:
    """A document that is one list: what ``read`` makes of each row, by the row's own word."""
    table = _Table(document, where)
    rows = table.rows(key, read)
    table.end()
    _one_each(table, key, [word for word, _ in rows])
    return dict(rows)


def _measure(row: _Table) -> tuple[str, Measure]:
    measure = Measure(
        measure=row.text("id"),
        name=row.text("name"),
        asks=row.text("asks"),
        addressees=row.texts("addressees"),
        answer_codes=row.texts("answer_codes"),
        source=_source(row, is_assumed=False),
    )
    return measure.measure, measure


def read_measures(document: Mapping[str, Any], *, where: str) -> Mapping[str, Measure]:
    """Return the measures of a document by their words; raises PackRefused."""
    return _by_word(document, where, "measure", _measure)


def read_pack(document: Mapping[str, Any], *, measures: Mapping[str, Measure], where: str) -> Pack:
    """Return a country's pack from plain JSON values; raises PackRefused with the place."""
    table = _Table(document, where)
    found = table.rows("basis", _legal_basis)
    bases = {basis.basis: basis for basis in found}
    rules = table.rows("measure", lambda row: _rule(row, bases, measures))
    next_steps = table.rows("next_step", lambda row: _next_step(row, bases))
    schemes = table.rows("scheme", _scheme) if "scheme" in table.left else ()
    holding = _holding(_Table(table.take("holding", dict), f"{where}: holding"))
    pack = Pack(
        country=table.text("country"),
        version=table.above_zero("version"),
        name=table.text("name"),
        currency=table.text("currency"),
        time_zone=table.text("time_zone"),
        languages=table.texts("languages"),
        notice=table.text("notice"),
        holding_rule=holding[0],
        shortfall=holding[1],
        rules=rules,
        caps=_caps(_Table(table.take("caps", dict), f"{where}: caps")),
        escalation=_ladder(table),
        next_steps=next_steps,
        schemes=schemes,
        document=dict(document),
    )
    table.end()
    _one_each(table, "basis", [basis.basis for basis in found])
    _one_each(table, "measure", [rule.measure for rule in rules])
    _one_each(table, "next_step", [step.step for step in next_steps])
    _one_each(table, "scheme", [scheme.scheme for scheme in schemes])
    return pack


def read_treaty(document: Mapping[str, Any], *, where: str) -> Treaty:
    """Return a treaty's articles and parties; raises PackRefused with the place."""
    table = _Table(document, where)
    bases = table.rows("basis", _legal_basis)
    parties = table.rows("party", lambda row: (row.text("country"), row.day_if_any("in_force")))
    treaty = Treaty(
        treaty=table.text("treaty"),
        name=table.text("name"),
        source=_source(table, is_assumed=False),
        chart=table.text("chart"),
        bases=bases,
        parties={country: day for country, day in parties if day is not None},
    )
    table.end()
    _one_each(table, "basis", [basis.basis for basis in bases])
    _one_each(table, "party", [country for country, _ in parties])
    return treaty


def _channel(row: _Table) -> tuple[str, Channel]:
    channel = Channel(
        channel=row.text("id"),
        name=row.text("name"),
        between=row.text("between"),
        answer_within=row.duration("answer_within"),
        confirmed=row.take("confirmed", bool),
        source=_source(row, is_assumed=False),
        to_check=row.text("to_check", default=""),
    )
    return channel.channel, channel


def read_channels(document: Mapping[str, Any], *, where: str) -> Mapping[str, Channel]:
    """Return the channels of a document by their words; raises PackRefused."""
    return _by_word(document, where, "channel", _channel)
