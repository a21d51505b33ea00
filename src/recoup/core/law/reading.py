"""Reads measures and packs from plain values, and refuses what is unknown or has no source.

The same reader takes our files and the versions stored in the hub. Every refusal names its
place, such as ``law/RS.toml: basis[2].source``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import timedelta
from itertools import pairwise
from typing import Any, Final

from recoup.core.law.abroad import Article, Channel, Treaty, TreatyParty
from recoup.core.law.measures import Catalogue
from recoup.core.law.pack import Caps, EscalationStep, LegalBasis, MeasureRule, NextStep, Pack
from recoup.core.law.power_reading import read_missing, read_powers
from recoup.core.law.recall import PaymentScheme
from recoup.core.law.table import Table, by_word, one_each, source_of
from recoup.core.law.units import Limit, limit_of

HOLDING_RULES: Final = ("fifo",)
SHORTFALLS: Final = ("unseen",)
RECALLS: Final = ("available", "none", "unknown")
NOTED: Final = ("XK",)
LADDER: Final = ("desk", "supervisor", "issuing_authority")


def _legal_basis(table: Table) -> LegalBasis:
    is_assumed = table.take("assumed", bool)
    basis = LegalBasis(
        basis=table.text("id"),
        instrument=table.text("instrument"),
        article=table.text("article"),
        text=table.text("text"),
        binding=table.take("binding", bool),
        confirmed=table.take("confirmed", bool),
        assumed=is_assumed,
        source=source_of(table, is_assumed=is_assumed),
        read_on=table.day_if_any("read_on"),
        to_check=table.text("to_check", default=""),
    )
    if basis.assumed and (basis.binding or basis.confirmed):
        raise table.refuse("", "What is assumed is neither binding nor confirmed.")
    _standing(table, basis)
    return basis


def _basis_named(table: Table, bases: Mapping[str, LegalBasis]) -> LegalBasis:
    name = table.text("basis")
    if name not in bases:
        raise table.refuse("basis", f"There is no [[basis]] with the id {name!r}.")
    return bases[name]


def _rule(table: Table, bases: Mapping[str, LegalBasis], measures: Catalogue) -> MeasureRule:
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


def _next_step(table: Table, bases: Mapping[str, LegalBasis]) -> NextStep:
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


def _scheme(table: Table) -> PaymentScheme:
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
        source=source_of(table, is_assumed=is_assumed),
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


def _standing(table: Table, found: LegalBasis | PaymentScheme | Article) -> None:
    """What is confirmed says when it was read, what is not says what has to be."""
    is_assumed = not isinstance(found, Article) and found.assumed
    if is_assumed and found.confirmed:
        raise table.refuse("", "What is assumed is not confirmed.")
    if found.confirmed and found.read_on is None:
        raise table.refuse("read_on", "What is confirmed says on which day it was read.")
    if not found.confirmed and not is_assumed and not found.to_check:
        raise table.refuse("to_check", "What is not confirmed says what has to be read.")


def _caps(table: Table) -> Caps:
    caps = Caps(*(table.above_zero(field.name) for field in fields(Caps)))
    table.end()
    if caps.reports_kept_per_reporter_hour < caps.reports_per_reporter_hour:
        raise table.refuse("reports_kept_per_reporter_hour", "This is the wider of the two caps.")
    return caps


def _ladder(table: Table) -> tuple[EscalationStep, ...]:
    """Who hears of an overdue clock: from the desk upwards, at once, and nobody is left out."""
    ladder = table.rows(
        "escalation", lambda row: EscalationStep(row.text("to"), row.duration("after"))
    )
    steps, times = [step.to for step in ladder], [step.after for step in ladder]
    unknown = next((step for step in steps if step not in LADDER), None)
    if unknown is not None:
        raise table.refuse("escalation", f"{unknown!r} is none of {', '.join(LADDER)}.")
    if any(later <= earlier for earlier, later in pairwise(times)):
        raise table.refuse("escalation", "A later step has to come after an earlier one.")
    if tuple(steps) != LADDER[: len(steps)]:
        raise table.refuse("escalation", f"A step is left out; the ladder is {', '.join(LADDER)}.")
    if times[0]:
        raise table.refuse("escalation", "The first step hears at once: after = { minutes = 0 }.")
    return ladder


def _holding(table: Table) -> tuple[str, str]:
    rule, shortfall = table.text("rule"), table.text("shortfall")
    if rule not in HOLDING_RULES:
        raise table.refuse("rule", f"{rule!r} is not a rule for holding.")
    if shortfall not in SHORTFALLS:
        raise table.refuse("shortfall", f"{shortfall!r} is not known.")
    table.end()
    return rule, shortfall


def read_pack(document: Mapping[str, Any], *, measures: Catalogue, where: str) -> Pack:
    """Return a country's pack from plain JSON values; raises PackRefused with the place."""
    table = Table(document, where)
    found = table.rows_if_any("basis", _legal_basis)
    bases = {basis.basis: basis for basis in found}
    rules = table.rows_if_any("measure", lambda row: _rule(row, bases, measures))
    next_steps = table.rows_if_any("next_step", lambda row: _next_step(row, bases))
    schemes = table.rows_if_any("scheme", _scheme)
    holding = _holding(Table(table.take("holding", dict), f"{where}: holding"))
    powers = read_powers(table, measures)
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
        caps=_caps(Table(table.take("caps", dict), f"{where}: caps")),
        escalation=_ladder(table),
        next_steps=next_steps,
        schemes=schemes,
        document=dict(document),
        powers=powers,
        missing=read_missing(table, measures, powers),
        note=table.text("note", default=""),
    )
    _name(table, pack)
    table.end()
    one_each(table, "basis", [basis.basis for basis in found])
    one_each(table, "measure", [rule.measure for rule in rules])
    one_each(table, "next_step", [step.step for step in next_steps])
    one_each(table, "scheme", [scheme.scheme for scheme in schemes])
    return pack


def _name(table: Table, pack: Pack) -> None:
    """A name with an asterisk has its note, which is shown wherever the name is."""
    if (pack.country in NOTED or pack.name.endswith("*")) and not pack.note:
        raise table.refuse("note", "A name with an asterisk says here what it means.")
    if pack.note and not pack.name.endswith("*"):
        raise table.refuse("name", "A name with a note ends with an asterisk.")


def read_treaty(document: Mapping[str, Any], *, where: str) -> Treaty:
    """Return a treaty's articles and parties; raises PackRefused with the place."""
    table = Table(document, where)
    bases = table.rows_if_any("basis", _legal_basis)
    articles = table.rows("article", _article)
    acts = table.rows("party", _party)
    treaty = Treaty(
        treaty=table.text("treaty"),
        name=table.text("name"),
        source=source_of(table, is_assumed=False),
        chart=table.text("chart"),
        bases=bases,
        parties={act.country: act.in_force for act in acts if act.in_force is not None},
        articles=articles,
        acts=acts,
        in_force=table.day_if_any("in_force"),
        notice=table.text("notice", default=""),
    )
    table.end()
    one_each(table, "basis", [basis.basis for basis in bases])
    one_each(table, "article", [article.article for article in articles])
    one_each(table, "party", [act.country for act in acts])
    if treaty.in_force is None and treaty.parties:
        raise table.refuse("in_force", "A treaty that is in force somewhere is in force itself.")
    return treaty


def _article(row: Table) -> Article:
    article = Article(
        article=row.text("article"),
        name=row.text("name"),
        text=row.text("text"),
        limits=row.rows_if_any("limit", _article_limit),
        refusal_grounds=row.texts_if_any("refusal_grounds"),
        source=source_of(row, is_assumed=False),
        confirmed=row.take("confirmed", bool, default=False),
        read_on=row.day_if_any("read_on"),
        to_check=row.text("to_check", default=""),
    )
    _standing(row, article)
    return article


def _article_limit(row: Table) -> tuple[str, Limit]:
    return row.text("what"), limit_of(row, "limit")


def _party(row: Table) -> TreatyParty:
    party = TreatyParty(
        country=row.text("country"),
        signed=row.day_if_any("signed"),
        ratified=row.day_if_any("ratified"),
        in_force=row.day_if_any("in_force"),
        note=row.text("note", default=""),
    )
    days = [day for day in (party.signed, party.ratified, party.in_force) if day is not None]
    if days != sorted(days):
        raise row.refuse("", "A treaty is signed, then ratified, then in force.")
    return party


def _channel(row: Table) -> tuple[str, Channel]:
    channel = Channel(
        channel=row.text("id"),
        name=row.text("name"),
        between=row.text("between"),
        answer_within=row.duration("answer_within"),
        confirmed=row.take("confirmed", bool),
        source=source_of(row, is_assumed=False),
        to_check=row.text("to_check", default=""),
    )
    return channel.channel, channel


def read_channels(document: Mapping[str, Any], *, where: str) -> Mapping[str, Channel]:
    """Return the channels of a document by their words; raises PackRefused."""
    return by_word(document, where, "channel", _channel)
