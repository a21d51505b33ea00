"""docs/law.md, made from the packs: per jurisdiction what is confirmed, what is not, what lacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from recoup import data
from recoup.cli import law_text as words
from recoup.cli.docs_check import anchors
from recoup.cli.measured import DOCS, markdown
from recoup.core.law import Missing, Pack, Power, Treaty

DOCUMENT = DOCS / "law.md"
PACKS = "../src/recoup/data/law"
OPENING = """\
# The law that requests rest on

Made from the packs by `./recoup law --write`; do not edit it here. What can be asked stands in
[`measures.toml`]({packs}/measures.toml), each country's law in its file there, in our words.
**It is no legal advice.** *Not confirmed* means that no lawyer of the country has agreed yet; the
last column says what has to be read first. A time marked *planned* is set by no law. Where no power
is known there is none in the pack, and the officer is told why.

`./recoup law RS --measure transaction_records --on 2026-11-06` prints the rules for one measure on
one day. How a lawyer adds a case or confirms a rule: [tests/law](../tests/law/README.md) and
[CONTRIBUTING](../CONTRIBUTING.md#a-countrys-law).
"""


def text() -> str:
    """The whole document."""
    packs = [data.load_pack(country) for country in data.pack_countries()]
    parts = [OPENING.format(packs=PACKS), *_overview(packs), *_matrix(packs)]
    for pack in packs:
        parts += _section(pack)
    parts.append("## Treaties\n")
    for name in data.treaty_names():
        parts += _treaty(name, data.load_treaty(name))
    return "\n".join(parts).rstrip() + "\n"


def problems() -> list[str]:
    """One line if the document is not what the packs make of it, for `./recoup check`."""
    written = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else ""
    if written == text():
        return []
    return [f"docs/{DOCUMENT.name} is not what the packs say; run `./recoup law --write`"]


def _overview(packs: Sequence[Pack]) -> Iterator[str]:
    yield "## At a glance\n"
    head = ("", "confirmed", "not confirmed", "assumed", "measures without a known power", "pack")
    rows = []
    for pack in packs:
        counts = [str(count) for count in words.counted(pack)]
        rows.append(
            (_link(pack), *counts, f"[version {pack.version}]({PACKS}/{pack.country}.toml)")
        )
    yield markdown(head, rows) + "\n"
    yield from _notes(packs)


def _notes(packs: Sequence[Pack]) -> Iterator[str]:
    for pack in packs:
        if pack.note:
            yield f"\\{pack.note}\n"


def _link(pack: Pack, label: str = "") -> str:
    (anchor,) = anchors(f"## {pack.name}")
    return f"[{_cell(label or pack.name)}](#{anchor})"


def _matrix(packs: Sequence[Pack]) -> Iterator[str]:
    yield "## Which article for which measure\n"
    yield "A dash: no power is known; the country's section says why.\n"
    rows = []
    for measure in data.load_measures().values():
        row = [f"{_cell(measure.name)}<br>`{measure.measure}`"]
        for pack in packs:
            articles = dict.fromkeys(
                power.legal_basis.article for power in pack.powers_for(measure.measure)
            )
            row.append(_link(pack, "; ".join(articles)) if articles else "–")
        rows.append(row)
    yield markdown(("measure", *(_cell(pack.name) for pack in packs)), rows) + "\n"
    yield from _notes(packs)


def _section(pack: Pack) -> Iterator[str]:
    confirmed, open_, assumed, lacking = words.counted(pack)
    yield f"## {pack.name}\n"
    yield from _notes([pack])
    yield f"{pack.notice} Pack: [`{pack.country}.toml`]({PACKS}/{pack.country}.toml).\n"
    yield (
        f"Confirmed: {confirmed}. Not confirmed: {open_}. Assumed: {assumed}. "
        f"Measures without a known power: {lacking}.\n"
    )
    head = ("measure", "law", "who asks, who decides", "limits", "standing, and what to check")
    yield markdown(head, [_power(power) for power in pack.powers]) + "\n"
    if pack.missing:
        yield "No power is known for these:\n"
        lacks = ("measures", "why", "what to check")
        yield markdown(lacks, [_missing(row) for row in pack.missing]) + "\n"


def _power(power: Power) -> tuple[str, ...]:
    measures = data.load_measures()
    known, basis = measures.words, power.legal_basis
    law = f"**{basis.instrument}, {basis.article}** {words.validity(power)}<br>{basis.text}"
    who = (
        f"{words.names(power.requested_by, known.kinds)} → "
        f"**{words.names(power.authorised_by, known.roles)}**; "
        f"asked of: {words.names(power.addressees, known.kinds)}"
    )
    urgent = words.emergency(power, measures)
    limits = "; ".join(words.limits(power)) + (
        f"<br>**In an emergency** {urgent}" if urgent else ""
    )
    more = ["" if basis.binding else "voluntary", "secret" if power.is_secret else ""]
    more += ["with reasons"] if power.is_reasoned else []
    return tuple(
        _cell(cell)
        for cell in (
            f"{measures[power.measure].name}<br>`{power.power}`",
            law,
            who,
            "; ".join(filter(None, (limits, *more))),
            _standing(power),
        )
    )


def _standing(power: Power) -> str:
    found = power.standing
    if found.assumed:
        return words.standing(power)
    check = f"<br>To check: {found.to_check}" if found.to_check else ""
    return f"{words.standing(power)}: [source]({_address(found.source)}){check}"


def _missing(row: Missing) -> tuple[str, ...]:
    measures = data.load_measures()
    named = ", ".join(measures[measure].name for measure in row.measures)
    check = f"{row.to_check} [source]({_address(row.source)})"
    return _cell(named), _cell(row.why), _cell(check)


def _treaty(name: str, treaty: Treaty) -> Iterator[str]:
    since = f"In force since {treaty.in_force}." if treaty.in_force else "**Not in force.**"
    yield f"### {treaty.treaty}\n"
    yield f"{treaty.name}. {since} {treaty.notice}".rstrip()
    file = f"[`{name}.toml`]({PACKS}/{name}.toml)"
    yield f"[Text]({treaty.source}), [chart]({treaty.chart}), {file}.\n"
    acts = [
        (
            act.country,
            *(str(day or "") for day in (act.signed, act.ratified, act.in_force)),
            act.note,
        )
        for act in treaty.acts
    ]
    yield markdown(("", "signed", "ratified", "in force", ""), acts) + "\n"
    articles = []
    for article in treaty.articles:
        limits = "; ".join(f"{what}: {words.limit(limit)}" for what, limit in article.limits)
        articles.append((article.article, _cell(article.name), _cell(article.text), _cell(limits)))
    yield markdown(("article", "", "in our words; not confirmed", "limits"), articles) + "\n"


def _address(address: str) -> str:
    """An address as a link's target: parentheses would end it."""
    return address.replace("(", "%28").replace(")", "%29")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
