"""Text as people and machines send it: kept exactly, or refused by name."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.core.text import (
    NotReadable,
    luhn_holds,
    mask_cards,
    mask_digits,
    read_email,
    read_filename,
    read_line,
    read_name,
    read_note,
    read_payment_reference,
    read_search,
    read_url,
    shown_safely,
)

READERS = [
    read_name, read_email, read_note, read_payment_reference, read_search, read_url,
    read_filename,
]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["Ђорђе Ћосић", "D'Angelo", "Đorđe Šćepanović", "<b onmouseover=alert(2)>x</b>", "李小龙"],
)
def test_a_name_is_kept_as_written(name):
    assert read_name(name) == name


def test_a_name_is_kept_in_composed_form_without_spaces_at_its_ends():
    assert read_name("  S\u030cc\u0301epan ") == "Šćepan"


@pytest.mark.parametrize(
    ("character", "says"),
    [
        ("\x00", "control character"),
        ("\x1b", "control character"),
        ("\n", "control character"),
        ("\x85", "control character"),
        ("\ud800", "surrogate"),
        ("\udc00", "surrogate"),
        ("\u202e", "RIGHT-TO-LEFT OVERRIDE"),
        ("\u2066", "LEFT-TO-RIGHT ISOLATE"),
        ("\u200b", "ZERO WIDTH SPACE"),
        ("\u200d", "ZERO WIDTH JOINER"),
        ("\u00ad", "SOFT HYPHEN"),
        ("\ufeff", "ZERO WIDTH NO-BREAK SPACE"),
        ("\u3164", "HANGUL FILLER"),
        ("\ufe0f", "VARIATION SELECTOR-16"),
        ("\u2028", "line separator"),
        ("\ue000", "no agreed meaning"),
        ("\uffff", "no agreed meaning"),
        ("\ufdd0", "no agreed meaning"),
        ("\U0010ffff", "no agreed meaning"),
        ("\ufffd", "lost in copying"),
        ("\U000e0041", "TAG LATIN CAPITAL LETTER A"),
        ("a\u0301\u0302\u0303\u0304\u0305", "More than 4 accents"),
    ],
)
def test_what_is_invisible_or_cannot_be_stored_is_refused_by_name(character, says):
    for read in (read_name, read_payment_reference, read_search):
        with pytest.raises(NotReadable, match="Type the text again") as refusal:
            read(f"Ana{character}Anić")
        assert says in str(refusal.value)
        assert refusal.value.code == "character_refused"


def test_a_note_keeps_lines_and_joiners_but_no_bidi_override():
    assert read_note("one\r\ntwo\tthree") == "one\ntwo\tthree"
    assert read_note("👨\u200d👩") == "👨\u200d👩"
    assert read_note("") == ""
    for text in ("a\u202eb", "a\x00b", "a\rb"):
        with pytest.raises(NotReadable):
            read_note(text)


def test_a_text_that_is_too_long_or_missing_is_refused():
    with pytest.raises(NotReadable, match="has 201 characters; 200 is the most"):
        read_name("a" * 201)
    with pytest.raises(NotReadable, match="In composed form"):
        read_line("\u0958" * 4, field="x", max_length=4)
    for text in ("", "   "):
        with pytest.raises(NotReadable) as refusal:
            read_name(text)
        assert refusal.value.code == "missing"
    assert read_payment_reference("") == ""
    assert read_name("a" * 200) == "a" * 200


@pytest.mark.parametrize("good", ["a@b.invalid", "ana.anic+x@sub.example.rs", "o'n@x-y.example"])
def test_an_e_mail_address_is_kept(good):
    assert read_email(good) == good


@pytest.mark.parametrize(
    "bad",
    ["a@b.invalid\nX: y", "a@b", "a b@c.de", "a@b.c", "@b.de", "a@.de", "a@b..de", ".a@b.de",
     "a@b.de, c@d.de", "<a@b.de>", "a@b.de>", "a@-b.de", "ć@b.de", "a@б.рф", "a@b.de\x00",
     "a" * 65 + "@b.de", "a@" + "b." * 130 + "de", None],
)  # fmt: skip
def test_anything_that_is_not_one_e_mail_address_is_refused(bad):
    with pytest.raises(NotReadable):
        read_email(bad)


@pytest.mark.parametrize(
    ("original", "shown"),
    [
        ("statement.pdf", "statement.pdf"),
        ("../x", "x"),
        ("..\\..\\x.pdf", "x.pdf"),
        ("a\x00.pdf", "a_.pdf"),
        ("/etc/passwd", "passwd"),
        ("a\u202efdp.exe", "a_fdp.exe"),
        ("..", "file"),
        ("", "file"),
        ("con<>.txt", "con__.txt"),
        ("\ud800.pdf", "_ud800.pdf"),
        ("изјава.pdf", "изјава.pdf"),
        ("a" * 400 + ".pdf", "a" * 251 + ".pdf"),
    ],
)
def test_a_file_keeps_its_name_for_showing_only(original, shown):
    found = read_filename(original)
    if "\ud800" not in original:
        assert found.shown == shown
    assert "/" not in found.shown and "\\" not in found.shown
    found.original.encode("utf-8")
    assert "\x00" not in found.original


@pytest.mark.parametrize(
    "good",
    ["https://example.org/", "https://bank.example.rs/hook?a=1#b", "https://8.8.8.8.example.org"],
)
def test_an_https_address_is_kept(good):
    assert read_url(good) == good


@pytest.mark.parametrize(
    ("bad", "code"),
    [
        ("file:///x", "scheme_refused"),
        ("http://127.0.0.1/", "scheme_refused"),
        ("http://example.org/", "scheme_refused"),
        ("javascript:alert(1)", "not_a_url"),
        ("https://127.0.0.1/", "private_host"),
        ("https://[::1]/", "private_host"),
        ("https://10.0.0.1/", "private_host"),
        ("https://169.254.169.254/latest", "private_host"),
        ("https://[::ffff:127.0.0.1]/", "private_host"),
        ("https://localhost/", "private_host"),
        ("https://x.localhost./", "private_host"),
        ("https://db.internal/", "private_host"),
        ("https://0x7f000001/", "not_a_host"),
        ("https://2130706433/", "not_a_host"),
        ("https://127.1/", "not_a_host"),
        ("https://bank/", "not_a_host"),
        ("https://8.8.8.8/", "not_a_host"),
        ("https:///x", "private_host"),
        ("https://u:p@example.org/", "credentials_in_url"),
        ("https://u@example.org/", "credentials_in_url"),
        ("https://example.org:8443/", "port_refused"),
        ("https://example.org:99999/", "not_a_url"),
        ("https://[::1", "not_a_url"),
        ("https://exämple.org/", "not_a_url"),
        ("https://example.org/a b", "not_a_url"),
        ("https://example.org\\@127.0.0.1/", "not_a_url"),
        ("https://example.org/\n", None),
        ("", "missing"),
        (None, "not_text"),
    ],
)
def test_addresses_inside_networks_and_other_schemes_are_refused(bad, code):
    with pytest.raises(NotReadable) as refusal:
        read_url(bad)
    assert code in (None, refusal.value.code) or (bad.startswith("javascript") and refusal.value)


def test_wildcards_in_a_search_are_only_signs():
    assert read_search("%%") == "%%"
    assert read_search("") == ""


def test_the_value_in_an_error_is_short_printable_and_has_no_card():
    error = NotReadable("f", "4111 1111 1111 1111 " + "x" * 200 + "\x00", "p", "a")
    assert "1111 1111 1111" not in error.value
    assert len(error.value) == 80 and error.value.endswith("…")
    assert shown_safely("a\x00\u202e\ud800") == "a\\u0000\\u202e\\ud800"
    assert shown_safely(None) == "None"
    assert str(NotReadable("f", 1, "Wrong.", "Do it.")) == "Wrong. Do it."


@pytest.mark.parametrize(
    ("digits", "holds"),
    [("4111111111111111", True), ("4111111111111112", False), ("79927398713", True), ("0", True)],
)
def test_the_check_digit_of_cards(digits, holds):
    assert luhn_holds(digits) is holds


def test_only_numbers_that_may_be_cards_are_masked_in_text():
    assert mask_digits("4111 1111 1111 1111") == "4111 11•• •••• 1111"
    assert mask_cards("paid with 4111-1111-1111-1111!") == "paid with 4111-11••-••••-1111!"
    assert mask_cards("poziv 97 1234567890123") == "poziv 97 1234567890123"
    assert mask_cards("4111111111111112") == "4111111111111112"


@given(st.one_of(st.text(max_size=300), st.none(), st.integers(), st.binary(max_size=20)))
def test_any_text_into_any_reader_is_kept_storably_or_refused(text):
    for read in READERS:
        try:
            kept = read(text)
        except NotReadable as refusal:
            assert refusal.value.isprintable()
            continue
        kept = kept if isinstance(kept, str) else kept.shown
        assert "\x00" not in kept
        kept.encode("utf-8")
        assert unicodedata.is_normalized("NFC", kept)


@given(st.text(st.characters(categories=["L", "Mn", "Nd"]), min_size=1, max_size=50))
def test_a_kept_text_is_kept_again_the_same(text):
    try:
        kept = read_name(text)
    except NotReadable:
        return
    assert read_name(kept) == kept
