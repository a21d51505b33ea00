"""JSON read without any leniency: every refusal has its place, nothing unstorable gets through."""

from __future__ import annotations

import csv
import json
import os
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.standards.strict_json import LARGEST_INT, NotStrictJson, loads

BAD_INPUT = Path(__file__).parents[3] / "shared" / "badinput"
IS_COMPLETE = os.environ.get("RECOUP_REQUIRE_ALL") == "1"
# From Python 3.13 on the comma itself is named, before it what stands behind it.
AFTER_A_LAST_COMMA = "line 1, column 7" if sys.version_info >= (3, 13) else "line 1, column 8"


def rows():
    index = BAD_INPUT / "index.csv"
    if not index.is_file():
        return []
    with index.open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["file"].startswith("json/")]


def test_the_collection_of_bad_input_is_there_where_it_has_to_be():
    if not rows() and not IS_COMPLETE:
        pytest.skip("The collection of bad input is not beside this repository.")
    assert len(rows()) >= 8


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["file"])
def test_each_document_of_the_collection_meets_its_expected_end(row):
    document = (BAD_INPUT / row["file"]).read_bytes()
    if row["expect"] == "REJECT":
        with pytest.raises(NotStrictJson) as refusal:
            loads(document)
        assert refusal.value.where and refusal.value.problem
    else:  # NO_PRIVILEGE: the document is good JSON; that its fields do nothing is the API's test.
        assert row["expect"] == "NO_PRIVILEGE"
        assert loads(document) == json.loads(document)


@pytest.mark.parametrize(
    ("document", "code", "where"),
    [
        (b'{"a":1,"a":2}', "key_twice", "$"),
        (b'{"lines":[{"b":1},{"b":1,"c":2,"b":1}]}', "key_twice", "$.lines[1]"),
        (b'{"a":{"a":{},"b":NaN}}', "not_json", "$.a.b"),
        (b"[Infinity]", "not_json", "$[0]"),
        (b"[-Infinity]", "not_json", "$[0]"),
        (b'{"a":9007199254740992}', "number_too_large", "$.a"),
        (b"[" + b"7" * 5000 + b"]", "number_too_large", "$[0]"),
        (b'{"a":1.5}', "not_whole", "$.a"),
        (b'{"a":1e2}', "not_whole", "$.a"),
        (b'{"a":"x\\u0000"}', "nul", "$.a"),
        (b'{"\\u0000":1}', "nul", "$"),
        (b'{"a":["\\ud800"]}', "surrogate", "$.a[0]"),
        (b'{"a":"\\udc00x"}', "surrogate", "$.a"),
        (b'{"\\udc00":1}', "surrogate", "$"),
        (b'{"a":"\xe9"}', "not_utf_8", "byte 7"),
        (b'{"a":"\xed\xa0\x80"}', "not_utf_8", "byte 7"),
        (b'\xef\xbb\xbf{"a":1}', "bom", "byte 1"),
        ('{"a":1}'.encode("utf-16"), "not_utf_8", "byte 1"),
        ('{"a":1}'.encode("utf-16-le"), "not_json", "line 1, column 2"),
        (b"", "not_json", "line 1, column 1"),
        (b"{", "not_json", "line 1, column 2"),
        (b'{"a":1,}', "not_json", AFTER_A_LAST_COMMA),
        (b'{"a":1}{', "not_json", "line 1, column 8"),
        (b'{"a":1}\n\n x', "not_json", "line 3, column 2"),
        (b"{'a':1}", "not_json", "line 1, column 2"),
        (b'{"a":01}', "not_json", "line 1, column 7"),
        (b'{"a":"\n"}', "not_json", "line 1, column 7"),
        (b"[" * 21 + b"]" * 21, "too_deep", "byte 21"),
        (b'{"a":' * 100_000, "too_deep", "byte 101"),
        (b" " * 1_048_577, "too_long", "the whole"),
    ],
    ids=lambda value: repr(value)[:30],
)
def test_each_leniency_is_refused_with_its_place(document, code, where):
    with pytest.raises(NotStrictJson) as refusal:
        loads(document)
    assert (refusal.value.code, refusal.value.where) == (code, where)
    assert where in str(refusal.value) and str(refusal.value).isprintable()


@pytest.mark.parametrize(
    ("document", "value"),
    [
        (b'{"a":[1,-2,"\\u0161\\ud83d\\ude00",null,true]}', {"a": [1, -2, "š😀", None, True]}),
        ('{"име":"Ђорђе"}'.encode(), {"име": "Ђорђе"}),
        (b"9007199254740991", LARGEST_INT),
        (b"-9007199254740991", -LARGEST_INT),
        (b' \r\n\t"x" ', "x"),
        (b'{"a":"[[[[[[[[[[[[[[[[[[[[[[[[[[["}', {"a": "[" * 27}),
        (b'{"a":"\\"[[[[[[[[[[[[[[[[[[[[[[[["}', {"a": '"' + "[" * 24}),
        (b"[" * 20 + b"]" * 20, json.loads("[" * 20 + "]" * 20)),
    ],
)
def test_good_json_is_read(document, value):
    assert loads(document) == value


def test_fractions_are_read_where_they_are_asked_for_but_never_as_infinity():
    assert loads(b"[1.5,1e2]", fractions=True) == [1.5, 100.0]
    with pytest.raises(NotStrictJson) as refusal:
        loads(b"[1e999]", fractions=True)
    assert refusal.value.code == "number_too_large"


def test_limits_can_be_set():
    assert loads(b"[[1]]", max_depth=2, max_bytes=5) == [[1]]
    with pytest.raises(NotStrictJson):
        loads(b"[[1]]", max_depth=1)
    with pytest.raises(NotStrictJson, match="5 bytes; 4 are taken"):
        loads(b"[[1]]", max_bytes=4)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-LARGEST_INT, LARGEST_INT)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=10),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), max_size=5),
        inner,
        max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(VALUES, st.booleans())
def test_what_can_be_stored_is_read_as_it_was_written(value, is_escaped):
    document = json.dumps(value, ensure_ascii=is_escaped).encode()
    assert loads(document, max_depth=100) == value


@given(
    st.one_of(
        st.binary(max_size=60),
        st.text('{}[]",:\\u0d89abntrue 1.-+eN\x00', max_size=60).map(str.encode),
    )
)
def test_any_bytes_are_read_or_refused_and_what_is_read_can_be_stored(document):
    try:
        value = loads(document, fractions=True)
    except NotStrictJson as refusal:
        assert str(refusal).isprintable()
    else:
        assert "\\u0000" not in json.dumps(value)
        json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8")


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_document_that_was_cut_off_is_refused(cut):
    document = b'{"lines":[{"amount_minor":48000000}],"t":"x"}'
    with pytest.raises(NotStrictJson):
        loads(document[: len(document) - cut])
