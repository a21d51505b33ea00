"""Accounts as people write them: one key for one account, nothing guessed, no card kept."""

from __future__ import annotations

import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.core.accounts import (
    SCHEMES,
    AccountIdentifier,
    bank_code,
    iban_of_rs_account,
    read_account,
    rs_account_of,
    scheme_of_key,
)
from recoup.core.text import NotReadable

CARDS = ["4111111111111111", "5555555555554444", "378282246310005", "6304000000000000"]


def refusal_of(text, **how):
    with pytest.raises(NotReadable) as refusal:
        read_account(text, **how)
    return refusal.value


@pytest.mark.parametrize(
    "text",
    [
        "RS35260005601001611379",
        "RS35 2600 0560 1001 6113 79",
        "rs35 2600 0560 1001 6113 79",
        "IBAN: RS35 2600 0560 1001 6113 79",
        "RS35\u00a02600\u00a00560\u00a01001\u00a06113\u00a079",
        " RS35-2600-0560-1001-6113-79\n",
        "260005601001611379",
        "260-0056010016113-79",
        "260-56010016113-79",
        "260 - 56010016113 - 79",
    ],
)
def test_one_account_has_one_key_however_it_is_written(text):
    account = read_account(text)
    assert account == AccountIdentifier("iban", "RS35260005601001611379", "RS:260")
    assert account.shown == "RS35 2600 0560 1001 6113 79"
    assert account.country == "RS"
    assert bank_code(account) == "260"
    assert rs_account_of(account) == "260-0056010016113-79"


@pytest.mark.parametrize(
    ("text", "scheme", "ident", "hint"),
    [
        ("DE89 3704 0044 0532 0130 00", "iban", "DE89370400440532013000", "DE:37040044"),
        ("4111 1111 1111 1111", "card", "411111-1111", "card:411111"),
        ("4111-1111-1111-1111", "card", "411111-1111", "card:411111"),
        ("411111******1111", "card", "411111-1111", "card:411111"),
        ("064 123 4567", "phone", "+381641234567", ""),
        ("064/123-4567", "phone", "+381641234567", ""),
        ("+381 64 123 4567", "phone", "+381641234567", ""),
        ("00381641234567", "phone", "+381641234567", ""),
        (
            "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
            "wallet",
            "ethereum:0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "chain:ethereum",
        ),
        (
            "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t memo 100234",
            "wallet",
            "tron:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t#100234",
            "chain:tron",
        ),
        (
            "bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "wallet",
            "bitcoin:bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
            "chain:bitcoin",
        ),
    ],
)
def test_the_way_of_writing_is_recognised_by_its_form(text, scheme, ident, hint):
    account = read_account(text)
    assert account == AccountIdentifier(scheme, ident, hint)
    assert read_account(account.ident, scheme=account.scheme) == account
    assert read_account(account.shown, scheme=account.scheme) == account


def test_a_cash_reference_is_read_only_where_it_is_said_to_be_one():
    account = read_account("WU:123-456-7890", scheme="cash_reference")
    assert account == AccountIdentifier("cash_reference", "WU:1234567890", "cash:WU")
    assert account.shown == "WU 1234567890"
    assert read_account("ab 1234", scheme="cash_reference").ident == "AB1234"
    assert refusal_of("1234567890").code == "unknown_form"
    for text in ("123", "WU:", "a" * 40, "x_y_z_z", "A:B:CDEF"):
        assert refusal_of(text, scheme="cash_reference").code == "not_a_cash_reference"


@pytest.mark.parametrize(
    ("text", "code", "says"),
    [
        ("RS3526000560100161137", "iban_length", "has 22 characters; this one has 21"),
        ("RS352600056010016113799", "iban_length", "this one has 23"),
        ("RS35260005601001611378", "check_digits", "which ones cannot be told"),
        ("RS36260005601001611379", "check_digits", "check digits do not fit"),
        ("RS3526000560O001611379", "iban_letters", "character 13 is O"),
        ("XX12345678901234", "iban_country", "No country with IBANs has the code XX"),
        ("R535260005601001611379", "unknown_form", "not written in a known way"),
        ("260-56010016113-78", "check_digits", "control digits do not fit"),
        ("260005601001611397", "check_digits", "control digits do not fit"),
        ("4111111111111112", "check_digits", "card's check digit"),
        ("064 12", "no_phone", "No such telephone number"),
        ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", "check_digits", "checksum"),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb", "check_digits", "checksum"),
        ("ethereum:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t", "wrong_chain", "one of tron"),
        ("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t#a b", "memo", "without spaces"),
        ("R\u0405352600", "character_refused", "U+0405 CYRILLIC CAPITAL LETTER DZE"),
        ("RS35260005601001611379\u200d", "character_refused", "ZERO WIDTH JOINER"),
        ("\u202eRS35260005601001611379", "character_refused", "RIGHT-TO-LEFT OVERRIDE"),
        ("RS３５260005601001611379", "character_refused", "FULLWIDTH DIGIT THREE"),
        ("RS35\x00", "character_refused", "U+0000"),
        ("\ud800", "character_refused", "U+D800"),
        ("", "missing", "No account"),
        ("   ", "missing", "No account"),
        ("1" * 300, "too_long", "longer than 200"),
        ("hello", "unknown_form", "known way"),
        (None, "not_text", "not text"),
        (265, "not_text", "not text"),
    ],
)
def test_what_is_wrong_is_said_and_no_corrected_account_proposed(text, code, says):
    refusal = refusal_of(text)
    assert refusal.code == code
    assert says in str(refusal)
    assert "RS35260005601001611379" not in str(refusal)
    assert "260-0056010016113-79" not in str(refusal)


def test_the_whole_number_is_asked_for_where_the_scheme_is_given():
    assert refusal_of("26000560100161137", scheme="rs_account").code == "rs_length"
    assert refusal_of("260-5601001611A-79", scheme="rs_account").code == "rs_letters"
    assert refusal_of("12345", scheme="card").code == "card_length"
    assert refusal_of("call me", scheme="phone").code == "not_a_phone"
    assert refusal_of("hello", scheme="wallet").code == "not_a_wallet"
    assert refusal_of("DE893704", scheme="iban").code == "iban_length"
    assert refusal_of("1234", scheme="iban").code == "iban_form"
    assert refusal_of("1234", scheme="bank").code == "unknown_scheme"
    assert read_account("RS35260005601001611379", scheme="rs_account").country == "RS"


def test_an_unknown_bank_code_is_named_only_where_all_banks_are_known():
    wrong = "999-56010016113-79"
    assert "No bank has the code 999" in str(refusal_of(wrong, known_banks={"RS:260"}))
    assert "No bank" not in str(refusal_of(wrong))
    assert "No bank" not in str(refusal_of("260-56010016113-78", known_banks={"RS:260"}))
    assert read_account("260-56010016113-79", known_banks=set()).ident


def test_a_national_number_inside_that_does_not_fit_is_refused_though_the_iban_does():
    assert refusal_of(iban_of_rs_account("260005601001611378")).code == "national_check"


def test_other_accounts_have_no_bank_code_and_no_serbian_form():
    card = read_account("4111111111111111")
    assert bank_code(card) is None
    assert rs_account_of(card) is None
    assert card.country == card.memo == ""
    assert card.shown == "4111 11•• … 1111"
    wallet = read_account("TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t#7")
    assert wallet.memo == "7"
    assert wallet.address == "tron:TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"
    assert card.address == card.ident


@given(st.integers(100, 999), st.integers(0, 10**13 - 1))
def test_a_serbian_number_and_its_iban_are_one_account(bank, number):
    body = f"{bank}{number:013d}"
    digits = body + f"{98 - int(body + '00') % 97:02d}"
    account = read_account(f"{bank}-{number}-{digits[16:]}")
    assert account.ident == iban_of_rs_account(digits) == "RS35" + digits
    assert read_account(account.ident) == account
    assert read_account(digits) == account
    assert read_account(rs_account_of(account)) == account
    assert account.institution_hint == f"RS:{bank}"


@given(st.integers(0, 17), st.integers(1, 9))
def test_every_single_wrong_digit_of_a_serbian_number_is_found(place, more):
    digits = "260005601001611379"
    wrong = digits[:place] + str((int(digits[place]) + more) % 10) + digits[place + 1 :]
    assert refusal_of(wrong, scheme="rs_account").code == "check_digits"


@given(st.integers(0, 16))
def test_every_swap_of_neighbours_in_a_serbian_number_is_found(place):
    digits = "260005601001611379"
    swapped = digits[:place] + digits[place + 1] + digits[place] + digits[place + 2 :]
    if swapped != digits:
        assert refusal_of(swapped, scheme="rs_account").code == "check_digits"


@pytest.mark.parametrize("card", CARDS)
@pytest.mark.parametrize("scheme", [None, *SCHEMES])
@pytest.mark.parametrize(
    "around", ["{}", " {} ", "{}x", "{}\u200b", "Ѕ{}", "{}#", "card {}", "{}\x00"]
)
def test_a_card_number_is_in_no_value_and_in_no_error(card, scheme, around):
    spaced = " ".join((card[:4], card[4:8], card[8:12], card[12:]))
    for text in (around.format(card), around.format(spaced), around.format("\u200b".join(card))):
        try:
            told = repr(read_account(text, scheme=scheme))
        except NotReadable as refusal:
            told = f"{refusal!r} {refusal} {refusal.value} {refusal.problem}"
            told += "".join(traceback.format_exception_only(refusal))
        digits = "".join(character for character in told if character.isdecimal())
        assert card not in digits


@given(
    st.one_of(
        st.text(max_size=60),
        st.from_regex(r"\A[A-Z]{2}[0-9]{2}[A-Z0-9 -]{0,34}\Z"),
        st.from_regex(r"\A[+0-9(][0-9 ()/.-]{0,40}\Z"),
        st.from_regex(r"\A(bc1|0x|1|3|T)[0-9a-zA-Z]{10,60}\Z"),
        st.none(),
        st.integers(),
    ),
    st.sampled_from([None, *SCHEMES]),
)
def test_any_text_is_read_or_refused_and_what_is_read_reads_back_the_same(text, scheme):
    try:
        account = read_account(text, scheme=scheme)
    except NotReadable as refusal:
        assert refusal.value.isprintable()
    else:
        assert account.ident.isascii() and account.ident.isprintable()
        assert read_account(account.ident, scheme=account.scheme) == account
        assert account.shown
        if account.scheme != "cash_reference":
            assert scheme_of_key(account.ident) == account.scheme


@pytest.mark.parametrize(
    ("written", "scheme"),
    [
        ("bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq", "wallet"),
        ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "wallet"),
        ("RS35 2600 0560 1001 6113 79", "iban"),
        ("+381 64 123 4567", "phone"),
    ],
)
def test_a_stored_key_says_what_it_is_a_key_of(written: str, scheme: str) -> None:
    """What begins with two letters was an IBAN, and so a wallet of Bitcoin was one."""
    assert scheme_of_key(read_account(written).ident) == scheme
