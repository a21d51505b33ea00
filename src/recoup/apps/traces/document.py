"""One self-contained HTML page of a trace: the answer, the flow as a drawing, and its tables.

The page needs no script and loads nothing, so that it can be put into a file of evidence and
opened in twenty years.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from importlib.resources import files

from recoup.apps.traces.drawing import drawing, drawn_bands, folded_bands
from recoup.apps.traces.findings import (
    KINDS,
    Findings,
    counted,
    usd,
)
from recoup.apps.traces.voice import percent

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


def page(findings: Findings) -> str:
    """Return the whole page."""
    style = files("recoup.apps.traces").joinpath("document.css").read_text(encoding="utf-8")
    title = f"Trace of {findings.name}, {findings.how.name}"
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{_POLICY}">
<title>{escape(title)}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<header>{_head(findings)}</header>
<main>
{_answer(findings)}
{_flow(findings)}
{_places(findings)}
{_bands(findings)}
{_method(findings)}
</main>
</body>
</html>
"""


def _head(findings: Findings) -> str:
    flow = findings.flow
    first, last = flow.rows[0].at, flow.rows[-1].at
    return (
        f"<h1><bdi>{escape(findings.name)}</bdi>: where the money is now</h1>"
        f"<p>{counted(len(flow.rows), 'transfer')} between "
        f"{counted(len(flow.addresses), 'address', 'es')}, "
        f"{first:%Y-%m-%d} to {last:%Y-%m-%d} (UTC), traced "
        f"<strong>{findings.how.name}</strong></p>"
    )


def _answer(findings: Findings) -> str:
    shares = findings.shares
    parts = [
        ("terminal", "at terminal addresses", shares.at_terminals),
        ("other", "elsewhere", shares.elsewhere),
        ("source", "back at a source", shares.at_sources),
    ]
    tiles = "".join(
        f'<li class="{kind}"><b>{percent(shares.share_of(units))} %</b>'
        f"<span>{words}</span><span>{usd(units)} USD</span></li>"
        for kind, words, units in parts
    )
    strip = "".join(
        f'<i class="{kind}" style="flex-grow:{round(units)}"></i>'
        for kind, _, units in parts
        if units
    )
    verdict = "good" if findings.adds_up else "bad"
    return (
        '<section aria-labelledby="answer"><h2 id="answer">The loss and where it is</h2>'
        f'<p class="lost"><b>{usd(shares.lost)}</b> USD lost {findings.payments_in_words()}</p>'
        f'<div class="strip" aria-hidden="true">{strip}</div>'
        f'<ul class="tiles">{tiles}</ul>'
        f'<p class="verdict {verdict}">{escape(findings.conservation())}</p>'
        f"<p>Besides, <b>{usd(shares.unseen)} USD</b> "
        f"({percent(shares.share_of(shares.unseen))} % of the loss, and not part of it) were paid "
        f"out by {counted(len(findings.result.unseen), 'address', 'es')} beyond what was seen to "
        "come in. Where they came from is unseen; they count as clean money.</p></section>"
    )


def _flow(findings: Findings) -> str:
    drawn, folded = drawn_bands(findings.picture), folded_bands(findings.picture)
    smallest = percent(findings.shares.share_of(drawn[-1].units)) if drawn else "0.00"
    together = f" {len(folded):,} smaller ones into terminals are drawn together." if folded else ""
    left = len(findings.bands) - len(drawn) - len(folded)
    rest = f" {left:,} more are only in the table below." if left else ""
    return (
        '<section aria-labelledby="flow"><h2 id="flow">The flow</h2>'
        f"<p>The {len(drawn)} largest bands, down to {smallest} % of the loss, are drawn true to "
        f"scale.{together}{rest} Money that runs back to an earlier column is drawn lighter. The "
        "dark end of a bar is what stayed there.</p>"
        '<ul class="key"><li class="source">source</li><li class="other">elsewhere</li>'
        '<li class="terminal">terminal address</li></ul>'
        '<div class="scroll" role="region" aria-label="Drawing of the flow" tabindex="0">'
        f"{drawing(findings.picture)}</div></section>"
    )


def _places(findings: Findings) -> str:
    rows = (
        (
            f"{_address(findings, place.address)}",
            KINDS[place.kind],
            usd(place.units),
            f"{percent(findings.shares.share_of(place.units))} %",
        )
        for place in findings.places
    )
    return (
        '<section aria-labelledby="places"><h2 id="places">Where the money is now</h2>'
        + _table(
            f"{counted(len(findings.places), 'address', 'es')} with traced money",
            ("Address", "Kind", "USD", "Share"),
            rows,
        )
        + "</section>"
    )


def _bands(findings: Findings) -> str:
    rows = (
        (
            _address(findings, band.payer),
            _address(findings, band.payee),
            usd(band.units),
            f"{band.transfers:,}",
        )
        for band in findings.bands
    )
    return (
        '<section aria-labelledby="bands"><h2 id="bands">Every band of the flow</h2>'
        f"<details><summary>All {len(findings.bands):,} bands in numbers</summary>"
        + _table("Traced money by pair of addresses", ("From", "To", "USD", "Transfers"), rows)
        + "</details></section>"
    )


def _method(findings: Findings) -> str:
    flow = findings.flow
    return (
        '<section aria-labelledby="method"><h2 id="method">How it was traced</h2><ul>'
        + "".join(f"<li>{escape(line.strip())}</li>" for line in findings.rule_in_words())
        + "<li>Another rule gives another answer; the two are never added.</li>"
        "<li>The order of the rows means nothing.</li>"
        "<li>Every outgoing transfer of a source address is a loss; what comes back to a source "
        "stays there.</li>"
        "<li>Values are US dollars as the file gives them, counted in millionths: valuation "
        f"units, not money. {flow.rounded_rows:,} of {len(flow.rows):,} values had more decimals; "
        f"as written less as counted: {flow.residual_usd:f} USD.</li></ul></section>"
    )


def _address(findings: Findings, address: str) -> str:
    label = findings.labels.get(address, "")
    named = f"<b><bdi>{escape(label)}</bdi></b> " if label else ""
    return f"{named}<code>{escape(address)}</code>"


def _table(caption: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """Return a table; the cells are markup already, numbers stand in the last two columns."""
    top = "".join(f'<th scope="col">{head}</th>' for head in heads)
    return (
        f"<table><caption>{caption}</caption><thead><tr>{top}</tr></thead>"
        f"<tbody>{''.join(_rows(heads, rows))}</tbody></table>"
    )


def _rows(heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for first, *others in rows:
        cells = "".join(
            f'<td data-head="{head}">{cell}</td>'
            for head, cell in zip(heads[1:], others, strict=True)
        )
        yield f'<tr><th scope="row">{first}</th>{cells}</tr>'
