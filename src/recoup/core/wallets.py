"""Checksums of wallet addresses: Base58Check, Bech32 and Bech32m, and Ethereum's mixed case.

Sources: BIP 13, BIP 173 and BIP 350 for Bitcoin, ERC-55 for Ethereum, the documentation of
the TRON protocol. Keccak-256 is the sponge before it became SHA-3: one padding byte differs,
so the standard library cannot compute it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import sha256
from typing import Final

BASE58: Final = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32_STEPS: Final = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
BECH32M: Final = 0x2BC830A3
BITCOIN_VERSIONS: Final = (0x00, 0x05)
TRON_VERSION: Final = 0x41
LANE: Final = (1 << 64) - 1


class ChecksumWrong(Exception):
    """The address has the form of its chain, and a checksum that does not fit the rest."""


def base58_payload(address: str) -> bytes:
    """Return the version byte and the payload; raises ChecksumWrong."""
    number = 0
    for character in address:
        number = number * 58 + BASE58.index(character)
    whole = number.to_bytes((number.bit_length() + 7) // 8, "big")
    whole = b"\x00" * (len(address) - len(address.lstrip("1"))) + whole
    payload, checksum = whole[:-4], whole[-4:]
    if len(whole) != 25 or sha256(sha256(payload).digest()).digest()[:4] != checksum:
        raise ChecksumWrong
    return payload


def _bech32_remainder(values: list[int]) -> int:
    remainder = 1
    for value in values:
        top = remainder >> 25
        remainder = (remainder & 0x1FFFFFF) << 5 ^ value
        for place, step in enumerate(BECH32_STEPS):
            remainder ^= step if top >> place & 1 else 0
    return remainder


def _program_length(values: list[int]) -> int | None:
    """Return the bytes in groups of five bits, or None if what is left over is not zero."""
    bits = len(values) * 5
    left_over = bits % 8
    is_padded = left_over < 5 and (not values or values[-1] & ((1 << left_over) - 1) == 0)
    return bits // 8 if is_padded else None


def check_bech32(address: str, prefix: str = "bc") -> str:
    """Return a segregated-witness address in lower case; raises ChecksumWrong."""
    if address not in (address.lower(), address.upper()):
        raise ChecksumWrong
    text = address.lower()
    data = [BECH32.find(character) for character in text[len(prefix) + 1 :]]
    if len(data) < 8 or len(text) > 90 or -1 in data:
        raise ChecksumWrong
    head = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix]
    version, length = data[0], _program_length(data[1:-6])
    if _bech32_remainder(head + data) != (BECH32M if version else 1) or version > 16:
        raise ChecksumWrong
    if length is None or not 2 <= length <= 40 or (version == 0 and length not in (20, 32)):
        raise ChecksumWrong
    return text


def _rotated(lane: int, by: int) -> int:
    by %= 64
    return (lane << by | lane >> (64 - by)) & LANE


def _keccak_f(lanes: list[list[int]]) -> list[list[int]]:
    """Permute the sponge's state of 5 times 5 lanes, 24 rounds."""
    feedback = 1
    for _ in range(24):
        columns = [lanes[x][0] ^ lanes[x][1] ^ lanes[x][2] ^ lanes[x][3] ^ lanes[x][4]
                   for x in range(5)]  # fmt: skip
        mixed = [columns[(x + 4) % 5] ^ _rotated(columns[(x + 1) % 5], 1) for x in range(5)]
        lanes = [[lanes[x][y] ^ mixed[x] for y in range(5)] for x in range(5)]
        x, y, current = 1, 0, lanes[1][0]
        for step in range(24):
            x, y = y, (2 * x + 3 * y) % 5
            current, lanes[x][y] = lanes[x][y], _rotated(current, (step + 1) * (step + 2) // 2)
        for y in range(5):
            row = [lanes[x][y] for x in range(5)]
            for x in range(5):
                lanes[x][y] = row[x] ^ (~row[(x + 1) % 5] & row[(x + 2) % 5])
        for bit in range(7):
            feedback = (feedback << 1 ^ (feedback >> 7) * 0x71) % 256
            if feedback & 2:
                lanes[0][0] ^= 1 << ((1 << bit) - 1)
    return lanes


def keccak_256(message: bytes) -> bytes:
    """Return the Keccak-256 digest that Ethereum uses."""
    rate = 136
    padded = bytearray(message + b"\x01")
    padded += b"\x00" * (-len(padded) % rate)
    padded[-1] |= 0x80
    lanes = [[0] * 5 for _ in range(5)]
    for start in range(0, len(padded), rate):
        for place in range(rate // 8):
            word = padded[start + 8 * place : start + 8 * place + 8]
            lanes[place % 5][place // 5] ^= int.from_bytes(word, "little")
        lanes = _keccak_f(lanes)
    return b"".join(lanes[x][0].to_bytes(8, "little") for x in range(4))


def mixed_case(address: str) -> str:
    """Return an Ethereum address with the capitals of ERC-55."""
    digits = address[2:].lower()
    digest = keccak_256(digits.encode("ascii")).hex()
    return "0x" + "".join(
        c.upper() if int(nibble, 16) >= 8 else c for c, nibble in zip(digits, digest, strict=False)
    )


def _bitcoin_base58(address: str) -> str:
    if base58_payload(address)[0] not in BITCOIN_VERSIONS:
        raise ChecksumWrong
    return address


def _tron(address: str) -> str:
    if base58_payload(address)[0] != TRON_VERSION:
        raise ChecksumWrong
    return address


def _ethereum(address: str) -> str:
    """Addresses in one case carry no checksum and are taken; mixed case has to fit."""
    digits, right = address[2:], mixed_case(address)
    if digits not in (digits.lower(), digits.upper()) and digits != right[2:]:
        raise ChecksumWrong
    return right


# The form of an address on each chain, and what checks it and gives the key to keep.
CHAINS: Final[tuple[tuple[str, re.Pattern[str], Callable[[str], str]], ...]] = (
    ("bitcoin", re.compile(r"[bB][cC]1[0-9A-Za-z]{6,87}"), check_bech32),
    ("bitcoin", re.compile(rf"[13][{BASE58}]{{24,34}}"), _bitcoin_base58),
    ("ethereum", re.compile(r"0[xX][0-9a-fA-F]{40}"), _ethereum),
    ("tron", re.compile(rf"T[{BASE58}]{{33}}"), _tron),
)


def read_address(address: str) -> tuple[str, str] | None:
    """Return the chain and the address to keep, None if it has no known form.

    Raises ChecksumWrong. An address of 0x is kept as Ethereum's; other chains share its form.
    """
    for chain, form, checked in CHAINS:
        if form.fullmatch(address):
            return chain, checked(address)
    return None
