"""A trace as a paper for court, in PDF: the answer, the rule, the flow, the steps, the sums.

Typst sets it from ``paper.typ``. All that comes from outside goes there as data and is never part
of the markup, so nothing in a name can act. The same working, cover and voice give the same bytes.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cached_property
from importlib.resources import files
from typing import Any, Final, Literal

import typst

import recoup
from recoup.apps.traces import paper_words as words
from recoup.apps.traces.drawing import drawing, drawn_bands, folded_bands
from recoup.apps.traces.paper_labels import labels
from recoup.apps.traces.picture import Picture
from recoup.apps.traces.voice import ENGLISH, Voice
from recoup.core.said import Said
from recoup.core.tracing.result import Amounts
from recoup.core.tracing.side_by_side import SideBySide
from recoup.core.tracing.working import Asset, Step, Working
from recoup.core.tracing.working_parts import Part

# So many lines of each table are printed; what is left out is said, and stands in the CSV.
MOST_STEPS: Final = 150
MOST_LINES: Final = 60
MOST_BANDS: Final = 26
MOST_NAME: Final = 90
STANDARDS: Final[list[Literal["a-2a", "ua-1"]]] = ["a-2a", "ua-1"]

# What the fonts inside Typst can show, in text and in fixed width; a test sets every one of them.
COVERED: Final = re.compile(
    "[\\x20-\\x7e\\xa1-\\xac\\xae-\\u017f\\u0218-\\u021b\\u0384-\\u038a\\u038c\\u038e-\\u03a1"
    "\\u03a3-\\u03ce\\u0400-\\u045f\\u0490\\u0491\\u2010-\\u2015\\u2018-\\u201e\\u2022\\u2026"
    "\\u20ac\\u2190-\\u2193\\u2212\\u2264\\u2265]"
)
KOSOVO_NAMES: Final = re.compile(
    r"(?<!\w)(?:Kosov[oaëuei]\w*|Косов[оауе]\w*)(?!\w|\*)", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class HeldByBank:
    """What a bank says that it holds on one account, and since when; no part of a trace."""

    number: str
    name: str
    units: int
    told_at: datetime | None = None
    asset: Asset | None = None


@dataclass(frozen=True, slots=True)
class Cover:
    """What stands on the paper from outside the trace; nothing here reads a clock.

    names: what the reader's language calls accounts, where it is not as in the working. remarks:
    what has to stand beside the sums. holds: what banks hold, a table of its own; None for none.
    """

    title: str
    prepared_at: datetime
    reference: str = ""
    prepared_by: str = ""
    names: Mapping[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()
    holds: tuple[HeldByBank, ...] | None = None
    kinds: Mapping[str, str] = field(default_factory=dict)


def paper(
    working: Working, cover: Cover, *, voice: Voice = ENGLISH, beside: SideBySide | None = None
) -> bytes:
    """Return the PDF (PDF/A-2a, PDF/UA-1). beside: other rules of the same ledger, never added."""
    data = facts_of(working, cover, voice=voice, beside=beside)
    at = cover.prepared_at.astimezone(UTC).replace(microsecond=0)
    return bytes(
        typst.compile(
            files("recoup.apps.traces").joinpath("paper.typ").read_bytes(),
            format="pdf",
            sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
            ignore_system_fonts=True,
            pdf_standards=list(STANDARDS),
            timestamp=at,
        )
    )


def facts_of(
    working: Working, cover: Cover, *, voice: Voice = ENGLISH, beside: SideBySide | None = None
) -> dict[str, Any]:
    """All that a paper says, as texts in the voice's language; the page says the same."""
    return _Paper(working, cover, voice, beside).data()


def named(working: Working, cover: Cover) -> Working:
    """The working with accounts as the reader's language calls them, for pictures."""
    names = {**working.names, **cover.names}
    return replace(working, names={number: starred(name) for number, name in names.items()})


def starred(name: str) -> str:
    return KOSOVO_NAMES.sub(lambda found: found[0] + "*", name)


def verdict(working: Working, voice: Voice) -> str:
    """Say whether every unit is accounted for, as added up again from the result."""
    if not working.how.conserves:
        return voice.say(words.MARKS)
    if not working.adds_up:
        differ = ", ".join(voice.sum(x.asset, x.shares.unaccounted) for x in working.parts)
        return voice.say(Said(words.ADDS_UP_NOT, sum=differ))
    if len(working.parts) > 1:
        return voice.say(Said(words.ADDS_UP_EACH, n=len(working.parts)))
    return voice.say(Said(words.ADDS_UP, n=voice.count(working.shares.payments)))


def shown(text: str) -> str:
    """Write a text with the characters that the fonts have, and others by their number."""
    composed = unicodedata.normalize("NFC", text)
    return "".join(c if COVERED.match(c) else f"\\u{ord(c):04x}" for c in composed)


def _cut(text: str, most: int = MOST_NAME) -> str:
    return text if len(text) <= most else f"{text[: most - 24]}…{text[-23:]}"


@dataclass(frozen=True)
class _Paper:
    """The data of one paper."""

    working: Working
    cover: Cover
    voice: Voice
    beside: SideBySide | None

    def say(self, template: str, /, **values: str | int) -> str:
        """Fill a template of the catalogues and say it."""
        return self.voice.say(Said(template, **values))

    def data(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "lang": self.voice.language.partition("-")[0],
            "script": {"sr": "cyrl", "sr-latn": "latn"}.get(self.voice.language, "latn"),
            "labels": labels(self.voice) | self.key(),
            "title": self.called(self.cover.title),
            "reference": self.called(self.cover.reference),
            "running": " · ".join(
                _cut(self.called(one), 50)
                for one in (self.cover.title, self.cover.reference)
                if one
            ),
            "prepared_at": self._moment(self.cover.prepared_at),
            "prepared_by": self.called(self.cover.prepared_by),
            "version": recoup.__version__,
            "remarks": [self.called(one, 400) for one in self.cover.remarks],
            **self.answer(self.working.parts[0]),
            **self.method(),
            **self.flow(self.working.parts[0]),
            **self.tables(),
            **self.currencies(),
            **self.others(),
            **self.holds(),
        }
        found["notes"] = self.notes(json.dumps(found, ensure_ascii=False))
        return found

    # The answer

    def answer(self, part: Working) -> dict[str, Any]:
        shares = part.shares
        tiles = [(kind, self.kind(kind), part.sum_of_kind(kind)) for kind in words.KINDS]
        if shares.dissipated:
            gone = (part.sum(labels) for labels in part.result.dissipated.values())
            tiles.append(("gone", self.voice.say(Said("dissipated")), sum(gone)))
        if isinstance(part, Part) and part.left:
            tiles.append(("exchanged", self.voice.say(words.EXCHANGED), part.left))
        sums = [(kind, label, units, self.sum(units, part.asset)) for kind, label, units in tiles]
        return {
            "lost": self.sum(shares.lost, part.asset),
            "payments": self.voice.count(shares.payments),
            "tiles": [
                {"kind": kind, "words": label, "sum": sum_, "share": self.share(u, part)}
                for kind, label, u, sum_ in sums
            ],
            "strip": [[kind, max(round(float(u)), 0)] for kind, _, u in tiles if u],
            "verdict": verdict(self.working, self.voice),
            "good": self.working.adds_up and self.working.how.conserves,
            "unseen": self.sum(shares.unseen, part.asset) if shares.unseen else "",
        }

    # Several currencies

    def currencies(self) -> dict[str, Any]:
        """The parts after that of the loss, every exchange, and what adds up in each currency."""
        first, *others = self.working.parts
        if not others:
            return {"parts": [], "exchanges": [], "sums": []}
        rows, note = self.largest(
            self.working.exchanges, lambda step: self.working.sum(step.carried)
        )
        return {
            "several": self.say(words.SEVERAL, n=len(others) + 1),
            "parts": [self.part(one) for one in others],
            "exchanges": [self.exchange(step) for step in rows],
            "exchanges_note": note,
            "sums": [self.equation(one) for one in (first, *others)],
        }

    def part(self, part: Working) -> dict[str, Any]:
        entered = part.entered if isinstance(part, Part) else 0
        return {
            "title": self.say(words.PART, currency=part.asset.code),
            "entered": self.sum(entered, part.asset),
            **self.answer(part),
            **self.flow(part),
        }

    def equation(self, part: Working) -> str:
        """Say in one line how a currency's sums add up."""
        if not isinstance(part, Part):
            return ""
        told = (
            (words.LOST, part.shares.lost), (words.ENTERED, part.entered),
            (words.HELD, sum(one.units for one in part.held)),
            (words.GONE, part.shares.dissipated), (words.LEFT, part.left),
        )  # fmt: skip
        sums = [self.say(template, sum=self.sum(units, part.asset)) for template, units in told]
        sign = "=" if self.working.how.conserves else "|"
        return f"{sums[0]} + {sums[1]} {sign} {sums[2]} + {sums[3]} + {sums[4]}"

    def exchange(self, step: Step) -> list[Any]:
        working, x = self.working, step.transfer
        gave, got = working.asset_of(x.payer), working.asset_of(x.payee)
        return [
            self.voice.count(step.number), self.time(x.t), *self.account(x.payer),
            *self.account(x.payee), self.sum(x.amount, gave), self.sum(x.credited, got),
            self.sum(working.sum(step.carried), gave), self.sum(working.sum(step.credited), got),
            self.source(x.id),
        ]  # fmt: skip

    def method(self) -> dict[str, Any]:
        working = self.working
        rule, say = words.RULE_WORDS[working.rule], self.voice.say
        lines = [*words.METHOD, words.SHORTFALL[working.shortfall]]
        texts = [say(line) for line in lines]
        if not working.asset.is_money:
            texts.append(self.say(words.VALUATION, asset=working.asset.code))
        until = working.as_of
        return {
            "rule": say(rule.name),
            "rule_key": working.rule,
            "rule_method": say(rule.method),
            "rule_limits": say(rule.limits),
            "rule_source": shown(working.how.source),
            "not_certain": say(words.NOT_CERTAIN),
            "by_role": say(words.BY_ROLE),
            "method": texts,
            "shortfall": say(words.POLICIES[working.shortfall]),
            "ordering": say(words.POLICIES[working.how.ordering]),
            "as_of": "" if until is None else self.time(until),
            "counted": self.voice.count(working.counted),
            "ledger_sha256": working.ledger_sha256,
            "inputs_sha256": working.inputs_sha256,
            "repeat": say(words.REPEAT),
        }

    def flow(self, part: Working) -> dict[str, Any]:
        picture = Picture(named(part, self.cover), self.voice, most_bands=MOST_BANDS)
        drawn, folded = drawn_bands(picture), folded_bands(picture)
        if not drawn:
            return {"flow": ""}
        svg = drawing(picture).replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)
        sheet = files("recoup.apps.traces").joinpath("paper.css").read_text(encoding="utf-8")
        style = sheet.replace("\n", " ")
        return {
            "flow": shown(svg.replace("<title ", f"<style>{style}</style><title ", 1)),
            "flow_about": self.say(
                words.FLOW,
                drawn=len(drawn), all=self.voice.count(len(picture.bands)),
                folded=self.voice.count(len(folded)),
            ),
        }  # fmt: skip

    # The tables

    def tables(self) -> dict[str, Any]:
        working = self.working
        there = [(part, one) for part in working.parts for one in part.held]
        places, held_note = self.largest(there, lambda one: one[1].units)
        paid, paid_note = self.largest(working.payments, lambda one: one[1])
        steps, steps_note = self.largest(
            working.steps, lambda step: working.sum(step.carried), MOST_STEPS
        )
        unseen, unseen_note = self.largest(
            sorted(working.result.unseen.items()), lambda one: one[1]
        )
        gone = sorted(working.result.dissipated.items())
        lost, lost_note = self.largest(gone, lambda one: working.sum(one[1]))
        return {
            "held": [
                [
                    *self.account(one.account), self.kind(one.kind),
                    self.sum(one.units, working.asset_of(one.account)), self.share(one.units, part),
                ]
                for part, one in places
            ],
            "held_note": held_note,
            "paid": [
                [
                    self.time(x.t), *self.account(x.payer), *self.account(x.payee),
                    self.sum(units, working.asset_of(x.payer)), self.source(x.id), self.id(x.id),
                ]
                for x, units in paid
            ],
            "paid_note": paid_note,
            "steps": [self.step(step) for step in steps],
            "steps_note": steps_note,
            "unseen_rows": [
                [*self.account(name), self.sum(units, working.asset_of(name))]
                for name, units in unseen
            ],
            "unseen_note": unseen_note,
            "gone_rows": [
                [*self.account(name), *self.labelled(units, working.asset_of(name))]
                for name, units in lost
            ],
            "gone_note": lost_note,
        }  # fmt: skip

    def largest(
        self, rows: Sequence[Any], size: Callable[[Any], int], most: int = MOST_LINES
    ) -> tuple[list[Any], str]:
        """Return the largest rows in the order they have, and a note of what is left out."""
        if len(rows) <= most:
            return list(rows), ""
        numbers = sorted(range(len(rows)), key=lambda n: (-size(rows[n]), n))[:most]
        note = self.say(
            words.ONLY_LARGEST,
            shown=self.voice.count(most), all=self.voice.count(len(rows)),
        )  # fmt: skip
        return [rows[number] for number in sorted(numbers)], note

    def step(self, step: Step) -> list[Any]:
        transfer = step.transfer
        gave, got = map(self.working.asset_of, (transfer.payer, transfer.payee))
        amount, [carried, several] = (
            self.sum(transfer.amount, gave),
            self.labelled(step.carried, gave),
        )
        if gave != got:
            amount += f" → {self.sum(transfer.credited, got)}"
            carried += f" → {self.sum(self.working.sum(step.credited), got)}"
        return [
            self.voice.count(step.number), self.time(transfer.t),
            *self.account(transfer.payer), *self.account(transfer.payee),
            amount, carried, several, self.source(transfer.id), self.id(transfer.id),
        ]  # fmt: skip

    def labelled(self, units: Amounts, asset: Asset) -> list[str]:
        """Write what was carried, and of how many payments; whose it is stands in the tables."""
        several = self.say(words.OF_PAYMENTS, n=len(units)) if len(units) > 1 else ""
        return [self.sum(self.working.sum(units), asset), several]

    def others(self) -> dict[str, Any]:
        if self.beside is None or len(self.beside.workings) < 2:
            return {"beside": []}
        several = self.beside.workings
        ranges, note = self.largest(self.beside.ranges(), lambda one: one.highest, 30)
        asset_of = self.working.asset_of
        codes = dict.fromkeys(asset_of(one.account).code for one in ranges)
        is_one = len(codes) < 2
        write = self.number if is_one else self.sum
        return {
            "beside_rules": [self.voice.say(words.RULE_WORDS[one.rule].name) for one in several],
            "beside": [
                [
                    *self.account(one.account),
                    [write(one.units[found.rule], asset_of(one.account)) for found in several],
                    f"{self.number(one.lowest, asset_of(one.account))} – "
                    f"{write(one.highest, asset_of(one.account))}",
                ]
                for one in ranges
            ],
            "beside_unit": ", ".join(codes),
            "beside_note": note,
        }

    def holds(self) -> dict[str, Any]:
        held = self.cover.holds
        if held is None:
            return {"bank_rows": [], "has_banks": False, "bank_sum": ""}
        return {
            "has_banks": True,
            "bank_rows": [
                [
                    self.called(one.name), self.id(one.number),
                    self._moment(one.told_at) if one.told_at else "",
                    self.sum(one.units, one.asset or self.working.asset),
                ]
                for one in held
            ],
            "bank_sum": " + ".join(self.sum(units, asset) for asset, units in self.by_asset(held)),
        }  # fmt: skip

    def by_asset(self, held: Sequence[HeldByBank]) -> list[tuple[Asset, int]]:
        """Add up what banks hold, each currency by itself."""
        sums: dict[Asset, int] = {}
        for one in held:
            asset = one.asset or self.working.asset
            sums[asset] = sums.get(asset, 0) + one.units
        return list(sums.items()) or [(self.working.asset, 0)]

    def notes(self, everything: str) -> list[str]:
        """Say what has to stand under the paper because of what is in it."""
        found = [self.voice.say(words.UNKNOWN_GLYPHS)] if "\\\\u" in everything else []
        if self.has_kosovo:
            found.append("* " + self.voice.say(words.KOSOVO))
        return found

    @cached_property
    def has_kosovo(self) -> bool:
        cover = (self.cover.title, self.cover.reference, self.cover.prepared_by)
        told = (*cover, *self.cover.remarks, *(one.name for one in self.cover.holds or ()))
        sources = map(str, self.working.sources.values())
        return any(map(KOSOVO_NAMES.search, (*told, *self.names.values(), *sources)))

    @cached_property
    def names(self) -> dict[str, str]:
        """What accounts are called, in the reader's language where that is known."""
        return {**self.working.names, **self.cover.names}

    # Single values

    def kind(self, kind: str) -> str:
        return self.cover.kinds.get(kind) or self.voice.say(words.KINDS[kind])

    def key(self) -> dict[str, str]:
        """The key of the drawing, by the kinds as this paper calls them; and of what a share is."""
        told = self.cover.kinds
        found = {f"key_{kind}": told[kind] for kind in ("other", "terminal") if kind in told}
        share = {"share": self.voice.say(words.SHARE)} if len(self.working.parts) > 1 else {}
        return found | share

    def account(self, account: str) -> list[str]:
        """Return the name, where there is one, and the whole number of an account."""
        return [self.called(self.names.get(account, "")), self.id(account)]

    def called(self, name: str, most: int = MOST_NAME) -> str:
        return starred(_cut(shown(name), most))

    def id(self, text: str) -> str:
        return _cut(shown(text), 160)

    def source(self, transfer: str) -> str:
        source = self.working.sources.get(transfer)
        return self.called(str(source)) if source else ""

    def sum(self, units: int, asset: Asset) -> str:
        return self.voice.sum(asset, units)

    def number(self, units: int, asset: Asset) -> str:
        return self.voice.number(asset.written(units))

    def share(self, units: int, part: Working) -> str:
        return Picture(part, self.voice).percent(units)

    def time(self, t: int) -> str:
        moment = self.working.times.at(t)
        return str(t) if moment is None else self._moment(moment)

    @staticmethod
    def _moment(moment: datetime) -> str:
        return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def fonts() -> tuple[str, str]:
    """Name the fonts of a paper; all of them are inside Typst."""
    return ("Libertinus Serif", "DejaVu Sans Mono")
