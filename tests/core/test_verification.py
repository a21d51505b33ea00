"""Codes of papers: random, told apart when mistyped, and found again without a table."""

from __future__ import annotations

from uuid import UUID, uuid1, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.core.reference import ALPHABET
from recoup.core.text import NotReadable
from recoup.core.verification import BITS, code_of, ids_of, read_code

CODE = code_of(UUID("6e2f51f0-3a94-4c83-9a0e-a3ffbd9c2b11"))


def test_a_code_has_five_groups_of_four_and_more_than_eighty_random_bits():
    assert [len(group) for group in CODE.text.split("-")] == [4] * 5
    assert BITS >= 80


@given(st.uuids(version=4))
def test_the_id_lies_among_those_that_its_code_means(ident):
    found = ids_of(code_of(ident))
    assert found.first <= ident <= found.last
    assert code_of(found.first) == code_of(found.last) == code_of(ident)
    assert found.first.version == found.last.version == 4
    assert found.last.int - found.first.int < 2**27


def test_the_ids_beside_those_have_other_codes():
    found = ids_of(CODE)
    assert code_of(UUID(int=found.last.int + 1)) != CODE
    assert code_of(UUID(int=found.first.int - 1)) != CODE


def test_spaces_hyphens_capitals_and_letters_that_are_no_letters_do_not_matter():
    typed = CODE.text.replace("-", " ").lower()
    assert read_code(typed) == CODE
    assert read_code(CODE.text.replace("0", "O").replace("1", "l")) == CODE


@given(st.integers(0, 19), st.sampled_from(ALPHABET))
def test_every_wrong_character_is_found(place, character):
    plain = CODE.text.replace("-", "")
    if plain[place] == character:
        return
    with pytest.raises(NotReadable):
        read_code(plain[:place] + character + plain[place + 1 :])


@pytest.mark.parametrize("typed", ["", "7Q4M", None, 7, "Ж" * 20, "U" * 20, "0" * 101, "A" * 21])
def test_what_is_no_code_is_refused(typed):
    with pytest.raises(NotReadable):
        read_code(typed)


def test_only_random_ids_have_a_code():
    with pytest.raises(ValueError, match="version 4"):
        code_of(uuid1())
    assert len({code_of(uuid4()) for _ in range(1000)}) == 1000
