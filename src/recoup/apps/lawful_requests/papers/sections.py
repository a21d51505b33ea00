"""What stands in which part of a paper, kind by kind; ``printing`` sets it.

Each part is a heading with facts, a table, a list or text. A part without content is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence, Set
from datetime import datetime
from typing import Any, Final, Protocol

from recoup.apps.lawful_requests.papers import labels
from recoup.core.document import (
    About,
    AnswerDocument,
    Ask,
    Authorisation,
    Document,
    FileSaid,
    Head,
    OrderDocument,
    Payment,
    ReceiptDocument,
    RefusalDocument,
    RequestDocument,
    Sum,
    kind_of,
)
from recoup.core.said import Said

Part = dict[str, Any]
Row = tuple[str, str, bool]  # label, value, whether in fixed width
LONG_IDENTIFIER: Final = 20


class Writing(Protocol):
    """What a part needs to be written: see ``printing.Writer``."""

    @property
    def voice(self) -> Any: ...

    def say(self, template: Said, **values: str | int) -> str: ...

    def moment(self, moment: datetime) -> str: ...


def of(document: Document, w: Writing) -> dict[str, Any]:
    """The strip, the tags and the parts of a paper."""
    return _PARTS[kind_of(document)](document, w)


def _asking(document: RequestDocument | OrderDocument, w: Writing) -> dict[str, Any]:
    head, ask = document.head, document.ask
    decided = document.authorisation
    of_request = document.request if isinstance(document, OrderDocument) else ""
    parts = [
        _who(head, decided, of_request, w),
        _power(head, w),
        _wanted(ask, w),
        _identifiers(ask, w),
        _payments(ask.payments, w),
        _text(labels.NECESSITY, ask.necessity, w),
        _clocks(ask, w),
        _text(labels.SECRECY, w.say(labels.SECRECY_SAID) if ask.is_secret else "", w),
        _answers(ask, w),
        _text(labels.COSTS, ask.costs, w),
    ]
    until = ask.until or next((one.at for one in ask.clocks if one.clock == "answer"), None)
    label = labels.UNTIL if ask.until else labels.ANSWER_BY
    strip = [
        [w.say(labels.WHO), head.sender.organisation],
        [w.say(labels.BY_POWER), _article(head, w)],
        *([[w.say(label), w.moment(until)]] if until else []),
    ]
    tags = _tags(head, w)
    if decided is None:
        tags.append(["bad", w.say(labels.NOT_AUTHORISED)])
    if ask.is_secret:
        tags.append(["wait", w.say(labels.SECRET)])
    about = _sum(ask.amount, w) if ask.amount else "; ".join(i.shown for i in ask.identifiers[:2])
    return _page(head, about, strip, tags, parts, w)


def _answering(
    document: AnswerDocument | RefusalDocument | ReceiptDocument, w: Writing
) -> dict[str, Any]:
    head = document.head
    parts: list[Part | None] = [
        _beside(
            _sender(head, w, labels.WHO_ANSWERS), _facts(labels.ABOUT, _about(document.about, w), w)
        )
    ]
    if isinstance(document, ReceiptDocument):
        given, label = document.received_at, labels.RECEIVED_AT
        parts.append(_received(document, w))
    else:
        given, label = document.answered_at, labels.GIVEN_AT
        rows: list[Row] = [(w.say(labels.CODE), document.answer.code, True)]
        parts.append(_facts(labels.ANSWER, [(w.say(labels.ANSWER), document.answer.name, False),
                                            *rows], w))  # fmt: skip
    if isinstance(document, RefusalDocument):
        parts.append(_text(labels.GROUND, document.ground, w))
        parts.append(_text(labels.WAY_ON, document.way_on, w))
    if isinstance(document, AnswerDocument):
        told = [(one.field, one.value) for one in document.told]
        parts.append(_table(labels.TOLD, (labels.FIELD, labels.VALUE), told, w, widths=(0, 1)))
        parts.append(_text(labels.NOTE, document.note, w))
    if not isinstance(document, RefusalDocument):
        parts.append(_files(document.files, w))
    parts.append(_power(head, w))
    strip = [
        [w.say(labels.WHO_ANSWERS), head.sender.organisation],
        [w.say(labels.ANSWER), document.answer.name],
        [w.say(label), w.moment(given)],
    ]
    return _page(head, document.about.reference, strip, [], parts, w)


_PARTS: Final[Mapping[str, Callable[[Any, Writing], dict[str, Any]]]] = {
    "request": _asking,
    "order": _asking,
    "answer": _answering,
    "refusal": _answering,
    "receipt": _answering,
}


def _page(
    head: Head, about: str, strip: list[list[str]], tags: list[list[str]],
    parts: Sequence[Part | None], w: Writing,
) -> dict[str, Any]:  # fmt: skip
    notice = ""
    if head.power.is_assumed:
        notice = w.say(labels.ASSUMED_SAID)
    elif not head.power.is_confirmed:
        notice = w.say(labels.UNCONFIRMED_SAID)
    return {
        "under_title": " · ".join(part for part in (about, head.reference) if part),
        "strip": strip,
        "tags": tags,
        "notice": notice,
        "sections": [part for part in parts if part],
    }


# --- The parts --------------------------------------------------------------------------------


def _who(head: Head, decided: Authorisation | None, of_request: str, w: Writing) -> Part:
    to = (w.say(labels.TO), head.to.organisation, False)
    rows: list[Row] = [to]
    if decided is not None:
        form = labels.FORMS.get(decided.form)
        rows += [
            (w.say(labels.FORM), w.say(form) if form else decided.form, False),
            (w.say(labels.REFERENCE), decided.reference, False),
            *((w.say(labels.DECIDED_BY), who, False) for who in decided.decided_by),
            (w.say(labels.DECIDED_AT), _moment(decided.decided_at, w), False),
            *((w.say(labels.NARROWED), w.voice.say(said), False) for said in decided.narrowed),
            (w.say(labels.EXTENDS), decided.extends, False),
            (w.say(labels.NEW_FACTS), decided.new_facts, False),
            (w.say(labels.WRITTEN_BY), _moment(decided.written_by, w), False),
            (w.say(labels.CONFIRMED_BY), _moment(decided.confirmed_by, w), False),
        ]
    rows.append((w.say(labels.OF_REQUEST), of_request, False))
    if of_request and head.sender.person:
        signed_for = w.say(labels.SIGNED_FOR, who=head.sender.person)
        rows.append((w.say(labels.SIGNATURE), signed_for, False))
    return _beside(_sender(head, w), _facts(labels.DECISION, rows, w))


def _sender(head: Head, w: Writing, heading: Said = labels.WHO) -> Part | None:
    sender = head.sender
    rows: list[Row] = [
        (w.say(labels.ORGANISATION), sender.organisation, False),
        (w.say(labels.PERSON), sender.person, False),
        (w.say(labels.MANDATE), sender.mandate, False),
        (w.say(labels.CONTACT), sender.contact, False),
        (w.say(labels.CALL_BACK), sender.call_back, False),
        (w.say(labels.EMAIL), sender.email, False),
    ]
    return _facts(heading, rows, w)


def _power(head: Head, w: Writing) -> Part | None:
    power = head.power
    said = [_article(head, w), w.voice.say(Said(power.text))]
    if power.is_confirmed and power.confirmed_by and power.confirmed_on:
        said.append(w.say(labels.CONFIRMED, who=power.confirmed_by,
                          on=power.confirmed_on.isoformat()))  # fmt: skip
    return {"kind": "text", "heading": w.say(labels.POWER), "paragraphs": [t for t in said if t]}


def _wanted(ask: Ask, w: Writing) -> Part:
    period = ""
    if ask.period:
        start = w.moment(ask.period.start)
        period = w.say(labels.PERIOD_FROM, start=start)
        if ask.period.end:
            period = w.say(labels.PERIOD_TO, start=start, end=w.moment(ask.period.end))
    facts = [
        (labels.AMOUNT, _sum(ask.amount, w) if ask.amount else ""),
        (labels.DATA, ", ".join(ask.data)),
        (labels.PERIOD, period),
    ]
    items = [w.voice.say(said) for said in ask.wanted]
    items += [f"{w.say(label)}: {value}" for label, value in facts if value]
    return {"kind": "list", "heading": w.say(labels.WANTED), "items": items}


def _identifiers(ask: Ask, w: Writing) -> Part | None:
    has_ports = any(one.port is not None or one.at for one in ask.identifiers)
    rows = [
        [
            one.scheme.upper(), one.shown,
            *([
                "" if one.port is None else str(one.port),
                f"{w.moment(one.at)} {one.zone}".strip() if one.at else one.zone,
            ] if has_ports else []),
        ]
        for one in ask.identifiers
    ]  # fmt: skip
    heads = (labels.KIND, labels.IDENTIFIER, *((labels.PORT, labels.MOMENT) if has_ports else ()))
    widths = (0, 1, 0, 1) if has_ports else (0, 1)
    return _table(labels.IDENTIFIERS, heads, rows, w, widths=widths, monos={1, 2})


def _payments(payments: Sequence[Payment], w: Writing) -> Part | None:
    rows = [
        [
            one.reference or "–", _moment(one.at, w).split(" (")[0], one.payer, one.payee,
            _sum(one.payment, w), _sum(one.disputed, w),
        ]
        for one in payments
    ]  # fmt: skip
    heads = (labels.REFERENCE, labels.MOMENT, labels.FROM_ACCOUNT, labels.TO_ACCOUNT,
             labels.PAYMENT, labels.DISPUTED)  # fmt: skip
    return _table(
        labels.PAYMENTS, heads, rows, w, widths=(0, 0, 1, 1, 0, 0), monos={2, 3}, right={4, 5}
    )


def _clocks(ask: Ask, w: Writing) -> Part | None:
    rows = [
        [
            w.say(labels.CLOCK_NAMES[one.clock]) if one.clock in labels.CLOCK_NAMES else one.clock,
            w.moment(one.at),
            "; ".join(w.voice.say(step) for step in one.derivation),
        ]
        for one in sorted(ask.clocks, key=lambda one: one.at)
    ]
    heads = (labels.CLOCK, labels.AT, labels.HOW_COUNTED)
    return _table(labels.CLOCKS, heads, rows, w, widths=(0, 0, 1))


def _answers(ask: Ask, w: Writing) -> Part | None:
    if not ask.answers:
        return None
    said = "; ".join(f"{one.name} ({one.code})" for one in ask.answers)
    return _text(labels.ANSWERS, said, w)


def _about(about: About, w: Writing) -> list[Row]:
    return [
        (w.say(labels.REFERENCE), about.reference, False),
        (w.say(labels.AT), _moment(about.issued_at, w), False),
        (w.say(labels.DIGEST), about.sha256, True),
    ]


def _received(document: ReceiptDocument, w: Writing) -> Part | None:
    verdict = labels.TAKEN if document.is_taken else labels.NOT_TAKEN
    rows: list[Row] = [
        (w.say(labels.RECEIVED_AT), w.moment(document.received_at), False),
        (w.say(labels.ANSWER), f"{document.answer.name} ({document.answer.code})", False),
        (w.say(labels.VERDICT), w.say(verdict), False),
        (w.say(labels.DIGEST), document.body_sha256, True),
    ]
    return _facts(labels.KINDS["receipt"], rows, w)


def _files(files: Sequence[FileSaid], w: Writing) -> Part | None:
    rows = [[one.name, w.voice.count(one.bytes), one.sha256] for one in files]
    heads = (labels.FILE, labels.BYTES, labels.DIGEST)
    return _table(labels.FILES, heads, rows, w, widths=(1, 0, 1), monos={2}, right={1})


# --- How a part is made -----------------------------------------------------------------------


def _facts(heading: Said, rows: Sequence[Row], w: Writing) -> Part | None:
    kept = [list(row) for row in rows if row[1]]
    return {"kind": "facts", "heading": w.say(heading), "rows": kept} if kept else None


def _beside(*parts: Part | None) -> Part:
    return {"kind": "beside", "parts": [part for part in parts if part]}


def _text(heading: Said, text: str, w: Writing) -> Part | None:
    if not text:
        return None
    return {"kind": "text", "heading": w.say(heading), "paragraphs": text.split("\n")}


def _table(
    heading: Said, heads: Sequence[Said], rows: Sequence[Sequence[str]], w: Writing, *,
    widths: Sequence[int], monos: Set[int] = frozenset(), right: Set[int] = frozenset(),
) -> Part | None:  # fmt: skip
    if not rows:
        return None
    places = range(len(heads))
    return {
        "kind": "table",
        "heading": w.say(heading),
        "heads": [w.say(one) for one in heads],
        "rows": [list(row) for row in rows],
        "columns": list(widths),
        "aligns": ["right" if place in right else "left" for place in places],
        "monos": [place in monos for place in places],
    }


def _sum(amount: Sum, w: Writing) -> str:
    digits = str(abs(amount.minor_units)).rjust(amount.decimals + 1, "0")
    cut = len(digits) - amount.decimals
    whole, part = digits[:cut], digits[cut:]
    written = f"{int(whole):,}" + (f".{part}" if part else "")
    sign = "-" if amount.minor_units < 0 else ""
    return f"{sign}{w.voice.number(written)} {amount.currency}"


def _article(head: Head, w: Writing) -> str:
    instrument = w.voice.say(Said(head.power.instrument))
    if not head.power.article:
        return instrument
    return w.say(labels.ARTICLE, instrument=instrument, article=head.power.article)


def _tags(head: Head, w: Writing) -> list[list[str]]:
    power = head.power
    tags = [["info", w.say(labels.BINDING)] if power.is_binding
            else ["wait", w.say(labels.VOLUNTARY)]]  # fmt: skip
    if power.is_assumed:
        tags.append(["wait", w.say(labels.ASSUMED)])
    elif not power.is_confirmed:
        tags.append(["wait", w.say(labels.NOT_CONFIRMED)])
    return tags


def _moment(moment: datetime | None, w: Writing) -> str:
    return w.moment(moment) if moment else ""
