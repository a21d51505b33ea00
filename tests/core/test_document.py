"""The values of a paper: the same bytes for the same values, and nothing else is taken back."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.core.document import (
    KINDS,
    NotADocument,
    canonical,
    digest_of,
    kind_of,
    read_document,
)
from support import papers


@pytest.mark.parametrize("document", papers.each(), ids=kind_of)
def test_what_was_written_is_read_back(document):
    content = canonical(document)
    assert read_document(content) == document
    assert canonical(read_document(content)) == content


def test_there_is_a_sample_of_every_kind():
    assert {kind_of(one) for one in papers.each()} == set(KINDS)


def test_another_value_gives_another_digest():
    one = papers.request()
    other = replace(one, ask=replace(one.ask, amount=papers.units(480_000_01)))
    assert digest_of(canonical(one)) != digest_of(canonical(other))


def test_a_sentence_keeps_its_template_so_that_it_can_be_said_in_another_language():
    clock = read_document(canonical(papers.request())).ask.clocks[1]
    assert clock.derivation[0].template == "Counted from sending: %(n)s minutes."
    assert clock.derivation[0].values == {"n": 30}


def changed(**values: object) -> bytes:
    told = json.loads(canonical(papers.request()))
    return json.dumps(told | values, sort_keys=True, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 100_000,
        changed(format="recoup paper 2"), changed(paper="verdict"), changed(paper=7),
        changed(paper="order"), changed(more=1), changed(head=None), changed(ask=[]),
        changed(authorisation={"form": "oral"}),
        canonical(papers.request()).replace(b'"minor_units":48000000', b'"minor_units":"48000000"'),
        canonical(papers.request()).replace(b'"minor_units":48000000', b'"minor_units":4.8e7'),
        canonical(papers.request()).replace(b'"is_secret":true', b'"is_secret":1'),
        canonical(papers.request()).replace(b"2026-11-22T09:45:00Z", b"2026-11-31T09:45:00Z"),
        canonical(papers.request()).replace(b'"values":{"n":30}', b'"values":{"m":30}'),
        canonical(papers.request()) + b" ",
        b" " * 2_000_000,
    ],
    ids=range(22),
)  # fmt: skip
def test_anything_else_is_refused(content):
    with pytest.raises(NotADocument):
        read_document(content)


@given(st.integers(0, 2**31), st.integers(1, 255))
def test_no_changed_byte_is_read_as_the_same_paper(place, flip):
    content = bytearray(canonical(papers.request()))
    content[place % len(content)] ^= flip
    try:
        assert read_document(bytes(content)) != papers.request()
    except NotADocument:
        pass
