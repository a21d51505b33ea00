"""What can be asked of an institution or an authority, in any country: the catalogue of measures.

A measure says what is asked, of whom, with which fields, and what may be answered. Under which law,
by whom and by when stands in the country's pack (``powers``). Money and data, at home and abroad,
are one catalogue.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from recoup.core.law.abroad import Treaty
from recoup.core.law.table import PackRefused, Table, by_word, source_of
from recoup.core.law.units import Limit, limit_of
from recoup.core.law.words import Words

DISCLOSES: Final = ("yes", "part", "no")
ABOUT: Final = ("money", "data", "notice")
PROPOSED: Final = ("proposal", "treaty", "scheme", "practice")


@dataclass(frozen=True, slots=True)
class Proposal:
    """A time to plan with. kind: where it comes from; none of them is a country's law."""

    what: str
    limit: Limit
    kind: str


@dataclass(frozen=True, slots=True)
class Measure:
    """Something that can be asked, in any country. Words are those of ``law/words.toml``.

    addressees: kinds of organisation. answer_codes: the answers it knows. about: money, data or
    notice. is_abroad: it leaves the country. must: fields without which it does not leave.
    discloses: whether the answer tells of persons.
    conventions: articles such as ``ETS185:29``. condition: what has to be so before it is asked.
    fallback: the measure that is left where this one is refused.
    """

    measure: str
    name: str
    asks: str
    addressees: tuple[str, ...]
    answer_codes: tuple[str, ...]
    source: str
    about: str = "money"
    is_abroad: bool = False
    discloses: str = "no"
    who_requests: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    must: tuple[str, ...] = ()
    refusal_grounds: tuple[str, ...] = ()
    answer_fields: tuple[str, ...] = ()
    conventions: tuple[str, ...] = ()
    proposals: tuple[Proposal, ...] = ()
    condition: str = ""
    fallback: str = ""
    confirmed: bool = False
    to_check: str = ""

    @property
    def is_for_money(self) -> bool:
        """Whether it is asked about an account, a payment or property, not about data."""
        return self.about == "money"


class Catalogue(Mapping[str, Measure]):
    """The measures by their words, and the words that they and the packs are written in."""

    def __init__(self, measures: Mapping[str, Measure], words: Words) -> None:
        self._measures, self.words = dict(measures), words

    def __getitem__(self, measure: str) -> Measure:
        return self._measures[measure]

    def __iter__(self) -> Iterator[str]:
        return iter(self._measures)

    def __len__(self) -> int:
        return len(self._measures)


def read_measures(document: Mapping[str, Any], *, words: Words, where: str) -> Catalogue:
    """Return the measures of a document by their words; raises PackRefused with the place."""
    found = by_word(document, where, "measure", lambda row: _measure(row, words))
    for place, measure in enumerate(found.values()):
        if measure.fallback and measure.fallback not in found:
            row = Table({}, f"{where}: measure[{place}]")
            raise row.refuse("fallback", f"{measure.fallback!r} is not a measure of this file.")
    return Catalogue(found, words)


def refuse_unknown_articles(
    measures: Mapping[str, Measure], treaties: Mapping[str, Treaty], *, where: str
) -> None:
    """Raise PackRefused if a measure names an article that no treaty has, as in ``ETS185:99``."""
    known = {
        f"{name}:{article.article}" for name in treaties for article in treaties[name].articles
    }
    for measure in measures.values():
        for named in measure.conventions:
            if named not in known:
                place = f"{where}: {measure.measure}.conventions"
                raise PackRefused(place, f"{named!r} is no article of the treaties' files.")


def _measure(row: Table, words: Words) -> tuple[str, Measure]:
    fields = row.known_if_any("fields", words.fields, "a field")
    measure = Measure(
        measure=row.text("id"),
        name=row.text("name"),
        asks=row.text("asks"),
        addressees=row.known("addressees", words.kinds, "a kind of organisation"),
        answer_codes=row.known("answer_codes", words.codes, "a code of an answer"),
        source=source_of(row, is_assumed=False),
        about=_one_of(row, "about", ABOUT, default="money"),
        is_abroad=row.take("abroad", bool, default=False),
        discloses=_one_of(row, "discloses", DISCLOSES, default="no"),
        who_requests=row.known_if_any("who_requests", words.kinds, "a kind of organisation"),
        data=row.known_if_any("data", words.categories, "a category"),
        fields=fields,
        must=row.known_if_any("must", fields, "a field of this measure"),
        refusal_grounds=row.known_if_any("refusal_grounds", words.grounds, "a ground of refusal"),
        answer_fields=row.known_if_any("answer_fields", words.answers, "a part of an answer"),
        conventions=row.texts_if_any("conventions"),
        proposals=row.rows_if_any("proposal", _proposal),
        condition=row.text("condition", default=""),
        fallback=row.text("fallback", default=""),
        confirmed=row.take("confirmed", bool, default=False),
        to_check=row.text("to_check", default=""),
    )
    return measure.measure, measure


def _proposal(row: Table) -> Proposal:
    kind = _one_of(row, "kind", PROPOSED)
    return Proposal(row.text("what"), limit_of(row, "limit", source=kind), kind)


def _one_of(row: Table, key: str, known: tuple[str, ...], *, default: str | None = None) -> str:
    word = row.text(key, default=default)
    if word not in known:
        raise row.refuse(key, f"{word!r} is none of {', '.join(known)}.")
    return word
