"""One self-contained HTML page of several rules side by side: a column a rule, and never a sum."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files
from typing import Final

from recoup.apps.traces.paper_words import KOSOVO, NOT_CERTAIN, RULE_WORDS
from recoup.apps.traces.picture import Picture, printable
from recoup.apps.traces.voice import ENGLISH
from recoup.core.tracing.side_by_side import Range, SideBySide
from recoup.core.tracing.working import Working

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
MOST: Final = 500
HEADS: Final = ("End of the flow", "Elsewhere", "Back at a source", "Dissipated")


def page(several: SideBySide, name: str) -> str:
    """Return the whole page; it needs no script and loads nothing."""
    style = files("recoup.apps.traces").joinpath("document.css").read_text(encoding="utf-8")
    title = escape(printable(name))
    first = several.workings[0]
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{title}: rules side by side</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<header><h1><bdi>{title}</bdi>: where each rule says the money is now</h1>
<p>{first.counted:,} transfers, {first.shares.payments:,} victims' payments,
<strong>{len(several.workings)} rules</strong></p></header>
<main>
{_loss(several)}
{_accounts(several)}
{_rules(several)}
</main>
</body>
</html>
"""


def _loss(several: SideBySide) -> str:
    first = several.workings[0]
    lost = first.asset.written(first.shares.lost)
    return (
        '<section aria-labelledby="loss"><h2 id="loss">The loss under each rule</h2>'
        f'<p class="lost"><b>{lost}</b> {escape(first.asset.code)} lost</p>'
        "<p>Each line is the answer of one rule alone; they are never added.</p>"
        '<div class="scroll" role="region" aria-labelledby="loss" tabindex="0"><table class="sums">'
        f'<thead><tr><th scope="col">Rule</th>{_heads(HEADS)}</tr></thead><tbody>'
        f"{''.join(map(_sums, several.workings))}</tbody></table></div></section>"
    )


def _heads(heads: Iterable[str]) -> str:
    return "".join(f'<th scope="col">{head}</th>' for head in heads)


def _sums(working: Working) -> str:
    picture = Picture(working)
    sums = map(working.sum_of_kind, ("terminal", "other", "source"))
    gone = sum(working.sum(labels) for labels in working.result.dissipated.values())
    marks = "" if working.how.conserves else " <small>(marks, no sums of money)</small>"
    cells = "".join(
        f'<td data-head="{head}"><span>{picture.percent(units)}<br>'
        f"<small>{working.asset.written(units)}</small></span></td>"
        for head, units in zip(HEADS, (*sums, gone), strict=True)
    )
    return f'<tr><th scope="row">{escape(working.how.name)}{marks}</th>{cells}</tr>'


def _accounts(several: SideBySide) -> str:
    ranges = several.ranges()
    heads = (*(one.rule for one in several.workings), "Lowest", "Highest")
    left = f"<p>{len(ranges) - MOST:,} more are in the tables (CSV).</p>" if ranges[MOST:] else ""
    rows = "".join(_account(several.workings[0], one) for one in ranges[:MOST])
    return (
        '<section aria-labelledby="accounts"><h2 id="accounts">Each account</h2>'
        f"<p>{len(ranges):,} accounts with traced money under any of these rules. The range is "
        "over the rules whose sums add up to the loss.</p>"
        '<div class="scroll" role="region" aria-labelledby="accounts" tabindex="0">'
        f'<table class="sums"><thead><tr><th scope="col">Account</th>{_heads(heads)}</tr></thead>'
        f"<tbody>{rows}</tbody></table></div>{left}</section>"
    )


def _account(working: Working, one: Range) -> str:
    name = printable(working.names.get(one.account, ""))
    named = f"<b><bdi>{escape(name)}</bdi></b><br>" if name else ""
    sums = {**one.units, "Lowest": one.lowest, "Highest": one.highest}
    cells = "".join(
        f'<td data-head="{head}">{working.asset.written(units) if units else "–"}</td>'
        for head, units in sums.items()
    )
    return (
        f'<tr><th scope="row">{named}<code>{escape(printable(one.account))}</code></th>{cells}</tr>'
    )


def _rules(several: SideBySide) -> str:
    return (
        '<section aria-labelledby="rules"><h2 id="rules">The rules</h2>'
        f"<p>{escape(NOT_CERTAIN)}</p><ul>{''.join(_rule(one) for one in several.workings)}</ul>"
        f"<p>{''.join(_note(several))}</p></section>"
    )


def _rule(working: Working) -> str:
    how, words = working.how, RULE_WORDS[working.rule]
    says = [
        f"<b>{escape(how.name)} ({escape(how.key)}).</b> {escape(words.method)} "
        f"{escape(words.limits)} Source: {escape(how.source)}.",
        f"Shortfall: {escape(working.shortfall)}. Order: {escape(how.ordering)}.",
        "Every unit is accounted for." if working.adds_up and how.conserves else "",
        "" if working.adds_up else "NOT every unit is accounted for. Do not use this result.",
        f"Inputs: SHA-256 <code>{working.inputs_sha256}</code>",
    ]
    return f"<li>{' '.join(filter(None, says))}</li>"


def _note(several: SideBySide) -> Iterator[str]:
    first = several.workings[0]
    until = "" if first.as_of is None else f" Transfers up to {first.times.written(first.as_of)}."
    yield f"Ledger: SHA-256 <code>{first.ledger_sha256}</code>.{until}"
    if any("kosov" in name.lower() or "косов" in name.lower() for name in first.names.values()):
        yield f"<br>* Kosovo: {escape(ENGLISH.say(KOSOVO))}"
