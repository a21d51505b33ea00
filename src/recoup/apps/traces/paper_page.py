"""The paper for court as one page of HTML: the same texts, without scripts, loading nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib.resources import files
from typing import Any, Final

from recoup.apps.traces.drawing import drawing, drawn_bands
from recoup.apps.traces.paper import MOST_BANDS, Cover, facts_of, named
from recoup.apps.traces.picture import Picture
from recoup.apps.traces.voice import ENGLISH, Voice
from recoup.core.tracing.side_by_side import SideBySide
from recoup.core.tracing.working import Working

POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
DIGITS: Final = frozenset({
    "traced", "share", "amount", "carried", "lost", "unseen", "bank_held",
    "gave", "got", "traced_gave", "traced_got",
})  # fmt: skip
HELD: Final = ("account", "kind_of", "traced", "share")
PAID: Final = ("time", "from", "to", "lost", "read_from")
STEPS: Final = ("time", "from", "to", "amount", "carried", "read_from")
EXCHANGES: Final = (
    "time", "from", "to", "gave", "got", "traced_gave", "traced_got", "read_from",
)  # fmt: skip


def page(
    working: Working, cover: Cover, *, voice: Voice = ENGLISH, beside: SideBySide | None = None
) -> bytes:
    """Return the page; the same working, cover and voice give the same bytes."""
    facts = facts_of(working, cover, voice=voice, beside=beside)
    style = files("recoup.apps.traces").joinpath("document.css").read_text(encoding="utf-8")
    more = files("recoup.apps.traces").joinpath("paper_page.css").read_text(encoding="utf-8")
    title = escape(f"{facts['labels']['kind']}: {facts['title']}")
    drawings = [_drawing(part, cover, voice) for part in working.parts]
    body = "\n".join(_sections(facts, drawings))
    return f"""<!doctype html>
<html lang="{escape(voice.language)}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{POLICY}">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}{more}</style>
</head>
<body>
<header><p>{escape(facts["labels"]["kind"])}</p><h1><bdi>{escape(facts["title"])}</bdi></h1>
{_head(facts)}</header>
<main>
{body}
</main>
</body>
</html>
""".encode()


def _head(facts: dict[str, Any]) -> str:
    label = facts["labels"]
    told = (
        ("prepared", facts["prepared_at"]), ("prepared_by", facts["prepared_by"]),
        ("rule", facts["rule"]), ("as_of", facts["as_of"] or label["all"]),
        ("transfers", facts["counted"]),
    )  # fmt: skip
    return f"<p>{' · '.join(f'{escape(label[k])}: {escape(v)}' for k, v in told if v)}</p>"


def _sections(facts: dict[str, Any], drawings: Sequence[str]) -> Iterator[str]:
    label = facts["labels"]
    svg, *others = drawings
    yield _section(
        "answer", f"{label['lost']} ({label['payments']}: {facts['payments']})", _answer(facts)
    )
    yield _section("rule", label["the_rule"], _rule(facts))
    if svg:
        yield _section("flow", label["flow"], _flow(facts, svg, label["flow"]))
    if facts["parts"]:
        yield _section("exchanges", label["exchanges"], _exchanges(facts))
    for number, (part, drawn) in enumerate(zip(facts["parts"], others, strict=True), 2):
        yield _section(f"part-{number}", part["title"], _part(facts, part, drawn, number))
    for key, body in _tables(facts):
        yield _section(key, label[key], body)
    if facts["beside"]:
        yield _section("beside", label["beside"], _beside(facts))
    yield _section("check", label["check"], _check(facts))


def _tables(facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    label = facts["labels"]
    held = ((_account(*r[:2]), *_texts(r[2:])) for r in facts["held"])
    yield "held", _table(label, HELD, held, facts["held_note"])
    paid = (
        (*_texts(r[:1]), _account(*r[1:3]), _account(*r[3:5]), *_texts(r[5:7]))
        for r in facts["paid"]
    )
    yield "payments", _table(label, PAID, paid, facts["paid_note"])
    steps = (
        (*_texts(r[1:2]), _account(*r[2:4]), _account(*r[4:6]), *_texts(r[6:8]), *_texts(r[9:10]))
        for r in facts["steps"]
    )
    yield "steps", _table(label, STEPS, steps, facts["steps_note"])
    if facts["unseen_rows"]:
        unseen = ((_account(*r[:2]), *_texts(r[2:3])) for r in facts["unseen_rows"])
        table = _table(label, ("account", "unseen"), unseen, "")
        yield "unseen", f"<p>{escape(label['unseen_about'])}</p>{table}"
    if facts["has_banks"]:
        told = ((_account(*r[:2]), *_texts(r[2:4])) for r in facts["bank_rows"])
        table = _table(label, ("account", "told", "bank_held"), told, "")
        yield "banks", f"<p>{escape(label['banks_about'])}</p>{table}"


def _section(key: str, title: str, body: str) -> str:
    return f'<section aria-labelledby="{key}"><h2 id="{key}">{escape(title)}</h2>{body}</section>'


def _flow(part: dict[str, Any], svg: str, label: str) -> str:
    return (
        f"<p>{escape(part['flow_about'])}</p>"
        f'<div class="scroll" role="region" aria-label="{escape(label)}" tabindex="0">{svg}</div>'
    )


def _exchanges(facts: dict[str, Any]) -> str:
    rows = (
        (*_texts(r[1:2]), _account(*r[2:4]), _account(*r[4:6]), *_texts(r[6:11]))
        for r in facts["exchanges"]
    )
    sums = "".join(f"<li>{escape(one)}</li>" for one in facts["sums"])
    return (
        f"<p>{escape(facts['several'])}</p>"
        f"{_table(facts['labels'], EXCHANGES, rows, facts['exchanges_note'])}"
        f"<h3>{escape(facts['labels']['each_currency'])}</h3><ul>{sums}</ul>"
    )


def _part(facts: dict[str, Any], part: dict[str, Any], svg: str, number: int) -> str:
    label = facts["labels"]
    # An id stands once in a page; each drawing has its own.
    drawn = svg.replace("flow-title", f"flow-title-{number}").replace(
        "flow-about", f"flow-about-{number}"
    )
    return (
        f'<p class="lost">{escape(label["entered"])}: <b>{escape(part["entered"])}</b></p>'
        f'<ul class="tiles">{_tiles(part)}</ul>'
        + (_flow(part, drawn, part["title"]) if svg else "")
    )


def _tiles(part: dict[str, Any]) -> str:
    return "".join(
        f'<li class="{one["kind"]}"><b>{escape(one["share"])}</b>'
        f"<span>{escape(one['words'])}</span><span>{escape(one['sum'])}</span></li>"
        for one in part["tiles"]
    )


def _answer(facts: dict[str, Any]) -> str:
    remarks = "".join(f"<li>{escape(one)}</li>" for one in facts["remarks"])
    good = "good" if facts["good"] else "bad"
    return (
        f'<p class="lost"><b>{escape(facts["lost"])}</b></p><ul class="tiles">{_tiles(facts)}</ul>'
        f'<p class="verdict {good}">{escape(facts["verdict"])}</p><ul>{remarks}</ul>'
    )


def _rule(facts: dict[str, Any]) -> str:
    lines = "".join(f"<li>{escape(one)}</li>" for one in (*facts["method"], facts["by_role"]))
    return (
        f"<p><b>{escape(facts['rule'])} ({escape(facts['rule_key'])}).</b> "
        f"{escape(facts['rule_method'])} {escape(facts['rule_limits'])}</p>"
        f"<p>{escape(facts['labels']['source'])}: {escape(facts['rule_source'])}.</p>"
        f"<p>{escape(facts['not_certain'])}</p><ul>{lines}</ul>"
    )


def _drawing(working: Working, cover: Cover, voice: Voice) -> str:
    picture = Picture(named(working, cover), voice, most_bands=MOST_BANDS)
    return drawing(picture) if drawn_bands(picture) else ""


def _beside(facts: dict[str, Any]) -> str:
    label = facts["labels"]
    heads = "".join(f'<th scope="col">{escape(one)}</th>' for one in facts["beside_rules"])
    rows = "".join(
        f'<tr><th scope="row">{_account(r[0], r[1])}</th>'
        + "".join(f"<td>{escape(one)}</td>" for one in (*r[2], r[3]))
        + "</tr>"
        for r in facts["beside"]
    )
    return (
        f"<p>{escape(label['beside_about'])} ({escape(facts['beside_unit'])})</p>"
        '<div class="scroll" role="region" aria-labelledby="beside" tabindex="0">'
        f'<table class="sums"><thead><tr><th scope="col">{escape(label["account"])}</th>{heads}'
        f'<th scope="col">{escape(label["range"])}</th></tr></thead><tbody>{rows}</tbody></table>'
        f"</div>{_note(facts['beside_note'])}"
    )


def _check(facts: dict[str, Any]) -> str:
    label = facts["labels"]
    notes = "".join(f"<p>{escape(one)}</p>" for one in facts["notes"])
    return (
        f"<p>{escape(facts['repeat'])}</p>"
        f"<p>{escape(label['ledger_sha256'])}<br><code>{facts['ledger_sha256']}</code></p>"
        f"<p>{escape(label['inputs_sha256'])}<br><code>{facts['inputs_sha256']}</code></p>"
        f"<p>{escape(label['policies'])}: {escape(label['shortfall'])}: "
        f"{escape(facts['shortfall'])}; {escape(label['ordering'])}: {escape(facts['ordering'])}. "
        f"recoup {escape(facts['version'])}</p>{notes}"
    )


def _account(name: str, number: str) -> str:
    called = f"<b><bdi>{escape(name)}</bdi></b><br>" if name else ""
    return f"{called}<code>{escape(number)}</code>"


def _texts(cells: Sequence[str]) -> tuple[str, ...]:
    return tuple(map(escape, cells))


def _table(
    label: Mapping[str, str], heads: Sequence[str], rows: Iterable[tuple[str, ...]], note: str
) -> str:
    """A table whose cells are markup already."""
    kinds = ["num" if head in DIGITS else "text" for head in heads]
    top = "".join(
        f'<th scope="col" class="{kind}">{escape(label[head])}</th>'
        for head, kind in zip(heads, kinds, strict=True)
    )
    body = "".join(
        "<tr>"
        + "".join(
            f'<td class="{kind}" data-head="{escape(label[head])}">{cell}</td>'
            for head, kind, cell in zip(heads, kinds, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{escape(label[heads[-1]])}">'
        f'<table class="plain"><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'
        f"{_note(note)}"
    )


def _note(text: str) -> str:
    return f"<p>{escape(text)}</p>" if text else ""
