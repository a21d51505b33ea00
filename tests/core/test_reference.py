"""References and secrets: said on the telephone, and mistyped without harm."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.core.reference import (
    ALPHABET,
    Reference,
    ReferenceKind,
    check_character,
    hash_secret,
    is_secret,
    make_reference,
    read_reference,
    read_secret,
    show_secret,
)
from recoup.core.text import NotReadable

KINDS = st.sampled_from(ReferenceKind)
RANDOM = st.binary(min_size=5, max_size=5)


def compact(reference):
    return reference.text.replace("-", "")


@given(KINDS, RANDOM)
def test_a_reference_reads_back_the_same(kind, random):
    reference = make_reference(kind, random)
    assert read_reference(reference.text) == reference
    assert read_reference(reference.text, kind=kind) == reference
    assert str(reference) == reference.text
    assert len(reference.text) == 12 and reference.text.startswith(f"{kind.value}-")


@given(KINDS, RANDOM)
def test_capitals_spaces_hyphens_and_look_alike_letters_do_not_matter(kind, random):
    reference = make_reference(kind, random)
    spoken = compact(reference)
    heard = spoken[:2] + spoken[2:].replace("0", "o").replace("1", "l")
    assert read_reference(f"  {' '.join(spoken.lower())} ") == reference
    assert read_reference(heard) == reference


@given(KINDS, RANDOM, st.integers(0, 9), st.sampled_from(ALPHABET))
def test_every_single_wrong_character_is_found(kind, random, place, other):
    right = compact(make_reference(kind, random))
    wrong = right[:place] + other + right[place + 1 :]
    if wrong != right:
        with pytest.raises(NotReadable):
            read_reference(wrong)


@given(KINDS, RANDOM, st.integers(0, 9), st.integers(0, 9))
def test_every_swap_of_two_characters_is_found(kind, random, one, other):
    right = list(compact(make_reference(kind, random)))
    wrong = right.copy()
    wrong[one], wrong[other] = wrong[other], wrong[one]
    if wrong != right:
        with pytest.raises(NotReadable):
            read_reference("".join(wrong))


def test_all_pairs_and_places_of_the_code_have_different_weights():
    weights = [check_character("0" * before + "1" + "0" * after)
               for before, after in ((n, 30 - n) for n in range(31))]  # fmt: skip
    assert len(set(weights)) == 31 and "0" not in weights


def test_the_reference_of_another_kind_is_refused_and_says_so():
    case = make_reference(ReferenceKind.CASE, bytes(5))
    with pytest.raises(NotReadable, match="begins with CA, not RP"):
        read_reference(case.text, kind=ReferenceKind.REPORT)


@pytest.mark.parametrize("text", ["", "RP", "XX-0000-0000", "RP-0000-000", "RP-U000-0000", None, 5])
def test_what_is_no_reference_is_refused(text):
    with pytest.raises(NotReadable) as refusal:
        read_reference(text)
    assert refusal.value.code == "not_a_reference"


def test_a_reference_needs_enough_random_bytes_and_uses_them_all():
    with pytest.raises(ValueError, match="5 random bytes"):
        make_reference(ReferenceKind.CASE, b"1234")
    assert make_reference(ReferenceKind.CASE, b"\xff" * 5).text.startswith("CA-ZZZZ-ZZZ")
    assert make_reference(ReferenceKind.CASE, bytes(5)) == Reference(
        ReferenceKind.CASE, "CA-0000-000" + check_character("CA0000000")
    )


@given(st.binary(min_size=16, max_size=16))
def test_a_secret_reads_back_the_same_and_is_known_by_its_digest(secret):
    shown = show_secret(secret)
    assert read_secret(shown) == secret
    assert read_secret(shown.lower().replace("-", " ")) == secret
    assert is_secret(secret, hash_secret(secret))
    assert not is_secret(secret[:-1] + bytes([secret[-1] ^ 1]), hash_secret(secret))


@given(st.binary(min_size=16, max_size=16), st.data())
def test_a_mistyped_secret_is_told_apart_from_a_wrong_one(secret, data):
    right = show_secret(secret).replace("-", "")
    place = data.draw(st.integers(0, len(right) - 1))
    other = data.draw(st.sampled_from([c for c in ALPHABET if c != right[place]]))
    with pytest.raises(NotReadable) as refusal:
        read_secret(right[:place] + other + right[place + 1 :])
    assert refusal.value.code == "check_digits"
    assert right not in repr(refusal.value) + refusal.value.value


def test_a_secret_has_sixteen_bytes():
    with pytest.raises(ValueError, match="16 bytes"):
        show_secret(b"short")
    assert len(hash_secret(bytes(16))) == 32


@given(st.one_of(st.text(max_size=120), st.none(), st.integers()))
def test_any_text_is_read_or_refused(text):
    for read in (read_reference, read_secret):
        try:
            read(text)
        except NotReadable as refusal:
            assert refusal.value.isprintable()


def test_errors_of_secrets_never_show_what_was_typed():
    for text, _ in itertools.product(["ABCD-EFGH", "š" * 10, "x" * 500], [0]):
        with pytest.raises(NotReadable) as refusal:
            read_secret(text)
        assert text[:4] not in str(refusal.value) + refusal.value.value
