"""Checksums of wallet addresses, on the examples of the papers that define them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recoup.core.wallets import ChecksumWrong, keccak_256, mixed_case, read_address

# From BIP 173, BIP 350 and ERC-55; the first Bitcoin address is that of the first block.
GOOD = {
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa": "bitcoin",
    "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy": "bitcoin",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4": "bitcoin",
    "bc1qrp33g0q5c5txsp9arysrx4k6zdkfs4nce4xj0gdcccefvpysxf3qccfmv3": "bitcoin",
    "bc1pw508d6qejxtdg4y5r3zarvary0c5xw7kw508d6qejxtdg4y5r3zarvary0c5xw7kt5nd6y": "bitcoin",
    "bc1sw50qgdz25j": "bitcoin",
    "bc1zw508d6qejxtdg4y5r3zarvaryvaxxpcs": "bitcoin",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0": "bitcoin",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed": "ethereum",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359": "ethereum",
    "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB": "ethereum",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb": "ethereum",
    "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t": "tron",
}
BAD = [
    "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
    "bc1p38j9r5y49hruaue7wxjce0updqjuyyx0kh56v8s25huc6995vvpql3jow4",
    "bc130xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqh2y7hd",
    "bc1pw5dgrnzv",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v8n0nx0muaewav253zgeav",
    "BC1QR508D6QEJXTDG4Y5R3ZARVARYV98GJ9P",
    "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7v07qwwzcrf",
    "bc1gmk9yu",
    "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kemeawh",
    "bc1qW508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD",
    "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6u",
]


@pytest.mark.parametrize(("address", "chain"), GOOD.items())
def test_a_good_address_is_kept_as_written(address, chain):
    assert read_address(address) == (chain, address)


@pytest.mark.parametrize("address", BAD)
def test_an_address_with_a_wrong_checksum_is_refused(address):
    try:
        assert read_address(address) is None
    except ChecksumWrong:
        pass


def test_capitals_mean_nothing_where_they_are_no_checksum():
    good = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
    assert read_address(good.upper()) == ("bitcoin", good)
    right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
    assert read_address(right.lower()) == ("ethereum", right)
    assert read_address("0x" + right[2:].upper()) == ("ethereum", right)


def test_every_single_wrong_character_of_these_addresses_is_found():
    for address in ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"):
        for place in range(1, len(address)):
            other = "2" if address[place] != "2" else "3"
            with pytest.raises(ChecksumWrong):
                read_address(address[:place] + other + address[place + 1 :])


def test_keccak_256_gives_the_digests_that_ethereum_publishes():
    assert keccak_256(b"").hex() == (
        "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    )
    assert keccak_256(b"abc").hex() == (
        "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45"
    )


@given(st.binary(min_size=130, max_size=280))
def test_keccak_256_takes_messages_around_and_over_one_block(message):
    assert len(keccak_256(message)) == 32
    assert keccak_256(message) != keccak_256(message + b"\x00")


@given(st.binary(min_size=20, max_size=20))
def test_the_mixed_case_form_of_an_address_is_its_own_checksum(payload):
    address = mixed_case("0x" + payload.hex())
    assert read_address(address) == ("ethereum", address)
    assert address.lower() == "0x" + payload.hex()


@given(st.text(max_size=100))
def test_any_text_is_an_address_or_none_or_has_a_wrong_checksum(text):
    try:
        read_address(text)
    except ChecksumWrong:
        pass
